# The rooms of places: where the largest or the smallest number of a row stands, or of rows into each other. Needs
# extreme.pxi.

from libc.stdint cimport INT32_MAX, INT64_MAX

cdef enum:
    LOOK = 64       # numbers of a block that are compared together
    TURNS = 128     # so many turns of LANES numbers, from 0 on: their numbers fit into 8 bits with a sign


cdef simd_void room_of_places(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                              const State* state) noexcept nogil:
    """Fold numbers into state.values, and where the winners stand into state.more."""
    if state.least:
        fold_places(x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 1)
    else:
        fold_places(x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 0)


cdef simd_void room_of_first_place(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                   const State* state) noexcept nogil:
    """state.more = the smallest place of the number state.values"""
    find_first_place(x, sides, place, (<number*>state.values)[0], <int64_t*>state.more)


cdef inline_void fold_places(const number* start, const Side* sides, Py_ssize_t place, number* best, int64_t* places,
                             int least) noexcept nogil:
    if sides[1].out:
        fold_places_of_columns(<const char*>start, sides, place, least, best, places)
    else:
        fold_places_of_rows(<const char*>start, sides, place, least, best, places)


cdef inline_void fold_places_of_rows(const char* x, const Side* sides, Py_ssize_t place, int least, number* best,
                                     int64_t* places) noexcept nogil:
    cdef Py_ssize_t i = 0, k, first
    cdef number most[GROUP]
    cdef int32_t firsts[GROUP]
    if sides[1].step == sizeof(number) and LANES <= sides[1].size <= TURNS * LANES and sides[0].size >= GROUP:
        while i < sides[0].size:
            i = sides[0].size - GROUP if sides[0].size - i < GROUP else i   # what is looked at twice beats nothing
            places_of_rows(x + i * sides[0].step, sides[0].step, sides[1].size, least, most, firsts)
            for k in range(i, i + GROUP):
                if beats(most[k - i], best[k * sides[0].out], least):
                    best[k * sides[0].out] = most[k - i]
                    first = firsts[k - i]
                    if is_nan(most[k - i]):
                        first_place(<const number*>(x + k * sides[0].step), sides[1].size, most[k - i], &first)
                    places[k * sides[0].out] = place + k * sides[0].place + first * sides[1].place
            i += GROUP
    while i < sides[0].size:
        place_in_row(x + i * sides[0].step, &sides[1], place + i * sides[0].place, least, best + i * sides[0].out,
                     places + i * sides[0].out)
        i += 1


