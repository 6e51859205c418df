"""Losses of two arrays of one shape, number by number and in one pass, with their gradients:

    bce_with_logits(x, t) = (1 - t) x - log_sigmoid(x)      log_sigmoid(x) = min(x, 0) - log(1 + e^-|x|)
    mse(x, t)             = (x - t)^2

NumPy twin: tinytorch/kernels/loss.py. float32 and float64 in C order; anything else goes to the twin.
"""

from importlib import import_module

include "door.pxi"
include "simd.pxi"
include "explog.pxi"

twin = import_module("tinytorch.kernels.loss")


def bce_with_logits(x, target):
    """(1 - target) * x - log_sigmoid(x), a new array."""
    if not plain_float(x) or not plain_like(target, x):
        return twin.bce_with_logits(x, target)
    cdef cnp.ndarray logits = x, t = target, out = empty_like(x)
    if cnp.PyArray_TYPE(logits) == cnp.NPY_FLOAT:
        with nogil:
            _bce(<const float*> logits.data, <const float*> t.data, <float*> out.data, cnp.PyArray_SIZE(out))
    else:
        with nogil:
            _bce(<const double*> logits.data, <const double*> t.data, <double*> out.data, cnp.PyArray_SIZE(out))
    return out


cdef simd_void _bce(const floating* x, const floating* t, floating* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating below, size
    for i in range(n):
        below = 0 if x[i] > 0 else x[i]         # min(x, 0), nan stays nan
        size = -x[i] if x[i] > 0 else x[i]      # -|x|
        out[i] = (1 - t[i]) * x[i] - (below - log1p_(exp_(size)))


def bce_with_logits_backward(grad, x, target):
    """grad * (sigmoid(x) - target), a new array; grad has x's shape, or is one number."""
    if not plain_float(x) or not plain_like(target, x) or not one_or_like(grad, x):
        return twin.bce_with_logits_backward(grad, x, target)
    cdef cnp.ndarray logits = x, t = target, g = grad, out = empty_like(x)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(out), step = g.ndim > 0 or logits.ndim == 0
    if cnp.PyArray_TYPE(logits) == cnp.NPY_FLOAT:
        with nogil:
            _bce_backward(<const float*> g.data, step, <const float*> logits.data, <const float*> t.data,
                          <float*> out.data, n)
    else:
        with nogil:
            _bce_backward(<const double*> g.data, step, <const double*> logits.data, <const double*> t.data,
                          <double*> out.data, n)
    return out


cdef inline bint one_or_like(object grad, cnp.ndarray x):
    """Is grad plain, of x's dtype, and of x's shape or 0-dimensional?"""
    return (
        plain(grad)
        and cnp.PyArray_TYPE(<cnp.ndarray>grad) == cnp.PyArray_TYPE(x)
        and ((<cnp.ndarray>grad).ndim == 0 or cnp.PyArray_SAMESHAPE(<cnp.ndarray>grad, x))
    )


cdef simd_void _bce_backward(const floating* g, Py_ssize_t step,    # step 0: one number for all
                             const floating* x, const floating* t, floating* out, Py_ssize_t n) noexcept nogil:
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


def mse(x, target):
    """(x - target)^2, a new array."""
    if not plain_float(x) or not plain_like(target, x):
        return twin.mse(x, target)
    cdef cnp.ndarray a = x, t = target, out = empty_like(x)
    if cnp.PyArray_TYPE(a) == cnp.NPY_FLOAT:
        with nogil:
            _mse(<const float*> a.data, <const float*> t.data, <float*> out.data, cnp.PyArray_SIZE(out))
    else:
        with nogil:
            _mse(<const double*> a.data, <const double*> t.data, <double*> out.data, cnp.PyArray_SIZE(out))
    return out


cdef simd_void _mse(const floating* x, const floating* t, floating* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = (x[i] - t[i]) * (x[i] - t[i])


def mse_backward(grad, x, target):
    """2 * grad * (x - target), a new array, the gradient of x; grad has x's shape, or is one number."""
    if not plain_float(x) or not plain_like(target, x) or not one_or_like(grad, x):
        return twin.mse_backward(grad, x, target)
    cdef cnp.ndarray a = x, t = target, g = grad, out = empty_like(x)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(out), step = g.ndim > 0 or a.ndim == 0
    if cnp.PyArray_TYPE(a) == cnp.NPY_FLOAT:
        with nogil:
            _mse_backward(<const float*> g.data, step, <const float*> a.data, <const float*> t.data,
                          <float*> out.data, n)
    else:
        with nogil:
            _mse_backward(<const double*> g.data, step, <const double*> a.data, <const double*> t.data,
                          <double*> out.data, n)
    return out


cdef simd_void _mse_backward(const floating* g, Py_ssize_t step,    # step 0: one number for all
                             const floating* x, const floating* t, floating* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating twice
    if step:
        for i in range(n):
            out[i] = 2 * g[i] * (x[i] - t[i])
    elif n > 0:
        twice = 2 * g[0]
        for i in range(n):
            out[i] = twice * (x[i] - t[i])
