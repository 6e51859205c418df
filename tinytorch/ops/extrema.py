"""The largest and the smallest: max, min, amax, amin, aminmax, argmax, argmin.

A nan is larger and smaller than every number: one nan makes the extreme nan. Of equal winners max(dim), min(dim) and
argmax give the first, which also gets the gradient; amax, amin, aminmax and the max of everything share it evenly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels, return_types
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import from_numpy
from tinytorch.errors import wrap_dim
from tinytorch.ops.dims import check_not_empty, keep_dims, reduced_dims
from tinytorch.ops.selection import SelectingOne
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor

_tuple = tuple.__new__  # makes a named tuple without counting its items


class Share(Rule):
    """1/k at each of the k elements of x that equal y (the extreme over dims), else 0; gradients see a constant"""

    inputs = 2
    differentiable = False

    @staticmethod
    def forward(ctx, x, y, dims, nan_too):
        winners = x == y
        if nan_too:
            winners |= np.isnan(x) & np.isnan(y)
        shares = winners.astype(np.float64 if x.dtype.char == "d" else np.float32)
        return shares / kernels.reduce.sum(shares, dims, True)


class Amax(Rule):
    """y = the largest x over dims,    dy/dx = 1/k for each of the k largest, else 0"""

    silent = True
    kernel = "amax"
    nan_too = False  # PyTorch's amax has a nan for the gradient where y is nan, its max of everything has not

    @classmethod
    def forward(cls, ctx, x, dims, keepdim):
        y = getattr(kernels.extrema, cls.kernel)(x, dims, keepdim)
        if ctx.needs_input_grad[0]:
            ctx.dim, ctx.nan = dims, cls.nan_too
            ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        share = Share.apply(x, keep_dims(y, x.shape, ctx.dim), ctx.dim, ctx.nan)
        return keep_dims(grad, x.shape, ctx.dim) * share


class Amin(Amax):
    """y = the smallest x over dims,    dy/dx = 1/k for each of the k smallest, else 0"""

    kernel = "amin"


class MaxAll(Amax):
    """Amax of everything, under the name that PyTorch's graphs have for it"""

    name = "MaxBackward1"
    nan_too = True


class MinAll(Amin):
    """Amin of everything, under the name that PyTorch's graphs have for it"""

    name = "MinBackward1"
    nan_too = True


class Max(SelectingOne):
    """values, indices = the largest x along dim and its place;    dx = dvalues at this place, else 0"""

    silent = True
    kernel = "max_with_indices"

    @classmethod
    def forward(cls, ctx, x, dim, keepdim):
        values, indices = getattr(kernels.extrema, cls.kernel)(x, dim, keepdim)
        if ctx.needs_input_grad[0]:
            ctx.dim, ctx.shape = dim, x.shape
            ctx.save_for_backward(keep_dims(indices, x.shape, (dim,)))
        return values, indices


class Min(Max):
    """values, indices = the smallest x along dim and its place;    dx = dvalues at this place, else 0"""

    kernel = "min_with_indices"


class Aminmax(Rule):
    """(the smallest, the largest) x over dims;    gradients as those of amin and amax"""

    silent = True

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        low, high = kernels.extrema.amin(x, dims, keepdim), kernels.extrema.amax(x, dims, keepdim)
        ctx.dim = dims
        ctx.save_for_backward(x, low, high)
        return low, high

    @staticmethod
    def backward(ctx, grad_low, grad_high):
        x, low, high = ctx.saved_tensors
        total = None
        for grad, y in ((grad_low, low), (grad_high, high)):
            if grad is not None:
                share = Share.apply(x, keep_dims(y, x.shape, ctx.dim), ctx.dim, False)
                part = keep_dims(grad, x.shape, ctx.dim) * share
                total = part if total is None else total + part
        return total


class Argmax(Rule):
    """The place of the largest x along dim, or among all elements"""

    silent = True
    differentiable = False
    kernel = "argmax"

    @classmethod
    def forward(cls, ctx, x, dim, keepdim):
        return getattr(kernels.extrema, cls.kernel)(x, dim if x.ndim else None, keepdim)


class Argmin(Argmax):
    """The place of the smallest x along dim, or among all elements"""

    kernel = "argmin"


# ---- max and min in their three forms --------------------------------------------------------------------------------


_FORMS = (
    "(Tensor input, *, Tensor out = None)",
    "(Tensor input, Tensor other, *, Tensor out = None)",
    "(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)",
    "(Tensor input, name dim, bool keepdim = False, *, tuple of Tensors out = None)",
)


def _out_dtype(input: Tensor, dim: Any = None, *args: Any, **kwargs: Any) -> bool | str:
    """What max and min demand of out=: only what they find along a dimension is not cast."""
    return "same" if isinstance(dim, int) else True


