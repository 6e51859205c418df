"""Adding numbers at places that an index array names, where a place may be named more than once:

    index_add    out[..., index[i], ...] += alpha * source[..., i, ...]                   index counts along `axis`
    scatter_add  out[..., index[..., i, ...], ...] += source[..., i, ...]                 index has the shape of source

NumPy twin: tinytorch/kernels/scatter.py. The rooms add in index order, so equal inputs give equal sums. float32,
float64 and int64 in C order; anything else goes to the twin.
"""

from importlib import import_module

include "door.pxi"

twin = import_module("tinytorch.kernels.scatter")

ctypedef fused number:
    float
    double
    cnp.int64_t


cdef struct Walk:       # out read as (outer, n, inner), source as (outer, count, inner)
    Py_ssize_t outer, n, count, inner


cdef inline bint walkable(object out, Py_ssize_t* axis, object index, object source, Walk* walk):
    """Do the arrays have layouts and dtypes for the rooms, and do out and source differ along `axis` alone?"""
    if not (plain(out) and plain(index) and plain(source)):
        return False
    cdef cnp.ndarray to = out, what = source
    cdef int kind = cnp.PyArray_TYPE(to), i
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE and kind != cnp.NPY_INT64:
        return False
    if cnp.PyArray_TYPE(what) != kind or cnp.PyArray_TYPE(<cnp.ndarray>index) != cnp.NPY_INT64:
        return False
    if axis[0] < 0:
        axis[0] += to.ndim
    if not 0 <= axis[0] < to.ndim or what.ndim != to.ndim or not cnp.PyArray_ISWRITEABLE(to):
        return False
    if overlap(to, what) or overlap(to, index):
        return False
    walk.outer = walk.inner = 1
    for i in range(to.ndim):
        if i != axis[0] and what.shape[i] != to.shape[i]:
            return False
        if i < axis[0]:
            walk.outer *= to.shape[i]
        elif i > axis[0]:
            walk.inner *= to.shape[i]
    walk.n, walk.count = to.shape[axis[0]], what.shape[axis[0]]
    return True


cdef Py_ssize_t first_outside(const cnp.int64_t* index, Py_ssize_t count, Py_ssize_t n) noexcept nogil:
    """The place of the first index that is negative or not below n; `count` when there is none"""
    cdef Py_ssize_t i
    for i in range(count):
        if not 0 <= index[i] < n:
            return i
    return count


def index_add(out, axis, index, source, alpha=1):
    """out[..., index[i], ...] += alpha * source[..., i, ...], in place."""
    cdef Walk walk
    cdef Py_ssize_t along = axis
    if not walkable(out, &along, index, source, &walk):
        return twin.index_add(out, axis, index, source, alpha)
    cdef cnp.ndarray to = out, what = source, where = index
    if where.ndim != 1 or where.shape[0] != walk.count:
        return twin.index_add(out, axis, index, source, alpha)
    cdef const cnp.int64_t* places = <const cnp.int64_t*> where.data
    if first_outside(places, walk.count, walk.n) < walk.count:
        raise IndexError("index out of range in self")
    cdef double factor = 0
    cdef cnp.int64_t whole = 0
    if cnp.PyArray_TYPE(to) == cnp.NPY_INT64:
        whole = alpha
        with nogil:
            _index_add(<cnp.int64_t*> to.data, places, <const cnp.int64_t*> what.data, whole, &walk)
    elif cnp.PyArray_TYPE(to) == cnp.NPY_FLOAT:
        factor = alpha
        with nogil:
            _index_add(<float*> to.data, places, <const float*> what.data, <float>factor, &walk)
    else:
        factor = alpha
        with nogil:
            _index_add(<double*> to.data, places, <const double*> what.data, factor, &walk)


cdef void _index_add(number* out,                       # IN/OUT  (outer, n, inner)
                     const cnp.int64_t* index,          # IN      (count,), checked
                     const number* source,              # IN      (outer, count, inner)
                     number alpha, Walk* walk) noexcept nogil:
    cdef Py_ssize_t o, i, j
    cdef number* row
    for o in range(walk.outer):
        if walk.inner == 1:
            for i in range(walk.count):
                out[index[i]] += alpha * source[i]
            source += walk.count
            out += walk.n
            continue
        for i in range(walk.count):
            row = out + index[i] * walk.inner
            for j in range(walk.inner):
                row[j] += alpha * source[j]
            source += walk.inner
        out += walk.n * walk.inner


def scatter_add(out, axis, index, source):
    """out[..., index[..., i, ...], ...] += source[..., i, ...], in place."""
    cdef Walk walk
    cdef Py_ssize_t along = axis
    if not walkable(out, &along, index, source, &walk) or not cnp.PyArray_SAMESHAPE(index, source):
        return twin.scatter_add(out, axis, index, source)
    cdef cnp.ndarray to = out, what = source, where = index
    cdef const cnp.int64_t* places = <const cnp.int64_t*> where.data
    cdef Py_ssize_t size = cnp.PyArray_SIZE(where), bad = first_outside(places, size, walk.n)
    if bad < size:
        raise IndexError(f"index {places[bad]} is out of bounds for dimension {along} with size {walk.n}")
    if cnp.PyArray_TYPE(to) == cnp.NPY_INT64:
        with nogil:
            _scatter_add(<cnp.int64_t*> to.data, places, <const cnp.int64_t*> what.data, &walk)
    elif cnp.PyArray_TYPE(to) == cnp.NPY_FLOAT:
        with nogil:
            _scatter_add(<float*> to.data, places, <const float*> what.data, &walk)
    else:
        with nogil:
            _scatter_add(<double*> to.data, places, <const double*> what.data, &walk)


cdef void _scatter_add(number* out,                     # IN/OUT  (outer, n, inner)
                       const cnp.int64_t* index,        # IN      (outer, count, inner), checked
                       const number* source,            # IN      (outer, count, inner)
                       Walk* walk) noexcept nogil:
    cdef Py_ssize_t o, i, j
    for o in range(walk.outer):
        for i in range(walk.count):
            for j in range(walk.inner):
                out[index[j] * walk.inner + j] += source[j]
            index += walk.inner
            source += walk.inner
        out += walk.n * walk.inner
