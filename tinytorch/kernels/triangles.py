"""Triangles of matrices in NumPy: twins of _ext/triangles.pyx. The last two axes of an array are the matrix."""

from __future__ import annotations

import numpy as np

from tinytorch.kernels.arrays import Array


def triangle(x: Array, diagonal: int = 0, lower: bool = True) -> Array:
    """y_ij = x_ij where j <= i + diagonal (j >= i + diagonal unless `lower`), else 0

    >>> triangle(np.ones((2, 3), int)).tolist(), triangle(np.ones((2, 2), int), 1, lower=False).tolist()
    ([[1, 0, 0], [1, 1, 0]], [[0, 1], [0, 0]])
    """
    y = np.array(x, order="C")
    keep_triangle(y, diagonal, lower)
    return y


def keep_triangle(y: Array, diagonal: int = 0, lower: bool = True) -> None:
    """y = triangle(y) in place; ValueError where y has no matrices."""
    if y.ndim < 2:
        raise ValueError(f"triangles need arrays of at least 2 dimensions, got {y.ndim}")
    rows, columns = np.arange(y.shape[-2])[:, None], np.arange(y.shape[-1])
    outside = columns > rows + diagonal if lower else columns < rows + diagonal
    np.copyto(y, np.zeros((), y.dtype), where=outside)
