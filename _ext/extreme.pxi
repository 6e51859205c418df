# The rooms of maxima and minima: one row, or rows into each other, of any kind of number. Needs simd.pxi, walk.pxi,
# fetch.pxi.
#
# A minimum is the maximum of numbers in reverse order: -x of floating numbers, ~x of integers (0 becomes -1, 1 becomes -2
# ...; of those without a sign 255, 254, ...). What is compared, x or its reverse, is called a key. All states are keys.

from libc.stdint cimport INT32_MAX, INT64_MAX

cdef enum:
    BLOCK = 2048    # numbers of a row that are looked at together
    LOOK = 128       # numbers of a block that are compared together
    TILE = 1024     # columns that are reduced together: their states stay in the nearest cache
    WIDE = 8192     # the same where nothing else is in that cache
    BAND = 16       # rows that are reduced into each other while these states stay there
    GROUP = 32      # rows whose lanes are folded together at last
    LANES = 32      # running extremes side by side: more than 16, which the compiler would take one by one


cdef inline number key(number x, int flip) noexcept nogil:
    """x for flip = 0, x in reverse order for flip = -1; twice is x again"""
    if number is float or number is double:
        return -x if flip else x
    else:
        return x ^ <number>flip


cdef inline number lowest(number unused) noexcept nogil:
    """The lowest key"""
    if number is float or number is double:
        return -<number>INFINITY
    elif number is uint8_t:
        return 0
    else:
        return <number>(<uint64_t>1 << (8 * sizeof(number) - 1))


cdef inline bint is_nan(number x) noexcept nogil:
    if number is float or number is double:
        return x != x
    else:
        return False


cdef inline bint beats(number new, number best) noexcept nogil:
    """Is `new` larger than what came before it? A nan beats every number, but not the nan that came before it."""
    if number is float or number is double:
        return (new > best) | ((new != new) & (best == best))
    else:
        return new > best


cdef inline number larger(number new, number best) noexcept nogil:
    """The larger one, nan when either is"""
    cdef number most
    if number is float or number is double:
        most = new if new > best else best
        return new if new != new else most
    else:
        return new if new > best else best


