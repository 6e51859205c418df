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
    """Integers and booleans as int64, the rest with twice its precision, as on the CPU."""
    wide: Any = np.dtype(np.int64) if x.dtype.kind in "biu" else _WIDER.get(x.dtype.name, x.dtype)
    y = scan(library().flip(x, axis) if reverse else x, axis, wide)
    if reverse:
        y = library().flip(y, axis)
    return library().ascontiguousarray(y.astype(wide if wide.kind == "i" else x.dtype, copy=False))


_WIDER = {
    "float16": np.dtype(np.float32),
    "bfloat16": np.dtype(np.float32),
    "float32": np.dtype(np.float64),
    "complex64": np.dtype(np.complex128),
}
