"""One of two numbers by a condition, and numbers where a mask holds, in NumPy: twin of _ext/where.pyx."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.kernels.arrays import Array


def where(condition: Array, x: Any, y: Any) -> Array:
    """z = x where the condition holds, else y; operands broadcast, and a Python number takes the other's dtype

    >>> where(np.array([True, False]), np.array([1, 2]), 0).tolist()
    [1, 0]
    """
    return np.where(condition, x, y)


def masked_fill(x: Array, mask: Array, value: Any) -> None:
    """x[mask] = value for a mask with the shape of x

    >>> x = np.arange(3.0)
    >>> masked_fill(x, x > 1, -1)
    >>> x.tolist()
    [0.0, 1.0, -1.0]
    """
    if x.shape != mask.shape:
        raise IndexError(f"the mask has the shape {mask.shape}, the array {x.shape}")
    x[mask] = value
