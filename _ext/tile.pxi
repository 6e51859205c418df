# Products of matrices that caches hold, computed in tiles of the result:
#
#     out[i, j] = alpha (a[i, 0] b[0, j] + a[i, 1] b[1, j] + ...)       for 6 rows i and four registers of columns j
#
# All sums of a tile stay in the processor's registers, 24 of AVX-512, while k counts up: a turn reads four registers of
# b, and multiplies them by 6 numbers of a, which may lie anywhere. So a is never copied; of b, where its rows are no
# adjacent numbers, a strip as wide as the tile. Fewer columns make narrower tiles of 8 rows; where some are left over,
# the last tile begins earlier and computes some numbers again. (Tiles of 8 rows by two registers read b more often.
# That takes 1.05 to 1.15 of the time where its rows do not begin at lines of the cache, as most arrays' do not.)
#
# Long sums go down in blocks of b's rows, which the first cache holds until all rows of a have been there, and are added
# up in `out`: (64, 1000) by (1000, 100) takes 0.95 of the time so, and 0.83 to 0.94 where a is transposed. Every number
# is the same sum in the same order, whoever computes it.
#
# OpenBLAS does the same, but copies both operands first, or has more to do at the edges.
#
# Needs pack.pxi.

cdef extern from *:
    """
    #if defined(__GNUC__) && defined(__x86_64__)
    #define TINYTORCH_AVX512 __attribute__((target("avx512f,fma")))

    /* a strip of the result, m rows of `wide` registers of `bytes`, by tiles of `tall` rows at most, 6 or 8 */
    #define TINYTORCH_STRIP(name, number, bytes, wide, tall) \\
        typedef number name##_register __attribute__((vector_size(bytes), aligned(sizeof(number)), may_alias)); \\
        \\
        TINYTORCH_AVX512 __attribute__((always_inline)) static inline void name##_tile( \\
            const int rows, const number* a, Py_ssize_t down, Py_ssize_t right, const number* b, Py_ssize_t b_down, \\
            Py_ssize_t k, number alpha, number* out, Py_ssize_t apart, int more) { \\
            enum { LANES = bytes / sizeof(number) }; \\
            name##_register total[tall][wide] = {0}; \\
            for (; k > 0; k--, a += right, b += b_down) \\
                for (int i = 0; i < rows; i++) \\
                    for (int j = 0; j < wide; j++) \\
                        total[i][j] += a[i * down] * *(const name##_register*)(b + j * LANES); \\
            for (int i = 0; i < rows; i++) \\
                for (int j = 0; j < wide; j++) { \\
                    name##_register* to = (name##_register*)(out + i * apart + j * LANES); \\
                    *to = more ? alpha * total[i][j] + *to : alpha * total[i][j]; \\
                } \\
        } \\
        \\
        TINYTORCH_AVX512 static void name( \\
            const number* a, Py_ssize_t down, Py_ssize_t right, const number* b, Py_ssize_t b_down, Py_ssize_t m, \\
            Py_ssize_t k, number alpha, number* out, Py_ssize_t apart, int more) { \\
            for (Py_ssize_t tiles = (m + tall - 1) / tall, rows; tiles > 0; tiles--, m -= rows) { \\
                rows = (m + tiles - 1) / tiles; \\
                switch (rows) { \\
                    case 1: name##_tile(1, a, down, right, b, b_down, k, alpha, out, apart, more); break; \\
                    case 2: name##_tile(2, a, down, right, b, b_down, k, alpha, out, apart, more); break; \\
                    case 3: name##_tile(3, a, down, right, b, b_down, k, alpha, out, apart, more); break; \\
                    case 4: name##_tile(4, a, down, right, b, b_down, k, alpha, out, apart, more); break; \\
                    case 5: name##_tile(5, a, down, right, b, b_down, k, alpha, out, apart, more); break; \\
                    case 6: name##_tile(6, a, down, right, b, b_down, k, alpha, out, apart, more); break; \\
                    case 7: name##_tile(tall - 1, a, down, right, b, b_down, k, alpha, out, apart, more); break; \\
                    default: name##_tile(tall, a, down, right, b, b_down, k, alpha, out, apart, more); \\
                } \\
                a += rows * down; \\
                out += rows * apart; \\
            } \\
        }

    static int tinytorch_tiles(void) { __builtin_cpu_init(); return __builtin_cpu_supports("avx512f") != 0; }
    #else
    #define TINYTORCH_STRIP(name, number, bytes, wide, tall) \\
        static void name(const number* a, Py_ssize_t down, Py_ssize_t right, const number* b, Py_ssize_t b_down, \\
            Py_ssize_t m, Py_ssize_t k, number alpha, number* out, Py_ssize_t apart, int more) {}
    static int tinytorch_tiles(void) { return 0; }
    #endif

    #define TINYTORCH_STRIPS(number) \\
        TINYTORCH_STRIP(tinytorch_four_registers_##number, number, 64, 4, 6) \\
        TINYTORCH_STRIP(tinytorch_two_registers_##number, number, 64, 2, 8) \\
        TINYTORCH_STRIP(tinytorch_register_##number, number, 64, 1, 8) \\
        TINYTORCH_STRIP(tinytorch_half_register_##number, number, 32, 1, 8) \\
        \\
        static void tinytorch_strip_##number( \\
            Py_ssize_t columns, const number* a, Py_ssize_t down, Py_ssize_t right, const number* b, \\
            Py_ssize_t b_down, Py_ssize_t m, Py_ssize_t k, number alpha, number* out, Py_ssize_t apart, int more) { \\
            (columns == 256 / sizeof(number) ? tinytorch_four_registers_##number \\
             : columns == 128 / sizeof(number) ? tinytorch_two_registers_##number \\
             : columns == 64 / sizeof(number) ? tinytorch_register_##number : tinytorch_half_register_##number)( \\
                a, down, right, b, b_down, m, k, alpha, out, apart, more); \\
        }
    TINYTORCH_STRIPS(float)
    TINYTORCH_STRIPS(double)
    """
    bint processor_has_tiles "tinytorch_tiles"() noexcept
    void strip_float "tinytorch_strip_float"(
        Py_ssize_t, const float*, Py_ssize_t, Py_ssize_t, const float*, Py_ssize_t, Py_ssize_t, Py_ssize_t, float,
        float*, Py_ssize_t, int
    ) noexcept nogil
    void strip_double "tinytorch_strip_double"(
        Py_ssize_t, const double*, Py_ssize_t, Py_ssize_t, const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, double,
        double*, Py_ssize_t, int
    ) noexcept nogil

