# The room of products of float32 and float64, in any order. Needs axes.pxi, cascade.pxi and sums.pxi.


cdef reading_void multiply_floats(const floating* x, floating* out, void* second, const Block* block,
                                  double unused) noexcept nogil:
    """out = x[0] x[1] ... x[n - 1]"""
    cdef floating products[TOGETHER]
    cdef Py_ssize_t together = columns_together(block, sizeof(floating)) if block.c_step == 1 else TOGETHER
    cdef Py_ssize_t abreast = 0, i, j, start, some
    if block.c == 1 and 1 <= block.n_stride <= 2:
        abreast = block.m // ABREAST_ROWS
    for i in range(abreast):
        if block.n_stride == 1:
            multiply_rows(x, block.n, 1, block.m_stride, block.near, products)
        else:
            multiply_rows(x, block.n, 2, block.m_stride, block.near, products)
        put_abreast(products, out, block.m_step)
        x += ABREAST_ROWS * block.m_stride
        out += ABREAST_ROWS * block.m_step
    for i in range(abreast * ABREAST_ROWS, block.m):
        start = 0
        while start < block.c and together > TOGETHER:
            some = together if block.c - start > together else block.c - start
            multiply_columns_ahead(x + start, block.n, block.n_stride, some, out + start)
            start += some
        while start < block.c:
            some = TOGETHER if block.c - start > TOGETHER else block.c - start
            if block.c == 1 and block.n_stride == 1:
                multiply_row(x, block.n, 1, block.near, products)
            elif block.c == 1 and block.n_stride == 2:      # a distance that the compiler knows
                multiply_row(x, block.n, 2, block.near, products)
            elif block.c == 1:
                multiply_row(x, block.n, block.n_stride, block.near, products)
            elif block.c_stride == 1:
                multiply_columns(x + start, block.n, block.n_stride, some, 1, block.near, products)
            else:
                multiply_columns(x + start * block.c_stride, block.n, block.n_stride, some, block.c_stride, block.near,
                                 products)
            for j in range(some):
                out[(start + j) * block.c_step] = products[j]
            start += some
        x += block.m_stride
        out += block.m_step


cdef inline_void multiply_row(const floating* x, Py_ssize_t n, Py_ssize_t stride, bint near,
                              floating* product) noexcept nogil:
    cdef floating lane[8]
    cdef floating outcome = 1
    cdef Py_ssize_t width = 32 // sizeof(floating), step = 2 if stride == 2 else 1, i, j
    if stride == 1:
        join_rows(PRODUCT, x, n, 1, 1, 0, near, lane)
    elif stride == 2:
        join_rows(PRODUCT, x, n, 2, 1, 0, near, lane)
    else:
        multiply_lanes(x, n // width, stride, lane)
    for i in range(n - n % (width // step), n):
        outcome *= x[i * stride]
    for j in range(width // step):
        outcome *= lane[j * step]
    product[0] = outcome


cdef inline_void multiply_rows(const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t stride, bint near,
                               floating* products) noexcept nogil:
    """What multiply_row makes of each of ABREAST_ROWS rows of numbers one or two apart, to the bit: see add_rows"""
    cdef floating lane[ABREAST_ROWS * 8]
    cdef Py_ssize_t left = n % (32 // <Py_ssize_t>sizeof(floating) // step), i, k
    join_abreast(PRODUCT, x, n, step, stride, near, lane)
    for k in range(ABREAST_ROWS if left else 0):
        products[k] = 1
        for i in range(n - left, n):
            products[k] *= x[k * stride + i * step]
    join_side_by_side(PRODUCT, left > 0, lane, step, products)


cdef inline_void multiply_lanes(const floating* x, Py_ssize_t rows, Py_ssize_t stride, floating* lane) noexcept nogil:
    """lane[j] = the product of the columns j, j + WIDTH, ... of rows of WIDTH numbers that are `stride` apart"""
    cdef Py_ssize_t width = 32 // sizeof(floating), i, j
    for j in range(width):
        lane[j] = 1
    for i in range(rows):
        for j in range(width):
            lane[j] *= x[j * stride]
        x += width * stride


cdef inline_void multiply_columns(const floating* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns,
                                  Py_ssize_t side, bint near, floating* products) noexcept nogil:
    cdef Py_ssize_t i = 0, j
    cdef bint in_order = row_by_row(stride, columns, near, sizeof(floating))
    for j in range(columns):
        products[j] = 1
    while n - i >= 8 and not in_order:
        for j in range(columns):
            products[j] *= (x[j * side] * x[j * side + stride]) * (x[j * side + 2 * stride]
                           * x[j * side + 3 * stride]) * ((x[j * side + 4 * stride] * x[j * side + 5 * stride])
                           * (x[j * side + 6 * stride] * x[j * side + 7 * stride]))
        x += 8 * stride
        i += 8
    for i in range(i, n):
        for j in range(columns):
            products[j] *= x[j * side]
        x += stride
        ROW_BY_ROW()


cdef inline_void multiply_columns_ahead(const floating* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns,
                                        floating* products) noexcept nogil:
    """The same to the bit, line by line, asked for ahead: see columns_together and add_four_ahead"""
    cdef Py_ssize_t line = LINE // sizeof(floating), i, j, k
    for j in range(columns):
        products[j] = 1
    for i in range(n // 8):
        j = 0
        while j + line <= columns:
            for k in range(8):
                soon(<const char*>(x + j + k * stride) + AHEAD)
            multiply_eight(x + j, stride, line, products + j)
            j += line
        multiply_eight(x + j, stride, columns - j, products + j)
        x += 8 * stride
    for i in range(n % 8):
        for j in range(columns):
            products[j] *= x[j]
        x += stride


cdef inline_void multiply_eight(const floating* x, Py_ssize_t stride, Py_ssize_t columns,
                                floating* products) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(columns):
        products[j] *= (x[j] * x[j + stride]) * (x[j + 2 * stride] * x[j + 3 * stride]) * (
            (x[j + 4 * stride] * x[j + 5 * stride]) * (x[j + 6 * stride] * x[j + 7 * stride])
        )
