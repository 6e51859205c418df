"""Running sums and products: kernel, twin and the formula written out in Python."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import (
    LAYOUTS,
    assert_close,
    both,
    draw,
    every_other,
    floats,
    load,
    numbers,
    outcome,
    transposed,
)
from tinytorch.kernels import threads

SHAPES = [(1,), (7,), (3, 5), (4, 9), (6, 33), (2, 3, 4), (5, 1, 3), (9, 2100)]


@both
@floats
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_floats_are_added_in_double_precision(kind, dtype, shape, reverse):
    """to the bit: one number after the other, rounded for each result"""
    family, x = load(kind, "cumulative"), draw(shape, dtype)
    for axis in range(-len(shape), len(shape)):
        wide = np.flip(x, axis) if reverse else x
        for name, ufunc in (("cumsum", np.add), ("cumprod", np.multiply)):
            expected = ufunc.accumulate(wide.astype(np.float64), axis).astype(dtype)
            expected = np.flip(expected, axis) if reverse else expected
            np.testing.assert_array_equal(getattr(family, name)(x, axis, reverse), expected, strict=True)


@both
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int8, np.int16, np.int32, np.int64, np.uint16])
def test_integers_become_int64(kind, dtype):
    family = load(kind, "cumulative")
    x = np.random.default_rng(0).integers(0, 2 if dtype is np.bool_ else 100, (5, 40, 3)).astype(dtype)
    for axis in range(3):
        np.testing.assert_array_equal(family.cumsum(x, axis), np.cumsum(x, axis, np.int64), strict=True)
        np.testing.assert_array_equal(family.cumprod(x, axis), np.cumprod(x, axis, np.int64), strict=True)


@both
def test_half_precision_and_complex_numbers(kind):
    family, x = load(kind, "cumulative"), draw((3, 50), np.float16)
    expected = np.cumsum(x.astype(np.float32), 1).astype(np.float16)
    np.testing.assert_array_equal(family.cumsum(x, 1), expected, strict=True)
    z = draw((3, 5)) + 1j * draw((3, 5), seed=1)
    assert_close(family.cumprod(z, 1).imag, np.cumprod(z, 1).imag)


@both
def test_a_sum_starts_with_zero(kind):
    assert not np.signbit(load(kind, "cumulative").cumsum(np.full((4, 3), -0.0), 0)).any()


@both
@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)], ids=str)
def test_nothing(kind, shape):
    for axis in range(len(shape)):
        assert load(kind, "cumulative").cumsum(np.zeros(shape, np.float32), axis).shape == shape


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("shape", [(90_000,), (3, 40_000), (70, 900), (40_000, 3), (20, 60, 70)], ids=str)
@pytest.mark.parametrize("layout", [np.ndarray.copy, transposed, every_other], ids=["plain", "transposed", "sliced"])
def test_large_arrays(layout, shape, count):
    kernel, twin = load("kernel", "cumulative"), load("twin", "cumulative")
    before = threads.get_num_threads()
    threads.set_num_threads(count)
    try:
        for dtype in (np.float32, np.int64):
            x = layout((draw(shape) * 5).astype(dtype))
            for axis, reverse in itertools.product(range(x.ndim), (False, True)):
                np.testing.assert_array_equal(
                    kernel.cumsum(x, axis, reverse), twin.cumsum(x, axis, reverse), strict=True
                )
    finally:
        threads.set_num_threads(before)


@given(st.data())
def test_kernel_and_twin_agree(data):
    x = data.draw(numbers())
    name = data.draw(st.sampled_from(["cumsum", "cumprod"]))
    if data.draw(st.booleans()):
        x = np.asarray(np.nan_to_num(x) * 9, data.draw(st.sampled_from([np.int64, np.int32, np.uint8, np.bool_])))
        x = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))](x)
    args = (x, data.draw(st.integers(-4, 3)), data.draw(st.booleans()))
    actual = outcome(getattr(load("kernel", "cumulative"), name), *args)
    expected = outcome(getattr(load("twin", "cumulative"), name), *args)
    if isinstance(expected, type):
        assert actual is expected
    else:
        np.testing.assert_array_equal(actual, expected, strict=True)


@pytest.mark.torch
@pytest.mark.parametrize("axis", [0, 1])
@both
def test_like_torch(kind, axis):
    torch = pytest.importorskip("torch")
    x = draw((300, 200), np.float32)
    x[4, 5] = np.nan
    x[6, 7] = np.inf
    for name in ("cumsum", "cumprod"):
        expected = getattr(torch, name)(torch.from_numpy(x), axis).numpy()
        np.testing.assert_array_equal(getattr(load(kind, "cumulative"), name)(x, axis), expected, strict=True)
