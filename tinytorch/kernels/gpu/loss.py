"""Losses of two arrays of one shape and their gradients: beside kernels/loss.py.

One launch each. The sum or mean of up to 16384 losses is found by one block of threads in the same launch; of more
they are written and then added up by all of the GPU.
"""

from __future__ import annotations

from typing import Any

from tinytorch.device import library
from tinytorch.kernels.arrays import check_same_shape
from tinytorch.kernels.gpu.cuda import ROWS, cuda, in_order
from tinytorch.kernels.gpu.formula import formula
from tinytorch.kernels.loss import joined

Array = Any

ONE_BLOCK = 16384

# The loss of one number x and its target t; `p` is beta or delta.
_BCE = "return (1 - t) * x - ((x < 0 || x != x ? x : W(0)) - log1p(exp(-fabs(x))));"
_MSE = "return (x - t) * (x - t);"
_SMOOTH_L1 = "W size = fabs(x - t); return size < p ? W(0.5) * size * size / p : size - W(0.5) * p;"
_HUBER = "W size = fabs(x - t); return size <= p ? W(0.5) * size * size : p * (size - W(0.5) * p);"

_SUM = """
extern "C" __global__ void loss_sum(const T* x, const T* target, T* sum, double p, long long count, double divisor) {
    W mine = 0;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) mine += loss_of(W(x[i]), W(target[i]), W(p));
    mine = total(mine);
    if (threadIdx.x == 0) *sum = T(mine / W(divisor));
}
"""


class _Loss:
    """A loss by its formula in CUDA: one by one, or their sum or mean."""

    def __init__(self, name: str, term: str):
        function = f"__device__ W loss_of(W x, W t, W p) {{ {term} }}\n"
        self.name = name
        body = "loss = loss_of(W(x), W(target), W(p))"
        self.one_by_one = formula(name, "T x, U target, float64 p", "T loss", body, function)
        self.sum = cuda("loss_sum", ROWS + function + _SUM)

    def __call__(self, x: Array, target: Array, p: float, reduction: str) -> Array:
        check_same_shape(self.name, x, target)
        if reduction == "none" or x.size > ONE_BLOCK or x.dtype != target.dtype:
            return joined(self.one_by_one(x, target, float(p)), reduction)
        found = library().empty((), x.dtype)
        threads = 32 if x.size <= 128 else 256 if x.size <= 2048 else 1024
        numbers = float(p), x.size, float(x.size if reduction == "mean" else 1)
        self.sum(x.dtype, (1,), (threads,), (in_order(x), in_order(target), found, *numbers))
        return found


_bce_with_logits, _mse, _smooth_l1, _huber = (
    _Loss(name, term)
    for name, term in [("bce_with_logits", _BCE), ("mse", _MSE), ("smooth_l1", _SMOOTH_L1), ("huber", _HUBER)]
)


def bce_with_logits(x: Array, target: Array, reduction: str = "none") -> Array:
    """(1 - t) x - log_sigmoid(x)  with  log_sigmoid(x) = min(x, 0) - log(1 + e^-|x|),  t = target"""
    return _bce_with_logits(x, target, 0, reduction)


def mse(x: Array, target: Array, reduction: str = "none") -> Array:
    """(x - t)^2  with t = target"""
    return _mse(x, target, 0, reduction)


def smooth_l1(x: Array, target: Array, beta: float, reduction: str = "none") -> Array:
    """d^2 / (2 beta) if |d| < beta else |d| - beta / 2  with d = x - t, t = target"""
    return _smooth_l1(x, target, beta, reduction)


def huber(x: Array, target: Array, delta: float, reduction: str = "none") -> Array:
    """d^2 / 2 if |d| <= delta else delta (|d| - delta / 2)  with d = x - t, t = target"""
    return _huber(x, target, delta, reduction)


# ---- gradients -------------------------------------------------------------------------------------------------------


def bce_with_logits_backward(grad: Array, x: Array, target: Array) -> Array:
    """dx = g * (sigmoid(x) - t)  with g = grad, t = target"""
    _check("bce_with_logits_backward", grad, x, target)
    return _bce_with_logits_backward(grad, x, target)


def mse_backward(grad: Array, x: Array, target: Array) -> Array:
    """dx = 2 g (x - t)  with g = grad, t = target"""
    _check("mse_backward", grad, x, target)
    return _mse_backward(grad, x, target)


def smooth_l1_backward(grad: Array, x: Array, target: Array, beta: float) -> Array:
    """dx = g * (d / beta clamped to [-1, 1])  with g = grad, d = x - t"""
    _check("smooth_l1_backward", grad, x, target)
    return _smooth_l1_backward(grad, x, target, float(beta))


def huber_backward(grad: Array, x: Array, target: Array, delta: float) -> Array:
    """dx = g * (d clamped to [-delta, delta])  with g = grad, d = x - t"""
    _check("huber_backward", grad, x, target)
    return _huber_backward(grad, x, target, float(delta))


def _check(name: str, grad: Array, x: Array, target: Array) -> None:
    check_same_shape(name, x, target, *((grad,) if grad.shape else ()))


_bce_with_logits_backward = formula(
    "bce_with_logits_backward",
    "G grad, T x, U target",
    "T dx",
    "W v = x; W power = exp(-fabs(v)); dx = ((v > 0 ? W(1) : power) / (1 + power) - W(target)) * W(grad)",
)
_mse_backward = formula("mse_backward", "G grad, T x, U target", "T dx", "dx = 2 * W(grad) * (W(x) - W(target))")
_smooth_l1_backward = formula(
    "smooth_l1_backward",
    "G grad, T x, U target, float64 beta",
    "T dx",
    "W slope = (W(x) - W(target)) / W(beta); dx = (slope < -1 ? W(-1) : slope > 1 ? W(1) : slope) * W(grad)",
)
_huber_backward = formula(
    "huber_backward",
    "G grad, T x, U target, float64 delta",
    "T dx",
    "W slope = W(x) - W(target), d = delta; dx = (slope < -d ? -d : slope > d ? d : slope) * W(grad)",
)
