# Products of large matrices, from blocks of b in panels (Goto and van de Geijn 2008,
# https://doi.org/10.1145/1356052.1356053):
#
#     out[i, j] (+)= alpha (a[i, p] b[p, j] + a[i, p + 1] b[p + 1, j] + ...)    for 6 rows i, 4 registers of columns j
#
# As in tile.pxi all sums of a tile stay in registers, 24 here. What suits it to large matrices is where the operands
# are meanwhile. A block of b, copied so that each panel as wide as a tile lies in one piece, stays in the second cache,
# and is read from there in order, as fast as from the first. That one has room for the 6 rows of a; they are copied too
# where their numbers lie far apart. A later block of the sums is added to what the earlier ones left in `out`.
#
# Measured in GFLOP/s at one thread of an Intel Xeon (Sapphire Rapids or later; its peak is 190 in float32 and 96 in
# float64), beside OpenBLAS and MKL: 512 x 512 175, 152, 172 and 87, 72, 86; 1024 x 1024 170, 150, 170 and 86, 75, 87. On
# a Zen 4 OpenBLAS is as fast at these sizes. Copies that begin in the middle of a line of the cache take 15 % longer.
#
# Needs operands.pxi, pack.pxi and tile.pxi.

cdef extern from *:
    """
    #if defined(__GNUC__) && defined(__x86_64__)
    #include <immintrin.h>

    enum { PANEL_GAP = 18 };    /* numbers between copied groups of rows: their lines of the cache shall not coincide */

    static int tinytorch_panels(void) { return tinytorch_tiles() && __builtin_cpu_is("intel"); }

    #define TINYTORCH_PANEL(number, suffix, mask_t) \\
        typedef number tinytorch_lanes_##number \\
            __attribute__((vector_size(64), aligned(sizeof(number)), may_alias)); \\
        \\
        /* a tile: so many rows of so many registers, the last of them through a mask */ \\
        TINYTORCH_AVX512 __attribute__((always_inline)) static inline void tinytorch_panel_tile_##number( \\
            const int rows, const int wide, const number* a, Py_ssize_t down, Py_ssize_t right, const number* b, \\
            Py_ssize_t n, Py_ssize_t k, number alpha, number* out, Py_ssize_t apart, mask_t mask, int more) { \\
            enum { LANES = 64 / sizeof(number) }; \\
            tinytorch_lanes_##number total[6][4] = {0}; \\
            for (int i = 0; i < rows; i++) \\
                for (int j = 0; j < wide; j++) __builtin_prefetch(out + i * apart + j * LANES, 1); \\
            _Pragma("GCC unroll 2") \\
            for (; k > 0; k--, a += right, b += n) \\
                for (int i = 0; i < rows; i++) \\
                    for (int j = 0; j < wide; j++) \\
                        total[i][j] += a[i * down] * *(const tinytorch_lanes_##number*)(b + j * LANES); \\
            for (int i = 0; i < rows; i++, out += apart) { \\
                for (int j = 0; j < wide - 1; j++) { \\
                    tinytorch_lanes_##number* to = (tinytorch_lanes_##number*)(out + j * LANES); \\
                    *to = more ? alpha * total[i][j] + *to : alpha * total[i][j]; \\
                } \\
                number* last = out + (wide - 1) * LANES; \\
                tinytorch_lanes_##number sums = alpha * total[i][wide - 1]; \\
                if (more) sums += _mm512_maskz_loadu_##suffix(mask, last); \\
                _mm512_mask_storeu_##suffix(last, mask, sums); \\
            } \\
        } \\
        \\
        TINYTORCH_AVX512 __attribute__((always_inline)) static inline void tinytorch_panel_rows_##number( \\
            Py_ssize_t m, const int wide, const number* a, Py_ssize_t down, Py_ssize_t right, const number* b, \\
            Py_ssize_t n, Py_ssize_t k, number alpha, number* out, Py_ssize_t apart, mask_t mask, int more) { \\
            if (m == 6) { \\
                tinytorch_panel_tile_##number(6, wide, a, down, right, b, n, k, alpha, out, apart, mask, more); \\
                return; \\
            } \\
            for (; m >= 2; m -= 2, a += 2 * down, out += 2 * apart) \\
                tinytorch_panel_tile_##number(2, wide, a, down, right, b, n, k, alpha, out, apart, mask, more); \\
            if (m) \\
                tinytorch_panel_tile_##number(1, wide, a, down, right, b, n, k, alpha, out, apart, mask, more); \\
        } \\
        \\
        /* m <= 6 rows of the result by a panel, whose rows are n numbers: 4 registers at most. Of the last register \\
           it reads more than n has, so there must be a register's numbers behind the panel. */ \\
        TINYTORCH_AVX512 static void tinytorch_panel_##number( \\
            Py_ssize_t m, Py_ssize_t n, const number* a, Py_ssize_t down, Py_ssize_t right, const number* b, \\
            Py_ssize_t k, number alpha, number* out, Py_ssize_t apart, int more) { \\
            enum { LANES = 64 / sizeof(number) }; \\
            const int wide = (int)((n + LANES - 1) / LANES); \\
            const mask_t mask = (mask_t)((1u << (n - (wide - 1) * LANES)) - 1); \\
            switch (wide) { \\
                case 4: \\
                    tinytorch_panel_rows_##number(m, 4, a, down, right, b, n, k, alpha, out, apart, mask, more); \\
                    break; \\
                case 3: \\
                    tinytorch_panel_rows_##number(m, 3, a, down, right, b, n, k, alpha, out, apart, mask, more); \\
                    break; \\
                case 2: \\
                    tinytorch_panel_rows_##number(m, 2, a, down, right, b, n, k, alpha, out, apart, mask, more); \\
                    break; \\
                default: \\
                    tinytorch_panel_rows_##number(m, 1, a, down, right, b, n, k, alpha, out, apart, mask, more); \\
            } \\
        } \\
        \\
        /* m rows of a in groups of 6, each group column after column. A copy of 8 numbers is one instruction; what \\
           is too much of it is overwritten, or lies between the groups. Only the last group of the rows, unless \\
           there are more `beyond`, has no 8 numbers. Columns lie pages apart, so 8 of them are read at a time. */ \\
        TINYTORCH_AVX512 static void tinytorch_turn_rows_##number( \\
            const number* a, Py_ssize_t down, Py_ssize_t right, Py_ssize_t m, Py_ssize_t k, number* out, \\
            int beyond) { \\
            const Py_ssize_t quick = down == 1 ? m - (beyond ? 0 : 6) : 0, apart = 6 * k + PANEL_GAP; \\
            for (; k > 0; k -= 8, a += 8 * right, out += 8 * 6) { \\
                const Py_ssize_t columns = k < 8 ? k : 8; \\
                number* to = out; \\
                Py_ssize_t i = 0; \\
                for (; i < quick; i += 6, to += apart) \\
                    for (Py_ssize_t p = 0; p < columns; p++) \\
                        memcpy(to + p * 6, a + i + p * right, 8 * sizeof(number)); \\
                for (; i < m; i += 6, to += apart) \\
                    for (Py_ssize_t p = 0; p < columns; p++) \\
                        for (int j = 0; j < 6; j++) to[p * 6 + j] = a[(i + j) * down + p * right]; \\
            } \\
        }
    #else
    enum { PANEL_GAP = 18 };
    static int tinytorch_panels(void) { return 0; }
    #define TINYTORCH_PANEL(number, suffix, mask_t) \\
        static void tinytorch_panel_##number( \\
            Py_ssize_t m, Py_ssize_t n, const number* a, Py_ssize_t down, Py_ssize_t right, const number* b, \\
            Py_ssize_t k, number alpha, number* out, Py_ssize_t apart, int more) {} \\
        static void tinytorch_turn_rows_##number( \\
            const number* a, Py_ssize_t down, Py_ssize_t right, Py_ssize_t m, Py_ssize_t k, number* out, int beyond) {}
    #endif
    TINYTORCH_PANEL(float, ps, __mmask16)
    TINYTORCH_PANEL(double, pd, __mmask8)
    """
    enum: PANEL_GAP
    bint processor_has_panels "tinytorch_panels"() noexcept
    void panel_float "tinytorch_panel_float"(
        Py_ssize_t, Py_ssize_t, const float*, Py_ssize_t, Py_ssize_t, const float*, Py_ssize_t, float, float*,
        Py_ssize_t, int
    ) noexcept nogil
    void panel_double "tinytorch_panel_double"(
        Py_ssize_t, Py_ssize_t, const double*, Py_ssize_t, Py_ssize_t, const double*, Py_ssize_t, double, double*,
        Py_ssize_t, int
    ) noexcept nogil
    void turn_rows_float "tinytorch_turn_rows_float"(
        const float*, Py_ssize_t, Py_ssize_t, Py_ssize_t, Py_ssize_t, float*, int
    ) noexcept nogil
    void turn_rows_double "tinytorch_turn_rows_double"(
        const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, Py_ssize_t, double*, int
    ) noexcept nogil

