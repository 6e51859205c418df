# What gather and scatter share: arrays read as (outer, side, inner) around the axis that an index counts along, the
# check of indices, and who of several threads does what. Needs door.pxi, simd.pxi and threads.pxi.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

ctypedef fused bits:        # an element that is only copied: its dtype does not matter, only how wide it is
    uint8_t
    uint16_t
    uint32_t
    uint64_t

cdef enum:
    GRAIN = 16384           # elements that are worth a thread
    HALF = 23               # NPY_HALF, which Cython's declarations lack
    CHECKED = 2048          # indices that are checked together, and still in the nearest cache when they are used


cdef struct Walk:           # the indexed array read as (outer, n, inner), the other one as (outer, count, inner)
    Py_ssize_t outer, n, count, inner


cdef struct Part:           # what one thread does: outer from o to o_stop, inner from j to j_stop
    Py_ssize_t o, o_stop, j, j_stop
    Py_ssize_t checked      # indices before this one are within bounds


cdef inline bint alike_but_along(cnp.ndarray x, cnp.ndarray y, Py_ssize_t* axis, Walk* walk):
    """Do x, the indexed array, and y differ in shape along `axis` alone? `axis` is counted from the front then."""
    cdef int i
    if axis[0] < 0:
        axis[0] += x.ndim
    if not 0 <= axis[0] < x.ndim or y.ndim != x.ndim:
        return False
    walk.outer = walk.inner = 1
    for i in range(x.ndim):
        if i < axis[0]:
            walk.outer *= x.shape[i]
        elif i > axis[0]:
            walk.inner *= x.shape[i]
        if i != axis[0] and y.shape[i] != x.shape[i]:
            return False
    walk.n, walk.count = x.shape[axis[0]], y.shape[axis[0]]
    return True


cdef inline bint are_indices(object index):
    return plain(index) and cnp.PyArray_TYPE(<cnp.ndarray>index) == cnp.NPY_INT64


cdef inline bint is_number(cnp.ndarray x):
    """Are the elements of x bools, integers, floats or complex numbers of NumPy's own?"""
    return cnp.PyArray_TYPE(x) <= cnp.NPY_CDOUBLE or cnp.PyArray_TYPE(x) == HALF


cdef simd_void largest(const cnp.int64_t* index, Py_ssize_t count, uint64_t* found) noexcept nogil:
    """The largest of the indices, read without sign: -1 is huge"""
    cdef uint64_t best = 0, each
    cdef Py_ssize_t i
    for i in range(count):
        each = <uint64_t>index[i]
        best = each if each > best else best
    found[0] = best


cdef inline Py_ssize_t first_outside(const cnp.int64_t* index, Py_ssize_t count, Py_ssize_t n) noexcept nogil:
    """The place of the first index that is negative or not below n; -1 when there is none"""
    cdef uint64_t found
    cdef Py_ssize_t i
    largest(index, count, &found)
    if found < <uint64_t>n or count == 0:
        return -1
    for i in range(count):
        if not 0 <= index[i] < n:
            return i
    return -1


cdef inline int parts_of(Walk* walk) noexcept nogil:
    """How many threads can share the work so that no two of them write to one place of the indexed array"""
    cdef int parts = threads_for(walk.outer * walk.count * walk.inner, GRAIN)
    return parts if parts <= walk.outer or 16 * parts <= walk.inner else 1


cdef inline Part part_of(Walk* walk, int part, int parts) noexcept nogil:
    """A part of the outer numbers where there are enough of them, else of the inner ones"""
    cdef Part mine
    mine.o, mine.o_stop, mine.j, mine.j_stop = 0, walk.outer, 0, walk.inner
    if parts <= walk.outer:
        mine.o, mine.o_stop = walk.outer * part // parts, walk.outer * (part + 1) // parts
    else:
        mine.j, mine.j_stop = begin16(part, parts, walk.inner), begin16(part + 1, parts, walk.inner)
    mine.checked = mine.o * walk.count * walk.inner
    return mine


cdef inline Py_ssize_t begin16(int part, int parts, Py_ssize_t n) noexcept nogil:
    """Where part number `part` of n elements starts: parts are whole blocks of 16, but for the last"""
    return n if part == parts else (n // parts * part) & ~<Py_ssize_t>15


cdef inline Py_ssize_t outside_lines(const cnp.int64_t* index, Py_ssize_t at, Py_ssize_t lines, Part* part,
                                     Walk* walk) noexcept nogil:
    """The place of an index that is out of bounds in the next lines from `at` on, of which the part has j to j_stop; -1

    A part with whole lines looks ahead, so that many short lines are checked in one go.
    """
    cdef Py_ssize_t line, bad, first, stop, end = part.o_stop * walk.count * walk.inner
    if part.j_stop - part.j == walk.inner:
        first, stop = part.checked, at + lines * walk.inner
        if stop <= first:
            return -1
        stop = stop if stop > first + CHECKED else first + CHECKED
        part.checked = stop if stop < end else end
        bad = first_outside(index + first, part.checked - first, walk.n)
        return first + bad if bad >= 0 else -1
    for line in range(lines):
        first = at + line * walk.inner + part.j
        bad = first_outside(index + first, part.j_stop - part.j, walk.n)
        if bad >= 0:
            return first + bad
    return -1
