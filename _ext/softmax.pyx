"""Softmax and log-softmax along an axis, their backward, log of sums of powers, and cross-entropy on class numbers:

    softmax(x)_j      = e^(x_j - m) / sum_k e^(x_k - m)             m = max(x), so that no power overflows
    log_softmax(x)_j  = (x_j - m) - log(sum_k e^(x_k - m))
    logsumexp(x)      = m + log(sum_k e^(x_k - m))
    cross_entropy     = -log_softmax(x)_t                           t = the row's class

NumPy twin: tinytorch/kernels/softmax.py. Numbers are float32 or float64, others go to the twin. An array in C order is
read as (outer, n, inner), others are brought into this order first. Rows and columns that fit into a cache are read once;
others twice: for their maxima and sums (exponentials.pxi), and for the result.
"""

from importlib import import_module

from libc.math cimport INFINITY, log

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "walk.pxi"
include "fetch.pxi"
include "past.pxi"
include "soon.pxi"
include "contiguous.pxi"
include "rows.pxi"
include "explog.pxi"
include "exponentials.pxi"

twin = import_module("tinytorch.kernels.softmax")

cdef enum:
    GRAIN = 1 << 14     # numbers that are worth a thread: powers take longer than sums
    LONG = 1 << 14      # rows up to this length stay in a cache with their results
    HIGH = 128          # and so do TILE columns up to this one
    BROAD = 16          # columns that are worth a loop
    TILE_BYTES = 1 << 19    # so many stay in a core's second cache
    STRIP = 1024        # columns of a small array that are worth a thread: where strips meet, both write into one line
    NEAR = 1 << 20      # bytes of a small array


cdef struct Split:      # an array in C order read as (outer, n, inner)
    Py_ssize_t outer, n, inner
    int axis


cdef inline bint split(cnp.ndarray x, object axis, Split* parts):
    """Is `axis` an axis of x, and x not empty? If so, fill `parts`."""
    cdef int i
    if type(axis) is not int or not -x.ndim <= axis < x.ndim or cnp.PyArray_SIZE(x) == 0:
        return False
    parts.axis = axis
    parts.axis += x.ndim if parts.axis < 0 else 0
    parts.outer = parts.inner = 1
    for i in range(parts.axis):
        parts.outer *= x.shape[i]
    parts.n = x.shape[parts.axis]
    for i in range(parts.axis + 1, x.ndim):
        parts.inner *= x.shape[i]
    return True


# ---- forward ---------------------------------------------------------------------------------------------------------


def softmax(x, axis=-1):
    """softmax(x) along `axis`, a new array."""
    cdef Split parts
    out = forward_in_tiles(x, axis, False)
    if out is not None:
        return out
    source = in_order(x, axis)
    if source is None or not split(source, axis, &parts):
        return twin.softmax(x, axis)
    return forward(source, &parts, False, source is not x)


def log_softmax(x, axis=-1):
    """log(softmax(x)) along `axis`, a new array."""
    cdef Split parts
    out = forward_in_tiles(x, axis, True)
    if out is not None:
        return out
    source = in_order(x, axis)
    if source is None or not split(source, axis, &parts):
        return twin.log_softmax(x, axis)
    return forward(source, &parts, True, source is not x)


cdef object in_order(object x, object axis):
    """x in C order, each part of it copied by the thread that will compute with it; None as `contiguous` says"""
    if axis != 0 or not cnp.PyArray_CheckExact(x) or (<cnp.ndarray>x).ndim == 0:
        return contiguous(x)
    cdef cnp.ndarray array = x
    cdef Py_ssize_t columns = cnp.PyArray_SIZE(array) // max(<Py_ssize_t>array.shape[0], 1)
    return contiguous(x, 0, columns < 2 * STRIP and cnp.PyArray_NBYTES(array) <= NEAR)


