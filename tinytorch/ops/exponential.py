"""e^x and its relatives: exp, log and their variants."""

from __future__ import annotations

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.arithmetic import conj
from tinytorch.promotion import floating
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Exp(Elementwise):
    """y = e^x,    dy/dx = y"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = np.exp(x, out)
        ctx.save_for_backward(y)  # the output is its own derivative: x can be freed
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * conj(y)


class Log(Elementwise):
    """y = ln x,    dy/dx = 1 / x"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return np.log(x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / conj(x)


@public(inplace=True)
def exp(input: Tensor) -> Tensor:
    """e^input, elementwise; integers become the default floating point dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.exp.html

    >>> torch.exp(torch.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
    """
    return Exp.apply(input)


@public(inplace=True)
def log(input: Tensor) -> Tensor:
    """The natural logarithm, elementwise: -inf at 0, nan below.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.log.html

    >>> torch.log(torch.tensor([1., 10.]))
    tensor([0.0000, 2.3026])
    """
    return Log.apply(input)
