"""Rectifiers: activations that keep what is positive and flatten what is not (ReLU, LeakyReLU, ELU, PReLU ...).

Source: https://docs.pytorch.org/docs/2.13/nn.functional.html#non-linear-activation-functions
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import draws, kernels
from tinytorch.autograd.rule import Elementwise
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.activating import Gate, either, inplace_form, need_float
from tinytorch.ops.elementwise import Keep, zeros_like
from tinytorch.ops.exponential import Exp
from tinytorch.ops.where import Where
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Relu(Elementwise):
    """y = max(x, 0),    dy/dx = 1 where y > 0, else 0 (also at 0)"""

    silent = True

    @staticmethod
    def forward(ctx, x, out=None):
        if out is None and x.dtype.char in "fd":
            y = kernels.elementwise.clamp(x, 0.0, math.inf)
        else:
            y = np.maximum(x, 0, out=out)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return ReluGrad.apply(grad, y)


class ReluGrad(Elementwise):
    """dx = g where y > 0 or nan, else 0,    d dx/dg likewise,    d dx/dy = 0, as for Gate"""

    silent = True
    inputs = 2
    name = Gate.name

    @staticmethod
    def forward(ctx, grad, y):
        ctx.save_for_backward(y)
        return kernels.elementwise.relu_backward(grad, y)

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return ReluGrad.apply(grad, y), zeros_like(grad)


class LeakyRelu(Elementwise):
    """y = x where x > 0, else slope x,    dy/dx = 1 or slope"""

    silent = True

    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return kernels.elementwise.leaky_relu(x, slope)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        if not isinstance(grad, Tensor):
            return kernels.elementwise.leaky_relu_backward(grad, x, ctx.slope)
        return Gate.apply(grad, x, x > 0, ctx.slope)


class Elu(Elementwise):
    """y = scale x where x > 0, else scale a (e^(x s) - 1),    dy/dx = scale, or scale a s e^(x s)"""

    @staticmethod
    def forward(ctx, x, alpha, scale, input_scale):
        ctx.save_for_backward(x)
        ctx.alpha, ctx.scale, ctx.input_scale = alpha, scale, input_scale
        wide = widen(x)
        return narrow(
            np.where(wide > 0, wide * scale, np.expm1(wide * input_scale) * (alpha * scale)).astype(wide.dtype), x
        )

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        slope = ctx.alpha * ctx.scale * ctx.input_scale
        negative = Keep.apply(x, x < 0)  # no power of a large x, which would be inf
        return Where.apply(x <= 0, grad * (Exp.apply(negative * ctx.input_scale) * slope), grad * ctx.scale)


class Celu(Elu):
    """y = max(0, x) + min(0, a (e^(x / a) - 1)): Elu with input scale 1 / a, under PyTorch's name"""


class PreluKernel(Elementwise):
    """y = x where x > 0, else w x,    dy/dx = 1 or w,    dy/dw = 0 or x"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return np.where(x > 0, x, weight * x)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return Where.apply(x > 0, grad, grad * weight), Where.apply(x > 0, grad * 0, grad * x)


class RreluWithNoise(Elementwise):
    """y = r x,    dy/dx = r,  where r is 1 for x > 0 and else was drawn at random"""

    @staticmethod
    def forward(ctx, x, noise):
        ctx.noise = noise
        return x * noise

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.noise


class RreluWithoutNoise(LeakyRelu):
    """y = x where x > 0, else slope x: LeakyRelu with the mean slope, under PyTorch's name"""

    name = "RreluWithNoiseBackward0"


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=True, out=False)
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), elementwise; the gradient at 0 is 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.relu.html

    >>> torch.relu(torch.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"relu(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if input._array.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    return either(Relu, input, True) if inplace else Relu.apply(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where it is positive, else negative_slope * input."""
    need_float(input, "leaky_relu_cpu")
    return either(LeakyRelu, input, inplace, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where it is positive, else alpha (e^input - 1)."""
    need_float(input, "elu_cpu")
    return either(Elu, input, inplace, alpha, 1.0, 1.0)


@public(method=False, out=False)
def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(0, x) + min(0, alpha (e^(x / alpha) - 1))."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    need_float(input, "elu_cpu")
    return either(Celu, input, inplace, alpha, 1.0, 1.0 / alpha)


_SELU = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946)


@public(method=False, out=False)
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """scale (max(0, x) + min(0, alpha (e^x - 1))) with the constants of Klambauer et al. (2017)."""
    need_float(input, "elu_cpu")
    return either(Elu, input, inplace, *_SELU, 1.0)


@public(out=False)
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, else weight * x: one weight, or one for each channel (dimension 1).

    >>> torch.prelu(torch.tensor([-4., 4.]), torch.tensor(0.5))
    tensor([-2.,  4.])
    """
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() != 1:
        if not input.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        if weight.numel() != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.numel()} and "
                f"channel size = {channels}."
            )
        if weight.ndim > 1:
            raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
        weight = weight.reshape([1, channels] + [1] * (input.ndim - 2))
    elif weight.ndim:
        weight = weight.reshape([1] * max(input.ndim, 1)) if input.ndim else weight.reshape(())
    return PreluKernel.apply(input, weight)


@public(method=False, out=False)
def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    generator: Any = None,
) -> Tensor:
    """x where x > 0, else a x with a drawn uniformly from [lower, upper) in training, else their mean."""
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    need_float(input, "leaky_relu_cpu" if not training else "rrelu_with_noise_out_cpu")
    if not training:
        return either(RreluWithoutNoise, input, inplace, (lower + upper) / 2)
    low, high = (float(input._array.dtype.type(bound)) for bound in (lower, upper))
    return either(RreluWithNoise, input, inplace, draws.slopes(input._array, low, high, generator))


relu_, leaky_relu_, elu_, celu_, selu_, rrelu_ = map(inplace_form, (relu, leaky_relu, elu, celu, selu, rrelu))
