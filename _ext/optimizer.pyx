"""Steps of SGD and Adam in place: each array is read and written once.

    SGD     b = momentum * b + (1 - dampening) * g,  p = p - lr * b
    Adam    m = m + (1 - beta1) * (g - m),  v = beta2 * v + (1 - beta2) * g^2,
            p = p - step_size * m / (sqrt(v) / root + eps)

NumPy twin: tinytorch/kernels/optimizer.py, where the formulas stand in full. float32 and float64 in C order; anything
else goes to the twin. The operations come in the order in which PyTorch's do, and numbers that do not change within a
step are computed in float64 and rounded once, so that float64 trajectories agree with PyTorch's to the last places.
"""

from importlib import import_module

from libc.math cimport pow, sqrt, sqrtf

include "door.pxi"
include "simd.pxi"
include "threads.pxi"

from cython cimport floating

twin = import_module("tinytorch.kernels.optimizer")

cdef enum:
    GRAIN = 32768       # numbers that are worth a thread


def sgd_step(param, grad, buffer, double lr, double momentum=0, double dampening=0, double weight_decay=0,
             bint nesterov=False, bint maximize=False, bint first=False):
    """One step of SGD on `param` and, with momentum, on its `buffer`, in place."""
    if not (
        plain_float(param) and cnp.PyArray_ISWRITEABLE(param) and plain_like(grad, param)
        and (momentum == 0 or writable_like(buffer, param))
    ):
        return twin.sgd_step(param, grad, buffer, lr, momentum, dampening, weight_decay, nesterov, maximize, first)
    cdef cnp.ndarray p = param, g = grad, b
    cdef void* velocity = NULL
    if momentum != 0:
        b = buffer
        velocity = <void*> b.data
    if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT:
        with nogil:
            sgd_in_parts(<float*> p.data, <const float*> g.data, <float*> velocity, cnp.PyArray_SIZE(p), <float>lr,
                         <float>momentum, <float>(1 - dampening), <float>weight_decay, nesterov, maximize, first)
    else:
        with nogil:
            sgd_in_parts(<double*> p.data, <const double*> g.data, <double*> velocity, cnp.PyArray_SIZE(p), lr,
                         momentum, 1 - dampening, weight_decay, nesterov, maximize, first)


def sgd_steps(list steps, double lr, double momentum=0, double dampening=0, double weight_decay=0,
              bint nesterov=False, bint maximize=False):
    """sgd_step for each (param, grad, buffer, first)"""
    if steps and not cnp.PyArray_Check(steps[0][0]):
        return twin.sgd_steps(steps, lr, momentum, dampening, weight_decay, nesterov, maximize)
    for param, grad, buffer, first in steps:
        sgd_step(param, grad, buffer, lr, momentum, dampening, weight_decay, nesterov, maximize, first)


cdef void sgd_in_parts(floating* p, const floating* grad, floating* buffer, Py_ssize_t n, floating lr,
                       floating momentum, floating kept, floating weight_decay, bint nesterov, bint maximize,
                       bint first) noexcept nogil:
    """_sgd, each thread a part of the parameters"""
    cdef int parts = threads_for(n, GRAIN), part
    cdef Py_ssize_t at
    if parts == 1:
        _sgd(p, grad, buffer, n, lr, momentum, kept, weight_decay, nesterov, maximize, first)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        at = begin(part, parts, n)
        _sgd(p + at, grad + at, buffer + at if buffer != NULL else NULL, begin(part + 1, parts, n) - at, lr, momentum,
             kept, weight_decay, nesterov, maximize, first)


cdef inline floating ascent_or_decay(floating g, floating p, floating weight_decay, bint maximize) noexcept nogil:
    """The gradient that is followed: g, or -g to maximize, plus weight_decay * p"""
    g = -g if maximize else g
    return g + weight_decay * p if weight_decay != 0 else g


cdef simd_void _sgd(floating* p,            # IN/OUT  (n,)  parameters
                    const floating* grad,   # IN      (n,)
                    floating* buffer,       # IN/OUT  (n,)  momentum, or NULL
                    Py_ssize_t n, floating lr, floating momentum, floating kept, floating weight_decay,
                    bint nesterov, bint maximize, bint first) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating g, b
    if buffer == NULL:
        for i in range(n):
            p[i] = p[i] - lr * ascent_or_decay(grad[i], p[i], weight_decay, maximize)
        return
    for i in range(n):
        g = ascent_or_decay(grad[i], p[i], weight_decay, maximize)
        b = g if first else momentum * buffer[i] + kept * g
        buffer[i] = b
        p[i] = p[i] - lr * (g + momentum * b if nesterov else b)