cdef object forward_in_tiles(object x, object axis, bint logs):
    """Of a large array whose numbers along `axis` lie side by side, but not in the result: computed while it is copied"""
    cdef Copy copy
    if type(axis) is not int or plain_float(x) or not read_axes(x, &copy) or not copy.rows:
        return None
    if copy.near != (axis if axis >= 0 else axis + copy.ndim):
        return None
    copy.rows = copy.size[copy.near]
    copy.columns = smaller(TILE_BYTES // cnp.PyArray_ITEMSIZE(<cnp.ndarray>x) // copy.rows, TILE_ROWS)
    if copy.columns < 2 * SQUARE:
        return None
    if copy.split == copy.near:
        copy.split = copy.last
    copy.how = logs
    if cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.NPY_FLOAT:
        copy.compute = <tile_t>forward_tile[float]
    else:
        copy.compute = <tile_t>forward_tile[double]
    return copied(x, &copy)


cdef void forward_tile(floating* tile, Py_ssize_t n, Py_ssize_t columns, Py_ssize_t step, int logs) noexcept nogil:
    """What is being copied, in place"""
    if logs:
        log_softmax_columns(tile, tile, n, step, columns)
    else:
        softmax_columns(tile, tile, n, step, columns)


cdef cnp.ndarray forward(cnp.ndarray x, Split* parts, bint logs, bint own):
    """Is x our `own` copy? The results take its place."""
    cdef Walk walk
    cdef bint in_cache = parts.n <= LONG if parts.inner == 1 else parts.n <= HIGH and parts.inner >= BROAD
    cdef cnp.ndarray y = x if own else empty_like(x)
    if not in_cache:
        plan(x, parts.axis, SUMS, &walk)
    cdef cnp.ndarray most = y, total = y
    if not in_cache:
        most = cnp.PyArray_EMPTY(1, <cnp.npy_intp*>&walk.count, cnp.PyArray_TYPE(x), 0)
        total = cnp.PyArray_EMPTY(1, <cnp.npy_intp*>&walk.count, cnp.NPY_DOUBLE, 0)
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            if in_cache:
                forward_parts(<const float*>x.data, <float*>y.data, parts, logs)
            else:
                maxima_and_sums(<float*>most.data, <double*>total.data, &walk)
                forward_rest(<const float*>x.data, <float*>y.data, <float*>most.data, <double*>total.data, parts, logs)
    else:
        with nogil:
            if in_cache:
                forward_parts(<const double*>x.data, <double*>y.data, parts, logs)
            else:
                maxima_and_sums(<double*>most.data, <double*>total.data, &walk)
                forward_rest(<const double*>x.data, <double*>y.data, <double*>most.data, <double*>total.data, parts, logs)
    return y


cdef void forward_parts(const floating* x, floating* y, const Split* split, bint logs) noexcept nogil:
    """What stays in a cache: threads share the outer side, or where there is little of it the columns."""
    cdef int parts = threads_for(split.outer * split.n * split.inner, GRAIN), part
    cdef bint by_columns = split.outer < parts and split.inner > 1
    cdef Py_ssize_t total = split.inner if by_columns else split.outer
    cdef Py_ssize_t size = split.outer * split.n * split.inner * <Py_ssize_t>sizeof(floating)
    if by_columns and split.inner < 2 * STRIP and size <= NEAR:
        parts = 1
    if parts > total:
        parts = <int>total
    if parts == 1:
        forward_part(x, y, split, 0, total, by_columns, logs)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        forward_part(x, y, split, total * part // parts, total * (part + 1) // parts, by_columns, logs)


cdef void forward_part(const floating* x, floating* y, const Split* split, Py_ssize_t start, Py_ssize_t stop,
                       bint by_columns, bint logs) noexcept nogil:
    cdef Py_ssize_t i, at, size = split.n * split.inner
    if split.inner == 1:
        if logs:
            log_softmax_rows(x + start * size, y + start * size, stop - start, split.n)
        else:
            softmax_rows(x + start * size, y + start * size, stop - start, split.n)
        return
    for i in range(split.outer if by_columns else stop - start):
        at = i * size + start if by_columns else (start + i) * size
        if logs:
            log_softmax_columns(x + at, y + at, split.n, split.inner, stop - start if by_columns else split.inner)
        else:
            softmax_columns(x + at, y + at, split.n, split.inner, stop - start if by_columns else split.inner)


cdef simd_void softmax_rows(const floating* x, floating* y, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef floating largest, scale
    cdef double total
    for i in range(rows):
        row_max(x, columns, &largest)
        for j in range(columns):
            y[j] = exp_(x[j] - largest)
        row_sum(y, columns, &total)
        scale = <floating>total
        for j in range(columns):
            y[j] = y[j] / scale
        x += columns
        y += columns


cdef simd_void log_softmax_rows(const floating* x, floating* y, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef floating powers[TILE]
    cdef Py_ssize_t i, j, k, some
    cdef floating largest, log_total
    cdef double total, more
    for i in range(rows):
        row_max(x, columns, &largest)
        total = 0
        j = 0
        while j < columns:
            some = TILE if columns - j > TILE else columns - j
            for k in range(some):
                powers[k] = exp_(x[j + k] - largest)
            row_sum(powers, some, &more)
            total += more
            j += some
        log_total = <floating>log(total)
        for j in range(columns):
            y[j] = (x[j] - largest) - log_total
        x += columns
        y += columns


cdef simd_void softmax_columns(const floating* x, floating* y, Py_ssize_t n, Py_ssize_t stride,
                               Py_ssize_t columns) noexcept nogil:
    columns_in_tiles(x, y, n, stride, columns, False)


cdef simd_void log_softmax_columns(const floating* x, floating* y, Py_ssize_t n, Py_ssize_t stride,
                                   Py_ssize_t columns) noexcept nogil:
    columns_in_tiles(x, y, n, stride, columns, True)


cdef inline_void columns_in_tiles(const floating* x, floating* y, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t columns,
                                  bint logs) noexcept nogil:
    """n rows `stride` apart: the maxima of TILE columns, then their powers and sums, then the results"""
    cdef floating most[TILE]
    cdef floating more[TILE]
    cdef double total[TILE]
    cdef floating power
    cdef Py_ssize_t i, j, at, last, some, k = 0
    while k < columns:
        some = TILE if columns - k > TILE else columns - k
        for j in range(some):
            most[j] = x[k + j]
            total[j] = 0
        for i in range(1, n):
            at = i * stride + k
            for j in range(some):
                most[j] = larger(x[at + j], most[j])
        i = 0
        while i < n:
            last = n if n - i < BAND else i + BAND
            for j in range(some):
                more[j] = 0
            while i < last:
                at = i * stride + k
                for j in range(some):
                    power = exp_(x[at + j] - most[j])
                    more[j] += power
                    if not logs:
                        y[at + j] = power
                i += 1
            for j in range(some):
                total[j] += more[j]
        if logs:
            for j in range(some):
                more[j] = log_from_1(total[j], <floating>0)
            for i in range(n):
                at = i * stride + k
                for j in range(some):
                    y[at + j] = (x[at + j] - most[j]) - more[j]
        else:
            for j in range(some):
                more[j] = <floating>total[j]
            for i in range(n):
                at = i * stride + k
                for j in range(some):
                    y[at + j] = y[at + j] / more[j]
        k += some


cdef inline floating log_from_1(double x, floating unused) noexcept nogil:
    """log(x) for a finite x >= 1 or nan: e log(2) + log(1 + u) with x = 2^e (1 + u), without a branch"""
    cdef int64_t bits = bits_of_double(x)
    cdef int32_t e = <int32_t>(bits >> 52) - 1023
    cdef double u = double_of_bits((bits & <int64_t>0xFFFFFFFFFFFFF) | <int64_t>0x3FF0000000000000) - 1
    return <floating>e * <floating>0.6931471805599453 + log1p_(<floating>u) + <floating>(x - x)     # nan - nan is nan


cdef void forward_rest(const floating* x, floating* y, const floating* most, double* total, const Split* split,
                       bint logs) noexcept nogil:
    """Anything else, with the maxima and sums known: all threads share the (outer * n) rows, or the only one."""
    cdef int parts = threads_for(split.outer * split.n * split.inner, GRAIN), part
    cdef Py_ssize_t i
    if logs:
        for i in range(split.outer * split.inner):
            total[i] = log(total[i])
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        finish(x, y, most, total, split, split.outer * split.n * part // parts,
               split.outer * split.n * (part + 1) // parts, logs)


cdef simd_void finish(const floating* x, floating* y, const floating* most, const double* total, const Split* split,
                      Py_ssize_t start, Py_ssize_t stop, bint logs) noexcept nogil:
    """y from row `start` up to row `stop`, where total holds sums, or their logs"""
    cdef Py_ssize_t i = start, j, columns = split.inner, last
    cdef const floating* m
    cdef const double* s
    cdef floating scale
    x += start * columns
    y += start * columns
    while i < stop:
        m = most + i // split.n * columns
        s = total + i // split.n * columns
        if columns == 1:        # the numbers of one row of n, up to its end
            last = i // split.n * split.n + split.n
            last = (last if last < stop else stop) - i
            scale = <floating>s[0]
            if logs:
                for j in range(last):
                    y[j] = (x[j] - m[0]) - scale
            else:
                for j in range(last):
                    y[j] = exp_(x[j] - m[0]) / scale
            x += last
            y += last
            i += last
        else:
            if logs:
                for j in range(columns):
                    y[j] = (x[j] - m[j]) - <floating>s[j]
            else:
                for j in range(columns):
                    y[j] = exp_(x[j] - m[j]) / <floating>s[j]
            x += columns
            y += columns
            i += 1


def logsumexp(x, axis=None, bint keepdims=False):
    """log(sum of e^x) over `axis`."""
    cdef Walk walk
    if not cnp.PyArray_CheckExact(x) or not plan(x, axis, SUMS, &walk):
        return twin.logsumexp(x, axis, keepdims)
    cdef cnp.ndarray array = x, most, total
    cdef int kind = cnp.PyArray_TYPE(array)
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        return twin.logsumexp(x, axis, keepdims)
    most = results_of(&walk, array, keepdims, kind)
    total = results_of(&walk, array, keepdims, cnp.NPY_DOUBLE)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            maxima_and_sums(<float*>most.data, <double*>total.data, &walk)
            logs_of_sums(<float*>most.data, <double*>total.data, walk.count)
        else:
            maxima_and_sums(<double*>most.data, <double*>total.data, &walk)
            logs_of_sums(<double*>most.data, <double*>total.data, walk.count)
    return in_order_of_axes(&walk, most, array, keepdims)


# ---- backward --------------------------------------------------------------------------------------------------------


def softmax_backward(grad, y, axis=-1):
    """y * (grad - sum(grad * y)) along `axis`, with y = softmax(x)."""
    out = backward(grad, y, axis, False)
    return twin.softmax_backward(grad, y, axis) if out is None else out


def log_softmax_backward(grad, y, axis=-1):
    """grad - e^y * sum(grad) along `axis`, with y = log_softmax(x)."""
    out = backward(grad, y, axis, True)
    return twin.log_softmax_backward(grad, y, axis) if out is None else out


cdef object backward(object grad, object y, object axis, bint logs):
    """None where the twin has to do it"""
    cdef Split parts
    cdef cnp.ndarray upper, result, out
    grad, y = contiguous(grad, 0 if axis == 0 else -1), contiguous(y, 0 if axis == 0 else -1)
    if grad is None or y is None or not plain_like(grad, y) or not split(y, axis, &parts):
        return None
    upper, result = grad, y
    out = empty_like(result)
    with nogil:
        if cnp.PyArray_TYPE(result) == cnp.NPY_FLOAT:
            backward_parts(<const float*>upper.data, <const float*>result.data, <float*>out.data, &parts, logs)
        else:
            backward_parts(<const double*>upper.data, <const double*>result.data, <double*>out.data, &parts, logs)
    return out


cdef void backward_parts(const floating* grad, const floating* y, floating* out, const Split* split,
                         bint logs) noexcept nogil:
    """Threads share the outer side, or where there is little of it the columns."""
    cdef int parts = threads_for(split.outer * split.n * split.inner, GRAIN), part
    cdef bint by_columns = split.outer < parts
    cdef Py_ssize_t total = split.inner if by_columns else split.outer
    if parts > total:
        parts = <int>total
    if parts == 1:
        backward_part(grad, y, out, split, 0, split.inner if by_columns else split.outer, by_columns, logs)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        backward_part(grad, y, out, split, total * part // parts, total * (part + 1) // parts, by_columns, logs)


cdef void backward_part(const floating* grad, const floating* y, floating* out, const Split* split,
                        Py_ssize_t start, Py_ssize_t stop, bint by_columns, bint logs) noexcept nogil:
    cdef Py_ssize_t i, at, size = split.n * split.inner
    if split.inner == 1:
        if logs:
            log_softmax_backward_rows(grad + start * size, y + start * size, out + start * size, stop - start, split.n)
        else:
            softmax_backward_rows(grad + start * size, y + start * size, out + start * size, stop - start, split.n)
        return
    for i in range(split.outer if by_columns else stop - start):
        at = i * size + start if by_columns else (start + i) * size
        backward_columns(grad + at, y + at, out + at, split.n, split.inner, stop - start if by_columns else split.inner,
                         logs)


cdef simd_void softmax_backward_rows(const floating* grad,      # IN   dL/dy
                                     const floating* y,         # IN   softmax(x)
                                     floating* out,             # OUT  dL/dx
                                     Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef double total
    cdef floating shared
    for i in range(rows):
        for j in range(columns):
            out[j] = grad[j] * y[j]
        row_sum(out, columns, &total)
        shared = <floating>total
        for j in range(columns):
            out[j] = y[j] * (grad[j] - shared)
        grad += columns
        y += columns
        out += columns


cdef simd_void log_softmax_backward_rows(const floating* grad,  # IN   dL/dy
                                         const floating* y,     # IN   log_softmax(x)
                                         floating* out,         # OUT  dL/dx
                                         Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef double total
    cdef floating shared
    for i in range(rows):
        row_sum(grad, columns, &total)
        shared = <floating>total
        for j in range(columns):
            out[j] = grad[j] - exp_(y[j]) * shared
        grad += columns
        y += columns
        out += columns


cdef simd_void backward_columns(const floating* grad, const floating* y, floating* out, Py_ssize_t n, Py_ssize_t stride,
                                Py_ssize_t columns, bint logs) noexcept nogil:
    """n rows `stride` apart: the sums of TILE columns first, in double precision, then their gradients"""
    cdef double total[TILE]
    cdef floating shared[TILE]
    cdef Py_ssize_t i, j, k = 0, some
    while k < columns:
        some = TILE if columns - k > TILE else columns - k
        for j in range(some):
            total[j] = 0
        for i in range(n):
            for j in range(some):
                total[j] += grad[i * stride + k + j] if logs else grad[i * stride + k + j] * y[i * stride + k + j]
        for j in range(some):
            shared[j] = <floating>total[j]
        for i in range(n):
            for j in range(some):
                if logs:
                    out[i * stride + k + j] = grad[i * stride + k + j] - exp_(y[i * stride + k + j]) * shared[j]
                else:
                    out[i * stride + k + j] = y[i * stride + k + j] * (grad[i * stride + k + j] - shared[j])
        k += some


# ---- cross-entropy ---------------------------------------------------------------------------------------------------


cdef inline bint classes_fit(object logits, object target):
    """Are logits (N, C), C > 0, and target (N,), int64, both plain?"""
    if not plain_float(logits) or not plain(target) or cnp.PyArray_TYPE(<cnp.ndarray>target) != cnp.NPY_INT64:
        return False
    cdef cnp.ndarray x = logits, t = target
    return x.ndim == 2 and t.ndim == 1 and t.shape[0] == x.shape[0] and x.shape[1] > 0


def cross_entropy(logits, target, ignore_index=-100):
    """(loss of each row, softmax(logits), number of rows that were not ignored)."""
    if not classes_fit(logits, target):
        return twin.cross_entropy(logits, target, ignore_index)
    cdef cnp.ndarray x = logits, t = target, probabilities = empty_like(x)
    cdef cnp.npy_intp rows = x.shape[0], columns = x.shape[1]
    cdef Py_ssize_t counted
    cdef cnp.int64_t ignored = ignore_index
    cdef cnp.ndarray losses = cnp.PyArray_EMPTY(1, &rows, cnp.PyArray_TYPE(x), 0)
    cdef const cnp.int64_t* classes = <const cnp.int64_t*> t.data
    check_classes(classes, rows, columns, ignored)
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            _cross_entropy(<const float*> x.data, classes, <float*> losses.data, <float*> probabilities.data,
                           rows, columns, ignored, &counted)
    else:
        with nogil:
            _cross_entropy(<const double*> x.data, classes, <double*> losses.data, <double*> probabilities.data,
                           rows, columns, ignored, &counted)
    return losses, probabilities, counted


cdef int check_classes(const cnp.int64_t* target, Py_ssize_t rows, Py_ssize_t columns,
                       cnp.int64_t ignored) except -1:
    """IndexError for a class that is neither below `columns` nor ignored"""
    cdef Py_ssize_t i
    for i in range(rows):
        if target[i] != ignored and not 0 <= target[i] < columns:
            raise IndexError(f"Target {target[i]} is out of bounds.")
    return 0


cdef simd_void _cross_entropy(const floating* x,            # IN   (rows, columns)
                              const cnp.int64_t* target,    # IN   (rows,), checked
                              floating* losses,             # OUT  (rows,)
                              floating* y,                  # OUT  (rows, columns)  softmax(x)
                              Py_ssize_t rows, Py_ssize_t columns, cnp.int64_t ignored,
                              Py_ssize_t* counted,          # OUT  rows with another class than `ignored`
                              ) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef floating largest, scale
    cdef double total
    counted[0] = 0
    for i in range(rows):
        row_max(x, columns, &largest)
        for j in range(columns):
            y[j] = exp_(x[j] - largest)
        row_sum(y, columns, &total)
        scale = <floating>total
        for j in range(columns):
            y[j] = y[j] / scale
        if target[i] == ignored:
            losses[i] = 0
        else:
            losses[i] = <floating>log(total) - (x[target[i]] - largest)
            counted[0] += 1
        x += columns
        y += columns


def cross_entropy_backward(grad, probabilities, target, ignore_index=-100):
    """grad * (probabilities - onehot(target)), zero in ignored rows; grad is (N,), or one number for all rows."""
    if not (classes_fit(probabilities, target) and plain(grad)):
        return twin.cross_entropy_backward(grad, probabilities, target, ignore_index)
    cdef cnp.ndarray y = probabilities, t = target, upper = grad
    if cnp.PyArray_TYPE(upper) != cnp.PyArray_TYPE(y) or not (
        upper.ndim == 0 or (upper.ndim == 1 and upper.shape[0] == y.shape[0])
    ):
        return twin.cross_entropy_backward(grad, probabilities, target, ignore_index)
    cdef cnp.ndarray out = empty_like(y)
    cdef Py_ssize_t rows = y.shape[0], columns = y.shape[1], step = upper.ndim  # step 0: one number for all rows
    cdef cnp.int64_t ignored = ignore_index
    cdef const cnp.int64_t* classes = <const cnp.int64_t*> t.data
    check_classes(classes, rows, columns, ignored)
    if cnp.PyArray_TYPE(y) == cnp.NPY_FLOAT:
        with nogil:
            _cross_entropy_backward(<const float*> upper.data, step, <const float*> y.data, classes,
                                    <float*> out.data, rows, columns, ignored)
    else:
        with nogil:
            _cross_entropy_backward(<const double*> upper.data, step, <const double*> y.data, classes,
                                    <double*> out.data, rows, columns, ignored)
    return out


cdef simd_void _cross_entropy_backward(const floating* grad,            # IN   dL/dloss of each row, `step` apart
                                       Py_ssize_t step,
                                       const floating* y,               # IN   (rows, columns)  softmax(logits)
                                       const cnp.int64_t* target,       # IN   (rows,), checked
                                       floating* out,                   # OUT  (rows, columns)  dL/dlogits
                                       Py_ssize_t rows, Py_ssize_t columns, cnp.int64_t ignored) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef floating g
    for i in range(rows):
        g = grad[i * step]
        if target[i] == ignored:
            for j in range(columns):
                out[j] = 0
        else:
            for j in range(columns):
                out[j] = g * y[j]
            out[target[i]] = g * (y[target[i]] - 1)
        y += columns
        out += columns
