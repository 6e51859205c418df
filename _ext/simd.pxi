# `simd_void f(...)`: a room compiled three times, for plain x86-64, for AVX2 and for AVX-512; the loader of the C
# library picks the widest that the processor knows, once. Where compiler or C library cannot do that (macOS, Windows,
# musl, ARM, the address sanitizer) it is compiled once, as any other function; so it is where indices are checked,
# TINYTORCH_DEBUG_KERNELS=1, as the three forms check the same ones.
#
# A compiler turns a loop into SIMD when its turns do not depend on each other. A plain running sum does depend, and
# rounding forbids the compiler to regroup it, so reductions keep LANES running sums themselves (rows.pxi).

cdef extern from *:
    """
    #if defined(__GLIBC__) && defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) \
        && !defined(__SANITIZE_ADDRESS__) && !defined(TINYTORCH_ONE_FORM)
    #define TINYTORCH_SIMD_VOID __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void
    #define TINYTORCH_READING_VOID __attribute__((target_clones("arch=x86-64-v3", "default"))) void
    #else
    #define TINYTORCH_SIMD_VOID void
    #define TINYTORCH_READING_VOID void
    #endif
    """
    ctypedef void simd_void "TINYTORCH_SIMD_VOID"
    ctypedef void reading_void "TINYTORCH_READING_VOID"
#
# `reading_void f(...)`: a room that does little more than read memory, or bring numbers side by side. On a Zen 4 loads
# of 32 bytes do that faster than those of 64 (1.6 against 2.1 ms for 64 MB), so it is not compiled for AVX-512.
#
# `inline_void f(...)`: what such rooms share. It becomes part of each of a room's three forms; as a function of its own
# it would be compiled for plain x86-64 alone.

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define TINYTORCH_INLINE_VOID __attribute__((always_inline)) inline void
    #elif defined(_MSC_VER)
    #define TINYTORCH_INLINE_VOID __forceinline void
    #else
    #define TINYTORCH_INLINE_VOID inline void
    #endif
    """
    ctypedef void inline_void "TINYTORCH_INLINE_VOID"
