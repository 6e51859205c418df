"""The memory of an array seen with other sides and strides: what views are made of, and broadcasting; and its copy.

NumPy twin: tinytorch/kernels/layout.py. NumPy offers this as np.lib.stride_tricks, which takes 5 us for what is one
call of its C interface, 0.1 us.
"""

from importlib import import_module

include "door.pxi"
include "threads.pxi"

from cpython.ref cimport Py_INCREF
from libc.string cimport memcpy

cdef extern from "numpy/arrayobject.h":
    void* array_type "&PyArray_Type"
    cnp.ndarray new_array "PyArray_NewFromDescr"(
        void* subtype, cnp.dtype kind, int ndim, const cnp.npy_intp* sides, const cnp.npy_intp* steps, void* data,
        int flags, void* model
    )

twin = import_module("tinytorch.kernels.layout")

cdef enum:
    MOST = 64       # dimensions that an array of NumPy can have
    GRAIN = 65536   # bytes that are worth a thread


def alias(array):
    """Another array object for the same elements."""
    if not cnp.PyArray_CheckExact(array):
        return twin.alias(array)
    cdef cnp.ndarray x = array
    return view_of(x, x.ndim, x.shape, x.strides, 0)


def restride(array, shape, strides, Py_ssize_t shift=0):
    """The memory of `array` with other sides and strides (in bytes), `shift` bytes from its first element."""
    cdef cnp.npy_intp sides[MOST]
    cdef cnp.npy_intp steps[MOST]
    cdef tuple wanted = tuple(shape), apart = tuple(strides)        # a torch.Size is a tuple of another type
    cdef int i, ndim = len(wanted)
    if not cnp.PyArray_CheckExact(array) or ndim > MOST or len(apart) != ndim:
        return twin.restride(array, shape, strides, shift)
    for i in range(ndim):
        sides[i], steps[i] = wanted[i], apart[i]
    return view_of(array, ndim, sides, steps, shift)


def broadcast(array, shape):
    """`array` repeated to `shape` by strides of 0: a view that can be written to. ValueError where shapes do not fit."""
    cdef cnp.npy_intp sides[MOST]
    cdef cnp.npy_intp steps[MOST]
    cdef tuple wanted = tuple(shape)
    cdef int i, ndim = len(wanted), extra
    if not cnp.PyArray_CheckExact(array) or ndim > MOST:
        return twin.broadcast(array, shape)
    cdef cnp.ndarray x = array
    extra = ndim - x.ndim
    if extra < 0 or not cnp.PyArray_SIZE(x):
        return twin.broadcast(array, shape)
    cdef bint same = extra == 0
    for i in range(ndim):
        sides[i] = wanted[i]
        if i < extra:
            steps[i] = 0
        elif x.shape[i - extra] == sides[i]:
            steps[i] = x.strides[i - extra]
        elif x.shape[i - extra] == 1:
            steps[i], same = 0, False
        else:
            return twin.broadcast(array, shape)     # which raises the error
    return array if same else view_of(x, ndim, sides, steps, 0)


def copy(array):
    """The elements of `array` in memory of their own, row by row; all threads copy a large one."""
    if not plain(array) or cnp.PyArray_TYPE(<cnp.ndarray>array) > cnp.NPY_CDOUBLE:
        return twin.copy(array)
    cdef cnp.ndarray x = array, y = empty_like(x)
    cdef Py_ssize_t size = cnp.PyArray_NBYTES(x)
    cdef int parts = threads_for(size, GRAIN), part
    if parts == 1:
        memcpy(y.data, x.data, size)
    else:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1, nogil=True):
            memcpy(y.data + begin(part, parts, size), x.data + begin(part, parts, size),
                   begin(part + 1, parts, size) - begin(part, parts, size))
    return y


cdef inline cnp.ndarray view_of(cnp.ndarray array, int ndim, cnp.npy_intp* sides, cnp.npy_intp* steps,
                                Py_ssize_t shift):
    """A new array on the memory of `array`, which it keeps alive"""
    cdef cnp.dtype kind = array.descr
    cdef int flags = cnp.NPY_ARRAY_WRITEABLE if cnp.PyArray_ISWRITEABLE(array) else 0
    Py_INCREF(kind)     # new_array takes a reference over
    cdef cnp.ndarray view = new_array(array_type, kind, ndim, sides, steps, array.data + shift, flags, NULL)
    cnp.set_array_base(view, array)
    return view
