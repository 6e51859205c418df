"""Triangles of matrices: kernel, twin and NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import LAYOUTS, WRITABLE, both, load
from tinytorch.kernels import threads

DTYPES = [np.float32, np.float64, np.int64, np.bool_, np.float16, np.complex128]


def numbers(shape, dtype):
    return np.random.default_rng(0).integers(1, 100, shape).astype(dtype)


def expected(x, diagonal, lower):
    return np.tril(x, diagonal) if lower else np.triu(x, diagonal)


@both
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (1, 1), (2, 3, 4), (0, 3), (3, 0), (0, 2, 2)], ids=str)
@pytest.mark.parametrize("lower", [True, False])
def test_triangles(kind, dtype, shape, lower):
    family, x = load(kind, "triangles"), numbers(shape, dtype)
    for diagonal in (-100, -2, -1, 0, 1, 2, 100):
        np.testing.assert_array_equal(family.triangle(x, diagonal, lower), expected(x, diagonal, lower), strict=True)
        y = x.copy()
        assert family.keep_triangle(y, diagonal, lower) is None
        np.testing.assert_array_equal(y, expected(x, diagonal, lower), strict=True)


@both
def test_errors(kind):
    family = load(kind, "triangles")
    for shape in ((), (3,)):
        for function in (family.triangle, family.keep_triangle):
            with pytest.raises(ValueError, match="at least 2 dimensions"):
                function(np.ones(shape))
    fixed = np.ones((2, 2))
    fixed.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        family.keep_triangle(fixed)
    assert family.triangle(fixed).tolist() == [[1, 0], [1, 1]]


@given(st.data())
def test_like_twin(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 5), min_size=2, max_size=3)))
    x, diagonal, lower = numbers(shape, np.float64), data.draw(st.integers(-6, 6)), data.draw(st.booleans())
    layout = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))]
    kernel, twin = load("kernel", "triangles"), load("twin", "triangles")
    np.testing.assert_array_equal(
        kernel.triangle(layout(x), diagonal, lower), twin.triangle(layout(x), diagonal, lower)
    )
    y = WRITABLE[data.draw(st.sampled_from(sorted(WRITABLE)))](x)
    kernel.keep_triangle(y, diagonal, lower)
    np.testing.assert_array_equal(y, expected(x, diagonal, lower))


def test_threads_make_no_difference():
    family, x = load("kernel", "triangles"), numbers((3, 301, 200), np.float64)
    before = threads.get_num_threads()
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            np.testing.assert_array_equal(family.triangle(x, 5), np.tril(x, 5))
            y = x.copy()
            family.keep_triangle(y, -5, False)
            np.testing.assert_array_equal(y, np.triu(x, -5))
    finally:
        threads.set_num_threads(before)
