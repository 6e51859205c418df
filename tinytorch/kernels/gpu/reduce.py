"""Sums and their like by CuPy's reductions, variances and norms by kernels of our own: beside kernels/reduce.py.

CuPy adds half precision in float32 itself, so there is no need to widen it first. Its reductions over everything, and
over the last or the first axes of arrays in C order, are NVIDIA's (CUB), which CuPy uses unless the environment's
CUPY_ACCELERATORS says otherwise.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from tinytorch.device import library
from tinytorch.kernels.gpu.cuda import MOMENTS, ROWS, cuda, in_order, is_known, launch_rows
from tinytorch.kernels.reduce import norm as norm_in_steps
from tinytorch.kernels.reduce import var_mean as var_mean_in_steps

Array = Any
Axis = int | tuple[int, ...] | None

_VAR_MEAN = (
    ROWS
    + MOMENTS
    + """
extern "C" __global__ void var_mean(const T* x, T* var, T* mean, double freedom, long long rows, long long n,
                                    long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    Moments found = moments_of_row(x + START(row), n, inner);
    if (threadIdx.x == 0) {
        var[row] = T(found.squares / W(freedom));
        mean[row] = T(n ? found.mean : W(NAN));
    }
}
"""
)
_var_mean = cuda("var_mean", _VAR_MEAN)


def sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Sum of x over `axis`, in x's dtype; integers and booleans are added as int64, half precision as float32."""
    return x.sum(axis=axis, dtype=np.int64 if x.dtype.kind in "iub" else None, keepdims=keepdims)


def mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Sum of x over `axis` divided by how many there are, nan when there are none; x is floating or complex."""
    return x.mean(axis=axis, keepdims=keepdims)


def any(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Is a number of x over `axis` not 0? nan is not 0."""
    return x.any(axis=axis, keepdims=keepdims)


def all(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Are all numbers of x over `axis` not 0? nan is not 0."""
    return x.all(axis=axis, keepdims=keepdims)


def var_mean(x: Array, axis: Axis = None, correction: float = 1, keepdims: bool = False) -> tuple[Array, Array]:
    """(sum((x - mean)^2) / max(0, n - correction), mean) of the n numbers along `axis`: one launch, one read

    Axes that are not neighbours, and few long rows (a block of threads takes one), are computed in steps.
    """
    span = side_by_side(x, axis)
    if span is None or not is_known(x.dtype):
        return var_mean_in_steps(x, axis, correction, keepdims)
    first, behind = span
    n, inner = math.prod(x.shape[first:behind]), math.prod(x.shape[behind:])
    rows = math.prod(x.shape[:first]) * inner
    if n > 65536 and rows < 64:
        return var_mean_in_steps(x, axis, correction, keepdims)
    shape = x.shape[:first] + ((1,) * (behind - first) if keepdims else ()) + x.shape[behind:]
    var, center = library().empty(shape, x.dtype), library().empty(shape, x.dtype)
    launch_rows(_var_mean, x.dtype, rows, n, inner, (in_order(x), var, center, max(0.0, float(n - correction))))
    return var, center


def norm(x: Array, p: float = 2, axis: Axis = None, keepdims: bool = False) -> Array:
    """(sum |x|^p)^(1/p) over `axis`; for p = inf the largest |x|, for -inf the smallest, for 0 how many are not 0."""
    if p in (1, 2) and x.dtype.char in "fd":
        return _norm(p)(x, axis=axis, keepdims=keepdims)
    return norm_in_steps(x, p, axis, keepdims)


@functools.cache
def _norm(p: int) -> Any:
    """The norm of p = 1 or 2 as one reduction."""
    term, root = ("x * x", "sqrt(a)") if p == 2 else ("fabs(x)", "a")
    return library().ReductionKernel("T x", "T y", term, "a + b", f"y = {root}", "0", f"tinytorch_norm_{p:g}")


def side_by_side(x: Array, axis: Axis) -> tuple[int, int] | None:
    """(the first axis, the one behind the last) where the axes are neighbours, else None; (0, 0) of no axes at all"""
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    if not x.ndim or not axes:
        return (0, 0) if axis is None or axis == () or x.ndim == 0 else None
    if min(axes) < -x.ndim or max(axes) >= x.ndim:
        return None  # the error is for those who compute in steps
    chosen = sorted({a % x.ndim for a in axes})
    return (chosen[0], chosen[-1] + 1) if chosen[-1] - chosen[0] == len(chosen) - 1 else None
