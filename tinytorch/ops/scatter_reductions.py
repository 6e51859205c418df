"""scatter_reduce: every place that an index tensor names is reduced with the elements that go there.

Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.scatter_reduce_.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import Rule
from tinytorch.device import as_array
from tinytorch.kernels.arrays import full, widen
from tinytorch.ops.gathering import Gather, check_bounds, need_tensor
from tinytorch.ops.scattering import ScatterAdd, ScatterValue, check_scatter, with_dims
from tinytorch.ops.where import Where
from tinytorch.ops.writing import Writing, write_in_place
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor, wrap

NAME = "ScatterReduceBackward0"  # of every reduction's node


class ScatterReduce(Writing):
    """y = x reduced in each place with the elements of src that go there; without include_self, with these alone"""

    inputs = 3
    how: str  # NumPy's name for what two numbers become

    @classmethod
    def forward(cls, ctx, x, src, index, dim, include_self):
        ctx.dim, ctx.include_self = dim, include_self
        y = cls.written(x, src, index, dim, include_self)
        ctx.save_for_backward(x, src, index, y)
        return y

    @classmethod
    def put(cls, y, src, index, dim, include_self):
        if not index.size:
            return
        y, src, index = with_dims(y, src, index)
        total = widen(y)
        if not include_self:
            kernels.scatter.scatter(total, dim, index, full((), cls.neutral(y.dtype), total.dtype, total))
        cls.reduce(total, dim, index, widen(src))
        if total is not y:
            y[...] = total  # rounded once, as PyTorch does

    @classmethod
    def reduce(cls, y, dim, index, src):
        """Reduce src into y, in place."""
        kernels.scatter.scatter_reduce(y, dim, index, src, cls.how)

    @staticmethod
    def neutral(dtype: np.dtype) -> Any:
        """What may be reduced with anything without changing it."""
        raise NotImplementedError

    @staticmethod
    def shares(ctx: Any, grad: Any) -> tuple[Any, Any]:
        """The gradients of x, as if it were included, and of src."""
        raise NotImplementedError

    @classmethod
    def backward(cls, ctx, grad):
        dx, dsrc = cls.shares(ctx, grad)
        if not ctx.include_self:
            dx = ScatterValue.apply(dx, ctx.saved_tensors[-2], ctx.dim, 0)
        return dx, dsrc, None


class ScatterSum(ScatterReduce):
    """y = x + sum of src,    dx = dy,    dsrc = dy in its place"""

    name = NAME

    @staticmethod
    def neutral(dtype):
        return 0

    @classmethod
    def reduce(cls, y, dim, index, src):
        kernels.scatter.scatter_add(y, dim, index, src)

    @staticmethod
    def shares(ctx, grad):
        return grad, Gather.apply(grad, ctx.saved_tensors[-2], ctx.dim)


class ScatterMean(ScatterReduce):
    """y = (x + sum of src) / n,    dx = dy / n,    dsrc = dy / n in its place; integers are rounded down"""

    name = NAME

    @classmethod
    def forward(cls, ctx, x, src, index, dim, include_self):
        ctx.dim, ctx.include_self = dim, include_self
        y = cls.written(x, src, index, dim, include_self)
        ctx.save_for_backward(index, counts(x, index, dim, include_self))
        return y

    @classmethod
    def put(cls, y, src, index, dim, include_self):
        ScatterSum.put(y, src, index, dim, include_self)
        n = counts(y, index, dim, include_self)
        y[...] = y // n if y.dtype.kind in "iu" else y / n

    @staticmethod
    def shares(ctx, grad):
        index, n = ctx.saved_tensors
        return grad / n, Gather.apply(grad / n, index, ctx.dim)


def counts(y: np.ndarray, index: np.ndarray, dim: int, include_self: bool) -> np.ndarray:
    """How many elements are reduced into each place of y, at least 1."""
    n = full(y.shape, int(include_self), y.dtype, y)
    if index.size:
        of, _, index = with_dims(n, index, index)
        kernels.scatter.scatter_add(of, dim, index, full(index.shape, 1, y.dtype, y))
    return np.maximum(n.real, 1).astype(y.dtype)


class ScatterProd(ScatterReduce):
    """y = x * product of src,    dx = dy * product of src,    dsrc = dy y / src, or dy * the others where src is 0"""

    name = NAME
    how = "multiply"

    @staticmethod
    def neutral(dtype):
        return 1

    @staticmethod
    def shares(ctx, grad):
        x, src, index, y = ctx.saved_tensors
        dim, include_self = ctx.dim, ctx.include_self
        dx = grad * ScatterProd.apply(as_numbers(x == x, x) * 0 + 1, src, index, dim, True)
        zero = src == 0
        zeros = ScatterAdd.apply(as_numbers(x == x, x) * 0, as_numbers(zero, x), index, dim)
        zeros = Gather.apply(zeros, index, dim)
        alone = zero & (zeros == 1)
        others = ScatterProd.apply(x, Where.apply(alone, 1, src), index, dim, include_self)
        dsrc = Where.apply(
            alone,
            Gather.apply(grad * others, index, dim),
            Gather.apply(grad * y, index, dim) / Where.apply(zero, 1, src),
        )
        if isinstance(zeros, Tensor) and (zeros._array > 1).any():  # recorded; PyTorch waits for it, too
            dsrc = NotTwice.apply(dsrc)
        return dx, dsrc


class NotTwice(Rule):
    """y = x, which cannot be differentiated: the derivative of a product by two factors that are 0 is not computed"""

    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, grad):
        raise RuntimeError(
            "scatter_reduce(): Double backward is unsupported for src when >1 zeros in src are scattered to the same "
            "position in self"
        )


class ScatterAmax(ScatterReduce):
    """y = the greatest of x and src,    dy goes to those that equal y, in equal shares"""

    name = NAME
    how = "maximum"

    @staticmethod
    def neutral(dtype):
        return _extreme(dtype, -1)

    @staticmethod
    def shares(ctx, grad):
        x, src, index, y = ctx.saved_tensors
        wins = as_numbers(x == y, grad)
        source_wins = as_numbers(src == Gather.apply(y, index, ctx.dim), grad)
        share = grad / ScatterAdd.apply(wins, source_wins, index, ctx.dim)
        return share * wins, Gather.apply(share, index, ctx.dim) * source_wins


class ScatterAmin(ScatterAmax):
    """y = the least of x and src,    dy goes to those that equal y, in equal shares"""

    name = NAME
    how = "minimum"

    @staticmethod
    def neutral(dtype):
        return _extreme(dtype, 1)


def _extreme(dtype: np.dtype, sign: int) -> Any:
    """The greatest (sign 1) or least (-1) value of a dtype."""
    if dtype.kind == "b":
        return sign > 0
    if dtype.kind in "iu":
        return np.iinfo(dtype).max if sign > 0 else np.iinfo(dtype).min
    return sign * np.inf


def as_numbers(mask: Any, like: Any) -> Any:
    """1 where `mask` holds, else 0, in the dtype of `like`: an array, or a constant Tensor."""
    if isinstance(mask, Tensor):
        return wrap(mask._array.astype(like._array.dtype))
    return as_array(mask).astype(like.dtype)


def check_not_recorded(name: str, *tensors: Tensor) -> None:
    """RuntimeError where a gradient is asked for: PyTorch has none for complex reductions, nor have we."""
    if state.recording and any(tensor.requires_grad for tensor in tensors):
        raise RuntimeError(f"{name} does not support automatic differentiation for outputs with complex dtype.")


RULES = {"sum": ScatterSum, "prod": ScatterProd, "mean": ScatterMean, "amax": ScatterAmax, "amin": ScatterAmin}


def _call(name: str, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool) -> tuple:
    """The rule that a call means, and its arguments after the first."""
    need_tensor(name, "index", 2, index)
    need_tensor(name, "src", 3, src)
    if reduce not in RULES:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    dim, index, src = check_scatter(input, dim, index, src)
    check_bounds(index._array, dim, input._array.shape[dim] if input._array.ndim else 1)
    kind = input._array.dtype.kind
    if (reduce == "mean" and kind == "b") or (reduce in ("amax", "amin") and kind == "c"):
        raise NotImplementedError(
            f"\"scatter_gather_tensor_cpu_reduce_{reduce}\" not implemented for '{input.dtype.legacy}'"
        )
    if kind == "c":
        check_not_recorded(name.rstrip("_"), input, src)
    return RULES[reduce], src, index, dim, include_self


@public(out="same")
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of input where each place is reduced with the elements that `scatter` would write there.

    reduce is "sum", "prod", "mean", "amax" or "amin"; include_self=False leaves out what input has in such places.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.scatter_reduce.html

    >>> index = torch.tensor([0, 2, 2])
    >>> torch.ones(3).scatter_reduce(0, index, torch.tensor([1., 2., 3.]), "amax")
    tensor([1., 1., 3.])
    >>> torch.ones(3).scatter_reduce(0, index, torch.tensor([1., 2., 3.]), "mean", include_self=False)
    tensor([1.0000, 1.0000, 2.5000])
    """
    rule, *args = _call("scatter_reduce", input, dim, index, src, reduce, include_self)
    return rule.apply(input, *args)


def scatter_reduce_(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    rule, *args = _call("scatter_reduce_", self, dim, index, src, reduce, include_self)
    return write_in_place(rule, self, *args)


publish_inplace("scatter_reduce_", scatter_reduce_)
