# An array of float32 or float64 with any strides, copied into one in C order by all threads. Needs door.pxi, simd.pxi,
# threads.pxi, past.pxi, soon.pxi.
#
# Where x and its copy have different axes whose numbers are neighbours, squares of SQUARE x SQUARE numbers are
# turned, so that every line of memory is read once and written once: in the registers of AVX2 (pack.pxi; 64000
# numbers in 8 us), or else over a small table (16 us). NumPy's own copy moves number by number. More than a cache
# holds is copied in tiles: long rows are read, turned in a room in the near cache, and long rows are written. 64 MB,
# transposed, take 11 ms instead of 22. While a tile is in its room, somebody may compute with it.

from cython cimport floating
from libc.stdlib cimport free, malloc

include "pack.pxi"

cdef enum:
    SQUARE = 16
    COPY_GRAIN = 1 << 14    # numbers that are worth a thread
    FAR = 1 << 23           # so many bytes are copied in tiles
    TILE_ROWS = 256         # numbers of a tile along `near`
    TILE_COLUMNS = 128      # and along `last`


# Computes with the columns of a tile in place; its rows are `step` numbers apart. `how` is its own affair.
ctypedef void (*tile_t)(void* tile, Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t step, int how) noexcept nogil


cdef struct Copy:
    int ndim
    Py_ssize_t size[64]
    Py_ssize_t step[64]     # bytes of x from one number to the next
    Py_ssize_t out[64]      # numbers of the copy from one to the next
    int near                # the axis with the shortest step in x
    int last                # the axis with the shortest step in the copy
    int split               # the axis that threads share
    int parts
    Py_ssize_t rows         # of a tile, along `near`; 0: no tiles
    Py_ssize_t columns      # of a tile, along `last`
    tile_t compute          # or NULL
    int how


cdef object contiguous(object x, int whole=-1, bint alone=False):
    """x in C order: itself, or a copy; None if it is not an array of aligned float32 or float64 numbers

    Threads that will not share the axis `whole` do not do so here: what one has written, another fetches slowly. And a
    thread that will compute `alone` with the copy makes it alone.
    """
    cdef Copy copy
    if plain_float(x):
        return x
    if not read_axes(x, &copy):
        return None
    if alone:
        copy.parts = 1
    if copy.split == whole and whole + 1 < copy.ndim:
        copy.split += 1
    return copied(x, &copy)


cdef bint read_axes(object x, Copy* copy):
    """Is x an array of aligned float32 or float64 numbers? If so, say how to copy it."""
    if not cnp.PyArray_CheckExact(x):
        return False
    cdef cnp.ndarray array = x
    cdef int kind = cnp.PyArray_TYPE(array), i
    cdef Py_ssize_t size = 1
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        return False
    if not cnp.PyArray_ISALIGNED(array) or not cnp.PyArray_ISNOTSWAPPED(array):
        return False
    copy.ndim = array.ndim
    copy.near = copy.last = array.ndim - 1
    for i in range(array.ndim - 1, -1, -1):
        copy.size[i], copy.step[i], copy.out[i] = array.shape[i], array.strides[i], size
        size *= array.shape[i]
        if copy.size[i] > 1 and 0 < copy.step[i] < copy.step[copy.near]:
            copy.near = i
    copy.parts = threads_for(size, COPY_GRAIN)
    copy.split = 0
    while copy.split < copy.ndim - 1 and copy.size[copy.split] < 4 * copy.parts:
        copy.split += 1
    copy.compute = NULL
    copy.rows = copy.columns = 0
    if copy.near != copy.last and cnp.PyArray_NBYTES(array) >= FAR:
        copy.rows, copy.columns = TILE_ROWS, TILE_COLUMNS
    return True


cdef cnp.ndarray copied(cnp.ndarray x, const Copy* copy):
    cdef cnp.ndarray out = empty_like(x)
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(x), room = copy.rows * copy.columns * size
    cdef char* rooms = NULL
    cdef int part
    if cnp.PyArray_SIZE(x) == 0:
        return out
    if room:
        rooms = <char*>malloc(room * copy.parts)
        if rooms == NULL:
            raise MemoryError
    with nogil:
        for part in prange(copy.parts, num_threads=copy.parts, schedule="static", chunksize=1):
            copy_part(copy, part, x.data, out.data, rooms + part * room, size == sizeof(float))
    free(rooms)
    return out


