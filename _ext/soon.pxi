# `soon(address)`: ask for memory that will be read soon, where no processor guesses it; `later(address)`: only into the
# second cache, where it is not in the way.

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define TINYTORCH_SOON(address) __builtin_prefetch(address)
    #define TINYTORCH_LATER(address) __builtin_prefetch(address, 0, 2)
    #else
    #define TINYTORCH_SOON(address) ((void)(address))
    #define TINYTORCH_LATER(address) ((void)(address))
    #endif
    """
    void soon "TINYTORCH_SOON"(const void* address) noexcept nogil
    void later "TINYTORCH_LATER"(const void* address) noexcept nogil

cdef enum:
    LINE = 64               # bytes that memory is read in
