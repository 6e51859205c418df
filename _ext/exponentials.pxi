# The rooms of sums of exponentials: e^(x_1 - m) + ... + e^(x_n - m), m = max(x), in one read of memory, and what they give.
# Needs simd.pxi, rows.pxi, explog.pxi, walk.pxi, fetch.pxi, soon.pxi.
#
# What is in the nearest cache is looked at twice, for the maxima and for the powers. Powers keep the processor busy, and
# memory idle, unless the numbers after these are asked for meanwhile: 64 MB in rows of 1 KB take 7.3 instead of 8.6 ms.
#
# Whenever a block of numbers brings a larger maximum, the sum so far is multiplied by e^(old - new). A state is such a
# maximum (state.values) and its sum (state.more, in double precision). Milakov and Gimelshein 2018,
# https://arxiv.org/abs/1805.02867

cdef enum:
    TILE = 512          # powers that are added in their own precision, and powers of a row that are kept together
    BAND = 16           # rows that are added together,
    COLUMNS = 256       # and so many columns of them: ROOM numbers
    ROOM = 1 << 12      # numbers of x that stay in the nearest cache while they are looked at twice


cdef inline floating finite_or_zero(floating m) noexcept nogil:
    """What is subtracted: not an infinite maximum of no numbers but -inf, since inf - inf is nan"""
    return 0 if m == -<floating>INFINITY else m


cdef simd_void fold_exponentials(const floating* start, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                 const State* state) noexcept nogil:
    """Fold numbers into the maxima and sums of the states."""
    cdef floating room[ROOM]
    cdef const char* x = <const char*>start
    cdef floating* most = <floating*>state.values + out
    cdef double* total = <double*>state.more + out
    cdef Py_ssize_t rows, columns, i = 0, j, some
    cdef bint by_rows = sides[1].out == 0
    if by_rows:
        columns = sides[1].size if sides[1].size < ROOM else ROOM
        rows = ROOM // columns
    else:
        rows = BAND if sides[0].out == 0 else 1
        columns = COLUMNS
    while i < sides[0].size:
        rows = sides[0].size - i if sides[0].size - i < rows else rows
        j = 0
        while j < sides[1].size:
            some = sides[1].size - j if sides[1].size - j < columns else columns
            if by_rows:
                fold_rows(x + j * sides[1].step, sides, rows, some, room, most, total)
            else:
                fold_columns(x + j * sides[1].step, sides, rows, some, room, most + j, total + j)
            j += some
        x += rows * sides[0].step
        most += rows * sides[0].out
        total += rows * sides[0].out
        i += rows


cdef inline_void soon_row(const char* x, Py_ssize_t n, Py_ssize_t step) noexcept nogil:
    """Ask for n numbers that are `step` bytes apart"""
    cdef Py_ssize_t i
    for i in range(n * step // LINE if step < LINE else 0):
        soon(x + i * LINE)


cdef inline_void fold_rows(const char* x, const Side* sides, Py_ssize_t rows, Py_ssize_t n, floating* room,
                           floating* most, double* total) noexcept nogil:
    """The maxima of all rows first: what ends the one row is computed while the next one begins"""
    cdef const floating* row[ROOM]
    cdef floating found[ROOM]
    cdef floating new, shift
    cdef double more
    cdef Py_ssize_t i, ahead = n * sides[1].step if rows == 1 else rows * sides[0].step
    for i in range(rows):
        row[i] = fetch(x + i * sides[0].step, sides[1].step, n, room + i * n)
        row_max(row[i], n, &found[i])
        if found[i] - found[i] != 0:
            row_max_or_nan(row[i], n, &found[i])
    for i in range(rows):
        new = larger_or_nan(found[i], most[0])
        shift = finite_or_zero(new)
        soon_row(x + i * sides[0].step + ahead, n, sides[1].step)
        sum_of_powers(row[i], n, shift, &more)
        if new != most[0]:
            total[0] *= exp_(most[0] - shift)
            most[0] = new
        total[0] += more
        most += sides[0].out
        total += sides[0].out


cdef void row_max_or_nan(const floating* x, Py_ssize_t n, floating* largest) noexcept nogil:
    """row_max, or nan when one of the numbers is; only beside an infinite maximum the sum of the powers hides that"""
    cdef Py_ssize_t j
    for j in range(n):
        largest[0] = larger_or_nan(x[j], largest[0])


cdef inline_void sum_of_powers(const floating* x, Py_ssize_t n, floating shift, double* total) noexcept nogil:
    """total = sum of e^(x - shift), each lane adding at most TILE / LANES numbers in their own precision"""
    cdef floating lane[LANES]
    cdef double wide[LANES]
    cdef double outcome = 0
    cdef Py_ssize_t i = 0, j, stop
    for j in range(LANES):
        wide[j] = 0
    while n - i >= LANES:
        stop = i + TILE if n - i > TILE else n
        for j in range(LANES):
            lane[j] = 0
        while stop - i >= LANES:
            for j in range(LANES):
                lane[j] += term(x[i + j] - shift)
            i += LANES
        for j in range(LANES):
            wide[j] += lane[j]
    for j in range(LANES // 2):
        wide[j] += wide[j + LANES // 2]
    for j in range(LANES // 4):
        wide[j] += wide[j + LANES // 4]
    for j in range(LANES // 4):
        outcome += wide[j]
    for j in range(i, n):
        outcome += term(x[j] - shift)
    total[0] = outcome


cdef inline_void fold_columns(const char* x, const Side* sides, Py_ssize_t rows, Py_ssize_t columns, floating* room,
                              floating* most, double* total) noexcept nogil:
    """A row of maxima first, then the powers of all rows, added row by row"""
    cdef const floating* row[BAND]
    cdef floating shift[COLUMNS]
    cdef floating more[COLUMNS]
    cdef floating factor[COLUMNS]
    cdef bint infinite = False
    cdef Py_ssize_t i, j, ahead = rows * sides[0].step if columns == sides[1].size else columns * sides[1].step
    for i in range(rows):
        row[i] = fetch(x + i * sides[0].step, sides[1].step, columns, room + i * columns)
    for j in range(columns):
        shift[j] = most[j]
        more[j] = 0
    i = 0
    while i + 4 <= rows:    # four rows at a time: as many numbers are read, but a quarter of the maxima written
        for j in range(columns):
            shift[j] = larger(larger(larger(row[i][j], row[i + 1][j]), larger(row[i + 2][j], row[i + 3][j])), shift[j])
        i += 4
    while i < rows:
        for j in range(columns):
            shift[j] = larger(row[i][j], shift[j])
        i += 1
    for j in range(columns):
        infinite |= shift[j] - shift[j] != 0
    if infinite:
        for i in range(rows):
            for j in range(columns):
                shift[j] = larger_or_nan(row[i][j], shift[j])
    for j in range(columns):
        factor[j] = most[j]
        most[j] = shift[j]
        shift[j] = finite_or_zero(shift[j])
        factor[j] = exp_(factor[j] - shift[j])
    for i in range(rows):
        soon_row(x + i * sides[0].step + ahead, columns, sides[1].step)
        for j in range(columns):
            more[j] += term(row[i][j] - shift[j])
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
    cdef State state = State(<char*>most, <char*>total, 0)
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
