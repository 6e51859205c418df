"""Writing numbers to places that an index array names, where a place may be named more than once:

    scatter      out[..., index[..., i, ...], ...]  = source[..., i, ...]       index has the shape of source
    scatter_add  out[..., index[..., i, ...], ...] += source[..., i, ...]
    index_add    out[..., index[i], ...] += alpha * source[..., i, ...]         index counts along `axis` alone

NumPy twin: tinytorch/kernels/scatter.py. The rooms go in index order, whatever the number of threads: equal inputs give
equal sums, and of several numbers that scatter sends to one place the last stays. Arrays in C order, sums of float32,
float64 and int64; anything else goes to the twin.

Where an index is out of bounds, scatter and scatter_add raise IndexError, but what came long before is written already.
"""

from importlib import import_module

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "places.pxi"

twin = import_module("tinytorch.kernels.scatter")

ctypedef fused number:
    float
    double
    cnp.int64_t

cdef enum:
    MOST = 64               # threads at most
    SHARED = 8              # rows of out a thread from which on they are shared out between threads, not their columns


cdef inline bint walkable(object out, object index, object source, Py_ssize_t* axis, Walk* walk):
    """Are the arrays plain, out writable and apart, and is source like it in dtype, and in shape but for `axis`?"""
    if not (plain(out) and are_indices(index) and plain(source)):
        return False
    cdef cnp.ndarray to = out, what = source
    return (
        cnp.PyArray_TYPE(what) == cnp.PyArray_TYPE(to)
        and cnp.PyArray_ISWRITEABLE(to)
        and not overlap(to, what)
        and not overlap(to, index)
        and alike_but_along(to, what, axis, walk)
    )


cdef inline bint is_added(cnp.ndarray out):
    """Is out of a dtype that the rooms add?"""
    cdef int kind = cnp.PyArray_TYPE(out)
    return kind == cnp.NPY_FLOAT or kind == cnp.NPY_DOUBLE or kind == cnp.NPY_INT64


cdef int check(Py_ssize_t bad, const cnp.int64_t* index, Py_ssize_t axis, Walk* walk) except -1:
    if bad >= 0:
        raise IndexError(f"index {index[bad]} is out of bounds for dimension {axis} with size {walk.n}")
    return 0


# ---- index_add -------------------------------------------------------------------------------------------------------


def index_add(out, axis, index, source, alpha=1):
    """out[..., index[i], ...] += alpha * source[..., i, ...], in place."""
    cdef Walk walk
    cdef Py_ssize_t along = axis
    if not walkable(out, index, source, &along, &walk) or not is_added(out):
        return twin.index_add(out, axis, index, source, alpha)
    cdef cnp.ndarray to = out, what = source, where = index
    if where.ndim != 1 or where.shape[0] != walk.count:
        return twin.index_add(out, axis, index, source, alpha)
    cdef const cnp.int64_t* places = <const cnp.int64_t*> where.data
    if first_outside(places, walk.count, walk.n) >= 0:
        raise IndexError("index out of range in self")
    cdef double factor = 0
    cdef cnp.int64_t whole = 0
    if cnp.PyArray_TYPE(to) == cnp.NPY_INT64:
        whole = alpha
        with nogil:
            index_add_in_parts(<cnp.int64_t*> to.data, places, <const cnp.int64_t*> what.data, whole, &walk)
    elif cnp.PyArray_TYPE(to) == cnp.NPY_FLOAT:
        factor = alpha
        with nogil:
            index_add_in_parts(<float*> to.data, places, <const float*> what.data, <float>factor, &walk)
    else:
        factor = alpha
        with nogil:
            index_add_in_parts(<double*> to.data, places, <const double*> what.data, factor, &walk)


