"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.autograd.rule import Rule
from tinytorch.ops.arithmetic import conj
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Mm(Rule):
    """z = x @ y,    dx = dz @ y^T,    dy = x^T @ dz"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, y):
        need_x, need_y = ctx.needs_input_grad[:2]
        ctx.save_for_backward(x if need_y else None, y if need_x else None)
        return np.matmul(x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return None if y is None else grad @ conj(y).T, None if x is None else conj(x).T @ grad


@public()
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of the matrices `input` (n, m) and `mat2` (m, p), of shape (n, p).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.mm.html

    >>> torch.mm(torch.tensor([[1., 2.]]), torch.tensor([[3.], [4.]]))
    tensor([[11.]])
    """
    x, y = input._array, mat2._array
    if x.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if y.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    if x.shape[1] != y.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})"
        )
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {_c_name(input)} != {_c_name(mat2)}"
        )
    return Mm.apply(input, mat2)


_C_NAMES = {"Float": "float", "Double": "double", "Half": "c10::Half", "BFloat16": "c10::BFloat16", "Int": "int",
            "Long": "long", "Short": "short", "Char": "signed char", "Byte": "unsigned char", "Bool": "bool",
            "ComplexFloat": "c10::complex<float>", "ComplexDouble": "c10::complex<double>"}  # fmt: skip


def _c_name(tensor: Any) -> str:
    """The dtype's name as that error of PyTorch has it."""
    return _C_NAMES[tensor.dtype.legacy]
