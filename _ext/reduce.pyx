"""Sums, means, variances, products, norms, any and all, of arrays with any strides, over any axes:

    sum = x_1 + ... + x_n        mean = sum / n        var = ((x_1 - mean)^2 + ... + (x_n - mean)^2) / (n - correction)
    prod = x_1 x_2 ... x_n       norm = (|x_1|^p + ... + |x_n|^p)^(1/p)

NumPy twin: tinytorch/kernels/reduce.py. A door turns array and axes into loops (axes.pxi) and names the room that joins
numbers to one: sums.pxi (and cascade.pxi, the order of additions), moments.pxi, products.pxi, powers.pxi, truth.pxi.
"""

from importlib import import_module

from libc.math cimport INFINITY

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "pieces.pxi"
include "axes.pxi"
include "soon.pxi"
include "ahead.pxi"
include "lanes.pxi"
include "pack.pxi"
include "abreast.pxi"
include "cascade.pxi"
include "sums.pxi"
include "moments.pxi"
include "products.pxi"
include "truth.pxi"
include "powers.pxi"

from tinytorch.kernels.arrays import narrow, widen
from tinytorch.kernels.quiet import silenced

twin = import_module("tinytorch.kernels.reduce")
narrow = silenced(narrow)       # a sum that 16 bits cannot hold is inf, not a warning


def sum(x, axis=None, bint keepdims=False):
    """Sum of x over `axis`: of floating numbers in x's dtype, of integers and booleans in int64."""
    cdef cnp.uint64_t reduced
    cdef cnp.ndarray array
    if not walkable(x, axis, &reduced):
        return twin.sum(x, axis, keepdims)
    array = x
    cdef int kind = cnp.PyArray_TYPE(array)
    cdef Room room = room_of_sum(kind)
    if room == NULL:
        if half(array):
            return narrow(sum(widen(x), axis, keepdims), x)
        return twin.sum(x, axis, keepdims)
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        kind = cnp.NPY_INT64
    return joined(array, reduced, keepdims, kind, room, room_of_sum(kind))


def mean(x, axis=None, bint keepdims=False):
    """Sum of x over `axis` divided by how many there are."""
    cdef cnp.uint64_t reduced
    cdef cnp.ndarray array
    if not walkable(x, axis, &reduced):
        return twin.mean(x, axis, keepdims)
    array = x
    cdef int kind = cnp.PyArray_TYPE(array)
    if kind == cnp.NPY_FLOAT or kind == cnp.NPY_DOUBLE:
        return joined(array, reduced, keepdims, kind, room_of_sum(kind), room_of_sum(kind), True)
    if half(array):
        return narrow(mean(widen(x), axis, keepdims), x)
    return twin.mean(x, axis, keepdims)


cdef inline bint half(cnp.ndarray x):
    """Are these floating numbers of 16 bits?"""
    return cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT16 or x.dtype.kind == "V"


cdef Room room_of_sum(int kind) noexcept:
    """What adds numbers of this dtype; NULL for dtypes that are not added here"""
    if kind == cnp.NPY_FLOAT:
        return <Room> add_floats[float]
    if kind == cnp.NPY_DOUBLE:
        return <Room> add_floats[double]
    if kind == cnp.NPY_BOOL or kind == cnp.NPY_UINT8:
        return <Room> add_integers[cnp.uint8_t]
    if kind == cnp.NPY_INT8:
        return <Room> add_integers[cnp.int8_t]
    if kind == cnp.NPY_INT16:
        return <Room> add_integers[cnp.int16_t]
    if kind == cnp.NPY_INT32:
        return <Room> add_integers[cnp.int32_t]
    if kind == cnp.NPY_INT64:
        return <Room> add_integers[cnp.int64_t]
    return NULL


cdef cnp.ndarray joined(cnp.ndarray x, cnp.uint64_t reduced, bint keepdims, int kind, Room first, Room then,
                        bint divide=False, double p=0):
    """The numbers of x joined over the reduced axes, by the room `first`, its results by `then`"""
    cdef Loops loops
    cdef Stage stage
    cdef cnp.ndarray out = result_array(x, reduced, keepdims, kind)
    read_loops(x, reduced, &loops)
    stage.room, stage.next_room, stage.out, stage.second = first, then, out.data, NULL
    stage.size, stage.out_size, stage.second_size = cnp.PyArray_ITEMSIZE(x), cnp.PyArray_ITEMSIZE(out), 0
    stage.between = stage.out_size
    stage.parameter = <double>loops.joined if divide else 1
    stage.p = p
    run(&loops, &stage)
    return out


def var_mean(x, axis=None, double correction=1, bint keepdims=False):
    """(variance, mean) of x over `axis`, in one pass."""
    cdef cnp.uint64_t reduced
    cdef cnp.ndarray array, means, variances
    cdef Loops loops
    cdef Stage stage
    if not walkable(x, axis, &reduced):
        return twin.var_mean(x, axis, correction, keepdims)
    array = x
    cdef int kind = cnp.PyArray_TYPE(array)
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        if half(array):
            variances, means = var_mean(widen(x), axis, correction, keepdims)
            return narrow(variances, x), narrow(means, x)
        return twin.var_mean(x, axis, correction, keepdims)
    means = result_array(array, reduced, keepdims, kind)
    variances = empty_like(means)
    read_loops(array, reduced, &loops)
    stage.out, stage.second, stage.size = means.data, variances.data, cnp.PyArray_ITEMSIZE(array)
    stage.out_size = stage.second_size = stage.size
    stage.between, stage.p = sizeof(Moments), 0
    stage.parameter = loops.joined - correction if loops.joined > correction else 0
    if kind == cnp.NPY_FLOAT:
        stage.room, stage.next_room = <Room> find_moments[float], <Room> merge_moments_float
    else:
        stage.room, stage.next_room = <Room> find_moments[double], <Room> merge_moments_double
    run(&loops, &stage)
    return variances, means