def adam_step(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, double step, double lr, double beta1, double beta2,
              double eps, double weight_decay=0, bint decoupled=False, bint maximize=False):
    """Step number `step` (from 1) of Adam or AdamW on `param` and its averages, in place."""
    if not (
        plain_float(param) and cnp.PyArray_ISWRITEABLE(param) and plain_like(grad, param)
        and writable_like(exp_avg, param) and writable_like(exp_avg_sq, param)
        and (max_exp_avg_sq is None or writable_like(max_exp_avg_sq, param))
    ):
        return twin.adam_step(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, step, lr, beta1, beta2, eps,
                              weight_decay, decoupled, maximize)
    cdef cnp.ndarray p = param, g = grad, m = exp_avg, v = exp_avg_sq, largest
    cdef void* top = NULL
    if max_exp_avg_sq is not None:
        largest = max_exp_avg_sq
        top = <void*> largest.data
    cdef double keep = 1 - lr * weight_decay if decoupled else 1
    cdef double decay = 0 if decoupled else weight_decay
    cdef double step_size = lr / (1 - pow(beta1, step))
    cdef double root = sqrt(1 - pow(beta2, step))
    if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT:
        with nogil:
            adam_in_parts(<float*> p.data, <const float*> g.data, <float*> m.data, <float*> v.data, <float*> top,
                          cnp.PyArray_SIZE(p), <float>step_size, <float>root, <float>(1 - beta1), <float>beta2,
                          <float>(1 - beta2), <float>eps, <float>keep, <float>decay, maximize)
    else:
        with nogil:
            adam_in_parts(<double*> p.data, <const double*> g.data, <double*> m.data, <double*> v.data, <double*> top,
                          cnp.PyArray_SIZE(p), step_size, root, 1 - beta1, beta2, 1 - beta2, eps, keep, decay, maximize)


def adam_steps(list steps, double lr, double beta1, double beta2, double eps, double weight_decay=0,
               bint decoupled=False, bint maximize=False):
    """adam_step for each (param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, step)"""
    if steps and not cnp.PyArray_Check(steps[0][0]):
        return twin.adam_steps(steps, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
    for param, grad, average, squares, largest, step in steps:
        adam_step(param, grad, average, squares, largest, step, lr, beta1, beta2, eps, weight_decay, decoupled,
                  maximize)


cdef void adam_in_parts(floating* p, const floating* grad, floating* m, floating* v, floating* top, Py_ssize_t n,
                        floating step_size, floating root, floating new1, floating beta2, floating new2, floating eps,
                        floating keep, floating decay, bint maximize) noexcept nogil:
    """_adam, each thread a part of the parameters"""
    cdef int parts = threads_for(n, GRAIN), part
    cdef Py_ssize_t at
    if parts == 1:
        _adam(p, grad, m, v, top, n, step_size, root, new1, beta2, new2, eps, keep, decay, maximize)
        return
    for part in prange(parts, num_threads=parts, schedule="static", chunksize=1):
        at = begin(part, parts, n)
        _adam(p + at, grad + at, m + at, v + at, top + at if top != NULL else NULL, begin(part + 1, parts, n) - at,
              step_size, root, new1, beta2, new2, eps, keep, decay, maximize)


cdef inline floating root_of(floating x) noexcept nogil:
    if floating is float:
        return sqrtf(x)
    else:
        return sqrt(x)


cdef simd_void _adam(floating* p,           # IN/OUT  (n,)  parameters
                     const floating* grad,  # IN      (n,)
                     floating* m,           # IN/OUT  (n,)  average of the gradients
                     floating* v,           # IN/OUT  (n,)  average of their squares
                     floating* top,         # IN/OUT  (n,)  largest v so far (AMSGrad), or NULL
                     Py_ssize_t n, floating step_size, floating root, floating new1, floating beta2, floating new2,
                     floating eps, floating keep, floating decay, bint maximize) noexcept nogil:
    cdef Py_ssize_t i
    # the way from m to g, walked from the nearer end: with new1 = 1 the average is g exactly
    cdef bint from_m = new1 < <floating>0.5
    cdef floating way = new1 if from_m else new1 - 1
    cdef floating g
    if top == NULL:
        for i in range(n):
            p[i] = p[i] * keep
            g = ascent_or_decay(grad[i], p[i], decay, maximize)
            m[i] = (m[i] if from_m else g) + way * (g - m[i])
            v[i] = v[i] * beta2 + new2 * g * g
            p[i] = p[i] - step_size * m[i] / (root_of(v[i]) / root + eps)
        return
    for i in range(n):
        p[i] = p[i] * keep
        g = ascent_or_decay(grad[i], p[i], decay, maximize)
        m[i] = (m[i] if from_m else g) + way * (g - m[i])
        v[i] = v[i] * beta2 + new2 * g * g
        top[i] = v[i] if (v[i] > top[i]) | (v[i] != v[i]) else top[i]
        p[i] = p[i] - step_size * m[i] / (root_of(top[i]) / root + eps)
