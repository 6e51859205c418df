# The rooms of places: where the largest or the smallest number of a row stands, or of rows into each other. Needs
# extreme.pxi.

from libc.stdint cimport INT32_MAX, INT64_MAX
from libc.string cimport memset

cdef enum:
    LOOK = 64       # numbers that are compared together
    BAND = 1024     # rows that are reduced into each other while their states stay in the nearest cache,
    BAND_OF_BYTES = 124     # and so many where 8 bits with a sign have to count them
    TURNS = 127     # so many turns, and a part of one, from 0 on: their numbers fit into 8 bits with a sign


cdef simd_void room_of_places_in_rows(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                      const State* state) noexcept nogil:
    """Fold numbers into state.values, and where the winners stand into state.more."""
    if state.least:
        places_in_rows(<const char*>x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 1)
    else:
        places_in_rows(<const char*>x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 0)


cdef reading_void room_of_places_in_columns(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                            const State* state) noexcept nogil:
    """The same of rows that are folded into each other"""
    if state.least:
        places_of_columns(<const char*>x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 1)
    else:
        places_of_columns(<const char*>x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 0)


cdef reading_void room_of_first_place(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                   const State* state) noexcept nogil:
    """Fold numbers into state.values, and the smallest of the winner's places into state.more."""
    if state.least:
        find_first_place(<const char*>x, sides, place, 1, <number*>state.values, <int64_t*>state.more)
    else:
        find_first_place(<const char*>x, sides, place, 0, <number*>state.values, <int64_t*>state.more)


cdef inline_void places_in_rows(const char* x, const Side* sides, Py_ssize_t place, number* best, int64_t* places,
                                int least) noexcept nogil:
    cdef number room[BLOCK]
    cdef number most[GROUP]
    cdef Py_ssize_t starts[GROUP]
    cdef const number* row
    cdef Py_ssize_t n = sides[1].size, step = sides[1].step, i = 0, k, at, some, first
    if WORTH <= n <= (TURNS * TURN if step == sizeof(number) else BLOCK) and sides[0].size >= GROUP:
        while i < sides[0].size:
            i = sides[0].size - GROUP if sides[0].size - i < GROUP else i   # what is looked at twice beats nothing
            extremes_and_starts(x + i * sides[0].step, sides, least, room, most, starts)
            for k in range(GROUP):
                at = (i + k) * sides[0].out
                if beats(most[k], best[at], least):
                    best[at] = most[k]
                    some = smaller(TURN, n - starts[k]) if starts[k] else n
                    row = fetch(x + (i + k) * sides[0].step + starts[k] * step, step, some, room)
                    first_place(row, some, most[k], &first)
                    places[at] = place + (i + k) * sides[0].place + (starts[k] + first) * sides[1].place
            i += GROUP
    while i < sides[0].size:
        place_in_row(x + i * sides[0].step, &sides[1], place + i * sides[0].place, least, best + i * sides[0].out,
                     places + i * sides[0].out)
        i += 1


cdef inline_void extremes_and_starts(const char* x, const Side* sides, int least, number* room, number* most,
                                     Py_ssize_t* starts) noexcept nogil:
    """most = the extremes of GROUP rows as in extremes_of_rows, and where those TURN numbers start that have them first

    Where there is a nan, all rows are looked through from the start on.
    """
    cdef number table[LANES * GROUP]    # the lanes of all rows
    cdef number when[LANES * GROUP]     # and the turns in which they met what they hold
    cdef number copy[LANES * GROUP]
    cdef number half[LANES * GROUP]
    cdef number first[GROUP]
    cdef number never = worst(<number>0, 1)
    cdef const number* row
    cdef Py_ssize_t n = sides[1].size, step = sides[1].step, i
    cdef int j
    memset(starts, 0, GROUP * sizeof(Py_ssize_t))
    if n <= TURN:
        extremes_of_rows(x, sides, least, room, most)
        return
    for i in range(GROUP):
        row = fetch_ahead(x + i * sides[0].step, step, n, room)
        starts[i] = -past_line(row)
        lanes_of_row(row, n, least, asks and row != room, table + LANES * i, when + LANES * i)
    if has_nan(table, LANES * GROUP):
        memset(starts, 0, GROUP * sizeof(Py_ssize_t))
        extremes_with_nan(x, sides, least, room, most)
        return
    memcpy(copy, table, sizeof(table))
    better_of_rows(copy, least, half, most)
    for i in range(GROUP):
        for j in range(LANES):
            when[LANES * i + j] = when[LANES * i + j] if table[LANES * i + j] == most[i] else never
    better_of_rows(when, 1, half, first)
    for i in range(GROUP):
        starts[i] = smaller(starts[i] + <Py_ssize_t>first[i] * TURN, n - TURN) if first[i] != 0 else 0


