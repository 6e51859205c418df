"""Running sums and products along an axis, from either end:

    y_i = x_1 + ... + x_i        y_i = x_1 x_2 ... x_i

NumPy twin: tinytorch/kernels/cumulative.py. float32 is added in double precision, number by number and in order, as PyTorch
does, so a row cannot be cut into parts: four rows are walked side by side instead, or a row of columns. Integers become
int64. An array in C order is read as (outer, n, inner), others are brought into this order first; complex numbers and those
of 16 bits go to the twin.
"""

from importlib import import_module

from libc.stdint cimport int64_t

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "past.pxi"
include "soon.pxi"
include "contiguous.pxi"

twin = import_module("tinytorch.kernels.cumulative")

ctypedef fused item:
    float
    double
    int64_t

cdef enum:
    GRAIN = 1 << 14     # numbers that are worth a thread
    NARROW = 64         # fewer columns are walked eight at a time
    TILE = 2048         # columns whose results so far stay in the nearest cache
    NEAR = 1 << 20      # bytes that stay in the caches of the thread that has copied them


cdef struct Run:        # x read as (outer, n, inner), from which end, and whether numbers are multiplied
    Py_ssize_t outer, n, inner
    bint reverse, product


def cumsum(x, int axis, bint reverse=False):
    """Sum of each number and those before it (after it: `reverse`) along `axis`."""
    y = running(x, axis, reverse, False)
    return twin.cumsum(x, axis, reverse) if y is None else y


def cumprod(x, int axis, bint reverse=False):
    """Product of each number and those before it (after it: `reverse`) along `axis`."""
    y = running(x, axis, reverse, True)
    return twin.cumprod(x, axis, reverse) if y is None else y


cdef object running(object x, int axis, bint reverse, bint product):
    """None where the twin has to do it"""
    if not cnp.PyArray_CheckExact(x) or not -(<cnp.ndarray>x).ndim <= axis < (<cnp.ndarray>x).ndim:
        return None
    cdef Run run = Run(1, 1, 1, reverse, product)
    cdef int i, ndim = (<cnp.ndarray>x).ndim
    axis += ndim if axis < 0 else 0
    for i in range(ndim):
        if i < axis:
            run.outer *= (<cnp.ndarray>x).shape[i]
        elif i == axis:
            run.n = (<cnp.ndarray>x).shape[i]
        else:
            run.inner *= (<cnp.ndarray>x).shape[i]
    if cnp.PyTypeNum_ISINTEGER(cnp.PyArray_TYPE(<cnp.ndarray>x)) or cnp.PyTypeNum_ISBOOL(cnp.PyArray_TYPE(<cnp.ndarray>x)):
        source = x.astype("l" if sizeof(long) == 8 else "q", order="C", copy=False)
    else:
        source = contiguous(x, -1, cnp.PyArray_NBYTES(<cnp.ndarray>x) <= NEAR and parts_of(&run) == 1)
    if source is None or cnp.PyArray_SIZE(source) == 0:
        return None
    cdef cnp.ndarray array = source, out = empty_like(source) if source is x else source    # its own copy is written over
    cdef int kind = cnp.PyArray_TYPE(array)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            by_threads(<const float*>array.data, <float*>out.data, &run)
        elif kind == cnp.NPY_DOUBLE:
            by_threads(<const double*>array.data, <double*>out.data, &run)
        else:
            by_threads(<const int64_t*>array.data, <int64_t*>out.data, &run)
    return out


cdef inline bint cuts_columns(const Run* run) noexcept nogil:
    """Is there so little of the outer side that threads share the columns?"""
    return run.outer < 4 * threads_for(run.outer * run.n * run.inner, GRAIN) and run.inner > run.outer


cdef int parts_of(const Run* run) noexcept nogil:
    """How many threads share the work. Strips of few columns are read no sooner by two: nothing is fetched ahead there."""
    cdef int parts = threads_for(run.outer * run.n * run.inner, GRAIN)
    cdef Py_ssize_t most = run.inner // TILE if cuts_columns(run) else run.outer
    return parts if parts <= most else <int>most if most > 1 else 1


