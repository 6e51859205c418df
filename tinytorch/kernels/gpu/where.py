"""One of two numbers by a condition: beside kernels/where.py."""

from __future__ import annotations

from typing import Any

from tinytorch.device import library

Array = Any


def where(condition: Array, x: Any, y: Any) -> Array:
    """z = x where the condition holds, else y; operands broadcast, and a Python number takes the other's dtype"""
    return library().where(condition, x, y)
