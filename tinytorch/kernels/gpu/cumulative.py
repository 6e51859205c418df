"""Running sums and products along an axis by CuPy's scans: beside kernels/cumulative.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.device import library

Array = Any


def cumsum(x: Array, axis: int, reverse: bool = False) -> Array:
    """y_i = x_1 + ... + x_i along `axis`"""
    return _scan(library().cumsum, x, axis, reverse)


def cumprod(x: Array, axis: int, reverse: bool = False) -> Array:
    """y_i = x_1 x_2 ... x_i along `axis`"""
    return _scan(library().cumprod, x, axis, reverse)


def _scan(scan: Any, x: Array, axis: int, reverse: bool) -> Array:
    """Integers and booleans as int64, half precision as float32; others in their own, as PyTorch does on GPUs."""
    is_integer, is_half = x.dtype.kind in "biu", x.dtype.kind in "fV" and x.dtype.itemsize < 4
    wide = np.int64 if is_integer else np.float32 if is_half else x.dtype
    y = scan(library().flip(x, axis) if reverse else x, axis, wide)
    y = library().ascontiguousarray(library().flip(y, axis)) if reverse else y
    return y.astype(x.dtype) if is_half else y
