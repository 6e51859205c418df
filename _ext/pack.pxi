# Blocks of a matrix copied into rows that lie one after the other, which BLAS can read whatever the strides were.
#
# A block is small enough to stay in the processor's cache, so a strided operand is never copied as a whole. Columns
# are turned into rows square by square, 8 by 8 numbers (4 by 4 in float64) that lie in AVX2's registers, where a plain
# loop moves them one by one.
#
# Needs soon.pxi.

from cython cimport floating
from libc.string cimport memcpy

cdef extern from *:
    """
    #if defined(__GNUC__) && defined(__x86_64__)
    #include <immintrin.h>

    /* to[i][j] = from[j][i] for 8 by 8 numbers; the rows of `from` are `right` apart, those of `to` are `down` apart.
       Halves of registers are read to where they belong, so a row takes two shuffles; one in double. */
    __attribute__((target("avx2"))) static inline void tinytorch_square_float(
        const float* from, Py_ssize_t right, float* to, Py_ssize_t down) {
        for (int half = 0; half < 2; half++, from += 4, to += 4 * down) {
            __m256 x[4], y[4];
            for (int j = 0; j < 4; j++)
                x[j] = _mm256_insertf128_ps(
                    _mm256_castps128_ps256(_mm_loadu_ps(from + j * right)), _mm_loadu_ps(from + (j + 4) * right), 1);
            for (int j = 0; j < 4; j += 2) {
                y[j] = _mm256_unpacklo_ps(x[j], x[j + 1]);
                y[j + 1] = _mm256_unpackhi_ps(x[j], x[j + 1]);
            }
            for (int i = 0; i < 2; i++) {
                _mm256_storeu_ps(to + 2 * i * down, _mm256_shuffle_ps(y[i], y[i + 2], _MM_SHUFFLE(1, 0, 1, 0)));
                _mm256_storeu_ps(to + (2 * i + 1) * down, _mm256_shuffle_ps(y[i], y[i + 2], _MM_SHUFFLE(3, 2, 3, 2)));
            }
        }
    }
    __attribute__((target("avx2"))) static inline void tinytorch_square_double(
        const double* from, Py_ssize_t right, double* to, Py_ssize_t down) {
        for (int half = 0; half < 2; half++, from += 2, to += 2 * down) {
            __m256d x[2];
            for (int j = 0; j < 2; j++)
                x[j] = _mm256_insertf128_pd(
                    _mm256_castpd128_pd256(_mm_loadu_pd(from + j * right)), _mm_loadu_pd(from + (j + 2) * right), 1);
            _mm256_storeu_pd(to, _mm256_unpacklo_pd(x[0], x[1]));
            _mm256_storeu_pd(to + down, _mm256_unpackhi_pd(x[0], x[1]));
        }
    }

    #define TINYTORCH_SQUARES(number) \\
        __attribute__((target("avx2"))) static void tinytorch_squares_##number( \\
            const number* from, Py_ssize_t right, number* to, Py_ssize_t down, Py_ssize_t rows, Py_ssize_t columns) { \\
            enum { SIDE = 32 / sizeof(number) }; \\
            for (Py_ssize_t i = 0; i < rows; i += SIDE) \\
                for (Py_ssize_t j = 0; j < columns; j += SIDE) \\
                    tinytorch_square_##number(from + i + j * right, right, to + i * down + j, down); \\
        }
    static int tinytorch_turns(void) { __builtin_cpu_init(); return __builtin_cpu_supports("avx2") != 0; }
    #else
    #define TINYTORCH_SQUARES(number) \\
        static void tinytorch_squares_##number( \\
            const number* from, Py_ssize_t right, number* to, Py_ssize_t down, Py_ssize_t rows, Py_ssize_t columns) {}
    static int tinytorch_turns(void) { return 0; }
    #endif
    TINYTORCH_SQUARES(float)
    TINYTORCH_SQUARES(double)

    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    /* to[i] = from[2 i] for 4 numbers of 8 */
    static inline void tinytorch_pick_float(const float* from, float* to) {
        _mm_storeu_ps(to, _mm_shuffle_ps(_mm_loadu_ps(from), _mm_loadu_ps(from + 4), _MM_SHUFFLE(2, 0, 2, 0)));
    }
    static inline void tinytorch_pick_double(const double* from, double* to) {
        _mm_storeu_pd(to, _mm_unpacklo_pd(_mm_loadu_pd(from), _mm_loadu_pd(from + 2)));
        _mm_storeu_pd(to + 2, _mm_unpacklo_pd(_mm_loadu_pd(from + 4), _mm_loadu_pd(from + 6)));
    }
    #else
    #define TINYTORCH_PICK(name, number) \\
        static inline void name(const number* from, number* to) { for (int i = 0; i < 4; i++) to[i] = from[2 * i]; }
    TINYTORCH_PICK(tinytorch_pick_float, float)
    TINYTORCH_PICK(tinytorch_pick_double, double)
    #endif
    """
    bint processor_turns "tinytorch_turns"() noexcept
    void squares_float "tinytorch_squares_float"(
        const float*, Py_ssize_t, float*, Py_ssize_t, Py_ssize_t, Py_ssize_t
    ) noexcept nogil
    void squares_double "tinytorch_squares_double"(
        const double*, Py_ssize_t, double*, Py_ssize_t, Py_ssize_t, Py_ssize_t
    ) noexcept nogil
    void pick_float "tinytorch_pick_float"(const float*, float*) noexcept nogil
    void pick_double "tinytorch_pick_double"(const double*, double*) noexcept nogil

cdef bint turns = processor_turns()


cdef void pack(const floating* x, Py_ssize_t down, Py_ssize_t right, floating* out, Py_ssize_t rows, Py_ssize_t columns
               ) noexcept nogil:
    """out[i, j] = x[i, j], where `out` has its rows one after the other"""
    cdef Py_ssize_t i, j, first, last, side = 32 // sizeof(floating), whole_rows = rows - rows % side, whole_columns
    if down != 1:
        for i in range(rows):
            if right == 1:
                memcpy(out, x, columns * sizeof(floating))
            else:
                pack_row(x, right, x + down if i < rows - 1 else x, out, columns)
            x += down
            out += columns
        return
    for first in range(0, columns, 16):         # a row's 16 numbers are at least a line of the cache
        last = min(first + 16, columns)
        whole_columns = last - (last - first) % side if turns else first
        if floating is float:
            squares_float(x + first * right, right, out + first, columns, whole_rows, whole_columns - first)
        else:
            squares_double(x + first * right, right, out + first, columns, whole_rows, whole_columns - first)
        for j in range(first, last):
            for i in range(whole_rows if j < whole_columns else 0, rows):
                out[i * columns + j] = x[i + j * right]


cdef inline void pack_row(const floating* x, Py_ssize_t right, const floating* following, floating* out, Py_ssize_t n
                          ) noexcept nogil:
    """out[j] = x[j * right]. Where x has every other number of a row, SIMD picks them out, and the `following` row is
    asked for meanwhile: rows lie pages apart, so no processor would guess where."""
    cdef Py_ssize_t j = 0
    if right == 2:
        while n - j > 4:                        # not the last 4: behind them lies one number more, maybe nobody's
            soon(following + 2 * j)
            if floating is float:
                pick_float(x + 2 * j, out + j)
            else:
                pick_double(x + 2 * j, out + j)
            j += 4
    for j in range(j, n):
        out[j] = x[j * right]
