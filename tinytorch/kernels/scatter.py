"""Writing numbers to places that an index array names, in NumPy: twins of _ext/scatter.pyx.

All work in place, take negative axes, refuse negative indices as PyTorch does, and go in index order where a place is
named more than once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.device import known
from tinytorch.kernels.arrays import Array, places_along


def index_add(out: Array, axis: int, index: Array, source: Array, alpha: float = 1) -> None:
    """out[..., index[i], ...] += alpha * source[..., i, ...]  along `axis`, in place

    index (k,) of integers; source has the shape of out, but k along `axis`. IndexError for an index that is negative or
    not below the length of `axis`. With axis 0 and out of zeros this is the gradient of a look-up, `table[index]`.

    >>> out = np.zeros(3)
    >>> index_add(out, 0, np.array([2, 0, 2]), np.array([1.0, 2.0, 3.0]))
    >>> out.tolist()
    [2.0, 0.0, 4.0]
    """
    axis = _axis(out, axis)
    wanted = out.shape[:axis] + index.shape + out.shape[axis + 1 :]
    if index.ndim != 1 or source.shape != wanted:
        raise ValueError(f"index_add: source {source.shape} does not fit out {out.shape} and index {index.shape}")
    if known(index) and _outside(index, out.shape[axis]).any():
        raise IndexError("index out of range in self")
    places: Any = (slice(None),) * axis + (index,)
    np.add.at(out, places, source if alpha == 1 else source * out.dtype.type(alpha))


def scatter_add(out: Array, axis: int, index: Array, source: Array) -> None:
    """out[..., index[..., i, ...], ...] += source[..., i, ...]  along `axis`, in place

    index of integers has as many axes as out and source, and is nowhere longer than source, nor than out but along
    `axis`. IndexError for an index that is negative or not below the length of `axis`.

    >>> out = np.zeros((2, 2))
    >>> scatter_add(out, 1, np.array([[1, 1], [0, 1]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> out.tolist()
    [[0.0, 3.0], [3.0, 4.0]]
    """
    places = _places("scatter_add", out, axis, index, source)
    np.add.at(out, places, source[tuple(slice(n) for n in index.shape)])


def scatter(out: Array, axis: int, index: Array, source: Array) -> None:
    """out[..., index[..., i, ...], ...] = source[..., i, ...]  along `axis`, in place

    As scatter_add; of several numbers for one place the last stays. source may also be one number (0-dimensional).

    >>> out = np.zeros((2, 2))
    >>> scatter(out, 1, np.array([[1, 1], [0, 1]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> out.tolist()
    [[0.0, 2.0], [3.0, 4.0]]
    """
    if source.ndim == 0:
        source = np.broadcast_to(source, index.shape)
    places = _places("scatter", out, axis, index, source)
    out[places] = source[tuple(slice(n) for n in index.shape)]


def scatter_reduce(out: Array, axis: int, index: Array, source: Array, how: str) -> None:
    """out[..., index[..., i, ...], ...] = how(out[..., index[..., i, ...], ...], source[..., i, ...])  along `axis`

    `how` is "multiply", "maximum" or "minimum", as NumPy's functions are called; the rest is as scatter_add's.

    >>> out = np.ones((2, 2))
    >>> scatter_reduce(out, 1, np.array([[1, 1], [0, 1]]), np.array([[1.0, 2.0], [3.0, 4.0]]), "multiply")
    >>> out.tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    places = _places("scatter_reduce", out, axis, index, source)
    getattr(np, how).at(out, places, source[tuple(slice(n) for n in index.shape)])


def _places(name: str, out: Array, axis: int, index: Array, source: Array) -> tuple[Array, ...]:
    """The key of the places in out; the errors of all that scatter."""
    axis = _axis(out, axis)
    longer = [n > m for n, m in zip(index.shape, source.shape)]
    longer += [n > m and i != axis for i, (n, m) in enumerate(zip(index.shape, out.shape))]
    if not index.ndim == source.ndim == out.ndim or any(longer):
        raise ValueError(f"{name}: index {index.shape} does not fit out {out.shape} and source {source.shape}")
    return places_along(index, axis, out)


def _axis(out: Array, axis: int) -> int:
    """The axis counted from the front; ValueError when out has no such axis, or may not be written."""
    if not -out.ndim <= axis < out.ndim:
        raise ValueError(f"axis {axis} is out of range for an array of {out.ndim} dimensions")
    if known(out) and not out.flags.writeable:  # np.add.at would write all the same
        raise ValueError("output array is read-only")
    return axis % out.ndim


def _outside(index: Array, length: int) -> Array:
    return (index < 0) | (index >= length)
