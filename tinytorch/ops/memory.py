"""Copies and writes: clone, copy_, fill_, zero_, conversion of dtype, detach."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise, Rule
from tinytorch.formats import empty_in, empty_like_array, preserve_format
from tinytorch.promotion import convert, number
from tinytorch.public import public
from tinytorch.tensor import Tensor, _new, wrap


def copied(x: np.ndarray, kind: np.dtype, order: Any) -> np.ndarray:
    """A copy of `x` in a memory format; preserve_format keeps the order of the dimensions in memory."""
    preserve = order is preserve_format or order is None
    if preserve and 0 not in x.strides:
        return x.astype(kind, "K")
    y = empty_like_array(x, kind) if preserve else empty_in(order, x.shape, kind)
    y[...] = x
    return y


def converted(x: np.ndarray, to: dtypes.dtype) -> np.ndarray:
    """A copy of `x` in another dtype; a warning where imaginary parts are lost."""
    if x.dtype.kind == "c" and to.category < dtypes.COMPLEX and to is not dtypes.bool_:
        warnings.warn("Casting complex values to real discards the imaginary part", UserWarning, stacklevel=6)
    with np.errstate(all="ignore"):
        return convert(x, to)


class Clone(Rule):
    """y = a copy of x,    dy/dx = 1"""

    @staticmethod
    def forward(ctx, x, memory_format=preserve_format):
        return copied(x, x.dtype, memory_format)

    @staticmethod
    def backward(ctx, grad):
        return grad


class ToCopy(Rule):
    """y = x in another dtype,    dx = dy in x's dtype (which the engine sees to)"""

    @staticmethod
    def forward(ctx, x, to, memory_format=preserve_format):
        y = converted(x, to)
        return y if memory_format is preserve_format else copied(y, y.dtype, memory_format)

    @staticmethod
    def backward(ctx, grad):
        return grad


class Copy(Elementwise):
    """y = source, in the shape and dtype of x,    dy/dx = 0,    dy/dsource = 1"""

    inputs = 2
    name = "CopyBackwards"

    @staticmethod
    def forward(ctx, x, source):
        y = np.empty(x.shape, x.dtype)
        np.copyto(y, source, casting="unsafe")
        return y

    @staticmethod
    def backward(ctx, grad):
        return None, grad


class Fill(Rule):
    """y = value everywhere,    dy/dx = 0,    dy/dvalue = the sum"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, value):
        return np.full(
            x.shape, number(value, dtypes.from_numpy(x.dtype)) if not isinstance(value, np.ndarray) else value, x.dtype
        )

    @staticmethod
    def backward(ctx, grad):
        return None, grad.sum()


@public(out=False)
def clone(input: Tensor, *, memory_format: Any = preserve_format) -> Tensor:
    """A copy of a tensor that gradients flow through.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.clone.html

    >>> x = torch.zeros(2)
    >>> y = x.clone()
    >>> y[0] = 1
    >>> x
    tensor([0., 0.])
    """
    return Clone.apply(input, memory_format)


@public(function=False, out=False)
def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Write the elements of `src`, broadcast and converted, into this tensor."""
    return views.write(self, Copy.apply, src)


@public(function=False, out=False)
def fill_(self: Tensor, value: Any) -> Tensor:
    """Write one number into every element."""
    return views.write(self, Fill.apply, value)


@public(function=False, out=False)
def zero_(self: Tensor) -> Tensor:
    """Write 0 into every element."""
    return views.write(self, Fill.apply, 0)


@public(out=False)
def detach(input: Tensor) -> Tensor:
    """The same memory outside the graph: no gradient flows through it. Writes into it are noticed by backward.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.detach.html

    >>> x = torch.ones(2, requires_grad=True)
    >>> x.detach().requires_grad
    False
    """
    tensor = _new(Tensor)
    tensor._array = input._array[
        ...
    ]  # an array object of its own: what is saved for backward is recognised by the object
    tensor._counter = input._version_counter()
    tensor._storage_root = input._storage_root
    return tensor


def _data(self: Tensor) -> Tensor:
    """The same memory outside the graph, and outside the version check: backward cannot notice writes into it."""
    tensor = wrap(self._array[...])  # see detach
    tensor._storage_root = self._storage_root
    return tensor


def _set_data(self: Tensor, value: Tensor) -> None:
    self._array = value._array
    self._storage_root = value._storage_root


Tensor.data = property(_data, _set_data)
