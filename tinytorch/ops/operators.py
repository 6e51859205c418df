"""x * y, x / y and -x for backwards: by the kernels where x is an array, by the operators where it is a Tensor.

The operators of an array would do as well; the kernels use all threads for large arrays and start sooner on small ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels

ndarray = np.ndarray
_multiply, _divide, _negative = kernels.arithmetic.multiply, kernels.arithmetic.divide, kernels.arithmetic.negative


def times(x: Any, y: Any) -> Any:
    """x * y"""
    return _multiply(x, y) if type(x) is ndarray else x * y


def over(x: Any, y: Any) -> Any:
    """x / y"""
    return _divide(x, y) if type(x) is ndarray else x / y


def minus(x: Any) -> Any:
    """-x"""
    return _negative(x) if type(x) is ndarray else -x
