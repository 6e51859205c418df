"""Taking elements by their indices along a dimension: gather, take, take_along_dim, index_select."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import wrong_type
from tinytorch.autograd.rule import Rule
from tinytorch.device import known
from tinytorch.errors import broadcast_error, wrap_dim
from tinytorch.ops.expansion import broadcast_shapes, expand_to
from tinytorch.ops.selection import Pick
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap

INT64 = np.dtype(np.int64)  # most arrays of this dtype have this very object: `is` is a quick first look

# ---- indices ---------------------------------------------------------------------------------------------------------


def first_outside(index: np.ndarray, side: int) -> int | None:
    """The first element of `index` (int64) that is negative or not below `side`; None if there is none, or on a GPU."""
    if not index.size or not known(index):
        return None
    if np.maximum.reduce(index.view(np.uint64), None) < side:  # read without sign, -1 is huge
        return None
    return int(index[(index < 0) | (index >= side)].flat[0])


def check_bounds(
    index: np.ndarray, dim: int, side: int, error: type[Exception] = RuntimeError, prefix: str = ""
) -> None:
    """The error that gather, scatter and others raise for indices that are negative or too large."""
    bad = first_outside(index, side)
    if bad is not None:
        raise error(f"{prefix}index {bad} is out of bounds for dimension {dim} with size {side}")


def need_tensor(function: str, argument: str, position: int, value: Any) -> None:
    """TypeError unless `value` is a tensor; `position` counts as methods do, without self."""
    if not isinstance(value, Tensor):
        raise wrong_type(function, argument, position, "Tensor", value)


def as_int64(index: Tensor) -> Tensor:
    """`index` with elements of int64, itself if it has them."""
    return index if index._array.dtype == INT64 else wrap(index._array.astype(np.int64))


def from_front(index: Any, count: int) -> Any:
    """Indices, an array or a tensor, the negative ones of which count from the end of `count` elements."""
    array = index._array if isinstance(index, Tensor) else index
    if known(array) and first_outside(array, count) is None:
        return index
    array = np.where(array < 0, array + count, array)
    return wrap(array) if isinstance(index, Tensor) else array


def wrapped_flat(index: Tensor, count: int) -> Tensor:
    """Indices into all `count` elements of a tensor, negative ones counted from the end; IndexError for others."""
    array = index._array
    if known(array):
        if first_outside(array, count) is None:
            return index
        bad = array[(array < -count) | (array >= count)]
        if bad.size:
            raise IndexError(f"out of range: tried to access index {bad.flat[0]} on a tensor of {count} elements.")
    return wrap(np.where(array < 0, array + count, array))


# ---- rules -----------------------------------------------------------------------------------------------------------


class Gather(Pick):
    """y[i, j] = x[index[i, j], j] (for dim 0),    dx[index[i, j], j] += dy[i, j]"""

    silent = True


class Take(Rule):
    """y[i] = x[index[i]] for x read as a vector,    dx[index[i]] += dy[i]"""

    silent = True
    inputs = 2

    @staticmethod
    def forward(ctx, x, index):
        ctx.shape = x.shape
        ctx.save_for_backward(index)
        return kernels.gather.index_select(x.reshape(-1), 0, index, True)

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        count = math.prod(ctx.shape)
        flat = AddSlices.apply(grad.reshape(-1), from_front(index.reshape(-1), count), 0, (count,))
        return flat.reshape(ctx.shape), None

    @classmethod
    def explain(cls, error: Exception, arrays: list) -> Exception:
        x, index = arrays
        bad = index[(index < -x.size) | (index >= x.size)]
        if isinstance(error, IndexError) and bad.size:
            return IndexError(f"out of range: tried to access index {bad.flat[0]} on a tensor of {x.size} elements.")
        return error


class IndexSelect(Rule):
    """y[i, j] = x[index[i], j] (for dim 0),    dx[index[i], j] += dy[i, j]"""

    silent = True
    inputs = 2

    @staticmethod
    def forward(ctx, x, index, dim):
        ctx.dim, ctx.shape = dim, x.shape
        ctx.save_for_backward(index)
        return kernels.gather.index_select(x, dim, index)

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return AddSlices.apply(grad, index, ctx.dim, ctx.shape), None


class AddSlices(Rule):
    """y = zeros of `shape` with y[index[i], j] += x[i, j] (for dim 0),    dx[i, j] = dy[index[i], j]"""

    inputs = 2
    name = "IndexAddBackward0"

    @staticmethod
    def forward(ctx, x, index, dim, shape):
        ctx.dim = dim
        ctx.save_for_backward(index)
        y = np.zeros(shape, x.dtype, like=x)
        kernels.scatter.index_add(y, dim, index, x)
        return y

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return IndexSelect.apply(grad, index, ctx.dim), None


# ---- functions -------------------------------------------------------------------------------------------------------


@public(out="same")
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """y[i][j] = input[index[i][j]][j] for dim 0, y[i][j] = input[i][index[i][j]] for dim 1: one element for each index.

    index has the dimensions of input and is nowhere longer than it but along `dim`. An index outside of the dimension,
    which includes negative ones, is a RuntimeError. sparse_grad changes nothing here: gradients are dense.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.gather.html

    >>> scores = torch.tensor([[1., 2., 3.], [4., 5., 6.]])
    >>> torch.gather(scores, 1, torch.tensor([[2], [0]]))
    tensor([[3.],
            [4.]])
    """
    need_tensor("gather", "index", 2, index)
    x, at = input._array, index._array
    shape = x.shape
    dim = wrap_dim(dim, len(shape))
    if shape and at.dtype is INT64 and at.shape == shape:
        return _gather(input, index, dim)
    if not at.size:
        return Gather.apply(input, as_int64(index), dim)
    if at.dtype is not INT64 and at.dtype != INT64:
        if at.dtype != np.int32:
            raise RuntimeError("gather(): Expected dtype int32/int64 for index")
        index = as_int64(index)
        at = index._array
    if at.ndim != x.ndim and (at.ndim > 1 or x.ndim > 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for d, (wanted, side) in enumerate(zip(at.shape, shape)):
        if wanted > side and d != dim:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {list(at.shape)} to be no larger than self "
                f"{list(shape)} apart from dimension {dim}"
            )
    if not x.ndim or not at.ndim:
        check_bounds(at, dim, x.shape[dim] if x.ndim else 1)
    return _gather(input, index, dim)


def _gather(input: Tensor, index: Tensor, dim: int) -> Tensor:
    """The rule, with PyTorch's class of error for indices that are out of bounds."""
    try:
        return Gather.apply(input, index, dim)
    except IndexError as error:
        raise RuntimeError(str(error)) from None


