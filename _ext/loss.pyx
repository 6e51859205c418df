"""Losses of two arrays of one shape, number by number and in one pass, with their gradients; d = x - t:

    bce_with_logits(x, t) = (1 - t) x - log_sigmoid(x)      log_sigmoid(x) = min(x, 0) - log(1 + e^-|x|)
    mse(x, t)             = d^2
    smooth_l1(x, t, beta) = d^2 / (2 beta) if |d| < beta else |d| - beta / 2
    huber(x, t, delta)    = d^2 / 2 if |d| <= delta else delta (|d| - delta / 2)

`reduction` "sum" and "mean" add the losses, piece by piece while they are in a near cache: they are never all in memory. The
order is that of reduce.sum (pieces.pxi, cascade.pxi), and the result the same to the bit.

NumPy twin: tinytorch/kernels/loss.py. float32 and float64 in C order; anything else goes to the twin.
"""

from importlib import import_module

from libc.stdlib cimport free, malloc

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "explog.pxi"
include "pieces.pxi"
include "soon.pxi"
include "ahead.pxi"
include "lanes.pxi"
include "pack.pxi"
include "abreast.pxi"
include "cascade.pxi"

twin = import_module("tinytorch.kernels.loss")

cdef enum Loss:
    BCE, MSE, SMOOTH_L1, HUBER

cdef enum:
    GRAIN = 32768       # numbers that are worth a thread


# ---- doors -----------------------------------------------------------------------------------------------------------


def bce_with_logits(x, target, reduction="none"):
    """(1 - target) * x - log_sigmoid(x), a new array, or their sum or mean."""
    if not fit(x, target):
        return twin.bce_with_logits(x, target, reduction)
    return losses(BCE, x, target, 0, reduction)


def bce_with_logits_backward(grad, x, target):
    """grad * (sigmoid(x) - target), a new array; grad has x's shape, or is one number."""
    if not fit(x, target) or not one_or_like(grad, x):
        return twin.bce_with_logits_backward(grad, x, target)
    return slopes(BCE, grad, x, target, 0)


def mse(x, target, reduction="none"):
    """(x - target)^2, a new array, or their sum or mean."""
    if not fit(x, target):
        return twin.mse(x, target, reduction)
    return losses(MSE, x, target, 0, reduction)


def mse_backward(grad, x, target):
    """2 * grad * (x - target), a new array, the gradient of x; grad has x's shape, or is one number."""
    if not fit(x, target) or not one_or_like(grad, x):
        return twin.mse_backward(grad, x, target)
    return slopes(MSE, grad, x, target, 0)


def smooth_l1(x, target, beta, reduction="none"):
    """d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, a new array, or their sum or mean."""
    if not fit(x, target):
        return twin.smooth_l1(x, target, beta, reduction)
    return losses(SMOOTH_L1, x, target, beta, reduction)


def smooth_l1_backward(grad, x, target, beta):
    """grad * (d / beta clamped to [-1, 1]), a new array; grad has x's shape, or is one number."""
    if not fit(x, target) or not one_or_like(grad, x):
        return twin.smooth_l1_backward(grad, x, target, beta)
    return slopes(SMOOTH_L1, grad, x, target, beta)


def huber(x, target, delta, reduction="none"):
    """d^2 / 2 where |d| <= delta, else delta * (|d| - delta / 2), a new array, or their sum or mean."""
    if not fit(x, target):
        return twin.huber(x, target, delta, reduction)
    return losses(HUBER, x, target, delta, reduction)


def huber_backward(grad, x, target, delta):
    """grad * (d clamped to [-delta, delta]), a new array; grad has x's shape, or is one number."""
    if not fit(x, target) or not one_or_like(grad, x):
        return twin.huber_backward(grad, x, target, delta)
    return slopes(HUBER, grad, x, target, delta)


cdef inline bint fit(object x, object target):
    """Are x and target plain, of one floating dtype and of one shape?"""
    return plain_float(x) and plain_like(target, x)


