"""Writing slices to the places that a vector names: index_add, index_copy, index_fill, index_reduce."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import no_such_form
from tinytorch.device import known
from tinytorch.errors import wrap_dim
from tinytorch.kernels.arrays import widen
from tinytorch.ops.elementwise import conj
from tinytorch.ops.gathering import INT64, IndexSelect, as_int64, check_bounds, first_outside, from_front, need_tensor
from tinytorch.ops.scatter_reductions import (
    ScatterAmax,
    ScatterAmin,
    ScatterMean,
    ScatterProd,
    ScatterReduce,
    check_not_recorded,
)
from tinytorch.ops.slicing import along
from tinytorch.ops.writing import Writing, round_into, write_in_place
from tinytorch.promotion import fitting_number
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor, wrap

# ---- rules -----------------------------------------------------------------------------------------------------------


class IndexAdd(Writing):
    """y = x with y[index[i]] += alpha * source[i] (for dim 0),    dx = dy,    dsource[i] = alpha * dy[index[i]]"""

    silent = True
    inputs = 3

    @classmethod
    def forward(cls, ctx, x, source, index, dim, alpha):
        ctx.dim, ctx.alpha = dim, alpha
        ctx.save_for_backward(index)
        return cls.written(x, source, index, dim, alpha)

    @staticmethod
    def put(y, source, index, dim, alpha):
        if y.ndim < 2:
            kernels.scatter.index_add(y, dim, index, source, alpha)
            return
        total = widen(y)
        try:
            kernels.scatter.index_add(total, dim, index, widen(source), alpha)
        except IndexError:
            check_bounds(index, dim, y.shape[dim])
            raise
        if total is not y:
            round_into(y, total)  # once, but not in vectors, as in PyTorch

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        dsource = IndexSelect.apply(grad, index, ctx.dim) if ctx.needs_input_grad[1] else None
        return grad, dsource if dsource is None or ctx.alpha == 1 else dsource * conj(ctx.alpha), None


class IndexCopy(Writing):
    """y = x but for y[index[i]] = source[i] (for dim 0),    dx = dy, 0 there,    dsource[i] = dy[index[i]]"""

    inputs = 3

    @classmethod
    def forward(cls, ctx, x, source, index, dim):
        ctx.dim = dim
        ctx.save_for_backward(index)
        return cls.written(x, source, index, dim)

    @staticmethod
    def put(y, source, index, dim):
        y[along(dim, index)] = source

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        need_x, need_source, _ = ctx.needs_input_grad
        dx = IndexFill.apply(grad, index, ctx.dim, 0) if need_x else None
        return dx, IndexSelect.apply(grad, index, ctx.dim) if need_source else None, None


class IndexFill(Writing):
    """y = x but for y[index[i]] = a number (for dim 0),    dx = dy, 0 in these places"""

    inputs = 2

    @classmethod
    def forward(cls, ctx, x, index, dim, value):
        ctx.dim = dim
        ctx.save_for_backward(index)
        return cls.written(x, index, dim, value)

    @staticmethod
    def put(y, index, dim, value):
        y[along(dim, index)] = value

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return IndexFill.apply(grad, index, ctx.dim, 0), None


class IndexFillTensor(Writing):
    """IndexFill with the element of a tensor v,    dv = the sum of dy in these places"""

    inputs = 3
    name = "IndexFillBackward1"

    @classmethod
    def forward(cls, ctx, x, value, index, dim):
        ctx.dim = dim
        ctx.save_for_backward(index)
        return cls.written(x, value, index, dim)

    @staticmethod
    def put(y, value, index, dim):
        y[along(dim, index)] = value

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        need_x, need_value, _ = ctx.needs_input_grad
        dx = IndexFill.apply(grad, index, ctx.dim, 0) if need_x else None
        if not need_value:
            return dx, None, None
        once = np.unique(index._array if isinstance(index, Tensor) else index)
        return dx, IndexSelect.apply(grad, once, ctx.dim).sum(), None


class IndexProd(ScatterProd):
    """ScatterProd of slices"""

    name = "IndexReduceBackward0"


class IndexMean(ScatterMean):
    """ScatterMean of slices"""

    name = "IndexReduceBackward0"


class IndexAmax(ScatterAmax):
    """ScatterAmax of slices"""

    name = "IndexReduceBackward0"


class IndexAmin(ScatterAmin):
    """ScatterAmin of slices"""

    name = "IndexReduceBackward0"


# ---- index_add and index_reduce --------------------------------------------------------------------------------------


def _check_source(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> tuple[int, Tensor]:
    """The dim from 0 on and the index as a vector of int64; PyTorch's errors where the arguments do not fit."""
    need_tensor(name, "index", 2, index)
    need_tensor(name, "source", 3, source)
    x, at, from_ = input._array, index._array, source._array
    shape = x.shape
    dim = wrap_dim(dim, len(shape))
    alike = shape == from_.shape and x.dtype is from_.dtype
    if alike and len(shape) > 1 and at.shape == (shape[dim],) and at.dtype is INT64:
        return dim, index
    name = name.rstrip("_") + "_"
    if at.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {at.ndim} with type: {index.dtype.legacy} and "
            f"size: {list(at.shape)}"
        )
    if at.dtype != np.int64 and at.dtype != np.int32:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index but got: {index.dtype.legacy}")
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"{name}(): self ({input.dtype.legacy}) and source ({source.dtype.legacy}) must have the same scalar type"
        )
    if dim and dim >= from_.ndim:
        raise RuntimeError(f"{name}(): Indexing dim {dim} is out of bounds of the source tensor with dim {from_.ndim}")
    if not from_.ndim and at.size != 1:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    length = from_.shape[dim] if from_.ndim else 1
    if at.size != length:
        raise RuntimeError(
            f"{name}(): Number of indices ({at.size}) should be equal to source.size(dim): ({length}), for dim: {dim}"
        )
    if x.ndim != from_.ndim or x.shape[:dim] + x.shape[dim + 1 :] != from_.shape[:dim] + from_.shape[dim + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(x.shape)} source.shape = {list(from_.shape)}"
        )
    return dim, as_int64(index) if at.ndim else as_int64(index).reshape(1)


