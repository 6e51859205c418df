"""Triangles and diagonals of matrices: tril, triu, trace, fill_diagonal_."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import wrong_type
from tinytorch.autograd.rule import Rule
from tinytorch.device import as_array
from tinytorch.kernels.arrays import eye
from tinytorch.ops.elementwise import Keep
from tinytorch.ops.writing import Writing, write_in_place
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor


class Tril(Writing):
    """y = x with zeros above a diagonal,    dx = dy with zeros there"""

    silent = True
    lower = True

    @classmethod
    def forward(cls, ctx, x, diagonal):
        ctx.diagonal = diagonal
        return kernels.triangles.triangle(x, diagonal, cls.lower)

    @classmethod
    def put(cls, y, diagonal):
        kernels.triangles.keep_triangle(y, diagonal, cls.lower)

    @classmethod
    def backward(cls, ctx, grad):
        return cls.apply(grad, ctx.diagonal)


class Triu(Tril):
    """y = x with zeros below a diagonal,    dx = dy with zeros there"""

    lower = False


class Trace(Rule):
    """y = the sum of x_ii,    dx_ii = dy,    dx_ij = 0"""

    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        wide = np.int64 if x.dtype.kind in "iu" else np.float32 if x.dtype.itemsize == 2 else x.dtype
        y = np.trace(x, dtype=wide)
        return as_array(y) if wide is np.int64 else as_array(y).astype(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        there = grad._array if isinstance(grad, Tensor) else grad
        return Keep.apply(grad, eye(ctx.shape[0], ctx.shape[1], 0, np.bool_, there))


def _check_triangle(name: str, input: Tensor, diagonal: Any) -> None:
    """TypeError for a diagonal that is no int, RuntimeError for a tensor that is no matrix."""
    if type(diagonal) is not int:
        raise wrong_type(name, "diagonal", 1, "int", diagonal)
    if input._array.ndim < 2:
        raise RuntimeError(f"{name.rstrip('_')}: input tensor must have at least 2 dimensions")


@public(out="same")
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of a matrix (or of a batch of them), zeros above its diagonal number `diagonal`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tril.html

    >>> torch.tril(torch.ones(2, 3)), torch.tril(torch.ones(2, 3), diagonal=1)
    (tensor([[1., 0., 0.],
            [1., 1., 0.]]), tensor([[1., 1., 0.],
            [1., 1., 1.]]))
    """
    _check_triangle("tril", input, diagonal)
    return Tril.apply(input, diagonal)


@public(out="same")
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of a matrix (or of a batch of them), zeros below its diagonal number `diagonal`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.triu.html

    >>> torch.triu(torch.ones(2, 3))
    tensor([[1., 1., 1.],
            [0., 1., 1.]])
    """
    _check_triangle("triu", input, diagonal)
    return Triu.apply(input, diagonal)


def tril_(self: Tensor, diagonal: int = 0) -> Tensor:
    _check_triangle("tril_", self, diagonal)
    return write_in_place(Tril, self, diagonal)


def triu_(self: Tensor, diagonal: int = 0) -> Tensor:
    _check_triangle("triu_", self, diagonal)
    return write_in_place(Triu, self, diagonal)


@public(out=False)
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.trace.html

    >>> torch.trace(torch.tensor([[1., 2.], [3., 4.]]))
    tensor(5.)
    """
    x = input._array
    if x.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")
    if x.dtype.kind == "b":
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    return Trace.apply(input)


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    x = self._array
    if isinstance(fill_value, Tensor) and not fill_value._array.ndim:
        fill_value = fill_value.item()
    if not isinstance(fill_value, (bool, int, float, complex, np.number)):
        raise wrong_type("fill_diagonal_", "fill_value", 1, "Number", fill_value)
    if x.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if x.ndim > 2 and len(set(x.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    if x.ndim > 2:
        step = sum(stride // x.itemsize for stride in x.strides)
        self.as_strided((x.shape[0],), (step,), self.storage_offset()).fill_(fill_value)
        return self
    rows, columns = x.shape
    for top in range(0, rows, columns + 1) if wrap else (0,):  # below a square and a free row the diagonal begins anew
        self[top:].diagonal().fill_(fill_value)
    return self


for _function in (tril_, triu_, fill_diagonal_):
    publish_inplace(_function.__name__, _function)
