"""Views: the same memory with another shape, or with its dimensions in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.autograd.rule import Rule
from tinytorch.errors import wrap_dim
from tinytorch.kernels.layout import broadcast
from tinytorch.public import public
from tinytorch.tensor import Tensor


def sizes(args: tuple) -> tuple:
    """The sizes or dims of a call: f(2, 3) or f((2, 3)) or f(torch.Size([2, 3]))."""
    if len(args) == 1 and not isinstance(args[0], (int, np.integer, Tensor)):
        args = tuple(args[0])
    return tuple([int(size) for size in args])


class ViewRule(Rule):
    """A rule whose output shares its first input's memory."""

    is_view = True


class Reshape(ViewRule):
    """y = x in another shape,    dx = dy in x's shape"""

    name = "ViewBackward0"

    @staticmethod
    def forward(ctx, x, shape):
        ctx.shape = x.shape
        return x.reshape(shape)

    @staticmethod
    def backward(ctx, grad):
        return grad.reshape(ctx.shape)


class Expand(ViewRule):
    """y = x repeated along dimensions of size 1,    dx = dy summed over them (which the engine does)"""

    @staticmethod
    def forward(ctx, x, shape):
        return broadcast(x, shape)

    @staticmethod
    def backward(ctx, grad):
        return grad


class Permute(ViewRule):
    """y = x with its dimensions in the order `dims`,    dx = dy with them put back"""

    @staticmethod
    def forward(ctx, x, dims):
        ctx.dims = dims
        return x.transpose(dims)

    @staticmethod
    def backward(ctx, grad):
        return Permute.apply(grad, tuple(sorted(range(len(ctx.dims)), key=ctx.dims.__getitem__)))


class Transpose(ViewRule):
    """y = x with two dimensions exchanged,    dx = dy with them exchanged"""

    @staticmethod
    def forward(ctx, x, dim0, dim1):
        ctx.dims = dim0, dim1
        return x.swapaxes(dim0, dim1)

    @staticmethod
    def backward(ctx, grad):
        return Transpose.apply(grad, *ctx.dims)


class T(ViewRule):
    """y = x^T of a matrix,    dx = dy^T"""

    @staticmethod
    def forward(ctx, x):
        return x.T

    @staticmethod
    def backward(ctx, grad):
        return T.apply(grad)


@public(out=False)
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix, a view; tensors of fewer dimensions stay as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.t.html

    >>> torch.tensor([[1, 2, 3]]).t().shape
    torch.Size([3, 1])
    """
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return T.apply(input)


@public(out=False, aliases=("swapaxes", "swapdims"))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A view with the dimensions dim0 and dim1 exchanged.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.transpose.html

    >>> torch.zeros(2, 3, 5).transpose(0, -1).shape
    torch.Size([5, 3, 2])
    """
    ndim = input._array.ndim
    return Transpose.apply(input, wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)) if ndim else input.view(())


def _check_permutation(dims: Any, ndim: int) -> tuple[int, ...]:
    if len(dims) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple([wrap_dim(d, ndim) for d in dims])
    if len(set(order)) != len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return order


@public(method=False, out=False)
def permute(input: Tensor, dims: Any) -> Tensor:
    """A view with the dimensions in the order `dims`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.permute.html

    >>> torch.permute(torch.zeros(2, 3, 5), (2, 0, 1)).shape
    torch.Size([5, 2, 3])
    """
    return Permute.apply(input, _check_permutation(dims, input._array.ndim))
