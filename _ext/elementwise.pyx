"""Functions that NumPy has not, or needs longer for: activations and their gradients in one pass each.

    add_scaled        y += alpha * x                                in place, the step of `w -= lr * grad`
    exp, log          e^x and the natural logarithm                 float32 alone: NumPy's loops for float64 are as fast
    sigmoid           y = 1 / (1 + e^-x)
    erf, erfc         2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, and from x on
    normal_cdf        Phi(x) = erfc(-x / sqrt 2) / 2
    gelu, gelu_tanh   x Phi(x), and nearly so, x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3)
    silu              x sigmoid(x)
    leaky_relu        x or slope * x
    clamp             x between two numbers
    *_backward        dx for dy = grad and y or x

NumPy twin: tinytorch/kernels/elementwise.py. float32 and float64; gradients may repeat themselves by broadcasting, as
that of a sum does. Anything else goes to the twin.
"""

from importlib import import_module

include "door.pxi"
include "simd.pxi"
include "threads.pxi"
include "broadcast.pxi"
include "explog.pxi"
include "errorfunction.pxi"

twin = import_module("tinytorch.kernels.elementwise")

cdef enum:
    HEAVY = 8192            # elements that a thread should have at least where each is some work
    LIGHT = GRAIN


# ---- doors: one or two operands of one shape -------------------------------------------------------------------------

# x or grad, y or x or nothing, the result, all without gaps; two numbers
ctypedef void (*room_t)(const void* x, const void* y, void* out, Py_ssize_t n, const double* numbers) noexcept nogil


cdef struct Room:
    room_t run
    double numbers[2]
    int size                # bytes of an element


cdef enum:
    BATCH = 512


cdef void run_room(char** data, Py_ssize_t n, Py_ssize_t* steps, const void* what) noexcept nogil:
    """A piece for a room; an operand with gaps is copied first, a batch at a time."""
    cdef const Room* room = <const Room*>what
    cdef double copies[2][BATCH]
    cdef char* from_[2]
    cdef Py_ssize_t start = 0, length
    cdef int i
    if steps[0] == room.size and steps[1] == room.size:
        room.run(data[0], data[1], data[2], n, room.numbers)
        return
    while start < n:
        length = min(BATCH, n - start)
        for i in range(2):
            from_[i] = data[i] + start * steps[i]
            if steps[i] != room.size:
                gather(from_[i], steps[i], <char*>&copies[i][0], room.size, length)
                from_[i] = <char*>&copies[i][0]
        room.run(from_[0], from_[1], data[2] + start * room.size, length, room.numbers)
        start += length


cdef void gather(const char* x, Py_ssize_t step, char* copy, int size, Py_ssize_t n) noexcept nogil:
    """Elements that lie `step` bytes apart, one after the other"""
    cdef Py_ssize_t i
    if size == 4:
        for i in range(n):
            memcpy(copy + 4 * i, x + i * step, 4)
    else:
        for i in range(n):
            memcpy(copy + 8 * i, x + i * step, 8)


cdef object one(object x, room_t single, room_t double_, double a, double b, Py_ssize_t grain, object out=None):
    """A new array from x, or `out`; None where the twin must make it."""
    cdef bint columns = usable(x) and cnp.PyArray_ISFORTRAN(<cnp.ndarray>x)
    if not (columns or plain(x)):
        return None
    cdef cnp.ndarray source = x, target
    cdef int kind = cnp.PyArray_TYPE(source)
    cdef Room room
    cdef Grid grid
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        return None
    room.run = single if kind == cnp.NPY_FLOAT else double_
    if room.run is NULL:
        return None
    if out is None:
        target = empty(source.ndim, source.shape, kind, columns)
    elif not columns and writable_like(out, source) and (
        (<cnp.ndarray>out).data == source.data or not overlap(out, source)
    ):
        target = out
    else:
        return None
    room.size, room.numbers[0], room.numbers[1] = cnp.PyArray_ITEMSIZE(source), a, b
    grid.count = 3
    lay_line(&grid, 0, source)
    lay_line(&grid, 1, source)
    lay_line(&grid, 2, target)
    walk(&grid, run_room, &room, grain)
    return target


