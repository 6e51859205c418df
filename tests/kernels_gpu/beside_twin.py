"""A kernel on the device beside its NumPy twin on the host: the same arguments, results that agree."""

import copy
from importlib import import_module

import numpy as np
import pytest

from tests.places import PLACE
from tinytorch import dtypes, kernels
from tinytorch.device import host, is_array, on_gpu, put

BFLOAT16 = dtypes._load_bfloat16()
FLOATS = [np.dtype(np.float32), np.dtype(np.float64)]
HALVES = [np.dtype(np.float16), BFLOAT16]
floats = pytest.mark.parametrize("dtype", [*FLOATS, *HALVES], ids=str)


def draw(shape, dtype=np.float64, seed=0, odd=False):
    """Normal numbers; if `odd`, nan, infinities and zeros among them."""
    x = np.random.default_rng(seed).standard_normal(shape)
    if odd and x.size:
        flat = x.reshape(-1)
        special = [np.nan, np.inf, -np.inf, 0.0, -0.0]
        flat[: len(special)] = special[: x.size]
    return np.asarray(x).astype(dtype)


def every_other(x):
    """The same numbers with a gap behind each."""
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def transposed(x):
    """The same numbers, the first axis the nearest one in memory."""
    return np.ascontiguousarray(x.T).T


def there(value):
    """Arguments with their arrays on the device, strides and all."""
    if isinstance(value, np.ndarray):
        memory = value if value.base is None else value.base
        moved = put(memory.reshape(-1, order="A") if memory.ndim else memory, PLACE)
        start = value.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
        return kernels.layout.restride(moved, value.shape, value.strides, start) if value.size else put(value, PLACE)
    if isinstance(value, (list, tuple)):
        return type(value)(map(there, value))
    return value


def here(value):
    """Results with their arrays on the host."""
    if is_array(value):
        assert on_gpu(value), "an array on the host"
        return host(value)
    return tuple(map(here, value)) if isinstance(value, (list, tuple)) else value


def check(family, name, *args, ulps=4.0, scale=0.0, **kwargs):
    """The kernel's results, and what it leaves in its arguments, are the twin's within so many units in the last place.

    `ulps` are of each number or, in sums, of a number as large as `scale`.
    """
    args = tuple(np.asarray(arg) if isinstance(arg, np.generic) else arg for arg in args)
    moved = there(args)
    actual = getattr(getattr(kernels, family), name)(*moved, **kwargs)
    twin_args = copy.deepcopy(args)
    expected = getattr(import_module(f"tinytorch.kernels.{family}"), name)(*twin_args, **kwargs)
    agree(here(actual), expected, ulps, scale)
    agree(here(moved), twin_args, ulps, scale)


def agree(actual, expected, ulps, scale=0.0):
    if isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected):
            agree(one, other, ulps, scale)
    elif isinstance(expected, np.ndarray):
        assert isinstance(actual, np.ndarray)
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        if expected.dtype.kind in "biu":
            np.testing.assert_array_equal(actual, expected)
        else:
            eps, tiny = precision(expected.dtype)
            wide = np.complex128 if expected.dtype.kind == "c" else np.float64
            np.testing.assert_allclose(
                actual.astype(wide), expected.astype(wide), rtol=ulps * eps, atol=ulps * max(tiny, eps * scale)
            )
    else:
        assert actual is expected or actual == expected


def precision(dtype):
    """(relative distance of neighbouring numbers, the smallest number)"""
    if dtype == BFLOAT16:
        return 2.0**-7, 2.0**-133
    found = np.finfo(dtype)
    return float(found.eps), float(found.smallest_subnormal)
