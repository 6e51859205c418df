"""NumPy's ufuncs with results that are arrays, 0-dimensional ones too: twins of _ext/arithmetic.pyx."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.kernels.arrays import Array


def apply(ufunc: np.ufunc, x: Array, out: Array | None = None) -> Array:
    """ufunc(x, out) for a ufunc of one operand

    >>> apply(np.sqrt, np.array(4.0))
    array(2.)
    """
    result = ufunc(x, out)
    return np.asarray(result) if isinstance(result, np.generic) else result


def apply_to_two(ufunc: np.ufunc, x: Any, y: Any, out: Array | None = None) -> Array:
    """ufunc(x, y, out) for a ufunc of two operands, which broadcast

    >>> apply_to_two(np.hypot, np.array([3.0, 5.0]), np.array([[4.0], [12.0]])).tolist()
    [[5.0, 6.4031242374328485], [12.36931687685298, 13.0]]
    """
    result = ufunc(x, y, out=out)
    return np.asarray(result) if isinstance(result, np.generic) else result


def add(x: Any, y: Any, out: Array | None = None) -> Array:
    """x + y"""
    return apply_to_two(np.add, x, y, out)


def subtract(x: Any, y: Any, out: Array | None = None) -> Array:
    """x - y"""
    return apply_to_two(np.subtract, x, y, out)


def multiply(x: Any, y: Any, out: Array | None = None) -> Array:
    """x * y"""
    return apply_to_two(np.multiply, x, y, out)


def divide(x: Any, y: Any, out: Array | None = None) -> Array:
    """x / y"""
    return apply_to_two(np.divide, x, y, out)


def negative(x: Array, out: Array | None = None) -> Array:
    """-x"""
    return apply(np.negative, x, out)
