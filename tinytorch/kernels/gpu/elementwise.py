"""A scaled addition in place, activations and their gradients, one launch each: beside kernels/elementwise.py."""

from __future__ import annotations

from typing import Any

from tinytorch.device import library
from tinytorch.kernels.arrays import check_same_shape
from tinytorch.kernels.elementwise import add_scaled as add_scaled_in_steps
from tinytorch.kernels.gpu.formula import formula

Array = Any


def add_scaled(y: Array, alpha: complex, x: Array) -> None:
    """y += alpha * x  in place and in y's dtype"""
    # A ufunc looks whether x and y share memory, and knows all dtypes.
    if alpha == 1 or x.dtype != y.dtype or y.dtype.kind in "bV" or library().may_share_memory(x, y):
        add_scaled_in_steps(y, alpha, x)
    else:
        _add_scaled(library().broadcast_to(x, y.shape), alpha, y)


_add_scaled = formula("add_scaled", "T x, T alpha", "T y", "y = W(y) + W(x) * W(alpha)")


# ---- sigmoid and its kin ---------------------------------------------------------------------------------------------

# 1 / (1 + e^-x), for negative x written as e^x / (1 + e^x), so that no power overflows
_SIGMOID = """
template<class V> __device__ V sigmoid_of(V x) {
    V power = exp(-fabs(x));
    return (x > 0 ? V(1) : power) / (1 + power);
}
"""


def sigmoid(x: Array) -> Array:
    """y = 1 / (1 + e^-x)"""
    return _sigmoid(x)


def sigmoid_backward(grad: Array, y: Array) -> Array:
    """dx = dy * (1 - y) * y  with y = sigmoid(x) and dy = grad"""
    check_same_shape("sigmoid_backward", grad, y)
    return _sigmoid_backward(grad, y)


def tanh_backward(grad: Array, y: Array) -> Array:
    """dx = dy * (1 - y^2)  with y = tanh(x)"""
    check_same_shape("tanh_backward", grad, y)
    return _tanh_backward(grad, y)


def silu(x: Array) -> Array:
    """y = x * sigmoid(x)"""
    return _silu(x)


def silu_backward(grad: Array, x: Array) -> Array:
    """dx = dy * s * (1 + x * (1 - s))  with s = sigmoid(x)"""
    check_same_shape("silu_backward", grad, x)
    return _silu_backward(grad, x)


_sigmoid = formula("sigmoid", "T x", "T y", "y = sigmoid_of(W(x))", _SIGMOID)
_sigmoid_backward = formula("sigmoid_backward", "G grad, T y", "T dx", "W v = y; dx = W(grad) * (W(1) - v) * v")
_tanh_backward = formula("tanh_backward", "G grad, T y", "T dx", "W v = y; dx = W(grad) * (W(1) - v * v)")
_silu = formula("silu", "T x", "T y", "W v = x; y = v * sigmoid_of(v)", _SIGMOID)
_silu_backward = formula(
    "silu_backward",
    "G grad, T x",
    "T dx",
    "W v = x; W s = sigmoid_of(v); dx = W(grad) * (s * (1 + v * (1 - s)))",
    _SIGMOID,
)


# ---- the error function and the normal distribution ------------------------------------------------------------------

_NORMAL_CDF = """
template<class V> __device__ V normal_cdf_of(V x) {
    return erfc(x * V(-0.70710678118654752440)) / 2;
}
"""


def erf(x: Array) -> Array:
    """y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x"""
    return _erf(x)


def erfc(x: Array) -> Array:
    """y = 1 - erf(x), with all digits where erf(x) is nearly 1"""
    return _erfc(x)


def normal_cdf(x: Array) -> Array:
    """Phi(x) = erfc(-x / sqrt 2) / 2"""
    return _normal_cdf(x)


def gelu(x: Array) -> Array:
    """y = x * Phi(x)"""
    return _gelu(x)


def gelu_backward(grad: Array, x: Array) -> Array:
    """dx = dy * (Phi(x) + x * e^(-x^2 / 2) / sqrt(2 pi))"""
    check_same_shape("gelu_backward", grad, x)
    return _gelu_backward(grad, x)


