"""Reading elements at places that an index array names:

    gather         y[..., i, ...] = x[..., index[..., i, ...], ...]         index has the shape of y
    index_select   y[..., i, ...] = x[..., index[i], ...]                   index counts along `axis` alone
    bag_sum        y[b] = x[index[b, 0]] + x[index[b, 1]] + ...             rows of a table, added up

NumPy twin: tinytorch/kernels/gather.py. The rooms copy elements of 1, 2, 4 or 8 bytes whatever they mean, and rows of
any; arrays in C order, indices of int64. Anything else goes to the twin.
"""

from importlib import import_module

from libc.string cimport memcpy

from cython cimport floating

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "places.pxi"
include "soon.pxi"

twin = import_module("tinytorch.kernels.gather")

cdef enum:
    MOST = 64               # threads at most
    AHEAD = 16              # rows of a table that are asked for before they are read: they are anywhere
    SHORT = 1024            # bytes of a row up to which that wins; of longer ones the processor guesses what comes
    BLOCK = 64              # columns that are added up together, in registers


def gather(x, axis, index):
    """x at the places `index` along `axis`, a new array in the shape of index."""
    cdef Walk walk
    cdef Py_ssize_t along = axis, bad = -1
    if not (plain(x) and is_number(x) and are_indices(index) and alike_but_along(x, index, &along, &walk)):
        return twin.gather(x, axis, index)
    cdef cnp.ndarray source = x, where = index
    if cnp.PyArray_ITEMSIZE(source) > 8:
        return twin.gather(x, axis, index)
    cdef cnp.ndarray out = empty(where.ndim, where.shape, cnp.PyArray_TYPE(source))
    cdef const cnp.int64_t* places = <const cnp.int64_t*> where.data
    cdef int size = cnp.PyArray_ITEMSIZE(source)
    if cnp.PyArray_SIZE(where) == 0:
        return out
    with nogil:
        if size == 4:
            bad = gather_in_parts(<const uint32_t*> source.data, places, <uint32_t*> out.data, &walk)
        elif size == 8:
            bad = gather_in_parts(<const uint64_t*> source.data, places, <uint64_t*> out.data, &walk)
        elif size == 1:
            bad = gather_in_parts(<const uint8_t*> source.data, places, <uint8_t*> out.data, &walk)
        else:
            bad = gather_in_parts(<const uint16_t*> source.data, places, <uint16_t*> out.data, &walk)
    if bad >= 0:
        raise IndexError(f"index {places[bad]} is out of bounds for dimension {along} with size {walk.n}")
    return out


cdef Py_ssize_t gather_in_parts(const bits* x, const cnp.int64_t* index, bits* y, Walk* walk) noexcept nogil:
    """Every thread fills a part of y; the place of an index that is out of bounds, or -1"""
    cdef Py_ssize_t total = walk.outer * walk.count * walk.inner, bad = -1
    cdef Py_ssize_t found[MOST]
    cdef int parts = threads_for(total, GRAIN), part
    if parts == 1:
        return _gather(x, index, y, walk, 0, total)
    parts = parts if parts < MOST else MOST
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        found[part] = _gather(x, index, y, walk, begin(part, parts, total), begin(part + 1, parts, total))
    for part in range(parts):
        if found[part] >= 0:
            return found[part]
    return bad


cdef Py_ssize_t _gather(const bits* x,                      # IN   (outer, n, inner)
                        const cnp.int64_t* index,           # IN   (outer, count, inner)
                        bits* y,                            # OUT  (outer, count, inner)
                        Walk* walk,
                        Py_ssize_t at, Py_ssize_t stop      # these elements of y
                        ) noexcept nogil:
    cdef Py_ssize_t inner = walk.inner, j, end, line
    cdef const bits* x_line
    cdef uint64_t place, n = <uint64_t>walk.n
    if inner == 1:
        while at < stop:                                    # a row of `count` elements, or what is left of it
            line = at // walk.count
            end = (line + 1) * walk.count if (line + 1) * walk.count < stop else stop
            while at < end:
                place = <uint64_t>index[at]                 # read without sign: -1 is huge
                if place >= n:
                    return at
                y[at] = x[line * walk.n + <Py_ssize_t>place]
                at += 1
        return -1
    line = at // inner
    j = at - line * inner
    while at < stop:                                        # a line of `inner` elements, or what is left of it
        end = at + inner - j if at + inner - j < stop else stop
        x_line = x + line // walk.count * walk.n * inner
        while at < end:
            place = <uint64_t>index[at]
            if place >= n:
                return at
            y[at] = x_line[<Py_ssize_t>place * inner + j]
            at += 1
            j += 1
        j = 0
        line += 1
    return -1


