# Sums in the order in which PyTorch adds on a CPU, so that a sum of floats is PyTorch's to the bit. Needs simd.pxi,
# lanes.pxi and abreast.pxi.
#
# A column is added in runs of 2^p numbers; the sums of 2^p runs are added to a running sum of their own, and so on,
# four levels high: the error grows with log n. Four at a time: the numbers 0, 4, 8, ... are one column, 1, 5, 9, ...
# the next; their four sums are added at the end, what is left over goes to the first. A row of adjacent numbers is read
# as columns of WIDTH numbers, each added four at a time; then come what is left over and the columns' sums, from left
# to right.

from cython cimport floating


cdef enum:
    LEVELS = 4
    TOGETHER = 2048     # so many columns are added together: long enough to walk memory in order, short enough for a
                        # near cache to hold their running sums
    WIDE = 1 << 16      # so many where rows are far apart, on processors that have to be asked for memory
    ROW = 32            # at most so many columns make up a row: four times WIDTH of them, 32 bytes each
    PAGE = 4096         # bytes
    SHORT = 4 * 256     # a row of fewer times WIDTH numbers has no runs of runs


cdef extern from *:
    """
    #if defined(__GNUC__)
    /* The compiler may not mix this row's additions with the next one's. */
    #define ROW_BY_ROW() __asm__ volatile("" ::: "memory")
    #else
    #define ROW_BY_ROW()
    #endif
    """
    void ROW_BY_ROW() noexcept nogil


cdef inline bint row_by_row(Py_ssize_t stride, Py_ssize_t columns, bint near, Py_ssize_t size) noexcept nogil:
    """Should rows, `stride` numbers of `size` bytes apart, be read one after the other, not several at a time?

    Several at a time spare fetching and putting back the sums between them: faster in a near cache, and where rows are
    far apart. From memory, rows that are close are read faster in order (64 MB in rows of 1 KB: 2.2 against 4.6 ms).
    """
    return stride * size < PAGE and columns > ROW and not near


cdef inline int log2_of_run(Py_ssize_t n) noexcept nogil:
    """p = max(4, ceil(log2 n) / LEVELS)"""
    cdef int bits = 0
    while (<Py_ssize_t>1 << bits) < n:
        bits += 1
    return bits // LEVELS if bits // LEVELS > 4 else 4


cdef inline_void cascade(const floating* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns, Py_ssize_t side,
                         bint lanes, bint near, floating* sums) noexcept nogil:
    """sums[j] = x[j side] + x[j side + stride] + ..., n numbers, for j < columns

    `sums` has room for LEVELS times as many. More than TOGETHER lie side by side, far from the next row's. `lanes`: the
    columns are those of one row, four times WIDTH.
    """
    cdef floating* higher = sums + columns          # running sums of runs, of runs of runs, ...
    cdef int power, level
    cdef Py_ssize_t run = 16, i = 0, j
    cdef bint in_order = row_by_row(stride, columns, near, sizeof(floating))
    for j in range(columns):
        sums[j] = 0
    if n >= run:
        power = log2_of_run(n)
        run = <Py_ssize_t>1 << power
        for j in range((LEVELS - 1) * columns):
            higher[j] = 0
        while i + run <= n:
            if run == 16 and near and not in_order:
                add_sixteen(x, stride, columns, side, higher)
            elif columns > TOGETHER:
                for j in range(0, run, 4):
                    add_four_ahead(x + j * stride, stride, columns, j == 0, j == run - 4, sums, higher)
            else:
                add_run(x, run, stride, columns, side, lanes, near, in_order, sums)
                for j in range(columns):
                    higher[j] += sums[j]
                    sums[j] = 0
            x += run * stride
            i += run
            level = 1
            while level < LEVELS - 1 and i & ((run - 1) << (level * power)) == 0:
                for j in range(columns):
                    higher[level * columns + j] += higher[(level - 1) * columns + j]
                    higher[(level - 1) * columns + j] = 0
                level += 1
    if i and columns > TOGETHER:
        for j in range(columns):
            sums[j] = 0
    add_run(x, n - i, stride, columns, side, lanes, near, in_order, sums)
    if i:
        for level in range(LEVELS - 1):
            for j in range(columns):
                sums[j] += higher[level * columns + j]


cdef inline_void add_sixteen(const floating* x, Py_ssize_t stride, Py_ssize_t columns, Py_ssize_t side,
                             floating* sums) noexcept nogil:
    """sums[j] += (x[j side] + x[j side + stride] + ... + x[j side + 15 stride]), a run of 16 on its own"""
    cdef Py_ssize_t j
    for j in range(columns):
        sums[j] += (
            x[j * side] + x[j * side + stride] + x[j * side + 2 * stride] + x[j * side + 3 * stride]
            + x[j * side + 4 * stride] + x[j * side + 5 * stride] + x[j * side + 6 * stride]
            + x[j * side + 7 * stride] + x[j * side + 8 * stride] + x[j * side + 9 * stride]
            + x[j * side + 10 * stride] + x[j * side + 11 * stride] + x[j * side + 12 * stride]
            + x[j * side + 13 * stride] + x[j * side + 14 * stride] + x[j * side + 15 * stride]
        )


