"""Sums, means, variances, products, norms, any and all in NumPy: twins of _ext/reduce.pyx.

`axis` is one axis, several, or None for all of them; negative ones count from the back; with `keepdims` the reduced
axes stay, with length 1. Results are arrays, 0-dimensional ones too.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from tinytorch.device import as_array
from tinytorch.kernels.arrays import Array, narrow, widen

PART = 64  # so many rows are added one by one
Axis = int | tuple[int, ...] | None


def sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Sum of x over `axis`, in x's dtype; integers and booleans are added as int64, float16 and bfloat16 as float32.

    >>> sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0).tolist()
    [4.0, 6.0]
    """
    if x.dtype.kind in "iub":
        return as_array(x.sum(axis=axis, dtype=np.int64, keepdims=keepdims))
    return narrow(_add(widen(x), axis, keepdims), x)


def mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Sum of x over `axis` divided by how many there are, nan when there are none; x is floating or complex."""
    wide = widen(x)
    total = _add(wide, axis, keepdims)
    return narrow(total / _count(x, total), x)


def var_mean(x: Array, axis: Axis = None, correction: float = 1, keepdims: bool = False) -> tuple[Array, Array]:
    """(sum((x - mean)^2) / max(0, n - correction), mean) of the n numbers along `axis`, in two passes; x is floating.

    >>> var_mean(np.array([1.0, 2.0, 3.0, 4.0]), correction=0)
    (array(1.25), array(2.5))
    """
    wide = widen(x)
    total = _add(wide, axis, True)
    count = _count(x, total)
    center = total / count
    squares = _add(np.square(wide - center), axis, keepdims)
    freedom = max(0.0, count - correction)
    return narrow(squares / wide.dtype.type(freedom), x), narrow(center.reshape(squares.shape), x)


def prod(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Product of x over `axis`; of integers and booleans as int64, of float16 and bfloat16 as float32.

    >>> prod(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0).tolist()
    [3.0, 8.0]
    """
    if x.dtype.kind in "iub":
        return as_array(x.prod(axis=axis, dtype=np.int64, keepdims=keepdims))
    return narrow(widen(x).prod(axis=axis, keepdims=keepdims), x)


def any(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Is a number of x over `axis` not 0? nan is not 0."""
    return as_array((x != 0).any(axis=axis, keepdims=keepdims))


def all(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Are all numbers of x over `axis` not 0? nan is not 0."""
    return as_array((x != 0).all(axis=axis, keepdims=keepdims))


def norm(x: Array, p: float = 2, axis: Axis = None, keepdims: bool = False) -> Array:
    """(sum |x|^p)^(1/p) over `axis`; for p = inf the largest |x|, for -inf the smallest, for 0 how many are not 0.

    A real number, also of complex x; of float16 and bfloat16 computed in float32.

    >>> norm(np.array([3.0, -4.0])), norm(np.array([3.0, -4.0]), math.inf)
    (array(5.), array(4.))
    """
    wide = widen(x)
    size = np.abs(wide)
    if math.isinf(p):
        y = (size.max if p > 0 else size.min)(axis=axis, keepdims=keepdims)
    elif p == 0:
        y = _add((wide != 0).astype(size.dtype), axis, keepdims)
    elif p == 1:
        y = _add(size, axis, keepdims)
    elif p == 2:
        squares = wide * wide if wide.dtype.kind != "c" else wide.real * wide.real + wide.imag * wide.imag
        y = np.sqrt(_add(squares, axis, keepdims))
    else:
        kind = size.dtype.type
        y = _add(size ** kind(p), axis, keepdims) ** kind(1 / p)
    return narrow(y, x.real)


def _add(x: Array, axis: Axis, keepdims: bool) -> Array:
    """x.sum, but of long axes in parts: NumPy adds in pairs along memory's last axis only, along others one by one.

    CuPy adds in parts by itself.
    """
    if x.size > PART and isinstance(x, np.ndarray):
        axes = range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim)
        for i in axes:
            while x.shape[i] > PART and abs(x.strides[i]) > x.itemsize:
                x = np.moveaxis(_parts(np.moveaxis(x, i, 0)), 0, i)
    return x.sum(axis=axis, keepdims=keepdims)


def _parts(x: Array) -> Array:
    """The sums of PART rows each, and of the rest."""
    count = len(x) // PART
    y = np.empty((count + 1, *x.shape[1:]), x.dtype)
    x[: count * PART].reshape((count, PART, *x.shape[1:])).sum(axis=1, out=y[:count])
    x[count * PART :].sum(axis=0, out=y[count, ...])  # the dots: of numbers, too, an array
    return y


def _count(x: Array, total: Array) -> float:
    """How many numbers of x went into each number of `total`."""
    return float(math.prod(x.shape) / total.size) if total.size else math.nan
