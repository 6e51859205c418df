"""Reading elements at places that an index array names, a launch each: beside kernels/gather.py.

Nobody looks at the indices beforehand, the program would have to wait for them. An index that is out of range reads
nothing and gives 0 (PyTorch stops the program with a device-side assertion).
"""

from __future__ import annotations

import math
from typing import Any

from tinytorch.device import library
from tinytorch.kernels.gpu.formula import formula

Array = Any

_gather = formula(
    "gather",
    "raw T x, I index, int64 side, int64 here, int64 behind",
    "T y",
    """
    long long j = index;
    y = j < 0 || j >= side ? T(0) : x[(i / behind / here * side + j) * behind + i % behind]
    """,
)
_index_select = formula(
    "index_select",
    "raw T x, raw I index, int64 side, int64 count, int64 behind",
    "T y",
    """
    long long j = index[i / behind % count];
    if (j < 0) j += side;
    y = j < 0 || j >= side ? T(0) : x[(i / behind / count * side + j) * behind + i % behind]
    """,
)
_bag_sum = formula(
    "bag_sum",
    "raw T x, raw I index, int64 side, int64 length, int64 size",
    "T y",
    """
    W sum = 0;
    for (long long k = 0; k < length; k++) {
        long long j = index[i / size * length + k];
        if (j >= 0 && j < side) sum += W(x[j * size + i % size]);
    }
    y = sum
    """,
)


def gather(x: Array, axis: int, index: Array) -> Array:
    """y[..., i, ...] = x[..., index[..., i, ...], ...]  along `axis`, a new array in the shape of index"""
    axis = _axis(x, axis)
    if index.ndim != x.ndim or any(n > m and i != axis for i, (n, m) in enumerate(zip(index.shape, x.shape))):
        raise ValueError(f"gather: index {index.shape} does not fit x {x.shape}")
    part = x[tuple(slice(None) if i == axis else slice(n) for i, n in enumerate(index.shape))]
    return _gather(part, index, x.shape[axis], index.shape[axis], math.prod(index.shape[axis + 1 :]))


def index_select(x: Array, axis: int, index: Array, negative: bool = False) -> Array:
    """y[..., i, ...] = x[..., index[i], ...]  along `axis`, in whose place y has the axes of index

    Negative indices count from the back, also where they would be an error on the CPU.
    """
    axis = _axis(x, axis)
    y = library().empty((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]), x.dtype)
    return _index_select(x, index, x.shape[axis], max(1, index.size), math.prod(x.shape[axis + 1 :]), y)


def bag_sum(x: Array, index: Array) -> Array:
    """y[b] = x[index[b, 0]] + x[index[b, 1]] + ...  for x (n, size) and index (bags, length)"""
    if x.ndim != 2 or index.ndim != 2:
        raise ValueError(f"bag_sum needs (n, size) and (bags, length), got {x.shape} and {index.shape}")
    y = library().empty((index.shape[0], x.shape[1]), x.dtype)
    return _bag_sum(x, index, x.shape[0], index.shape[1], x.shape[1], y)


def _axis(x: Array, axis: int) -> int:
    """The axis counted from the front; ValueError when x has no such axis."""
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis {axis} is out of range for an array of {x.ndim} dimensions")
    return axis % x.ndim
