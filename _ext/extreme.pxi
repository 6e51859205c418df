# The rooms of maxima and minima: one row, or rows into each other, of any kind of number. Needs simd.pxi, walk.pxi,
# fetch.pxi, soon.pxi and ahead.pxi.
#
# `least` says which: 0 for maxima, 1 for minima. Every room is compiled for either, since a constant costs no time.

cdef enum:
    BLOCK = 2048    # numbers of a row that are looked at together
    FOUR = 4        # rows of columns that are read at once
    TILE = 1024     # columns that are reduced together: these rows, brought side by side, stay in a near cache
    WIDE = 4096     # the same where they are read as they come: their states stay there
    GROUP = 16      # rows whose lanes are folded together at last; more, and memory waits too long for it
    LANES = 32      # running extremes side by side: more than 16, which the compiler would take one by one
    PAIRS = 16      # and half as many
    NEXT = 16       # lines of memory of the next rows


cdef inline number worst(number unused, int least) noexcept nogil:
    """What no number is worse than"""
    cdef number most
    if number is float or number is double:
        most = <number>INFINITY
        return most if least else -most
    elif number is uint8_t:
        return 255 if least else 0
    else:
        most = <number>((<uint64_t>1 << (8 * sizeof(number) - 1)) - 1)
        return most if least else -most - 1


cdef inline bint is_nan(number x) noexcept nogil:
    if number is float or number is double:
        return x != x
    else:
        return False


cdef inline bint either_is_nan(number x, number y) noexcept nogil:
    if number is float or number is double:
        return isunordered(x, y)    # one instruction
    else:
        return False


cdef inline number nan_like(number x) noexcept nogil:
    if number is float or number is double:
        return <number>NAN
    else:
        return x


cdef inline bint beats(number new, number best, int least) noexcept nogil:
    """Is `new` better than what came before it? A nan beats every number, but not the nan that came before it."""
    if number is float or number is double:
        return (new < best if least else new > best) | ((new != new) & (best == best))
    else:
        return new < best if least else new > best


cdef inline number better(number new, number best, int least) noexcept nogil:
    """The better one of two that are no nan"""
    if least:
        return new if new < best else best
    return new if new > best else best


cdef inline number better_or_nan(number new, number best, int least) noexcept nogil:
    """The better one, nan when either is"""
    cdef number most = better(new, best, least)
    return new if is_nan(new) else most