cdef void index_add_in_parts(number* out, const cnp.int64_t* index, const number* source, number alpha,
                             Walk* walk) noexcept nogil:
    cdef int parts = parts_of(walk), part
    if parts == 1:
        _index_add(out, index, source, alpha, walk, part_of(walk, 0, 1), 0, walk.n)
    elif parts <= walk.outer or walk.n < SHARED * parts:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
            _index_add(out, index, source, alpha, walk, part_of(walk, part, parts), 0, walk.n)
    else:                   # whole rows: where two threads write to one line of memory they wait for each other
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
            _index_add(out, index, source, alpha, walk, part_of(walk, 0, 1), walk.n * part // parts,
                       walk.n * (part + 1) // parts)


cdef simd_void _index_add(number* out,                  # IN/OUT  (outer, n, inner)
                          const cnp.int64_t* index,     # IN      (count,), checked
                          const number* source,         # IN      (outer, count, inner)
                          number alpha, Walk* walk, Part part,
                          Py_ssize_t first, Py_ssize_t past         # these rows of out
                          ) noexcept nogil:
    cdef Py_ssize_t o, i, j
    cdef number* row
    out += part.o * walk.n * walk.inner
    source += part.o * walk.count * walk.inner
    for o in range(part.o_stop - part.o):
        if walk.inner == 1:
            for i in range(walk.count):
                out[index[i]] += alpha * source[i]
            source += walk.count
        else:
            for i in range(walk.count):
                if first <= index[i] < past:
                    row = out + index[i] * walk.inner
                    for j in range(part.j, part.j_stop):
                        row[j] += alpha * source[j]
                source += walk.inner
        out += walk.n * walk.inner


# ---- scatter_add -----------------------------------------------------------------------------------------------------


def scatter_add(out, axis, index, source):
    """out[..., index[..., i, ...], ...] += source[..., i, ...], in place."""
    cdef Walk walk
    cdef Py_ssize_t along = axis, bad
    if not walkable(out, index, source, &along, &walk) or not is_added(out) or not (
        cnp.PyArray_SAMESHAPE(index, source)
    ):
        return twin.scatter_add(out, axis, index, source)
    cdef cnp.ndarray to = out, what = source, where = index
    cdef const cnp.int64_t* places = <const cnp.int64_t*> where.data
    if cnp.PyArray_SIZE(where) == 0:
        return
    if cnp.PyArray_TYPE(to) == cnp.NPY_INT64:
        with nogil:
            bad = put_in_parts(<cnp.int64_t*> to.data, places, <const cnp.int64_t*> what.data, 1, &walk)
    elif cnp.PyArray_TYPE(to) == cnp.NPY_FLOAT:
        with nogil:
            bad = put_in_parts(<float*> to.data, places, <const float*> what.data, 1, &walk)
    else:
        with nogil:
            bad = put_in_parts(<double*> to.data, places, <const double*> what.data, 1, &walk)
    check(bad, places, along, &walk)


# ---- scatter ---------------------------------------------------------------------------------------------------------


def scatter(out, axis, index, source):
    """out[..., index[..., i, ...], ...] = source[..., i, ...], in place; source may be one number (0-dimensional)."""
    cdef Walk walk
    cdef Py_ssize_t along = axis, bad
    if not (plain(out) and are_indices(index) and plain(source)):
        return twin.scatter(out, axis, index, source)
    cdef cnp.ndarray to = out, what = source, where = index
    cdef int size = cnp.PyArray_ITEMSIZE(to)
    if not (
        is_number(to) and size <= 8 and cnp.PyArray_TYPE(what) == cnp.PyArray_TYPE(to) and cnp.PyArray_ISWRITEABLE(to)
        and (what.ndim == 0 or cnp.PyArray_SAMESHAPE(what, where)) and alike_but_along(to, where, &along, &walk)
        and not overlap(to, what) and not overlap(to, where)
    ):
        return twin.scatter(out, axis, index, source)
    cdef const cnp.int64_t* places = <const cnp.int64_t*> where.data
    cdef Py_ssize_t step = what.ndim > 0
    if cnp.PyArray_SIZE(where) == 0:
        return
    with nogil:
        if size == 4:
            bad = put_in_parts(<uint32_t*> to.data, places, <const uint32_t*> what.data, step, &walk)
        elif size == 8:
            bad = put_in_parts(<uint64_t*> to.data, places, <const uint64_t*> what.data, step, &walk)
        elif size == 1:
            bad = put_in_parts(<uint8_t*> to.data, places, <const uint8_t*> what.data, step, &walk)
        else:
            bad = put_in_parts(<uint16_t*> to.data, places, <const uint16_t*> what.data, step, &walk)
    check(bad, places, along, &walk)


# ---- scatter_reduce --------------------------------------------------------------------------------------------------


def scatter_reduce(out, axis, index, source, how):
    """out[..., index[..., i, ...], ...] = how(what is there, source[..., i, ...]), in place: NumPy's loop is quick."""
    return twin.scatter_reduce(out, axis, index, source, how)


# ---- what scatter and scatter_add do ---------------------------------------------------------------------------------

ctypedef fused element:     # `number`s are added to what is there, bits take its place
    float
    double
    cnp.int64_t
    uint8_t
    uint16_t
    uint32_t
    uint64_t


cdef Py_ssize_t put_in_parts(element* out, const cnp.int64_t* index, const element* source, Py_ssize_t step,
                             Walk* walk) noexcept nogil:
    """Every thread does a part; the place of an index that is out of bounds, or -1"""
    cdef int parts = parts_of(walk), part
    cdef Py_ssize_t found[MOST]
    if parts == 1:
        return _put(out, index, source, step, walk, part_of(walk, 0, 1))
    parts = parts if parts < MOST else MOST
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        found[part] = _put(out, index, source, step, walk, part_of(walk, part, parts))
    for part in range(parts):
        if found[part] >= 0:
            return found[part]
    return -1


cdef Py_ssize_t _put(element* out,                          # IN/OUT  (outer, n, inner)
                     const cnp.int64_t* index,              # IN      (outer, count, inner)
                     const element* source,                 # IN      (outer, count, inner), or bits to be copied to all
                                                            #         places, with step 0
                     Py_ssize_t step, Walk* walk, Part part) noexcept nogil:
    cdef Py_ssize_t o, i, j, line, bad, stop, lines = CHECKED // walk.inner + 1
    cdef Py_ssize_t at = part.o * walk.count * walk.inner
    out += part.o * walk.n * walk.inner
    for o in range(part.o_stop - part.o):
        line = 0
        while line < walk.count:
            stop = line + lines if walk.count - line > lines else walk.count
            bad = outside_lines(index, at, stop - line, &part, walk)
            if bad >= 0:
                return bad
            if walk.inner == 1:
                for i in range(at, at + stop - line):
                    if element in number:
                        out[index[i]] += source[i]
                    else:
                        out[index[i]] = source[i * step]
                at += stop - line
            else:
                for i in range(line, stop):
                    for j in range(part.j, part.j_stop):
                        if element in number:
                            out[index[at + j] * walk.inner + j] += source[at + j]
                        else:
                            out[index[at + j] * walk.inner + j] = source[(at + j) * step]
                    at += walk.inner
            line = stop
        out += walk.n * walk.inner
    return -1
