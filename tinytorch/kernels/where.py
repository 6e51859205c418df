"""One of two numbers by a condition, in NumPy: twin of _ext/where.pyx."""

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