cdef void copy_part(const Copy* copy, int part, const char* x, char* out, void* room, bint single) noexcept nogil:
    cdef Copy own = copy[0]
    cdef int split = copy.split
    cdef Py_ssize_t start = own.size[split] * part // copy.parts
    own.size[split] = own.size[split] * (part + 1) // copy.parts - start
    x += start * own.step[split]
    if single:
        copy_axes(&own, 0, x, <float*>out + start * own.out[split], <float*>room)
    else:
        copy_axes(&own, 0, x, <double*>out + start * own.out[split], <double*>room)
    past()


cdef void copy_axes(const Copy* copy, int axis, const char* x, floating* out, floating* room) noexcept nogil:
    """Walk the axes from here on, but for the two that are copied together."""
    cdef Py_ssize_t i, j
    if axis == copy.ndim:
        if copy.near == copy.last:
            copy_row(x, copy.step[copy.last], copy.size[copy.last], out)
        elif copy.rows:
            copy_tiles(copy, x, out, room)
        else:
            copy_squares(copy, x, copy.size[copy.near], copy.size[copy.last], out, copy.out[copy.near])
    elif axis == copy.near or axis == copy.last:
        copy_axes(copy, axis + 1, x, out, room)
    else:
        for i in range(copy.size[axis]):
            copy_axes(copy, axis + 1, x + i * copy.step[axis], out + i * copy.out[axis], room)


cdef void copy_tiles(const Copy* copy, const char* x, floating* out, floating* room) noexcept nogil:
    """Tile by tile, as long as it goes along `last`: lines that two tiles share are then written soon after one another"""
    cdef Py_ssize_t i = 0, j, k, rows, columns
    while i < copy.size[copy.near]:
        rows = smaller(copy.rows, copy.size[copy.near] - i)
        j = 0
        while j < copy.size[copy.last]:
            columns = smaller(copy.columns, copy.size[copy.last] - j)
            copy_squares(copy, x + i * copy.step[copy.near] + j * copy.step[copy.last], rows, columns, room, copy.columns)
            if copy.compute != NULL:
                copy.compute(room, rows, columns, copy.columns, copy.how)
            for k in range(rows):
                put_past(out + (i + k) * copy.out[copy.near] + j, room + k * copy.columns, columns * sizeof(floating))
            j += columns
        i += rows


cdef simd_void copy_squares(const Copy* copy, const char* x, Py_ssize_t rows, Py_ssize_t columns, floating* out,
                            Py_ssize_t down) noexcept nogil:
    """out[i * down + j] = x[i, j] for so many steps i along `near` and j along `last`, along rows of x"""
    cdef Py_ssize_t i, j = 0
    while j < columns:
        i = 0
        while i < rows:
            copy_square(copy, x + i * copy.step[copy.near] + j * copy.step[copy.last], out + i * down + j, down,
                        smaller(SQUARE, rows - i), smaller(SQUARE, columns - j))
            i += SQUARE
        j += SQUARE


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


cdef inline_void copy_square(const Copy* copy, const char* x, floating* out, Py_ssize_t down, Py_ssize_t rows,
                             Py_ssize_t columns) noexcept nogil:
    cdef floating table[SQUARE * (SQUARE + 1)]      # rows one number longer than a power of 2: caches like that
    cdef Py_ssize_t i, j, step = copy.step[copy.near]
    if turns and rows == SQUARE and columns == SQUARE and step == sizeof(floating):
        if floating is float:
            squares_float(<const float*>x, copy.step[copy.last] // sizeof(float), out, down, SQUARE, SQUARE)
        else:
            squares_double(<const double*>x, copy.step[copy.last] // sizeof(double), out, down, SQUARE, SQUARE)
        return
    if rows == SQUARE and columns >= SQUARE // 2 and step == sizeof(floating):     # lengths that the compiler knows
        for j in range(columns):
            for i in range(SQUARE):
                table[j * (SQUARE + 1) + i] = (<const floating*>(x + j * copy.step[copy.last]))[i]
        if columns == SQUARE:
            for i in range(SQUARE):
                for j in range(SQUARE):
                    out[i * down + j] = table[j * (SQUARE + 1) + i]
            return
        for i in range(SQUARE):
            for j in range(SQUARE // 2):
                out[i * down + j] = table[j * (SQUARE + 1) + i]
            for j in range(SQUARE // 2, columns):
                out[i * down + j] = table[j * (SQUARE + 1) + i]
        return
    for j in range(columns):
        for i in range(rows):
            table[j * (SQUARE + 1) + i] = (<const floating*>(x + j * copy.step[copy.last] + i * step))[0]
    for i in range(rows):
        for j in range(columns):
            out[i * down + j] = table[j * (SQUARE + 1) + i]
