"""Indexing as CuPy does it: integer arrays wrap around, masks make the host wait, NumPy's arrays are refused."""

import numpy as np

from cupy import _double as double


def prepared(index):
    """An index in which lists became arrays of the device, whether it is an advanced one, and whether it has masks."""
    import cupy
    from cupy._array import ndarray

    parts = list(index) if isinstance(index, tuple) else [index]
    advanced = masks = False
    for i, part in enumerate(parts):
        if isinstance(part, np.ndarray):
            raise TypeError(f"Unsupported type {type(part)}")
        if isinstance(part, (list, tuple, bool, np.bool_)):
            part = cupy.array(part)
            parts[i] = part = part if part.size else part.astype(np.int32)
        if isinstance(part, ndarray):
            if part.dtype.kind not in "biu":
                raise IndexError(
                    f"arrays used as indices must be of integer or boolean type. (actual: {part.dtype.type})"
                )
            advanced = True
            masks = masks or part.dtype.kind == "b"
    return tuple(parts), advanced, masks


def inside(host, where):
    """An advanced index of NumPy's whose integers wrap around at the bounds of the array."""
    taken = [w.ndim if is_mask(w) else w is not None and w is not Ellipsis for w in where]
    axis, found = 0, []
    for part, axes in zip(where, taken, strict=True):
        if isinstance(part, np.ndarray) and not is_mask(part) and axis < host.ndim and host.shape[axis]:
            part = part % host.shape[axis]
        found.append(part)
        axis += host.ndim - sum(taken) if part is Ellipsis else axes
    return tuple(found)


def is_mask(part):
    return isinstance(part, np.ndarray) and part.dtype.kind == "b"


def read(array, index):
    """array[index]"""
    where, advanced, masks = prepared(index)
    if not advanced:
        return double.layout(view, array, where)
    if masks:
        double.synchronised(inherent=True)
    return double.launch(lambda host, where: host[inside(host, where)], array, where)


def view(host, where):
    """host[where] as an array, also where NumPy would make a number of it."""
    return host[where if any(w is Ellipsis for w in where) else (*where, ...)]


def value_of(value, advanced=True):
    """What can be assigned: an array of the device or a number, which NumPy may hold in an array without dimensions."""
    from cupy._array import SCALARS, ndarray

    if isinstance(value, (ndarray, *SCALARS)):
        return value
    if isinstance(value, np.ndarray) and not value.ndim:
        return value[()]
    if isinstance(value, (list, tuple)) and advanced:
        import cupy

        return cupy.array(value)
    raise TypeError(f"Unsupported type {type(value)}")


def write(array, index, value):
    """array[index] = value"""
    where, advanced, masks = prepared(index)
    value = value_of(value, advanced)
    if masks:  # CuPy counts the elements first; np.where and cupy.putmask do not
        double.synchronised(inherent=True)

    def assign(host, where, new):
        if isinstance(new, np.ndarray):
            new = (new.real if host.dtype.kind != "c" else new).astype(host.dtype)
        host[inside(host, where)] = new

    double.launch(assign, array, where, value)


ATOMIC = {  # what CUDA, or CuPy for it, can change in memory that several threads write to
    "add": "int32 int64 float16 float32 float64 uint32 uint64",
    "subtract": "int32 uint32",
    "maximum": "int32 int64 float32 float64 uint32 uint64",
    "minimum": "int32 int64 float32 float64 uint32 uint64",
}
CUDAS = {np.maximum: np.fmax, np.minimum: np.fmin}  # atomicMax and atomicMin pass over NaN
ATOMIC_BITS = "int32 int64 uint32 uint64"


def scatter(ufunc, array, index, value):
    """array[index] = ufunc(array[index], value), where every occurrence of an element counts."""
    where, advanced, masks = prepared(index)
    value = value_of(value)
    known = ATOMIC.get(ufunc.__name__, ATOMIC_BITS).split()
    if advanced and not masks and array.dtype.name not in known:
        raise TypeError(f"cupy.{ufunc.__name__}.at only supports {', '.join(known)} as data type")

    def combine(host, where, new):
        where = inside(host, where)
        if not advanced or masks or host.dtype.kind != "f" or ufunc not in CUDAS:
            ufunc.at(host, where, new)
            return
        if host.dtype == np.float64:  # CuPy's atomicMax and atomicMin of doubles work in single precision
            host[where] = host[where].astype(np.float32)
            new = np.asarray(new, np.float32)
        CUDAS[ufunc].at(host, where, new)

    double.launch(combine, array, where, value)


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
