# `join_rows(...)`: rows of adjacent numbers, or of every other one, joined to a few running results each, as fast as
# memory is read. Needs simd.pxi and ahead.pxi.
#
# Running results lie in registers of 32 bytes, WIDTH numbers: a row is read as columns of WIDTH numbers, each joined
# four at a time, in the order of cascade.pxi. These loops are written in C, since a compiler that is to ask for memory
# in a loop does not turn it into SIMD any more. Of every other number they also join those between, in lanes that
# nobody looks at: no instruction has to part them, and memory is read in order. On a Xeon (Granite Rapids), which has
# to be asked (ahead.pxi), 16M numbers take 3.5 ms instead of 4.4, every other one of 32M 7.3 ms instead of 12.4.

from cython cimport floating

cdef extern from *:
    """
    enum { TINYTORCH_NUMBERS, TINYTORCH_SIZES, TINYTORCH_SQUARES, TINYTORCH_NONZERO, TINYTORCH_PRODUCT };

    #if defined(__GNUC__)
    #define TINYTORCH_JOIN(name, number, whole, target) \\
        typedef number name##_register __attribute__((vector_size(32), aligned(sizeof(number)), may_alias)); \\
        typedef whole name##_bits __attribute__((vector_size(32), aligned(sizeof(number)), may_alias)); \\
        \\
        target __attribute__((always_inline)) static inline void name##_one( \\
            const int what, name##_register* result, const name##_register* x) { \\
            const name##_register zero = {0}, one = zero + 1; \\
            if (what == TINYTORCH_NUMBERS) *result += *x; \\
            if (what == TINYTORCH_SIZES) *result += (name##_register)((name##_bits)*x & ~(name##_bits)-zero); \\
            if (what == TINYTORCH_SQUARES) *result += *x * *x; \\
            if (what == TINYTORCH_NONZERO) *result += (name##_register)((name##_bits)(*x != 0) & (name##_bits)one); \\
            if (what == TINYTORCH_PRODUCT) *result *= *x; \\
        } \\
        \\
        target __attribute__((always_inline)) static inline void name##_fours( \\
            const int what, const number* x, Py_ssize_t times, Py_ssize_t ahead, name##_register r[4]) { \\
            enum { WIDTH = 32 / sizeof(number) }; \\
            name##_register a = r[0], b = r[1], c = r[2], d = r[3]; \\
            _Pragma("GCC unroll 1")     /* from memory a line after the other, as lines.pxi does */ \\
            for (Py_ssize_t lines = ahead ? 2 * times : 0; lines > 0; lines--, x += 2 * WIDTH) { \\
                name##_register first = a, second = b; \\
                __builtin_prefetch((const char*)x + ahead); \\
                name##_one(what, &first, (const name##_register*)x); \\
                name##_one(what, &second, (const name##_register*)(x + WIDTH)); \\
                a = c, b = d, c = first, d = second; \\
            } \\
            _Pragma("GCC unroll 1") \\
            for (times = ahead ? 0 : times; times > 0; times--, x += 4 * WIDTH) { \\
                name##_one(what, &a, (const name##_register*)x); \\
                name##_one(what, &b, (const name##_register*)(x + WIDTH)); \\
                name##_one(what, &c, (const name##_register*)(x + 2 * WIDTH)); \\
                name##_one(what, &d, (const name##_register*)(x + 3 * WIDTH)); \\
            } \\
            r[0] = a, r[1] = b, r[2] = c, r[3] = d; \\
        } \\
        \\
        target __attribute__((always_inline)) static inline void name##_row( \\
            const int what, const number* x, Py_ssize_t columns, int parted, Py_ssize_t ahead, number* lane) { \\
            enum { WIDTH = 32 / sizeof(number) }; \\
            const name##_register zero = {0}, start = zero + (number)(what == TINYTORCH_PRODUCT); \\
            name##_register r[4] = {start, start, start, start}, higher[4] = {zero, zero, zero, zero}, last; \\
            size_t left = columns - (columns > 0 && parted), i; \\
            const size_t run = what == TINYTORCH_NUMBERS ? 64 : 128;    /* columns that are joined on their own */ \\
            if (left >= run && (what == TINYTORCH_NUMBERS ? !parted : what != TINYTORCH_PRODUCT)) { \\
                for (; left >= run; left -= run, x += run * WIDTH) { \\
                    name##_fours(what, x, run / 4, ahead, r); \\
                    for (i = 0; i < 4; i++) higher[i] += r[i], r[i] = start; \\
                } \\
                name##_fours(what, x, left / 4, ahead, r); \\
                for (i = 0; i < 4; i++) r[i] += higher[i]; \\
            } else \\
                name##_fours(what, x, left / 4, ahead, r); \\
            x += left / 4 * 4 * WIDTH; \\
            for (i = left % 4; i > 0; i--, x += WIDTH) name##_one(what, &r[0], (const name##_register*)x); \\
            if (columns > 0 && parted) { \\
                for (i = 0; i < WIDTH; i++) last[i] = x[i & ~1];    /* what is behind may not be ours */ \\
                name##_one(what, &r[0], &last); \\
            } \\
            *(name##_register*)lane = what == TINYTORCH_PRODUCT ? (r[0] * r[1]) * (r[2] * r[3]) \\
                                                                : r[0] + r[1] + r[2] + r[3]; \\
        } \\
        \\
        /* two short rows in a near cache, four registers or more each: less to do for either than for one alone */ \\
        target __attribute__((always_inline)) static inline void name##_pair( \\
            const int what, const number* x, Py_ssize_t stride, Py_ssize_t columns, number* lane) { \\
            enum { WIDTH = 32 / sizeof(number) }; \\
            const name##_register zero = {0}; \\
            name##_register r[2][4]; \\
            for (int i = 0; i < 8; i++) { \\
                const name##_register* first = (const name##_register*)(x + i / 4 * stride + i % 4 * WIDTH); \\
                if (what == TINYTORCH_NUMBERS || what == TINYTORCH_PRODUCT) r[i / 4][i % 4] = *first; \\
                else r[i / 4][i % 4] = zero, name##_one(what, &r[i / 4][i % 4], first); \\
            } \\
            x += 4 * WIDTH; \\
            _Pragma("GCC unroll 1") \\
            for (Py_ssize_t times = columns / 4 - 1; times > 0; times--, x += 4 * WIDTH) \\
                for (int i = 0; i < 8; i++) \\
                    name##_one(what, &r[i / 4][i % 4], \\
                               (const name##_register*)(x + i / 4 * stride + i % 4 * WIDTH)); \\
            for (Py_ssize_t i = columns % 4; i > 0; i--, x += WIDTH) \\
                for (int k = 0; k < 2; k++) name##_one(what, &r[k][0], (const name##_register*)(x + k * stride)); \\
            for (int k = 0; k < 2; k++) { \\
                if (what == TINYTORCH_PRODUCT) r[k][0] = (r[k][0] * r[k][1]) * (r[k][2] * r[k][3]); \\
                else r[k][0] = r[k][0] + r[k][1] + r[k][2] + r[k][3]; \\
                *(name##_register*)(lane + k * WIDTH) = r[k][0]; \\
            } \\
        } \\
        \\
        target __attribute__((always_inline)) static inline void name##_rows( \\
            const int what, const number* x, Py_ssize_t columns, int parted, Py_ssize_t ahead, Py_ssize_t rows, \\
            Py_ssize_t stride, number* lane) { \\
            if (columns >= 4 && columns < 64 && !parted && !ahead) \\
                for (; rows > 1; rows -= 2, x += 2 * stride, lane += 2 * 32 / sizeof(number)) \\
                    name##_pair(what, x, stride, columns, lane); \\
            for (; rows > 0; rows--, x += stride, lane += 32 / sizeof(number)) \\
                name##_row(what, x, columns, parted, ahead, lane); \\
        } \\
        \\
        target static void name( \\
            int what, const number* x, Py_ssize_t columns, int parted, Py_ssize_t ahead, Py_ssize_t rows, \\
            Py_ssize_t stride, number* lane) { \\
            if (what == TINYTORCH_NUMBERS) \\
                name##_rows(TINYTORCH_NUMBERS, x, columns, parted, ahead, rows, stride, lane); \\
            else if (what == TINYTORCH_SQUARES) \\
                name##_rows(TINYTORCH_SQUARES, x, columns, parted, ahead, rows, stride, lane); \\
            else if (what == TINYTORCH_PRODUCT) \\
                name##_rows(TINYTORCH_PRODUCT, x, columns, parted, ahead, rows, stride, lane); \\
            else if (what == TINYTORCH_SIZES) \\
                name##_rows(TINYTORCH_SIZES, x, columns, parted, ahead, rows, stride, lane); \\
            else name##_rows(TINYTORCH_NONZERO, x, columns, parted, ahead, rows, stride, lane); \\
        } \\
        \\
        target static void name##_run(const number* x, Py_ssize_t times, Py_ssize_t ahead, number* lane) { \\
            enum { WIDTH = 32 / sizeof(number) }; \\
            name##_register r[4]; \\
            int i; \\
            for (i = 0; i < 4; i++) r[i] = *(name##_register*)(lane + i * WIDTH); \\
            name##_fours(TINYTORCH_NUMBERS, x, times, ahead, r); \\
            for (i = 0; i < 4; i++) *(name##_register*)(lane + i * WIDTH) = r[i]; \\
        }
    #else
    #define TINYTORCH_JOIN(name, number, whole, target) \\
        static void name( \\
            int what, const number* x, Py_ssize_t columns, int parted, Py_ssize_t ahead, Py_ssize_t rows, \\
            Py_ssize_t stride, number* lane) { \\
            const Py_ssize_t width = 32 / sizeof(number); \\
            Py_ssize_t i, j; \\
            for (; rows > 0; rows--, x += stride, lane += width) { \\
                for (j = 0; j < width; j++) lane[j] = what == TINYTORCH_PRODUCT; \\
                for (i = 0; i < columns; i++) \\
                    for (j = 0; j < width; j += 1 + parted) { \\
                        number y = x[i * width + j]; \\
                        if (what == TINYTORCH_NUMBERS) lane[j] += y; \\
                        if (what == TINYTORCH_SIZES) lane[j] += y > 0 ? y : -y; \\
                        if (what == TINYTORCH_SQUARES) lane[j] += y * y; \\
                        if (what == TINYTORCH_NONZERO) lane[j] += y != 0; \\
                        if (what == TINYTORCH_PRODUCT) lane[j] *= y; \\
                    } \\
            } \\
        } \\
        static void name##_run(const number* x, Py_ssize_t times, Py_ssize_t ahead, number* lane) { \\
            const Py_ssize_t four = 128 / sizeof(number); \\
            Py_ssize_t i, j; \\
            for (i = 0; i < times; i++) \\
                for (j = 0; j < four; j++) lane[j] += x[i * four + j]; \\
        }
    #endif

    TINYTORCH_JOIN(tinytorch_join_float, float, int, )
    TINYTORCH_JOIN(tinytorch_join_double, double, long long, )

    #if defined(__GNUC__) && defined(__x86_64__)
    TINYTORCH_JOIN(tinytorch_join_float_avx2, float, int, __attribute__((target("avx2,fma"))))
    TINYTORCH_JOIN(tinytorch_join_double_avx2, double, long long, __attribute__((target("avx2,fma"))))
    static int tinytorch_avx2(void) {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    }
    #else
    #define tinytorch_join_float_avx2 tinytorch_join_float
    #define tinytorch_join_double_avx2 tinytorch_join_double
    #define tinytorch_join_float_avx2_run tinytorch_join_float_run
    #define tinytorch_join_double_avx2_run tinytorch_join_double_run
    static int tinytorch_avx2(void) { return 0; }
    #endif

    static int tinytorch_has_avx2 = 0;
    #define TINYTORCH_JOIN_ROWS(number) (tinytorch_has_avx2 ? tinytorch_join_##number##_avx2 : tinytorch_join_##number)
    #define TINYTORCH_JOIN_RUN(number) \\
        (tinytorch_has_avx2 ? tinytorch_join_##number##_avx2_run : tinytorch_join_##number##_run)
    """
    enum:
        NUMBERS "TINYTORCH_NUMBERS"     # what is joined for a number x: x is added
        SIZES "TINYTORCH_SIZES"         # |x|
        SQUARES "TINYTORCH_SQUARES"     # x^2
        NONZERO "TINYTORCH_NONZERO"     # 1 where x is not 0, which nan is not
        PRODUCT "TINYTORCH_PRODUCT"     # multiplied by x
    void join_rows_float "TINYTORCH_JOIN_ROWS(float)"(
        int what, const float* x, Py_ssize_t columns, bint parted, Py_ssize_t ahead, Py_ssize_t rows,
        Py_ssize_t stride, float* lane) noexcept nogil
    void join_rows_double "TINYTORCH_JOIN_ROWS(double)"(
        int what, const double* x, Py_ssize_t columns, bint parted, Py_ssize_t ahead, Py_ssize_t rows,
        Py_ssize_t stride, double* lane) noexcept nogil
    void join_run_float "TINYTORCH_JOIN_RUN(float)"(
        const float* x, Py_ssize_t times, Py_ssize_t ahead, float* lane) noexcept nogil
    void join_run_double "TINYTORCH_JOIN_RUN(double)"(
        const double* x, Py_ssize_t times, Py_ssize_t ahead, double* lane) noexcept nogil
    bint processor_has_avx2 "tinytorch_avx2"() noexcept
    bint has_avx2 "tinytorch_has_avx2"