cdef object two(object x, object y, room_t single, room_t double_, double a, double b, Py_ssize_t grain):
    """A new array from two of one shape and dtype; None where the twin must make it."""
    if not (usable(x) and usable(y) and cnp.PyArray_SAMESHAPE(<cnp.ndarray>x, <cnp.ndarray>y)):
        return None
    cdef cnp.ndarray first = x, second = y, out
    cdef int kind = cnp.PyArray_TYPE(first)
    cdef cnp.PyArrayObject* arrays[2]
    cdef Room room
    cdef Grid grid
    if kind != cnp.PyArray_TYPE(second) or (kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE):
        return None
    room.run = single if kind == cnp.NPY_FLOAT else double_
    room.size, room.numbers[0], room.numbers[1] = cnp.PyArray_ITEMSIZE(first), a, b
    grid.count = 3
    if cnp.PyArray_ISFORTRAN(first) and cnp.PyArray_ISFORTRAN(second):
        out = empty(first.ndim, first.shape, kind, True)
        lay_line(&grid, 0, first)
        lay_line(&grid, 1, second)
        lay_line(&grid, 2, out)
    else:
        arrays[0], arrays[1] = <cnp.PyArrayObject*>first, <cnp.PyArrayObject*>second
        if not lay(&grid, 2, arrays):
            return None
        out = empty(grid.ndim, grid.shape, kind, False)
        lay_result(&grid, out, False)       # a room writes its results one after the other
    walk(&grid, run_room, &room, grain)
    return out


# ---- add_scaled ------------------------------------------------------------------------------------------------------

def add_scaled(y, alpha, x):
    """y += alpha * x, in place; x has y's shape or one that broadcasts to it."""
    if not plain_float(y) or not plain_like(x, y) or not cnp.PyArray_ISWRITEABLE(y) or type(alpha) is complex:
        return twin.add_scaled(y, alpha, x)
    cdef cnp.ndarray to = y, what = x
    if to.data != what.data and overlap(to, what):
        return twin.add_scaled(y, alpha, x)
    cdef Room room
    cdef Grid grid
    room.run = <room_t>_add_scaled[float] if cnp.PyArray_TYPE(to) == cnp.NPY_FLOAT else <room_t>_add_scaled[double]
    room.size, room.numbers[0] = cnp.PyArray_ITEMSIZE(to), alpha
    grid.count = 3
    lay_line(&grid, 0, to)
    lay_line(&grid, 1, what)
    lay_line(&grid, 2, to)
    if grid.n:
        walk(&grid, run_room, &room, LIGHT)


cdef simd_void _add_scaled(const floating* y, const floating* x, floating* out, Py_ssize_t n,
                           const double* alpha) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating a = <floating>alpha[0]
    for i in range(n):
        out[i] = y[i] + a * x[i]


# ---- exp and log -----------------------------------------------------------------------------------------------------
#
# Infinities, zeros, subnormal numbers: what they need takes a third of the time, and hardly an array has any. So the
# bits of a BATCH of numbers are looked at first, and only beside an unusual number all are computed as if they were.
#
# Off by at most 1 unit in the last place (1.3 where a processor has no fused multiplication), NumPy's by 2.5 and 3.7.
# On an Intel Xeon exp of 64000 numbers takes 9.9 us, log 13.7; by NumPy's loops 24 and 21.

def exp(x, out=None):
    """e^x, a new array or `out`."""
    result = one(x, _exp, NULL, -104, 89, HEAVY, out)       # e^-104 rounds to 0, e^89 to infinity
    return twin.exp(x, out) if result is None else result


