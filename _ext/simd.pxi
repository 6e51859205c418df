# `simd_void f(...)`: a room compiled three times, for plain x86-64, for AVX2 and for AVX-512; the loader of the C
# library picks the widest that the processor knows, once. Where compiler or C library cannot do that (macOS, Windows,
# musl, ARM, the address sanitizer) it is compiled once, as any other function.
#
# A compiler turns a loop into SIMD when its turns do not depend on each other. A plain running sum does depend, and
# rounding forbids the compiler to regroup it, so reductions keep LANES running sums themselves (rows.pxi).

cdef extern from *:
    """
    #if defined(__GLIBC__) && defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) \
        && !defined(__SANITIZE_ADDRESS__)
    #define TINYTORCH_SIMD_VOID __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void
    #else
    #define TINYTORCH_SIMD_VOID void
    #endif
    """
    ctypedef void simd_void "TINYTORCH_SIMD_VOID"
