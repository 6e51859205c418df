"""Products of matrices that are too small for BLAS:  out[i, j] = sum_k a[i, k] * b[k, j]

NumPy twin: tinytorch/kernels/matmul.py. A call of NumPy's matmul takes 0.9 us before the first multiplication; three
plain loops are done by then when there are at most SMALL multiplications. Larger products, more axes and other dtypes
go to NumPy. Operands may have any strides, so a transposed one costs nothing.
"""

include "door.pxi"

import numpy as np
from cython cimport floating

cdef enum:
    SMALL = 512

cdef object numpy_matmul = np.matmul


def matmul(a, b):
    """a @ b, a new array."""
    if not (small_float(a) and small_float(b)):
        return numpy_matmul(a, b)
    cdef cnp.ndarray left = a, right = b, out
    cdef int kind = cnp.PyArray_TYPE(left)
    cdef cnp.npy_intp shape[2]
    cdef int ndim = 0
    cdef Walk walk
    # a vector on the left is one row, on the right one column; neither leaves an axis in the product
    walk.m, walk.n, walk.a_row, walk.b_column = 1, 1, 0, 0
    if left.ndim == 2:
        walk.m = shape[0] = left.shape[0]
        walk.a_row = left.strides[0]
        ndim = 1
    walk.k, walk.a_column = left.shape[left.ndim - 1], left.strides[left.ndim - 1]
    walk.b_row = right.strides[0]
    if right.ndim == 2:
        walk.n = shape[ndim] = right.shape[1]
        walk.b_column = right.strides[1]
        ndim += 1
    if (
        cnp.PyArray_TYPE(right) != kind or right.shape[0] != walk.k
        or walk.m > SMALL or walk.k > SMALL or walk.n > SMALL or walk.m * walk.k * walk.n > SMALL
    ):
        return numpy_matmul(a, b)
    out = cnp.PyArray_EMPTY(ndim, shape, kind, 0)
    if kind == cnp.NPY_FLOAT:
        _matmul(<const char*> left.data, <const char*> right.data, <float*> out.data, &walk)
    else:
        _matmul(<const char*> left.data, <const char*> right.data, <double*> out.data, &walk)
    return out


cdef struct Walk:       # a is (m, k), b is (k, n), with the bytes from one row or column to the next
    Py_ssize_t m, k, n, a_row, a_column, b_row, b_column


cdef inline bint small_float(object x):
    """Is x a NumPy vector or matrix of float32 or float64, aligned, in this machine's byte order?"""
    if not cnp.PyArray_CheckExact(x):
        return False
    cdef cnp.ndarray array = x
    cdef int kind = cnp.PyArray_TYPE(array)
    return (
        1 <= array.ndim <= 2 and (kind == cnp.NPY_FLOAT or kind == cnp.NPY_DOUBLE) and cnp.PyArray_ISBEHAVED_RO(array)
    )


cdef void _matmul(const char* a, const char* b, floating* out, Walk* walk) noexcept nogil:
    cdef Py_ssize_t i, j, k
    cdef floating total
    cdef const char* left
    cdef const char* right
    for i in range(walk.m):
        for j in range(walk.n):
            left = a + i * walk.a_row
            right = b + j * walk.b_column
            total = 0
            for k in range(walk.k):
                total += (<const floating*>left)[0] * (<const floating*>right)[0]
                left += walk.a_column
                right += walk.b_row
            out[0] = total
            out += 1
