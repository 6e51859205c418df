# The rooms of norms: sums of |x|^p, and the largest or smallest |x|. Needs axes.pxi and cascade.pxi.

from libc.math cimport pow as power_of, powf as power_of_float, sqrt

cdef enum:              # what is added for a number x
    SIZES               # |x|
    SQUARES             # x^2
    NONZERO             # 1 where x is not 0, which nan is not
    POWERS              # |x|^p


cdef simd_void add_sizes(const floating* x, floating* out, void* second, const Block* block,
                         double unused) noexcept nogil:
    """out = |x[0]| + ... + |x[n - 1]|"""
    add_what(x, out, block, SIZES)


cdef simd_void add_squares(const floating* x, floating* out, void* second, const Block* block,
                           double unused) noexcept nogil:
    """out = x[0]^2 + ... + x[n - 1]^2"""
    add_what(x, out, block, SQUARES)


cdef simd_void add_nonzero(const floating* x, floating* out, void* second, const Block* block,
                           double unused) noexcept nogil:
    """out = how many are not 0"""
    add_what(x, out, block, NONZERO)


cdef simd_void add_powers(const floating* x, floating* out, void* second, const Block* block,
                          double unused) noexcept nogil:
    """out = |x[0]|^p + ... + |x[n - 1]|^p"""
    add_what(x, out, block, POWERS)


cdef inline_void add_what(const floating* x, floating* out, const Block* block, int what) noexcept nogil:
    cdef floating sums[ABREAST]
    cdef Py_ssize_t i, j, start, some
    for i in range(block.m):
        if block.c == 1:
            add_what_of_row(x, block, what, out)
        start = 0
        while start < block.c and block.c > 1:
            some = ABREAST if block.c - start > ABREAST else block.c - start
            add_what_of_columns(x + start * block.c_stride, block, some, what, sums)
            for j in range(some):
                out[(start + j) * block.c_step] = sums[j]
            start += some
        x += block.m_stride
        out += block.m_step


cdef inline_void what_of(const floating* x, Py_ssize_t n, Py_ssize_t stride, int what, double p,
                         floating* y) noexcept nogil:
    """y = |x|, x^2, x != 0 or |x|^p"""
    cdef Py_ssize_t j
    cdef floating size
    if what == SIZES:
        for j in range(n):
            y[j] = x[j * stride] if x[j * stride] > 0 else -x[j * stride]
    elif what == SQUARES:
        for j in range(n):
            y[j] = x[j * stride] * x[j * stride]
    elif what == NONZERO:
        for j in range(n):
            y[j] = x[j * stride] != 0
    else:
        for j in range(n):
            y[j] = x[j * stride] if x[j * stride] > 0 else -x[j * stride]
        raise_to(y, n, p)


cdef inline_void raise_to(floating* y, Py_ssize_t n, double p) noexcept nogil:
    """y = y^p, by multiplication where p is 1/2, 1, 3/2, ... up to 8"""
    cdef floating base[STRETCH]
    cdef Py_ssize_t j
    cdef int times
    if p != <int>(2 * p) / 2.0 or not 0 < p <= 8:
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


cdef inline_void add_what_of_row(const floating* x, const Block* block, int what, floating* total) noexcept nogil:
    """Stretches are added in their own precision, their sums in double precision."""
    cdef floating y[STRETCH]
    cdef floating part
    cdef double outcome = 0
    cdef Py_ssize_t i = 0, some
    while i < block.n:
        some = STRETCH if block.n - i > STRETCH else block.n - i
        if block.n_stride == 1:
            what_of(x + i, some, 1, what, block.p, y)
        else:
            what_of(x + i * block.n_stride, some, block.n_stride, what, block.p, y)
        add_row(y, some, &part)
        outcome += part
        i += some
    total[0] = <floating>outcome


cdef inline_void add_what_of_columns(const floating* x, const Block* block, Py_ssize_t columns, int what,
                                     floating* sums) noexcept nogil:
    cdef floating y[STRETCH]
    cdef floating part[ABREAST]
    cdef double total[ABREAST]
    cdef Py_ssize_t i, j, start, some
    for j in range(columns):
        part[j] = total[j] = 0
    for i in range(block.n):
        start = 0
        while start < columns:
            some = STRETCH if columns - start > STRETCH else columns - start
            if block.c_stride == 1:
                what_of(x + start, some, 1, what, block.p, y)
            else:
                what_of(x + start * block.c_stride, some, block.c_stride, what, block.p, y)
            for j in range(some):
                part[start + j] += y[j]
            start += some
        x += block.n_stride
        ROW_BY_ROW()
        if i % STACK == STACK - 1 or i == block.n - 1:
            for j in range(columns):
                total[j] += part[j]
                part[j] = 0
    for j in range(columns):
        sums[j] = <floating>total[j]


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
