"""Running sums and products along an axis in NumPy: twins of _ext/cumulative.pyx.

Integers and booleans are added and multiplied as int64, the rest with twice its precision (float64 as it is) and
rounded to its own at the end, as PyTorch does. With `reverse` they run from the last number to the first.
"""

from __future__ import annotations

import numpy as np

from tinytorch.kernels.arrays import Array, accumulate


def cumsum(x: Array, axis: int, reverse: bool = False) -> Array:
    """y_i = x_1 + ... + x_i along `axis`

    >>> cumsum(np.array([1, 2, 3]), 0, reverse=True)
    array([6, 5, 3])
    """
    y = accumulate(np.add, x, axis, reverse)
    y += 0  # a sum starts with 0, not with -0
    return y


def cumprod(x: Array, axis: int, reverse: bool = False) -> Array:
    """y_i = x_1 x_2 ... x_i along `axis`"""
    return accumulate(np.multiply, x, axis, reverse)
