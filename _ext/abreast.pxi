# Short rows, ABREAST_ROWS at a time: the last steps of a row's sum or product wait for one another, so those of several
# rows are done side by side. What join_rows leaves of each row, its lanes, is turned for that: the first lanes of all
# rows, then the second ones, ... Needs lanes.pxi and pack.pxi.

cdef extern from *:
    """
    /* result[k] joined with lane[8 j + k] for j = 0, step, ..., from left to right; result is 0 or 1 to begin with, or
       has begun. In double precision (sums alone) it begins with `start`, where that is given. */
    #define TINYTORCH_SIDE_BY_SIDE(number) \\
        static void tinytorch_side_by_side_##number( \\
            int product, int begun, const number* lane, Py_ssize_t step, number* result) { \\
            for (int k = 0; k < 8; k++) { \\
                if (!begun) result[k] = product; \\
                for (int j = 0; j < (int)(32 / sizeof(number)); j += step) \\
                    result[k] = product ? result[k] * lane[8 * j + k] : result[k] + lane[8 * j + k]; \\
            } \\
        } \\
        static void tinytorch_side_by_side_in_double_##number( \\
            const double* start, const number* lane, Py_ssize_t step, number* result) { \\
            for (int k = 0; k < 8; k++) { \\
                double total = start ? start[k] : 0; \\
                for (int j = 0; j < (int)(32 / sizeof(number)); j += step) total += lane[8 * j + k]; \\
                result[k] = (number)total; \\
            } \\
        }
    TINYTORCH_SIDE_BY_SIDE(float)
    TINYTORCH_SIDE_BY_SIDE(double)

    #if defined(__GNUC__) && defined(__x86_64__)
    #include <immintrin.h>

    /* The same in AVX2's registers: no compiler finds that way. `suffix` is that of instructions on these numbers. */
    #define TINYTORCH_REGISTERS_SIDE_BY_SIDE(number, registers, suffix, read, put) \\
        __attribute__((target("avx2"))) static void tinytorch_registers_side_by_side_##number( \\
            int product, int begun, const number* lane, Py_ssize_t step, number* result) { \\
            enum { WIDTH = 32 / sizeof(number) }; \\
            for (int k = 0; k < 8; k += WIDTH) { \\
                registers r = begun ? _mm256_loadu_##suffix(result + k) : _mm256_set1_##suffix(product); \\
                for (int j = 0; j < WIDTH; j += step) { \\
                    const registers x = _mm256_loadu_##suffix(lane + 8 * j + k); \\
                    r = product ? _mm256_mul_##suffix(r, x) : _mm256_add_##suffix(r, x); \\
                } \\
                _mm256_storeu_##suffix(result + k, r); \\
            } \\
        } \\
        __attribute__((target("avx2"))) static void tinytorch_registers_side_by_side_in_double_##number( \\
            const double* start, const number* lane, Py_ssize_t step, number* result) { \\
            for (int k = 0; k < 8; k += 4) { \\
                __m256d r = start ? _mm256_loadu_pd(start + k) : _mm256_setzero_pd(); \\
                for (int j = 0; j < (int)(32 / sizeof(number)); j += step) \\
                    r = _mm256_add_pd(r, read(lane + 8 * j + k)); \\
                put(result + k, r); \\
            } \\
        }
    #define TINYTORCH_READ_FLOATS(x) _mm256_cvtps_pd(_mm_loadu_ps(x))
    #define TINYTORCH_PUT_FLOATS(x, numbers) _mm_storeu_ps(x, _mm256_cvtpd_ps(numbers))
    TINYTORCH_REGISTERS_SIDE_BY_SIDE(float, __m256, ps, TINYTORCH_READ_FLOATS, TINYTORCH_PUT_FLOATS)
    TINYTORCH_REGISTERS_SIDE_BY_SIDE(double, __m256d, pd, _mm256_loadu_pd, _mm256_storeu_pd)

    #define TINYTORCH_ABREAST(name) (tinytorch_has_avx2 ? tinytorch_registers_##name : tinytorch_##name)
    #else
    #define TINYTORCH_ABREAST(name) tinytorch_##name
    #endif
    """
    void join_floats_side_by_side "TINYTORCH_ABREAST(side_by_side_float)"(
        bint product, bint begun, const float* lane, Py_ssize_t step, float* result) noexcept nogil
    void join_doubles_side_by_side "TINYTORCH_ABREAST(side_by_side_double)"(
        bint product, bint begun, const double* lane, Py_ssize_t step, double* result) noexcept nogil
    void add_floats_in_double "TINYTORCH_ABREAST(side_by_side_in_double_float)"(
        const double* start, const float* lane, Py_ssize_t step, float* result) noexcept nogil
    void add_doubles_in_double "TINYTORCH_ABREAST(side_by_side_in_double_double)"(
        const double* start, const double* lane, Py_ssize_t step, double* result) noexcept nogil

cdef enum:
    ABREAST_ROWS = 8


cdef inline_void join_abreast(int what, const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t stride, bint near,
                              floating* lane) noexcept nogil:
    """lane[j ABREAST_ROWS + k] = lane j of row k, as join_rows has it"""
    cdef floating rows[ABREAST_ROWS * 8]
    cdef Py_ssize_t width = 32 // sizeof(floating), j, k
    join_rows(what, x, n, step, ABREAST_ROWS, stride, near, rows)
    if not turns:
        for k in range(ABREAST_ROWS):
            for j in range(width):
                lane[j * ABREAST_ROWS + k] = rows[k * width + j]
    elif floating is float:
        squares_float(rows, width, lane, ABREAST_ROWS, width, ABREAST_ROWS)
    else:
        squares_double(rows, width, lane, ABREAST_ROWS, width, ABREAST_ROWS)


cdef inline_void join_side_by_side(int what, bint begun, const floating* lane, Py_ssize_t step,
                                   floating* results) noexcept nogil:
    """The lanes of ABREAST_ROWS rows, joined to their sums or products, which are 0 or 1 unless they have begun"""
    if floating is float:
        join_floats_side_by_side(what == PRODUCT, begun, lane, step, results)
    else:
        join_doubles_side_by_side(what == PRODUCT, begun, lane, step, results)


cdef inline_void add_in_double(const double* start, const floating* lane, Py_ssize_t step,
                               floating* sums) noexcept nogil:
    """The same of sums, added in double precision, which begin with `start` or, if it is NULL, with 0"""
    if floating is float:
        add_floats_in_double(start, lane, step, sums)
    else:
        add_doubles_in_double(start, lane, step, sums)


cdef inline_void put_abreast(const floating* results, floating* out, Py_ssize_t step) noexcept nogil:
    """The results of ABREAST_ROWS rows, where they belong"""
    cdef Py_ssize_t k
    if step == 1:
        memcpy(out, results, ABREAST_ROWS * sizeof(floating))
    else:
        for k in range(ABREAST_ROWS):
            out[k * step] = results[k]