cdef simd_void _exp(const void* x, const void* _, void* y, Py_ssize_t n, const double* bounds) noexcept nogil:
    cdef const float* source = <const float*>x
    cdef float* target = <float*>y
    cdef float lowest = <float>bounds[0], highest = <float>bounds[1]
    cdef Py_ssize_t i, start = 0, stop
    cdef bint usual
    while start < n:
        stop = min(start + BATCH, n)
        all_between(source, start, stop, 0, 0x42AE0000, 0x7FFFFFFF, &usual)                 # |x| <= 87
        if usual:
            for i in range(start, stop):
                target[i] = exp_of_usual(source[i])
        else:
            for i in range(start, stop):
                target[i] = exp_of_any(source[i], lowest, highest)
        start = stop


def log(x, out=None):
    """The natural logarithm, a new array or `out`."""
    result = one(x, _log, NULL, 0, 0, HEAVY, out)
    return twin.log(x, out) if result is None else result


cdef simd_void _log(const void* x, const void* _, void* y, Py_ssize_t n, const double* __) noexcept nogil:
    cdef const float* source = <const float*>x
    cdef float* target = <float*>y
    cdef Py_ssize_t i, start = 0, stop
    cdef bint usual
    while start < n:
        stop = min(start + BATCH, n)
        all_between(source, start, stop, 0x00800000, 0x7F7FFFFF, 0xFFFFFFFF, &usual)        # normal and positive
        if usual:
            for i in range(start, stop):
                target[i] = log_of_usual(source[i])
        else:
            for i in range(start, stop):
                target[i] = log_of_any(source[i])
        start = stop


cdef inline_void all_between(const float* x, Py_ssize_t start, Py_ssize_t stop, uint32_t first, uint32_t last,
                             uint32_t mask, bint* answer) noexcept nogil:
    """Are those bits of the numbers that the mask has between `first` and `last`?"""
    cdef uint32_t most = 0, distance
    cdef Py_ssize_t i
    for i in range(start, stop):
        distance = (<uint32_t>bits_of_float(x[i]) & mask) - first       # of what is below `first` a large number
        most = distance if distance > most else most
    answer[0] = most <= last - first


# ---- sigmoid ---------------------------------------------------------------------------------------------------------

cdef inline floating sigmoid_(floating x) noexcept nogil:
    cdef floating power = exp_(-x if x > 0 else x)         # e^-|x| cannot overflow
    return (<floating>1 if x > 0 else power) / (<floating>1 + power)


def sigmoid(x):
    """1 / (1 + e^-x), a new array."""
    out = one(x, <room_t>_sigmoid[float], <room_t>_sigmoid[double], 0, 0, HEAVY)
    return twin.sigmoid(x) if out is None else out


cdef simd_void _sigmoid(const floating* x, const floating* _, floating* y, Py_ssize_t n, const double* __) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = sigmoid_(x[i])


def sigmoid_backward(grad, y):
    """grad * (1 - y) * y with y = sigmoid(x), a new array."""
    out = two(grad, y, <room_t>_sigmoid_backward[float], <room_t>_sigmoid_backward[double], 0, 0, LIGHT)
    return twin.sigmoid_backward(grad, y) if out is None else out


cdef simd_void _sigmoid_backward(const floating* g, const floating* y, floating* out, Py_ssize_t n,
                                 const double* _) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = g[i] * (<floating>1 - y[i]) * y[i]


def tanh_backward(grad, y):
    """grad * (1 - y^2) with y = tanh(x), a new array."""
    out = two(grad, y, <room_t>_tanh_backward[float], <room_t>_tanh_backward[double], 0, 0, LIGHT)
    return twin.tanh_backward(grad, y) if out is None else out


cdef simd_void _tanh_backward(const floating* g, const floating* y, floating* out, Py_ssize_t n,
                              const double* _) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = g[i] * (<floating>1 - y[i] * y[i])


def silu(x):
    """x * sigmoid(x), a new array."""
    out = one(x, <room_t>_silu[float], <room_t>_silu[double], 0, 0, HEAVY)
    return twin.silu(x) if out is None else out


