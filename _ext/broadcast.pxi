# Operands that broadcast, walked in rows by all threads. Needs door.pxi and threads.pxi.
#
# `lay` brings up to three operands to one shape: a side of 1 is repeated by a step of 0, and sides that can be walked as
# one are joined. At most two sides are left around the rows, else the caller's twin does it. Results lie in C order,
# so an operand whose steps grow from one side to the next (a transposed one) is the twin's too: its result would not.
#
# A row beside many rows is copied several times, one after the other, and so many rows are walked at a time. There are
# fewer calls, and rows of 4000 bytes, half of which begin in the middle of a cache line, begin where lines do: on an
# Intel Xeon (64, 1000) + (1000,) takes 5.8 instead of 10.8 us, and (1000, 10) + (10,) 2.0 instead of 9.1.
#
# `walk` cuts the elements into a part for each thread, and each part into pieces of rows, for a piece function.

from libc.string cimport memcpy

cdef enum:
    MOST = 4                # operands with the result, which is the last
    SIDES = 3
    DEEPEST = 16            # dimensions of an operand
    SHORT = 8               # a call of a loop takes longer than so many elements
    GRAIN = 24576           # elements that a thread should have at least
    UNLOCKED = 4096         # elements from which the interpreter's lock is worth giving back
    ROOM = 8192             # bytes for copies of a row
    LINE = 64               # bytes of a cache line


cdef struct Grid:
    int count               # operands with the result
    Py_ssize_t n            # elements
    Py_ssize_t sides[SIDES]
    Py_ssize_t steps[MOST][SIDES]       # bytes
    char* data[MOST]
    double number           # an operand that is a Python number, in the dtype of the others
    char room[ROOM + LINE]  # copies of an operand that is a row
    int ndim
    cnp.npy_intp shape[DEEPEST]         # of the result


# A function that computes a piece of n elements with these steps in bytes; `what` is anything of the caller's
ctypedef void (*Piece)(char** data, Py_ssize_t n, Py_ssize_t* steps, const void* what) noexcept nogil


cdef inline bint is_number(object value):
    """A Python number that goes through a double unchanged into floats (and, if it is an int, into int64)"""
    return type(value) is float or (type(value) is int and -16777216 <= value <= 16777216)


cdef inline bint usable(object x):
    """A NumPy array whose elements are aligned and in this machine's byte order"""
    return cnp.PyArray_CheckExact(x) and cnp.PyArray_ISBEHAVED_RO(<cnp.ndarray>x)


cdef inline void lay_number(Grid* grid, int place, double value, int kind) noexcept:
    """Operand number `place` is a number, in every row and column."""
    cdef int side
    cdef float single = <float>value
    cdef cnp.int64_t whole
    if kind == cnp.NPY_FLOAT:
        memcpy(&grid.number, &single, sizeof(float))
    elif kind == cnp.NPY_INT64:
        whole = <cnp.int64_t>value
        memcpy(&grid.number, &whole, sizeof(cnp.int64_t))
    else:
        memcpy(&grid.number, &value, sizeof(double))
    grid.data[place] = <char*>&grid.number
    for side in range(SIDES):
        grid.steps[place][side] = 0


cdef inline void lay_line(Grid* grid, int place, cnp.ndarray x) noexcept:
    """Operand number `place` lies in memory without a gap, and so do all others: they are walked in that order."""
    cdef int side
    grid.n = cnp.PyArray_SIZE(x)
    for side in range(SIDES - 1):
        grid.sides[side] = 1
        grid.steps[place][side] = 0
    grid.sides[SIDES - 1] = grid.n
    grid.steps[place][SIDES - 1] = cnp.PyArray_ITEMSIZE(x)
    grid.data[place] = x.data


cdef bint lay(Grid* grid, int count, cnp.PyArrayObject** arrays):
    """Lay the operands that are not NULL beside each other; False where this walk does not fit them."""
    cdef int ndim = 0, i, j, dim, at
    cdef Py_ssize_t side, own, step
    cdef Py_ssize_t last[MOST]
    cdef Py_ssize_t steps[MOST]
    cdef cnp.PyArrayObject* x
    for i in range(count):
        if arrays[i]:
            ndim = max(ndim, cnp.PyArray_NDIM(<cnp.ndarray>arrays[i]))
            grid.data[i] = <char*>cnp.PyArray_DATA(<cnp.ndarray>arrays[i])
        last[i] = 0
    if ndim > DEEPEST:
        return False
    grid.ndim, grid.n, at = ndim, 1, SIDES
    for dim in range(1, ndim + 1):              # from the last dimension to the first
        side = 1
        for i in range(count):
            x = arrays[i]
            steps[i] = 0
            if x and dim <= cnp.PyArray_NDIM(<cnp.ndarray>x):
                j = cnp.PyArray_NDIM(<cnp.ndarray>x) - dim
                own = cnp.PyArray_DIM(<cnp.ndarray>x, j)
                if own != 1:
                    if side != 1 and side != own:
                        return False            # the shapes do not fit: the twin says so
                    side = own
                    steps[i] = cnp.PyArray_STRIDE(<cnp.ndarray>x, j)
        grid.shape[ndim - dim] = side
        grid.n *= side
        if side == 1:
            continue
        for i in range(count):
            if steps[i] < 0 or (0 < steps[i] < last[i]):
                return False
            last[i] = max(last[i], steps[i])
        if at < SIDES:                          # one with the side inside?
            for i in range(count):
                if steps[i] != grid.sides[at] * grid.steps[i][at]:
                    break
            else:
                grid.sides[at] *= side
                continue
        at -= 1
        if at < 0:
            return False
        grid.sides[at] = side
        for i in range(count):
            grid.steps[i][at] = steps[i]
    while at > 0:
        at -= 1
        grid.sides[at] = 1
        for i in range(count):
            grid.steps[i][at] = 0
    if grid.n > 0:
        repeat_row(grid, count, arrays)
    return grid.n > 0


