"""Running sums, products and extremes along a dimension, and the linear recurrence that differentiates products."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels, return_types
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import dtype
from tinytorch.errors import wrap_dim
from tinytorch.kernels.arrays import accumulate, scan
from tinytorch.ops.dims import in_dtype
from tinytorch.ops.elementwise import conj
from tinytorch.ops.exponential import Exp
from tinytorch.ops.selection import Selecting
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor

_OTHER_DTYPE = "expected scalar_type {wanted.legacy} but found {given.legacy}"  # what the error about out= says


def flipped(x: np.ndarray, dim: int, flip: bool = True) -> np.ndarray:
    """x backwards along `dim`, a view; x itself unless `flip`."""
    return x[(slice(None),) * dim + (slice(None, None, -1),)] if flip else x


def running(kernel: Callable, x: np.ndarray, dim: int, reverse: bool = False) -> np.ndarray:
    """What a kernel finds along `dim` of x; a single number counts as a row of one."""
    return kernel(x, dim, reverse) if x.ndim else kernel(x.reshape(1), 0, reverse).reshape(())


class Cumsum(Rule):
    """y_i = x_1 + ... + x_i along dim,    dx_i = dy_i + dy_i+1 + ... (the running sum from the other end)"""

    silent = True

    @staticmethod
    def forward(ctx, x, dim, reverse=False, dtype=None):
        ctx.dim, ctx.reverse = dim, reverse
        return in_dtype(running(kernels.cumulative.cumsum, in_dtype(x, dtype), dim, reverse), dtype)

    @staticmethod
    def backward(ctx, grad):
        return Cumsum.apply(grad, ctx.dim, not ctx.reverse)


class Cumprod(Rule):
    """y_i = x_1 x_2 ... x_i along dim

    dx_i = (x_1 ... x_i-1) s_i   with   s_i = dy_i + x_i+1 s_i+1   (without a division, so zeros are no special case)
    """

    silent = True

    @staticmethod
    def forward(ctx, x, dim, reverse=False, dtype=None):
        ctx.dim, ctx.reverse = dim, reverse
        ctx.save_for_backward(x)
        return in_dtype(running(kernels.cumulative.cumprod, in_dtype(x, dtype), dim, reverse), dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        if not x.shape:
            return grad
        dim, reverse, x = ctx.dim, ctx.reverse, conj(x)
        before = Shift.apply(Cumprod.apply(x, dim, reverse), dim, 1, reverse)
        return before * Recurrence.apply(Shift.apply(x, dim, 0, not reverse), grad, dim, not reverse)


class Shift(Rule):
    """y_i = x_i-1 along dim, y_1 = fill,    dx_i = dy_i+1"""

    @staticmethod
    def forward(ctx, x, dim, fill, reverse=False):
        ctx.dim, ctx.reverse = dim, reverse
        y = np.empty_like(x)
        ahead, behind = flipped(y, dim, reverse), flipped(x, dim, reverse)
        along = (slice(None),) * dim
        ahead[along + (slice(1, None),)] = behind[along + (slice(None, -1),)]
        ahead[along + (slice(0, 1),)] = fill
        return y

    @staticmethod
    def backward(ctx, grad):
        return Shift.apply(grad, ctx.dim, 0, not ctx.reverse)


class Recurrence(Rule):
    """s_i = b_i + a_i s_i-1 along dim, s_0 = 0

    db_i = u_i,  da_i = u_i s_i-1   with   u_i = ds_i + a_i+1 u_i+1,   a recurrence again, from the other end.
    """

    inputs = 2

    @staticmethod
    def forward(ctx, a, b, dim, reverse=False):
        ctx.dim, ctx.reverse = dim, reverse
        # Two steps (a, b) then (a', b') are one step (a' a, a' b + b'): in each round every place takes in as many
        # more steps as it already has, so the whole is done in log2(n) rounds.
        shape = np.broadcast_shapes(a.shape, b.shape)
        factor = np.broadcast_to(a, shape).astype(np.result_type(a, b))
        s = np.broadcast_to(b, shape).astype(factor.dtype)
        f, t, along = flipped(factor, dim, reverse), flipped(s, dim, reverse), (slice(None),) * dim
        step = 1
        while step < shape[dim]:
            late, early = (*along, slice(step, None)), (*along, slice(None, -step))
            t[late] += f[late] * t[early]
            f[late] = f[late] * f[early]
            step *= 2
        ctx.save_for_backward(a, s)
        return s

    @staticmethod
    def backward(ctx, grad):
        a, s = ctx.saved_tensors
        dim, reverse = ctx.dim, ctx.reverse
        u = Recurrence.apply(conj(Shift.apply(a, dim, 0, not reverse)), grad, dim, not reverse)
        return u * conj(Shift.apply(s, dim, 0, reverse)), u


class Cummax(Selecting):
    """y_i = max(x_1, ..., x_i) along dim, with its place (of equal ones the last);    dx = dy put back there"""

    extreme: Any = np.maximum

    @classmethod
    def choose(cls, x, dim):
        if not x.size:
            return np.zeros(x.shape, np.int64, like=x)
        record = (x == scan(cls.extreme, x, dim)) | (x != x)  # the extreme is nan from the first nan on
        sides = [1] * x.ndim
        sides[dim] = -1
        places = np.arange(x.shape[dim], like=x).reshape(sides)
        return scan(np.maximum, np.where(record, places, 0), dim)


class Cummin(Cummax):
    """y_i = min(x_1, ..., x_i) along dim, with its place (of equal ones the last);    dx = dy put back there"""

    extreme = np.minimum


class Logcumsumexp(Rule):
    """y_i = log(e^x_1 + ... + e^x_i) along dim

    dx_i = e^(x_i - y_i) u_i   with   u_i = dy_i + e^(y_i - y_i+1) u_i+1
    """

    @staticmethod
    def forward(ctx, x, dim):
        ctx.dim = dim
        y = running_logaddexp(x, dim) if x.dtype.kind == "c" else _logs(x, dim)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        if not x.shape:
            return grad
        shrink = Exp.apply(y - Shift.apply(y, ctx.dim, math.inf, True))  # 0 behind the last one
        return conj(Exp.apply(x - y)) * Recurrence.apply(conj(shrink), grad, ctx.dim, True)


def _logs(x: np.ndarray, dim: int) -> np.ndarray:
    return accumulate(np.logaddexp, x, dim) if x.ndim else x.copy()


def running_logaddexp(x: np.ndarray, dim: int) -> np.ndarray:
    """log of the running sum of e^x for complex x, which NumPy's logaddexp does not take."""
    y = x.copy()
    rows = np.moveaxis(y, dim, 0) if x.ndim else y.reshape(1)
    for i in range(1, len(rows)):
        top = np.maximum(rows[i - 1].real, rows[i].real)
        top = np.where(np.isfinite(top), top, 0)
        rows[i] = np.log(np.exp(rows[i - 1] - top) + np.exp(rows[i] - top)) + top
    return y