_TAKE_OUT = (
    "take(): self and out expected to have the same dtype, but got self.dtype = {wanted.legacy} and out.dtype = "
    "{given.legacy}"
)


@public(out=_TAKE_OUT)
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements number `index` of a tensor read as a vector, in the shape of index; -1 is the last one.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.take.html

    >>> torch.take(torch.tensor([[4, 3], [2, 1]]), torch.tensor([0, -1]))
    tensor([4, 1])
    """
    need_tensor("take", "index", 1, index)
    if index._array.dtype is not INT64 and index._array.dtype != INT64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {index.dtype.legacy}")
    if not input._array.size and index._array.size:
        raise IndexError("take(): tried to take from an empty tensor")
    return Take.apply(input, index)


@public(out="same")
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` for indices that broadcast with input but for `dim`; without dim, `take`.

    What argmax and argsort give, with keepdim, takes the maximum and the sorted tensor. Indices count modulo the size.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.take_along_dim.html

    >>> x = torch.tensor([[10, 30, 20], [60, 40, 50]])
    >>> torch.take_along_dim(x, x.argsort(dim=1), dim=1)
    tensor([[10, 20, 30],
            [40, 50, 60]])
    """
    need_tensor("take_along_dim", "indices", 1, indices)
    at, shape = indices._array, input._array.shape
    if at.dtype != np.int64:
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.legacy}")
    if dim is None:
        return gather(input.view(-1), 0, _modulo(indices, input._array.size).view(-1))
    if at.ndim != len(shape):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(shape)} dimensions for input, and {at.ndim} dimensions for indices"
        )
    dim = wrap_dim(dim, len(shape))
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    around, inside = list(shape), list(at.shape)
    around[dim] = inside[dim] = 1
    if around != inside:
        if (error := broadcast_error((np.empty(around), np.empty(inside)))) is not None:
            raise error
        joint = list(broadcast_shapes(around, inside))
        joint[dim] = shape[dim]
        input = expand_to(input, tuple(joint))
        joint[dim] = at.shape[dim]
        indices = expand_to(indices, tuple(joint))
    if known(at):
        try:
            return Gather.apply(input, indices, dim)
        except IndexError:
            pass
    return Gather.apply(input, _modulo(indices, shape[dim]), dim)


def _modulo(indices: Tensor, side: int) -> Tensor:
    """The indices, those outside of 0, ..., side - 1 by their remainder."""
    array = indices._array
    return indices if known(array) and first_outside(array, side) is None else wrap(np.remainder(array, max(side, 1)))


@public(out="index_select(): self and result must have the same scalar type")
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices number index[0], index[1], ... of a dimension: input[:, index] for dim 1. No negative indices.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.index_select.html

    >>> torch.index_select(torch.tensor([[1, 2], [3, 4]]), 0, torch.tensor([1, 1]))
    tensor([[3, 4],
            [3, 4]])
    """
    need_tensor("index_select", "index", 2, index)
    return _index_select(input, dim, index)


def _index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    x, at = input._array, index._array
    shape, places = x.shape, at.shape  # each question to an array takes some time
    dim = wrap_dim(dim, len(shape))
    if len(places) > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if at.dtype is not INT64 and at.dtype != INT64:
        if at.dtype != np.int32:
            raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
        index = as_int64(index)
        at = index._array
    if not places:
        index = index.reshape(1)
    if not shape:
        if at.size != 1:
            raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {at.size} value(s)")
        return _index_select(input.reshape(1), 0, index).reshape(())
    if not shape[dim] and at.size:
        raise RuntimeError("index_select(): self indexing axis dim should be positive")
    try:
        return IndexSelect.apply(input, index, dim)
    except IndexError:
        if not dim and x.size:
            raise
        bad = first_outside(at, shape[dim])
        raise RuntimeError(f"INDICES element is out of DATA bounds, id={bad} axis_dim={shape[dim]}") from None
