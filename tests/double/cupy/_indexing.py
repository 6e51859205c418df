"""Indexing as CuPy does it: integer arrays wrap around, masks make the host wait, NumPy's arrays are refused."""

import numpy as np

from cupy import _double as double


def prepared(array, index):
    """An index whose arrays are NumPy's and inside of the bounds, and whether it is an advanced one."""
    from cupy._array import ndarray

    parts = list(index) if isinstance(index, tuple) else [index]
    masks = advanced = False
    for i, part in enumerate(parts):
        if isinstance(part, np.ndarray):
            raise TypeError(f"Unsupported type {type(part)}")
        if isinstance(part, list):
            double.uploaded()
            parts[i] = part = np.array(double.replace(part, ndarray, lambda a: a.item()))
            if part.size == 0:
                parts[i] = part = part.astype(np.intp)
        elif isinstance(part, ndarray):
            parts[i] = part = double.check_device(part)._host
        if isinstance(part, np.ndarray):
            if part.dtype.kind not in "biu":
                raise IndexError("arrays used as indices must be of integer or boolean type")
            advanced = True
            masks = masks or part.dtype.kind == "b"
    used = sum(
        p.ndim if isinstance(p, np.ndarray) and p.dtype.kind == "b" else p is not None and p is not Ellipsis
        for p in parts
    )
    axis = 0
    for i, part in enumerate(parts):
        if part is Ellipsis:
            axis += array.ndim - used
        elif isinstance(part, np.ndarray) and part.dtype.kind == "b":
            axis += part.ndim
        elif part is not None:
            if isinstance(part, np.ndarray) and axis < array.ndim and array.shape[axis]:
                parts[i] = part % array.shape[axis]
            axis += 1
    return tuple(parts) if isinstance(index, tuple) else parts[0], advanced, masks


def read(array, index):
    """array[index]"""
    where, advanced, masks = prepared(array, index)
    if not advanced:
        return double.layout(take_view, array, where)
    if masks:
        double.synchronised(inherent=True)
    return double.launch(np.ndarray.__getitem__, array, where)


def take_view(host, where):
    """host[where] as an array, also where NumPy would make a scalar of it."""
    return (
        host[(*where, ...)]
        if isinstance(where, tuple) and Ellipsis not in where
        else (host[where] if isinstance(where, tuple) else host[where, ...] if where is not Ellipsis else host[...])
    )


def value_of(value):
    """What can be assigned: an array of the device or a number, which NumPy may hold in an array without dimensions."""
    from cupy._array import SCALARS, ndarray

    if isinstance(value, ndarray):
        return value
    if isinstance(value, SCALARS):
        return value
    if isinstance(value, np.ndarray) and not value.ndim:
        return value[()]
    if isinstance(value, (list, tuple)):
        import cupy

        return cupy.array(value)
    raise TypeError(f"Unsupported type {type(value)}")


def write(array, index, value):
    """array[index] = value"""
    where, advanced, masks = prepared(array, index)
    value = value_of(value)
    if masks:  # CuPy counts the elements first; np.where and cupy.putmask do not
        double.synchronised(inherent=True)

    def assign(host, new):
        host[where] = new.astype(host.dtype) if isinstance(new, np.ndarray) else new

    double.launch(assign, array, value)


ATOMIC = {  # what CUDA, or CuPy for it, can change in memory that several threads write to
    "add": "int32 int64 float16 float32 float64 uint32 uint64",
    "subtract": "int32 uint32",
    "maximum": "int32 int64 float32 float64 uint32 uint64",
    "minimum": "int32 int64 float32 float64 uint32 uint64",
}
ATOMIC_BITS = "int32 int64 uint32 uint64"


def scatter(ufunc, array, index, value):
    """array[index] = ufunc(array[index], value), where every occurrence of an element counts."""
    where, advanced, masks = prepared(array, index)
    value = value_of(value)
    known = ATOMIC.get(ufunc.__name__, ATOMIC_BITS).split()
    if advanced and not masks and array.dtype.name not in known:
        raise TypeError(f"cupy.{ufunc.__name__}.at only supports {', '.join(known)} as data type")
    double.launch(ufunc.at, array, where, value)


class Flat:
    """The elements of an array in C order."""

    def __init__(self, array):
        self.base = array

    def __len__(self):
        return self.base.size

    def __getitem__(self, index):
        return self.base.ravel()[index]

    def __setitem__(self, index, value):
        value = value_of(value)

        def assign(host, new):
            host.flat[index] = new

        double.launch(assign, self.base, value)

    def __iter__(self):
        return (self[i] for i in range(len(self)))
