"""The memory of an array seen with other sides and strides: what views are made of, and broadcasting; copies of it,
several arrays behind one another, and one number all over an array.

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
    RELEASE = 16384 # from so many on, other Python threads may run meanwhile
    NEAR = 4096     # bytes that are copied from the first cache


cdef struct Operand:            # of concatenate and stack
    const char* data
    Py_ssize_t size             # bytes of a piece: what lies between two pieces of the next array


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
    if not plain_bytes(array):
        return twin.copy(array)
    cdef cnp.ndarray x = array, y = empty_like(x)
    copy_all(y, x)
    return y


def assign(array, values):
    """array[...] = values, by all threads where that is a large copy."""
    if (
        not plain_bytes(array) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>array)
        or not plain_like(values, <cnp.ndarray>array) or overlap(<cnp.ndarray>array, <cnp.ndarray>values)
    ):
        return twin.assign(array, values)
    copy_all(<cnp.ndarray>array, <cnp.ndarray>values)


cdef inline bint plain_bytes(object x):
    """plain, and its elements are bytes and nothing else: no objects, no dtype that knows more"""
    if not plain(x):
        return False
    cdef int kind = cnp.PyArray_TYPE(<cnp.ndarray>x)
    return kind <= cnp.NPY_CDOUBLE or kind == cnp.NPY_FLOAT16


cdef void copy_all(cnp.ndarray to, cnp.ndarray x):
    """The elements of a plain array into another one, which is somewhere else

    Each thread has the same part of it as in arithmetic.pyx: what a core has just computed with is in its own cache.
    """
    cdef Py_ssize_t count = cnp.PyArray_SIZE(x), size = cnp.PyArray_ITEMSIZE(x), first, last
    cdef int parts = threads_for(count * size, GRAIN), part
    if count * size < RELEASE:
        memcpy(to.data, x.data, count * size)
    elif parts == 1:
        with nogil:
            memcpy(to.data, x.data, count * size)
    else:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1, nogil=True):
            first, last = begin(part, parts, count) * size, begin(part + 1, parts, count) * size
            memcpy(to.data + first, x.data + first, last - first)


def fill(array, value):
    """Write `value`, an array of one number of the same dtype, into every element; all threads write a large array."""
    if (
        not plain_bytes(array) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>array) or not plain(value)
        or cnp.PyArray_TYPE(<cnp.ndarray>value) != cnp.PyArray_TYPE(<cnp.ndarray>array)
        or (<cnp.ndarray>value).ndim or overlap(<cnp.ndarray>array, <cnp.ndarray>value)
    ):
        return twin.fill(array, value)
    cdef cnp.ndarray x = array, number = value
    cdef Py_ssize_t count = cnp.PyArray_SIZE(x), size = cnp.PyArray_ITEMSIZE(x), first, last
    cdef int parts = threads_for(count * size, GRAIN), part
    if count * size < RELEASE:
        repeat(x.data, number.data, size, count * size)
    elif parts == 1:
        with nogil:
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


def concatenate(arrays, axis):
    """The arrays behind one another along an axis, in C order."""
    y = joined(arrays, axis, False)
    return twin.concatenate(arrays, axis) if y is None else y


def stack(arrays, axis):
    """The arrays, which have one shape, behind one another along a new axis, in C order."""
    y = joined(arrays, axis, True)
    return twin.stack(arrays, axis) if y is None else y


cdef object joined(tuple arrays, Py_ssize_t axis, bint stacked):
    """What concatenate gives, or stack; None where the arrays are not plain, or do not fit."""
    if not arrays or not plain_bytes(arrays[0]):
        return None
    cdef cnp.ndarray first = arrays[0], x
    cdef int ndim = first.ndim, dim
    cdef cnp.npy_intp sides[MOST]
    cdef Py_ssize_t length = 0, outer = 1
    if not 0 <= axis < ndim + stacked or ndim == MOST:
        return None
    for each in arrays:
        if not plain(each) or cnp.PyArray_TYPE(<cnp.ndarray>each) != cnp.PyArray_TYPE(first):
            return None
        x = each
        if x.ndim != ndim:
            return None
        for dim in range(ndim):
            if x.shape[dim] != first.shape[dim] and (stacked or dim != axis):
                return None
        length += 1 if stacked else x.shape[axis]
    for dim in range(ndim + stacked):
        sides[dim] = length if dim == axis else first.shape[dim - 1 if stacked and dim > axis else dim]
        if dim < axis:
            outer *= sides[dim]
    cdef cnp.ndarray y = empty(ndim + stacked, sides, cnp.PyArray_TYPE(first))
    if cnp.PyArray_SIZE(y):
        join(y, arrays, outer)
    return y


cdef void join(cnp.ndarray y, tuple arrays, Py_ssize_t outer):
    """Fill y with a piece of each array, `outer` times."""
    cdef Operand some[MOST]
    cdef Py_ssize_t step = cnp.PyArray_NBYTES(y) // outer, done = 0, i, count, length
    cdef int parts = threads_for(cnp.PyArray_NBYTES(y), GRAIN), part
    cdef char* to = y.data
    while done < len(arrays):
        count, length = min(len(arrays) - done, <Py_ssize_t>MOST), 0
        for i in range(count):
            some[i].data = (<cnp.ndarray>arrays[done + i]).data
            some[i].size = cnp.PyArray_NBYTES(<cnp.ndarray>arrays[done + i]) // outer
            length += some[i].size
        if length * outer < RELEASE:
            copy_pieces(to, step, some, count, outer, 0, 1)
        elif parts == 1:
            with nogil:
                copy_pieces(to, step, some, count, outer, 0, 1)
        else:
            for part in prange(parts, num_threads=parts, schedule="static", chunksize=1, nogil=True):
                copy_pieces(to, step, some, count, outer, part, parts)
        done += count
        to += length


cdef void copy_pieces(char* to, Py_ssize_t step, const Operand* arrays, Py_ssize_t count, Py_ssize_t outer, int part,
                      int parts) noexcept nogil:
    """What one of the threads does: some of the `outer` times, or if those are few, a part of each piece"""
    cdef bint whole = outer >= parts
    cdef Py_ssize_t i, j, first, last
    cdef char* into
    for i in range(outer * part // parts if whole else 0, outer * (part + 1) // parts if whole else outer):
        into = to + i * step
        for j in range(count):
            first = 0 if whole else begin(part, parts, arrays[j].size)
            last = arrays[j].size if whole else begin(part + 1, parts, arrays[j].size)
            memcpy(into + first, arrays[j].data + i * arrays[j].size + first, last - first)
            into += arrays[j].size


cdef inline cnp.ndarray view_of(cnp.ndarray array, int ndim, cnp.npy_intp* sides, cnp.npy_intp* steps,
                                Py_ssize_t shift):
    """A new array on the memory of `array`, which it keeps alive"""
    cdef cnp.dtype kind = array.descr
    cdef int flags = cnp.NPY_ARRAY_WRITEABLE if cnp.PyArray_ISWRITEABLE(array) else 0
    Py_INCREF(kind)     # new_array takes a reference over
    cdef cnp.ndarray view = new_array(array_type, kind, ndim, sides, steps, array.data + shift, flags, NULL)
    cnp.set_array_base(view, array)
    return view
