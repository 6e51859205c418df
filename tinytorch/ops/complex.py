"""Complex numbers: conjugates."""

from __future__ import annotations

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Conj(Elementwise):
    """y = the complex conjugate of x,    dx = the conjugate of dy"""

    @staticmethod
    def forward(ctx, x, out=None):
        return np.conjugate(x, out)

    @staticmethod
    def backward(ctx, grad):
        return grad.conj()


@public(out=False)
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own.

    >>> torch.tensor([1 + 2j]).conj()
    tensor([1.-2.j])
    """
    return Conj.apply(input) if input._array.dtype.kind == "c" else input
