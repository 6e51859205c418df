"""Tests of truth over dimensions: all, any, count_nonzero. What is not zero counts as true, nan included."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import bool_, uint8
from tinytorch.ops.dims import reduced_dims
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor


class All(Rule):
    """Is x true everywhere over dims? uint8 answers in uint8, as it did before there was bool"""

    silent = True
    differentiable = False

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        y = kernels.reduce.all(x, dims, keepdim)
        return y.astype(np.uint8) if x.dtype.char == "B" else y


class Any_(Rule):
    """Is x true anywhere over dims? uint8 answers in uint8, as it did before there was bool"""

    silent = True
    differentiable = False

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        y = kernels.reduce.any(x, dims, keepdim)
        return y.astype(np.uint8) if x.dtype.char == "B" else y


class CountNonzero(Rule):
    """How many x over dims are not zero"""

    differentiable = False

    @staticmethod
    def forward(ctx, x, dims):
        return np.count_nonzero(x, dims)


_OUT_DTYPE = ("{name} only supports bool tensor for result, got: {given.legacy}", bool_, uint8)


def _truth(name: str, rule: type[Rule], input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    if type(dim) in (tuple, list) and not dim:
        return rule.apply(input, (), keepdim)  # here, unlike elsewhere, no dimensions means none of them
    return rule.apply(input, reduced_dims(dim, input._array.ndim), keepdim)


@public(out=_OUT_DTYPE)
@numpy_names
def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Are all elements true, or all over the dimensions `dim`? Of no elements, yes.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.all.html

    >>> x = torch.tensor([[True, False], [True, True]])
    >>> x.all(), x.all(dim=1)
    (tensor(False), tensor([False,  True]))
    """
    return _truth("all", All, input, dim, keepdim)


@public(out=_OUT_DTYPE)
@numpy_names
def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Is any element true, or any over the dimensions `dim`? Of no elements, no.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.any.html

    >>> x = torch.tensor([[0, 0], [0, 3]])
    >>> x.any(), x.any(dim=1)
    (tensor(True), tensor([False,  True]))
    """
    return _truth("any", Any_, input, dim, keepdim)


@public()
@numpy_names
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero, of all or over the dimensions `dim`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.count_nonzero.html

    >>> torch.count_nonzero(torch.tensor([[0., 2.], [1., float("nan")]]))
    tensor(3)
    """
    return CountNonzero.apply(input, reduced_dims(dim, input._array.ndim))
