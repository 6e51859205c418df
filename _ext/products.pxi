# The room of products of float32 and float64, in any order. Needs axes.pxi and cascade.pxi.


cdef reading_void multiply_floats(const floating* x, floating* out, void* second, const Block* block,
                                  double unused) noexcept nogil:
    """out = x[0] x[1] ... x[n - 1]"""
    cdef floating products[TOGETHER]
    cdef Py_ssize_t i, j, start, some
    for i in range(block.m):
        start = 0
        while start < block.c:
            some = TOGETHER if block.c - start > TOGETHER else block.c - start
            if block.c == 1 and block.n_stride == 1:
                multiply_row(x, block.n, 1, products)
            elif block.c == 1:
                multiply_row(x, block.n, block.n_stride, products)
            elif block.c_stride == 1:
                multiply_columns(x + start, block.n, block.n_stride, some, 1, products)
            else:
                multiply_columns(x + start * block.c_stride, block.n, block.n_stride, some, block.c_stride, products)
            for j in range(some):
                out[(start + j) * block.c_step] = products[j]
            start += some
        x += block.m_stride
        out += block.m_step


cdef inline_void multiply_row(const floating* x, Py_ssize_t n, Py_ssize_t stride, floating* product) noexcept nogil:
    cdef floating lane[ROW]
    cdef floating outcome = 1
    cdef Py_ssize_t i = 0, j
    if n >= ROW:
        for j in range(ROW):
            lane[j] = x[j * stride]
        i = ROW
        while n - i >= ROW:
            for j in range(ROW):
                lane[j] *= x[(i + j) * stride]
            i += ROW
        for j in range(ROW):
            outcome *= lane[j]
    for j in range(i, n):
        outcome *= x[j * stride]
    product[0] = outcome


cdef inline_void multiply_columns(const floating* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns,
                                  Py_ssize_t side, floating* products) noexcept nogil:
    """See add_run for why rows that are far apart are taken eight at a time."""
    cdef Py_ssize_t i = 0, j
    for j in range(columns):
        products[j] = 1
    while n - i >= 8 and stride * <Py_ssize_t>sizeof(floating) >= PAGE:
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
