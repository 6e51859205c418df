"""How arrays come to the device and back, and functions of CuPy that NumPy has not or that differ from NumPy's."""

import functools

import numpy as np

from cupy import _double as double
from cupy._array import checked_dtype, ndarray, wrap
from cupy._memory import MemoryPointer, UnownedMemory, default_pinned_pool, default_pool


def array(object, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, blocking=False):
    if isinstance(object, ndarray):
        return from_device(object, object.dtype if dtype is None else checked_dtype(dtype), copy, order or "K", ndmin)
    if any(True for _ in double.find((object,), ndarray)):
        return double.launch(np.array, object, dtype=dtype, order=order, ndmin=ndmin)
    if hasattr(object, "__cuda_array_interface__"):
        object = viewed(np.asarray(Shown(object)))
        return from_device(object, object.dtype if dtype is None else checked_dtype(dtype), copy, order or "K", ndmin)
    double.uploaded()
    return upload(object, dtype, order, ndmin)


class Shown:
    """Another library's array on a device, whose memory is the host's here."""

    def __init__(self, owner):
        self.owner, self.__array_interface__ = owner, owner.__cuda_array_interface__


class Passed:
    """The same by DLPack, for NumPy, which takes the host's memory only."""

    def __init__(self, owner):
        self.owner = owner

    def __dlpack__(self, **options):
        capsule = self.owner.__dlpack__()
        double.place_in(capsule)[:] = self.__dlpack_device__()
        return capsule

    def __dlpack_device__(self):
        return 1, 0


def from_dlpack(array, device=None, copy=None):
    return viewed(np.from_dlpack(Passed(array)))


def viewed(host):
    """An array of the device in memory of another library."""
    last = sum((side - 1) * stride for side, stride in zip(host.shape, host.strides))
    size = last + host.itemsize if host.size else 0
    memory = UnownedMemory(host.ctypes.data, size, host)
    return ndarray(host.shape, host.dtype, MemoryPointer(memory, 0), host.strides)


def from_device(array, dtype, copy, order, ndmin):
    """An array of the device as one of the current device, with a dtype and an order."""
    if array.data.device_id != double.current_device():
        double.counts.launches += 1
        return upload(array._host, dtype, order, ndmin)
    in_order = order in "KA" or (array.flags.c_contiguous if order == "C" else array.flags.f_contiguous)
    if copy or dtype != array.dtype or not in_order:
        return double.launch(np.array, array, dtype=dtype, order=order, ndmin=ndmin)
    return array if ndmin <= array.ndim else array.reshape((1,) * (ndmin - array.ndim) + array.shape)


def upload(values, dtype, order, ndmin):
    """Values of the host as an array of the current device."""
    host = np.array(values, dtype=None if dtype is None else checked_dtype(dtype), order=order, ndmin=ndmin)
    checked_dtype(host.dtype)
    return wrap(host)


def asarray(a, dtype=None, order=None, *, blocking=False, copy=None):
    return array(a, dtype, copy=bool(copy), order=order)


def asanyarray(a, dtype=None, order=None, *, blocking=False):
    return array(a, dtype, copy=False, order=order)


def ascontiguousarray(a, dtype=None):
    return array(a, dtype, copy=False, order="C", ndmin=1)


def asfortranarray(a, dtype=None):
    return array(a, dtype, copy=False, order="F", ndmin=1)


def copy(a, order="K"):
    return asarray(a).copy(order=order)


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    if isinstance(a, ndarray):
        return a.get(stream, order, out)
    if out is None:
        return np.asarray(a, order=order)
    out[...] = np.asarray(a)
    return out


def get_array_module(*args):
    import cupy

    return cupy if any(isinstance(a, ndarray) for a in args) else np


def fuse(*args, **kwargs):
    """The function itself: each of its operations is a launch."""
    return args[0] if args and callable(args[0]) else lambda f: f


def memoize(for_each_device=False):
    return functools.cache


def clear_memo():
    """The double remembers nothing that must be forgotten."""


def is_available():
    return True


def get_default_memory_pool():
    return default_pool


def get_default_pinned_memory_pool():
    return default_pinned_pool


def device_array(a):
    """An operand that must be an array of the device."""
    if not isinstance(a, ndarray):
        raise TypeError(f"Unsupported type {type(a)}")
    return a


def take(a, indices, axis=None, out=None):
    """As NumPy's in the mode "wrap": CuPy has no other."""
    if not isinstance(indices, (int, np.integer)):
        device_array(indices)
    return double.launch(np.take, device_array(a), indices, axis, out, "wrap")


def arg_extreme(host, a, axis, dtype, out, keepdims):
    """argmax and argmin, which have a dtype and several axes more than NumPy's."""

    def compute(values, result):
        if isinstance(axis, tuple):
            last = np.moveaxis(values, axis, range(-len(axis), 0))
            found = host(last.reshape(*last.shape[: values.ndim - len(axis)], -1), axis=-1)
            found = np.expand_dims(found, axis) if keepdims else found
        else:
            found = host(values, axis=axis, keepdims=keepdims)
        found = np.asarray(found, dtype)
        if result is None:
            return found
        result[...] = found
        return result

    return double.launch(compute, device_array(a), out)


def argmax(a, axis=None, dtype=None, out=None, keepdims=False):
    return arg_extreme(np.argmax, a, axis, dtype, out, keepdims)


def argmin(a, axis=None, dtype=None, out=None, keepdims=False):
    return arg_extreme(np.argmin, a, axis, dtype, out, keepdims)


def put(a, ind, v, mode="wrap"):
    device_array(a).put(ind, v, mode)


def bincount(x, weights=None, minlength=None):
    double.synchronised(inherent=True)
    return double.launch(np.bincount, device_array(x), weights, minlength or 0)


def copyto(dst, src, casting="same_kind", where=None):
    if not isinstance(src, (bool, int, float, complex, np.generic)):
        device_array(src)
    double.launch(np.copyto, device_array(dst), src, casting, **({} if where is None else {"where": where}))


def einsum(*operands, **kwargs):
    wrong = [k for k in kwargs if k not in ("dtype", "optimize")]
    if wrong:
        raise TypeError(f"Did not understand the following kwargs: {wrong}")
    for v in double.find(operands, np.ndarray):
        raise TypeError(f"Unsupported type {type(v)}")
    return double.launch(np.einsum, *operands, **kwargs)


def imag(val):
    return device_array(val).imag


def may_share_memory(a, b, max_work=None):
    return isinstance(a, ndarray) and isinstance(b, ndarray) and np.may_share_memory(a._host, b._host)


class broadcast:
    """The arrays, broadcast to one shape."""

    def __init__(self, *arrays):
        self.values = double.layout(np.broadcast_arrays, *arrays)
        self.shape = np.broadcast_shapes(*(getattr(a, "shape", ()) for a in arrays))
        self.nd, self.size = len(self.shape), int(np.prod(self.shape))
