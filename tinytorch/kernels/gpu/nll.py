"""Negative log-likelihoods of classes and their gradient, a launch each: beside kernels/nll.py.

Nobody looks at the classes beforehand, the program would have to wait for them. A class that is not below C gives a
loss of nan (PyTorch stops the program with a device-side assertion).
"""

from __future__ import annotations

import functools
import math
from typing import Any

from tinytorch.device import is_array, library
from tinytorch.kernels.gpu.cuda import cuda, in_order
from tinytorch.kernels.gpu.formula import formula

Array = Any

ONE_BLOCK = 65536  # so many losses are added up by one block of threads

# x is (N, C, inner), target (N, inner): the number of target i for class t
_PLACE = """
__device__ long long place_of(long long i, long long t, long long classes, long long inner) {
    return (i / inner * classes + t) * inner + i % inner;
}
"""

_nll = formula(
    "nll",
    "raw T x, I target, int64 classes, int64 behind, int64 ignored",
    "T loss",
    """
    long long t = target;
    loss = t == ignored ? T(0) : t < 0 || t >= classes ? T(NAN) : T(-W(x[place_of(i, t, classes, behind)]));
    """,
    _PLACE,
)
_weighted_nll = formula(
    "weighted_nll",
    "raw T x, raw V weight, I target, int64 classes, int64 behind, int64 ignored",
    "T loss",
    """
    long long t = target;
    loss = t == ignored ? T(0) : t < 0 || t >= classes ? T(NAN)
         : T(-W(x[place_of(i, t, classes, behind)]) * W(weight[t]));
    """,
    _PLACE,
)
_weight_of = formula(
    "weight_of",
    "raw T weight, I target, int64 classes, int64 ignored",
    "T factor",
    "long long t = target; factor = t == ignored ? T(0) : t < 0 || t >= classes ? T(NAN) : weight[t]",
)
_is_valid = formula("is_valid", "I target, int64 ignored", "T valid", "valid = T((long long)target != ignored ? 1 : 0)")

_SUM = """
// (sum of -w[t] x[i, t], sum of w[t]) by one block; weights are 1 where weighted is false
extern "C" __global__ void nll_sum(const T* x, const long long* target, const T* weight, T* sum, T* divisor,
                                   long long count, long long classes, long long inner, long long ignored,
                                   bool weighted) {
    __shared__ W losses[1024], factors[1024];
    W loss = 0, factor = 0;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) {
        long long t = target[i];
        if (t == ignored) continue;
        bool known = t >= 0 && t < classes;
        W w = !known ? W(NAN) : weighted ? W(weight[t]) : W(1);
        loss -= w * (known ? W(x[(i / inner * classes + t) * inner + i % inner]) : W(0));
        factor += w;
    }
    losses[threadIdx.x] = loss, factors[threadIdx.x] = factor;
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) {
            losses[threadIdx.x] += losses[threadIdx.x + half];
            factors[threadIdx.x] += factors[threadIdx.x + half];
        }
    }
    if (threadIdx.x == 0) *sum = T(losses[0]), *divisor = T(factors[0]);
}
"""
_sum = cuda("nll_sum", _SUM)


@functools.cache
def _backward(weighted: bool, divided: bool) -> Any:
    """The formula of nll_backward, with weights and a divisor or without."""
    factor = ("-W(weight[t])" if weighted else "W(-1)") + " * W(grad[grads ? target_at : 0])"
    return formula(
        f"nll_backward_{weighted:d}{divided:d}",
        "raw T grad, raw I target, "
        + ("raw V weight, " if weighted else "")
        + ("raw D divisor, " if divided else "")
        + "int64 classes, int64 behind, int64 ignored, bool grads",
        "T dx",
        f"""
        long long target_at = i / behind / classes * behind + i % behind;
        long long t = target[target_at];
        dx = t == ignored || t != i / behind % classes ? T(0) : T({factor}{" / W(divisor[0])" if divided else ""})
        """,
    )


def nll(x: Array, target: Array, weight: Array | None = None, ignore_index: int = -100) -> Array:
    """l_i = -w[t_i] x[i, t_i]  with t = target, w = weight (1 where there is none)"""
    classes, inner = _sides("nll", x.shape, target)
    if not x.size:
        return library().zeros(target.shape, x.dtype)
    if weight is None:
        return _nll(x, target, classes, inner, ignore_index)
    return _weighted_nll(x, weight, target, classes, inner, ignore_index)


def nll_sum(x: Array, target: Array, weight: Array | None = None, ignore_index: int = -100) -> tuple[Array, Array]:
    """(sum l_i, sum w[t_i]),  ignored classes left out; half precision is added in float32"""
    classes, inner = _sides("nll_sum", x.shape, target)
    cupy = library()
    if target.size > ONE_BLOCK:
        factors = (
            _is_valid(target, ignore_index, cupy.empty(target.shape, x.dtype))
            if weight is None
            else _weight_of(weight, target, classes, ignore_index)
        )
        return nll(x, target, weight, ignore_index).sum(), factors.sum().astype(x.dtype, copy=False)
    sums = cupy.empty((), x.dtype), cupy.empty((), x.dtype)
    weights = x if weight is None else in_order(weight.astype(x.dtype, copy=False))
    operands = in_order(x), in_order(target.astype("int64", copy=False)), weights, *sums
    threads = min(1024, max(32, 2 ** math.ceil(math.log2(max(1, target.size)))))
    _sum(x.dtype, (1,), (threads,), (*operands, target.size, classes, inner, ignore_index, weight is not None))
    return sums


def nll_backward(
    grad: Array,
    shape: tuple[int, ...],
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    divisor: Any = None,
) -> Array:
    """dx[i, t_i] = -w[t_i] g_i / divisor,  0 elsewhere;  g = grad, `shape` is that of x, divisor 1 if None"""
    classes, inner = _sides("nll_backward", shape, target)
    if grad.shape not in ((), target.shape):
        raise ValueError(f"nll_backward: grad {grad.shape} is neither () nor {target.shape}")
    if divisor is not None and not is_array(divisor):
        grad, divisor = grad / divisor, None
    given = [found for found in (weight, divisor) if found is not None]
    out = library().empty(shape, grad.dtype)
    run = _backward(weight is not None, divisor is not None)
    return run(grad, target, *given, classes, inner, ignore_index, grad.ndim > 0, out)


def _sides(name: str, shape: tuple[int, ...], target: Array) -> tuple[int, int]:
    """(how many classes, how many targets behind each other), or an error"""
    axis = 1 if len(shape) > 1 else 0
    if not shape or target.shape != shape[:axis] + shape[axis + 1 :]:
        raise ValueError(f"{name}: targets {target.shape} do not fit log-probabilities {tuple(shape)}")
    return shape[axis], math.prod(shape[axis + 1 :])
