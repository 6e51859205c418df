"""Hyperbolic functions: tanh."""

from __future__ import annotations

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.elementwise import conj, in_place, wide
from tinytorch.promotion import floating
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Tanh(Elementwise):
    """y = tanh x,    dy/dx = 1 - y^2"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = np.tanh(x, out)
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

    inputs = 2
    name = "TanhBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, y):
        ctx.save_for_backward(grad, y)
        return wide(lambda grad, y: grad * (1 - y * y), grad, y)

    @staticmethod
    def backward(ctx, g):
        grad, y = ctx.saved_tensors
        need_grad, need_y = ctx.needs_input_grad
        return (
            TanhGrad.apply(g, conj(y)) if need_grad else None,
            -2 * g * conj(grad * y) if need_y else None,
        )


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=in_place(Tanh))
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, elementwise: between -1 and 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tanh.html

    >>> torch.tanh(torch.tensor([0., 1.]))
    tensor([0.0000, 0.7616])
    """
    return Tanh.apply(input)