cdef inline_void extreme_of_row(const number* x, Py_ssize_t n, int flip, number* most) noexcept nogil:
    """most = the largest of most and the keys of x"""
    cdef number lane[LANES]
    cdef number odd[LANES]      # 0, or a nan that this lane has met: the extreme itself can then pass it over
    cdef number best = most[0], new
    cdef Py_ssize_t i = 0
    cdef int j
    if n >= LANES:
        for j in range(LANES):
            lane[j] = lowest(best)
            odd[j] = 0
        while i < n:
            i = n - LANES if n - i < LANES else i   # the last ones may be looked at twice
            for j in range(LANES):
                new = key(x[i + j], flip)
                lane[j] = new if new > lane[j] else lane[j]
                odd[j] = new if is_nan(new) else odd[j]
            i += LANES
        for j in range(LANES // 2):
            lane[j] = lane[j + LANES // 2] if lane[j + LANES // 2] > lane[j] else lane[j]
            odd[j] += odd[j + LANES // 2]
        for j in range(LANES // 4):
            lane[j] = lane[j + LANES // 4] if lane[j + LANES // 4] > lane[j] else lane[j]
            odd[j] += odd[j + LANES // 4]
        for j in range(LANES // 8):
            lane[j] = lane[j + LANES // 8] if lane[j + LANES // 8] > lane[j] else lane[j]
            odd[j] += odd[j + LANES // 8]
        for j in range(LANES // 8):
            best = larger(lane[j], best)
        for j in range(LANES // 8):
            best = larger(odd[j], best) if is_nan(odd[j]) else best
    while i < n:
        best = larger(key(x[i], flip), best)
        i += 1
    most[0] = best


cdef inline_void larger_of_pairs(const number* x, Py_ssize_t n, number* most) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        most[i] = x[2 * i] if x[2 * i] > x[2 * i + 1] else x[2 * i + 1]


cdef inline_void extremes_of_rows(const char* x, Py_ssize_t step, Py_ssize_t n, int flip, number* most) noexcept nogil:
    """most = the largest keys of GROUP rows of n >= LANES numbers, `step` bytes apart

    What is left of the lanes is folded for all rows at once: for a row alone that takes longer than 64 numbers do.
    """
    cdef number lane[LANES]
    cdef number odd[LANES]      # 0, or a nan in one of the rows: then they are looked at one by one
    cdef number table[LANES * GROUP]
    cdef number half[LANES * GROUP]
    cdef number new
    cdef Py_ssize_t i, j, row
    cdef bint any_odd = False
    for j in range(LANES):
        odd[j] = 0
    for row in range(GROUP):
        for j in range(LANES):
            lane[j] = key((<const number*>(x + row * step))[j], flip)
            odd[j] = lane[j] if is_nan(lane[j]) else odd[j]
        i = LANES
        while i < n:
            i = n - LANES if n - i < LANES else i   # the last ones may be looked at twice
            for j in range(LANES):
                new = key((<const number*>(x + row * step))[i + j], flip)
                lane[j] = new if new > lane[j] else lane[j]
                odd[j] = new if is_nan(new) else odd[j]
            i += LANES
        for j in range(LANES):
            table[LANES * row + j] = lane[j]
    larger_of_pairs(table, LANES // 2 * GROUP, half)
    larger_of_pairs(half, LANES // 4 * GROUP, table)
    larger_of_pairs(table, LANES // 8 * GROUP, half)
    larger_of_pairs(half, LANES // 16 * GROUP, table)
    larger_of_pairs(table, GROUP, most)
    for j in range(LANES):
        any_odd |= is_nan(odd[j])
    if any_odd:
        for row in range(GROUP):
            most[row] = lowest(most[row])
            extreme_of_row(<const number*>(x + row * step), n, flip, &most[row])


# The rooms: what is done with either value of `flip` is compiled for each, since the loops get shorter.

cdef simd_void room_of_extremes(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                const State* state) noexcept nogil:
    """Fold keys into state.values."""
    if state.flip == 0:
        fold_extremes(x, sides, <number*>state.values + out, 0)
    else:
        fold_extremes(x, sides, <number*>state.values + out, -1)


cdef simd_void room_of_places(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                              const State* state) noexcept nogil:
    """Fold keys into state.values, and where the winners stand into state.more."""
    if state.flip == 0:
        fold_places(x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, 0)
    else:
        fold_places(x, sides, place, <number*>state.values + out, <int64_t*>state.more + out, -1)


cdef simd_void room_of_first_place(const number* x, const Side* sides, Py_ssize_t out, Py_ssize_t place,
                                   const State* state) noexcept nogil:
    """state.more = the smallest place of the key state.values"""
    if state.flip == 0:
        find_first_place(x, sides, place, (<number*>state.values)[0], <int64_t*>state.more, 0)
    else:
        find_first_place(x, sides, place, (<number*>state.values)[0], <int64_t*>state.more, -1)


cdef inline_void fold_extremes(const number* start, const Side* sides, number* best, int flip) noexcept nogil:
    cdef number room[TILE]
    cdef const number* row
    cdef const char* x = <const char*>start
    cdef number* here
    cdef Py_ssize_t n = sides[1].size, step = sides[1].step, i, j, k, some, at, last, begun = 0
    cdef number most[GROUP]
    if sides[1].out == 0:
        if step == sizeof(number) and LANES <= n <= BLOCK:
            while sides[0].size - begun >= GROUP:
                extremes_of_rows(x, sides[0].step, n, flip, most)
                for k in range(GROUP):
                    best[k * sides[0].out] = larger(most[k], best[k * sides[0].out])
                x += GROUP * sides[0].step
                best += GROUP * sides[0].out
                begun += GROUP
        for i in range(begun, sides[0].size):
            j = 0
            while j < n:
                some = TILE if n - j > TILE and step != sizeof(number) else n - j
                row = fetch(x + j * step, step, some, room)
                extreme_of_row(row, some, flip, best)
                j += some
            x += sides[0].step
            best += sides[0].out
        return
    i = 0
    while i < sides[0].size:
        last = sides[0].size if sides[0].size - i < BAND else i + BAND
        j = 0
        while j < n:
            some = TILE if step != sizeof(number) else WIDE     # adjacent numbers are read as they come
            some = some if n - j > some else n - j
            for at in range(i, last):
                row = fetch(x + at * sides[0].step + j * step, step, some, room)
                here = best + at * sides[0].out + j
                for k in range(some):
                    here[k] = larger(key(row[k], flip), here[k])
            j += some
        i = last


cdef inline_void fold_places(const number* start, const Side* sides, Py_ssize_t place, number* best, int64_t* places,
                             int flip) noexcept nogil:
    cdef const char* x = <const char*>start
    cdef Py_ssize_t i, j, rows, some, first, begun = 0
    cdef number most[GROUP]
    if sides[1].out == 0:
        if sides[1].step == sizeof(number) and LANES <= sides[1].size <= BLOCK:
            while sides[0].size - begun >= GROUP:
                extremes_of_rows(x, sides[0].step, sides[1].size, flip, most)
                for i in range(GROUP):
                    if beats(most[i], best[0]):
                        best[0] = most[i]
                        first_place(<const number*>x, sides[1].size, flip, most[i], &first)
                        places[0] = place + (begun + i) * sides[0].place + first * sides[1].place
                    x += sides[0].step
                    best += sides[0].out
                    places += sides[0].out
                begun += GROUP
        for i in range(begun, sides[0].size):
            place_in_row(<const number*>x, &sides[1], place + i * sides[0].place, flip, best, places)
            x += sides[0].step
            best += sides[0].out
            places += sides[0].out
        return
    rows = 1 if sides[0].out else BAND
    i = 0
    while i < sides[0].size:
        rows = sides[0].size - i if sides[0].size - i < rows else rows
        j = 0
        while j < sides[1].size:
            some = TILE if sides[1].size - j > TILE else sides[1].size - j
            places_in_columns(<const number*>(x + i * sides[0].step + j * sides[1].step), sides, rows, some,
                              place + i * sides[0].place, flip, best + i * sides[0].out + j,
                              places + i * sides[0].out + j)
            j += some
        i += rows


cdef inline_void place_in_row(const number* start, const Side* side, Py_ssize_t place, int flip, number* best,
                              int64_t* where) noexcept nogil:
    """Find the best block of a row first, then the place in this block alone."""
    cdef number room[BLOCK]
    cdef const number* row
    cdef const char* x = <const char*>start
    cdef number new, most = best[0]
    cdef Py_ssize_t n = side.size, i = 0, some, found = -1, first
    while i < n:
        some = BLOCK if n - i > BLOCK else n - i
        row = fetch(x + i * side.step, side.step, some, room)
        new = lowest(most)
        extreme_of_row(row, some, flip, &new)
        if beats(new, most):
            most = new
            found = i
        i += some
    if found >= 0:
        best[0] = most
        some = BLOCK if n - found > BLOCK else n - found
        row = fetch(x + found * side.step, side.step, some, room)
        first_place(row, some, flip, most, &first)
        where[0] = place + (found + first) * side.place


cdef inline_void first_place(const number* x, Py_ssize_t n, int flip, number most, Py_ssize_t* place) noexcept nogil:
    """The first place of the key `most`, which is there"""
    cdef number wanted = key(most, flip)
    cdef int64_t wide, far = LOOK
    cdef int32_t narrow, first = LOOK
    cdef Py_ssize_t i = 0
    cdef int j
    while n - i >= LOOK and not is_nan(most):       # nan is looked for one by one
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
    while beats(most, key(x[i], flip)):
        i += 1
    place[0] = i


cdef inline_void has(const number* x, Py_ssize_t n, number wanted, bint* found) noexcept nogil:
    """Is one of the numbers `wanted`? Answers of as many bits as the numbers have are found side by side."""
    cdef int64_t wide = 0
    cdef int32_t narrow = 0
    cdef Py_ssize_t j
    if number is double or number is int64_t:
        for j in range(n):
            wide |= 1 if x[j] == wanted else 0
        found[0] = wide != 0
    else:
        for j in range(n):
            narrow |= 1 if x[j] == wanted else 0
        found[0] = narrow != 0


cdef inline_void places_in_columns(const number* start, const Side* sides, Py_ssize_t rows, Py_ssize_t columns,
                                   Py_ssize_t place, int flip, number* best, int64_t* places) noexcept nogil:
    """Fold rows into each other; which row won is kept in integers as wide as the numbers, so that they go side by side."""
    cdef number room[TILE]
    cdef number most[TILE]
    cdef int32_t winner[TILE]
    cdef int64_t wide_winner[TILE]
    cdef const number* row
    cdef number new
    cdef Py_ssize_t j
    cdef int i
    cdef bint wins
    for j in range(columns):
        most[j] = best[j]
        if number is double or number is int64_t:
            wide_winner[j] = -1
        else:
            winner[j] = -1
    for i in range(<int>rows):
        row = fetch(<const char*>start + i * sides[0].step, sides[1].step, columns, room)
        for j in range(columns):
            new = key(row[j], flip)
            wins = beats(new, most[j])
            most[j] = new if wins else most[j]
            if number is double or number is int64_t:
                wide_winner[j] = i if wins else wide_winner[j]
            else:
                winner[j] = i if wins else winner[j]
    for j in range(columns):
        best[j] = most[j]
        if number is double or number is int64_t:
            places[j] = place + wide_winner[j] * sides[0].place if wide_winner[j] >= 0 else places[j]
        else:
            places[j] = place + winner[j] * sides[0].place if winner[j] >= 0 else places[j]


cdef inline_void find_first_place(const number* start, const Side* sides, Py_ssize_t place, number most, int64_t* first,
                                  int flip) noexcept nogil:
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
            has(row, some, key(most, flip), &found)
            if found or is_nan(most):
                for k in range(some):
                    here = place + i * sides[0].place + (j + k) * sides[1].place
                    if here < first[0] and not beats(most, key(row[k], flip)):
                        first[0] = here
            j += some
