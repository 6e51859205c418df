# The rooms of any and all: is a number different from 0, are all of them? nan is. Needs axes.pxi, cascade.pxi,
# soon.pxi and ahead.pxi.
#
# The answer so far is a byte, 0 for no. Of bytes it is the smallest one (all) or the bits of all of them (any): one
# instruction for 32 numbers. Of others it is the same of 0 and 1, whether they are 0.

cdef enum:
    GLANCE = 2048       # so many numbers of a row are looked at before the answer may be given
    COLUMNS = 8192      # and so many columns together: their answers, and a row of each stream, stay in the nearest
                        # cache; or WIDE, on processors that have to be asked for memory
    NARROW = 256        # a row of fewer numbers is taken for one with the rows behind it

cdef const char* EVERY = b"\xff\xff\xff\xff\xff\xff\xff\xff"       # bytes of a word that are asked for
cdef const char* EVERY_SECOND = b"\xff\0\xff\0\xff\0\xff\0"

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


cdef inline cnp.uint8_t truth_of(tested x) noexcept nogil:
    """0 only for 0"""
    if tested is cnp.uint8_t:
        return x
    else:
        return x != 0


cdef inline cnp.uint8_t both(cnp.uint8_t a, cnp.uint8_t b, bint whole) noexcept nogil:
    """Are both of them not 0 (whole), or is one?"""
    return (a if a < b else b) if whole else a | b


cdef inline_void search(const tested* x, cnp.uint8_t* out, const Block* block, bint whole) noexcept nogil:
    """Blocks of columns that lie side by side are searched together, as far as COLUMNS goes.

    A Xeon (Granite Rapids) searches 256 rows of 64 KB in 610 us in blocks of COLUMNS, as a whole in 565.
    """
    cdef cnp.uint8_t found[WIDE]
    cdef Py_ssize_t together = WIDE if asks and not block.near and block.c_stride == 1 else COLUMNS
    cdef Py_ssize_t i = 0, k, start, some, blocks, beside = 1
    if block.c == 1:
        for i in range(block.m):
            search_row(x + i * block.m_stride, block.n, block.n_stride, whole, found)
            out[i * block.m_step] = found[0] != 0
        return
    if block.c < COLUMNS and block.m_stride == block.c * block.c_stride:
        beside = COLUMNS // block.c
    while i < block.m:
        blocks = beside if block.m - i > beside else block.m - i
        start = 0
        while start < block.c:
            some = together if block.c - start > together else block.c - start
            if block.c_stride == 1 and block.n_stride == block.c == some and blocks == 1:
                search_narrow_columns(x, block.n, some, block.near, whole, found)
            elif block.c_stride == 1:
                search_columns(x + start, block.n, block.n_stride, blocks * some, 1, block.near, whole, found)
            elif block.c_stride == 2:
                search_columns(x + start * 2, block.n, block.n_stride, blocks * some, 2, block.near, whole, found)
            else:
                search_columns(x + start * block.c_stride, block.n, block.n_stride, blocks * some, block.c_stride,
                               block.near, whole, found)
            for k in range(blocks):
                write_answers(found + k * some, some, out + start * block.c_step + k * block.m_step, block.c_step)
            start += some
        x += blocks * block.m_stride
        out += blocks * block.m_step
        i += blocks


cdef inline_void write_answers(const cnp.uint8_t* found, Py_ssize_t n, cnp.uint8_t* out,
                               Py_ssize_t step) noexcept nogil:
    cdef Py_ssize_t j
    if step == 1:
        for j in range(n):
            out[j] = found[j] != 0
    else:
        for j in range(n):
            out[j * step] = found[j] != 0


cdef inline_void search_row(const tested* x, Py_ssize_t n, Py_ssize_t stride, bint whole,
                            cnp.uint8_t* found) noexcept nogil:
    while n > GLANCE:
        search_stretch(x, GLANCE, stride, whole, found)
        if (found[0] != 0) != whole:
            return
        x += GLANCE * stride
        n -= GLANCE
    search_stretch(x, n, stride, whole, found)