cdef enum:
    REGISTER = 64           # bytes

cdef bint has_tiles = processor_has_tiles()


cdef void tiles(Py_ssize_t m, Py_ssize_t k, Py_ssize_t n, floating alpha, const floating* a, Py_ssize_t a_down,
                Py_ssize_t a_right, const floating* b, Py_ssize_t b_down, Py_ssize_t b_right, floating* out,
                Py_ssize_t apart, Py_ssize_t depth, floating* copy) noexcept nogil:
    """out = alpha a @ b, where n is half a register's numbers at least, in blocks of `depth` rows of b; `copy` has room
    for a strip of so many, or is NULL where b is read where it is"""
    cdef Py_ssize_t half = REGISTER // 2 // sizeof(floating), j = 0, first, some, width, down
    cdef const floating* strip
    while j < n:
        width = (8 * half if n - j >= 8 * half else 4 * half if n - j > 3 * half and n >= 4 * half
                 else 2 * half if n - j > half and n >= 2 * half else half)
        j = min(j, n - width)
        first = 0
        while first < k:
            some = min(depth, k - first)
            strip, down = b + first * b_down + j * b_right, b_down
            if copy != NULL:
                pack(strip, b_down, b_right, copy, some, width)
                strip, down = copy, width
            if floating is float:
                strip_float(width, a + first * a_right, a_down, a_right, strip, down, m, some, alpha, out + j, apart,
                            first > 0)
            else:
                strip_double(width, a + first * a_right, a_down, a_right, strip, down, m, some, alpha, out + j, apart,
                             first > 0)
            first += depth
        j += width
