# Numbers that lie any step apart, brought side by side for a loop that the compiler turns into SIMD.

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t

ctypedef fused number:
    float
    double
    int64_t
    int32_t
    int16_t
    int8_t
    uint8_t

# `no_inline_void f(...)`: a function that stays one, compiled for plain x86-64. GCC would look into it, see that it
# leaves the wide registers alone, and call it while their upper halves are in use. Intel's processors stop at its
# first instruction to save them, and once more when it returns: the places of the largest of 4 x 3 numbers took 1.0 us
# instead of 0.3. `noipa` forbids to look.

cdef extern from *:
    """
    #if defined(__GNUC__) && !defined(__clang__)
    #define TINYTORCH_NO_INLINE_VOID __attribute__((noipa, unused)) void
    #elif defined(__GNUC__)
    #define TINYTORCH_NO_INLINE_VOID __attribute__((noinline, unused)) void
    #else
    #define TINYTORCH_NO_INLINE_VOID void
    #endif
    """
    ctypedef void no_inline_void "TINYTORCH_NO_INLINE_VOID"


cdef inline const number* fetch(const char* x, Py_ssize_t step, Py_ssize_t n, number* room) noexcept nogil:
    """n numbers side by side: where they are, or copied to `room`"""
    cdef const number* numbers = <const number*>x
    cdef Py_ssize_t j
    if step == sizeof(number):
        return numbers
    if step == 2 * sizeof(number):
        for j in range(n):
            room[j] = numbers[2 * j]
    elif step == -<Py_ssize_t>sizeof(number):
        for j in range(n):
            room[j] = numbers[-j]
    else:
        gather(numbers, step, n, room)
    return room


cdef no_inline_void gather(const number* x, Py_ssize_t step, Py_ssize_t n, number* room) noexcept nogil:
    """One by one: here a processor's own instruction for it, which the compiler would take, is slower"""
    cdef Py_ssize_t j
    for j in range(n):
        room[j] = (<const number*>(<const char*>x + j * step))[0]