cdef inline Py_ssize_t smaller(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return a if a < b else b


cdef inline number better_of_three(number x, number y, number best, int least) noexcept nogil:
    """The best of three, nan where x or y is; and nan stays nan: it is no better than x or y, nor are they"""
    cdef number most = better(better(x, y, least), best, least)
    return nan_like(most) if either_is_nan(x, y) else most


cdef inline Py_ssize_t past_line(const number* x) noexcept nogil:
    """How many numbers lie between the beginning of a line of memory and x"""
    return <Py_ssize_t>(<size_t>x % LINE // sizeof(number))


cdef inline_void lanes_of_row(const number* x, Py_ssize_t n, int least, bint ask, number* lane) noexcept nogil:
    """n >= LANES numbers folded into LANES, of which one is nan if one of the numbers is; ask: as ahead.pxi says

    From the second turn on lines are read as they lie in memory, and not the end of one with the beginning of the next.
    """
    cdef number best[LANES]     # its own, which stays in registers
    cdef Py_ssize_t i = 0
    cdef const number* first
    cdef const number* second
    cdef int j
    for j in range(LANES):
        best[j] = worst(<number>0, least)
    while i < n:
        first = x + smaller(i, n - LANES)           # the last ones may be looked at twice
        second = x + smaller(i + LANES, n - LANES)
        if number is float or number is double:
            if ask:
                soon_ahead(<const char*>first, LANES * sizeof(number))
                for j in range(LANES):
                    best[j] = better_or_nan(first[j], best[j], least)
                soon_ahead(<const char*>second, LANES * sizeof(number))
                for j in range(LANES):
                    best[j] = better_or_nan(second[j], best[j], least)
            else:
                for j in range(LANES):
                    best[j] = better_of_three(first[j], second[j], best[j], least)
        else:       # of two comparisons of integers in one loop the compiler would make branches
            for j in range(LANES):
                best[j] = better(first[j], best[j], least)
            for j in range(LANES):
                best[j] = better(second[j], best[j], least)
        i += 2 * LANES if i else 2 * LANES - past_line(x)
    for j in range(LANES):
        lane[j] = best[j]


cdef inline_void better_of_pairs(const number* x, Py_ssize_t n, int least, number* most) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        most[i] = better(x[2 * i], x[2 * i + 1], least)


cdef inline_void extreme_of_row(const number* x, Py_ssize_t n, int least, bint ask, number* most) noexcept nogil:
    """most = the best of most and the numbers of x"""
    cdef number lane[LANES]
    cdef number half[LANES]
    cdef number best = most[0]
    cdef int j
    cdef bint odd = False
    if n >= LANES:
        if ask:
            lanes_of_row(x, n, least, True, lane)
        else:
            lanes_of_row(x, n, least, False, lane)
        for j in range(LANES):
            odd |= is_nan(lane[j])
        better_of_pairs(lane, LANES // 2, least, half)
        better_of_pairs(half, LANES // 4, least, lane)
        better_of_pairs(lane, LANES // 8, least, half)
        better_of_pairs(half, LANES // 16, least, lane)
        x = lane
        n = LANES // 16
        best = nan_like(best) if odd else best
    for j in range(<int>n):
        best = better_or_nan(x[j], best, least)
    most[0] = best


cdef inline_void extremes_of_rows(const char* x, Py_ssize_t step, Py_ssize_t n, int least, bint ask, number* most
                                  ) noexcept nogil:
    """most = the extremes of GROUP rows of n >= LANES numbers, `step` bytes apart

    What is left of the lanes is folded for all rows at once: for a row alone that takes longer than 64 numbers do.
    """
    cdef number table[LANES * GROUP]    # the lanes of all rows
    cdef number half[PAIRS * GROUP]
    cdef Py_ssize_t i
    if ask:
        for i in range(GROUP):
            lanes_of_row(<const number*>(x + i * step), n, least, True, table + LANES * i)
    else:
        for i in range(GROUP):
            lanes_of_row(<const number*>(x + i * step), n, least, False, table + LANES * i)
    for i in range(NEXT):       # memory shall not rest while the lanes are folded
        soon(x + GROUP * step + i * LINE)
    if has_nan(table):
        for i in range(GROUP):
            most[i] = worst(<number>0, least)
            extreme_of_row(<const number*>(x + i * step), n, least, False, &most[i])
        return
    better_of_lanes(table, least, half, most)


cdef inline bint has_nan(const number* table) noexcept nogil:
    """Is there a nan in the lanes of GROUP rows?"""
    cdef int64_t wide = 0       # in as many bits as the numbers have, so that SIMD can
    cdef int32_t narrow = 0
    cdef Py_ssize_t i
    for i in range(PAIRS * GROUP):
        if number is double:
            wide |= either_is_nan(table[i], table[i + PAIRS * GROUP])
        else:
            narrow |= either_is_nan(table[i], table[i + PAIRS * GROUP])
    return wide != 0 or narrow != 0


cdef inline_void better_of_lanes(number* table, int least, number* half, number* most) noexcept nogil:
    """The best of the lanes of each of GROUP rows; the table is written over"""
    cdef Py_ssize_t i
    cdef int j
    for i in range(GROUP):
        for j in range(PAIRS):
            half[PAIRS * i + j] = better(table[LANES * i + j], table[LANES * i + PAIRS + j], least)
    better_of_pairs(half, PAIRS // 2 * GROUP, least, table)
    better_of_pairs(table, PAIRS // 4 * GROUP, least, half)
    better_of_pairs(half, PAIRS // 8 * GROUP, least, table)
    better_of_pairs(table, GROUP, least, most)


cdef simd_void room_of_extremes(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                const State* state) noexcept nogil:
    """Fold numbers that lie side by side into state.values."""
    fold_extremes(x, sides, <number*>state.values + out, state.least)


cdef reading_void room_of_scattered_extremes(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                             const State* state) noexcept nogil:
    """The same of numbers that lie apart: to bring them side by side takes longer in 64 bytes than in 32."""
    fold_extremes(x, sides, <number*>state.values + out, state.least)


cdef inline_void fold_extremes(const number* start, const Side* sides, number* best, int least) noexcept nogil:
    if sides[1].out and least:
        fold_columns(<const char*>start, sides, best, 1)
    elif sides[1].out:
        fold_columns(<const char*>start, sides, best, 0)
    elif least:
        fold_rows(<const char*>start, sides, best, 1)
    else:
        fold_rows(<const char*>start, sides, best, 0)


cdef inline_void fold_rows(const char* x, const Side* sides, number* best, int least) noexcept nogil:
    """Each row into its own result"""
    cdef number room[TILE]
    cdef number most[GROUP]
    cdef const number* row
    cdef Py_ssize_t n = sides[1].size, step = sides[1].step, i = 0, j, k, some
    cdef bint ask = asks and step == sizeof(number) and sides[0].size * n * step > FAR
    if step == sizeof(number) and LANES <= n <= BLOCK and sides[0].size >= GROUP:
        while i < sides[0].size:
            i = sides[0].size - GROUP if sides[0].size - i < GROUP else i   # the last ones may be looked at twice
            extremes_of_rows(x + i * sides[0].step, sides[0].step, n, least, ask, most)
            for k in range(i, i + GROUP):
                best[k * sides[0].out] = better_or_nan(most[k - i], best[k * sides[0].out], least)
            i += GROUP
    while i < sides[0].size:
        j = 0
        while j < n:
            some = TILE if n - j > TILE and step != sizeof(number) else n - j
            row = fetch(x + j * step, step, some, room)
            extreme_of_row(row, some, least, ask, best)
            j += some
        x += sides[0].step
        best += sides[0].out
        i += 1


cdef inline Py_ssize_t known_stride(Py_ssize_t step, Py_ssize_t size) noexcept nogil:
    """1 or 2 for numbers side by side or every other one, which the compiler turns into SIMD, 0 for all else"""
    return 1 if step == size else 2 if step == 2 * size else 0


cdef inline_void fetch_four(const char* x, Py_ssize_t apart, Py_ssize_t step, Py_ssize_t n, number* room) noexcept nogil:
    """Four rows, `apart` bytes apart, brought side by side; row k is at room[k * TILE]"""
    cdef Py_ssize_t k
    for k in range(FOUR):
        gather(<const number*>(x + k * apart), step, n, room + k * TILE)


cdef inline_void fold_four(const number* x, Py_ssize_t apart, Py_ssize_t stride, Py_ssize_t n, int least, number* best
                           ) noexcept nogil:
    """Four rows, `apart` bytes apart, into one: one after the other, each would wait for what the one before stored."""
    cdef const number* second = <const number*>(<const char*>x + apart)
    cdef const number* third = <const number*>(<const char*>x + 2 * apart)
    cdef const number* fourth = <const number*>(<const char*>x + 3 * apart)
    cdef number most
    cdef Py_ssize_t k
    for k in range(n):
        most = better(better(fourth[k * stride], third[k * stride], least),
                      better(second[k * stride], x[k * stride], least), least)
        most = better(most, best[k], least)
        best[k] = nan_like(most) if (
            either_is_nan(x[k * stride], second[k * stride]) | either_is_nan(third[k * stride], fourth[k * stride])
        ) else most


cdef inline_void fold_columns(const char* x, const Side* sides, number* best, int least) noexcept nogil:
    """Rows into each other, or into results of their own

    The first row of each quarter, the second, and so on: four streams of memory that the processor fetches ahead.
    Neighbours would be parts of one stream, which it does not recognise.
    """
    cdef number room[FOUR * TILE]
    cdef const number* row
    cdef const char* start
    cdef Py_ssize_t n = sides[1].size, step = sides[1].step, stride = known_stride(step, sizeof(number))
    cdef Py_ssize_t quarter = sides[0].size // FOUR if sides[0].out == 0 else 0, apart = quarter * sides[0].step
    cdef Py_ssize_t i, j = 0, k, some, wide = WIDE if stride else TILE
    cdef number* here
    while j < n:
        some = wide if n - j > wide else n - j
        for i in range(quarter):
            start = x + i * sides[0].step + j * step
            if stride == 1:
                fold_four(<const number*>start, apart, 1, some, least, best + j)
            elif stride == 2:
                fold_four(<const number*>start, apart, 2, some, least, best + j)
            else:
                fetch_four(start, apart, step, some, room)
                fold_four(room, TILE * sizeof(number), 1, some, least, best + j)
        for i in range(FOUR * quarter, sides[0].size):
            row = fetch(x + i * sides[0].step + j * step, step, some, room)
            here = best + i * sides[0].out + j
            for k in range(some):
                here[k] = better_or_nan(row[k], here[k], least)
        j += some
