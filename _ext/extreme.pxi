# The rooms of maxima and minima: one row, or rows into each other, of any kind of number. Needs simd.pxi, walk.pxi,
# fetch.pxi, soon.pxi, ahead.pxi and lines.pxi.
#
# `least` says which: 0 for maxima, 1 for minima. Every room is compiled for either, since a constant costs no time.

cdef enum:
    BLOCK = 2048    # numbers of a row that are looked at together, side by side in a near cache
    FOUR = 4        # rows of columns that are read at once
    TILE = 1024     # columns that are reduced together: these rows, brought side by side, stay in a near cache
    WIDE = 4096     # the same where they are read as they come: their states stay there
    WHOLE = 1 << 16 # and on processors that have to be asked for memory, which read long rows faster
    GROUP = 16      # rows whose lanes are folded together at last; more, and memory waits too long for it
    LANES = 16      # running extremes side by side: one register of float32 in AVX-512
    WORTH = 32      # numbers of a row that lanes are worth, and lanes of integers while a row is read
    TURN = 64       # numbers that are folded into them at a time
    ASKED = 2048    # bytes that are asked for together, of every other number
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


cdef inline Py_ssize_t past_line(const number* x) noexcept nogil:
    """How many numbers lie between the beginning of a line of memory and x"""
    return <Py_ssize_t>(<size_t>x % LINE // sizeof(number))


cdef inline_void lanes_of_row(const number* x, Py_ssize_t n, int least, bint ask, number* lane, number* when
                              ) noexcept nogil:
    """n >= WORTH numbers folded into LANES, of which one is nan if one of the numbers is; ask: as ahead.pxi says

    when: for each of them the turn in which it came first, in a number of the kind that is compared, so that both go
    side by side; or NULL
    """
    if number is float or number is double:
        if ask:
            fold_turns(x, n, least, True, lane, when)
        else:
            fold_turns(x, n, least, False, lane, when)
    else:
        fold_turns_of_integers(x, n, least, lane, when)


cdef inline_void fold_turns(const number* x, Py_ssize_t n, int least, bint ask, number* lane, number* when
                            ) noexcept nogil:
    """From the second turn on lines are read as they lie in memory, not the end of one with the beginning of the next.

    Four registers are folded into one, which alone waits for the turn before.
    """
    cdef number best[LANES]     # their own, which stay in registers
    cdef number turns[LANES]
    cdef number turn = 0, new
    cdef const number* y
    cdef Py_ssize_t last = n - TURN if n > TURN else 0, i = 0
    cdef Py_ssize_t second = smaller(LANES, n - LANES), third = smaller(2 * LANES, n - LANES)
    cdef Py_ssize_t fourth = smaller(3 * LANES, n - LANES)
    cdef int j
    for j in range(LANES):
        best[j] = worst(<number>0, least)
        turns[j] = 0
    while i < n:
        y = x + smaller(i, last)    # the last ones may be looked at twice
        if ask:                     # 2 KB before, since lines of a turn are asked for together
            soon_ahead(<const char*>y + AHEAD, TURN * sizeof(number))
        for j in range(LANES):      # no comparison twice, else the compiler would branch at it
            new = better(better(y[j], y[second + j], least), better(y[third + j], y[fourth + j], least), least)
            new = better(new, best[j], least)
            if when != NULL:
                turns[j] = turn if new != best[j] else turns[j]
            best[j] = nan_like(new) if (
                either_is_nan(y[j], y[second + j]) | either_is_nan(y[third + j], y[fourth + j])
            ) else new
        turn += 1
        i += TURN if i else TURN - past_line(x)
    for j in range(LANES):
        lane[j] = best[j]
        if when != NULL:
            when[j] = turns[j]


cdef inline_void fold_turns_of_integers(const number* x, Py_ssize_t n, int least, number* lane, number* when
                                        ) noexcept nogil:
    """The same with twice as many lanes: so short a loop over fewer the compiler unrolls, and finds no SIMD in it."""
    cdef number best[WORTH]
    cdef number turns[WORTH]
    cdef number turn = 0, new, never = worst(<number>0, 1)
    cdef const number* y
    cdef Py_ssize_t last = n - TURN if n > TURN else 0, second = smaller(WORTH, n - WORTH), i = 0
    cdef int j
    for j in range(WORTH):
        best[j] = worst(<number>0, least)
        turns[j] = 0
    while i < n:
        y = x + smaller(i, last)
        if when != NULL:
            for j in range(WORTH):
                new = better(better(y[j], y[second + j], least), best[j], least)
                turns[j] = turn if new != best[j] else turns[j]
                best[j] = new
        else:       # of two comparisons in one loop the compiler would make branches
            for j in range(WORTH):
                best[j] = better(y[j], best[j], least)
            for j in range(WORTH):
                best[j] = better(y[second + j], best[j], least)
        turn += 1
        i += TURN if i else TURN - past_line(x)
    for j in range(LANES):
        lane[j] = better(best[j], best[LANES + j], least)
        if when != NULL:
            when[j] = better(turns[j] if best[j] == lane[j] else never,
                             turns[LANES + j] if best[LANES + j] == lane[j] else never, 1)


cdef inline const number* fetch_ahead(const char* x, Py_ssize_t step, Py_ssize_t n, number* room) noexcept nogil:
    """fetch; every other number as ahead.pxi says: 128 MB come in 8 instead of 10 ms"""
    cdef Py_ssize_t i = 0, some
    if not asks or step != 2 * sizeof(number):
        return fetch(x, step, n, room)
    while i < n:
        some = smaller(ASKED // step, n - i)
        soon_ahead(x + i * step, some * step)
        fetch(x + i * step, step, some, room + i)
        i += some
    return room


cdef inline_void better_of_pairs(const number* x, Py_ssize_t n, int least, number* most) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        most[i] = better(x[2 * i], x[2 * i + 1], least)


cdef inline_void extreme_of_row(const number* x, Py_ssize_t n, int least, bint ask, number* most) noexcept nogil:
    """most = the best of most and the numbers of x"""
    cdef number lane[LANES]
    cdef number half[LANES]
    cdef number best = most[0]
    cdef Py_ssize_t line = LINE // sizeof(number), lines
    cdef int j
    if (number is float or number is double) and ask and reads_lines and n * sizeof(number) >= FAR:
        lines = n // line
        best = better_or_nan(best_of_lines(x, lines, least), best, least)
        x += lines * line
        n -= lines * line
    elif n >= WORTH:
        lanes_of_row(x, n, least, ask, lane, NULL)
        if number is float or number is double:
            best = nan_like(best) if has_nan(lane, LANES) else best
            better_of_pairs(lane, LANES // 2, least, half)
            better_of_pairs(half, LANES // 4, least, lane)
            better_of_pairs(lane, LANES // 8, least, half)
            x = half
            n = LANES // 8
        else:
            x = lane
            n = LANES
    for j in range(<int>n):
        best = better_or_nan(x[j], best, least)
    most[0] = best


cdef inline_void extremes_of_rows(const char* x, const Side* sides, int least, number* room, number* most
                                  ) noexcept nogil:
    """most = the extremes of GROUP rows of WORTH numbers or more, no more than the room holds if they lie apart

    What is left of the lanes is folded for all rows at once: for a row alone that takes longer than 64 numbers do.
    """
    cdef number table[LANES * GROUP]    # the lanes of all rows
    cdef number half[LANES * GROUP]
    cdef const number* row
    cdef Py_ssize_t n = sides[1].size, step = sides[1].step, i
    for i in range(GROUP):
        row = fetch_ahead(x + i * sides[0].step, step, n, room)
        lanes_of_row(row, n, least, asks and row != room, table + LANES * i, NULL)
    for i in range(NEXT):       # memory shall not rest while the lanes are folded
        soon(x + GROUP * sides[0].step + i * LINE)
    if has_nan(table, LANES * GROUP):
        extremes_with_nan(x, sides, least, room, most)
    else:
        better_of_rows(table, least, half, most)


cdef inline_void extremes_with_nan(const char* x, const Side* sides, int least, number* room, number* most
                                   ) noexcept nogil:
    """The same, row by row"""
    cdef const number* row
    cdef Py_ssize_t i
    for i in range(GROUP):
        most[i] = worst(<number>0, least)
        row = fetch(x + i * sides[0].step, sides[1].step, sides[1].size, room)
        extreme_of_row(row, sides[1].size, least, False, &most[i])


cdef inline bint has_nan(const number* table, Py_ssize_t n) noexcept nogil:
    """Is there a nan among n numbers, an even number?"""
    cdef int64_t wide = 0       # in as many bits as the numbers have, so that SIMD can
    cdef int32_t narrow = 0
    cdef Py_ssize_t i
    for i in range(n // 2):
        if number is double:
            wide |= either_is_nan(table[i], table[i + n // 2])
        else:
            narrow |= either_is_nan(table[i], table[i + n // 2])
    return wide != 0 or narrow != 0


cdef inline_void better_of_rows(number* table, int least, number* half, number* most) noexcept nogil:
    """The best number of each of GROUP rows of LANES lanes; the table is written over"""
    better_of_pairs(table, LANES // 2 * GROUP, least, half)
    better_of_pairs(half, LANES // 4 * GROUP, least, table)
    better_of_pairs(table, LANES // 8 * GROUP, least, half)
    better_of_pairs(half, GROUP, least, most)


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
    cdef number room[BLOCK]
    cdef number most[GROUP]
    cdef const number* row
    cdef Py_ssize_t n = sides[1].size, step = sides[1].step, i = 0, j, k, some
    if WORTH <= n <= BLOCK and sides[0].size >= GROUP:
        while i < sides[0].size:
            i = sides[0].size - GROUP if sides[0].size - i < GROUP else i   # the last ones may be looked at twice
            extremes_of_rows(x + i * sides[0].step, sides, least, room, most)
            for k in range(i, i + GROUP):
                best[k * sides[0].out] = better_or_nan(most[k - i], best[k * sides[0].out], least)
            i += GROUP
    while i < sides[0].size:
        j = 0
        while j < n:
            some = BLOCK if n - j > BLOCK and step != sizeof(number) else n - j
            row = fetch_ahead(x + j * step, step, some, room)
            extreme_of_row(row, some, least, asks and row != room, best)
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
    cdef Py_ssize_t i, j = 0, k, some, wide = (WHOLE if asks else WIDE) if stride else TILE
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
        j += some
    j = 0
    while j < n:
        some = smaller(FOUR * TILE, n - j)      # as many as the room has
        for i in range(FOUR * quarter, sides[0].size):
            row = fetch(x + i * sides[0].step + j * step, step, some, room)
            here = best + i * sides[0].out + j
            for k in range(some):
                here[k] = better_or_nan(row[k], here[k], least)
        j += some
