# `put_past(to, from, n)`: copy n bytes to where nobody will look for them soon, past the caches. `past()` ends that.
#
# A line of memory that is written is read first, unless the processor is told that all of it will be new: 64 MB take 7
# to 12 ms in the one way, 1 to 4 ms in the other. Lines that are not written as a whole are written as ever.

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    static void put_past(void* to, const void* from, size_t n) {
        char* out = (char*)to;
        const char* x = (const char*)from;
        size_t head = (size_t)(-(intptr_t)out & 63), i;
        int k;
        if (head > n) head = n;
        memcpy(out, x, head);
        for (i = head; i + 64 <= n; i += 64)
            for (k = 0; k < 64; k += 16)
                _mm_stream_si128((__m128i*)(out + i + k), _mm_loadu_si128((const __m128i*)(x + i + k)));
        memcpy(out + i, x + i, n - i);
    }
    static void past(void) { _mm_sfence(); }
    #else
    static void put_past(void* to, const void* from, size_t n) { memcpy(to, from, n); }
    static void past(void) {}
    #endif
    """
    void put_past(void* to, const void* x, size_t n) noexcept nogil
    void past() noexcept nogil
