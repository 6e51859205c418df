"""NumPy's own loops over numbers, called directly: by all threads on large arrays, and without ceremony on small ones.

A ufunc such as np.add has a loop for each dtype, compiled for this processor's SIMD; what stands around it (converting
dtypes, planning the walk, taking care of overlaps) costs a small array five times the loop's own time, and only one
thread ever walks. Here the loop is taken out of the ufunc and run on arrays of its dtype, cut into parts. Results are
NumPy's to the bit, since it is NumPy's loop.

NumPy twin: tinytorch/kernels/arithmetic.py. Arrays of one dtype that lie in C order or repeat themselves by
broadcasting, and Python numbers beside float32, float64 and int64; anything else goes to the twin.
"""

from importlib import import_module

import numpy as np

include "door.pxi"
include "threads.pxi"
include "broadcast.pxi"

twin = import_module("tinytorch.kernels.arithmetic")

cdef enum:
    HEAVY = 16384           # elements that a thread should have at least of exp, log and the like


ctypedef void (*loop_t)(char** data, cnp.npy_intp* n, cnp.npy_intp* steps, void* extra) noexcept nogil


cdef struct Loop:
    loop_t run
    void* data
    int result              # dtype


cdef inline bint find(cnp.ufunc function, int kind, Loop* loop):
    """The loop of a ufunc for inputs of one dtype; False where there is none."""
    cdef int i, nargs = function.nargs
    cdef const char* types = <const char*>function.types
    for i in range(function.ntypes):
        if types[0] == kind and (function.nin == 1 or types[1] == kind):
            loop.run, loop.data, loop.result = <loop_t><void*>function.functions[i], function.data[i], types[function.nin]
            return True
        types += nargs
    return False


cdef cnp.ufunc _power = np.power


cdef inline bint computes(cnp.ufunc function, int kind):
    """Loops for numbers need no interpreter; only that for powers of integers raises errors"""
    return kind <= cnp.NPY_CDOUBLE and (kind >= cnp.NPY_FLOAT or function is not _power)


cdef inline bint takes(int kind, object number):
    """Does an array of this dtype take a Python number as it is?"""
    if kind == cnp.NPY_INT64:
        return type(number) is int and is_number(number)
    return (kind == cnp.NPY_FLOAT or kind == cnp.NPY_DOUBLE) and is_number(number)


cdef void run_loop(char** data, Py_ssize_t n, Py_ssize_t* steps, const void* what) noexcept nogil:
    """A piece for NumPy's loop."""
    cdef const Loop* loop = <const Loop*>what
    loop.run(data, <cnp.npy_intp*>&n, <cnp.npy_intp*>steps, loop.data)


cdef inline bint by_columns(object x):
    """Do the elements lie in the order of the first index, as a transposed matrix's do?"""
    return usable(x) and cnp.PyArray_ISFORTRAN(<cnp.ndarray>x)


cdef object unary(cnp.ufunc function, object x, object out, Py_ssize_t grain):
    """function(x, out) by the ufunc's loop for x's dtype; None where the twin must do it."""
    cdef bint columns = by_columns(x)
    if not (columns or plain(x)):
        return None
    cdef cnp.ndarray source = x, target
    cdef int kind = cnp.PyArray_TYPE(source)
    cdef Loop loop
    cdef Grid grid
    if not computes(function, kind) or not find(function, kind, &loop):
        return None
    if out is None:
        target = empty(source.ndim, source.shape, loop.result, columns)
    elif not columns and loop.result == kind and writable_like(out, source):
        target = out
        if target.data != source.data and overlap(target, source):
            return None
    else:
        return None
    grid.count = 2
    lay_line(&grid, 0, source)
    lay_line(&grid, 1, target)
    walk(&grid, run_loop, &loop, grain)
    return target


cdef inline bint apart(cnp.ndarray x, cnp.ndarray y) noexcept:
    """Does all memory that the elements of x reach lie beside that of y, which is plain?"""
    cdef char* low = x.data
    cdef char* high = x.data + cnp.PyArray_ITEMSIZE(x)
    cdef Py_ssize_t reach
    cdef int i
    for i in range(cnp.PyArray_NDIM(x)):
        reach = (cnp.PyArray_DIM(x, i) - 1) * cnp.PyArray_STRIDE(x, i)
        if reach < 0:
            low += reach
        else:
            high += reach
    return high <= y.data or low >= y.data + cnp.PyArray_NBYTES(y)


