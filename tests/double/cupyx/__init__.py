"""A double of cupyx: what tinytorch uses of it."""

import contextlib as _contextlib
import warnings as _warnings

import numpy as _np
from cupy._double import DeviceSynchronized
from cupy._double import local as _local
from cupy._double import waiting_allowed as _waiting_allowed
from cupy._ufunc import ufunc as _ufunc
from cupy.cuda import alloc_pinned_memory as _alloc_pinned_memory
from cupy._surface import MODULES as _MODULES

from cupyx import scipy


def allow_synchronize(allow):
    """As CuPy's, with its warning; `cupy._double.waiting_allowed` is the same without."""
    _warnings.warn(
        "cupyx.allow_synchronize will be removed in future releases as it is not possible to reliably detect "
        "synchronizations.",
        stacklevel=2,
    )
    return _waiting_allowed(allow)


def geterr():
    """What happens on numerical errors in this thread; of NumPy's kinds CuPy knows only "nothing"."""
    return {"divide": None, "over": None, "under": None, "invalid": None, "linalg": getattr(_local, "linalg", "ignore")}


def seterr(*, divide=None, over=None, under=None, invalid=None, linalg=None):
    if any(v is not None for v in (divide, over, under, invalid)):
        raise NotImplementedError
    before = geterr()
    if linalg not in (None, "ignore", "raise"):
        raise NotImplementedError
    _local.linalg = linalg or before["linalg"]
    return before


@_contextlib.contextmanager
def errstate(*, divide=None, over=None, under=None, invalid=None, linalg=None):
    """While it is open, singular matrices raise (linalg="raise") or become NaN."""
    before = seterr(divide=divide, over=over, under=under, invalid=invalid, linalg=linalg)
    try:
        yield
    finally:
        _local.linalg = before["linalg"]


def _reciprocal_root(x):
    return 1 / _np.sqrt(x)


rsqrt = _ufunc("cupy_rsqrt", _reciprocal_root, _MODULES["cupyx"]["rsqrt"]["types"], 1, 1)


def empty_pinned(shape, dtype=float, order="C"):
    memory = _alloc_pinned_memory(int(_np.prod(shape)) * _np.dtype(dtype).itemsize)
    return _np.ndarray(shape, dtype, memory, order=order)


def zeros_pinned(shape, dtype=float, order="C"):
    return empty_pinned(shape, dtype, order)  # the double's are zeros


def empty_like_pinned(a, dtype=None, order="K", subok=None, shape=None):
    return empty_pinned(a.shape if shape is None else shape, dtype or a.dtype)


def zeros_like_pinned(a, dtype=None, order="K", subok=None, shape=None):
    return empty_pinned(a.shape if shape is None else shape, dtype or a.dtype)


def scatter_add(a, slices, value):
    a.scatter_add(slices, value)


def scatter_max(a, slices, value):
    a.scatter_max(slices, value)


def scatter_min(a, slices, value):
    a.scatter_min(slices, value)