def _index_add_call(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor, alpha: Any) -> tuple:
    """The arguments of the rule IndexAdd after the first."""
    dim, index = _check_source(name, input, dim, index, source)
    x = input._array
    if x.dtype.kind in "iub":
        alpha = fitting_number(alpha, input.dtype).item()
    return source, index, dim, alpha


@public(out="same")
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy of input with y[index[i]] += alpha * source[i] for dim 0, y[:, index[i]] += alpha * source[:, i] for 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.index_add_.html

    >>> torch.zeros(3).index_add(0, torch.tensor([0, 2, 2]), torch.tensor([1., 2., 3.]))
    tensor([1., 0., 5.])
    """
    source, index, dim, alpha = _index_add_call("index_add", input, dim, index, source, alpha)
    if not input._array.ndim:
        return IndexAdd.apply(input.reshape(1), source.reshape(1), index, 0, alpha).reshape(())
    return IndexAdd.apply(input, source, index, dim, alpha)


def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    source, index, dim, alpha = _index_add_call("index_add_", self, dim, index, source, alpha)
    if not self._array.ndim:
        index_add_(self.view(1), 0, index, source.reshape(1), alpha=alpha)
        return self
    return write_in_place(IndexAdd, self, source, index, dim, alpha)


_INDEX_RULES: dict[str, type[ScatterReduce]] = {
    "prod": IndexProd, "mean": IndexMean, "amax": IndexAmax, "amin": IndexAmin
}  # fmt: skip


def _index_reduce_call(
    name: str, input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, include_self: bool
) -> tuple:
    """The rule that a call means, and its arguments after the first."""
    if reduce not in _INDEX_RULES:
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    dim, index = _check_source(name, input, dim, index, source)
    shape = source._array.shape
    if input._array.dtype.kind == "c":
        check_not_recorded("index_reduce", input, source)
    if first_outside(index._array, input._array.shape[dim] if shape else 1) is not None:
        raise IndexError("index out of range in self")
    sides = [1] * len(shape)
    if shape:
        sides[dim] = shape[dim]
    spread = np.broadcast_to(index._array.reshape(sides), shape)
    return _INDEX_RULES[reduce], source, wrap(spread), dim, include_self


@public(out="same")
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy of input where each slice is reduced with the slices of `source` that `index` sends there.

    reduce is "prod", "mean", "amax" or "amin"; include_self=False leaves out what input has in such slices.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.index_reduce_.html

    >>> torch.ones(2, 2).index_reduce(0, torch.tensor([1, 1]), torch.tensor([[2., 3.], [4., 5.]]), "prod")
    tensor([[ 1.,  1.],
            [ 8., 15.]])
    """
    rule, *args = _index_reduce_call("index_reduce", input, dim, index, source, reduce, include_self)
    return rule.apply(input, *args)