cdef simd_void _silu(const floating* x, const floating* _, floating* y, Py_ssize_t n, const double* __) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = x[i] * sigmoid_(x[i])


def silu_backward(grad, x):
    """grad * s * (1 + x * (1 - s)) with s = sigmoid(x), a new array."""
    out = two(grad, x, <room_t>_silu_backward[float], <room_t>_silu_backward[double], 0, 0, HEAVY)
    return twin.silu_backward(grad, x) if out is None else out


cdef simd_void _silu_backward(const floating* g, const floating* x, floating* out, Py_ssize_t n,
                              const double* _) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating s
    for i in range(n):
        s = sigmoid_(x[i])
        out[i] = g[i] * (s * (<floating>1 + x[i] * (<floating>1 - s)))


# ---- the error function and the normal distribution ------------------------------------------------------------------

def erf(x):
    """The error function, a new array."""
    out = one(x, <room_t>_erf[float], <room_t>_erf[double], 0, 0, HEAVY)
    return twin.erf(x) if out is None else out


cdef simd_void _erf(const floating* x, const floating* _, floating* y, Py_ssize_t n, const double* __) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = erf_(x[i])


def erfc(x):
    """1 - erf(x) with all digits, a new array."""
    out = one(x, <room_t>_erfc[float], <room_t>_erfc[double], 0, 0, HEAVY)
    return twin.erfc(x) if out is None else out


cdef simd_void _erfc(const floating* x, const floating* _, floating* y, Py_ssize_t n, const double* __) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = erfc_(x[i])


def normal_cdf(x):
    """Phi(x), the chance that a normal number is less than x, a new array."""
    out = one(x, <room_t>_normal_cdf[float], <room_t>_normal_cdf[double], 0, 0, HEAVY)
    return twin.normal_cdf(x) if out is None else out


cdef simd_void _normal_cdf(const floating* x, const floating* _, floating* y, Py_ssize_t n,
                           const double* __) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = phi(x[i], exp_of_square(-x[i] if x[i] < 0 else x[i], <floating>0.5))


def gelu(x):
    """x * Phi(x), a new array."""
    out = one(x, <room_t>_gelu[float], <room_t>_gelu[double], 0, 0, HEAVY)
    return twin.gelu(x) if out is None else out


cdef simd_void _gelu(const floating* x, const floating* _, floating* y, Py_ssize_t n, const double* __) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = x[i] * quick_phi(x[i], exp_(<floating>-0.5 * x[i] * x[i]))


def gelu_backward(grad, x):
    """grad * (Phi(x) + x * e^(-x^2 / 2) / sqrt(2 pi)), a new array."""
    out = two(grad, x, <room_t>_gelu_backward[float], <room_t>_gelu_backward[double], 0, 0, HEAVY)
    return twin.gelu_backward(grad, x) if out is None else out


cdef simd_void _gelu_backward(const floating* g, const floating* x, floating* out, Py_ssize_t n,
                              const double* _) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating power
    for i in range(n):
        power = exp_(<floating>-0.5 * x[i] * x[i])
        out[i] = g[i] * (quick_phi(x[i], power) + x[i] * (power * <floating>0.3989422804014327))


# (1 + tanh u) / 2 = sigmoid(2 u)

cdef inline floating twice_u(floating x) noexcept nogil:
    return <floating>1.5957691216057308 * (x + <floating>0.044715 * x * x * x)     # 2 sqrt(2 / pi)


def gelu_tanh(x):
    """x * (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), a new array."""
    out = one(x, <room_t>_gelu_tanh[float], <room_t>_gelu_tanh[double], 0, 0, HEAVY)
    return twin.gelu_tanh(x) if out is None else out


cdef simd_void _gelu_tanh(const floating* x, const floating* _, floating* y, Py_ssize_t n,
                          const double* __) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = x[i] * sigmoid_(twice_u(x[i]))


