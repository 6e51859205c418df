"""Softmax and log-softmax of rows, their backward, and cross-entropy on class numbers:

    softmax(x)_j      = e^(x_j - m) / sum_k e^(x_k - m)             m = max(x), so that no power overflows
    log_softmax(x)_j  = (x_j - m) - log(sum_k e^(x_k - m))
    cross_entropy     = -log_softmax(x)_t                           t = the row's class

NumPy twin: tinytorch/kernels/softmax.py. The rooms walk rows of float32 or float64 in C order; any other axis, dtype
or layout goes to the twin.
"""

from importlib import import_module

from libc.math cimport log

include "door.pxi"
include "simd.pxi"
include "rows.pxi"
include "explog.pxi"

twin = import_module("tinytorch.kernels.softmax")


cdef inline bint rows_of(object x, object axis, Py_ssize_t* rows, Py_ssize_t* columns):
    """Is x an array whose last axis is `axis`, in plain rows? If so, how many and how long."""
    if not plain_float(x) or type(axis) is not int:
        return False
    cdef cnp.ndarray array = x
    if array.ndim == 0 or not -1 <= axis < array.ndim or -1 < axis < array.ndim - 1 or cnp.PyArray_SIZE(array) == 0:
        return False
    columns[0] = array.shape[array.ndim - 1]
    rows[0] = cnp.PyArray_SIZE(array) // columns[0]
    return True


def softmax(x, axis=-1):
    """softmax(x) along `axis`, a new array."""
    cdef Py_ssize_t rows, columns
    if not rows_of(x, axis, &rows, &columns):
        return twin.softmax(x, axis)
    cdef cnp.ndarray source = x, out = empty_like(x)
    if cnp.PyArray_TYPE(source) == cnp.NPY_FLOAT:
        with nogil:
            _softmax(<const float*> source.data, <float*> out.data, rows, columns)
    else:
        with nogil:
            _softmax(<const double*> source.data, <double*> out.data, rows, columns)
    return out


cdef simd_void _softmax(const floating* x, floating* y, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef floating largest, scale
    cdef double total
    for i in range(rows):
        row_max(x, columns, 1, &largest)
        for j in range(columns):
            y[j] = exp_(x[j] - largest)
        row_sum(y, columns, &total)
        scale = <floating>total
        for j in range(columns):
            y[j] = y[j] / scale
        x += columns
        y += columns


def log_softmax(x, axis=-1):
    """log(softmax(x)) along `axis`, a new array."""
    cdef Py_ssize_t rows, columns
    if not rows_of(x, axis, &rows, &columns):
        return twin.log_softmax(x, axis)
    cdef cnp.ndarray source = x, out = empty_like(x)
    if cnp.PyArray_TYPE(source) == cnp.NPY_FLOAT:
        with nogil:
            _log_softmax(<const float*> source.data, <float*> out.data, rows, columns)
    else:
        with nogil:
            _log_softmax(<const double*> source.data, <double*> out.data, rows, columns)
    return out


cdef simd_void _log_softmax(const floating* x, floating* y, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef floating largest, log_total
    cdef double total
    for i in range(rows):
        row_max(x, columns, 1, &largest)
        for j in range(columns):
            y[j] = exp_(x[j] - largest)     # y holds the powers until they are added
        row_sum(y, columns, &total)
        log_total = <floating>log(total)
        for j in range(columns):
            y[j] = (x[j] - largest) - log_total
        x += columns
        y += columns


def softmax_backward(grad, y, axis=-1):
    """y * (grad - sum(grad * y)) along `axis`, with y = softmax(x)."""
    cdef Py_ssize_t rows, columns
    if not rows_of(y, axis, &rows, &columns) or not plain_like(grad, y):
        return twin.softmax_backward(grad, y, axis)
    cdef cnp.ndarray upper = grad, result = y, out = empty_like(y)
    if cnp.PyArray_TYPE(result) == cnp.NPY_FLOAT:
        with nogil:
            _softmax_backward(
                <const float*> upper.data, <const float*> result.data, <float*> out.data, rows, columns)
    else:
        with nogil:
            _softmax_backward(
                <const double*> upper.data, <const double*> result.data, <double*> out.data, rows, columns)
    return out


cdef simd_void _softmax_backward(const floating* grad,      # IN   dL/dy
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


def log_softmax_backward(grad, y, axis=-1):
    """grad - e^y * sum(grad) along `axis`, with y = log_softmax(x)."""
    cdef Py_ssize_t rows, columns
    if not rows_of(y, axis, &rows, &columns) or not plain_like(grad, y):
        return twin.log_softmax_backward(grad, y, axis)
    cdef cnp.ndarray upper = grad, result = y, out = empty_like(y)
    if cnp.PyArray_TYPE(result) == cnp.NPY_FLOAT:
        with nogil:
            _log_softmax_backward(
                <const float*> upper.data, <const float*> result.data, <float*> out.data, rows, columns)
    else:
        with nogil:
            _log_softmax_backward(
                <const double*> upper.data, <const double*> result.data, <double*> out.data, rows, columns)
    return out


cdef simd_void _log_softmax_backward(const floating* grad,  # IN   dL/dy
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
        row_max(x, columns, 1, &largest)
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
