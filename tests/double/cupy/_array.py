"""cupy.ndarray of the double: it holds a NumPy array and lets nobody take it for one."""

import operator
from functools import reduce

import numpy as np

from cupy import _double as double
from cupy import _indexing as indexing
from cupy._memory import Memory, MemoryPointer

DTYPES = "?bBhHiIlLqQefdFD"
SCALARS = (bool, int, float, complex, np.generic)


def checked_dtype(dtype):
    """A dtype that CuPy's arrays can have."""
    found = np.dtype(dtype)
    if found.char not in DTYPES and found.name != "bfloat16":
        raise ValueError(f"Unsupported dtype {found}")
    return found


class Flags:
    """The three flags that CuPy's arrays have."""

    def __init__(self, host, owndata):
        self.c_contiguous, self.f_contiguous = host.flags.c_contiguous, host.flags.f_contiguous
        self.owndata = owndata
        self.fnc = self.f_contiguous and not self.c_contiguous
        self.forc = self.f_contiguous or self.c_contiguous

    def __getitem__(self, name):
        return {"C_CONTIGUOUS": self.c_contiguous, "F_CONTIGUOUS": self.f_contiguous, "OWNDATA": self.owndata}[name]


class ndarray:
    """An array on a pretended device. `_host` is the NumPy array that holds its values; only the double reads it."""

    __module__ = "cupy"
    __array_priority__ = 100
    __hash__ = None

    def __init__(self, shape, dtype=float, memptr=None, strides=None, order="C"):
        shape = (operator.index(shape),) if not isinstance(shape, (tuple, list)) else tuple(shape)
        dtype = checked_dtype(dtype)
        if memptr is None:
            if strides is not None:
                raise ValueError("strides is only supported when memptr is specified")
            host = np.empty(shape, dtype, order)
            memptr = MemoryPointer(Memory(host), 0)
        else:
            host = memptr._array(shape, dtype, strides, order)
        self._host, self.data, self.base = host, memptr, None

    @classmethod
    def _of(cls, host, memory, base):
        self = cls.__new__(cls)
        self._host, self.base = host, base
        self.data = MemoryPointer(memory, host.ctypes.data - memory.ptr)
        return self

    # what it is

    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    dtype = property(lambda self: self._host.dtype)
    itemsize = property(lambda self: self._host.itemsize)
    nbytes = property(lambda self: self._host.nbytes)
    device = property(lambda self: self.data.device)
    flags = property(lambda self: Flags(self._host, self.base is None))
    T = property(lambda self: self.transpose())
    flat = property(lambda self: indexing.Flat(self))

    @property
    def shape(self):
        return self._host.shape

    @shape.setter
    def shape(self, value):
        self._host = self._host.view()
        self._host.shape = value

    @property
    def strides(self):
        return self._host.strides

    @property
    def mT(self):
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return self.swapaxes(-1, -2)

    @property
    def real(self):
        return double.layout(np.real, self) if self.dtype.kind == "c" else self

    @real.setter
    def real(self, value):
        self.real[...] = value

    @property
    def imag(self):
        if self.dtype.kind == "c":
            return double.layout(np.imag, self)
        return double.launch(np.zeros_like, self)

    @imag.setter
    def imag(self, value):
        if self.dtype.kind != "c":
            raise TypeError("cannot set imaginary part of a real array")
        self.imag[...] = value

    @property
    def __cuda_array_interface__(self):
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "descr": self.dtype.descr,
            "version": 3,
            "strides": None if self._host.flags.c_contiguous else self.strides,
            "data": (self.data.ptr if self.size else 0, False),
            "stream": 1,
        }

    def __dlpack__(self, stream=None, max_version=None, dl_device=None, copy=None):
        capsule = self._host.__dlpack__()
        double.place_in(capsule)[:] = self.__dlpack_device__()
        return capsule

    def __dlpack_device__(self):
        return 2, self.data.device_id

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    # NumPy's protocols

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        from cupyx.scipy import special

        import cupy

        if "out" in kwargs:
            if len(kwargs["out"]) != 1:
                raise ValueError("The 'out' parameter must have exactly one array value")
            kwargs["out"] = kwargs["out"][0]
        name = ufunc.__name__
        known = getattr(cupy, name, None) or getattr(special, name, None)
        operands = (*inputs[:1], *inputs[1:]) if method == "__call__" else inputs[:1]
        for x in (*operands, *([kwargs["out"]] if kwargs.get("out") is not None else ())):
            if not isinstance(x, (ndarray, np.ndarray, *SCALARS)):
                return NotImplemented
        if known is None or not hasattr(known, method):
            return NotImplemented
        return getattr(known, method)(*inputs, **kwargs)

    def __array_function__(self, func, types, args, kwargs):
        import cupy

        try:
            module = reduce(getattr, func.__module__.split(".")[1:], cupy)
            known = getattr(module, func.__name__)
        except AttributeError:
            return NotImplemented
        if known is func or any(t not in (ndarray, np.ndarray) for t in types):
            return NotImplemented
        return known(*args, **kwargs)

    # the host waits

    def get(self, stream=None, order="C", out=None, blocking=True):
        double.synchronised()
        if out is None:
            return np.array(self._host, order=order, copy=True)
        if not isinstance(out, np.ndarray):
            raise TypeError("Only numpy.ndarray can be obtained fromcupy.ndarray")
        if out.dtype != self.dtype:
            raise TypeError(f"{out.dtype} array cannot be obtained from {self.dtype} array")
        if out.shape != self.shape:
            raise ValueError(f"Shape mismatch. Expected shape: {self.shape}, actual shape: {out.shape}")
        out[...] = self._host
        return out

    def set(self, arr, stream=None):
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if arr.dtype != self.dtype:
            raise TypeError(f"{arr.dtype} array cannot be set to {self.dtype} array")
        if arr.shape != self.shape:
            raise ValueError(f"Shape mismatch. Old shape: {self.shape}, new shape: {arr.shape}")
        if not self.flags.forc:
            raise RuntimeError("Cannot set to non-contiguous array")
        double.uploaded()
        self._host[...] = arr

    def item(self):
        return self.get().item()

    def tolist(self):
        return self.get().tolist()

    def tobytes(self, order="C"):
        return self.get().tobytes(order)

    def __bool__(self):
        if self.size == 0:
            return False
        if self.size > 1:
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()"
            )
        return bool(self.get())

    def __int__(self):
        return int(self.get())

    def __float__(self):
        return float(self.get())

    def __complex__(self):
        return complex(self.get())

    def __repr__(self):
        return repr(self.get())

    def __str__(self):
        return str(self.get())

    def __format__(self, spec):
        return format(self.get(), spec)

    def __reduce__(self):
        from cupy import array

        return array, (self.get(),)

    # indexing

    def __getitem__(self, index):
        return indexing.read(self, index)

    def __setitem__(self, index, value):
        indexing.write(self, index, value)

    def scatter_add(self, slices, value):
        indexing.scatter(np.add, self, slices, value)

    def scatter_max(self, slices, value):
        indexing.scatter(np.maximum, self, slices, value)

    def scatter_min(self, slices, value):
        indexing.scatter(np.minimum, self, slices, value)

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()


def wrap(made, arrays=(), python=False):
    """NumPy's results as CuPy's: every array and scalar becomes an array, and views know whose memory they share."""
    if isinstance(made, np.generic) or (python and isinstance(made, (bool, int, float, complex))):
        made = np.array(made)
    if isinstance(made, np.ndarray):
        for a in arrays:
            if made is a._host:
                return a
        owner = double.root(made)
        if not made.flags.writeable:
            made = np.lib.stride_tricks.as_strided(made, writeable=True) if owner.flags.writeable else made.copy()
            owner = double.root(made)
        for a in arrays:
            if a.data.mem.host is owner:
                return ndarray._of(made, a.data.mem, a if a.base is None else a.base)
        checked_dtype(made.dtype)
        whole = Memory(owner)
        return ndarray._of(made, whole, None if made is owner else ndarray._of(owner, whole, None))
    if isinstance(made, list):
        return [wrap(m, arrays, python) for m in made]
    if type(made) is tuple:
        return tuple(wrap(m, arrays, python) for m in made)
    if isinstance(made, tuple):
        return type(made)(*(wrap(m, arrays, python) for m in made))
    return made
