"""Small matrix products: kernel, twin and three loops in Python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import LAYOUTS, assert_close, both, draw, floats, load, outcome

SHAPES = [
    ((1, 1), (1, 1)),
    ((4, 3), (3, 2)),
    ((15, 1), (1, 1)),
    ((100, 2), (2, 1)),
    ((2, 100), (100, 1)),
    ((8, 8), (8, 8)),
    ((9, 8), (8, 8)),
    ((1, 600), (600, 1)),
    ((64, 100), (100, 10)),
    ((3,), (3,)),
    ((4, 3), (3,)),
    ((3,), (3, 4)),
]
EMPTY = [((0, 3), (3, 2)), ((3, 0), (0, 2)), ((3, 2), (2, 0)), ((0,), (0,)), ((0, 0), (0, 0)), ((2, 0), (0,))]


def plain(a, b):
    left, right = np.atleast_2d(a), b if b.ndim == 2 else b[:, None]
    product = [[math.fsum(float(x) * float(y) for x, y in zip(row, column)) for column in right.T] for row in left]
    return np.array(product).reshape(np.matmul(a, b).shape)


@both
@floats
@pytest.mark.parametrize("a, b", SHAPES, ids=str)
def test_product(kind, dtype, a, b):
    a, b = draw(a, dtype), draw(b, dtype, seed=1)
    product = load(kind, "matmul").matmul(a, b)
    assert type(product) is np.ndarray
    assert product.dtype == dtype
    assert_close(product, plain(a, b), ulps=4, scale=np.abs(a).max() * np.abs(b).max() * a.shape[-1])


@both
@pytest.mark.parametrize("a, b", EMPTY, ids=str)
def test_nothing(kind, a, b):
    a, b = np.zeros(a, np.float32), np.zeros(b, np.float32)
    product = load(kind, "matmul").matmul(a, b)
    np.testing.assert_array_equal(product, np.asarray(np.matmul(a, b)), strict=True)


@both
@pytest.mark.parametrize(
    "a, b", [((2, 3), (2, 3)), ((3,), (2,)), ((2, 3), (2,)), ((), (2,)), ((2,), ()), ((2, 2, 3), (2, 2, 3))]
)
def test_shapes_that_do_not_fit(kind, a, b):
    with pytest.raises(ValueError):
        load(kind, "matmul").matmul(np.zeros(a), np.zeros(b))


@both
def test_batches_and_other_dtypes(kind):
    matmul = load(kind, "matmul").matmul
    assert_close(matmul(draw((5, 2, 3)), draw((3, 2), seed=1)), np.matmul(draw((5, 2, 3)), draw((3, 2), seed=1)))
    assert matmul(np.eye(2, dtype=np.int32), np.eye(2, dtype=np.int32)).dtype == np.int32
    assert matmul(np.eye(2, dtype=np.float32), np.eye(2)).dtype == np.float64
    assert matmul(np.eye(2, dtype=np.float16), np.eye(2, dtype=np.float16)).dtype == np.float16
    assert matmul(np.array([1j]), np.array([1j])) == -1


@both
def test_nan_and_inf(kind):
    a = np.array([[np.nan, 1], [np.inf, 1], [np.inf, -np.inf], [np.inf, 0]])
    np.testing.assert_array_equal(
        load(kind, "matmul").matmul(a, np.array([[1.0, 0], [1, 1]])),
        [[np.nan, np.nan], [np.inf, np.nan], [np.nan, np.nan], [np.inf, np.nan]],
    )


@given(st.data(), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_like_twin_in_any_layout(data, m, k, n):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    a = data.draw(st.sampled_from([draw((m, k), dtype), draw(k, dtype), np.broadcast_to(dtype(2), (m, k))]))
    b = data.draw(st.sampled_from([draw((k, n), dtype), draw(k, dtype), draw((k + 1, n), dtype)]))
    a = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))](a)
    b = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))](b)
    before = a.copy(), b.copy()
    actual = outcome(load("kernel", "matmul").matmul, a, b)
    expected = outcome(load("twin", "matmul").matmul, a, b)
    if isinstance(expected, type):
        assert actual is expected
    else:
        assert actual.dtype.type is expected.dtype.type
        assert_close(actual, expected, scale=10)
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])
