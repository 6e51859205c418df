"""CuPy's ufuncs, called without the way through NumPy's: beside kernels/arithmetic.py."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinytorch.device import library
from tinytorch.kernels.arithmetic import apply as apply_by_numpy

Array = Any


@functools.cache
def _known(name: str) -> Any:
    """CuPy's ufunc of this name; None where CuPy itself has none (SciPy's: its __array_ufunc__ finds those)."""
    return getattr(library(), name, None)


def apply(ufunc: np.ufunc, x: Array, out: Array | None = None) -> Array:
    """ufunc(x, out) for a ufunc of one operand"""
    found = _known(ufunc.__name__)
    return apply_by_numpy(ufunc, x, out) if found is None else found(x, out=out)


def apply_to_two(ufunc: np.ufunc, x: Any, y: Any, out: Array | None = None) -> Array:
    """ufunc(x, y, out) for a ufunc of two operands, which broadcast"""
    found = _known(ufunc.__name__)
    return ufunc(x, y, out=out) if found is None else found(x, y, out=out)


def add(x: Any, y: Any, out: Array | None = None) -> Array:
    """x + y"""
    return _known("add")(x, y, out=out)


def subtract(x: Any, y: Any, out: Array | None = None) -> Array:
    """x - y"""
    return _known("subtract")(x, y, out=out)


def multiply(x: Any, y: Any, out: Array | None = None) -> Array:
    """x * y"""
    return _known("multiply")(x, y, out=out)


def divide(x: Any, y: Any, out: Array | None = None) -> Array:
    """x / y"""
    return _known("true_divide")(x, y, out=out)


def negative(x: Array, out: Array | None = None) -> Array:
    """-x"""
    return _known("negative")(x, out=out)
