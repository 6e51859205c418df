"""Sums, means and variances of float32 and float64 arrays in C order:

    sum = x_1 + ... + x_n        mean = sum / n        var = ((x_1 - mean)^2 + ... + (x_n - mean)^2) / (n - correction)

NumPy twin: tinytorch/kernels/reduce.py. Axes that lie side by side are one axis of length n: the array is read as
(outer, n, inner). With inner = 1 a result is the reduction of a row of adjacent numbers; otherwise rows of `inner`
numbers are reduced into each other, number by number. Anything else goes to the twin.
"""

from importlib import import_module

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "rows.pxi"
include "axes.pxi"
include "cascade.pxi"
include "sums.pxi"
include "moments.pxi"

from tinytorch.kernels.arrays import narrow, widen

twin = import_module("tinytorch.kernels.reduce")

cdef struct Split:      # x read as (outer, n, inner); the axes from `first` up to `last` are reduced
    Py_ssize_t outer, n, inner
    int first, last


cdef inline bint split(object x, object axis, Split* parts):
    """Can x be read as (outer, n, inner) with n reduced, n > 0? If so, fill `parts`."""
    if not plain_float(x):
        return False
    cdef cnp.ndarray array = x
    cdef int ndim = array.ndim, i
    if axis is None:
        parts.first, parts.last = 0, ndim
    elif type(axis) is int:
        if not -ndim <= axis < ndim:
            return False
        parts.first = axis
        parts.first += ndim if parts.first < 0 else 0
        parts.last = parts.first + 1
    elif type(axis) is tuple:
        if not neighbours(axis, ndim, parts):
            return False
    else:
        return False
    parts.outer = parts.n = parts.inner = 1
    for i in range(ndim):
        if i < parts.first:
            parts.outer *= array.shape[i]
        elif i < parts.last:
            parts.n *= array.shape[i]
        else:
            parts.inner *= array.shape[i]
    return parts.n > 0


cdef bint neighbours(tuple axes, int ndim, Split* parts):
    """Are these axes, each once, side by side? If so, set `first` and `last`."""
    cdef int low = ndim, high = -1, i
    cdef cnp.uint64_t seen = 0
    for axis in axes:
        if type(axis) is not int or not -ndim <= axis < ndim:
            return False
        i = axis
        i += ndim if i < 0 else 0
        if seen >> i & 1:
            return False
        seen |= <cnp.uint64_t>1 << i
        low = i if i < low else low
        high = i if i > high else high
    parts.first, parts.last = low, high + 1
    return high - low + 1 == len(axes) and len(axes) > 0


cdef cnp.ndarray reduced(cnp.ndarray x, Split* parts, bint keepdims, int kind):
    """A new array for the results, of dtype `kind`"""
    cdef cnp.npy_intp shape[64]
    cdef int i, ndim = 0
    for i in range(x.ndim):
        if parts.first <= i < parts.last:
            if not keepdims:
                continue
            shape[ndim] = 1
        else:
            shape[ndim] = x.shape[i]
        ndim += 1
    return cnp.PyArray_EMPTY(ndim, shape, kind, 0)


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
    return joined(array, reduced, keepdims, kind, room, room_of_sum(kind), False)


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
                        bint divide):
    """The numbers of x joined over the reduced axes, by the room `first`, its results by `then`"""
    cdef Loops loops
    cdef Stage stage
    cdef cnp.ndarray out = result_array(x, reduced, keepdims, kind)
    read_loops(x, reduced, &loops)
    stage.room, stage.next_room, stage.out, stage.second = first, then, out.data, NULL
    stage.size, stage.out_size, stage.second_size = cnp.PyArray_ITEMSIZE(x), cnp.PyArray_ITEMSIZE(out), 0
    stage.between = stage.out_size
    stage.parameter = <double>loops.joined if divide else 1
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
    stage.between = sizeof(Moments)
    stage.parameter = loops.joined - correction if loops.joined > correction else 0
    if kind == cnp.NPY_FLOAT:
        stage.room, stage.next_room = <Room> find_moments[float], <Room> merge_moments_float
    else:
        stage.room, stage.next_room = <Room> find_moments[double], <Room> merge_moments_double
    run(&loops, &stage)
    return variances, means