def index_select(x, axis, index, negative=False):
    """x at the places `index` along `axis`, in whose place the axes of index are; -1 is the last one if `negative`."""
    cdef Py_ssize_t along = axis
    if not (plain(x) and is_number(x) and are_indices(index)):
        return twin.index_select(x, axis, index, negative)
    cdef cnp.ndarray source = x, where = index
    if along < 0:
        along += source.ndim
    if not 0 <= along < source.ndim or source.ndim + where.ndim > 32:
        return twin.index_select(x, axis, index, negative)
    cdef Walk walk
    cdef cnp.npy_intp sides[32]
    cdef int i, ndim = 0
    walk.outer = walk.inner = 1
    walk.n, walk.count = source.shape[along], cnp.PyArray_SIZE(where)
    for i in range(along):
        walk.outer *= source.shape[i]
        sides[ndim] = source.shape[i]
        ndim += 1
    for i in range(where.ndim):
        sides[ndim] = where.shape[i]
        ndim += 1
    for i in range(<int>along + 1, source.ndim):
        walk.inner *= source.shape[i]
        sides[ndim] = source.shape[i]
        ndim += 1
    cdef const cnp.int64_t* places = <const cnp.int64_t*> where.data
    cdef cnp.ndarray turned
    cdef Py_ssize_t at
    if first_outside(places, walk.count, walk.n) >= 0:
        turned = empty(where.ndim, where.shape, cnp.NPY_INT64)
        for at in range(walk.count):
            if not (-walk.n if negative else 0) <= places[at] < walk.n:
                raise IndexError("index out of range in self")
            (<cnp.int64_t*> turned.data)[at] = places[at] + walk.n if places[at] < 0 else places[at]
        places = <const cnp.int64_t*> turned.data
    cdef cnp.ndarray out = empty(ndim, sides, cnp.PyArray_TYPE(source))
    cdef int size = cnp.PyArray_ITEMSIZE(source)
    if cnp.PyArray_SIZE(out) == 0:
        return out
    with nogil:
        if walk.inner > 1 or size > 8:
            select_in_parts(<const uint8_t*> source.data, places, <uint8_t*> out.data, &walk, walk.inner * size)
        elif size == 4:
            select_in_parts(<const uint32_t*> source.data, places, <uint32_t*> out.data, &walk, 0)
        elif size == 8:
            select_in_parts(<const uint64_t*> source.data, places, <uint64_t*> out.data, &walk, 0)
        elif size == 1:
            select_in_parts(<const uint8_t*> source.data, places, <uint8_t*> out.data, &walk, 0)
        else:
            select_in_parts(<const uint16_t*> source.data, places, <uint16_t*> out.data, &walk, 0)
    return out


