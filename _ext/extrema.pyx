"""The largest and the smallest number along axes, and where it stands, of arrays with any strides:

    amax = max(x_1, ..., x_n)        argmax = the first k with x_k = max(x_1, ..., x_n)

NumPy twin: tinytorch/kernels/extrema.py. A nan beats every number. The numbers are floating (32 or 64 bits), integers with
a sign (8 to 64 bits), uint8 or bool; others go to the twin. They are read once, in the order of memory (walk.pxi).
"""

from importlib import import_module

from libc.math cimport INFINITY, NAN
from libc.stdint cimport uint64_t

cdef extern from "<math.h>" nogil:
    bint isunordered(double x, double y)    # a macro: it takes float as it is

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "walk.pxi"
include "fetch.pxi"
include "soon.pxi"
include "ahead.pxi"
include "lines.pxi"
include "extreme.pxi"
include "extreme_places.pxi"
include "extreme_pieces.pxi"

twin = import_module("tinytorch.kernels.extrema")

cdef enum:
    GRAIN = 1 << 14         # numbers that are worth a thread,
    GRAIN_IN_ROWS = 1 << 16 # and where they take the least time: extremes of many numbers each, read in long rows
    LONG = 256              # numbers of a long row
    MANY_EACH = 32          # and many numbers for each result


def amax(x, axis=None, bint keepdims=False):
    """Largest number of x over `axis`."""
    cdef Walk walk
    if not has_kind(x) or not plan(x, axis, NOTHING, &walk):
        return twin.amax(x, axis, keepdims)
    return values_of(x, &walk, keepdims, 0)


def amin(x, axis=None, bint keepdims=False):
    """Smallest number of x over `axis`."""
    cdef Walk walk
    if not has_kind(x) or not plan(x, axis, NOTHING, &walk):
        return twin.amin(x, axis, keepdims)
    return values_of(x, &walk, keepdims, 1)


def max_with_indices(x, axis=None, bint keepdims=False):
    """(largest numbers of x along one axis, their places in it)."""
    found = winners(x, axis, keepdims, 0, True)
    return twin.max_with_indices(x, axis, keepdims) if found is None else found


def min_with_indices(x, axis=None, bint keepdims=False):
    """(smallest numbers of x along one axis, their places in it)."""
    found = winners(x, axis, keepdims, 1, True)
    return twin.min_with_indices(x, axis, keepdims) if found is None else found


def argmax(x, axis=None, bint keepdims=False):
    """Places of the largest numbers of x along one axis."""
    found = winners(x, axis, keepdims, 0, False)
    return twin.argmax(x, axis, keepdims) if found is None else found


def argmin(x, axis=None, bint keepdims=False):
    """Places of the smallest numbers of x along one axis."""
    found = winners(x, axis, keepdims, 1, False)
    return twin.argmin(x, axis, keepdims) if found is None else found


cdef bint has_kind(object x):
    """Is x an array of numbers that the rooms know?"""
    if not cnp.PyArray_CheckExact(x):
        return False
    cdef int kind = cnp.PyArray_TYPE(<cnp.ndarray>x)
    return (
        cnp.PyTypeNum_ISSIGNED(kind)
        or kind == cnp.NPY_FLOAT
        or kind == cnp.NPY_DOUBLE
        or kind == cnp.NPY_UBYTE
        or kind == cnp.NPY_BOOL
    )


cdef object values_of(cnp.ndarray x, Walk* walk, bint keepdims, int least):
    cdef cnp.ndarray values = results_of(walk, x, keepdims, cnp.PyArray_TYPE(x))
    read_brief_rows_as_columns(walk, WORTH)
    cdef State state = State(<char*>values.data, NULL, least)
    with nogil:
        compute(cnp.PyArray_TYPE(x), cnp.PyArray_ITEMSIZE(x), walk, &state, True)
    return in_order_of_axes(walk, values, x, keepdims)


cdef object winners(object x, object axis, bint keepdims, int least, bint with_values):
    """(values, places), or the places alone; None where the twin has to do it"""
    cdef Walk walk
    if type(axis) is tuple or not has_kind(x) or not plan(x, axis, PLACES, &walk) or walk.n > INT32_MAX:
        return None
    cdef cnp.ndarray array = x, values = None
    cdef int kind = cnp.PyArray_TYPE(array), size = cnp.PyArray_ITEMSIZE(array)
    cdef bint in_order = axis is not None or (walk.ndim == 2 and walk.sides[0].size == 1)
    cdef cnp.ndarray places = results_of(&walk, array, keepdims, cnp.NPY_INT64)
    cdef char* memory = NULL
    read_brief_rows_as_columns(&walk, LOOK)
    cdef State state = State(NULL, <char*>places.data, least)
    if with_values:
        values = results_of(&walk, array, keepdims, kind)
        state.values = values.data
    else:
        state.values = memory = <char*>malloc(walk.count * size)
        if memory == NULL:
            raise MemoryError
    with nogil:
        compute(kind, size, &walk, &state, in_order)
    free(memory)
    places = in_order_of_axes(&walk, places, array, keepdims)
    return (in_order_of_axes(&walk, values, array, keepdims), places) if with_values else places


