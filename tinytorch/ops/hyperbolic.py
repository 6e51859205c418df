"""Hyperbolic functions and their inverses: sinh, cosh, tanh, asinh, acosh, atanh."""

from __future__ import annotations

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.elementwise import conj, in_place
from tinytorch.ops.operators import over, times
from tinytorch.ops.power import Rsqrt
from tinytorch.promotion import floating
from tinytorch.public import public
from tinytorch.tensor import Tensor

run = kernels.arithmetic.apply

# ---- rules -----------------------------------------------------------------------------------------------------------


class Sinh(Elementwise):
    """y = sinh x = (e^x - e^-x) / 2,    dy/dx = cosh x"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.sinh, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(grad, conj(Cosh.apply(x)))


class Cosh(Elementwise):
    """y = cosh x = (e^x + e^-x) / 2,    dy/dx = sinh x"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.cosh, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(grad, conj(Sinh.apply(x)))


class Tanh(Elementwise):
    """y = tanh x,    dy/dx = 1 - y^2"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = run(np.tanh, x, out)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return TanhGrad.apply(grad, conj(y))


class TanhGrad(Elementwise):
    """dx = dy (1 - y^2), the gradient of tanh as a function of dy and y

    For the gradient g of dx:  ddy = g (1 - y^2),    dy = -2 g dy y
    """

    silent = True
    inputs = 2
    name = "TanhBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, y):
        ctx.save_for_backward(grad, y)
        return kernels.elementwise.tanh_backward(grad, y)

    @staticmethod
    def backward(ctx, g):
        grad, y = ctx.saved_tensors
        need_grad, need_y = ctx.needs_input_grad
        return (
            TanhGrad.apply(g, conj(y)) if need_grad else None,
            times(times(g, -2), conj(times(grad, y))) if need_y else None,
        )


class Asinh(Elementwise):
    """y = arsinh x,    dy/dx = 1 / sqrt(x^2 + 1)"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.arcsinh, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(grad, conj(Rsqrt.apply(times(x, x) + 1)))


class Acosh(Elementwise):
    """y = arcosh x,    dy/dx = 1 / sqrt(x^2 - 1)

    For complex x it is 1 / (sqrt(x - 1) sqrt(x + 1)): the root of the product may have the other sign.
    """

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        ctx.is_complex = x.dtype.kind == "c"
        return run(np.arccosh, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        if ctx.is_complex:
            return grad * conj(Rsqrt.apply(x - 1) * Rsqrt.apply(x + 1))
        return times(grad, Rsqrt.apply(times(x, x) - 1))


class Atanh(Elementwise):
    """y = artanh x,    dy/dx = 1 / (1 - x^2)"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.arctanh, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return over(grad, conj(1 - times(x, x)))


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=in_place(Sinh))
def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine, elementwise.

    >>> torch.sinh(torch.tensor([0., 1.]))
    tensor([0.0000, 1.1752])
    """
    return Sinh.apply(input)


@public(inplace=in_place(Cosh))
def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine, elementwise.

    >>> torch.cosh(torch.tensor([0., 1.]))
    tensor([1.0000, 1.5431])
    """
    return Cosh.apply(input)


@public(inplace=in_place(Tanh))
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, elementwise: between -1 and 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tanh.html

    >>> torch.tanh(torch.tensor([0., 1.]))
    tensor([0.0000, 0.7616])
    """
    return Tanh.apply(input)


@public(inplace=in_place(Asinh), aliases=("arcsinh",))
def asinh(input: Tensor) -> Tensor:
    """The number whose hyperbolic sine is `input`, elementwise.

    >>> torch.asinh(torch.tensor([0., 1.]))
    tensor([0.0000, 0.8814])
    """
    return Asinh.apply(input)


@public(inplace=in_place(Acosh), aliases=("arccosh",))
def acosh(input: Tensor) -> Tensor:
    """The number not below 0 whose hyperbolic cosine is `input`, elementwise: nan below 1.

    >>> torch.acosh(torch.tensor([1., 2.]))
    tensor([0.0000, 1.3170])
    """
    return Acosh.apply(input)


@public(inplace=in_place(Atanh), aliases=("arctanh",))
def atanh(input: Tensor) -> Tensor:
    """The number whose hyperbolic tangent is `input`, elementwise: infinite at 1 and -1, nan beyond.

    >>> torch.atanh(torch.tensor([0., 0.5]))
    tensor([0.0000, 0.5493])
    """
    return Atanh.apply(input)