cdef void by_threads(const item* x, item* y, const Run* run) noexcept nogil:
    """Threads share the outer side, or where there is little of it the columns."""
    cdef int parts = parts_of(run), part
    cdef bint by_columns = cuts_columns(run)
    cdef Py_ssize_t total = run.inner if by_columns else run.outer
    if parts == 1:
        one_part(x, y, run, by_columns, 0, total)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        one_part(x, y, run, by_columns, total * part // parts, total * (part + 1) // parts)


cdef void one_part(const item* x, item* y, const Run* run, bint by_columns, Py_ssize_t start,
                   Py_ssize_t stop) noexcept nogil:
    """Columns, or blocks of the outer side, from `start` up to `stop`"""
    cdef Py_ssize_t i = 0 if by_columns else start, j, first, last, some
    cdef Py_ssize_t end = run.outer if by_columns else stop, at
    cdef Py_ssize_t step = -run.inner if run.reverse else run.inner, begin = (run.n - 1) * run.inner if run.reverse else 0
    first = start if by_columns else 0
    last = stop if by_columns else run.inner
    while i < end:
        at = i * run.n * run.inner + begin
        if run.inner == 1:
            some = 4 if end - i >= 4 else 1
            if some == 4:
                four_rows(x + at, y + at, run.n, step, run.n, run.product)
            else:
                one_row(x + at, y + at, run.n, step, run.product)
            i += some
        else:
            j = first
            while last - j >= 8 and run.inner < NARROW:
                eight_columns(x + at + j, y + at + j, run.n, step, run.product)
                j += 8
            while j < last:
                some = TILE if last - j > TILE else last - j
                columns(x + at + j, y + at + j, run.n, step, some, run.product)
                j += some
            i += 1


cdef void one_row(const item* x, item* y, Py_ssize_t n, Py_ssize_t step, bint product) noexcept nogil:
    cdef double wide = 1 if product else 0
    cdef int64_t whole = 1 if product else 0
    cdef Py_ssize_t i
    for i in range(n):
        if item is int64_t:
            whole = whole * x[i * step] if product else whole + x[i * step]
            y[i * step] = whole
        else:
            wide = wide * x[i * step] if product else wide + x[i * step]
            y[i * step] = <item>wide


cdef void four_rows(const item* x, item* y, Py_ssize_t n, Py_ssize_t step, Py_ssize_t row, bint product) noexcept nogil:
    """Four rows, `row` numbers apart: while one addition is under way, the others can start."""
    cdef double wide[4]
    cdef int64_t whole[4]
    cdef Py_ssize_t i
    cdef int k
    for k in range(4):
        wide[k] = 1 if product else 0
        whole[k] = 1 if product else 0
    for i in range(n):
        for k in range(4):
            if item is int64_t:
                whole[k] = whole[k] * x[i * step + k * row] if product else whole[k] + x[i * step + k * row]
                y[i * step + k * row] = whole[k]
            else:
                wide[k] = wide[k] * x[i * step + k * row] if product else wide[k] + x[i * step + k * row]
                y[i * step + k * row] = <item>wide[k]


cdef simd_void eight_columns(const item* x, item* y, Py_ssize_t n, Py_ssize_t step, bint product) noexcept nogil:
    """What `columns` does, with the results so far in registers: short columns have no time to fetch and put them back"""
    cdef item here[8]
    cdef double wide[8]
    cdef int64_t whole[8]
    cdef Py_ssize_t i
    cdef int k
    for k in range(8):
        wide[k] = 1 if product else 0
        whole[k] = 1 if product else 0
    for i in range(n):
        for k in range(8):      # y may be x: the compiler is not to wonder about that between two numbers
            here[k] = x[k]
        for k in range(8):
            if item is int64_t:
                whole[k] = whole[k] * here[k] if product else whole[k] + here[k]
            else:
                wide[k] = wide[k] * here[k] if product else wide[k] + here[k]
        for k in range(8):
            y[k] = whole[k] if item is int64_t else <item>wide[k]
        x += step
        y += step


cdef simd_void columns(const item* x, item* y, Py_ssize_t n, Py_ssize_t step, Py_ssize_t count,
                       bint product) noexcept nogil:
    """`count` columns of n numbers"""
    cdef double wide[TILE]
    cdef int64_t whole[TILE]
    cdef Py_ssize_t i, j
    for j in range(count):
        wide[j] = 1 if product else 0
        whole[j] = 1 if product else 0
    for i in range(n):
        for j in range(count):
            if item is int64_t:
                whole[j] = whole[j] * x[j] if product else whole[j] + x[j]
                y[j] = whole[j]
            else:
                wide[j] = wide[j] * x[j] if product else wide[j] + x[j]
                y[j] = <item>wide[j]
        x += step
        y += step
