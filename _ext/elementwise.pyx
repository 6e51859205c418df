"""One pass over numbers where NumPy needs several:

    add_scaled        y += alpha * x                                in place, the step of `w -= lr * grad`
    sigmoid           y = 1 / (1 + e^-x)
    sigmoid_backward  dx = dy * (1 - y) * y

NumPy twin: tinytorch/kernels/elementwise.py. float32 and float64 in C order; anything else goes to the twin.
"""

from importlib import import_module

include "door.pxi"
include "simd.pxi"
include "explog.pxi"

twin = import_module("tinytorch.kernels.elementwise")


def add_scaled(y, alpha, x):
    """y += alpha * x, in place; x has y's shape or one that broadcasts to it."""
    if not plain_float(y) or not plain_like(x, y) or not cnp.PyArray_ISWRITEABLE(y) or type(alpha) is complex:
        return twin.add_scaled(y, alpha, x)
    cdef cnp.ndarray to = y, what = x
    if to.data != what.data and overlap(to, what):
        return twin.add_scaled(y, alpha, x)
    cdef double factor = alpha
    if cnp.PyArray_TYPE(to) == cnp.NPY_FLOAT:
        with nogil:
            _add_scaled(<float*> to.data, <float>factor, <const float*> what.data, cnp.PyArray_SIZE(to))
    else:
        with nogil:
            _add_scaled(<double*> to.data, factor, <const double*> what.data, cnp.PyArray_SIZE(to))


cdef simd_void _add_scaled(floating* y, floating alpha, const floating* x, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] += alpha * x[i]


def sigmoid(x):
    """1 / (1 + e^-x), a new array."""
    if not plain_float(x):
        return twin.sigmoid(x)
    cdef cnp.ndarray source = x, out = empty_like(x)
    if cnp.PyArray_TYPE(source) == cnp.NPY_FLOAT:
        with nogil:
            _sigmoid(<const float*> source.data, <float*> out.data, cnp.PyArray_SIZE(out))
    else:
        with nogil:
            _sigmoid(<const double*> source.data, <double*> out.data, cnp.PyArray_SIZE(out))
    return out


cdef simd_void _sigmoid(const floating* x, floating* y, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating power
    for i in range(n):
        power = exp_(-x[i] if x[i] > 0 else x[i])       # e^-|x| cannot overflow
        y[i] = (1 if x[i] > 0 else power) / (1 + power)


def sigmoid_backward(grad, y):
    """grad * (1 - y) * y with y = sigmoid(x), a new array."""
    if not plain_float(y) or not plain_like(grad, y):
        return twin.sigmoid_backward(grad, y)
    cdef cnp.ndarray g = grad, result = y, out = empty_like(y)
    if cnp.PyArray_TYPE(result) == cnp.NPY_FLOAT:
        with nogil:
            _sigmoid_backward(<const float*> g.data, <const float*> result.data, <float*> out.data,
                              cnp.PyArray_SIZE(out))
    else:
        with nogil:
            _sigmoid_backward(<const double*> g.data, <const double*> result.data, <double*> out.data,
                              cnp.PyArray_SIZE(out))
    return out


cdef simd_void _sigmoid_backward(const floating* g, const floating* y, floating* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = g[i] * (1 - y[i]) * y[i]
