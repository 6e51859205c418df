"""The product of matrices by NumPy: twin of _ext/matmul.pyx."""

from __future__ import annotations

import numpy as np

from tinytorch.kernels.arrays import Array


def matmul(a: Array, b: Array) -> Array:
    """a @ b: out[..., i, j] = sum_k a[..., i, k] * b[..., k, j]; ValueError where the shapes do not fit.

    >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    return np.asarray(np.matmul(a, b))
