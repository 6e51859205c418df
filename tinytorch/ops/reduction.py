"""Sums and means over dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import FLOAT, dtype
from tinytorch.errors import wrap_dim
from tinytorch.ops.shape import Expand
from tinytorch.public import public
from tinytorch.tensor import Tensor


def reduced_dims(dim: Any, ndim: int) -> tuple[int, ...] | None:
    """`dim` (None, one or several, also negative) as a tuple counted from the front; None for all dimensions."""
    if dim is None:
        return None
    if isinstance(dim, (int, np.integer)):
        return (wrap_dim(dim, ndim),) if ndim else None if wrap_dim(dim, 0) == 0 else None
    dims = tuple([wrap_dim(d, ndim) for d in dim])
    if len(set(dims)) != len(dims):
        repeated = next(d for d in dims if dims.count(d) > 1)
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    return dims if dims and ndim else None


def keep_dims(grad: Any, shape: tuple[int, ...], dims: tuple[int, ...] | None) -> Any:
    """`grad` of a reduction over `dims`, with the reduced dimensions back as 1."""
    kept = [1 if dims is None or d in dims else side for d, side in enumerate(shape)]
    return grad.reshape(tuple(kept))


class Sum(Rule):
    """y = sum of x over dims,    dy/dx = 1"""

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        ctx.shape, ctx.dims = x.shape, dims
        if x.dtype.kind in "biu":
            return np.add.reduce(x, dims, np.int64, None, keepdim)
        if x.dtype.char == "e":  # half precision adds up in single
            return np.add.reduce(x, dims, np.float32, None, keepdim).astype(x.dtype)
        return np.add.reduce(x, dims, None, None, keepdim)

    @staticmethod
    def backward(ctx, grad):
        if ctx.dims is not None or len(grad.shape) != 0:
            grad = keep_dims(grad, ctx.shape, ctx.dims)
        return Expand.apply(grad, ctx.shape)


class SumDim(Sum):
    """Sum over some dimensions: Sum under the name that PyTorch's graphs have for it"""

    name = "SumBackward1"


class Mean(Rule):
    """y = sum of x over dims / n,    dy/dx = 1 / n"""

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        ctx.shape, ctx.dims = x.shape, dims
        ctx.count = count = x.size if dims is None else int(np.prod([x.shape[d] for d in dims]))
        if x.dtype.char == "e":
            return (np.add.reduce(x, dims, np.float32, None, keepdim) / np.float32(count)).astype(x.dtype)
        return np.add.reduce(x, dims, None, None, keepdim) / x.dtype.type(count)

    @staticmethod
    def backward(ctx, grad):
        return Expand.apply(keep_dims(grad, ctx.shape, ctx.dims) / ctx.count, ctx.shape)


class MeanDim(Mean):
    """Mean over some dimensions: Mean under the name that PyTorch's graphs have for it"""

    name = "MeanBackward1"


@public()
def sum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None, axis: Any = None, keepdims: bool = False
) -> Tensor:
    """The sum of all elements, or over the dimensions `dim`; integers and bools are summed as int64.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sum.html

    >>> x = torch.tensor([[1., 2.], [3., 4.]])
    >>> torch.sum(x), x.sum(0), x.sum(dim=1, keepdim=True)
    (tensor(10.), tensor([4., 6.]), tensor([[3.],
            [7.]]))
    """
    dim = axis if dim is None else dim
    if dtype is not None:
        input = input.to(dtype)
    if dim is None:
        return Sum.apply(input, None, keepdim or keepdims)
    return SumDim.apply(input, reduced_dims(dim, input._array.ndim), keepdim or keepdims)


@public()
def mean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None, axis: Any = None, keepdims: bool = False
) -> Tensor:
    """The mean of all elements, or over the dimensions `dim`. RuntimeError for integers, which have no mean dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.mean.html

    >>> torch.tensor([[1., 2.], [3., 4.]]).mean(dim=0)
    tensor([2., 3.])
    """
    dim = axis if dim is None else dim
    if dtype is not None:
        input = input.to(dtype)
    kind = dtypes.from_numpy(input._array.dtype)
    if kind.category < FLOAT:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            f"{kind.legacy}\n\nConvert it first (x.float().mean()), or say which dtype: x.mean(dtype=torch.float32)."
        )
    if dim is None:
        return Mean.apply(input, None, keepdim or keepdims)
    return MeanDim.apply(input, reduced_dims(dim, input._array.ndim), keepdim or keepdims)