cdef inline_void add_run(const floating* x, Py_ssize_t run, Py_ssize_t stride, Py_ssize_t columns, Py_ssize_t side,
                         bint lanes, bint near, bint in_order, floating* sums) noexcept nogil:
    """sums[j] += x[j side] + x[j side + stride] + ..., from left to right; rows `in_order`, or eight at a time"""
    cdef Py_ssize_t j, k
    if lanes:
        join_run(x, run, near, sums)
    elif in_order:
        for k in range(run):
            for j in range(columns):
                sums[j] += x[j * side]
            x += stride
            ROW_BY_ROW()
    else:
        for k in range(run // 8):
            for j in range(columns):
                sums[j] = (sums[j] + x[j * side] + x[j * side + stride] + x[j * side + 2 * stride]
                           + x[j * side + 3 * stride] + x[j * side + 4 * stride] + x[j * side + 5 * stride]
                           + x[j * side + 6 * stride] + x[j * side + 7 * stride])
            x += 8 * stride
        for k in range(run % 8):
            for j in range(columns):
                sums[j] += x[j * side]
            x += stride


cdef inline_void add_four_ahead(const floating* x, Py_ssize_t stride, Py_ssize_t columns, bint first, bint last,
                                floating* sums, floating* higher) noexcept nogil:
    """Four rows of a run are added to its sums, the last ones with these to the sums of runs; memory is asked for ahead

    A line at a time: no compiler makes SIMD of a longer loop that asks for memory.
    """
    cdef Py_ssize_t line = LINE // sizeof(floating), j = 0, k
    while j + line <= columns:
        for k in range(4):
            soon(<const char*>(x + j + k * stride) + LANES_AHEAD)
        add_four(x + j, stride, line, first, last, sums + j, higher + j)
        j += line
    add_four(x + j, stride, columns - j, first, last, sums + j, higher + j)


cdef inline_void add_four(const floating* x, Py_ssize_t stride, Py_ssize_t columns, bint first, bint last,
                          floating* sums, floating* higher) noexcept nogil:
    cdef Py_ssize_t j
    if first:
        for j in range(columns):
            sums[j] = <floating>0 + x[j] + x[j + stride] + x[j + 2 * stride] + x[j + 3 * stride]
    elif last:
        for j in range(columns):
            higher[j] += sums[j] + x[j] + x[j + stride] + x[j + 2 * stride] + x[j + 3 * stride]
    else:
        for j in range(columns):
            sums[j] = sums[j] + x[j] + x[j + stride] + x[j + 2 * stride] + x[j + 3 * stride]


cdef inline_void four_at_a_time(const floating* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns, bint near,
                                floating* sums) noexcept nogil:
    """sums[j] = x[j] + x[j + stride] + ..., the numbers 0, 4, 8, ... first, then 1, 5, 9, ...; columns < ROW"""
    cdef floating part[LEVELS * ROW]
    cdef Py_ssize_t i, j, k, quarter = n // 4
    for k in range(4):
        cascade(x + k * stride, quarter, 4 * stride, columns, 1, False, near, part)
        for j in range(columns):
            sums[j] = part[j] if k == 0 else sums[j] + part[j]
        if k == 0:
            for i in range(4 * quarter, n):
                for j in range(columns):
                    sums[j] += x[i * stride + j]


cdef inline_void add_row(const floating* x, Py_ssize_t n, bint near, floating* total) noexcept nogil:
    """total = x[0] + ... + x[n - 1]"""
    cdef floating lane[LEVELS * ROW]    # four times WIDTH columns side by side
    cdef floating outcome = 0
    cdef Py_ssize_t width = 32 // sizeof(floating), rows = n // width, i, j
    if rows == 0:
        if n >= 4:
            outcome = outcome + x[0]
        for i in range(n // 4 * 4, n):
            outcome += x[i]
        for i in range(1, n // 4 * 4):
            outcome += x[i]
        total[0] = outcome
        return
    if rows < SHORT:
        join_rows(NUMBERS, x, n, 1, 1, 0, near, lane)
    else:
        cascade(x, rows // 4, 4 * width, 4 * width, 1, True, near, lane)
        for i in range(rows // 4 * 4, rows):
            for j in range(width):
                lane[j] += x[i * width + j]
        for i in range(1, 4):
            for j in range(width):
                lane[j] += lane[i * width + j]
    for i in range(rows * width, n):
        outcome += x[i]
    for j in range(width):
        outcome += lane[j]
    total[0] = outcome


cdef inline_void add_rows(const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t stride, bint near,
                          floating* totals) noexcept nogil:
    """The sums of ABREAST_ROWS rows of n numbers, one or two steps apart

    Adjacent ones, WIDTH or more but fewer than SHORT times WIDTH, are added as by add_row. The last additions of a row
    wait for one another: those of several rows are done side by side.
    """
    cdef floating lane[ABREAST_ROWS * 8]
    cdef Py_ssize_t left = n % (32 // <Py_ssize_t>sizeof(floating) // step), i, k
    join_abreast(NUMBERS, x, n, step, stride, near, lane)
    for k in range(ABREAST_ROWS if left else 0):
        totals[k] = 0
        for i in range(n - left, n):
            totals[k] += x[k * stride + i * step]
    join_side_by_side(NUMBERS, left > 0, lane, step, totals)
