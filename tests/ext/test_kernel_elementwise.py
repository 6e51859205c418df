"""add_scaled and sigmoid: kernel, twin and the formula."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import WRITABLE, assert_close, both, draw, floats, layouts, load, numbers

SHAPES = [(), (1,), (0,), (3, 0), (100, 1), (64, 10), (1025,)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


@both
@floats
@shapes
@pytest.mark.parametrize("alpha", [1, -1, 0.1, 0])
def test_add_scaled(kind, dtype, shape, alpha):
    y, x = draw(shape, dtype), draw(shape, dtype, seed=1)
    expected = y.astype(np.float64) + float(dtype(alpha)) * x
    assert load(kind, "elementwise").add_scaled(y, alpha, x) is None
    assert_close(y, expected, ulps=2, scale=np.abs(expected).max() if expected.size else 1)


@both
def test_add_scaled_broadcasts(kind):
    y = np.zeros((2, 3))
    load(kind, "elementwise").add_scaled(y, 2, np.arange(3.0))
    assert y.tolist() == [[0, 2, 4], [0, 2, 4]]
    with pytest.raises(ValueError):
        load(kind, "elementwise").add_scaled(np.zeros(3), 2, y)


@both
@pytest.mark.parametrize("alpha", [1, 2])
def test_add_scaled_to_memory_that_x_shares(kind, alpha):
    add_scaled = load(kind, "elementwise").add_scaled
    memory = np.arange(5.0)
    add_scaled(memory, alpha, memory)
    assert memory.tolist() == [n * (1 + alpha) for n in range(5)]
    memory = np.arange(5.0)
    add_scaled(memory[1:], alpha, memory[:-1])
    assert memory.tolist() == [0] + [n + alpha * (n - 1) for n in range(1, 5)]


@both
def test_add_scaled_keeps_the_dtype_of_y(kind):
    add_scaled = load(kind, "elementwise").add_scaled
    for y in (np.ones(2, np.float16), np.ones(2, np.int64), np.ones(2, np.complex64)):
        dtype = y.dtype
        add_scaled(y, 2, np.ones(2, y.dtype))
        assert y.dtype == dtype
        assert y.tolist() == [3, 3]
    y = np.ones(2, np.complex64)
    add_scaled(y, 1j, np.ones(2, np.complex64))
    assert y.tolist() == [1 + 1j, 1 + 1j]
    y = np.ones(2, np.float32)
    add_scaled(y, 0.5, np.ones(2, np.float64))
    assert y.tolist() == [1.5, 1.5]


@both
def test_memory_that_may_not_be_written(kind):
    y = np.zeros(3)
    y.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        load(kind, "elementwise").add_scaled(y, 1, np.ones(3))


@both
@floats
def test_sigmoid(kind, dtype):
    """Within 4 units in the last place from one end of the exponents to the other"""
    edge = -math.log(np.finfo(dtype).tiny) - 1
    x = np.concatenate([np.linspace(-edge, edge, 4001), np.linspace(-5, 5, 4001), [0.0, -0.0]]).astype(dtype)
    exact = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    assert_close(load(kind, "elementwise").sigmoid(x), exact.astype(np.float64), ulps=4)


@both
@floats
def test_sigmoid_of_extremes(kind, dtype):
    x = np.array([-np.inf, -1e30, 1e30, np.inf, np.nan], dtype)
    np.testing.assert_array_equal(
        load(kind, "elementwise").sigmoid(x), np.array([0, 0, 1, 1, np.nan], dtype), strict=True
    )


@both
@floats
@shapes
def test_sigmoid_backward(kind, dtype, shape):
    grad, y = draw(shape, dtype), draw(shape, dtype, seed=1)
    expected = grad.astype(np.float64) * (1 - y) * y
    actual = load(kind, "elementwise").sigmoid_backward(grad, y)
    assert actual.dtype == dtype
    assert_close(actual, expected, scale=20)


@both
def test_half_precision_is_computed_in_single(kind):
    family, x = load(kind, "elementwise"), draw(50, np.float16)
    y = family.sigmoid(x)
    np.testing.assert_array_equal(y, family.sigmoid(x.astype(np.float32)).astype(np.float16), strict=True)
    assert family.sigmoid_backward(x, y).dtype == np.float16


@both
def test_shapes_that_do_not_fit(kind):
    with pytest.raises(ValueError, match="one shape"):
        load(kind, "elementwise").sigmoid_backward(np.zeros(3), np.zeros((3, 1)))


@layouts
def test_layouts_make_no_difference(layout):
    x, grad = draw((4, 6)), draw((4, 6), seed=1)
    family, twin = load("kernel", "elementwise"), load("twin", "elementwise")
    laid = layout(x)
    assert_close(family.sigmoid(laid), twin.sigmoid(x))
    assert_close(family.sigmoid_backward(layout(grad), laid), twin.sigmoid_backward(grad, x))
    np.testing.assert_array_equal(laid, x)
    y, expected = grad.copy(), grad.copy()
    family.add_scaled(y, 0.5, laid)
    twin.add_scaled(expected, 0.5, x)
    assert_close(y, expected, scale=5)


@given(st.data())
def test_like_twin(data):
    x = data.draw(numbers())
    grad = data.draw(numbers(x.shape, x.dtype.newbyteorder("=").type))
    lay_out = WRITABLE[data.draw(st.sampled_from(sorted(WRITABLE)))]
    results = []
    for kind in ("kernel", "twin"):
        family, y = load(kind, "elementwise"), lay_out(np.ascontiguousarray(grad).reshape(grad.shape))
        family.add_scaled(y, 0.5, x)
        results.append((y, family.sigmoid(x), family.sigmoid_backward(grad, x)))
    for actual, expected in zip(*results):
        assert_close(actual, expected, ulps=16, scale=5)


@pytest.mark.torch
@both
@floats
def test_like_torch(kind, dtype):
    torch = pytest.importorskip("torch")
    family, x = (
        load(kind, "elementwise"),
        np.concatenate([draw(100, dtype), [np.nan, np.inf, -np.inf, 80, -80]]).astype(dtype),
    )
    theirs = torch.from_numpy(x).requires_grad_()
    y = torch.sigmoid(theirs)
    y.backward(torch.full_like(y, 2))
    assert_close(family.sigmoid(x), y.detach().numpy())
    assert_close(family.sigmoid_backward(np.full_like(x, 2), y.detach().numpy()), theirs.grad.numpy())
