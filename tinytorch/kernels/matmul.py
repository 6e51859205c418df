"""Products of matrices by NumPy: twin of _ext/matmul.pyx."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.device import as_array
from tinytorch.kernels.arrays import Array


def matmul(a: Array, b: Array) -> Array:
    """a @ b: out[..., i, j] = sum_k a[..., i, k] * b[..., k, j]; ValueError where the shapes do not fit.

    >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    return as_array(np.matmul(a, b))


def addmm(c: Array, a: Array, b: Array, beta: Any = 1, alpha: Any = 1) -> Array:
    """beta c + alpha a @ b; c broadcasts to the product's shape. A factor of 0 ignores its term, nan and inf included.

    >>> addmm(np.array([10.0]), np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[21.0]]
    """
    z = matmul(a, b)
    if alpha == 0:
        z = np.zeros_like(z)
    elif alpha != 1:
        z *= alpha
    if beta:
        z += c if beta == 1 else beta * c
    return z
