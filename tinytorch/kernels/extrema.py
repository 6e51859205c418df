"""The largest and the smallest number along axes, and where it stands, in NumPy: twins of _ext/extrema.pyx.

`axis` is one axis, several (amax and amin), or None for all of them; negative ones count from the back; with `keepdims`
the reduced axes stay, with length 1. Results are arrays, 0-dimensional ones too.

An extreme is nan where a number is nan, and its place is then that of the first nan. Of equal numbers the first counts.
"""

from __future__ import annotations

import numpy as np

from tinytorch.device import as_array
from tinytorch.kernels.arrays import Array, narrow

Axis = int | tuple[int, ...] | None


def amax(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest number of x over `axis`; ValueError when there is none."""
    return narrow(x.max(axis=axis, keepdims=keepdims), x)


def amin(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Smallest number of x over `axis`; ValueError when there is none."""
    return narrow(x.min(axis=axis, keepdims=keepdims), x)


def max_with_indices(x: Array, axis: int | None = None, keepdims: bool = False) -> tuple[Array, Array]:
    """(largest numbers of x along one axis, their places in it as int64); None takes x as one row.

    >>> max_with_indices(np.array([[1, 3, 3], [2, 0, 1]]), axis=1)
    (array([3, 2]), array([1, 0]))
    """
    places = as_array(x.argmax(axis=axis, keepdims=True))
    return _with_places(x, places, axis, keepdims)


def min_with_indices(x: Array, axis: int | None = None, keepdims: bool = False) -> tuple[Array, Array]:
    """(smallest numbers of x along one axis, their places in it as int64); None takes x as one row."""
    places = as_array(x.argmin(axis=axis, keepdims=True))
    return _with_places(x, places, axis, keepdims)


def _with_places(x: Array, places: Array, axis: int | None, keepdims: bool) -> tuple[Array, Array]:
    if axis is None:
        values = x.reshape(-1)[places]
    else:
        values = x if x.ndim == 0 else np.take_along_axis(x, places, axis)
    if keepdims:
        return values, places
    shape = () if axis is None or x.ndim == 0 else np.delete(x.shape, axis)
    return values.reshape(shape), places.reshape(shape)


def argmax(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Places of the largest numbers of x along one axis, int64; None takes x as one row."""
    return as_array(x.argmax(axis=axis, keepdims=keepdims))


def argmin(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Places of the smallest numbers of x along one axis, int64; None takes x as one row."""
    return as_array(x.argmin(axis=axis, keepdims=keepdims))
