# `best_of_lines(...)`: the greatest or the least of numbers from memory, read a line of it after the other, with SIMD.
# Needs fetch.pxi, soon.pxi and ahead.pxi.
#
# Asked line by line and in their order, an Intel Xeon brings 64 MB from memory in 3.7 ms, where a loop that reads four
# lines a turn (extreme.pxi) takes 4.1. It is written with intrinsics, since a compiler that is to ask for memory in so
# short a loop does not turn it into SIMD.

cdef extern from *:
    """
    #if defined(__GNUC__) && defined(__x86_64__)
    #include <immintrin.h>

    /* max(a, best) is `best` where a is nan, so nans are looked for apart: two numbers are unordered if either is one. */
    #define TINYTORCH_BEST_OF_LINES(name, number, registers, suffix, better, sign) \\
        __attribute__((target("avx2"))) static number name(const number* x, Py_ssize_t lines, Py_ssize_t ahead) { \\
            enum { WIDTH = 32 / sizeof(number) }; \\
            registers first = _mm256_loadu_##suffix(x), second = first, nans = _mm256_setzero_##suffix(); \\
            number lane[WIDTH]; \\
            _Pragma("GCC unroll 1") \\
            for (; lines > 0; lines--, x += 2 * WIDTH) { \\
                const registers a = _mm256_loadu_##suffix(x), b = _mm256_loadu_##suffix(x + WIDTH); \\
                __builtin_prefetch((const char*)x + ahead); \\
                first = _mm256_##better##_##suffix(a, first); \\
                second = _mm256_##better##_##suffix(b, second); \\
                nans = _mm256_or_##suffix(nans, _mm256_cmp_##suffix(a, b, _CMP_UNORD_Q)); \\
            } \\
            if (_mm256_movemask_##suffix(nans)) return (number)NAN; \\
            _mm256_storeu_##suffix(lane, _mm256_##better##_##suffix(first, second)); \\
            for (int i = 1; i < WIDTH; i++) lane[0] = lane[i] sign lane[0] ? lane[i] : lane[0]; \\
            return lane[0]; \\
        }
    static int tinytorch_reads_lines(void) { __builtin_cpu_init(); return __builtin_cpu_supports("avx2") != 0; }
    #else
    #define TINYTORCH_BEST_OF_LINES(name, number, registers, suffix, better, sign) \\
        static number name(const number* x, Py_ssize_t lines, Py_ssize_t ahead) { return *x; }
    static int tinytorch_reads_lines(void) { return 0; }
    #endif
    TINYTORCH_BEST_OF_LINES(tinytorch_greatest_float, float, __m256, ps, max, >)
    TINYTORCH_BEST_OF_LINES(tinytorch_least_float, float, __m256, ps, min, <)
    TINYTORCH_BEST_OF_LINES(tinytorch_greatest_double, double, __m256d, pd, max, >)
    TINYTORCH_BEST_OF_LINES(tinytorch_least_double, double, __m256d, pd, min, <)
    """
    float greatest_float "tinytorch_greatest_float"(const float* x, Py_ssize_t lines, Py_ssize_t ahead) noexcept nogil
    float least_float "tinytorch_least_float"(const float* x, Py_ssize_t lines, Py_ssize_t ahead) noexcept nogil
    double greatest_double "tinytorch_greatest_double"(const double* x, Py_ssize_t lines, Py_ssize_t ahead) noexcept nogil
    double least_double "tinytorch_least_double"(const double* x, Py_ssize_t lines, Py_ssize_t ahead) noexcept nogil
    bint tinytorch_reads_lines() noexcept

cdef bint reads_lines = asks and tinytorch_reads_lines()


cdef inline number best_of_lines(const number* x, Py_ssize_t lines, int least) noexcept nogil:
    """The best of the numbers of one line or more, nan if any is; only where reads_lines says so"""
    if number is float:
        return (least_float if least else greatest_float)(x, lines, 2 * AHEAD)
    elif number is double:
        return (least_double if least else greatest_double)(x, lines, 2 * AHEAD)
    else:
        return x[0]