def prod(x, axis=None, bint keepdims=False):
    """Product of x over `axis`: of floating numbers in x's dtype, of integers and booleans in int64."""
    cdef cnp.uint64_t reduced
    cdef Room room
    if not walkable(x, axis, &reduced):
        return twin.prod(x, axis, keepdims)
    cdef int kind = cnp.PyArray_TYPE(<cnp.ndarray>x)
    if kind == cnp.NPY_FLOAT:
        room = <Room> multiply_floats[float]
    elif kind == cnp.NPY_DOUBLE:
        room = <Room> multiply_floats[double]
    else:
        return twin.prod(x, axis, keepdims)
    return joined(x, reduced, keepdims, kind, room, room)


def any(x, axis=None, bint keepdims=False):
    """Is a number of x over `axis` not 0?"""
    cdef cnp.uint64_t reduced
    if not walkable(x, axis, &reduced):
        return twin.any(x, axis, keepdims)
    cdef Room room = room_of_truth(cnp.PyArray_TYPE(<cnp.ndarray>x), False)
    if room == NULL:
        return twin.any(x, axis, keepdims)
    return joined(x, reduced, keepdims, cnp.NPY_BOOL, room, <Room> find_true[cnp.uint8_t])


def all(x, axis=None, bint keepdims=False):
    """Are all numbers of x over `axis` not 0?"""
    cdef cnp.uint64_t reduced
    if not walkable(x, axis, &reduced):
        return twin.all(x, axis, keepdims)
    cdef Room room = room_of_truth(cnp.PyArray_TYPE(<cnp.ndarray>x), True)
    if room == NULL:
        return twin.all(x, axis, keepdims)
    return joined(x, reduced, keepdims, cnp.NPY_BOOL, room, <Room> find_false[cnp.uint8_t])


cdef Room room_of_truth(int kind, bint whole) noexcept:
    """What tests numbers of this dtype, one of them or the whole; NULL for dtypes that are not tested here"""
    if kind == cnp.NPY_FLOAT:
        return <Room> find_false[float] if whole else <Room> find_true[float]
    if kind == cnp.NPY_DOUBLE:
        return <Room> find_false[double] if whole else <Room> find_true[double]
    if kind == cnp.NPY_BOOL or kind == cnp.NPY_UINT8 or kind == cnp.NPY_INT8:
        return <Room> find_false[cnp.uint8_t] if whole else <Room> find_true[cnp.uint8_t]
    if kind == cnp.NPY_INT16:
        return <Room> find_false[cnp.uint16_t] if whole else <Room> find_true[cnp.uint16_t]
    if kind == cnp.NPY_INT32:
        return <Room> find_false[cnp.int32_t] if whole else <Room> find_true[cnp.int32_t]
    if kind == cnp.NPY_INT64:
        return <Room> find_false[cnp.int64_t] if whole else <Room> find_true[cnp.int64_t]
    return NULL


def norm(x, double p=2, axis=None, bint keepdims=False):
    """(sum |x|^p)^(1/p) over `axis`; for p = inf the largest |x|, for -inf the smallest, for 0 how many are not 0."""
    cdef cnp.uint64_t reduced
    cdef cnp.ndarray out
    if not walkable(x, axis, &reduced):
        return twin.norm(x, p, axis, keepdims)
    cdef int kind = cnp.PyArray_TYPE(<cnp.ndarray>x)
    if kind == cnp.NPY_FLOAT:
        out = joined(x, reduced, keepdims, kind, room_of_norm[float](p, 0),
                     <Room> find_largest[cnp.int32_t] if p == INFINITY else
                     <Room> find_smallest[cnp.int32_t] if p == -INFINITY else room_of_sum(kind), False, p)
        take_root(<float*> out.data, cnp.PyArray_SIZE(out), p)
    elif kind == cnp.NPY_DOUBLE:
        out = joined(x, reduced, keepdims, kind, room_of_norm[double](p, 0),
                     <Room> find_largest[cnp.int64_t] if p == INFINITY else
                     <Room> find_smallest[cnp.int64_t] if p == -INFINITY else room_of_sum(kind), False, p)
        take_root(<double*> out.data, cnp.PyArray_SIZE(out), p)
    elif half(x):
        return narrow(norm(widen(x), p, axis, keepdims), x)
    else:
        return twin.norm(x, p, axis, keepdims)
    return out


cdef Room room_of_norm(double p, floating model) noexcept:
    """What adds |x|^p, or finds the largest or smallest |x|"""
    if p == 2:
        return <Room> add_squares[floating]
    if p == 1:
        return <Room> add_sizes[floating]
    if p == 0:
        return <Room> add_nonzero[floating]
    if p == INFINITY:
        return <Room> (find_largest[cnp.int32_t] if floating is float else find_largest[cnp.int64_t])
    if p == -INFINITY:
        return <Room> (find_smallest[cnp.int32_t] if floating is float else find_smallest[cnp.int64_t])
    return <Room> add_powers[floating]


cdef void take_root(floating* y, Py_ssize_t n, double p) noexcept:
    """y = y^(1/p) for the p whose numbers were raised to it"""
    cdef Py_ssize_t i
    if p == 2:
        for i in range(n):
            y[i] = sqrtf(y[i]) if floating is float else sqrt(y[i])
    elif p != 0 and p != 1 and p - p == 0:
        for i in range(n):
            y[i] = <floating>power_of(y[i], 1 / p)


