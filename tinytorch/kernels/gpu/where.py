"""One of two numbers by a condition: beside kernels/where.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.device import library

Array = Any


def where(condition: Array, x: Any, y: Any) -> Array:
    """z = x where the condition holds, else y; operands broadcast, and a Python number takes the other's dtype"""
    return library().where(condition, _number(x), _number(y))


def _number(x: Any) -> Any:
    """A 0-dimensional array of the host as the number that it is, for CuPy, which takes none of NumPy's arrays."""
    return x[()] if isinstance(x, np.ndarray) else x