has_avx2 = processor_has_avx2()

cdef enum:
    LANES_AHEAD = 3072      # bytes: a loop that does nothing but read asks for memory earlier than others do


cdef inline Py_ssize_t ahead_of_lanes(bint near) noexcept nogil:
    """How far ahead memory is asked for; 0: not at all"""
    return LANES_AHEAD if asks and not near else 0


cdef inline_void join_rows(int what, const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t rows,
                           Py_ssize_t stride, bint near, floating* lane) noexcept nogil:
    """lane[k WIDTH + j] = the numbers x[k stride + j], x[k stride + j + WIDTH], ..., joined, for each of `rows` rows k

    A row has n numbers: as many WIDTHs as those have are joined. Numbers that are two steps apart are found in lanes of
    even j alone.
    """
    cdef Py_ssize_t columns = n * step * sizeof(floating) // 32, ahead = ahead_of_lanes(near)
    if floating is float:
        join_rows_float(what, x, columns, step == 2, ahead, rows, stride, lane)
    else:
        join_rows_double(what, x, columns, step == 2, ahead, rows, stride, lane)


cdef inline_void join_run(const floating* x, Py_ssize_t times, bint near, floating* lane) noexcept nogil:
    """lane[j] += x[j] + x[j + LANES] + ..., `times` numbers for each of LANES lanes, four times WIDTH"""
    if floating is float:
        join_run_float(x, times, ahead_of_lanes(near), lane)
    else:
        join_run_double(x, times, ahead_of_lanes(near), lane)
