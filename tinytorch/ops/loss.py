"""Losses with a rule of their own; the others are compositions, in nn/losses.py.

Every one takes `reduction`: "none" gives the losses one by one, "sum" adds them, "mean" divides the sum by how many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Elementwise, Rule
from tinytorch.ops.elementwise import Keep, zeros_like
from tinytorch.ops.exponential import Log
from tinytorch.ops.magnitude import Clamp
from tinytorch.ops.smooth import LogSigmoid
from tinytorch.ops.special import Sigmoid
from tinytorch.promotion import common


def reduce(losses: Any, reduction: str) -> Any:
    """The array of losses as the result that `reduction` asks for."""
    if reduction == "none":
        return losses
    return kernels.reduce.mean(losses) if reduction == "mean" else kernels.reduce.sum(losses)


def spread(grad: Any, count: int, reduction: str) -> Any:
    """The gradient of every single loss, given that of the result."""
    if reduction != "mean":
        return grad
    share = grad / max(count, 1)
    return np.asarray(share) if isinstance(share, np.generic) else share  # the kernels want arrays


# ---- losses of d = x - t: their gradients are slopes of d ------------------------------------------------------------


def keep_operands(ctx: Any, x: Any, target: Any, reduction: str) -> None:
    """What `slopes` needs."""
    ctx.save_for_backward(x, target)
    ctx.count, ctx.reduction = x.size, reduction


def slopes(ctx: Any, grad: Any, slope: type[Rule], *size: Any) -> tuple:
    """dl/dx, which `slope` computes, and dl/dt = -dl/dx"""
    x, target = ctx.saved_tensors
    need_x, need_target = ctx.needs_input_grad
    dx = slope.apply(spread(grad, ctx.count, ctx.reduction), x, target, *size)
    return dx if need_x else None, -dx if need_target else None


def slopes_of_clamped(ctx: Any, grad_grad: Any, unit: float, top: float) -> tuple:
    """d dx/dg = s,    d dx/dx = g / unit where s is not clamped, else 0;    dx = g s,  s = d / unit in [-top, top]"""
    grad, x, target = ctx.saved_tensors
    slope = (x - target) / unit
    dx = Keep.apply(grad_grad * grad / unit, abs(slope) <= top)
    return grad_grad * Clamp.apply(slope, -top, top), dx, -dx


class MseLoss(Elementwise):
    """l = (x - t)^2,    dl/dx = 2 (x - t),    dl/dt = -dl/dx"""

    silent = True
    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, target, reduction):
        keep_operands(ctx, x, target, reduction)
        return kernels.loss.mse(x, target, reduction)

    @staticmethod
    def backward(ctx, grad):
        return slopes(ctx, grad, MseSlope)


class MseSlope(Rule):
    """dx = 2 g (x - t),    d dx/dg = 2 (x - t),    d dx/dx = 2 g,    d dx/dt = -2 g"""

    silent = True
    inputs = 3

    @staticmethod
    def forward(ctx, grad, x, target):
        ctx.save_for_backward(grad, x, target)
        return kernels.loss.mse_backward(grad, x, target)

    @staticmethod
    def backward(ctx, grad_grad):
        grad, x, target = ctx.saved_tensors
        dx = grad_grad * grad * 2
        return grad_grad * (x - target) * 2, dx, -dx


class SmoothL1Loss(Elementwise):
    """l = d^2 / (2 beta) if |d| < beta else |d| - beta / 2,  d = x - t,    dl/dx = d / beta clamped to [-1, 1]"""

    silent = True
    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, target, beta, reduction):
        keep_operands(ctx, x, target, reduction)
        ctx.beta = beta
        return kernels.loss.smooth_l1(x, target, beta, reduction)

    @staticmethod
    def backward(ctx, grad):
        return slopes(ctx, grad, SmoothL1Slope, ctx.beta)


class SmoothL1Slope(Rule):
    """dx = g s,  s = d / beta clamped to [-1, 1],    d dx/dg = s,    d dx/dx = g / beta where |d| <= beta, else 0"""

    silent = True
    inputs = 3
    name = "SmoothL1LossBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, x, target, beta):
        ctx.save_for_backward(grad, x, target)
        ctx.beta = beta
        return kernels.loss.smooth_l1_backward(grad, x, target, beta)

    @staticmethod
    def backward(ctx, grad_grad):
        return slopes_of_clamped(ctx, grad_grad, ctx.beta, 1)


class HuberLoss(Elementwise):
    """l = d^2 / 2 if |d| <= delta else delta (|d| - delta / 2),  d = x - t,    dl/dx = d clamped to [-delta, delta]"""

    silent = True
    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, target, delta, reduction):
        keep_operands(ctx, x, target, reduction)
        ctx.delta = delta
        return kernels.loss.huber(x, target, delta, reduction)

    @staticmethod
    def backward(ctx, grad):
        return slopes(ctx, grad, HuberSlope, ctx.delta)


class HuberSlope(Rule):
    """dx = g s,  s = d clamped to [-delta, delta],    d dx/dg = s,    d dx/dx = g where |d| <= delta, else 0"""

    silent = True
    inputs = 3
    name = "HuberLossBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, x, target, delta):
        ctx.save_for_backward(grad, x, target)
        ctx.delta = delta
        return kernels.loss.huber_backward(grad, x, target, delta)

    @staticmethod
    def backward(ctx, grad_grad):
        return slopes_of_clamped(ctx, grad_grad, 1, ctx.delta)


# ---- other losses ----------------------------------------------------------------------------------------------------


class BinaryCrossEntropy(Rule):
    """l = -w (t ln x + (1 - t) ln(1 - x)),    dl/dx = w (x - t) / (x (1 - x)),    dl/dt = w (ln(1 - x) - ln x)

    The logarithms are not let below -100, the denominator not below 1e-12: x = 0 and x = 1 have finite losses.
    """

    inputs = 3

    @staticmethod
    def forward(ctx, x, target, weight, reduction):
        ctx.save_for_backward(x, target, weight)
        ctx.reduction, ctx.count = reduction, x.size
        losses = (target - 1) * np.maximum(np.log1p(-x), -100) - target * np.maximum(np.log(x), -100)
        if weight is not None:
            losses = losses * weight
        return reduce(losses.astype(x.dtype, copy=False), reduction)

    @staticmethod
    def backward(ctx, grad):
        x, target, weight = ctx.saved_tensors
        need_x, need_target, _ = ctx.needs_input_grad
        grad = spread(grad, ctx.count, ctx.reduction)
        if weight is not None:
            grad = grad * weight
        dx = (x - target) * grad / Clamp.apply((1 - x) * x, 1e-12, None) if need_x else None
        d_target = grad * (Log.apply(1 - x) - Log.apply(x)) if need_target else None
        return dx, d_target, None


class BinaryCrossEntropyWithLogits(Rule):
    """l = w ((1 - t) x + c ln(1 + e^-x)),  c = 1 + (p - 1) t,    dl/dx = w ((1 - t) - c (1 - sigmoid(x)))

    The binary cross-entropy of sigmoid(x), in a form in which no power overflows. w is `weight`, p is `pos_weight`.
    dl/dt = w ((p - 1) ln(1 + e^-x) - x)
    """

    inputs = 4

    @staticmethod
    def forward(ctx, x, target, weight, pos_weight, reduction):
        ctx.save_for_backward(x, target, weight, pos_weight)
        ctx.reduction, ctx.count = reduction, x.size
        if pos_weight is None:
            if weight is None:
                return kernels.loss.bce_with_logits(x, target, reduction)
            losses = kernels.loss.bce_with_logits(x, target)
        else:
            softplus = np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0)
            losses = (1 - target) * x + ((pos_weight - 1) * target + 1) * softplus
        if weight is not None:
            losses = losses * weight
        return reduce(losses, reduction)

    @staticmethod
    def backward(ctx, grad):
        x, target, weight, pos_weight = ctx.saved_tensors
        need_x, need_target, *_ = ctx.needs_input_grad
        grad = spread(grad, ctx.count, ctx.reduction)
        dx = d_target = None
        if need_x and pos_weight is None:
            dx = BinaryCrossEntropySlope.apply(grad, x, target)
        elif need_x:
            c = (pos_weight - 1) * target + 1
            dx = ((1 - target) - c * Sigmoid.apply(-x)) * grad
        if need_target:
            d_target = -x * grad
            if pos_weight is not None:
                d_target = d_target - (pos_weight - 1) * LogSigmoid.apply(x) * grad
        if weight is not None:
            dx, d_target = [None if slope is None else slope * weight for slope in (dx, d_target)]
        return dx, d_target, None, None


class BinaryCrossEntropySlope(Rule):
    """dx = g (s - t),    d dx/dg = s - t,    d dx/dx = g s (1 - s),    d dx/dt = -g,  s = sigmoid(x)"""

    silent = True
    inputs = 3

    @staticmethod
    def forward(ctx, grad, x, target):
        ctx.save_for_backward(grad, x, target)
        return kernels.loss.bce_with_logits_backward(grad, x, target)

    @staticmethod
    def backward(ctx, grad_grad):
        grad, x, target = ctx.saved_tensors
        s = Sigmoid.apply(x)
        return grad_grad * (s - target), grad_grad * grad * s * (1 - s), -grad_grad * grad


class NllLoss(Rule):
    """l_i = -w[t_i] x[i, t_i],    dl_i/dx[i, t_i] = -w[t_i]

    x holds log-probabilities (N, C, ...), t the class of each (N, ...). The class `ignore_index` counts for nothing.
    "mean" divides by the sum of the weights w[t_i].
    """

    silent = True

    @staticmethod
    def forward(ctx, x, target, weight, reduction, ignore_index):
        ctx.save_for_backward(x)
        ctx.target, ctx.weight, ctx.reduction, ctx.ignore_index = target, weight, reduction, ignore_index
        ctx.total_weight = None
        if reduction == "none":
            return kernels.nll.nll(x, target, weight, ignore_index)
        total, divisor = kernels.nll.nll_sum(x, target, weight, ignore_index)
        if reduction == "sum":
            return total
        ctx.total_weight = divisor
        return kernels.arithmetic.divide(total, divisor, total)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return NllSlope.apply(grad, x, ctx.target, ctx.weight, ctx.reduction, ctx.ignore_index, ctx.total_weight)

    @classmethod
    def explain(cls, error: Exception, arrays: list) -> Exception:
        if isinstance(error, IndexError):
            count = arrays[0].shape[1 if arrays[0].ndim > 1 else 0]
            return IndexError(f"{error}\n\nThere are {count} classes: targets go from 0 to {count - 1}.")
        return error


class NllSlope(Rule):
    """dx[i, t_i] = -w[t_i] g, 0 elsewhere; it is linear in g, so that its own gradient is NllLoss again, d dx/dx = 0"""

    silent = True
    inputs = 2
    name = "NllLossBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, x, target, weight, reduction, ignore_index, total_weight):
        ctx.options = target, weight, reduction, ignore_index
        return kernels.nll.nll_backward(grad, x.shape, target, weight, ignore_index, total_weight)

    @staticmethod
    def backward(ctx, grad_grad):
        return NllLoss.apply(grad_grad, *ctx.options), zeros_like(grad_grad)


class NllLoss2d(NllLoss):
    """NllLoss of images: NllLoss under the name that PyTorch's graphs have for it"""

    name = "NllLoss2DBackward0"


class SoftMarginLoss(Elementwise):
    """l = ln(1 + e^(-t x)),    dl/dx = -t sigmoid(-t x)"""

    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, target, reduction):
        ctx.save_for_backward(x, target)
        ctx.reduction = reduction
        losses = np.logaddexp(0, -target * x).astype(x.dtype)
        ctx.count = losses.size
        return reduce(losses, reduction)

    @staticmethod
    def backward(ctx, grad):
        x, target = ctx.saved_tensors
        shared = -Sigmoid.apply(-(target * x)) * spread(grad, ctx.count, ctx.reduction)
        return shared * target, shared * x
