"""What the tests of the kernels share: a family's kernels and twins, one array in many layouts, closeness."""

from importlib import import_module

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

FLOATS = [np.float32, np.float64]

both = pytest.mark.parametrize("kind", ["kernel", "twin"])
floats = pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.__name__)


def load(kind, family):
    """The module of a family's kernels, whatever TINYTORCH_PURE says, or of its twins."""
    if kind == "twin":
        return import_module(f"tinytorch.kernels.{family}")
    return pytest.importorskip(f"tinytorch._ext.{family}", reason="the kernels are not built")


def draw(shape, dtype=np.float64, seed=0):
    """Normal numbers, the same ones every time."""
    return np.asarray(np.random.default_rng(seed).standard_normal(shape), dtype)


# Each layout makes a copy.


def transposed(x):
    return x.T.copy().T


def every_other(x):
    """x as every other element of a longer array, along the last axis"""
    wide = np.full(x.shape[:-1] + (2 * x.shape[-1],), 7, x.dtype) if x.ndim else np.full(2, 7, x.dtype)
    view = wide[..., ::2] if x.ndim else wide[0:1].reshape(())
    view[...] = x
    return view


def backwards(x):
    """x with negative strides"""
    turned = (..., *[slice(None, None, -1)] * x.ndim)
    return x[turned].copy()[turned]


def read_only(x):
    copy = x.copy()
    copy.setflags(write=False)
    return copy


def unaligned(x):
    """x one byte off every boundary"""
    memory = np.zeros(x.nbytes + 1, np.uint8)
    view = memory[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def other_byte_order(x):
    """x with the bytes of its numbers turned round"""
    return x.astype(x.dtype.newbyteorder())


LAYOUTS = {
    "plain": np.ndarray.copy,
    "transposed": transposed,
    "every other": every_other,
    "backwards": backwards,
    "read-only": read_only,
    "unaligned": unaligned,
    "other byte order": other_byte_order,
}
WRITABLE = {name: layout for name, layout in LAYOUTS.items() if name != "read-only"}
layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)

sides = st.one_of(st.integers(0, 4), st.sampled_from([31, 32, 33, 70]))
special = [0.0, -0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan]


@st.composite
def numbers(draw, shape=None, dtype=None, odd=True, layouts=LAYOUTS):
    """An array of float32 or float64, in some layout, with nan and inf among its numbers if `odd`"""
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)) if shape is None else shape
    dtype = draw(st.sampled_from(FLOATS)) if dtype is None else dtype
    x = np.asarray(np.random.default_rng(draw(st.integers(0, 2**32))).standard_normal(shape), dtype)
    if odd and x.size:
        for place in draw(st.lists(st.integers(0, x.size - 1), max_size=3)):
            x.reshape(-1)[place] = draw(st.sampled_from(special))
    return layouts[draw(st.sampled_from(sorted(layouts)))](x)


def assert_close(actual, expected, ulps=8.0, scale=None):
    """Equal dtype and shape, and values within so many units in the last place of the number, or of `scale`."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    eps = np.finfo(actual.dtype).eps
    if scale is None:
        tiny = np.finfo(actual.dtype).smallest_subnormal
        np.testing.assert_allclose(actual, expected, rtol=ulps * eps, atol=ulps * float(tiny))
    else:
        np.testing.assert_allclose(actual, expected, rtol=0, atol=ulps * eps * scale)


def outcome(function, *args, **kwargs):
    """What a call returns, or the class of the error that it raises."""
    try:
        return function(*args, **kwargs)
    except (ValueError, IndexError, TypeError) as error:
        return type(error)
