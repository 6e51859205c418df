"""The logistic function: sigmoid (expit)."""

from __future__ import annotations

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.elementwise import conj
from tinytorch.promotion import floating
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Sigmoid(Elementwise):
    """y = 1 / (1 + e^-x),    dy/dx = (1 - y) y"""

    promote = floating

    @staticmethod
    def forward(ctx, x):
        y = kernels.elementwise.sigmoid(x) if x.dtype.kind != "c" else 1 / (1 + np.exp(-x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return SigmoidGrad.apply(grad, conj(y))


class SigmoidGrad(Elementwise):
    """dx = dy (1 - y) y, the gradient of sigmoid as a function of dy and y

    For the gradient g of dx:  ddy = g (1 - y) y,    dy = g dy (1 - 2 y)
    """

    inputs = 2
    name = "SigmoidBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, y):
        ctx.save_for_backward(grad, y)
        return kernels.elementwise.sigmoid_backward(grad, y)

    @staticmethod
    def backward(ctx, g):
        grad, y = ctx.saved_tensors
        need_grad, need_y = ctx.needs_input_grad
        return (
            SigmoidGrad.apply(g, conj(y)) if need_grad else None,
            g * conj(grad * (1 - 2 * y)) if need_y else None,
        )


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=True)
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-input), elementwise: between 0 and 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sigmoid.html

    >>> torch.sigmoid(torch.tensor([-1., 0., 1.]))
    tensor([0.2689, 0.5000, 0.7311])
    """
    return Sigmoid.apply(input)