cdef inline bint one_or_like(object grad, cnp.ndarray x):
    """Is grad plain, of x's dtype, and of x's shape or 0-dimensional?"""
    return (
        plain(grad)
        and cnp.PyArray_TYPE(<cnp.ndarray>grad) == cnp.PyArray_TYPE(x)
        and ((<cnp.ndarray>grad).ndim == 0 or cnp.PyArray_SAMESHAPE(<cnp.ndarray>grad, x))
    )


cdef object losses(Loss which, cnp.ndarray x, cnp.ndarray t, double size, object reduction):
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x)
    cdef bint one = reduction != "none", done = True
    cdef cnp.ndarray out = cnp.PyArray_EMPTY(0, NULL, cnp.PyArray_TYPE(x), 0) if one else empty_like(x)
    cdef double divisor = n if reduction == "mean" else 1
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            if one:
                done = joined(which, <const float*> x.data, <const float*> t.data, n, <float>size, <float>divisor,
                              <float*> out.data)
            else:
                in_parts(which, <const float*> NULL, 0, <const float*> x.data, <const float*> t.data,
                         <float*> out.data, n, <float>size)
    else:
        with nogil:
            if one:
                done = joined(which, <const double*> x.data, <const double*> t.data, n, size, divisor,
                              <double*> out.data)
            else:
                in_parts(which, <const double*> NULL, 0, <const double*> x.data, <const double*> t.data,
                         <double*> out.data, n, size)
    if not done:
        raise MemoryError
    return out


cdef object slopes(Loss which, cnp.ndarray grad, cnp.ndarray x, cnp.ndarray t, double size):
    cdef cnp.ndarray out = empty_like(x)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(out), step = grad.ndim > 0 or x.ndim == 0
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        with nogil:
            in_parts(which, <const float*> grad.data, step, <const float*> x.data, <const float*> t.data,
                     <float*> out.data, n, <float>size)
    else:
        with nogil:
            in_parts(which, <const double*> grad.data, step, <const double*> x.data, <const double*> t.data,
                     <double*> out.data, n, size)
    return out


cdef void in_parts(Loss which, const floating* g, Py_ssize_t step, const floating* x, const floating* t, floating* out,
                   Py_ssize_t n, floating size) noexcept nogil:
    """The losses, or the gradients where there is a g, each thread a part of them"""
    cdef int parts = threads_for(n, GRAIN), part
    cdef Py_ssize_t at
    if parts == 1:
        one_part(which, g, step, x, t, out, n, size)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        at = begin(part, parts, n)
        one_part(which, g + at * step if g != NULL else NULL, step, x + at, t + at, out + at,
                 begin(part + 1, parts, n) - at, size)


cdef bint joined(Loss which, const floating* x, const floating* t, Py_ssize_t n, floating size, floating divisor,
                 floating* total) noexcept nogil:
    """total = (l_1 + ... + l_n) / divisor; False: no memory for a piece of the losses for each thread, and their sums"""
    cdef Py_ssize_t length = piece_of(n, 1), pieces = (n + length - 1) // length if n else 0
    cdef int parts = threads_for(n, GRAIN), part
    if parts > pieces:
        parts = 1
    cdef floating* room = <floating*> malloc((parts * length + pieces + 1) * sizeof(floating))
    cdef floating* sums = room + parts * length
    if room == NULL:
        return False
    if pieces < 2:
        in_parts(which, <const floating*> NULL, 0, x, t, room, n, size)
        add_up(room, n, divisor, total)
    else:
        for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
            add_pieces(which, x, t, n, size, length, pieces * part // parts, pieces * (part + 1) // parts,
                       room + part * length, sums)
        add_up(sums, pieces, divisor, total)
    free(room)
    return True


cdef void add_pieces(Loss which, const floating* x, const floating* t, Py_ssize_t n, floating size, Py_ssize_t length,
                     Py_ssize_t start, Py_ssize_t stop, floating* room, floating* sums) noexcept nogil:
    """sums[i] = the losses of piece i added, from `start` up to `stop`"""
    cdef Py_ssize_t i, at, some
    for i in range(start, stop):
        at = i * length
        some = length if n - at > length else n - at
        one_part(which, <const floating*> NULL, 0, x + at, t + at, room, some, size)
        add_up(room, some, 1, sums + i)


