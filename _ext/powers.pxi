# The rooms of norms: sums of |x|^p, and the largest or smallest |x|. Needs axes.pxi and cascade.pxi.

from libc.math cimport pow as power_of, powf as power_of_float, sqrt, sqrtf

cdef enum:
    POWERS = 100        # |x|^p, besides what lanes.pxi joins


cdef reading_void add_sizes(const floating* x, floating* out, void* second, const Block* block,
                            double unused) noexcept nogil:
    """out = |x[0]| + ... + |x[n - 1]|"""
    add_what(x, out, block, SIZES)


cdef reading_void add_squares(const floating* x, floating* out, void* second, const Block* block,
                              double unused) noexcept nogil:
    """out = x[0]^2 + ... + x[n - 1]^2"""
    add_what(x, out, block, SQUARES)


cdef reading_void add_nonzero(const floating* x, floating* out, void* second, const Block* block,
                              double unused) noexcept nogil:
    """out = how many are not 0"""
    add_what(x, out, block, NONZERO)


cdef simd_void add_powers(const floating* x, floating* out, void* second, const Block* block,
                          double unused) noexcept nogil:
    """out = |x[0]|^p + ... + |x[n - 1]|^p"""
    add_what(x, out, block, POWERS)


cdef inline_void add_what(const floating* x, floating* out, const Block* block, int what) noexcept nogil:
    cdef floating sums[ABREAST]
    cdef Py_ssize_t abreast = 0, i, j, start, some
    if block.c == 1 and 1 <= block.n_stride <= 2 and block.n <= CHUNK and what != POWERS:
        abreast = block.m // ABREAST_ROWS
    for i in range(abreast):
        if block.n_stride == 1:
            add_what_of_rows(x, block.n, 1, block.m_stride, what, block.near, sums)
        else:
            add_what_of_rows(x, block.n, 2, block.m_stride, what, block.near, sums)
        put_abreast(sums, out, block.m_step)
        x += ABREAST_ROWS * block.m_stride
        out += ABREAST_ROWS * block.m_step
    for i in range(abreast * ABREAST_ROWS, block.m):
        start = 0
        while start < block.c:
            some = ABREAST if block.c - start > ABREAST else block.c - start
            if block.c == 1 and block.n_stride == 1:
                add_what_of_row(x, block.n, 1, what, block, sums)
            elif block.c == 1 and block.n_stride == 2:      # a distance that the compiler knows
                add_what_of_row(x, block.n, 2, what, block, sums)
            elif block.c == 1:
                add_what_of_row(x, block.n, block.n_stride, what, block, sums)
            elif block.c_stride == 1:
                add_what_of_columns(x + start, block, some, 1, what, sums)
            elif block.c_stride == 2:
                add_what_of_columns(x + start * 2, block, some, 2, what, sums)
            else:
                add_what_of_columns(x + start * block.c_stride, block, some, block.c_stride, what, sums)
            for j in range(some):
                out[(start + j) * block.c_step] = sums[j]
            start += some
        x += block.m_stride
        out += block.m_step


cdef inline floating what_of(floating x, int what) noexcept nogil:
    """|x|, x^2, or is x not 0?"""
    if what == SQUARES:
        return x * x
    if what == NONZERO:
        return x != 0
    return x if x > 0 else -x


