"""A scaled addition in place, activations and their gradients, in NumPy: twins of _ext/elementwise.pyx."""

from __future__ import annotations

import math

import numpy as np

from tinytorch.kernels.arithmetic import apply
from tinytorch.kernels.arrays import Array, check_same_shape, narrow, widen


def add_scaled(y: Array, alpha: complex, x: Array) -> None:
    """y += alpha * x  in place and in y's dtype; x has y's shape or one that broadcasts to it

    >>> y = np.ones(2)
    >>> add_scaled(y, -0.5, np.array([2.0, 4.0]))
    >>> y.tolist()
    [0.0, -1.0]
    """
    y += x if alpha == 1 else np.multiply(x, alpha, dtype=y.dtype.type)


def exp(x: Array, out: Array | None = None) -> Array:
    """y = e^x

    >>> exp(np.array([0.0, -1000.0])).tolist()
    [1.0, 0.0]
    """
    return apply(np.exp, x, out)


def log(x: Array, out: Array | None = None) -> Array:
    """y = ln x

    >>> log(np.array([1.0, np.inf])).tolist()
    [0.0, inf]
    """
    return apply(np.log, x, out)


# ---- sigmoid and its kin ---------------------------------------------------------------------------------------------


def sigmoid(x: Array) -> Array:
    """y = 1 / (1 + e^-x),  for negative x written as e^x / (1 + e^x), so that no power overflows

    >>> sigmoid(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    wide = widen(x)
    power = np.exp(-np.abs(wide))
    return narrow(np.where(wide > 0, 1, power) / (1 + power), x)


def sigmoid_backward(grad: Array, y: Array) -> Array:
    """dx = dy * (1 - y) * y  with y = sigmoid(x) and dy = grad"""
    check_same_shape("sigmoid_backward", grad, y)
    wide = widen(y)
    return narrow(widen(grad) * (1 - wide) * wide, y)


def tanh_backward(grad: Array, y: Array) -> Array:
    """dx = dy * (1 - y^2)  with y = tanh(x)"""
    check_same_shape("tanh_backward", grad, y)
    wide = widen(y)
    return narrow(widen(grad) * (1 - wide * wide), y)


def silu(x: Array) -> Array:
    """y = x * sigmoid(x)

    >>> silu(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.0, -0.0, 1000.0]
    """
    wide = widen(x)
    return narrow(wide * sigmoid(wide), x)


def silu_backward(grad: Array, x: Array) -> Array:
    """dx = dy * s * (1 + x * (1 - s))  with s = sigmoid(x)"""
    check_same_shape("silu_backward", grad, x)
    wide = widen(x)
    s = sigmoid(wide)
    return narrow(widen(grad) * (s * (1 + wide * (1 - s))), x)


# ---- the error function and the normal distribution ------------------------------------------------------------------


def erf(x: Array) -> Array:
    """y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x"""
    from scipy.special import erf

    return narrow(erf(widen(x)), x)


def erfc(x: Array) -> Array:
    """y = 1 - erf(x), with all digits where erf(x) is nearly 1"""
    from scipy.special import erfc

    return narrow(erfc(widen(x)), x)


def normal_cdf(x: Array) -> Array:
    """Phi(x) = erfc(-x / sqrt 2) / 2, the chance that a normal number is less than x"""
    from scipy.special import ndtr

    return narrow(ndtr(widen(x)), x)


def gelu(x: Array) -> Array:
    """y = x * Phi(x)

    >>> gelu(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.0, -0.0, 1000.0]
    """
    wide = widen(x)
    return narrow(wide * normal_cdf(wide), x)


def gelu_backward(grad: Array, x: Array) -> Array:
    """dx = dy * (Phi(x) + x * e^(-x^2 / 2) / sqrt(2 pi))"""
    check_same_shape("gelu_backward", grad, x)
    wide = widen(x)
    density = np.exp(wide * wide * -0.5) * (1 / math.sqrt(2 * math.pi))
    return narrow(widen(grad) * (normal_cdf(wide) + wide * density), x)


def gelu_tanh(x: Array) -> Array:
    """y = x * (1 + tanh u) / 2 = x * sigmoid(2 u)  with u = sqrt(2 / pi) (x + 0.044715 x^3)"""
    wide = widen(x)
    return narrow(wide * sigmoid(_twice_u(wide)), x)


def gelu_tanh_backward(grad: Array, x: Array) -> Array:
    """dx = dy * (s + x * s * (1 - s) * 2 du/dx)  with s = sigmoid(2 u)"""
    check_same_shape("gelu_tanh_backward", grad, x)
    wide = widen(x)
    s = sigmoid(_twice_u(wide))
    slope = 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * wide * wide)
    return narrow(widen(grad) * (s + wide * s * (1 - s) * slope), x)


def _twice_u(x: Array) -> Array:
    return 2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)


# ---- straight pieces -------------------------------------------------------------------------------------------------


def leaky_relu(x: Array, slope: float) -> Array:
    """y = x where x > 0, else slope * x"""
    return narrow(np.where(x > 0, x, x * x.dtype.type(slope)), x)


def leaky_relu_backward(grad: Array, x: Array, slope: float) -> Array:
    """dx = dy where x > 0, else slope * dy"""
    check_same_shape("leaky_relu_backward", grad, x)
    return narrow(np.where(x > 0, grad, grad * grad.dtype.type(slope)), grad)


def relu_backward(grad: Array, y: Array) -> Array:
    """dx = dy, but 0 where y <= 0"""
    check_same_shape("relu_backward", grad, y)
    return narrow(np.where(y <= 0, np.zeros((), grad.dtype), grad), grad)


def clamp(x: Array, low: float, high: float) -> Array:
    """y = x, but `low` where x is less and then `high` where that is more"""
    return narrow(np.minimum(np.maximum(x, x.dtype.type(low)), x.dtype.type(high)), x)


def clamp_backward(grad: Array, x: Array, low: float, high: float) -> Array:
    """dx = dy, but 0 where x is neither between the bounds nor one of them"""
    check_same_shape("clamp_backward", grad, x)
    inside = (x >= x.dtype.type(low)) & (x <= x.dtype.type(high))
    return narrow(np.where(inside, grad, np.zeros((), grad.dtype)), grad)