cdef void repeat_row(Grid* grid, int count, cnp.PyArrayObject** arrays) noexcept:
    """Where one operand is a row and the others, and so the result, are walked in lines: make the rows longer."""
    cdef Py_ssize_t n = grid.sides[2], rows = grid.sides[1], size, times, aligned
    cdef int i, row = -1
    cdef char* copies = grid.room + (-<size_t>grid.room) % LINE
    if grid.sides[0] != 1:
        return
    for i in range(count):
        if grid.steps[i][1] != n * grid.steps[i][2]:
            if row >= 0 or grid.steps[i][1] != 0:
                return
            row = i
    if row < 0 or grid.steps[row][2] != cnp.PyArray_ITEMSIZE(<cnp.ndarray>arrays[row]):
        return
    size = n * grid.steps[row][2]
    times = min(ROOM // size, rows // 4)
    aligned = LINE                              # so many rows end with a line, or half as many, ...
    while aligned > 1 and aligned // 2 * size % LINE == 0:
        aligned //= 2
    if times > aligned:
        times -= times % aligned
    if times < 2:
        return
    memcpy(copies, grid.data[row], size)
    for i in range(1, <int>times):
        memcpy(copies + i * size, copies, size)
    grid.data[row] = copies
    for i in range(count):
        grid.steps[i][1] *= times
    grid.sides[1], grid.sides[2] = (rows + times - 1) // times, n * times       # the last may be shorter


cdef inline void lay_result(Grid* grid, cnp.ndarray out, bint any_steps=True) noexcept:
    """The result is the last operand, in C order; its rows have no gaps unless pieces take results of any steps."""
    cdef int i = grid.count - 1
    grid.data[i] = <char*>cnp.PyArray_DATA(out)
    grid.steps[i][2] = cnp.PyArray_ITEMSIZE(out)
    grid.steps[i][1] = grid.steps[i][2] * grid.sides[2]
    grid.steps[i][0] = grid.steps[i][1] * grid.sides[1]
    if any_steps and grid.sides[2] <= SHORT and grid.sides[1] >= 2 * grid.sides[2]:     # the columns are the better rows
        grid.sides[1], grid.sides[2] = grid.sides[2], grid.sides[1]
        for i in range(grid.count):
            grid.steps[i][1], grid.steps[i][2] = grid.steps[i][2], grid.steps[i][1]


cdef void walk_part(const Grid* grid, Py_ssize_t start, Py_ssize_t stop, Piece piece, const void* what) noexcept nogil:
    """Elements number `start` to `stop`, row by row."""
    cdef Py_ssize_t n = grid.sides[2], row, column, length
    cdef Py_ssize_t steps[MOST]
    cdef char* data[MOST]
    cdef int i
    for i in range(grid.count):
        steps[i] = grid.steps[i][2]
    while start < stop:
        row, column = start // n, start % n
        length = min(n - column, stop - start)
        for i in range(grid.count):
            data[i] = grid.data[i] + column * steps[i]
            data[i] += (row % grid.sides[1]) * grid.steps[i][1] + (row // grid.sides[1]) * grid.steps[i][0]
        piece(data, length, steps, what)
        start += length


cdef void walk(const Grid* grid, Piece piece, const void* what, Py_ssize_t grain=GRAIN):
    """All elements, by as many threads as they are worth: each has `grain` at least."""
    cdef Py_ssize_t part
    cdef int parts = threads_for(grid.n, grain)
    if parts > 1:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1, nogil=True):
            walk_part(grid, begin(part, parts, grid.n), begin(part + 1, parts, grid.n), piece, what)
    elif grid.n >= UNLOCKED:
        with nogil:
            walk_part(grid, 0, grid.n, piece, what)
    else:
        walk_part(grid, 0, grid.n, piece, what)
