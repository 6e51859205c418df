"""Sums, means and products over dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import dtypes, kernels
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import FLOAT, dtype
from tinytorch.errors import wrap_dim
from tinytorch.ops.cumulative import Cumprod, Shift
from tinytorch.ops.dims import check_dtype, check_flag, count, has_zero, in_dtype, keep_dims, reduced_dims
from tinytorch.ops.elementwise import conj
from tinytorch.ops.expansion import Expand
from tinytorch.ops.operators import over
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor


class Sum(Rule):
    """y = sum of x over dims,    dy/dx = 1"""

    silent = True

    @staticmethod
    def forward(ctx, x, dims, keepdim, dtype=None):
        ctx.shape, ctx.dim = x.shape, dims
        if dtype is None:
            return kernels.reduce.sum(x, dims, keepdim)
        return in_dtype(kernels.reduce.sum(in_dtype(x, dtype), dims, keepdim), dtype)

    @staticmethod
    def backward(ctx, grad):
        return Expand.apply(keep_dims(grad, ctx.shape, ctx.dim), ctx.shape)


class SumDim(Sum):
    """Sum over some dimensions: Sum under the name that PyTorch's graphs have for it"""

    name = "SumBackward1"


class Mean(Rule):
    """y = sum of x over dims / n,    dy/dx = 1 / n"""

    silent = True

    @staticmethod
    def forward(ctx, x, dims, keepdim, dtype=None):
        ctx.shape, ctx.dim = x.shape, dims
        return kernels.reduce.mean(in_dtype(x, dtype), dims, keepdim)

    @staticmethod
    def backward(ctx, grad):
        share = over(grad, count(ctx.shape, ctx.dim) or 1)  # of nothing there is no gradient, whatever it is divided by
        return Expand.apply(keep_dims(share, ctx.shape, ctx.dim), ctx.shape)


class MeanDim(Mean):
    """Mean over some dimensions: Mean under the name that PyTorch's graphs have for it"""

    name = "MeanBackward1"


class Nansum(Rule):
    """y = sum of the x that are not nan,    dy/dx = 1 there, 0 where x is nan"""

    @staticmethod
    def forward(ctx, x, dims, keepdim, dtype=None):
        ctx.dim = dims
        ctx.save_for_backward(x)
        numbers = np.where(np.isnan(x), x.dtype.type(0), x)
        return in_dtype(kernels.reduce.sum(in_dtype(numbers, dtype), dims, keepdim), dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return keep_dims(grad, x.shape, ctx.dim) * (x == x)  # only nan differs from itself


class ProdDim(Rule):
    """y = product of x along dim,    dy/dx_i = the product of the others: y / x_i, or from both sides if an x is 0"""

    silent = True
    name = "ProdBackward1"

    @staticmethod
    def forward(ctx, x, dim, keepdim, dtype=None):
        y = in_dtype(kernels.reduce.prod(in_dtype(x, dtype), dim if x.ndim else None, keepdim), dtype)
        ctx.dim = dim
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        if not x.shape:
            return grad
        dims = (ctx.dim,)
        grad = keep_dims(grad, x.shape, dims)
        if has_zero(x):
            return grad * conj(product_of_others(x, ctx.dim))
        return grad * conj(keep_dims(y, x.shape, dims) / x)


class Prod(Rule):
    """y = product of all x,    dy/dx_i = the product of the others"""

    silent = True

    @staticmethod
    def forward(ctx, x, dtype=None):
        y = in_dtype(kernels.reduce.prod(in_dtype(x, dtype)), dtype)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        if not x.shape:
            return grad
        if has_zero(x):
            return grad * conj(product_of_others(x.reshape(-1), 0).reshape(x.shape))
        return grad * conj(y / x)


def product_of_others(x: Any, dim: int) -> Any:
    """At every place the product of all other x along `dim`: of those before it and of those after it.

    Unlike (product of all) / x this is right where x is 0.
    """
    before = Shift.apply(Cumprod.apply(x, dim), dim, 1)
    after = Shift.apply(Cumprod.apply(x, dim, True), dim, 1, True)
    return before * after


@public(out="dtype")
def sum(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    axis: Any = None,
    keepdims: bool = False,
) -> Tensor:
    """The sum of all elements, or over the dimensions `dim`; integers and bools are summed as int64.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sum.html

    >>> x = torch.tensor([[1., 2.], [3., 4.]])
    >>> torch.sum(x), x.sum(0), x.sum(dim=1, keepdim=True)
    (tensor(10.), tensor([4., 6.]), tensor([[3.],
            [7.]]))
    """
    # axis and keepdims are written out here and in mean, the most frequent reductions: @numpy_names costs a call.
    if axis is not None:
        dim = axis
    if keepdims:
        keepdim = keepdims
    if keepdim is not False:
        check_flag("sum", "keepdim", keepdim)
    dims = reduced_dims(dim, input._array.ndim)
    rule = Sum if dim is None and not keepdim else SumDim
    return rule.apply(input, dims, keepdim) if dtype is None else rule.apply(input, dims, keepdim, dtype)


@public()
def mean(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    axis: Any = None,
    keepdims: bool = False,
) -> Tensor:
    """The mean of all elements, or over the dimensions `dim`. RuntimeError for integers, which have no mean dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.mean.html

    >>> torch.tensor([[1., 2.], [3., 4.]]).mean(dim=0)
    tensor([2., 3.])
    """
    if axis is not None:
        dim = axis
    if keepdims:
        keepdim = keepdims
    if keepdim is not False:
        check_flag("mean", "keepdim", keepdim)
    check_dtype("mean", input._array, dtype)
    dims = reduced_dims(dim, input._array.ndim)
    rule = Mean if dim is None and not keepdim else MeanDim
    return rule.apply(input, dims, keepdim) if dtype is None else rule.apply(input, dims, keepdim, dtype)


@public(out="dtype")
@numpy_names
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The sum of the elements that are not nan.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nansum.html

    >>> torch.nansum(torch.tensor([1., float("nan"), 2.]))
    tensor(3.)
    """
    kind = input._array.dtype.kind
    if kind == "c":
        raise RuntimeError("nansum on CPU does not support complex inputs")
    dims = reduced_dims(dim, input._array.ndim)
    return (SumDim if kind in "biu" else Nansum).apply(input, dims, keepdim, dtype)


@public()
@numpy_names
def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The mean of the elements that are not nan; nan where all are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nanmean.html

    >>> torch.nanmean(torch.tensor([1., float("nan"), 2.]))
    tensor(1.5000)
    """
    found = dtypes.from_numpy(input._array.dtype)
    if found.category < FLOAT:
        raise RuntimeError(f"nanmean(): expected input to have floating point or complex dtype but got {found.legacy}")
    total = nansum(input, dim, keepdim, dtype=dtype)
    return total / (input.detach() == input.detach()).sum(dim, keepdim)


@public(out="dtype")
@numpy_names
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The product of all elements, or along one dimension; of integers and bools as int64.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.prod.html

    >>> x = torch.tensor([[1., 2.], [3., 4.]])
    >>> torch.prod(x), x.prod(1)
    (tensor(24.), tensor([ 2., 12.]))
    """
    if dim is None:
        return Prod.apply(input, dtype)
    return ProdDim.apply(input, wrap_dim(dim, input._array.ndim), keepdim, dtype)
