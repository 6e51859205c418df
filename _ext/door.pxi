# What the checked doors of the kernels share: which arrays their rooms can walk, and new arrays for results.
#
# A door takes NumPy arrays as they are and hands pointers to its room. Typed memoryviews would do the same in prettier
# clothes, but taking one costs 0.12 to 0.17 us an argument, and this check 0.01 us: on a learner's 100x2 arrays the
# difference is the whole computation.

from importlib import import_module as _import_module

cimport numpy as cnp

cnp.import_array()

try:
    _cache_here = _import_module("tinytorch._ext.memory").here
except ImportError:
    _cache_here = None


cdef inline bint plain(object x):
    """Is x a NumPy array whose elements lie one after the other (C order), aligned, in this machine's byte order?"""
    return cnp.PyArray_CheckExact(x) and cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>x)


cdef inline bint plain_float(object x):
    """plain, and float32 or float64"""
    if not plain(x):
        return False
    cdef int kind = cnp.PyArray_TYPE(<cnp.ndarray>x)
    return kind == cnp.NPY_FLOAT or kind == cnp.NPY_DOUBLE


cdef inline bint plain_like(object x, cnp.ndarray model):
    """plain, and of the dtype and shape of `model`"""
    return (
        plain(x)
        and cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.PyArray_TYPE(model)
        and cnp.PyArray_SAMESHAPE(<cnp.ndarray>x, model)
    )


cdef inline bint writable_like(object x, cnp.ndarray model):
    """plain_like, and its memory may be written"""
    return plain_like(x, model) and cnp.PyArray_ISWRITEABLE(<cnp.ndarray>x)


cdef inline cnp.ndarray empty(int ndim, cnp.npy_intp* shape, int kind, bint by_columns=False):
    """A new array, in C order or `by_columns`, its memory not set; a large one's comes from the cache in every thread"""
    cdef Py_ssize_t size = 1
    cdef int dim
    for dim in range(ndim):
        size *= shape[dim]
    if size >= 8192 and _cache_here is not None:
        _cache_here()
    return cnp.PyArray_EMPTY(ndim, shape, kind, by_columns)


cdef inline cnp.ndarray empty_like(cnp.ndarray model):
    """A new C-ordered array of the dtype and shape of `model`, its memory not set"""
    return empty(model.ndim, model.shape, cnp.PyArray_TYPE(model))


cdef inline bint overlap(cnp.ndarray x, cnp.ndarray y):
    """Do the memories of two plain arrays meet?"""
    return x.data < y.data + cnp.PyArray_NBYTES(y) and y.data < x.data + cnp.PyArray_NBYTES(x)
