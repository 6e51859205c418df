"""The largest and the smallest number of a row and where it stands, in one walk: beside kernels/extrema.py."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

from tinytorch.device import library
from tinytorch.kernels.gpu.cuda import ROWS, cuda, in_order, is_known, launch_rows
from tinytorch.kernels.gpu.reduce import side_by_side

in_steps = import_module("tinytorch.kernels.extrema")
Array = Any
Axis = int | tuple[int, ...] | None

_EXTREMES = (
    ROWS
    + """
// A number and its place; of nothing, the place is -1.
struct Extreme {
    T value;
    long long place;

    __device__ Extreme from(int distance) const {
        return {T(__shfl_xor_sync(0xffffffff, value, distance)), __shfl_xor_sync(0xffffffff, place, distance)};
    }
};

// nan before all others, of equal ones the first
template<bool LARGEST> __device__ Extreme better(Extreme a, Extreme b) {
    if (b.place < 0) return a;
    if (a.place < 0) return b;
    bool a_is_nan = a.value != a.value, b_is_nan = b.value != b.value;
    bool equal = (a_is_nan && b_is_nan) || a.value == b.value;
    if (equal) return a.place < b.place ? a : b;
    if (a_is_nan) return a;
    if (b_is_nan) return b;
    return (LARGEST ? a.value > b.value : a.value < b.value) ? a : b;
}

template<bool LARGEST> __device__ void find(const T* x, T* values, long long* places, bool valued, bool placed,
                                            long long rows, long long n, long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    x += START(row);
    Extreme found = {T(0), -1};
    for (long long j = threadIdx.x; j < n; j += blockDim.x) found = better<LARGEST>(found, {x[j * inner], j});
    found = joined(found, better<LARGEST>);
    if (threadIdx.x == 0) {
        if (valued) values[row] = found.value;
        if (placed) places[row] = found.place;
    }
}

extern "C" __global__ void largest(const T* x, T* values, long long* places, bool valued, bool placed, long long rows,
                                   long long n, long long inner) {
    find<true>(x, values, places, valued, placed, rows, n, inner);
}

extern "C" __global__ void smallest(const T* x, T* values, long long* places, bool valued, bool placed, long long rows,
                                    long long n, long long inner) {
    find<false>(x, values, places, valued, placed, rows, n, inner);
}
"""
)
_largest, _smallest = cuda("largest", _EXTREMES), cuda("smallest", _EXTREMES)


def amax(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest number of x over `axis`; ValueError when there is none."""
    return _find(_largest, "amax", x, axis, keepdims, places=False)[0]


def amin(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Smallest number of x over `axis`; ValueError when there is none."""
    return _find(_smallest, "amin", x, axis, keepdims, places=False)[0]


def max_with_indices(x: Array, axis: int | None = None, keepdims: bool = False) -> tuple[Array, Array]:
    """(largest numbers of x along one axis, their places in it as int64); None takes x as one row."""
    return _find(_largest, "max_with_indices", x, axis, keepdims)


def min_with_indices(x: Array, axis: int | None = None, keepdims: bool = False) -> tuple[Array, Array]:
    """(smallest numbers of x along one axis, their places in it as int64); None takes x as one row."""
    return _find(_smallest, "min_with_indices", x, axis, keepdims)


def argmax(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Places of the largest numbers of x along one axis, int64; None takes x as one row."""
    return _find(_largest, "argmax", x, axis, keepdims, values=False)[1]


def argmin(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Places of the smallest numbers of x along one axis, int64; None takes x as one row."""
    return _find(_smallest, "argmin", x, axis, keepdims, values=False)[1]


def _find(
    kernel: Any, name: str, x: Array, axis: Axis, keepdims: bool, values: bool = True, places: bool = True
) -> tuple[Array, Array]:
    """(extremes, their places): by the kernel, or by the twin of this name where axes are apart, or rows few and long

    What is not asked for is x itself.
    """
    span = side_by_side(x, axis)
    first, behind = span or (0, 0)
    n, inner = math.prod(x.shape[first:behind]), math.prod(x.shape[behind:])
    rows = math.prod(x.shape[:first]) * inner
    if span is None or not is_known(x.dtype) or (n > 65536 and rows < 64):
        found = getattr(in_steps, name)(x, axis, keepdims)
        return found if isinstance(found, tuple) else (found, found)
    if not n:
        raise ValueError("zero-size array to reduction operation maximum which has no identity")
    shape = x.shape[:first] + ((1,) * (behind - first) if keepdims else ()) + x.shape[behind:]
    empty = library().empty
    extremes = empty(shape, x.dtype) if values else x
    where = empty(shape, "int64") if places else x
    # a pointer to x stands for one that is not used
    launch_rows(kernel, x.dtype, rows, n, inner, (in_order(x), extremes, where, values, places))
    return extremes, where
