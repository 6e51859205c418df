"""Functions that are not NumPy's of the same name: how arrays come to the device, and what NumPy lacks."""

import numpy as np

from cupy import _double as double
from cupy._array import checked_dtype, ndarray, wrap


def array(object, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, blocking=False):
    if isinstance(object, ndarray):
        here = object.data.device_id == double.current_device()
        dtype = object.dtype if dtype is None else checked_dtype(dtype)
        if (
            not copy
            and here
            and dtype == object.dtype
            and (order != "C" or object.flags.c_contiguous)
            and (order != "F" or object.flags.f_contiguous)
        ):
            return object if ndmin <= object.ndim else object.reshape((1,) * (ndmin - object.ndim) + object.shape)
        if not here:
            return upload(object._host, dtype, order, ndmin)
        return double.launch(np.array, object, dtype=dtype, order=order, ndmin=ndmin)
    if hasattr(object, "__cuda_array_interface__"):
        raise TypeError("the double has no arrays of other libraries")
    found = list(double.find((object,), ndarray))
    if found:
        return double.launch(np.array, object, dtype=dtype, order=order, ndmin=ndmin)
    double.counts.uploads += 1
    return upload(object, dtype, order, ndmin)


def upload(values, dtype, order, ndmin):
    """Values of the host as an array of the current device."""
    host = np.array(values, dtype=None if dtype is None else checked_dtype(dtype), order=order, ndmin=ndmin)
    checked_dtype(host.dtype)
    return wrap(host)


def asarray(a, dtype=None, order=None, *, blocking=False, copy=None):
    return array(a, dtype, copy=bool(copy), order="K" if order is None else order)


def asanyarray(a, dtype=None, order=None, *, blocking=False):
    return array(a, dtype, copy=False, order="K" if order is None else order)


def ascontiguousarray(a, dtype=None):
    return array(a, dtype, copy=False, order="C", ndmin=1)


def asfortranarray(a, dtype=None):
    return array(a, dtype, copy=False, order="F", ndmin=1)


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    if isinstance(a, ndarray):
        return a.get(stream, order, out)
    made = np.asarray(a, order=order)
    if out is None:
        return made
    out[...] = made
    return out


def get_array_module(*args):
    import cupy

    return cupy if any(isinstance(a, ndarray) for a in args) else np


def fuse(*args, **kwargs):
    """The function itself: each of its operations is a launch."""
    return args[0] if args and callable(args[0]) else lambda f: f


def is_available():
    return True


def get_default_memory_pool():
    from cupy._memory import default_pool

    return default_pool


def take(a, indices, axis=None, out=None):
    """As NumPy's in the mode "wrap": CuPy has no other."""
    if isinstance(indices, np.ndarray) or not isinstance(a, ndarray):
        raise TypeError(f"Unsupported type {type(indices if isinstance(indices, np.ndarray) else a)}")
    return double.launch(np.take, a, indices, axis, out, "wrap")