@public(out=_out_dtype, forms=_FORMS)
@numpy_names
def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The largest of all elements; or along `dim`, with its place; or the larger of two tensors, elementwise.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.max.html

    >>> x = torch.tensor([[1., 5.], [7., 2.]])
    >>> x.max(), torch.max(x, torch.tensor(3.))
    (tensor(7.), tensor([[3., 5.],
            [7., 3.]]))
    >>> x.max(dim=1)
    torch.return_types.max(
    values=tensor([5., 7.]),
    indices=tensor([1, 0]))
    """
    if dim is None and other is None:
        return _of_all("max", MaxAll, input, keepdim)
    if other is not None or isinstance(dim, Tensor):
        return input.maximum(dim if other is None else other)
    return _tuple(return_types.max, _along("max", Max, input, dim, keepdim))


@public(out=_out_dtype, forms=_FORMS)
@numpy_names
def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The smallest of all elements; or along `dim`, with its place; or the smaller of two tensors, elementwise.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.min.html

    >>> x = torch.tensor([[1., 5.], [7., 2.]])
    >>> x.min(), x.min(dim=1).indices
    (tensor(1.), tensor([0, 1]))
    """
    if dim is None and other is None:
        return _of_all("min", MinAll, input, keepdim)
    if other is not None or isinstance(dim, Tensor):
        return input.minimum(dim if other is None else other)
    return _tuple(return_types.min, _along("min", Min, input, dim, keepdim))


def _of_all(name: str, rule: type[Amax], input: Tensor, keepdim: bool) -> Tensor:
    x = input._array
    if keepdim:
        raise TypeError(f"{name}() received an invalid combination of arguments: keepdim needs a dim")
    if not x.size:
        check_not_empty(name, x.shape, None)
    if x.dtype.kind == "c":
        raise NotImplementedError(f"\"{name}_all\" not implemented for '{from_numpy(x.dtype).legacy}'")
    return rule.apply(input, None, False)


def _along(name: str, rule: type[Max], input: Tensor, dim: int, keepdim: bool) -> tuple[Tensor, Tensor]:
    x = input._array
    dim = wrap_dim(dim, x.ndim)
    if not x.size:
        check_not_empty(name, x.shape, (dim,))
    if x.dtype.kind == "c":
        raise RuntimeError(f"{name}(): does not support complex input")
    return rule.apply(input, dim, keepdim)


# ---- the others ------------------------------------------------------------------------------------------------------

_OUT_DTYPE = (
    "Expected the dtype for input and out to match, but got {wanted.legacy} for input's dtype and "
    "{given.legacy} for out's "
    "dtype."
)


@public(out=_OUT_DTYPE)
@numpy_names
def amax(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The largest element over the dimensions `dim`, or of all; equal ones share the gradient evenly.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.amax.html

    >>> torch.amax(torch.tensor([[1., 5.], [7., 2.]]), dim=(0, 1))
    tensor(7.)
    """
    return _over("amax", Amax, input, dim, keepdim)


@public(out=_OUT_DTYPE)
@numpy_names
def amin(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The smallest element over the dimensions `dim`, or of all; equal ones share the gradient evenly.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.amin.html

    >>> torch.amin(torch.tensor([[1., 5.], [7., 2.]]), dim=1)
    tensor([1., 2.])
    """
    return _over("amin", Amin, input, dim, keepdim)


def _over(name: str, rule: type[Amax], input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    x = input._array
    dims = reduced_dims(dim, x.ndim)
    if not x.size:  # the error names the dimensions as they were given
        check_not_empty(name, x.shape, dims and ((dim,) if isinstance(dim, int) else dim))
    if x.dtype.kind == "c":
        legacy = from_numpy(x.dtype).legacy
        raise NotImplementedError(f"\"{name[1:]}_values_cpu\" not implemented for '{legacy}'")
    return rule.apply(input, dims, keepdim)


@public(out="same")
@numpy_names
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> return_types.aminmax:
    """The smallest and the largest element, of all or along one dimension.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.aminmax.html

    >>> torch.aminmax(torch.tensor([3, 1, 2]))
    torch.return_types.aminmax(
    min=tensor(1),
    max=tensor(3))
    """
    x = input._array
    dims = None if dim is None else (wrap_dim(dim, x.ndim),)
    if not x.size:
        if dims is None:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
            )
        check_not_empty("aminmax", x.shape, dims, "aminmax")
    if x.dtype.kind == "c":
        raise NotImplementedError(f"\"aminmax_cpu\" not implemented for '{from_numpy(x.dtype).legacy}'")
    return _tuple(return_types.aminmax, Aminmax.apply(input, dims if x.ndim else None, keepdim))


@public(out="same")
@numpy_names
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The place of the largest element (of equal ones the first): among all, counted row by row, or along `dim`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.argmax.html

    >>> x = torch.tensor([[1., 5.], [7., 2.]])
    >>> x.argmax(), x.argmax(dim=1)
    (tensor(2), tensor([1, 0]))
    """
    return _place("argmax", Argmax, input, dim, keepdim)


@public(out="same")
@numpy_names
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The place of the smallest element (of equal ones the first): among all, counted row by row, or along `dim`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.argmin.html

    >>> torch.tensor([[1., 5.], [7., 2.]]).argmin(dim=1)
    tensor([0, 1])
    """
    return _place("argmin", Argmin, input, dim, keepdim)


def _place(name: str, rule: type[Argmax], input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    x = input._array
    if dim is not None:
        dim = wrap_dim(dim, x.ndim)
    if not x.size:
        if dim is None:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        check_not_empty(name, x.shape, (dim,))
    if x.dtype.kind in "bc":
        raise RuntimeError(f"{name}(): does not support {'bool' if x.dtype.kind == 'b' else 'complex'} input")
    return rule.apply(input, dim, keepdim)