cdef inline_void places_of_rows(const char* x, Py_ssize_t step, Py_ssize_t n, int least, number* most, int32_t* places
                                ) noexcept nogil:
    """most = the extremes of GROUP rows of n >= LANES numbers, `step` bytes apart, and where they stand, but for nan

    As in extremes_of_rows each lane keeps its best number, and in which turn it met it first. The number of a turn is
    of the kind that is compared: so both go side by side. Of the lanes that hold a row's best the first place counts.
    """
    cdef number lane[LANES]
    cdef number turns[LANES]
    cdef number odd[LANES]              # 0, or a nan in one of the rows: then they are looked at one by one
    cdef number table[LANES * GROUP]    # the lanes of all rows
    cdef number when[LANES * GROUP]     # and their turns
    cdef number half[PAIRS * GROUP]
    cdef number quarter[PAIRS * GROUP]
    cdef int32_t spots[LANES * GROUP]   # the places of the lanes that hold the best of their row
    cdef int32_t some[PAIRS * GROUP]
    cdef number new, best, turn
    cdef int32_t start, last = <int32_t>n - LANES
    cdef Py_ssize_t i, row
    cdef int j
    cdef bint any_odd = False
    for j in range(LANES):
        odd[j] = 0
    for row in range(GROUP):
        for j in range(LANES):
            lane[j] = (<const number*>(x + row * step))[j]
            turns[j] = 0
            odd[j] = lane[j] if is_nan(lane[j]) else odd[j]
        i = LANES
        turn = 0
        while i < n:
            i = n - LANES if n - i < LANES else i   # the last ones may be looked at twice
            turn += 1
            for j in range(LANES):      # no comparison twice, else the compiler would branch at it
                new = (<const number*>(x + row * step))[i + j]
                best = better(new, lane[j], least)
                turns[j] = better(turn if best != lane[j] else 0, turns[j], 0)
                lane[j] = best
                odd[j] = new if is_nan(new) else odd[j]
            i += LANES
        memcpy(table + LANES * row, lane, LANES * sizeof(number))
        memcpy(when + LANES * row, turns, LANES * sizeof(number))
    better_of_pairs(table, PAIRS * GROUP, least, half)
    better_of_pairs(half, PAIRS // 2 * GROUP, least, quarter)
    better_of_pairs(quarter, PAIRS // 4 * GROUP, least, half)
    better_of_pairs(half, PAIRS // 8 * GROUP, least, quarter)
    better_of_pairs(quarter, GROUP, least, most)
    for row in range(GROUP):
        new = most[row]
        for j in range(LANES):
            start = <int32_t>when[LANES * row + j] * LANES
            start = (start if start < last else last) + j
            spots[LANES * row + j] = start if table[LANES * row + j] == new else INT32_MAX
    better_of_pairs(spots, PAIRS * GROUP, 1, some)
    better_of_pairs(some, PAIRS // 2 * GROUP, 1, spots)
    better_of_pairs(spots, PAIRS // 4 * GROUP, 1, some)
    better_of_pairs(some, PAIRS // 8 * GROUP, 1, spots)
    better_of_pairs(spots, GROUP, 1, places)
    for j in range(LANES):
        any_odd |= is_nan(odd[j])
    if any_odd:
        for row in range(GROUP):
            most[row] = worst(most[row], least)
            extreme_of_row(<const number*>(x + row * step), n, least, &most[row])


cdef inline_void place_in_row(const char* x, const Side* side, Py_ssize_t place, int least, number* best,
                              int64_t* where) noexcept nogil:
    """Find the best block of a row first, then the place in this block alone."""
    cdef number room[BLOCK]
    cdef const number* row
    cdef number new, most = best[0]
    cdef Py_ssize_t n = side.size, i = 0, some, found = -1, first
    while i < n:
        some = BLOCK if n - i > BLOCK else n - i
        row = fetch(x + i * side.step, side.step, some, room)
        new = worst(most, least)
        extreme_of_row(row, some, least, &new)
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
    """The first place of the number `wanted`, which is there"""
    cdef int64_t wide, far = LOOK
    cdef int32_t narrow, first = LOOK
    cdef Py_ssize_t i = 0
    cdef int j
    while n >= LOOK and not is_nan(wanted):         # nan is looked for one by one
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
    while not (is_nan(x[i]) if is_nan(wanted) else x[i] == wanted):
        i += 1
    place[0] = i


cdef inline_void fold_places_of_columns(const char* x, const Side* sides, Py_ssize_t place, int least, number* best,
                                        int64_t* places) noexcept nogil:
    """BAND rows at a time, or one where each has results of its own"""
    cdef Py_ssize_t n = sides[1].size, rows = 1 if sides[0].out else BAND, i = 0, j, some, at
    while i < sides[0].size:
        rows = sides[0].size - i if sides[0].size - i < rows else rows
        at = i * sides[0].out
        j = 0
        while j < n:
            some = TILE if n - j > TILE else n - j
            places_in_columns(x + i * sides[0].step + j * sides[1].step, sides, rows, some, place + i * sides[0].place,
                              least, best + at + j, places + at + j)
            j += some
        i += rows


cdef inline_void places_in_columns(const char* x, const Side* sides, Py_ssize_t rows, Py_ssize_t columns,
                                   Py_ssize_t place, int least, number* best, int64_t* places) noexcept nogil:
    """Fold rows into each other.

    Which one won is kept, counted from 1, in a number of the kind that is compared: so both go side by side.
    """
    cdef number room[TILE]
    cdef number most[TILE]
    cdef number winner[TILE]
    cdef const number* row
    cdef Py_ssize_t j
    cdef int i
    cdef bint wins
    for j in range(columns):
        most[j] = best[j]
        winner[j] = 0
    for i in range(<int>rows):
        row = fetch(x + i * sides[0].step, sides[1].step, columns, room)
        for j in range(columns):
            wins = beats(row[j], most[j], least)
            most[j] = row[j] if wins else most[j]
            winner[j] = <number>(i + 1) if wins else winner[j]
    for j in range(columns):
        best[j] = most[j]
        places[j] = place + (<int64_t>winner[j] - 1) * sides[0].place if winner[j] != 0 else places[j]


cdef inline_void find_first_place(const number* start, const Side* sides, Py_ssize_t place, number most, int64_t* first
                                  ) noexcept nogil:
    cdef number room[BLOCK]
    cdef const number* row
    cdef const char* x = <const char*>start
    cdef int64_t here
    cdef Py_ssize_t i, j, k, some
    cdef bint found
    for i in range(sides[0].size):
        j = 0
        while j < sides[1].size:
            some = BLOCK if sides[1].size - j > BLOCK else sides[1].size - j
            row = fetch(x + i * sides[0].step + j * sides[1].step, sides[1].step, some, room)
            has(row, some, most, &found)
            if found:
                for k in range(some):
                    here = place + i * sides[0].place + (j + k) * sides[1].place
                    if here < first[0] and (row[k] == most or (is_nan(row[k]) and is_nan(most))):
                        first[0] = here
            j += some


cdef inline_void has(const number* x, Py_ssize_t n, number wanted, bint* found) noexcept nogil:
    """Is one of the numbers `wanted`? Answers of as many bits as the numbers have are found side by side."""
    cdef int64_t wide = 0
    cdef int32_t narrow = 0
    cdef Py_ssize_t j
    if is_nan(wanted):
        found[0] = True     # perhaps
    elif number is double or number is int64_t:
        for j in range(n):
            wide |= 1 if x[j] == wanted else 0
        found[0] = wide != 0
    else:
        for j in range(n):
            narrow |= 1 if x[j] == wanted else 0
        found[0] = narrow != 0