cdef inline_void search_stretch(const tested* x, Py_ssize_t n, Py_ssize_t stride, bint whole,
                                cnp.uint8_t* found) noexcept nogil:
    """Bytes are joined as bytes, wider numbers compared as wide ones; a stride that is known is walked by SIMD."""
    cdef Py_ssize_t j
    cdef int some = 0
    cdef cnp.uint8_t byte = 255 if whole else 0, other
    cdef cnp.uint8_t last[128]
    if tested is cnp.uint8_t:
        if stride == 1 and n >= 128:
            search_bytes(x, n // 128, 1, whole, &byte)
            x += n // 128 * 128
            n %= 128
        elif stride == 2 and n > 64:
            search_bytes(x, (n - 1) // 64, 2, whole, &byte)
            x += (n - 1) // 64 * 128
            n -= (n - 1) // 64 * 64
            if n == 64:                     # the byte behind the last one may not be ours to read
                memcpy(last, x, 127)
                search_bytes(last, 1, 2, whole, &other)
                byte, n = both(byte, other, whole), 0
        if stride == 1:
            for j in range(n):
                byte = both(byte, x[j], whole)
        elif stride == 2:
            for j in range(n):
                byte = both(byte, x[2 * j], whole)
        else:
            for j in range(n):
                byte = both(byte, x[j * stride], whole)
        found[0] = byte
    else:
        if stride == 1:
            for j in range(n):
                some |= (x[j] == 0) == whole
        else:
            for j in range(n):
                some |= (x[j * stride] == 0) == whole
        found[0] = (some != 0) != whole


cdef inline_void search_bytes(const cnp.uint8_t* x, Py_ssize_t times, int step, bint whole,
                              cnp.uint8_t* found) noexcept nogil:
    """`times` times 128 bytes, once or more, in two lots that compilers keep in registers; the answer is found in words

    Of every other number those between are read as well, and only their part of the answer is left out.
    """
    cdef cnp.uint8_t a[32]
    cdef cnp.uint8_t b[32]
    cdef cnp.uint64_t words[4]
    cdef cnp.uint64_t asked
    cdef Py_ssize_t i, j
    for j in range(32):
        a[j] = both(x[j], x[32 + j], whole)
    for j in range(32):
        b[j] = both(x[64 + j], x[96 + j], whole)
    for i in range(1, times):
        x += 128
        for j in range(32):
            a[j] = both(a[j], both(x[j], x[32 + j], whole), whole)
        for j in range(32):
            b[j] = both(b[j], both(x[64 + j], x[96 + j], whole), whole)
    for j in range(32):
        a[j] = both(a[j], b[j], whole)
    if whole:
        for j in range(32):
            a[j] = a[j] == 0
    memcpy(words, a, 32)
    memcpy(&asked, EVERY if step == 1 else EVERY_SECOND, 8)
    found[0] = (((words[0] | words[1] | words[2] | words[3]) & asked) != 0) != whole


cdef inline_void search_narrow_columns(const tested* x, Py_ssize_t n, Py_ssize_t columns, bint near, bint whole,
                                       cnp.uint8_t* found) noexcept nogil:
    """Rows that lie one behind the other: 2, 4, 8, ... are taken for one wide row, whose halves are joined at the end"""
    cdef Py_ssize_t wide = columns, left = n * columns, j
    while wide < NARROW and 8 * wide <= left:
        wide *= 2
    search_columns(x, left // wide, wide, wide, 1, near, whole, found)
    x += left // wide * wide
    left %= wide
    while wide > columns:
        wide //= 2
        for j in range(wide):
            found[j] = both(found[j], found[wide + j], whole)
        if left >= wide:
            join(x, wide, 1, whole, found)
            x += wide
            left -= wide


cdef inline_void search_columns(const tested* x, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns, Py_ssize_t side,
                                bint near, bint whole, cnp.uint8_t* found) noexcept nogil:
    """Rows one after the other where `row_by_row` says so, else four at a time

    Rows that are far apart: no processor guesses where they go on, the next four are asked for; or, of long ones, what
    comes next in each. Of numbers that are not adjacent the first row of each quarter comes first, then the second:
    four streams of memory that it does guess.
    """
    cdef Py_ssize_t line = LINE // sizeof(tested), quarter = n // 4, i, j, k
    cdef Py_ssize_t apart = stride if side == 1 else quarter * stride, next = 4 * stride if side == 1 else stride
    cdef bint ahead = columns > COLUMNS and asks
    if side == 1 and row_by_row(stride, columns, near, sizeof(tested)):
        quarter = 0
    for j in range(columns):
        found[j] = 255 if whole else 0
    for i in range(quarter):
        j = 0
        while side == 1 and j + line <= columns:
            if ahead:
                for k in range(4):
                    soon(<const char*>(x + j + k * stride) + LANES_AHEAD)
            elif not near:
                for k in range(4):
                    later(x + j + next + k * stride)
            join_four(x + j, apart, line, 1, whole, found + j)
            j += line
        join_four(x + j * side, apart, columns - j, side, whole, found + j)
        x += next
    x += quarter * (4 * stride - next)
    for i in range(4 * quarter, n):
        j = 0
        while side == 1 and j + line <= columns:
            join(x + j, line, 1, whole, found + j)
            j += line
        join(x + j * side, columns - j, side, whole, found + j)
        x += stride


cdef inline_void join_four(const tested* x, Py_ssize_t apart, Py_ssize_t columns, Py_ssize_t side, bint whole,
                           cnp.uint8_t* found) noexcept nogil:
    """What is known of columns, and four rows of them"""
    cdef Py_ssize_t j
    for j in range(columns):
        found[j] = both(found[j], both(
            both(truth_of(x[j * side]), truth_of(x[j * side + apart]), whole),
            both(truth_of(x[j * side + 2 * apart]), truth_of(x[j * side + 3 * apart]), whole), whole), whole)


cdef inline_void join(const tested* x, Py_ssize_t columns, Py_ssize_t side, bint whole,
                      cnp.uint8_t* found) noexcept nogil:
    """What is known of columns, and a row of them"""
    cdef Py_ssize_t j
    for j in range(columns):
        found[j] = both(found[j], truth_of(x[j * side]), whole)
