# The rooms of any and all: is a number different from 0, are all of them? nan is. Needs axes.pxi.

cdef enum:
    GLANCE = 2048       # so many numbers of a row are looked at before the answer may be given
    COLUMNS = 8192      # and so many columns together: what is known of them stays in the nearest cache
    STREAMS = 4         # rows of them that are read at once

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
    """Where is an x that is zero (wanted) or not? all = nowhere one that is, any = somewhere one that is not

    Blocks of columns that lie side by side are searched together, as far as COLUMNS goes.
    """
    cdef cnp.uint8_t found[COLUMNS]
    cdef Py_ssize_t i = 0, k, start, some, blocks, beside = 1
    if block.c == 1:
        for i in range(block.m):
            search_row(x + i * block.m_stride, block.n, block.n_stride, wanted, found)
            out[i * block.m_step] = found[0] ^ wanted
        return
    if block.c < COLUMNS and block.m_stride == block.c * block.c_stride:
        beside = COLUMNS // block.c
    while i < block.m:
        blocks = beside if block.m - i > beside else block.m - i
        start = 0
        while start < block.c:
            some = COLUMNS if block.c - start > COLUMNS else block.c - start
            if block.c_stride == 1:
                search_columns(x + start, block.n, block.n_stride, blocks * some, 1, wanted, found)
            elif block.c_stride == 2:
                search_columns(x + start * 2, block.n, block.n_stride, blocks * some, 2, wanted, found)
            else:
                search_columns(x + start * block.c_stride, block.n, block.n_stride, blocks * some, block.c_stride,
                               wanted, found)
            for k in range(blocks):
                write_answers(found + k * some, some, wanted, out + start * block.c_step + k * block.m_step,
                              block.c_step)
            start += some
        x += blocks * block.m_stride
        out += blocks * block.m_step
        i += blocks


cdef inline_void write_answers(const cnp.uint8_t* found, Py_ssize_t n, bint wanted, cnp.uint8_t* out,
                               Py_ssize_t step) noexcept nogil:
    cdef cnp.uint8_t other = wanted
    cdef Py_ssize_t j
    if step == 1:
        for j in range(n):
            out[j] = found[j] ^ other
    else:
        for j in range(n):
            out[j * step] = found[j] ^ other


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
    """The first row of each quarter, the second, and so on: four streams of memory that the processor fetches ahead"""
    cdef Py_ssize_t quarter = n // STREAMS, apart = quarter * stride, i, j
    for j in range(columns):
        found[j] = 0
    for i in range(quarter):
        for j in range(columns):
            found[j] |= (
                ((x[j * side] == 0) == wanted) | ((x[j * side + apart] == 0) == wanted)
                | ((x[j * side + 2 * apart] == 0) == wanted) | ((x[j * side + 3 * apart] == 0) == wanted)
            )
        x += stride
    x += (STREAMS - 1) * apart
    for i in range(STREAMS * quarter, n):
        for j in range(columns):
            found[j] |= (x[j * side] == 0) == wanted
        x += stride
