"""Picking elements along a dimension by their places, and what max, sort, topk and others share: they pick elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Rule
from tinytorch.device import near
from tinytorch.ops.dims import keep_dims


def pick(x: np.ndarray, index: np.ndarray, dim: int) -> np.ndarray:
    """x at the places `index` along `dim`; both have the same number of dimensions, of which 0 counts as 1."""
    if not (index.size and x.ndim):
        y = np.empty(index.shape, x.dtype, like=near(index))
        if index.size:
            y[...] = x
        return y
    if not index.ndim:
        return x[index]
    return kernels.gather.gather(x, dim, index)


class Pick(Rule):
    """y = x at the places `index` along dim,    dx = dy added up at these places"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, index, dim):
        ctx.dim, ctx.shape = dim, x.shape
        ctx.save_for_backward(index)
        return pick(x, index, dim)

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return Place.apply(grad, index, ctx.dim, ctx.shape), None


class Place(Rule):
    """y = zeros of a shape with x added at the places `index` along dim,    dx = dy picked there"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, index, dim, shape):
        ctx.dim = dim
        ctx.save_for_backward(index)
        if not shape:
            return x.sum()
        y = np.zeros(shape, x.dtype, like=near(x))
        if not index.ndim:
            index, x = index.reshape(1), x.reshape(1)
        if index.size:
            kernels.scatter.scatter_add(y, dim, index, x)
        return y

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return Pick.apply(grad, index, ctx.dim), None


class Selecting(Rule):
    """values = x at places along dim that a subclass chooses, and these places;    dx = dvalues put back there"""

    @classmethod
    def forward(cls, ctx, x, dim, *how):
        indices = cls.choose(x, dim, *how) if x.ndim else np.zeros((), np.int64, like=near(x))
        ctx.dim, ctx.shape = dim, x.shape
        ctx.save_for_backward(indices)
        return pick(x, indices, dim), indices

    @classmethod
    def choose(cls, x: np.ndarray, dim: int, *how: Any) -> np.ndarray:
        """The places, int64."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx, grad, _):
        (indices,) = ctx.saved_tensors
        return Place.apply(grad, indices, ctx.dim, ctx.shape)


class SelectingOne(Selecting):
    """The same for one place along dim: the dimension is kept with length 1, or left out"""

    @classmethod
    def forward(cls, ctx, x, dim, keepdim, *how):
        kept = cls.choose(x, dim, *how) if x.ndim else np.zeros((), np.int64, like=near(x))
        ctx.dim, ctx.shape = dim, x.shape
        ctx.save_for_backward(kept)
        values = pick(x, kept, dim)
        return (values, kept) if keepdim or not x.ndim else (values.squeeze(dim), kept.squeeze(dim))

    @staticmethod
    def backward(ctx, grad, _):
        (kept,) = ctx.saved_tensors
        return Place.apply(keep_dims(grad, ctx.shape, (ctx.dim,)), kept, ctx.dim, ctx.shape)