cdef void compute(int kind, int size, const Walk* walk, const State* state, bint in_order) noexcept nogil:
    """extremes of the kind of numbers that this is"""
    if kind == cnp.NPY_FLOAT:
        extremes(<float*>NULL, walk, state, in_order)
    elif kind == cnp.NPY_DOUBLE:
        extremes(<double*>NULL, walk, state, in_order)
    elif kind == cnp.NPY_BOOL or kind == cnp.NPY_UBYTE:
        extremes(<uint8_t*>NULL, walk, state, in_order)
    elif size == 8:
        extremes(<int64_t*>NULL, walk, state, in_order)
    elif size == 4:
        extremes(<int32_t*>NULL, walk, state, in_order)
    elif size == 2:
        extremes(<int16_t*>NULL, walk, state, in_order)
    else:
        extremes(<int8_t*>NULL, walk, state, in_order)


cdef void extremes(number* kind, const Walk* walk, const State* state, bint in_order) noexcept nogil:
    """Find the extremes, and their places if state.more is given. In order: places are met from the smallest upwards."""
    cdef number* values = <number*>state.values
    cdef int64_t* places = <int64_t*>state.more
    cdef merge_t merge = <merge_t>merge_least[number] if state.least else <merge_t>merge_largest[number]
    cdef room_t room
    cdef Walk own
    cdef Py_ssize_t i, grain = GRAIN_IN_ROWS if reads_long_rows(walk, sizeof(number)) else GRAIN
    for i in range(walk.count):
        values[i] = worst(<number>0, state.least)
    if places == NULL:
        room = <room_t>room_of_extremes[number]
        if walk.sides[walk.ndim - 1].step != sizeof(number):
            room = <room_t>room_of_scattered_extremes[number]
        fold(walk, room, merge, state, sizeof(number), 0, grain)
        return
    for i in range(walk.count):
        places[i] = 0 if in_order else INT64_MAX
    if not in_order:
        fold(walk, <room_t>room_of_first_place[number], merge, state, sizeof(number), sizeof(int64_t), GRAIN)
    elif has_pieces(walk):
        own = walk[0]
        own.left = 3
        fold(&own, <room_t>room_of_pieces[number], merge, state, sizeof(number), sizeof(int64_t), GRAIN)
    elif walk.sides[walk.ndim - 1].out:
        fold(walk, <room_t>room_of_places_in_columns[number], merge, state, sizeof(number), sizeof(int64_t), GRAIN)
    else:
        fold(walk, <room_t>room_of_places_in_rows[number], merge, state, sizeof(number), sizeof(int64_t), grain)


cdef inline void read_brief_rows_as_columns(Walk* walk, Py_ssize_t enough) noexcept nogil:
    """Many rows of few numbers: each number of a row into the results of all, since SIMD wants many side by side"""
    cdef Side* inner = &walk.sides[walk.ndim - 1]
    cdef Side* outer = inner - 1
    if inner.out == 0 and inner.size < enough and outer.out and outer.size > inner.size:
        inner[0], outer[0] = outer[0], inner[0]


cdef inline bint reads_long_rows(const Walk* walk, Py_ssize_t size) noexcept nogil:
    """Do LONG numbers or more lie one after the other, and do MANY_EACH or more become one?"""
    cdef const Side* inner = &walk.sides[walk.ndim - 1]
    return inner.step == size and inner.size >= LONG and walk.n >= MANY_EACH


cdef void merge_largest(number* best, int64_t* places, const number* new, const int64_t* new_places,
                        Py_ssize_t count) noexcept nogil:
    merge_extremes(best, places, new, new_places, count, 0)


cdef void merge_least(number* best, int64_t* places, const number* new, const int64_t* new_places,
                      Py_ssize_t count) noexcept nogil:
    merge_extremes(best, places, new, new_places, count, 1)


cdef inline void merge_extremes(number* best, int64_t* places, const number* new, const int64_t* new_places,
                                Py_ssize_t count, int least) noexcept nogil:
    """Fold the states of one thread into those of the threads before it."""
    cdef Py_ssize_t i
    for i in range(count):
        if beats(new[i], best[i], least):
            best[i] = new[i]
            if places != NULL:
                places[i] = new_places[i]
        elif places != NULL and not beats(best[i], new[i], least) and new_places[i] < places[i]:
            places[i] = new_places[i]
