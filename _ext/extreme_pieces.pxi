# The room of places in many short rows into each other: x[p, i, j] with few columns j, but many pieces p. Needs
# extreme_places.pxi.
#
# Columns of several pieces are brought side by side, so that SIMD has long rows to work on.

cdef enum:
    TOGETHER = 256      # numbers of a row made of pieces
    FEW = 16            # such rows, which stay in the nearest caches
    NARROW = 64         # columns that are few
    MANY = 512          # pieces that are many: enough for threads to share them and nothing else


cdef inline bint has_pieces(const Walk* walk) noexcept nogil:
    """Are the innermost sides many kept pieces, of reduced rows, of few kept columns?"""
    cdef const Side* inner = &walk.sides[walk.ndim - 1]
    if walk.ndim < 3 or inner.out != 1 or inner.size >= NARROW:
        return False
    return (inner - 1).out == 0 and (inner - 2).out == inner.size and (inner - 2).size >= MANY


cdef simd_void room_of_pieces(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                              const State* state) noexcept nogil:
    """Fold numbers into state.values, and where the winners stand into state.more."""
    if state.least:
        fold_pieces(<const char*>x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 1)
    else:
        fold_pieces(<const char*>x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 0)


cdef inline_void fold_pieces(const char* x, const Side* sides, Py_ssize_t place, number* best, int64_t* places,
                             int least) noexcept nogil:
    cdef number table[FEW * TOGETHER]
    cdef Side joined[2]
    cdef Py_ssize_t columns = sides[2].size, p = 0, i, k, some, rows, width
    while p < sides[0].size:
        some = TOGETHER // columns if sides[0].size - p > TOGETHER // columns else sides[0].size - p
        width = some * columns
        i = 0
        while i < sides[1].size:
            rows = FEW if sides[1].size - i > FEW else sides[1].size - i
            for k in range(rows):
                gather_pieces(x + p * sides[0].step + (i + k) * sides[1].step, &sides[0], some, &sides[2],
                              table + k * width)
            joined[0] = Side(rows, width * sizeof(number), 0, sides[1].place)
            joined[1] = Side(width, sizeof(number), 1, 0)
            places_in_columns(<const char*>table, joined, rows, width, place + i * sides[1].place, least,
                              False, best + p * columns, places + p * columns)
            i += rows
        p += some


cdef no_inline_void gather_pieces(const char* x, const Side* pieces, Py_ssize_t count, const Side* columns, number* row
                                  ) noexcept nogil:
    """row[p, j] = x[p, j] for so many pieces, one by one as `gather` does"""
    cdef Py_ssize_t p, j, n = columns.size
    for j in range(n):
        for p in range(count):
            row[p * n + j] = (<const number*>(x + p * pieces.step + j * columns.step))[0]
