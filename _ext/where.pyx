"""z = x where a condition holds, else y; operands broadcast. And x = number where a mask holds, in place.

NumPy twin: tinytorch/kernels/where.py. A condition of bools beside arrays of one dtype whose numbers have 4 or 8 bytes,
or Python numbers beside float32 and float64; anything else goes to the twin.
"""

from importlib import import_module

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "broadcast.pxi"

from libc.stdint cimport int32_t, int64_t

twin = import_module("tinytorch.kernels.where")

ctypedef fused whole:       # elements are moved, not computed with: only their size matters
    int32_t
    int64_t


def where(condition, x, y):
    """x where the condition holds, else y, a new array."""
    cdef bint x_is_array = usable(x), y_is_array = usable(y)
    if not usable(condition) or cnp.PyArray_TYPE(<cnp.ndarray>condition) != cnp.NPY_BOOL:
        return twin.where(condition, x, y)
    if not (x_is_array or y_is_array):
        return twin.where(condition, x, y)
    cdef cnp.ndarray model = x if x_is_array else y
    cdef int kind = cnp.PyArray_TYPE(model)
    cdef cnp.PyArrayObject* arrays[3]
    cdef Grid grid
    cdef int size = cnp.PyArray_ITEMSIZE(model)
    if x_is_array and y_is_array:
        if cnp.PyArray_TYPE(<cnp.ndarray>y) != kind or not cnp.PyTypeNum_ISNUMBER(kind) or (size != 4 and size != 8):
            return twin.where(condition, x, y)
    elif (kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE) or not is_number(y if x_is_array else x):
        return twin.where(condition, x, y)
    arrays[0] = <cnp.PyArrayObject*>condition
    arrays[1] = <cnp.PyArrayObject*>x if x_is_array else NULL
    arrays[2] = <cnp.PyArrayObject*>y if y_is_array else NULL
    grid.count = 4
    if not lay(&grid, 3, arrays):
        return twin.where(condition, x, y)
    if not x_is_array:
        lay_number(&grid, 1, x, kind)
    elif not y_is_array:
        lay_number(&grid, 2, y, kind)
    cdef cnp.ndarray out = empty(grid.ndim, grid.shape, kind, False)
    lay_result(&grid, out)
    walk(&grid, <Piece>choose[int32_t] if size == 4 else <Piece>choose[int64_t], NULL)
    return out


cdef void choose(char** data, Py_ssize_t n, Py_ssize_t* steps, const whole* _) noexcept nogil:
    """A piece for the room that suits its steps."""
    cdef const char* condition = data[0]
    cdef const char* x = data[1]
    cdef const char* y = data[2]
    cdef char* out = data[3]
    cdef Py_ssize_t i, size = sizeof(whole)
    cdef bint dense = steps[0] == 1 and steps[3] == size
    if dense and steps[1] == size and steps[2] == size:
        _of_both(condition, <const whole*>x, <const whole*>y, <whole*>out, n)
    elif dense and steps[1] == size and steps[2] == 0:
        _or_one(condition, <const whole*>x, (<const whole*>y)[0], <whole*>out, n, True)
    elif dense and steps[1] == 0 and steps[2] == size:
        _or_one(condition, <const whole*>y, (<const whole*>x)[0], <whole*>out, n, False)
    else:
        for i in range(n):
            (<whole*>(out + i * steps[3]))[0] = (<const whole*>(
                x + i * steps[1] if condition[i * steps[0]] else y + i * steps[2]
            ))[0]


cdef simd_void _of_both(const char* condition, const whole* x, const whole* y, whole* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = x[i] if condition[i] else y[i]


cdef simd_void _or_one(const char* condition, const whole* x, whole other, whole* out, Py_ssize_t n,
                       bint holds) noexcept nogil:
    """x where the condition is `holds`, else one number"""
    cdef Py_ssize_t i
    cdef char flip = not holds
    for i in range(n):
        out[i] = x[i] if condition[i] ^ flip else other


def masked_fill(x, mask, value):
    """x[mask] = value for a mask with the shape of x. Other places are not written, not even with what they have: other
    threads may write there."""
    cdef cnp.PyArrayObject* arrays[2]
    cdef Grid grid
    if not (usable(x) and usable(mask)) or cnp.PyArray_TYPE(<cnp.ndarray>mask) != cnp.NPY_BOOL:
        return twin.masked_fill(x, mask, value)
    cdef cnp.ndarray array = x
    cdef int kind = cnp.PyArray_TYPE(array)
    if (
        (kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE)
        or not is_number(value)
        or not (cnp.PyArray_IS_C_CONTIGUOUS(array) and cnp.PyArray_ISWRITEABLE(array))
        or not cnp.PyArray_SAMESHAPE(array, <cnp.ndarray>mask)
    ):
        return twin.masked_fill(x, mask, value)
    arrays[0] = <cnp.PyArrayObject*>mask
    arrays[1] = NULL
    grid.count = 3
    if not lay(&grid, 2, arrays):
        return twin.masked_fill(x, mask, value)
    lay_number(&grid, 1, value, kind)
    lay_result(&grid, array)
    walk(&grid, <Piece>put[int32_t] if kind == cnp.NPY_FLOAT else <Piece>put[int64_t], NULL)


cdef void put(char** data, Py_ssize_t n, Py_ssize_t* steps, const whole* _) noexcept nogil:
    """A piece for the room that suits its steps."""
    cdef const char* mask = data[0]
    cdef whole value = (<const whole*>data[1])[0]
    cdef char* x = data[2]
    cdef Py_ssize_t i
    if steps[0] == 1 and steps[2] == sizeof(whole):
        _put(mask, value, <whole*>x, n)
    else:
        for i in range(n):
            if mask[i * steps[0]]:
                (<whole*>(x + i * steps[2]))[0] = value


cdef simd_void _put(const char* mask, whole value, whole* x, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        if mask[i]:
            x[i] = value
