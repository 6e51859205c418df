# The rooms of sums: rows and columns of float32 and float64 in PyTorch's order (cascade.pxi), of integers in any.
# Needs axes.pxi, cascade.pxi, soon.pxi and ahead.pxi.

cdef enum:
    GATHER = 1024       # so many numbers of a row that are not adjacent are brought together at a time
    EVERY_OTHER = 512   # so many numbers that are two apart are added without runs
    GAP = 256           # so many numbers between two rows are read with them
    BESIDE = 32         # so many rows of a few columns are taken for one row of many


cdef reading_void add_floats(const floating* x, floating* out, void* second, const Block* block,
                          double divisor) noexcept nogil:
    """out = (x[0] + ... + x[n - 1]) / divisor"""
    cdef floating few[LEVELS * TOGETHER]
    cdef floating* sums = few
    cdef Py_ssize_t width = 32 // sizeof(floating), abreast = 0, i, j, start, some
    cdef Py_ssize_t together = columns_together(block, sizeof(floating))
    if together > TOGETHER:
        sums = <floating*> malloc(LEVELS * together * sizeof(floating))
        if sums == NULL:
            sums, together = few, TOGETHER
    if block.c == 1 and block.n_stride == 1 and width <= block.n < SHORT * width:
        abreast = block.m - block.m % ABREAST_ROWS
    elif block.c == 1 and block.n_stride == 2 and width <= block.n <= EVERY_OTHER:
        abreast = block.m - block.m % ABREAST_ROWS
    for i in range(abreast // ABREAST_ROWS):
        if block.n_stride == 1:
            add_rows(x, block.n, 1, block.m_stride, block.near, sums)
        else:
            add_rows(x, block.n, 2, block.m_stride, block.near, sums)
        if divisor != 1:
            for j in range(ABREAST_ROWS):
                sums[j] /= <floating>divisor
        put_abreast(sums, out, block.m_step)
        x += ABREAST_ROWS * block.m_stride
        out += ABREAST_ROWS * block.m_step
    for i in range(abreast, block.m):
        if block.c == 1:
            if block.n_stride == 1:
                add_row(x, block.n, block.near, sums)
                j = block.n
                while j < block.m_stride < block.n + GAP:   # the processor reads ahead only if nothing is left out
                    soon(x + j)
                    j += LINE // <Py_ssize_t>sizeof(floating)
            else:
                add_scattered(x, block.n, block.n_stride, block.near, sums)
            out[0] = sums[0] / <floating>divisor
        else:
            start = 0
            while start < block.c:
                add_some_columns(x + start * block.c_stride, block, block.c - start, together, sums, &some)
                for j in range(some):
                    out[(start + j) * block.c_step] = sums[j] / <floating>divisor
                start += some
        x += block.m_stride
        out += block.m_step
    if sums != few:
        free(sums)


cdef inline Py_ssize_t columns_together(const Block* block, Py_ssize_t size) noexcept nogil:
    """How many columns, of numbers of `size` bytes, are added or multiplied together

    A Xeon (Granite Rapids) adds 256 rows of 256 KB in 4.5 ms if it reads them in blocks of TOGETHER columns, 8 rows at
    a time, and in 3.7 if it reads 4 whole ones at a time and is asked for memory ahead; row by row it takes 4.1.
    """
    if not asks or block.near or block.c_stride != 1 or row_by_row(block.n_stride, block.c, False, size):
        return TOGETHER
    return min(WIDE, max(TOGETHER, block.c))


cdef inline_void add_some_columns(const floating* x, const Block* block, Py_ssize_t left, Py_ssize_t together,
                                  floating* sums, Py_ssize_t* some) noexcept nogil:
    """The sums of the first `some` columns of `left`"""
    cdef Py_ssize_t width = 32 // sizeof(floating), columns = 4 * width if block.c >= width else 4
    some[0] = together if left > together else left
    if block.c_stride == 2:     # a distance that the compiler knows
        cascade(x, block.n, block.n_stride, some[0], 2, False, block.near, sums)
    elif block.c_stride != 1:
        cascade(x, block.n, block.n_stride, some[0], block.c_stride, False, block.near, sums)
    elif block.n_stride == left and left < ROW and block.n * left > PIECE:
        add_narrow_columns(x, block.n, left, sums)
    elif some[0] >= columns:
        some[0] -= some[0] % columns
        cascade(x, block.n, block.n_stride, some[0], 1, False, block.near, sums)
    elif some[0] >= width:
        some[0] = width
        four_at_a_time(x, block.n, block.n_stride, width, block.near, sums)
    else:
        four_at_a_time(x, block.n, block.n_stride, left, block.near, sums)


cdef inline_void add_narrow_columns(const floating* x, Py_ssize_t n, Py_ssize_t columns, floating* sums) noexcept nogil:
    """The sums of a few columns, very long ones: BESIDE rows are taken for one, whose parts are added at the end"""
    cdef floating wide[LEVELS * ROW * BESIDE]
    cdef double total
    cdef Py_ssize_t i, j
    cascade(x, n // BESIDE, BESIDE * columns, BESIDE * columns, 1, False, False, wide)
    for j in range(columns):
        total = 0
        for i in range(BESIDE):
            total += wide[i * columns + j]
        for i in range(n // BESIDE * BESIDE, n):
            total += x[i * columns + j]
        sums[j] = <floating>total


cdef inline_void add_scattered(const floating* x, Py_ssize_t n, Py_ssize_t stride, bint near,
                               floating* total) noexcept nogil:
    """total = x[0] + x[stride] + ...: GATHER numbers at a time, brought together or two apart, are added as a row"""
    cdef floating together[GATHER]
    cdef floating part
    cdef double outcome = 0
    cdef Py_ssize_t most = EVERY_OTHER if stride == 2 else GATHER, i = 0, j, some
    while i < n:
        some = most if n - i > most else n - i
        if stride == 2:
            add_every_other(x, some, near, &part)
        else:
            for j in range(some):
                together[j] = x[j * stride]
            add_row(together, some, True, &part)
        outcome += part
        x += some * stride
        i += some
    total[0] = <floating>outcome


cdef inline_void add_every_other(const floating* x, Py_ssize_t n, bint near, floating* total) noexcept nogil:
    """total = x[0] + x[2] + ... + x[2 n - 2]"""
    cdef floating lane[8]
    cdef floating outcome = 0
    cdef Py_ssize_t width = 32 // sizeof(floating), i, j
    join_rows(NUMBERS, x, n, 2, 1, 0, near, lane)
    for i in range(n - n % (width // 2), n):
        outcome += x[2 * i]
    for j in range(0, width, 2):
        outcome += lane[j]
    total[0] = outcome


ctypedef fused whole:
    cnp.int8_t
    cnp.uint8_t
    cnp.int16_t
    cnp.int32_t
    cnp.int64_t


cdef reading_void add_integers(const whole* x, cnp.uint64_t* out, void* second, const Block* block,
                            double unused) noexcept nogil:
    """out = x[0] + ... + x[n - 1] modulo 2^64: with the sign of two's complement that is the sum of int64"""
    cdef cnp.uint64_t sums[TOGETHER]
    cdef cnp.uint64_t total
    cdef Py_ssize_t i, j, k, start, some
    cdef const whole* row
    for i in range(block.m):
        if block.c == 1:
            total = 0
            if block.n_stride == 1:
                for k in range(block.n):
                    total += <cnp.uint64_t>x[k]
            else:
                for k in range(block.n):
                    total += <cnp.uint64_t>x[k * block.n_stride]
            out[0] = total
        start = 0
        while start < block.c and block.c > 1:
            some = TOGETHER if block.c - start > TOGETHER else block.c - start
            for j in range(some):
                sums[j] = 0
            row = x + start * block.c_stride
            for k in range(block.n):
                if block.c_stride == 1:
                    for j in range(some):
                        sums[j] += <cnp.uint64_t>row[j]
                else:
                    for j in range(some):
                        sums[j] += <cnp.uint64_t>row[j * block.c_stride]
                row += block.n_stride
            for j in range(some):
                out[(start + j) * block.c_step] = sums[j]
            start += some
        x += block.m_stride
        out += block.m_step
