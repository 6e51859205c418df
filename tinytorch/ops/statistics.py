"""Variance and standard deviation: var, std, var_mean, std_mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import FLOAT
from tinytorch.errors import warn
from tinytorch.ops.dims import count, keep_dims, over_nonzero, reduced_dims
from tinytorch.ops.expansion import Expand
from tinytorch.ops.reduction import Mean
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


def var_mean_of(x: np.ndarray, dims: Any, correction: float, keepdim: bool) -> tuple[np.ndarray, np.ndarray]:
    """(variance, mean): the variance of complex numbers is that of the real parts plus that of the imaginary parts."""
    if x.dtype.kind != "c":
        return kernels.reduce.var_mean(x, dims, correction, keepdim)
    (v, m), (w, n) = (kernels.reduce.var_mean(part, dims, correction, keepdim) for part in (x.real, x.imag))
    return v + w, (m + 1j * n).astype(x.dtype)


def from_variance(grad: Any, x: Any, dims: Any, correction: float) -> Any:
    """dx of v = sum (x - mean)^2 / (n - c) for dv = grad:    dx = dv 2 (x - mean) / (n - c)"""
    freedom = count(x.shape, dims) - correction
    grad, away = keep_dims(grad, x.shape, dims), x - Mean.apply(x, dims, True)
    if freedom <= 0:  # as PyTorch has it: infinite, and no number where x is its own mean
        return grad * np.where((away._array if isinstance(away, Tensor) else away) == 0, math.nan, math.inf)
    return grad * (2 / freedom) * away  # in this order only one product is as large as x


def from_root(grad: Any, y: Any) -> Any:
    """dv of y = sqrt(v) for dy = grad:    dv = dy / (2 y),    0 where y is 0"""
    return grad * over_nonzero(y, 2 * y)


class Var(Rule):
    """y = sum (x - mean)^2 / (n - c) over dims,    dy/dx = 2 (x - mean) / (n - c)"""

    @staticmethod
    def forward(ctx, x, dims, correction, keepdim):
        ctx.dim, ctx.correction = dims, correction
        ctx.save_for_backward(x)
        return var_mean_of(x, dims, correction, keepdim)[0]

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return from_variance(grad, x, ctx.dim, ctx.correction)


class Std(Rule):
    """y = sqrt(var) over dims,    dy/dx = dvar/dx / (2 y),    0 where y is 0"""

    @staticmethod
    def forward(ctx, x, dims, correction, keepdim):
        ctx.dim, ctx.correction = dims, correction
        y = np.sqrt(var_mean_of(x, dims, correction, keepdim)[0])
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return from_variance(from_root(grad, y), x, ctx.dim, ctx.correction)


class VarMean(Rule):
    """(var, mean) of x over dims,    dx = dx of the variance + dmean / n"""

    @staticmethod
    def forward(ctx, x, dims, correction, keepdim):
        ctx.dim, ctx.correction = dims, correction
        ctx.save_for_backward(x)
        return var_mean_of(x, dims, correction, keepdim)

    @staticmethod
    def backward(ctx, grad_var, grad_mean):
        (x,) = ctx.saved_tensors
        return total(x, ctx.dim, ctx.correction, grad_var, grad_mean)


class StdMean(Rule):
    """(std, mean) of x over dims,    dx = dx of the standard deviation + dmean / n"""

    @staticmethod
    def forward(ctx, x, dims, correction, keepdim):
        ctx.dim, ctx.correction = dims, correction
        variance, mean = var_mean_of(x, dims, correction, keepdim)
        y = np.sqrt(variance)
        ctx.save_for_backward(x, y)
        return y, mean

    @staticmethod
    def backward(ctx, grad_std, grad_mean):
        x, y = ctx.saved_tensors
        grad_var = None if grad_std is None else from_root(grad_std, y)
        return total(x, ctx.dim, ctx.correction, grad_var, grad_mean)


def total(x: Any, dims: Any, correction: float, grad_var: Any, grad_mean: Any) -> Any:
    """dx for the gradients of variance and mean, either of which may be None."""
    dx = None if grad_var is None else from_variance(grad_var, x, dims, correction)
    if grad_mean is None:
        return dx
    share = Expand.apply(keep_dims(grad_mean, x.shape, dims) / count(x.shape, dims), x.shape)
    return share if dx is None else dx + share


# ---- functions -------------------------------------------------------------------------------------------------------


def _apply(
    name: str, rule: type[Rule], input: Tensor, dim: Any, unbiased: Any, keepdim: Any, correction: Any, names: dict
) -> Any:
    """Sort out the three ways to call these functions: (dim, unbiased, keepdim), (unbiased), (dim, correction=)."""
    for theirs, value in names.items():
        if theirs == "axis":
            dim = value
        elif theirs == "keepdims":
            keepdim = value
        else:
            raise TypeError(f"{name}() got an unexpected keyword argument '{theirs}'")
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None:
            raise TypeError(f"{name}() received an invalid combination of arguments: both unbiased and correction")
        correction = int(unbiased)
    elif correction is None:
        correction = 1
    x = input._array
    if x.dtype.char not in "fd" and input.dtype.category < FLOAT:
        who = name if name.endswith("mean") else "std and var"
        raise RuntimeError(f"{who} only support floating point and complex dtypes")
    dims = reduced_dims(dim, x.ndim)
    if not x.size or count(x.shape, dims) <= correction:
        warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input "
            "numel divided by output numel)."
        )
    return rule.apply(input, dims, correction, keepdim)


@public()
def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
    **names: Any,
) -> Tensor:
    """The variance, of all elements or over the dimensions `dim`: sum (x - mean)^2 / (n - correction).

    correction=1, or unbiased=True, is the default; correction=0, or unbiased=False, divides by n.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.var.html

    >>> torch.var(torch.tensor([1., 2., 3., 4.])), torch.var(torch.tensor([1., 2., 3., 4.]), correction=0)
    (tensor(1.6667), tensor(1.2500))
    """
    return _apply("var", Var, input, dim, unbiased, keepdim, correction, names)


@public()
def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
    **names: Any,
) -> Tensor:
    """The standard deviation, the square root of `var`. Its gradient is 0 where all elements are equal.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.std.html

    >>> torch.std(torch.tensor([[1., 3.], [5., 5.]]), dim=1)
    tensor([1.4142, 0.0000])
    """
    return _apply("std", Std, input, dim, unbiased, keepdim, correction, names)


@public(method=False, out=False)
def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
    **names: Any,
) -> tuple[Tensor, Tensor]:
    """(`var`, `mean`) in one go.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.var_mean.html

    >>> torch.var_mean(torch.tensor([1., 3.]))
    (tensor(2.), tensor(2.))
    """
    return _apply("var_mean", VarMean, input, dim, unbiased, keepdim, correction, names)


@public(method=False, out=False)
def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Any = None,
    **names: Any,
) -> tuple[Tensor, Tensor]:
    """(`std`, `mean`) in one go.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.std_mean.html

    >>> torch.std_mean(torch.tensor([1., 3.]))
    (tensor(1.4142), tensor(2.))
    """
    return _apply("std_mean", StdMean, input, dim, unbiased, keepdim, correction, names)