def index_reduce_(
    self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    rule, *args = _index_reduce_call("index_reduce_", self, dim, index, source, reduce, include_self)
    return write_in_place(rule, self, *args)


# ---- index_copy ------------------------------------------------------------------------------------------------------


def _index_copy_call(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> tuple:
    """The arguments of the rule IndexCopy after the first; PyTorch's errors where they do not fit."""
    need_tensor(name, "index", 2, index)
    need_tensor(name, "source", 3, source)
    x, at, from_ = input._array, index._array, source._array
    dim = wrap_dim(dim, x.ndim)
    if at.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {at.ndim})")
    if not from_.ndim and at.size != 1:
        raise IndexError(f"index_copy_(): When source is scalar, index should have one element (got {at.size})")
    if x.ndim != from_.ndim and x.ndim and from_.ndim:
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({from_.ndim}), destination dimensionality ({x.ndim})"
        )
    if at.dtype != np.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {index.dtype.legacy}")
    if input.dtype is not source.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{input.dtype.legacy} and (source) {source.dtype.legacy}"
        )
    to_slice, from_slice = x.shape[:dim] + x.shape[dim + 1 :], from_.shape[:dim] + from_.shape[dim + 1 :]
    if to_slice != from_slice:
        shown = [" ".join(map(str, sides)) for sides in (to_slice, from_slice)]
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{shown[0]} at dimension {dim} and source slice shape: {shown[1]} at dimension 0."
        )
    if from_.ndim and at.size != from_.shape[dim]:
        raise IndexError(
            f"index_copy_(): Number of indices ({at.size}) should be equal to source.size(dim) ({from_.shape[dim]})"
        )
    side = x.shape[dim] if x.ndim else 1
    if x.size:
        check_bounds(at, dim, side, IndexError, "index_copy_(): ")
    elif first_outside(at, side) is not None:
        index = wrap(np.zeros(at.shape, np.int64, like=at))  # there is nothing to copy, and PyTorch does not look
    if not index._array.ndim:
        index = index.reshape(1)
    if not from_.ndim and x.ndim:
        source = source.reshape(1)
    return source, index, dim


@public(out="same")
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of input with y[index[i]] = source[i] for dim 0, y[:, index[i]] = source[:, i] for dim 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.index_copy_.html

    >>> torch.zeros(3).index_copy(0, torch.tensor([0, 2]), torch.tensor([1., 2.]))
    tensor([1., 0., 2.])
    """
    source, index, dim = _index_copy_call("index_copy", input, dim, index, source)
    if not input._array.ndim:
        return IndexCopy.apply(input.reshape(1), source.reshape(-1), index, 0).reshape(())
    return IndexCopy.apply(input, source, index, dim)


def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    source, index, dim = _index_copy_call("index_copy_", self, dim, index, source)
    if not self._array.ndim:
        index_copy_(self.view(1), 0, index, source.reshape(-1))
        return self
    return write_in_place(IndexCopy, self, source, index, dim)


# ---- index_fill ------------------------------------------------------------------------------------------------------


_FILL_FORMS = ("(int dim, Tensor index, Tensor value)", "(int dim, Tensor index, Number value)")


def _index_fill_call(name: str, input: Tensor, dim: int, index: Tensor, value: Any) -> tuple:
    """The rule that a call means, and its arguments after the first."""
    is_tensor = isinstance(value, Tensor)
    if not isinstance(index, Tensor) or not (is_tensor or isinstance(value, (bool, int, float, complex, np.number))):
        raise no_such_form(name, (dim, index, value), {}, _FILL_FORMS)
    if is_tensor and value._array.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    x, at = input._array, index._array
    if at.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    dim = wrap_dim(dim, x.ndim)
    if at.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    if x.dtype.kind != "c" and (value._array.dtype.kind == "c" if is_tensor else isinstance(value, complex)):
        raise RuntimeError("index_fill_(): Converting complex Scalar to non-complex type is not supported")
    side = x.shape[dim] if x.ndim else 1
    if first_outside(at, side) is not None:
        outside = at[(at < -side) | (at >= side)]
        if outside.size:
            raise IndexError(f"index {outside.flat[0]} is out of bounds for dimension {dim} with size {side}")
    index = from_front(index, side)
    if not at.ndim:
        index = index.reshape(1)
    if not is_tensor:
        return IndexFill, index, dim, fitting_number(value, input.dtype)
    if known(value._array):
        fitting_number(value._array.item(), input.dtype)
    return IndexFillTensor, value.to(input.dtype), index, dim


@public(out=False)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of input with y[index[i]] = value for dim 0, y[:, index[i]] = value for dim 1; value is one number.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.index_fill_.html

    >>> torch.zeros(3).index_fill(0, torch.tensor([0, -1]), 7)
    tensor([7., 0., 7.])
    """
    rule, *args = _index_fill_call("index_fill", input, dim, index, value)
    if not input._array.ndim:
        return rule.apply(input.reshape(1), *args).reshape(())
    return rule.apply(input, *args)


def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    rule, *args = _index_fill_call("index_fill_", self, dim, index, value)
    if not self._array.ndim:
        write_in_place(rule, self.view(1), *args)
        return self
    return write_in_place(rule, self, *args)


for _function in (index_add_, index_copy_, index_fill_, index_reduce_):
    publish_inplace(_function.__name__, _function)
