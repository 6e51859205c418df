# The rooms of variances: one pass over memory, around a center that is near enough the mean.
# Needs axes.pxi and cascade.pxi.
#
# Of n numbers that lie around a center c, s = sum (x - c) and q = sum (x - c)^2 give mean = c + s / n and the sum of
# squares around it q - s^2 / n. Nothing is lost in that difference when c is near the mean: the mean of all numbers so
# far is. Two parts of a and b numbers with means u and v have together
#
#     squares = squares of one + squares of the other + (u - v)^2 a b / (a + b)
#
# Chan, Golub, LeVeque 1979, https://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf

cdef enum:
    STRETCH = 512       # numbers of a row whose sums are kept in its own precision before they go to double precision
    CHUNK = 8 * STRETCH # numbers of a row that are taken around one center
    STACK = 64          # rows of columns that are taken around one center
    ABREAST = 1024      # columns that are taken together
    LANES_ = 32


cdef struct Moments:    # of some numbers: how many they are, their mean, the sum of the squares around it
    double count, mean, squares


cdef inline_void join_moments(Moments* all, double count, double mean, double squares) noexcept nogil:
    """Take in `count` more numbers with this mean and these squares."""
    cdef double away = mean - all.mean, share = count / (all.count + count)
    all.squares += squares + away * away * all.count * share
    all.mean += away * share
    all.count += count


cdef inline_void put_moments(const Moments* found, void* out, void* second, Py_ssize_t place, double freedom,
                             const floating* model) noexcept nogil:
    """Mean and variance as numbers like `model`; without a `second` result the moments themselves, for another stage"""
    if second == NULL:
        (<Moments*> out)[place] = found[0]
    else:
        (<floating*> out)[place] = <floating>found.mean
        (<floating*> second)[place] = <floating>(found.squares / freedom)


cdef simd_void find_moments(const floating* x, void* out, void* second, const Block* block,
                            double freedom) noexcept nogil:
    """The moments of every row or column; or (mean, squares / freedom)"""
    cdef Moments found
    cdef Py_ssize_t i, start, some
    for i in range(block.m):
        if block.c == 1:
            moments_of_row(x + i * block.m_stride, block.n, block.n_stride, &found)
            put_moments(&found, out, second, i * block.m_step, freedom, x)
        else:
            start = 0
            while start < block.c:
                some = ABREAST if block.c - start > ABREAST else block.c - start
                moments_of_columns(x + i * block.m_stride + start * block.c_stride, block, some, out, second,
                                   i * block.m_step + start * block.c_step, freedom)
                start += some


cdef inline_void moments_of_row(const floating* x, Py_ssize_t n, Py_ssize_t stride, Moments* found) noexcept nogil:
    cdef floating together[CHUNK]
    cdef const floating* chunk
    cdef floating center
    cdef double s, q
    cdef Py_ssize_t i = 0, j, some
    found.count = found.mean = found.squares = 0
    while i < n:
        some = CHUNK if n - i > CHUNK else n - i
        chunk = x + i * stride
        if stride == 2:     # a distance that the compiler knows
            for j in range(some):
                together[j] = chunk[j * 2]
            chunk = together
        elif stride != 1:
            for j in range(some):
                together[j] = chunk[j * stride]
            chunk = together
        center = <floating>found.mean
        if i == 0:
            add_row(chunk, some if some < STRETCH else STRETCH, True, &center)
            center = center / <floating>(some if some < STRETCH else STRETCH)
        sums_around(chunk, some, center, &s, &q)
        if s * s > q * some * 0.5:      # the center was far from this chunk
            center += <floating>(s / some)
            sums_around(chunk, some, center, &s, &q)
        join_moments(found, some, center + s / some, q - s * s / some)
        i += some
    if found.mean != found.mean:        # infinite, or nan: around an infinite center all is nan
        s = 0
        for i in range(n):
            s += x[i * stride]
        found.mean = s / n


cdef inline_void sums_around(const floating* x, Py_ssize_t n, floating center, double* s, double* q) noexcept nogil:
    """s = sum (x - center),    q = sum (x - center)^2"""
    cdef floating first[LANES_]
    cdef floating other[LANES_]
    cdef double wide_first[LANES_]
    cdef double wide_other[LANES_]
    cdef floating away
    cdef double exact
    cdef Py_ssize_t i = 0, j, stop
    s[0] = q[0] = 0
    if n >= LANES_:
        for j in range(LANES_):
            wide_first[j] = wide_other[j] = 0
        while n - i >= LANES_:
            stop = i + STRETCH if n - i > STRETCH else n
            for j in range(LANES_):
                first[j] = other[j] = 0
            while stop - i >= LANES_:
                for j in range(LANES_):
                    away = x[i + j] - center
                    first[j] += away
                    other[j] += away * away
                i += LANES_
            for j in range(LANES_):
                wide_first[j] += first[j]
                wide_other[j] += other[j]
        for j in range(LANES_):
            s[0] += wide_first[j]
            q[0] += wide_other[j]
    for j in range(i, n):
        exact = <double>x[j] - center
        s[0] += exact
        q[0] += exact * exact