cdef inline_void place_in_row(const char* x, const Side* side, Py_ssize_t place, int least, number* best,
                              int64_t* where) noexcept nogil:
    """Find the best block of a row first, then the place in this block alone."""
    cdef number room[BLOCK]
    cdef const number* row
    cdef number new, most = best[0]
    cdef Py_ssize_t n = side.size, i = 0, some, found = -1, first
    while i < n:
        some = BLOCK if n - i > BLOCK else n - i
        row = fetch_ahead(x + i * side.step, side.step, some, room)
        new = worst(most, least)
        extreme_of_row(row, some, least, asks and row != room, &new)
        if beats(new, most, least):
            most = new
            found = i
        i += some
    if found >= 0:
        best[0] = most
        some = BLOCK if n - found > BLOCK else n - found
        row = fetch(x + found * side.step, side.step, some, room)
        first_place(row, some, most, &first)
        where[0] = place + (found + first) * side.place


cdef inline_void first_place(const number* x, Py_ssize_t n, number wanted, Py_ssize_t* place) noexcept nogil:
    """The first place of the number `wanted`; n if it is not there"""
    cdef int64_t wide, far = LOOK
    cdef int32_t narrow, first = LOOK
    cdef Py_ssize_t i = 0
    cdef int j
    while n >= LOOK and i < n and not is_nan(wanted):   # nan is looked for one by one
        i = n - LOOK if n - i < LOOK else i         # the last ones may be looked at twice
        if number is double or number is int64_t:   # places of as many bits as the numbers have go side by side
            for j in range(LOOK):
                wide = j if x[i + j] == wanted else LOOK
                far = wide if wide < far else far
            first = <int32_t>far
        else:
            for j in range(LOOK):
                narrow = j if x[i + j] == wanted else LOOK
                first = narrow if narrow < first else first
        if first < LOOK:
            place[0] = i + first
            return
        i += LOOK
    while i < n and not (is_nan(x[i]) if is_nan(wanted) else x[i] == wanted):
        i += 1
    place[0] = i


cdef inline_void places_of_columns(const char* x, const Side* sides, Py_ssize_t place, number* best, int64_t* places,
                                   int least) noexcept nogil:
    """BAND rows at a time, or one where each has results of its own"""
    cdef Py_ssize_t n = sides[1].size, i = 0, j, some, at
    cdef Py_ssize_t wide = WIDE if known_stride(sides[1].step, sizeof(number)) else TILE
    cdef bint ask = asks and sides[1].step == sizeof(number) and sides[0].size * n * sides[1].step > FAR
    cdef Py_ssize_t rows = 1 if sides[0].out else BAND_OF_BYTES if sizeof(number) == 1 else BAND
    while i < sides[0].size:
        rows = sides[0].size - i if sides[0].size - i < rows else rows
        at = i * sides[0].out
        j = 0
        while j < n:
            some = wide if n - j > wide else n - j
            places_in_columns(x + i * sides[0].step + j * sides[1].step, sides, rows, some, place + i * sides[0].place,
                              least, ask, best + at + j, places + at + j)
            j += some
        i += rows


cdef inline_void places_in_columns(const char* x, const Side* sides, Py_ssize_t rows, Py_ssize_t columns,
                                   Py_ssize_t place, int least, bint ask, number* best, int64_t* places) noexcept nogil:
    """Fold rows into each other, four at once in the order of fold_columns; all of them one by one if there is a nan.

    Which one won is kept, counted from 1, in a number of the kind that is compared: so both go side by side.
    """
    cdef number room[FOUR * TILE]
    cdef number most[WIDE]
    cdef number winner[WIDE]
    cdef const number* row
    cdef Py_ssize_t j, quarter = rows // FOUR
    cdef int i
    cdef bint odd = False, wins
    memcpy(most, best, columns * sizeof(number))
    memset(winner, 0, columns * sizeof(number))
    for i in range(<int>quarter):
        places_in_four(x + i * sides[0].step, sides[1].step, quarter * sides[0].step, sides[0].step, columns, i,
                       <int>quarter, least, ask, most, winner, room, &odd)
    if odd:
        memcpy(most, best, columns * sizeof(number))
        memset(winner, 0, columns * sizeof(number))
    for i in range(0 if odd else <int>(FOUR * quarter), <int>rows):
        row = fetch(x + i * sides[0].step, sides[1].step, columns, room)
        for j in range(columns):
            wins = beats(row[j], most[j], least)
            most[j] = row[j] if wins else most[j]
            winner[j] = <number>(i + 1) if wins else winner[j]
    memcpy(best, most, columns * sizeof(number))
    for j in range(columns):
        places[j] = place + (<int64_t>winner[j] - 1) * sides[0].place if winner[j] != 0 else places[j]


