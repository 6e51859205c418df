# The products of the BLAS library that NumPy is linked with, called without NumPy: through pointers, with the
# interpreter's lock released, transposed operands by flag, and into memory that is there already.
#
# tinytorch/kernels/threads.py finds the library and the addresses. Nobody asks it before the first large product: the
# search takes a fraction of a millisecond, which an import need not pay.
#
# The library is kept at one thread while our own threads share a product: they split it better (docs/design.md), and
# two groups of threads would only take the cores from each other.

from importlib import import_module as _module
from libc.stdint cimport int64_t

cdef enum:              # the names and numbers of CBLAS
    BY_ROWS = 101
    AS_IT_IS = 111
    TRANSPOSED = 112

# out (m, n) = alpha x (m, k) @ y (k, n) + beta out: order, flag x, flag y, m, n, k, alpha, x, rows apart, y, rows
# apart, beta, out, rows apart. Integers have 64 or 32 bits.
ctypedef void (*Sgemm64)(
    int, int, int, int64_t, int64_t, int64_t, float, const float*, int64_t, const float*, int64_t, float, float*,
    int64_t
) noexcept nogil
ctypedef void (*Dgemm64)(
    int, int, int, int64_t, int64_t, int64_t, double, const double*, int64_t, const double*, int64_t, double, double*,
    int64_t
) noexcept nogil
ctypedef void (*Sgemm32)(
    int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int
) noexcept nogil
ctypedef void (*Dgemm32)(
    int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*, int
) noexcept nogil

# out (m) = alpha x (m, n) @ v (n) + beta out: order, flag x, m, n, alpha, x, rows apart, v, step, beta, out, step
ctypedef void (*Sgemv64)(
    int, int, int64_t, int64_t, float, const float*, int64_t, const float*, int64_t, float, float*, int64_t
) noexcept nogil
ctypedef void (*Dgemv64)(
    int, int, int64_t, int64_t, double, const double*, int64_t, const double*, int64_t, double, double*, int64_t
) noexcept nogil
ctypedef void (*Sgemv32)(
    int, int, int, int, float, const float*, int, const float*, int, float, float*, int
) noexcept nogil
ctypedef void (*Dgemv32)(
    int, int, int, int, double, const double*, int, const double*, int, double, double*, int
) noexcept nogil

cdef enum:
    UNKNOWN, MISSING, FOUND

cdef int blas_state = UNKNOWN
cdef bint wide                      # does the library count with 64 bits?
cdef void* sgemm = NULL
cdef void* dgemm = NULL
cdef void* sgemv = NULL
cdef void* dgemv = NULL
cdef int (*read_threads)() noexcept nogil
cdef void (*set_threads)(int) noexcept nogil

cdef int borrowers = 0              # calls that go on; like the next two, touched under the interpreter's lock only
cdef int threads_before = 1         # the library's threads, before the first of them came
cdef int limit_before = 1


cdef bint blas_found() except -1:
    """Is there a library to call? The first call finds out."""
    global blas_state, wide, sgemm, dgemm, sgemv, dgemv, read_threads, set_threads
    if blas_state == UNKNOWN:
        found = _module("tinytorch.kernels.threads").blas()
        if found is None:
            blas_state = MISSING
        else:
            wide = found.wide
            sgemm, dgemm = <void*><size_t>found.sgemm, <void*><size_t>found.dgemm
            sgemv, dgemv = <void*><size_t>found.sgemv, <void*><size_t>found.dgemv
            read_threads = <int (*)() noexcept nogil><size_t>found.read_threads
            set_threads = <void (*)(int) noexcept nogil><size_t>found.set_threads
            blas_state = FOUND
    return blas_state == FOUND


cdef void borrow_blas() noexcept:
    """Keep the library at one thread from here on."""
    global borrowers, threads_before, limit_before
    if borrowers == 0:
        threads_before, limit_before = read_threads(), _limit[0]
        if threads_before != 1:
            set_threads(1)
    borrowers += 1


cdef void return_blas() noexcept:
    """Give the library its threads back: as many as before, or as set_num_threads said in the meantime."""
    global borrowers
    borrowers -= 1
    if borrowers == 0:
        if _limit[0] != limit_before:
            set_threads(_limit[0])
        elif threads_before != 1:
            set_threads(threads_before)


cdef inline void gemm(
    int x_flag, int y_flag, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, floating alpha, const floating* x,
    Py_ssize_t x_rows, const floating* y, Py_ssize_t y_rows, floating beta, floating* out, Py_ssize_t out_rows
) noexcept nogil:
    """out = alpha x @ y + beta out"""
    if floating is float:
        if wide:
            (<Sgemm64>sgemm)(BY_ROWS, x_flag, y_flag, m, n, k, alpha, x, x_rows, y, y_rows, beta, out, out_rows)
        else:
            (<Sgemm32>sgemm)(
                BY_ROWS, x_flag, y_flag, <int>m, <int>n, <int>k, alpha, x, <int>x_rows, y, <int>y_rows, beta, out,
                <int>out_rows
            )
    elif wide:
        (<Dgemm64>dgemm)(BY_ROWS, x_flag, y_flag, m, n, k, alpha, x, x_rows, y, y_rows, beta, out, out_rows)
    else:
        (<Dgemm32>dgemm)(
            BY_ROWS, x_flag, y_flag, <int>m, <int>n, <int>k, alpha, x, <int>x_rows, y, <int>y_rows, beta, out,
            <int>out_rows
        )


cdef inline void gemv(
    int flag, Py_ssize_t m, Py_ssize_t n, floating alpha, const floating* x, Py_ssize_t x_rows, const floating* v,
    Py_ssize_t step, floating beta, floating* out
) noexcept nogil:
    """out = alpha x @ v + beta out; m and n count the rows and columns of x as it lies in memory"""
    if floating is float:
        if wide:
            (<Sgemv64>sgemv)(BY_ROWS, flag, m, n, alpha, x, x_rows, v, step, beta, out, 1)
        else:
            (<Sgemv32>sgemv)(BY_ROWS, flag, <int>m, <int>n, alpha, x, <int>x_rows, v, <int>step, beta, out, 1)
    elif wide:
        (<Dgemv64>dgemv)(BY_ROWS, flag, m, n, alpha, x, x_rows, v, step, beta, out, 1)
    else:
        (<Dgemv32>dgemv)(BY_ROWS, flag, <int>m, <int>n, alpha, x, <int>x_rows, v, <int>step, beta, out, 1)