cdef enum:
    PANEL_ROWS = 6
    PANEL = 256             # bytes of a panel's row,
    PANEL_DEPTH = 512       # and its rows at most
    PANELS = 1 << 19        # bytes of a block of b: the second cache has room for more
    MOST_PANELS = 1 << 20   # and of one that groups of copied rows meet, unless that is more than half of b
    GROUP = 96              # rows of a that are copied together: where they lie in columns, whole lines of the cache

cdef bint has_panels = processor_has_panels()
cdef bint always_panels = False     # for tests


cdef inline Py_ssize_t even(Py_ssize_t n, Py_ssize_t most) noexcept nogil:
    """How long the parts of n are when they are as long as each other, and no longer than `most`"""
    cdef Py_ssize_t parts = (n + most - 1) // most
    return (n + parts - 1) // parts


cdef inline void cut_panels(Product* p, Py_ssize_t columns, Py_ssize_t size, int parts) noexcept:
    """How large the blocks of b are, for so many columns of the result; they and copied rows of a need memory."""
    cdef Py_ssize_t width = PANEL // size
    cdef Py_ssize_t most = PANELS
    if copies_rows(p, size):
        most = max(PANELS, min(MOST_PANELS, p.k * p.n * size // 2 // parts))
    p.depth = even(p.k, PANEL_DEPTH)
    p.b_columns = (even(columns, max(width, most // size // p.depth)) + width - 1) // width * width
    p.scratch = panel_rows_begin(p.depth, p.b_columns, size) + GROUP * p.depth + GROUP // PANEL_ROWS * PANEL_GAP


cdef inline bint copies_rows(Product* p, Py_ssize_t size) noexcept nogil:
    """Do the numbers of a row of a lie in lines of the cache of their own? Then they are copied."""
    return p.a.right * size >= LINE or -p.a.right * size >= LINE


cdef inline Py_ssize_t panel_rows_begin(Py_ssize_t depth, Py_ssize_t columns, Py_ssize_t size) noexcept nogil:
    """Where rows of a are copied to, behind a block of b and another register, which is read but not used"""
    return depth * columns + REGISTER // size


cdef void panels(Product* p, Py_ssize_t m, Py_ssize_t n, floating alpha, const floating* a, const floating* b,
                 floating* out, floating* copies) noexcept nogil:
    """out = alpha a @ b, for so many rows and columns; `copies` has room for p.scratch numbers."""
    cdef Py_ssize_t k = 0, i, j, depth, columns
    cdef floating* rows = NULL
    if copies_rows(p, sizeof(floating)):
        rows = copies + panel_rows_begin(p.depth, p.b_columns, sizeof(floating))
    while k < p.k:
        depth = min(p.depth, p.k - k)
        j = 0
        while j < n:
            columns = min(p.b_columns, n - j)
            pack_panels(b + k * p.b.down + j * p.b.right, p.b.down, p.b.right, copies, depth, columns)
            i = 0
            while i < m:
                block(min(GROUP, m - i), depth, columns, alpha, a + i * p.a.down + k * p.a.right, p.a.down, p.a.right,
                      copies, out + i * p.n + j, p.n, k > 0, rows, i + GROUP + 2 <= m)
                i += GROUP
            j += columns
        k += depth


cdef void pack_panels(const floating* b, Py_ssize_t down, Py_ssize_t right, floating* to, Py_ssize_t k, Py_ssize_t n
                      ) noexcept nogil:
    """A block of b, panel after panel"""
    cdef Py_ssize_t width = PANEL // sizeof(floating), j = 0
    while j < n:
        pack(b + j * right, down, right, to + j * k, k, min(width, n - j))
        j += width


cdef void block(Py_ssize_t m, Py_ssize_t k, Py_ssize_t n, floating alpha, const floating* a, Py_ssize_t down,
                Py_ssize_t right, const floating* b, floating* out, Py_ssize_t apart, bint more, floating* rows,
                bint beyond) noexcept nogil:
    """out (+)= alpha a @ b, for a group of rows and a block of panels; `rows` has room for copies of those, or is NULL
    where they are read where they are, and `beyond` says that a has more rows behind them."""
    cdef Py_ssize_t width = PANEL // sizeof(floating), copied = m - m % PANEL_ROWS if rows != NULL else 0
    cdef Py_ssize_t of_tile = PANEL_ROWS * k + PANEL_GAP, i = 0, j = 0
    if rows != NULL:
        if floating is float:
            turn_rows_float(a, down, right, copied, k, rows, beyond or copied + 2 <= m)
        else:
            turn_rows_double(a, down, right, copied, k, rows, beyond or copied + 2 <= m)
        while j < n:
            for i in range(copied // PANEL_ROWS):
                panel(PANEL_ROWS, min(width, n - j), rows + i * of_tile, 1, PANEL_ROWS, b + j * k, k, alpha,
                      out + i * PANEL_ROWS * apart + j, apart, more)
            j += width
        i = copied
    while i < m:
        j = 0
        while j < n:
            panel(min(PANEL_ROWS, m - i), min(width, n - j), a + i * down, down, right, b + j * k, k, alpha,
                  out + i * apart + j, apart, more)
            j += width
        i += PANEL_ROWS


cdef inline void panel(Py_ssize_t m, Py_ssize_t n, const floating* a, Py_ssize_t down, Py_ssize_t right,
                       const floating* b, Py_ssize_t k, floating alpha, floating* out, Py_ssize_t apart, bint more
                       ) noexcept nogil:
    """A tile of the result: some rows by a panel"""
    if floating is float:
        panel_float(m, n, a, down, right, b, k, alpha, out, apart, more)
    else:
        panel_double(m, n, a, down, right, b, k, alpha, out, apart, more)