cdef inline_void add_what_of_row(const floating* x, Py_ssize_t n, Py_ssize_t stride, int what, const Block* block,
                                 floating* total) noexcept nogil:
    """Stretches are added in their own precision, their sums in double precision."""
    cdef floating lane[8]
    cdef double wide[8]
    cdef double outcome = 0
    cdef Py_ssize_t width = 32 // sizeof(floating), step = 2 if stride == 2 else 1, left = n, i, j
    cdef Py_ssize_t stretch = CHUNK if stride == step else STRETCH      # join_rows adds in runs
    if what == POWERS:
        add_powers_of_row(x, n, stride, block.p, total)
        return
    for j in range(8):
        wide[j] = 0
    while left > stretch:
        add_what_of_stretch(x, stretch, stride, what, block.near, lane)
        for j in range(width):
            wide[j] += lane[j]
        x += stretch * stride
        left -= stretch
    add_what_of_stretch(x, left, stride, what, block.near, lane)
    for i in range(left - left % (width // step), left):
        outcome += what_of(x[i * stride], what)
    for j in range(width):
        wide[j] += lane[j]
    for j in range(width // step):
        outcome += wide[j * step]
    total[0] = <floating>outcome


cdef inline_void add_what_of_rows(const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t stride, int what,
                                  bint near, floating* totals) noexcept nogil:
    """What add_what_of_row makes of each of ABREAST_ROWS rows of one stretch, to the bit: see add_rows"""
    cdef floating lane[ABREAST_ROWS * 8]
    cdef double outcome[ABREAST_ROWS]
    cdef Py_ssize_t left = n % (32 // <Py_ssize_t>sizeof(floating) // step), i, k
    join_abreast(what, x, n, step, stride, near, lane)
    for k in range(ABREAST_ROWS if left else 0):
        outcome[k] = 0
        for i in range(n - left, n):
            outcome[k] += what_of(x[k * stride + i * step], what)
    add_in_double(outcome if left else NULL, lane, step, totals)


cdef inline_void add_what_of_stretch(const floating* x, Py_ssize_t n, Py_ssize_t stride, int what, bint near,
                                     floating* lane) noexcept nogil:
    """lane[j] = what the numbers j, j + WIDTH, ... add up to; of numbers that are two apart see join_rows"""
    cdef Py_ssize_t width = 32 // sizeof(floating), i, j
    if stride == 1:
        join_rows(what, x, n, 1, 1, 0, near, lane)
    elif stride == 2:
        join_rows(what, x, n, 2, 1, 0, near, lane)
    else:
        for j in range(width):
            lane[j] = 0
        for i in range(n // width):
            for j in range(width):
                lane[j] += what_of(x[j * stride], what)
            x += width * stride


cdef inline_void add_what_of_columns(const floating* x, const Block* block, Py_ssize_t columns, Py_ssize_t side,
                                     int what, floating* sums) noexcept nogil:
    """STACK rows are added in their own precision, their sums in double precision."""
    cdef floating part[ABREAST]
    cdef double total[ABREAST]
    cdef const floating* here
    cdef Py_ssize_t n = block.n, stride = block.n_stride, i, j, k, some
    cdef bint in_order = row_by_row(stride, columns, block.near, sizeof(floating))
    for j in range(columns):
        total[j] = 0
    for i in range((n + STACK - 1) // STACK):
        some = STACK if n - i * STACK > STACK else n - i * STACK
        for j in range(columns):
            part[j] = 0
        if what == POWERS:
            for k in range(some):
                add_powers_of_columns(x + k * stride, columns, side, block.p, part)
        elif some == STACK and not in_order:
            for k in range(0, STACK, 8):
                for j in range(columns):
                    here = x + k * stride + j * side
                    part[j] += (
                        ((what_of(here[0], what) + what_of(here[stride], what))
                         + (what_of(here[2 * stride], what) + what_of(here[3 * stride], what)))
                        + ((what_of(here[4 * stride], what) + what_of(here[5 * stride], what))
                           + (what_of(here[6 * stride], what) + what_of(here[7 * stride], what)))
                    )
        else:
            for k in range(some):
                for j in range(columns):
                    part[j] += what_of(x[j * side + k * stride], what)
                ROW_BY_ROW()
        for j in range(columns):
            total[j] += part[j]
        x += some * stride
    for j in range(columns):
        sums[j] = <floating>total[j]


# ---- other powers: numbers are copied, raised, and added -------------------------------------------------------------

cdef inline_void add_powers_of_row(const floating* x, Py_ssize_t n, Py_ssize_t stride, double p,
                                   floating* total) noexcept nogil:
    cdef floating y[STRETCH]
    cdef floating part
    cdef double outcome = 0
    cdef Py_ssize_t i = 0, j, some
    while i < n:
        some = STRETCH if n - i > STRETCH else n - i
        for j in range(some):
            y[j] = what_of(x[(i + j) * stride], SIZES)
        raise_to(y, some, p)
        add_row(y, some, True, &part)
        outcome += part
        i += some
    total[0] = <floating>outcome


cdef inline_void add_powers_of_columns(const floating* x, Py_ssize_t columns, Py_ssize_t side, double p,
                                       floating* sums) noexcept nogil:
    cdef floating y[STRETCH]
    cdef Py_ssize_t start = 0, j, some
    while start < columns:
        some = STRETCH if columns - start > STRETCH else columns - start
        for j in range(some):
            y[j] = what_of(x[(start + j) * side], SIZES)
        raise_to(y, some, p)
        for j in range(some):
            sums[start + j] += y[j]
        start += some


cdef inline_void raise_to(floating* y, Py_ssize_t n, double p) noexcept nogil:
    """y = y^p, by multiplication where p is 1/2, 1, 3/2, ... up to 8"""
    cdef floating base[STRETCH]
    cdef Py_ssize_t j
    cdef int times
    if not 0 < p <= 8 or p != <int>(2 * p) / 2.0:
        for j in range(n):
            if floating is float:
                y[j] = power_of_float(y[j], <float>p)
            else:
                y[j] = power_of(y[j], p)
        return
    for j in range(n):
        base[j] = y[j]
    if p != <int>p:
        for j in range(n):
            y[j] = <floating>sqrt(y[j])
    else:
        for j in range(n):
            y[j] = 1
    for times in range(<int>p):
        for j in range(n):
            y[j] *= base[j]


# ---- the largest and the smallest |x| --------------------------------------------------------------------------------

# The bits of numbers without a sign, read as integers, are in the order of the numbers, and nan comes after infinity.

ctypedef fused bits:
    cnp.int32_t
    cnp.int64_t


cdef simd_void find_largest(const bits* x, bits* out, void* second, const Block* block, double unused) noexcept nogil:
    """The largest |x|, nan where there is one"""
    find_extreme(x, out, block, False)


cdef simd_void find_smallest(const bits* x, bits* out, void* second, const Block* block, double unused) noexcept nogil:
    """The smallest |x|, nan where there is one"""
    find_extreme(x, out, block, True)


cdef inline_void find_extreme(const bits* x, bits* out, const Block* block, bint smallest) noexcept nogil:
    cdef bits found[TOGETHER]
    cdef bits infinity
    if bits is cnp.int32_t:
        infinity = 0x7f800000
    else:
        infinity = <cnp.int64_t>0x7ff0000000000000
    cdef bits start_with = infinity if smallest else 0
    cdef bits single
    cdef Py_ssize_t i, j, k, start, some
    cdef const bits* row
    for i in range(block.m):
        if block.c == 1:
            single = start_with
            if block.n_stride == 1:
                for k in range(block.n):
                    single = further(x[k], single, smallest, infinity)
            else:
                for k in range(block.n):
                    single = further(x[k * block.n_stride], single, smallest, infinity)
            out[0] = single if single >= 0 else infinity + 1
        start = 0
        while start < block.c and block.c > 1:
            some = TOGETHER if block.c - start > TOGETHER else block.c - start
            for j in range(some):
                found[j] = start_with
            row = x + start * block.c_stride
            for k in range(block.n):
                if block.c_stride == 1:
                    for j in range(some):
                        found[j] = further(row[j], found[j], smallest, infinity)
                else:
                    for j in range(some):
                        found[j] = further(row[j * block.c_stride], found[j], smallest, infinity)
                row += block.n_stride
                ROW_BY_ROW()
            for j in range(some):
                out[(start + j) * block.c_step] = found[j] if found[j] >= 0 else infinity + 1
            start += some
        x += block.m_stride
        out += block.m_step


cdef inline bits further(bits x, bits found, bint smallest, bits infinity) noexcept nogil:
    """The larger of |x| and `found`; or the smaller, with -1 for nan"""
    if bits is cnp.int32_t:
        x = x & 0x7fffffff
    else:
        x = x & <cnp.int64_t>0x7fffffffffffffff
    if smallest:
        x = -1 if x > infinity else x
        return x if x < found else found
    return x if x > found else found
