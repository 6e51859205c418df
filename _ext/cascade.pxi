# Sums in the order in which PyTorch adds on a CPU, so that a sum of floats is PyTorch's to the bit. Needs simd.pxi.
#
# A column is added in runs of 2^p numbers; the sums of 2^p runs are added to a running sum of their own, and so on, four
# levels high: the error grows with log n. Four at a time: the numbers 0, 4, 8, ... are one column, 1, 5, 9, ... the next;
# their four sums are added at the end, what is left over goes to the first. A row of adjacent numbers is read as columns
# of WIDTH numbers, each added four at a time; then come what is left over and the columns' sums, from left to right.

from cython cimport floating


cdef enum:
    LEVELS = 4
    TOGETHER = 256      # so many columns are added together: their running sums stay in the nearest cache


cdef inline int log2_of_run(Py_ssize_t n) noexcept nogil:
    """p = max(4, ceil(log2 n) / LEVELS)"""
    cdef int bits = 0
    while (<Py_ssize_t>1 << bits) < n:
        bits += 1
    return bits // LEVELS if bits // LEVELS > 4 else 4


cdef simd_void cascade(const floating* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns,
                       floating* out) noexcept nogil:
    """out[j] = x[j] + x[j + stride] + ..., n numbers, for j < columns <= TOGETHER"""
    cdef floating higher[(LEVELS - 1) * TOGETHER]   # running sums of runs, of runs of runs, ...
    cdef int power = log2_of_run(n), level
    cdef Py_ssize_t run = <Py_ssize_t>1 << power, i = 0, j, k
    for j in range(columns):
        out[j] = 0
    if n >= run:
        for j in range((LEVELS - 1) * columns):
            higher[j] = 0
    while i + run <= n:
        for k in range(run):
            for j in range(columns):
                out[j] += x[j]
            x += stride
        i += run
        for j in range(columns):
            higher[j] += out[j]
            out[j] = 0
        level = 1
        while level < LEVELS - 1 and i & ((run - 1) << (level * power)) == 0:
            for j in range(columns):
                higher[level * columns + j] += higher[(level - 1) * columns + j]
                higher[(level - 1) * columns + j] = 0
            level += 1
    for k in range(i, n):
        for j in range(columns):
            out[j] += x[j]
        x += stride
    if n >= run:
        for level in range(LEVELS - 1):
            for j in range(columns):
                out[j] += higher[level * columns + j]


cdef simd_void four_at_a_time(const floating* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns,
                              floating* out) noexcept nogil:
    """out[j] = x[j] + x[j + stride] + ..., the numbers 0, 4, 8, ... first, then 1, 5, 9, ...; columns <= TOGETHER"""
    cdef floating part[TOGETHER]
    cdef Py_ssize_t i, j, k, quarter = n // 4
    cascade(x, quarter, 4 * stride, columns, out)
    for i in range(4 * quarter, n):
        for j in range(columns):
            out[j] += x[i * stride + j]
    for k in range(1, 4):
        cascade(x + k * stride, quarter, 4 * stride, columns, part)
        for j in range(columns):
            out[j] += part[j]


cdef simd_void sum_of_row(const floating* x, Py_ssize_t n, floating* out) noexcept nogil:
    """out = x[0] + ... + x[n - 1]"""
    cdef floating lane[32]      # four times WIDTH columns side by side: 32 of float32, 16 of float64
    cdef floating total = 0
    cdef Py_ssize_t width = 32 // sizeof(floating), rows = n // width, i, j
    if rows == 0:
        four_at_a_time(x, n, 1, 1, out)
        return
    cascade(x, rows // 4, 4 * width, 4 * width, lane)
    for i in range(rows // 4 * 4, rows):
        for j in range(width):
            lane[j] += x[i * width + j]
    for i in range(1, 4):
        for j in range(width):
            lane[j] += lane[i * width + j]
    for i in range(rows * width, n):
        total += x[i]
    for j in range(width):
        total += lane[j]
    out[0] = total


cdef void sums_of_columns(const floating* x, Py_ssize_t n, Py_ssize_t columns, floating* out) noexcept nogil:
    """out[j] = x[j] + x[j + columns] + ..., n rows"""
    cdef Py_ssize_t width = 32 // sizeof(floating), j = 0, some, whole
    width = width if columns >= width else 1
    whole = columns - columns % (4 * width)
    while j < whole:
        some = TOGETHER if whole - j > TOGETHER else whole - j
        cascade(x + j, n, columns, some, out + j)
        j += some
    if j < columns:
        four_at_a_time(x + j, n, columns, columns - j, out + j)