def gelu_tanh_backward(grad, x):
    """grad times the derivative of gelu_tanh, a new array."""
    out = two(grad, x, <room_t>_gelu_tanh_backward[float], <room_t>_gelu_tanh_backward[double], 0, 0, HEAVY)
    return twin.gelu_tanh_backward(grad, x) if out is None else out


cdef simd_void _gelu_tanh_backward(const floating* g, const floating* x, floating* out, Py_ssize_t n,
                                   const double* _) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating s, slope
    for i in range(n):
        s = sigmoid_(twice_u(x[i]))
        slope = <floating>1.5957691216057308 * (<floating>1 + <floating>0.134145 * x[i] * x[i])       # of 2 u
        out[i] = g[i] * (s + x[i] * s * (<floating>1 - s) * slope)


# ---- straight pieces -------------------------------------------------------------------------------------------------

def leaky_relu(x, double slope):
    """x where it is positive, else slope * x, a new array; nan and, for a slope of 0, -inf stay what they are times it."""
    out = one(x, <room_t>_leaky_relu[float], <room_t>_leaky_relu[double], slope, 0, LIGHT)
    return twin.leaky_relu(x, slope) if out is None else out


cdef simd_void _leaky_relu(const floating* x, const floating* _, floating* y, Py_ssize_t n,
                           const double* slope) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating a = <floating>slope[0]
    for i in range(n):
        y[i] = x[i] if x[i] > 0 else x[i] * a


def leaky_relu_backward(grad, x, double slope):
    """grad where x is positive, else slope * grad, a new array."""
    out = two(grad, x, <room_t>_leaky_relu_backward[float], <room_t>_leaky_relu_backward[double], slope, 0, LIGHT)
    return twin.leaky_relu_backward(grad, x, slope) if out is None else out


cdef simd_void _leaky_relu_backward(const floating* g, const floating* x, floating* out, Py_ssize_t n,
                                    const double* slope) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating a = <floating>slope[0]
    for i in range(n):
        out[i] = g[i] if x[i] > 0 else g[i] * a


def relu_backward(grad, y):
    """grad, but 0 where y <= 0, a new array."""
    out = two(grad, y, <room_t>_relu_backward[float], <room_t>_relu_backward[double], 0, 0, LIGHT)
    return twin.relu_backward(grad, y) if out is None else out


cdef simd_void _relu_backward(const floating* g, const floating* y, floating* out, Py_ssize_t n,
                              const double* _) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = 0 if y[i] <= 0 else g[i]


def clamp(x, double low, double high):
    """x, but `low` where it is less and then `high` where it is more, a new array; nan stays nan."""
    out = None
    if low == low and high == high:             # nan as a bound makes everything nan
        out = one(x, <room_t>_clamp[float], <room_t>_clamp[double], low, high, LIGHT)
    return twin.clamp(x, low, high) if out is None else out


cdef simd_void _clamp(const floating* x, const floating* _, floating* y, Py_ssize_t n,
                      const double* bounds) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating low = <floating>bounds[0], high = <floating>bounds[1], value
    for i in range(n):
        value = low if x[i] < low else x[i]
        y[i] = high if value > high else value


def clamp_backward(grad, x, double low, double high):
    """grad, but 0 where x is not between the bounds or one of them, a new array."""
    out = two(grad, x, <room_t>_clamp_backward[float], <room_t>_clamp_backward[double], low, high, LIGHT)
    return twin.clamp_backward(grad, x, low, high) if out is None else out


cdef simd_void _clamp_backward(const floating* g, const floating* x, floating* out, Py_ssize_t n,
                               const double* bounds) noexcept nogil:
    cdef Py_ssize_t i
    cdef floating low = <floating>bounds[0], high = <floating>bounds[1]
    for i in range(n):
        out[i] = g[i] if (x[i] >= low) & (x[i] <= high) else 0
