"""Activations made of straight pieces: cut off, shrunk towards 0, or 0 below a threshold (Hardtanh, Softshrink ...).

Source: https://docs.pytorch.org/docs/2.13/nn.functional.html#non-linear-activation-functions
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import BOOL, from_numpy
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.activating import Gate, either, inplace_form, need_float
from tinytorch.ops.elementwise import Keep
from tinytorch.ops.where import Where
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Hardtanh(Elementwise):
    """y = x between low and high, else the bound,    dy/dx = 1 strictly between, else 0"""

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return np.minimum(np.maximum(x, as_dtype(low, x)), as_dtype(high, x))

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return Gate.apply(grad, x, ~((x <= ctx.low) | (x >= ctx.high)))


class Hardsigmoid(Elementwise):
    """y = (x + 3) / 6 between 0 and 1,    dy/dx = 1/6 where -3 < x < 3, else 0"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        wide = widen(x)
        return narrow(np.minimum(np.maximum(wide + 3, 0), 6) / 6, x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return Gate.apply(grad / 6, x, (x > -3) & (x < 3))


class Hardswish(Elementwise):
    """y = x hardsigmoid(x),    dy/dx = 0 where x <= -3, 1 where x >= 3, else (2 x + 3) / 6"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        wide = widen(x)
        return narrow(wide * np.minimum(np.maximum(wide + 3, 0), 6) / 6, x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        slope = Keep.apply(x, x < 3) / 3 + 0.5
        return Gate.apply(Where.apply(x < 3, grad * slope, grad), x, ~(x <= -3))


class Hardshrink(Elementwise):
    """y = x where |x| > lambda, else 0,    dy/dx = 1 or 0"""

    @staticmethod
    def forward(ctx, x, lambd):
        ctx.save_for_backward(x)
        ctx.lambd = lambd
        return np.where((x >= -lambd) & (x <= lambd), x.dtype.type(0), x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return Gate.apply(grad, x, ~((x >= -ctx.lambd) & (x <= ctx.lambd)))


class Softshrink(Elementwise):
    """y = x - lambda where x > lambda, x + lambda where x < -lambda, else 0,    dy/dx = 1 or 0"""

    @staticmethod
    def forward(ctx, x, lambd):
        ctx.save_for_backward(x)
        ctx.lambd = lambd
        step = x.dtype.type(lambd)
        return np.where(x > step, x - step, np.where(x < -step, x + step, x * 0))

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return Gate.apply(grad, x, ~((x >= -ctx.lambd) & (x <= ctx.lambd)))


class Threshold(Elementwise):
    """y = x where x > threshold, else value,    dy/dx = 1 or 0"""

    @staticmethod
    def forward(ctx, x, threshold, value):
        ctx.save_for_backward(x)
        ctx.threshold = threshold
        return np.where(x <= as_dtype(threshold, x), as_dtype(value, x), x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return Gate.apply(grad, x, ~(x <= ctx.threshold))


def as_dtype(number: float, x: Any) -> Any:
    """The number in the dtype of the array x; an integer dtype cuts off what follows the point."""
    return np.asarray(number).astype(x.dtype)[()][()]


# ---- functions -------------------------------------------------------------------------------------------------------


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x, cut off at min_val and max_val."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if from_numpy(input._array.dtype).category == BOOL:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if input._array.dtype.kind == "u" and int(min_val) < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return either(Hardtanh, input, inplace, min_val, max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6)."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(x + 3) / 6, cut off at 0 and 1."""
    need_float(input, "hardsigmoid_cpu")
    return either(Hardsigmoid, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x)."""
    need_float(input, "hardswish_cpu")
    return either(Hardswish, input, inplace)


@public(out="Found dtype {given.legacy} but expected {wanted.legacy}")
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x, and 0 between -lambd and lambd.

    >>> torch.hardshrink(torch.tensor([0.4, -0.6]))
    tensor([ 0.0000, -0.6000])
    """
    need_float(input, "hardshrink_cpu")
    return Hardshrink.apply(input, lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, and 0 between -lambd and lambd."""
    need_float(input, "softshrink_check")
    if lambd < 0:
        limit = np.finfo(input._array.dtype).max
        kind = input.dtype.legacy
        raise RuntimeError(f"lambda must be in range [0, {limit:g}] for input dtype {kind}, but found {lambd:g}")
    return Softshrink.apply(input, lambd)


@public(method=False, out=False)
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, else value.

    >>> torch.threshold(torch.tensor([0.5, -0.5]), 0., 9.)
    tensor([0.5000, 9.0000])
    """
    if input._array.dtype.kind == "b":
        need_float(input, "threshold_cpu")
    return either(Threshold, input, inplace, threshold, value)


hardtanh_, threshold_ = map(inplace_form, (hardtanh, threshold))
