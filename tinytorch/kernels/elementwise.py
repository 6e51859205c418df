"""A scaled addition in place and the sigmoid, in NumPy: twins of _ext/elementwise.pyx."""

from __future__ import annotations

import numpy as np

from tinytorch.kernels.arrays import Array, check_same_shape, narrow, widen


def add_scaled(y: Array, alpha: complex, x: Array) -> None:
    """y += alpha * x  in place and in y's dtype; x has y's shape or one that broadcasts to it

    >>> y = np.ones(2)
    >>> add_scaled(y, -0.5, np.array([2.0, 4.0]))
    >>> y.tolist()
    [0.0, -1.0]
    """
    y += x if alpha == 1 else np.multiply(x, alpha, dtype=y.dtype.type)


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