cdef void select_in_parts(const bits* x, const cnp.int64_t* index, bits* y, Walk* walk, Py_ssize_t width) noexcept nogil:
    """Every thread fills a part of y: whole lines of `width` bytes, or elements where width is 0"""
    cdef Py_ssize_t lines = walk.outer * walk.count
    cdef int parts = threads_for(lines * walk.inner, GRAIN), part
    parts = parts if parts <= lines else 1
    if parts == 1:
        _select(x, index, y, walk, width, 0, lines)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        _select(x, index, y, walk, width, lines * part // parts, lines * (part + 1) // parts)


cdef void _select(const bits* x,                    # IN   (outer, n, inner)
                  const cnp.int64_t* index,         # IN   (count,), checked
                  bits* y,                          # OUT  (outer, count, inner)
                  Walk* walk, Py_ssize_t width,
                  Py_ssize_t at, Py_ssize_t stop    # these lines of y
                  ) noexcept nogil:
    cdef Py_ssize_t o, i, end
    while at < stop:
        o = at // walk.count
        i = at - o * walk.count
        end = (o + 1) * walk.count if (o + 1) * walk.count < stop else stop
        if width:
            select_lines(<const char*> x + o * walk.n * width, index + i, <char*> y + at * width, width, end - at,
                         walk.count - i)
        else:
            select_row(x + o * walk.n, index + i, y + at, end - at)
        at = end


cdef reading_void select_lines(const char* x, const cnp.int64_t* index, char* y, Py_ssize_t width, Py_ssize_t count,
                               Py_ssize_t left) noexcept nogil:
    """y[i] = x[index[i]] for `count` of the indices that are left, lines of `width` bytes"""
    cdef Py_ssize_t i, line
    cdef const char* ahead
    for i in range(count):
        if width > SHORT:
            memcpy(y + i * width, x + index[i] * width, width)
            continue
        if i + AHEAD < left:
            ahead = x + index[i + AHEAD] * width
            for line in range((width + LINE - 1) // LINE):
                soon(ahead + line * LINE)
        copy_line(y + i * width, x + index[i] * width, width)


cdef inline_void copy_line(char* y, const char* x, Py_ssize_t n) noexcept nogil:
    """Copy n bytes without a call: by calls 4096 lines of 256 bytes take 70 us on an Intel Xeon, by this 59"""
    while n >= 64:
        memcpy(y, x, 64)
        x, y, n = x + 64, y + 64, n - 64
    if n & 32:
        memcpy(y, x, 32)
        x, y = x + 32, y + 32
    if n & 16:
        memcpy(y, x, 16)
        x, y = x + 16, y + 16
    if n & 8:
        memcpy(y, x, 8)
        x, y = x + 8, y + 8
    if n & 4:
        memcpy(y, x, 4)
        x, y = x + 4, y + 4
    if n & 2:
        memcpy(y, x, 2)
        x, y = x + 2, y + 2
    if n & 1:
        y[0] = x[0]


cdef inline void select_row(const bits* x, const cnp.int64_t* index, bits* y, Py_ssize_t count) noexcept nogil:
    """y[i] = x[index[i]]"""
    cdef Py_ssize_t i
    for i in range(count):
        y[i] = x[index[i]]


def bag_sum(x, index):
    """The sums of the rows of x (n, size) that each row of index (bags, length) names, (bags, size)."""
    if not (plain_float(x) and are_indices(index)):
        return twin.bag_sum(x, index)
    cdef cnp.ndarray source = x, where = index
    if source.ndim != 2 or where.ndim != 2:
        return twin.bag_sum(x, index)
    cdef const cnp.int64_t* places = <const cnp.int64_t*> where.data
    cdef Py_ssize_t bags = where.shape[0], length = where.shape[1], size = source.shape[1]
    if first_outside(places, bags * length, source.shape[0]) >= 0:
        raise IndexError("index out of range in self")
    cdef cnp.npy_intp sides[2]
    sides[0], sides[1] = bags, size
    cdef cnp.ndarray out = empty(2, sides, cnp.PyArray_TYPE(source))
    with nogil:
        if cnp.PyArray_TYPE(source) == cnp.NPY_FLOAT:
            bags_in_parts(<const float*> source.data, places, <float*> out.data, bags, length, size)
        else:
            bags_in_parts(<const double*> source.data, places, <double*> out.data, bags, length, size)
    return out


cdef void bags_in_parts(const floating* x, const cnp.int64_t* index, floating* y, Py_ssize_t bags, Py_ssize_t length,
                        Py_ssize_t size) noexcept nogil:
    """Every thread fills some bags"""
    cdef int parts = threads_for(bags * length * size, GRAIN), part
    cdef Py_ssize_t first
    parts = parts if parts <= bags else 1
    if parts == 1:
        _bag_sum(x, index, y, bags, length, size)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        first = bags * part // parts
        _bag_sum(x, index + first * length, y + first * size, bags * (part + 1) // parts - first, length, size)


cdef simd_void _bag_sum(const floating* x,              # IN   (n, size)
                        const cnp.int64_t* index,       # IN   (bags, length), checked
                        floating* y,                    # OUT  (bags, size)
                        Py_ssize_t bags, Py_ssize_t length, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t b, j
    for b in range(bags):
        j = 0
        while j + BLOCK <= size:
            add_columns(x + j, index, y + j, length, (bags - b) * length, size, BLOCK)
            j += BLOCK
        if j < size:
            add_columns(x + j, index, y + j, length, (bags - b) * length, size, size - j)
        index += length
        y += size


cdef inline_void add_columns(const floating* x, const cnp.int64_t* index, floating* y, Py_ssize_t length,
                             Py_ssize_t left, Py_ssize_t size, Py_ssize_t wide) noexcept nogil:
    """y = the sums of `wide` columns of a bag, after which come the other indices that are `left`"""
    cdef floating total[BLOCK]
    cdef const floating* row
    cdef Py_ssize_t i, j
    for j in range(wide):
        total[j] = 0
    for i in range(length):
        if i + AHEAD < left:
            row = x + index[i + AHEAD] * size
            j = 0
            while j < wide:
                soon(row + j)
                j += LINE // sizeof(floating)
        row = x + index[i] * size
        for j in range(wide):
            total[j] += row[j]
    for j in range(wide):
        y[j] = total[j]
