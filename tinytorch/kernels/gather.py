"""Reading elements at places that an index array names, in NumPy: twins of _ext/gather.pyx."""

from __future__ import annotations

import numpy as np

from tinytorch.device import known
from tinytorch.kernels.arrays import Array, narrow, places_along, widen


def gather(x: Array, axis: int, index: Array) -> Array:
    """y[..., i, ...] = x[..., index[..., i, ...], ...]  along `axis`, a new array in the shape of index

    index of integers has as many axes as x, and is nowhere longer than it but along `axis`. IndexError for an index
    that is negative or not below the length of `axis`.

    >>> gather(np.array([[1, 2], [3, 4]]), 1, np.array([[1, 1], [1, 0]])).tolist()
    [[2, 2], [4, 3]]
    """
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis {axis} is out of range for an array of {x.ndim} dimensions")
    axis %= x.ndim
    if index.ndim != x.ndim or any(n > m and i != axis for i, (n, m) in enumerate(zip(index.shape, x.shape))):
        raise ValueError(f"gather: index {index.shape} does not fit x {x.shape}")
    return x[places_along(index, axis, x)]


def index_select(x: Array, axis: int, index: Array, negative: bool = False) -> Array:
    """y[..., i, ...] = x[..., index[i], ...]  along `axis`, in whose place y has the axes of index

    IndexError for an index that is not below the length n of `axis`, or is negative; from -n on if `negative`.

    >>> index_select(np.array([[1, 2], [3, 4]]), 0, np.array([1, 1])).tolist()
    [[3, 4], [3, 4]]
    >>> index_select(np.array([1, 2, 3]), 0, np.array([[0, -1]]), negative=True).tolist()
    [[1, 3]]
    """
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis {axis} is out of range for an array of {x.ndim} dimensions")
    side = x.shape[axis]
    if known(index) and ((index < (-side if negative else 0)) | (index >= side)).any():
        raise IndexError("index out of range in self")
    return x.take(index, axis) if index.size else np.empty(_around(x, axis, index), x.dtype, like=x)


def bag_sum(x: Array, index: Array) -> Array:
    """y[b] = x[index[b, 0]] + x[index[b, 1]] + ...  for x (n, size) and index (bags, length): rows of a table, added up

    Half precision is added in float32. IndexError for an index that is negative or not below n.

    >>> bag_sum(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0, 1], [1, 1]])).tolist()
    [[4.0, 6.0], [6.0, 8.0]]
    """
    if x.ndim != 2 or index.ndim != 2:
        raise ValueError(f"bag_sum needs (n, size) and (bags, length), got {x.shape} and {index.shape}")
    return narrow(widen(index_select(x, 0, index)).sum(1), x)


def _around(x: Array, axis: int, index: Array) -> tuple[int, ...]:
    """The shape of x with that of index in place of `axis`."""
    axis %= x.ndim
    return (*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])
