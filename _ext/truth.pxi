# The rooms of any and all: is a number different from 0, are all of them? nan is. Needs axes.pxi and cascade.pxi.

cdef enum:
    GLANCE = 512        # so many numbers of a row are looked at before the answer may be given

ctypedef fused tested:
    cnp.uint8_t
    cnp.uint16_t
    cnp.int32_t
    cnp.int64_t
    float
    double


cdef reading_void find_true(const tested* x, cnp.uint8_t* out, void* second, const Block* block,
                            double unused) noexcept nogil:
    """out = x[0] != 0 or ... or x[n - 1] != 0"""
    search(x, out, block, False)


cdef reading_void find_false(const tested* x, cnp.uint8_t* out, void* second, const Block* block,
                             double unused) noexcept nogil:
    """out = x[0] != 0 and ... and x[n - 1] != 0"""
    search(x, out, block, True)


cdef inline_void search(const tested* x, cnp.uint8_t* out, const Block* block, bint wanted) noexcept nogil:
    """Where is an x that is zero (wanted) or not? all = nowhere one that is, any = somewhere one that is not"""
    cdef cnp.uint8_t found[TOGETHER]
    cdef Py_ssize_t i, j, start, some
    for i in range(block.m):
        start = 0
        while start < block.c:
            some = TOGETHER if block.c - start > TOGETHER else block.c - start
            if block.c == 1:
                search_row(x, block.n, block.n_stride, wanted, found)
            elif block.c_stride == 1:
                search_columns(x + start, block.n, block.n_stride, some, 1, wanted, found)
            else:
                search_columns(x + start * block.c_stride, block.n, block.n_stride, some, block.c_stride, wanted, found)
            for j in range(some):
                out[(start + j) * block.c_step] = found[j] ^ wanted
            start += some
        x += block.m_stride
        out += block.m_step


cdef inline_void search_row(const tested* x, Py_ssize_t n, Py_ssize_t stride, bint wanted,
                            cnp.uint8_t* found) noexcept nogil:
    found[0] = 0
    while n > GLANCE and not found[0]:
        search_stretch(x, GLANCE, stride, wanted, found)
        x += GLANCE * stride
        n -= GLANCE
    if not found[0]:
        search_stretch(x, n, stride, wanted, found)


cdef inline_void search_stretch(const tested* x, Py_ssize_t n, Py_ssize_t stride, bint wanted,
                                cnp.uint8_t* found) noexcept nogil:
    """Bytes are compared fastest with bytes; a stride that is known is walked by SIMD."""
    cdef Py_ssize_t j
    cdef int some = 0
    cdef cnp.uint8_t byte = 0
    if stride == 1 and tested is cnp.uint8_t:
        for j in range(n):
            byte |= (x[j] == 0) == wanted
    elif stride == 2 and tested is cnp.uint8_t:
        for j in range(n):
            byte |= (x[2 * j] == 0) == wanted
    elif stride == 1:
        for j in range(n):
            some |= (x[j] == 0) == wanted
    else:
        for j in range(n):
            some |= (x[j * stride] == 0) == wanted
    found[0] = some != 0 or byte != 0


cdef inline_void search_columns(const tested* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns, Py_ssize_t side,
                                bint wanted, cnp.uint8_t* found) noexcept nogil:
    cdef Py_ssize_t i = 0, j
    for j in range(columns):
        found[j] = 0
    while n - i >= 4 and stride * <Py_ssize_t>sizeof(tested) >= PAGE:
        for j in range(columns):
            found[j] |= (
                ((x[j * side] == 0) == wanted) | ((x[j * side + stride] == 0) == wanted)
                | ((x[j * side + 2 * stride] == 0) == wanted) | ((x[j * side + 3 * stride] == 0) == wanted)
            )
        x += 4 * stride
        i += 4
    for i in range(i, n):
        for j in range(columns):
            found[j] |= (x[j * side] == 0) == wanted
        x += stride
        ROW_BY_ROW()
