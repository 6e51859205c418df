# `asks`: is this a processor that has to be asked for memory in time, even for rows read from front to back? Needs
# simd.pxi and soon.pxi.
#
# An Intel Xeon (Sapphire Rapids or later) reads 64 MB of floats in 4.2 ms by itself, in 3.5 ms if it is asked for each
# line AHEAD bytes before: one or two lines at a time, and in their order. Maxima that read lines in the order 0, 2, 1,
# 3 took it 5.0 ms. A Zen 4 reads as much in 1.6 ms, and is left alone.

cdef extern from *:
    """
    #if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
    static int tinytorch_asks(void) { __builtin_cpu_init(); return __builtin_cpu_is("intel"); }
    #else
    static int tinytorch_asks(void) { return 0; }
    #endif
    """
    bint tinytorch_asks() nogil

cdef enum:
    AHEAD = 1024        # bytes
    FAR = 1 << 21       # so many bytes are in no near cache

cdef bint asks = tinytorch_asks()


cdef inline_void soon_ahead(const char* x, Py_ssize_t n) noexcept nogil:
    """Ask for the lines AHEAD bytes behind those of n bytes that are read now"""
    cdef Py_ssize_t i
    for i in range(n // LINE):
        soon(x + AHEAD + i * LINE)


cdef inline_void later_lines(const char* x, Py_ssize_t n) noexcept nogil:
    """Ask for n bytes, only into the second cache"""
    cdef Py_ssize_t i
    for i in range(n // LINE):
        later(x + i * LINE)
