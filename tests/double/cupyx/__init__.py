"""A double of cupyx: what tinytorch uses of it."""

import numpy as _np
from cupy._double import DeviceSynchronized, allow_synchronize
from cupy._functions import ufunc as _ufunc
from cupy._surface import MODULES as _MODULES

from cupyx import scipy


def _reciprocal_root(x, out=None, dtype=None):
    return _np.divide(1, _np.sqrt(x, dtype=dtype), out=out).astype(_np.sqrt(x).dtype, copy=False)


rsqrt = _ufunc("rsqrt", _reciprocal_root, _MODULES["cupyx"]["rsqrt"]["types"], 1, 1)


def empty_pinned(shape, dtype=float, order="C"):
    return _np.empty(shape, dtype, order)


def zeros_pinned(shape, dtype=float, order="C"):
    return _np.zeros(shape, dtype, order)


def empty_like_pinned(a, dtype=None, order="K", subok=None, shape=None):
    return _np.empty(a.shape if shape is None else shape, dtype or a.dtype)


def zeros_like_pinned(a, dtype=None, order="K", subok=None, shape=None):
    return _np.zeros(a.shape if shape is None else shape, dtype or a.dtype)


def scatter_add(a, slices, value):
    a.scatter_add(slices, value)


def scatter_max(a, slices, value):
    a.scatter_max(slices, value)


def scatter_min(a, slices, value):
    a.scatter_min(slices, value)
