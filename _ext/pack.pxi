# Blocks of a matrix copied into rows that lie one after the other, which BLAS can read whatever the strides were.
#
# A block is small enough to stay in the processor's cache, so a strided operand is never copied as a whole. Columns
# are turned into rows four by four: registers full of numbers are turned, where a plain loop moves them one by one.
#
# Needs soon.pxi.

from libc.string cimport memcpy

cdef extern from *:
    """
    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    /* to[i][j] = from[j][i] for 4 by 4 numbers; the rows of `from` are `right` apart, those of `to` are `down` apart */
    static inline void tinytorch_turn_float(const float* from, Py_ssize_t right, float* to, Py_ssize_t down) {
        __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + right);
        __m128 c = _mm_loadu_ps(from + 2 * right), d = _mm_loadu_ps(from + 3 * right);
        _MM_TRANSPOSE4_PS(a, b, c, d);
        _mm_storeu_ps(to, a);
        _mm_storeu_ps(to + down, b);
        _mm_storeu_ps(to + 2 * down, c);
        _mm_storeu_ps(to + 3 * down, d);
    }
    static inline void tinytorch_turn_double(const double* from, Py_ssize_t right, double* to, Py_ssize_t down) {
        for (int i = 0; i < 4; i += 2)
            for (int j = 0; j < 4; j += 2) {
                __m128d a = _mm_loadu_pd(from + j * right + i), b = _mm_loadu_pd(from + (j + 1) * right + i);
                _mm_storeu_pd(to + i * down + j, _mm_unpacklo_pd(a, b));
                _mm_storeu_pd(to + (i + 1) * down + j, _mm_unpackhi_pd(a, b));
            }
    }
    /* to[i] = from[2 i] for 4 numbers of 8 */
    static inline void tinytorch_pick_float(const float* from, float* to) {
        _mm_storeu_ps(to, _mm_shuffle_ps(_mm_loadu_ps(from), _mm_loadu_ps(from + 4), _MM_SHUFFLE(2, 0, 2, 0)));
    }
    static inline void tinytorch_pick_double(const double* from, double* to) {
        _mm_storeu_pd(to, _mm_unpacklo_pd(_mm_loadu_pd(from), _mm_loadu_pd(from + 2)));
        _mm_storeu_pd(to + 2, _mm_unpacklo_pd(_mm_loadu_pd(from + 4), _mm_loadu_pd(from + 6)));
    }
    #else
    #define TINYTORCH_TURN(name, number) \\
        static inline void name(const number* from, Py_ssize_t right, number* to, Py_ssize_t down) { \\
            for (int i = 0; i < 4; i++) for (int j = 0; j < 4; j++) to[i * down + j] = from[j * right + i]; \\
        }
    #define TINYTORCH_PICK(name, number) \\
        static inline void name(const number* from, number* to) { for (int i = 0; i < 4; i++) to[i] = from[2 * i]; }
    TINYTORCH_TURN(tinytorch_turn_float, float)
    TINYTORCH_TURN(tinytorch_turn_double, double)
    TINYTORCH_PICK(tinytorch_pick_float, float)
    TINYTORCH_PICK(tinytorch_pick_double, double)
    #endif
    """
    void turn_float "tinytorch_turn_float"(const float*, Py_ssize_t, float*, Py_ssize_t) noexcept nogil
    void turn_double "tinytorch_turn_double"(const double*, Py_ssize_t, double*, Py_ssize_t) noexcept nogil
    void pick_float "tinytorch_pick_float"(const float*, float*) noexcept nogil
    void pick_double "tinytorch_pick_double"(const double*, double*) noexcept nogil


cdef void pack(const floating* x, Py_ssize_t down, Py_ssize_t right, floating* out, Py_ssize_t rows, Py_ssize_t columns
               ) noexcept nogil:
    """out[i, j] = x[i, j], where `out` has its rows one after the other"""
    cdef Py_ssize_t i, j, first, last, whole_rows = rows & ~<Py_ssize_t>3, whole_columns
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
        whole_columns = first + ((last - first) & ~<Py_ssize_t>3)
        for i in range(0, whole_rows, 4):
            for j in range(first, whole_columns, 4):
                if floating is float:
                    turn_float(x + i + j * right, right, out + i * columns + j, columns)
                else:
                    turn_double(x + i + j * right, right, out + i * columns + j, columns)
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
