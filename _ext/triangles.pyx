"""Triangles of matrices: what is above (or below) a diagonal becomes 0.

    triangle    a new array        keep_triangle    in place

Diagonal number d of a matrix has the elements (i, i + d). The rooms copy and clear parts of rows, whatever the elements
mean; the last two axes are the matrix. NumPy twin: tinytorch/kernels/triangles.py, where anything else goes.
"""

from importlib import import_module

from libc.string cimport memcpy, memset

include "door.pxi"
include "threads.pxi"

twin = import_module("tinytorch.kernels.triangles")

cdef enum:
    GRAIN = 65536       # bytes that are worth a thread
    HALF = 23           # NPY_HALF, which Cython's declarations lack


cdef inline bint has_matrices(object x):
    """Is x a plain array of matrices of NumPy's own numbers?"""
    return plain(x) and (<cnp.ndarray>x).ndim > 1 and (
        cnp.PyArray_TYPE(<cnp.ndarray>x) <= cnp.NPY_CDOUBLE or cnp.PyArray_TYPE(<cnp.ndarray>x) == HALF
    )


def triangle(x, diagonal=0, lower=True):
    """x with 0 above diagonal number `diagonal`, or below it unless `lower`, a new array."""
    if not has_matrices(x):
        return twin.triangle(x, diagonal, lower)
    cdef cnp.ndarray source = x, out = empty_like(source)
    run(source.data, out, diagonal, lower)
    return out


def keep_triangle(y, diagonal=0, lower=True):
    """y = triangle(y) in place."""
    if not has_matrices(y) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>y):
        twin.keep_triangle(y, diagonal, lower)
    else:
        run(NULL, y, diagonal, lower)


cdef void run(const char* x, cnp.ndarray y, Py_ssize_t diagonal, bint lower):
    """The rows of all matrices, each thread a part of them; without an x only what is outside is written"""
    cdef Py_ssize_t rows = y.shape[y.ndim - 2], columns = y.shape[y.ndim - 1], size = cnp.PyArray_ITEMSIZE(y)
    cdef Py_ssize_t lines = cnp.PyArray_SIZE(y) // columns if columns else 0
    cdef char* out = <char*> y.data
    cdef int parts = threads_for(lines * columns * size, GRAIN), part
    parts = parts if parts <= lines else 1
    with nogil:
        if parts == 1:
            _triangle(x, out, 0, lines, rows, columns, size, diagonal, lower)
        else:
            for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
                _triangle(x, out, lines * part // parts, lines * (part + 1) // parts, rows, columns, size, diagonal,
                          lower)


cdef void _triangle(const char* x,                              # IN   (matrices * rows, columns), or NULL
                    char* y,                                    # OUT  (matrices * rows, columns)
                    Py_ssize_t line, Py_ssize_t stop,           # these lines
                    Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t size, Py_ssize_t diagonal,
                    bint lower) noexcept nogil:
    cdef Py_ssize_t cut, start, kept, width = columns * size
    while line < stop:
        cut = line % rows + diagonal + (1 if lower else 0)      # the first column of the upper part
        cut = (0 if cut < 0 else columns if cut > columns else cut) * size
        start = 0 if lower else cut                             # what is kept: from byte `start` on so many
        kept = cut if lower else width - cut
        if x != NULL:
            memcpy(y + line * width + start, x + line * width + start, kept)
        memset(y + line * width + (cut if lower else 0), 0, width - kept)
        line += 1
