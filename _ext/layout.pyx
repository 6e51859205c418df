"""The memory of an array seen with other sides and strides: what views are made of, and broadcasting; copies of
it, and one number all over it.

NumPy twin: tinytorch/kernels/layout.py. NumPy offers this as np.lib.stride_tricks, which takes 5 us for what is one
call of its C interface, 0.1 us.
"""

from importlib import import_module

include "door.pxi"
include "threads.pxi"

from cpython.ref cimport Py_INCREF
from libc.string cimport memcmp, memcpy, memset

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
    NEAR = 4096     # bytes that are copied from the first cache


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
    if not plain(array) or not of_bytes(<cnp.ndarray>array):
        return twin.copy(array)
    cdef cnp.ndarray x = array, y = empty_like(x)
    copy_all(y, x)
    return y


def assign(array, values):
    """array[...] = values, by all threads where that is a large copy."""
    if (
        not plain(array) or not of_bytes(<cnp.ndarray>array) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>array)
        or not plain_like(values, <cnp.ndarray>array) or overlap(<cnp.ndarray>array, <cnp.ndarray>values)
    ):
        return twin.assign(array, values)
    copy_all(<cnp.ndarray>array, <cnp.ndarray>values)


cdef inline bint of_bytes(cnp.ndarray x):
    """Are its elements bytes and nothing else: no objects, no dtype that knows more?"""
    return cnp.PyArray_TYPE(x) <= cnp.NPY_CDOUBLE or cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT16


cdef void copy_all(cnp.ndarray to, cnp.ndarray x):
    """The elements of a plain array into another one, which is somewhere else

    Each thread has the same part of it as in arithmetic.pyx: what a core has just computed with is in its own cache.
    """
    cdef Py_ssize_t count = cnp.PyArray_SIZE(x), size = cnp.PyArray_ITEMSIZE(x), first, last
    cdef int parts = threads_for(count * size, GRAIN), part
    if parts == 1:
        memcpy(to.data, x.data, count * size)
    else:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1, nogil=True):
            first, last = begin(part, parts, count) * size, begin(part + 1, parts, count) * size
            memcpy(to.data + first, x.data + first, last - first)


def fill(array, value):
    """Write `value`, an array of one number of the same dtype, into every element; all threads write a large array."""
    if (
        not plain(array) or not of_bytes(<cnp.ndarray>array) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>array)
        or not plain(value) or cnp.PyArray_TYPE(<cnp.ndarray>value) != cnp.PyArray_TYPE(<cnp.ndarray>array)
        or (<cnp.ndarray>value).ndim or overlap(<cnp.ndarray>array, <cnp.ndarray>value)
    ):
        return twin.fill(array, value)
    cdef cnp.ndarray x = array, number = value
    cdef Py_ssize_t count = cnp.PyArray_SIZE(x), size = cnp.PyArray_ITEMSIZE(x), first, last
    cdef int parts = threads_for(count * size, GRAIN), part
    if parts == 1:
        repeat(x.data, number.data, size, count * size)
    else:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1, nogil=True):
            first, last = begin(part, parts, count) * size, begin(part + 1, parts, count) * size
            repeat(x.data + first, number.data, size, last - first)


cdef void repeat(char* to, const char* item, Py_ssize_t size, Py_ssize_t n) noexcept nogil:
    """The bytes of an item, again and again, until they are n"""
    cdef Py_ssize_t done = min(size, n)
    if memcmp(item, item + 1, size - 1) == 0:       # all its bytes are the same: for 0 above all
        memset(to, item[0], n)
        return
    memcpy(to, item, done)
    while done < n:
        memcpy(to + done, to, min(done, n - done, <Py_ssize_t>NEAR))
        done += min(done, n - done, <Py_ssize_t>NEAR)


cdef inline cnp.ndarray view_of(cnp.ndarray array, int ndim, cnp.npy_intp* sides, cnp.npy_intp* steps,
                                Py_ssize_t shift):
    """A new array on the memory of `array`, which it keeps alive"""
    cdef cnp.dtype kind = array.descr
    cdef int flags = cnp.NPY_ARRAY_WRITEABLE if cnp.PyArray_ISWRITEABLE(array) else 0
    Py_INCREF(kind)     # new_array takes a reference over
    cdef cnp.ndarray view = new_array(array_type, kind, ndim, sides, steps, array.data + shift, flags, NULL)
    cnp.set_array_base(view, array)
    return view
