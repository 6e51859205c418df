# The rooms of sums of exponentials: e^(x_1 - m) + ... + e^(x_n - m), m = max(x), in one read of memory, and what they give.
# Needs simd.pxi, rows.pxi, explog.pxi, walk.pxi, fetch.pxi.
#
# Whenever a block of numbers brings a larger maximum, the sum so far is multiplied by e^(old - new). A state is such a
# maximum (state.values) and its sum (state.more, in double precision). Milakov and Gimelshein 2018,
# https://arxiv.org/abs/1805.02867

cdef enum:
    TILE = 512      # columns whose states stay in the nearest cache, and numbers of a row that are looked at together
    BAND = 16       # rows that are added together


cdef inline floating finite_or_zero(floating m) noexcept nogil:
    """What is subtracted: not an infinite maximum of no numbers but -inf, since inf - inf is nan"""
    return 0 if m == -<floating>INFINITY else m


cdef simd_void fold_exponentials(const floating* start, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                 const State* state) noexcept nogil:
    """Fold numbers into the maxima and sums of the states."""
    cdef floating room[TILE * BAND]
    cdef const char* x = <const char*>start
    cdef floating* most = <floating*>state.values + out
    cdef double* total = <double*>state.more + out
    cdef Py_ssize_t i, j, rows, some
    if sides[1].out == 0:
        for i in range(sides[0].size):
            j = 0
            while j < sides[1].size:
                some = TILE if sides[1].size - j > TILE else sides[1].size - j
                fold_row(fetch(x + j * sides[1].step, sides[1].step, some, room), some, most, total)
                j += some
            x += sides[0].step
            most += sides[0].out
            total += sides[0].out
        return
    rows = 1 if sides[0].out else BAND
    i = 0
    while i < sides[0].size:
        rows = sides[0].size - i if sides[0].size - i < rows else rows
        j = 0
        while j < sides[1].size:
            some = TILE if sides[1].size - j > TILE else sides[1].size - j
            fold_columns(x + i * sides[0].step + j * sides[1].step, sides, rows, some, room,
                         most + i * sides[0].out + j, total + i * sides[0].out + j)
            j += some
        i += rows


cdef inline_void fold_row(const floating* x, Py_ssize_t n, floating* most, double* total) noexcept nogil:
    cdef floating powers[TILE]
    cdef floating new, shift
    cdef double more
    cdef Py_ssize_t j
    row_max(x, n, 1, &new)
    new = larger_or_nan(new, most[0])
    shift = finite_or_zero(new)
    for j in range(n):
        powers[j] = exp_(x[j] - shift)
    row_sum(powers, n, &more)
    if new != most[0]:
        total[0] *= exp_(most[0] - shift)
        most[0] = new
    total[0] += more


cdef inline_void fold_columns(const char* x, const Side* sides, Py_ssize_t rows, Py_ssize_t columns, floating* room,
                              floating* most, double* total) noexcept nogil:
    """A row of maxima first, then the powers of all rows, added row by row"""
    cdef const floating* row[BAND]
    cdef floating shift[TILE]
    cdef floating more[TILE]
    cdef floating factor[TILE]
    cdef Py_ssize_t i, j
    for i in range(rows):
        row[i] = fetch(x + i * sides[0].step, sides[1].step, columns, room + i * TILE)
    for j in range(columns):
        shift[j] = most[j]
        more[j] = 0
    for i in range(rows):
        for j in range(columns):
            shift[j] = larger_or_nan(row[i][j], shift[j])
    for j in range(columns):
        factor[j] = most[j]
        most[j] = shift[j]
        shift[j] = finite_or_zero(shift[j])
        factor[j] = exp_(factor[j] - shift[j])
    for i in range(rows):
        for j in range(columns):
            more[j] += exp_(row[i][j] - shift[j])
    for j in range(columns):
        total[j] = total[j] * factor[j] + more[j]


cdef void merge_exponentials(floating* most, double* total, const floating* new, const double* new_total,
                             Py_ssize_t count) noexcept nogil:
    """Fold the states of one thread into those of another."""
    cdef floating larger, shift
    cdef Py_ssize_t i
    for i in range(count):
        larger = larger_or_nan(new[i], most[i])
        shift = finite_or_zero(larger)
        total[i] = total[i] * exp_(most[i] - shift) + new_total[i] * exp_(new[i] - shift)
        most[i] = larger


cdef void maxima_and_sums(floating* most, double* total, const Walk* walk) noexcept nogil:
    """The states of all results"""
    cdef State state = State(<char*>most, <char*>total, 0, False)
    cdef Py_ssize_t i
    for i in range(walk.count):
        most[i] = -<floating>INFINITY
        total[i] = 0
    fold(walk, <room_t>fold_exponentials[floating], <merge_t>merge_exponentials[floating], &state, sizeof(floating),
         sizeof(double), GRAIN)


cdef void logs_of_sums(floating* most, const double* total, Py_ssize_t count) noexcept nogil:
    """most = m + log(sum); an infinite or undefined m is the result itself"""
    cdef Py_ssize_t i
    for i in range(count):
        if most[i] - most[i] == 0:
            most[i] = <floating>(most[i] + log(total[i]))