cdef inline_void places_in_four(const char* x, Py_ssize_t step, Py_ssize_t apart, Py_ssize_t next, Py_ssize_t n, int i,
                                int quarter, int least, bint ask, number* most, number* winner, number* room, bint* odd
                                ) noexcept nogil:
    """Row number i and those a quarter, two and three quarters of the rows behind it, `apart` bytes each

    ask: for the rows that come after these, `next` bytes behind them, as ahead.pxi says
    """
    cdef Py_ssize_t stride = known_stride(step, sizeof(number))
    cdef Py_ssize_t k = 0, j
    if ask:
        while n - k >= LOOK:
            for j in range(FOUR):
                later_lines(x + j * apart + k * sizeof(number) + next, LOOK * sizeof(number))
            best_of_four(<const number*>x + k, apart, 1, LOOK, i, quarter, least, most + k, winner + k, odd)
            k += LOOK
        best_of_four(<const number*>x + k, apart, 1, n - k, i, quarter, least, most + k, winner + k, odd)
    elif stride == 1:
        best_of_four(<const number*>x, apart, 1, n, i, quarter, least, most, winner, odd)
    elif stride == 2:
        best_of_four(<const number*>x, apart, 2, n, i, quarter, least, most, winner, odd)
    else:
        fetch_four(x, apart, step, n, room)
        best_of_four(<const number*>room, TILE * sizeof(number), 1, n, i, quarter, least, most, winner, odd)


cdef inline_void best_of_four(const number* x, Py_ssize_t apart, Py_ssize_t stride, Py_ssize_t n, int i, int quarter,
                              int least, number* most, number* winner, bint* odd) noexcept nogil:
    """Of equal numbers the one in the row that comes first wins, in whatever order they are read; odd: there is a nan"""
    cdef const number* second = <const number*>(<const char*>x + apart)
    cdef const number* third = <const number*>(<const char*>x + 2 * apart)
    cdef const number* fourth = <const number*>(<const char*>x + 3 * apart)
    cdef number first_row = <number>(i + 1), second_row = <number>(i + quarter + 1)
    cdef number third_row = <number>(i + 2 * quarter + 1), fourth_row = <number>(i + 3 * quarter + 1)
    cdef number early, early_row, late, late_row, new, new_row, old, old_row, first_of_tied
    cdef int64_t wide = 0       # a nan? in as many bits as the numbers have, so that SIMD can
    cdef int32_t narrow = 0
    cdef Py_ssize_t k
    for k in range(n):
        better_of_two(x[k * stride], first_row, second[k * stride], second_row, least, &early, &early_row)
        better_of_two(third[k * stride], third_row, fourth[k * stride], fourth_row, least, &late, &late_row)
        better_of_two(early, early_row, late, late_row, least, &new, &new_row)
        if number is double:
            wide |= (either_is_nan(x[k * stride], second[k * stride])
                     | either_is_nan(third[k * stride], fourth[k * stride]))
        else:
            narrow |= (either_is_nan(x[k * stride], second[k * stride])
                       | either_is_nan(third[k * stride], fourth[k * stride]))
        old = most[k]
        old_row = winner[k]
        first_of_tied = better(new_row, old_row, 1) if new == old else old_row
        winner[k] = new_row if (new < old if least else new > old) else first_of_tied
        most[k] = better(new, old, least)
    odd[0] |= wide != 0 or narrow != 0


cdef inline_void better_of_two(number x, number x_row, number y, number y_row, int least, number* most, number* row
                               ) noexcept nogil:
    """The better one and its row; x where they are equal"""
    most[0] = better(y, x, least)
    row[0] = y_row if (y < x if least else y > x) else x_row


cdef inline_void find_first_place(const char* x, const Side* sides, Py_ssize_t place, int least, number* best,
                                  int64_t* first) noexcept nogil:
    """The best number, and of its places the smallest, whatever order they are met in

    Rows that lie one behind the other are looked at together. Where the place is, is asked of those numbers alone that
    have something better, or the same.
    """
    cdef number room[BLOCK]
    cdef const number* row
    cdef number new
    cdef Py_ssize_t n = sides[1].size, i = 0, j, k, found, some
    cdef Py_ssize_t rows = BLOCK // n if sides[1].step == sizeof(number) and sides[0].step == n * sides[1].step else 1
    cdef int64_t here
    rows = rows if rows > 1 else 1
    while i < sides[0].size:
        rows = sides[0].size - i if sides[0].size - i < rows else rows
        j = 0
        while j < n:
            some = BLOCK if n - j > BLOCK else n - j
            row = fetch_ahead(x + i * sides[0].step + j * sides[1].step, sides[1].step, rows * some, room)
            new = worst(best[0], least)
            extreme_of_row(row, rows * some, least, asks and row != room, &new)
            if beats(new, best[0], least):
                best[0] = new
                first[0] = INT64_MAX
            if not beats(best[0], new, least):
                for k in range(rows):
                    here = place + (i + k) * sides[0].place + j * sides[1].place
                    if here < first[0]:
                        first_place(row + k * some, some, new, &found)
                        here += found * sides[1].place
                        first[0] = here if found < some and here < first[0] else first[0]
            j += some
        i += rows