cdef inline_void moments_of_columns(const floating* x, const Block* block, Py_ssize_t columns, void* out, void* second,
                                    Py_ssize_t place, double freedom) noexcept nogil:
    """STACK rows after STACK rows, every column around its own center"""
    cdef floating center[LEVELS * ABREAST]
    cdef floating first[ABREAST]
    cdef floating other[ABREAST]
    cdef double mean[ABREAST]
    cdef double squares[ABREAST]
    cdef Moments found
    cdef double away, part, count, share, weight
    cdef Py_ssize_t i = 0, j, k, some, stride = block.n_stride, side = block.c_stride
    while i < block.n:
        some = STACK if block.n - i > STACK else block.n - i
        if i == 0:
            cascade(x, some, stride, columns, side, False, block.near, center)
            for j in range(columns):
                center[j] /= <floating>some
                mean[j] = center[j]
                squares[j] = 0
        else:
            for j in range(columns):
                center[j] = <floating>mean[j]
        for j in range(columns):
            first[j] = other[j] = 0
        if side == 1:
            stack_around(x, some, stride, columns, 1, center, first, other)
        else:
            stack_around(x, some, stride, columns, side, center, first, other)
        x += some * stride
        count = some
        share, weight = count / (i + count), i * (count / (i + count))
        for j in range(columns):
            part = first[j] / count
            away = center[j] + part - mean[j]
            squares[j] += other[j] - first[j] * part + away * away * weight
            mean[j] += away * share
        i += some
    x -= block.n * stride
    for j in range(columns):
        found.count, found.mean, found.squares = block.n, mean[j], squares[j]
        if mean[j] != mean[j]:          # infinite, or nan: around an infinite center all is nan
            part = 0
            for k in range(block.n):
                part += x[k * stride + j * side]
            found.mean = part / block.n
        put_moments(&found, out, second, place + j * block.c_step, freedom, x)


cdef inline_void stack_around(const floating* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns, Py_ssize_t side,
                              const floating* center, floating* first, floating* other) noexcept nogil:
    """first += x - center and other += (x - center)^2, of n rows; four rows while the sums are at hand (see add_run)"""
    cdef floating a, b, c, d
    cdef Py_ssize_t i = 0, j
    while n - i >= 4 and (stride * <Py_ssize_t>sizeof(floating) >= PAGE or columns <= ROW):
        for j in range(columns):
            a = x[j * side] - center[j]
            b = x[j * side + stride] - center[j]
            c = x[j * side + 2 * stride] - center[j]
            d = x[j * side + 3 * stride] - center[j]
            first[j] += (a + b) + (c + d)
            other[j] += (a * a + b * b) + (c * c + d * d)
        x += 4 * stride
        i += 4
    while i < n:
        for j in range(columns):
            a = x[j * side] - center[j]
            first[j] += a
            other[j] += a * a
        x += stride
        i += 1


cdef void merge_moments(const Moments* x, void* out, void* second, const Block* block, double freedom,
                        const floating* model) noexcept nogil:
    """The moments of parts, joined"""
    cdef Moments found
    cdef Py_ssize_t i, j, k
    for i in range(block.m):
        for j in range(block.c):
            found.count = found.mean = found.squares = 0
            for k in range(block.n):
                join_moments(&found, x[k * block.n_stride + j * block.c_stride].count,
                             x[k * block.n_stride + j * block.c_stride].mean,
                             x[k * block.n_stride + j * block.c_stride].squares)
            put_moments(&found, out, second, i * block.m_step + j * block.c_step, freedom, model)
        x += block.m_stride


cdef void merge_moments_float(const Moments* x, void* out, void* second, const Block* block,
                              double freedom) noexcept nogil:
    cdef float model = 0
    merge_moments(x, out, second, block, freedom, &model)


cdef void merge_moments_double(const Moments* x, void* out, void* second, const Block* block,
                               double freedom) noexcept nogil:
    cdef double model = 0
    merge_moments(x, out, second, block, freedom, &model)