_erf = formula("erf", "T x", "T y", "y = erf(W(x))")
_erfc = formula("erfc", "T x", "T y", "y = erfc(W(x))")
_normal_cdf = formula("normal_cdf", "T x", "T y", "y = normal_cdf_of(W(x))", _NORMAL_CDF)
_gelu = formula("gelu", "T x", "T y", "W v = x; y = v * normal_cdf_of(v)", _NORMAL_CDF)
_gelu_backward = formula(
    "gelu_backward",
    "G grad, T x",
    "T dx",
    """
    W v = x;
    W density = exp(v * v * W(-0.5)) * W(0.39894228040143267794);
    dx = W(grad) * (normal_cdf_of(v) + v * density)
    """,
    _NORMAL_CDF,
)

# 2 sqrt(2 / pi) (x + 0.044715 x^3), the number whose sigmoid is near Phi(x)
_TWICE_U = (
    _SIGMOID
    + """
template<class V> __device__ V twice_u_of(V x) {
    return V(1.59576912160573071176) * (x + V(0.044715) * x * x * x);
}
"""
)


def gelu_tanh(x: Array) -> Array:
    """y = x * (1 + tanh u) / 2 = x * sigmoid(2 u)  with u = sqrt(2 / pi) (x + 0.044715 x^3)"""
    return _gelu_tanh(x)


def gelu_tanh_backward(grad: Array, x: Array) -> Array:
    """dx = dy * (s + x * s * (1 - s) * 2 du/dx)  with s = sigmoid(2 u)"""
    check_same_shape("gelu_tanh_backward", grad, x)
    return _gelu_tanh_backward(grad, x)


_gelu_tanh = formula("gelu_tanh", "T x", "T y", "W v = x; y = v * sigmoid_of(twice_u_of(v))", _TWICE_U)
_gelu_tanh_backward = formula(
    "gelu_tanh_backward",
    "G grad, T x",
    "T dx",
    """
    W v = x;
    W s = sigmoid_of(twice_u_of(v));
    W slope = W(1.59576912160573071176) * (1 + W(0.134145) * v * v);
    dx = W(grad) * (s + v * s * (1 - s) * slope)
    """,
    _TWICE_U,
)


# ---- straight pieces -------------------------------------------------------------------------------------------------


def leaky_relu(x: Array, slope: float) -> Array:
    """y = x where x > 0, else slope * x"""
    return _leaky_relu(x, slope)


def leaky_relu_backward(grad: Array, x: Array, slope: float) -> Array:
    """dx = dy where x > 0, else slope * dy"""
    check_same_shape("leaky_relu_backward", grad, x)
    return _leaky_relu_backward(grad, slope, x)


def relu_backward(grad: Array, y: Array) -> Array:
    """dx = dy, but 0 where y <= 0"""
    check_same_shape("relu_backward", grad, y)
    return _relu_backward(grad, y)


def clamp(x: Array, low: float, high: float) -> Array:
    """y = x, but `low` where x is less and then `high` where that is more; nan stays"""
    return _clamp(x, low, high)


def clamp_backward(grad: Array, x: Array, low: float, high: float) -> Array:
    """dx = dy, but 0 where x is neither between the bounds nor one of them"""
    check_same_shape("clamp_backward", grad, x)
    return _clamp_backward(grad, x, low, high)


_leaky_relu = formula("leaky_relu", "T x, T slope", "T y", "W v = x; y = v > 0 ? v : v * W(slope)")
_leaky_relu_backward = formula(
    "leaky_relu_backward", "T grad, T slope, X x", "T dx", "W g = grad; dx = x > X(0) ? g : g * W(slope)"
)
_relu_backward = formula("relu_backward", "T grad, Y y", "T dx", "W g = grad; dx = y <= Y(0) ? W(0) : g")
_clamp = formula(
    "clamp",
    "T x, T low, T high",
    "T y",
    # a comparison with nan is false: nan, of x or of a bound, must find its way through
    "W v = x, l = low, h = high; v = v < l || l != l ? l : v; y = v > h || h != h ? (v != v ? v : h) : v",
)
_clamp_backward = formula(
    "clamp_backward",
    "T grad, X x, X low, X high",
    "T dx",
    "W g = grad; dx = x >= low && x <= high ? g : W(0)",
)