cdef bint may_write(object out, Grid* grid, int kind, int count, cnp.PyArrayObject** arrays):
    """Is `out` a plain array of this result's shape and dtype that meets no operand but element by element?"""
    cdef int i
    cdef cnp.ndarray x, y
    if not plain(out) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
        return False
    y = out
    if cnp.PyArray_TYPE(y) != kind or cnp.PyArray_NDIM(y) != grid.ndim:
        return False
    for i in range(grid.ndim):
        if cnp.PyArray_DIM(y, i) != grid.shape[i]:
            return False
    for i in range(count):
        if arrays[i]:
            x = <cnp.ndarray>arrays[i]
            if apart(x, y):
                continue
            if not plain(x):
                return False
            if overlap(x, y) and not (x.data == y.data and cnp.PyArray_SAMESHAPE(x, y) and cnp.PyArray_TYPE(x) == kind):
                return False
    return True


cdef object binary(cnp.ufunc function, object x, object y, object out):
    """function(x, y, out) by the ufunc's loop for their dtype; None where the twin must do it."""
    cdef bint x_is_array = usable(x), y_is_array = usable(y), columns = False
    if not x_is_array and not y_is_array:
        return None
    cdef cnp.ndarray model = x if x_is_array else y
    cdef cnp.ndarray target
    cdef int kind = cnp.PyArray_TYPE(model)
    cdef cnp.PyArrayObject* arrays[2]
    cdef Loop loop
    cdef Grid grid
    if not computes(function, kind) or not find(function, kind, &loop):
        return None
    arrays[0] = <cnp.PyArrayObject*>x if x_is_array else NULL
    arrays[1] = <cnp.PyArrayObject*>y if y_is_array else NULL
    if x_is_array and y_is_array:
        if cnp.PyArray_TYPE(<cnp.ndarray>y) != kind:
            return None
    elif not takes(kind, y if x_is_array else x):
        return None
    grid.count = 3
    if out is None and cnp.PyArray_ISFORTRAN(model) and (
        not x_is_array or not y_is_array
        or (cnp.PyArray_ISFORTRAN(<cnp.ndarray>y) and cnp.PyArray_SAMESHAPE(model, <cnp.ndarray>y))
    ):
        target = empty(model.ndim, model.shape, loop.result, True)
        lay_line(&grid, 2, target)
        if x_is_array:
            lay_line(&grid, 0, x)
        if y_is_array:
            lay_line(&grid, 1, y)
    elif not lay(&grid, 2, arrays):
        return None
    else:
        if out is None:
            target = empty(grid.ndim, grid.shape, loop.result, False)
        elif may_write(out, &grid, loop.result, 2, arrays):
            target = out
        else:
            return None
        lay_result(&grid, target)
    if not x_is_array:
        lay_number(&grid, 0, x, kind)
    elif not y_is_array:
        lay_number(&grid, 1, y, kind)
    walk(&grid, run_loop, &loop)
    return target


# ---- any ufunc -------------------------------------------------------------------------------------------------------

def apply(cnp.ufunc ufunc, x, out=None):
    """ufunc(x, out) for a ufunc of one operand."""
    result = unary(ufunc, x, out, HEAVY)
    return twin.apply(ufunc, x, out) if result is None else result


def apply_to_two(cnp.ufunc ufunc, x, y, out=None):
    """ufunc(x, y, out) for a ufunc of two operands, which broadcast."""
    result = binary(ufunc, x, y, out)
    return twin.apply_to_two(ufunc, x, y, out) if result is None else result


# ---- those that every step needs -------------------------------------------------------------------------------------

cdef cnp.ufunc _add = np.add


def add(x, y, out=None):
    """x + y"""
    result = binary(_add, x, y, out)
    return twin.add(x, y, out) if result is None else result


cdef cnp.ufunc _subtract = np.subtract


def subtract(x, y, out=None):
    """x - y"""
    result = binary(_subtract, x, y, out)
    return twin.subtract(x, y, out) if result is None else result


cdef cnp.ufunc _multiply = np.multiply


def multiply(x, y, out=None):
    """x * y"""
    result = binary(_multiply, x, y, out)
    return twin.multiply(x, y, out) if result is None else result


cdef cnp.ufunc _divide = np.divide


def divide(x, y, out=None):
    """x / y"""
    result = binary(_divide, x, y, out)
    return twin.divide(x, y, out) if result is None else result


cdef cnp.ufunc _negative = np.negative


def negative(x, out=None):
    """-x"""
    result = unary(_negative, x, out, GRAIN)
    return twin.negative(x, out) if result is None else result