cdef reading_void add_up(const floating* x, Py_ssize_t n, floating divisor, floating* total) noexcept nogil:
    """total = (x[0] + ... + x[n - 1]) / divisor"""
    add_row(x, n, False, total)
    total[0] = total[0] / divisor


cdef void one_part(Loss which, const floating* g, Py_ssize_t step, const floating* x, const floating* t, floating* out,
                   Py_ssize_t n, floating size) noexcept nogil:
    if g == NULL:
        if which == BCE:
            _bce(x, t, out, n)
        elif which == MSE:
            _mse(x, t, out, n)
        elif which == SMOOTH_L1:
            _smooth_l1(x, t, out, n, size)
        else:
            _huber(x, t, out, n, size)
        return
    if which == BCE:
        _bce_backward(g, step, x, t, out, n)
    elif which == MSE:
        _mse_backward(g, step, x, t, out, n)
    elif which == SMOOTH_L1:
        _clamped_backward(g, step, x, t, out, n, size, 1)
    else:
        _clamped_backward(g, step, x, t, out, n, 1, size)


# ---- rooms: x, t, out of n numbers; g of n numbers too, or with step 0 one number for all ------------------------------


cdef simd_void _bce(const floating* x, const floating* t, floating* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating below, size
    for i in range(n):
        below = 0 if x[i] > 0 else x[i]         # min(x, 0), nan stays nan
        size = -x[i] if x[i] > 0 else x[i]      # -|x|
        out[i] = (1 - t[i]) * x[i] - (below - log1p_(exp_(size)))


cdef simd_void _bce_backward(const floating* g, Py_ssize_t step, const floating* x, const floating* t, floating* out,
                             Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating power
    for i in range(n):
        power = exp_(-x[i] if x[i] > 0 else x[i])               # e^-|x|
        out[i] = ((1 if x[i] > 0 else power) / (1 + power) - t[i])
    if step:
        for i in range(n):
            out[i] = out[i] * g[i]
    else:
        for i in range(n):
            out[i] = out[i] * g[0]


cdef simd_void _mse(const floating* x, const floating* t, floating* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = (x[i] - t[i]) * (x[i] - t[i])


cdef simd_void _mse_backward(const floating* g, Py_ssize_t step, const floating* x, const floating* t, floating* out,
                             Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating twice
    if step:
        for i in range(n):
            out[i] = 2 * g[i] * (x[i] - t[i])
    elif n > 0:
        twice = 2 * g[0]
        for i in range(n):
            out[i] = twice * (x[i] - t[i])


cdef simd_void _smooth_l1(const floating* x, const floating* t, floating* out, Py_ssize_t n,
                          floating beta) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating d, half = <floating>0.5
    for i in range(n):
        d = x[i] - t[i]
        d = -d if d < 0 else d
        out[i] = half * d * d / beta if d < beta else d - half * beta


cdef simd_void _huber(const floating* x, const floating* t, floating* out, Py_ssize_t n, floating delta) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating d, least, half = <floating>0.5
    for i in range(n):
        d = x[i] - t[i]
        d = -d if d < 0 else d
        least = delta if d > delta else d       # both pieces are least * (d - least / 2)
        out[i] = least * (d - half * least)


cdef simd_void _clamped_backward(const floating* g, Py_ssize_t step, const floating* x, const floating* t,
                                 floating* out, Py_ssize_t n, floating unit, floating top) noexcept nogil:
    """out = g * ((x - t) / unit clamped to [-top, top]), nan where x - t is"""
    cdef Py_ssize_t i
    cdef floating d
    for i in range(n):
        d = (x[i] - t[i]) / unit
        d = top if d > top else d
        out[i] = -top if d < -top else d
    if step:
        for i in range(n):
            out[i] = out[i] * g[i]
    else:
        for i in range(n):
            out[i] = out[i] * g[0]
