# An array of float32 or float64 with any strides, copied into one in C order by all threads. Needs door.pxi, simd.pxi,
# threads.pxi.
#
# Where x and its copy have different axes whose numbers are neighbours, squares of SQUARE x SQUARE numbers go over a small
# table, so that every line of memory is read once and written once. NumPy's own copy moves number by number.

from cython cimport floating

cdef enum:
    SQUARE = 16
    COPY_GRAIN = 1 << 14    # numbers that are worth a thread


cdef struct Copy:
    int ndim
    Py_ssize_t size[64]
    Py_ssize_t step[64]     # bytes of x from one number to the next
    Py_ssize_t out[64]      # numbers of the copy from one to the next
    int near                # the axis with the shortest step in x
    int last                # the axis with the shortest step in the copy


cdef object contiguous(object x):
    """x in C order: itself, or a copy; None if it is not an array of aligned float32 or float64 numbers"""
    if plain_float(x):
        return x
    if not cnp.PyArray_CheckExact(x):
        return None
    cdef cnp.ndarray array = x, out
    cdef int kind = cnp.PyArray_TYPE(array), i, parts, part, split = 0
    cdef Copy copy
    cdef Py_ssize_t size = 1
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        return None
    if not cnp.PyArray_ISALIGNED(array) or not cnp.PyArray_ISNOTSWAPPED(array):
        return None
    out = empty_like(array)
    copy.ndim = array.ndim
    copy.near = copy.last = array.ndim - 1
    for i in range(array.ndim - 1, -1, -1):
        copy.size[i], copy.step[i], copy.out[i] = array.shape[i], array.strides[i], size
        size *= array.shape[i]
        if copy.size[i] > 1 and 0 < copy.step[i] < copy.step[copy.near]:
            copy.near = i
    if size == 0:
        return out
    parts = threads_for(size, COPY_GRAIN)
    while split < copy.ndim - 1 and copy.size[split] < 4 * parts:
        split += 1
    with nogil:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
            copy_part(&copy, split, part, parts, array.data, out.data, kind == cnp.NPY_FLOAT)
    return out


cdef void copy_part(const Copy* copy, int split, Py_ssize_t part, Py_ssize_t parts, const char* x, char* out,
                    bint single) noexcept nogil:
    cdef Copy own = copy[0]
    cdef Py_ssize_t start = own.size[split] * part // parts
    own.size[split] = own.size[split] * (part + 1) // parts - start
    x += start * own.step[split]
    if single:
        copy_axes(&own, 0, x, <float*>out + start * own.out[split])
    else:
        copy_axes(&own, 0, x, <double*>out + start * own.out[split])


cdef void copy_axes(const Copy* copy, int axis, const char* x, floating* out) noexcept nogil:
    """Walk the axes from here on, but for the two that are copied together."""
    cdef Py_ssize_t i, j
    if axis == copy.ndim:
        if copy.near == copy.last:
            copy_row(x, copy.step[copy.last], copy.size[copy.last], out)
            return
        i = 0
        while i < copy.size[copy.near]:
            j = 0
            while j < copy.size[copy.last]:
                copy_square(copy, x + i * copy.step[copy.near] + j * copy.step[copy.last],
                            out + i * copy.out[copy.near] + j,
                            smaller(SQUARE, copy.size[copy.near] - i), smaller(SQUARE, copy.size[copy.last] - j))
                j += SQUARE
            i += SQUARE
    elif axis == copy.near or axis == copy.last:
        copy_axes(copy, axis + 1, x, out)
    else:
        for i in range(copy.size[axis]):
            copy_axes(copy, axis + 1, x + i * copy.step[axis], out + i * copy.out[axis])


cdef simd_void copy_row(const char* x, Py_ssize_t step, Py_ssize_t n, floating* out) noexcept nogil:
    cdef Py_ssize_t j
    if step == 2 * sizeof(floating):    # every other number: a distance that the compiler knows
        for j in range(n):
            out[j] = (<const floating*>x)[2 * j]
    else:
        for j in range(n):
            out[j] = (<const floating*>(x + j * step))[0]


cdef inline Py_ssize_t smaller(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return a if a < b else b


cdef void copy_square(const Copy* copy, const char* x, floating* out, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    """out[i, j] = x[i, j] for so many steps i along `near` and j along `last`"""
    cdef floating table[SQUARE * (SQUARE + 1)]      # rows one number longer than a power of 2: caches like that
    cdef Py_ssize_t i, j, step = copy.step[copy.near], down = copy.out[copy.near]
    if rows == SQUARE and columns == SQUARE and step == sizeof(floating):   # lengths that the compiler knows
        for j in range(SQUARE):
            for i in range(SQUARE):
                table[j * (SQUARE + 1) + i] = (<const floating*>(x + j * copy.step[copy.last]))[i]
        for i in range(SQUARE):
            for j in range(SQUARE):
                out[i * down + j] = table[j * (SQUARE + 1) + i]
        return
    for j in range(columns):
        for i in range(rows):
            table[j * (SQUARE + 1) + i] = (<const floating*>(x + j * copy.step[copy.last] + i * step))[0]
    for i in range(rows):
        for j in range(columns):
            out[i * down + j] = table[j * (SQUARE + 1) + i]