@public(out="dtype", inplace=True)
@numpy_names
def cumsum(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The running sum along a dimension; of integers and bools as int64.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cumsum.html

    >>> torch.cumsum(torch.tensor([1, 2, 3]), dim=0)
    tensor([1, 3, 6])
    """
    return Cumsum.apply(input, wrap_dim(dim, input._array.ndim), False, dtype)


@public(out="dtype", inplace=True)
@numpy_names
def cumprod(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The running product along a dimension; of integers and bools as int64.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cumprod.html

    >>> torch.cumprod(torch.tensor([1., 2., 3.]), dim=0)
    tensor([1., 2., 6.])
    """
    return Cumprod.apply(input, wrap_dim(dim, input._array.ndim), False, dtype)


@public(out=_OTHER_DTYPE)
@numpy_names
def cummax(input: Tensor, dim: int) -> return_types.cummax:
    """The running maximum along a dimension and its places: of equal ones the last; nan from the first nan on.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cummax.html

    >>> values, indices = torch.cummax(torch.tensor([1, 3, 2, 3]), dim=0)
    >>> values, indices
    (tensor([1, 3, 3, 3]), tensor([0, 1, 1, 3]))
    """
    return return_types.cummax(_extreme("cummax", Cummax, input, dim))


@public(out=_OTHER_DTYPE)
@numpy_names
def cummin(input: Tensor, dim: int) -> return_types.cummin:
    """The running minimum along a dimension and its places: of equal ones the last; nan from the first nan on.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cummin.html

    >>> torch.cummin(torch.tensor([3, 1, 2, 1]), dim=0).indices
    tensor([0, 1, 1, 3])
    """
    return return_types.cummin(_extreme("cummin", Cummin, input, dim))


def _extreme(name: str, rule: type[Cummax], input: Tensor, dim: int) -> tuple:
    if input._array.dtype.kind == "c":
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{input.dtype.legacy}'")
    return rule.apply(input, wrap_dim(dim, input._array.ndim))


@public(out=_OTHER_DTYPE)
@numpy_names
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log of the running sum of e^input along a dimension.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.logcumsumexp.html

    >>> torch.logcumsumexp(torch.zeros(3), dim=0)
    tensor([0.0000, 0.6931, 1.0986])
    """
    if input._array.dtype.kind in "biu":
        raise NotImplementedError(f"\"logcumsumexp_out_cpu\" not implemented for '{input.dtype.legacy}'")
    return Logcumsumexp.apply(input, wrap_dim(dim, input._array.ndim))
