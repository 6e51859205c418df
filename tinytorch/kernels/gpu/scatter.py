"""Writing numbers to places that an index array names, a launch each: beside kernels/scatter.py.

Several numbers for one place are added in an order that differs from run to run, and so may the last digit of a sum;
of several that are written to one place, any may stay. PyTorch's kernels for GPUs do the same. An index that is out
of range writes nothing.
"""

from __future__ import annotations

import math
from typing import Any

from tinytorch.device import library
from tinytorch.kernels.gpu.formula import formula
from tinytorch.kernels.gpu.gather import _axis
from tinytorch.kernels.gpu.swaps import reduce_into

Array = Any

# atomicAdd knows no signed numbers of 64 bits; adding those is adding unsigned ones.
_ADD = """
template<class V> __device__ void add_to(V* place, V value) { atomicAdd(place, value); }
template<> __device__ void add_to(long long* place, long long value) {
    atomicAdd((unsigned long long*)place, (unsigned long long)value);
}
template<> __device__ void add_to(long* place, long value) {
    atomicAdd((unsigned long long*)place, (unsigned long long)value);
}
"""

_index_add = formula(
    "index_add",
    "raw I index, T source, T alpha, int64 side, int64 count, int64 behind",
    "raw T out",
    """
    long long j = index[i / behind % count];
    if (j >= 0 && j < side) add_to(&out[(i / behind / count * side + j) * behind + i % behind], T(W(source) * W(alpha)))
    """,
    _ADD,
)
_scatter_add = formula(
    "scatter_add",
    "I index, T source, int64 side, int64 here, int64 behind",
    "raw T out",
    """
    long long j = index;
    if (j >= 0 && j < side) add_to(&out[(i / behind / here * side + j) * behind + i % behind], T(source))
    """,
    _ADD,
)
_scatter = formula(
    "scatter",
    "I index, T source, int64 side, int64 here, int64 behind",
    "raw T out",
    """
    long long j = index;
    if (j >= 0 && j < side) out[(i / behind / here * side + j) * behind + i % behind] = source
    """,
)


def index_add(out: Array, axis: int, index: Array, source: Array, alpha: float = 1) -> None:
    """out[..., index[i], ...] += alpha * source[..., i, ...]  along `axis`, in place"""
    axis = _axis(out, axis)
    wanted = out.shape[:axis] + index.shape + out.shape[axis + 1 :]
    if index.ndim != 1 or source.shape != wanted:
        raise ValueError(f"index_add: source {source.shape} does not fit out {out.shape} and index {index.shape}")

    def add(y: Array, x: Array) -> None:
        _index_add(index, x, alpha, y.shape[axis], index.size, math.prod(y.shape[axis + 1 :]), y)

    if out.dtype.kind == "c" and alpha != 1:
        source, alpha = source * out.dtype.type(alpha), 1
    _by_atomic_additions(add, out, source)


def scatter_add(out: Array, axis: int, index: Array, source: Array) -> None:
    """out[..., index[..., i, ...], ...] += source[..., i, ...]  along `axis`, in place"""
    axis, part, source = _parts("scatter_add", out, axis, index, source)

    def add(y: Array, x: Array) -> None:
        _scatter_add(index, x, y.shape[axis], index.shape[axis], math.prod(index.shape[axis + 1 :]), y)

    _by_atomic_additions(add, part, source)


def scatter(out: Array, axis: int, index: Array, source: Array) -> None:
    """out[..., index[..., i, ...], ...] = source[..., i, ...]  along `axis`, in place; source may be one number"""
    if source.ndim == 0:
        source = library().broadcast_to(source, index.shape)
    axis, part, source = _parts("scatter", out, axis, index, source)
    inner = math.prod(index.shape[axis + 1 :])
    _scatter(index, source.astype(out.dtype, copy=False), out.shape[axis], index.shape[axis], inner, part)


def scatter_reduce(out: Array, axis: int, index: Array, source: Array, how: str) -> None:
    """out[..., index[..., i, ...], ...] = how(what is there, source[..., i, ...])  along `axis`, in place"""
    axis, part, source = _parts("scatter_reduce", out, axis, index, source)
    sides = part.shape[axis], index.shape[axis], math.prod(index.shape[axis + 1 :])
    reduce_into(part, index, source.astype(out.dtype, copy=False), sides, how)


def _parts(name: str, out: Array, axis: int, index: Array, source: Array) -> tuple[int, Array, Array]:
    """(axis from the front, the part of out that the index can reach, the part of source that it uses), or an error"""
    axis = _axis(out, axis)
    longer = [n > m for n, m in zip(index.shape, source.shape)]
    longer += [n > m and i != axis for i, (n, m) in enumerate(zip(index.shape, out.shape))]
    if not index.ndim == source.ndim == out.ndim or any(longer):
        raise ValueError(f"{name}: index {index.shape} does not fit out {out.shape} and source {source.shape}")
    reached = out[tuple(slice(None) if i == axis else slice(n) for i, n in enumerate(index.shape))]
    return axis, reached, source[tuple(map(slice, index.shape))]


def _by_atomic_additions(add: Any, out: Array, source: Array) -> None:
    """add(out, source) for the dtypes that atomicAdd knows; others by way of one of those."""
    source = source.astype(out.dtype, copy=False)
    if out.dtype.kind == "c":
        add(out.real, source.real)
        add(out.imag, source.imag)
    elif out.dtype.kind in "fV" or out.dtype.itemsize >= 4:
        add(out, source)
    else:  # small integers and truth values
        total = out.astype("int32")
        add(total, source.astype("int32"))
        out[...] = total != 0 if out.dtype.kind == "b" else total.astype(out.dtype)
