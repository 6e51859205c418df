# `soon(address)`: ask for memory that will be read soon, where no processor guesses it.

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define TINYTORCH_SOON(address) __builtin_prefetch(address)
    #else
    #define TINYTORCH_SOON(address) ((void)(address))
    #endif
    """
    void soon "TINYTORCH_SOON"(const void* address) noexcept nogil

cdef enum:
    LINE = 64               # bytes that memory is read in
