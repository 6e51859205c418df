"""Writing elements to the places that an index tensor of their shape names: scatter, scatter_add, put.

Along dim 0 of a matrix the element src[i, j] goes to the place (index[i, j], j), along dim 1 to (i, index[i, j]). Where
several go to one place, scatter keeps one of them (here the last) and scatter_add their sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import no_such_form
from tinytorch.errors import warn, wrap_dim
from tinytorch.kernels.arrays import full, widen
from tinytorch.ops.gathering import INT64, Gather, Take, as_int64, check_bounds, need_tensor, wrapped_flat
from tinytorch.ops.slicing import Slice
from tinytorch.ops.writing import Writing, round_into, write_in_place
from tinytorch.promotion import fitting_number
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor, wrap

# ---- rules: src has the shape of index -------------------------------------------------------------------------------


def with_dims(y: np.ndarray, src: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views of the arrays with at least one dimension: 0-dim tensors and vectors may be mixed."""
    if y.ndim and index.ndim:
        return y, src, index
    return y.reshape(-1), src.reshape(-1), index.reshape(-1)


def within_bounds(kernel: Any, y: np.ndarray, dim: int, index: np.ndarray, src: np.ndarray) -> None:
    """kernel(y, dim, index, src), with PyTorch's class of error for indices that are out of bounds."""
    try:
        kernel(y, dim, index, src)
    except IndexError as error:
        raise RuntimeError(str(error)) from None


class Scatter(Writing):
    """y = x but for y[index[i, j], j] = src[i, j] (for dim 0),    dx = dy, 0 there,    dsrc = dy there"""

    silent = True
    inputs = 3

    @classmethod
    def forward(cls, ctx, x, src, index, dim):
        ctx.dim = dim
        ctx.save_for_backward(index)
        return cls.written(x, src, index, dim)

    @staticmethod
    def put(y, src, index, dim):
        if index.size:
            y, src, index = with_dims(y, src, index)
            within_bounds(kernels.scatter.scatter, y, dim, index, src)

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        need_x, need_src, _ = ctx.needs_input_grad
        dx = ScatterValue.apply(grad, index, ctx.dim, 0) if need_x else None
        return dx, Gather.apply(grad, index, ctx.dim) if need_src else None, None


class ScatterValue(Writing):
    """y = x but for y[index[i, j], j] = a number (for dim 0),    dx = dy, 0 in these places"""

    inputs = 2
    name = "ScatterBackward1"

    @classmethod
    def forward(cls, ctx, x, index, dim, value):
        ctx.dim = dim
        ctx.save_for_backward(index)
        return cls.written(x, index, dim, value)

    @staticmethod
    def put(y, index, dim, value):
        if index.size:
            y, _, index = with_dims(y, index, index)
            within_bounds(kernels.scatter.scatter, y, dim, index, full((), value, y.dtype, y))

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return ScatterValue.apply(grad, index, ctx.dim, 0), None


class ScatterAdd(Scatter):
    """y = x with y[index[i, j], j] += src[i, j] (for dim 0),    dx = dy,    dsrc = dy in these places"""

    @staticmethod
    def put(y, src, index, dim):
        if index.size:
            y, src, index = with_dims(y, src, index)
            total = widen(y)
            within_bounds(kernels.scatter.scatter_add, total, dim, index, widen(src))
            if total is not y:
                round_into(y, total)  # once, as PyTorch does

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return grad, Gather.apply(grad, index, ctx.dim) if ctx.needs_input_grad[1] else None, None


class ScatterInto(Writing):
    """y = x with y[index[i, j], j] += src[i, j], or *=; PyTorch has no derivative for scatter(reduce=)"""

    inputs = 3
    name = "NotImplemented"

    @classmethod
    def forward(cls, ctx, x, src, index, dim, reduce):
        return cls.written(x, src, index, dim, reduce)

    @staticmethod
    def put(y, src, index, dim, reduce):
        if index.size:
            y, src, index = with_dims(y, src, index)
            if reduce == "add":
                kernels.scatter.scatter_add(y, dim, index, src)
            else:
                kernels.scatter.scatter_reduce(y, dim, index, src, "multiply")

    @staticmethod
    def backward(ctx, grad):
        raise RuntimeError("derivative for aten::scatter is not implemented")


def coordinates(index: Any, shape: tuple[int, ...]) -> tuple:
    """Where the elements with these numbers are, one array for each dimension; as np.unravel_index, but unchecked.

    >>> from tinytorch.ops.scattering import coordinates
    >>> coordinates(np.array([5, 1]), (2, 3))
    (array([1, 0]), array([2, 1]))
    """
    found = []
    for side in reversed(shape):
        found.append(index % side)
        index = index // side
    return tuple(reversed(found))


class Put(Writing):
    """y = x read as a vector but for y[index[i]] = source[i],    dx = dy, 0 there,    dsource = dy there

    With accumulate y[index[i]] += source[i],    dx = dy,    dsource = dy there.
    """

    inputs = 3

    @classmethod
    def forward(cls, ctx, x, source, index, accumulate):
        ctx.accumulate, ctx.source_shape = accumulate, source.shape
        ctx.save_for_backward(index)
        return cls.written(x, source, index, accumulate)

    @staticmethod
    def put(y, source, index, accumulate):
        if accumulate:
            total = y.reshape(-1)  # a copy where y has gaps
            kernels.scatter.scatter_add(total, 0, index.reshape(-1), source.reshape(-1))
            if not y.flags.c_contiguous:
                y[...] = total.reshape(y.shape)
        elif y.ndim:
            y[coordinates(index, y.shape)] = source.reshape(index.shape)
        else:
            y.reshape(1)[index] = source.reshape(index.shape)

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        need_x, need_source, _ = ctx.needs_input_grad
        dx = grad
        if need_x and not ctx.accumulate:
            dx = ScatterValue.apply(grad.reshape(-1), index.reshape(-1), 0, 0).reshape(grad.shape)
        return dx, Take.apply(grad, index).reshape(ctx.source_shape) if need_source else None, None


# ---- what scatter and its relatives check ----------------------------------------------------------------------------


def check_scatter(input: Tensor, dim: int, index: Tensor, src: Any) -> tuple[int, Tensor, Any]:
    """The dim from 0 on, the index as int64, and `src` (where it is a tensor) cut to the shape of index.

    Whether indices are within bounds is left to those who use them.
    """
    x, at = input._array, index._array
    shape = x.shape
    dim = wrap_dim(dim, len(shape))
    is_tensor = isinstance(src, Tensor)
    usual = is_tensor and shape and at.dtype is INT64
    if usual and src._array.dtype is x.dtype and src._array.shape == at.shape == shape:
        return dim, index, src
    if not at.size:
        if is_tensor and src._array.shape != at.shape:
            src = src.reshape(-1)[:0].reshape(at.shape)
        return dim, as_int64(index), src
    if at.dtype is not INT64 and at.dtype != INT64:
        if at.dtype != np.int32:
            raise RuntimeError("scatter(): Expected dtype int32/int64 for index")
        index = as_int64(index)
        at = index._array
    if is_tensor and src._array.dtype is not x.dtype and src.dtype is not input.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if at.ndim != x.ndim and (at.ndim > 1 or x.ndim > 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    if is_tensor:
        src = _cut(x, dim, at, src)
    elif [d for d, (wanted, side) in enumerate(zip(at.shape, shape)) if wanted > side and d != dim]:
        raise RuntimeError(
            f"Expected index {list(at.shape)} to be no larger than self {list(x.shape)} apart from dimension {dim}"
        )
    return dim, index, src


def _cut(x: np.ndarray, dim: int, at: np.ndarray, src: Tensor) -> Tensor:
    """`src` in the shape of the index `at`; RuntimeError where the shapes do not fit."""
    shape = src._array.shape
    if len(shape) != at.ndim and (at.ndim > 1 or len(shape) > 1):
        if 0 < len(shape) <= dim:
            wrap_dim(dim, len(shape))
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if shape == at.shape and all(wanted <= side for d, (wanted, side) in enumerate(zip(shape, x.shape)) if d != dim):
        return src
    wide = [wanted > side and d != dim for d, (wanted, side) in enumerate(zip(at.shape, x.shape))]
    if any(wide) or any(wanted > side for wanted, side in zip(at.shape, shape)):
        raise RuntimeError(
            f"Expected index {list(at.shape)} to be no larger than self {list(x.shape)} apart from dimension {dim} and "
            f"to be no larger size than src {list(shape)}"
        )
    if len(shape) != at.ndim:
        return src.reshape(at.shape)
    return Slice.apply(src, (*[slice(side) for side in at.shape], ...))


_SCATTER_FORMS = (
    "(int dim, Tensor index, Tensor src)", "(int dim, Tensor index, Tensor src, *, str reduce)",
    "(int dim, Tensor index, Number value)", "(int dim, Tensor index, Number value, *, str reduce)",
)  # fmt: skip
_REDUCE_IS_OLD = (
    "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch "
    "release. Use torch.scatter_reduce instead for more reduction options."
)


def _scatter_call(name: str, input: Tensor, dim: Any, index: Any, src: Any, value: Any, reduce: Any) -> tuple:
    """The rule that a call of scatter or scatter_ means, and its arguments after the first."""
    given = src if value is None else value
    if isinstance(value, Tensor) and not value._array.ndim and src is None:
        given = value.item()  # a tensor of one number under the name value is that number
    number = isinstance(given, (bool, int, float, complex, np.number, np.bool_))
    fits = (isinstance(given, Tensor) and value is None) or number
    if type(dim) is not int or not isinstance(index, Tensor) or not fits or not (src is None or value is None):
        shown = {key: each for key, each in (("value", value), ("reduce", reduce)) if each is not None}
        args = tuple(each for each in (dim, index, src) if each is not None)
        raise no_such_form(name, args, shown, _SCATTER_FORMS)
    if reduce is not None and reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    dim, index, given = check_scatter(input, dim, index, given)
    if reduce is not None:
        check_bounds(index._array, dim, input._array.shape[dim] if input._array.ndim else 1)
    if number:
        given = fitting_number(given, input.dtype)
        if reduce is None:
            return ScatterValue, index, dim, given
        given = wrap(full(index._array.shape, given, given.dtype, index._array))
    elif reduce is not None:
        warn(_REDUCE_IS_OLD)
    return (Scatter, given, index, dim) if reduce is None else (ScatterInto, given, index, dim, reduce)


# ---- functions -------------------------------------------------------------------------------------------------------


@public(out="same")
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy of input with y[index[i][j]][j] = src[i][j] for dim 0, y[i][index[i][j]] = src[i][j] for dim 1.

    src is a tensor of input's dtype, nowhere shorter than index, or a number; reduce="add" or "multiply" combines it
    with what is there. RuntimeError for an index outside of the dimension, which includes negative ones.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.scatter.html

    >>> labels = torch.tensor([[2], [0]])
    >>> torch.scatter(torch.zeros(2, 3), 1, labels, 1.)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    rule, *args = _scatter_call("scatter", input, dim, index, src, value, reduce)
    return rule.apply(input, *args)


def scatter_(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    rule, *args = _scatter_call("scatter_", self, dim, index, src, value, reduce)
    return write_in_place(rule, self, *args)


@public(out="same")
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of input with y[index[i][j]][j] += src[i][j] for dim 0, y[i][index[i][j]] += src[i][j] for dim 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.scatter_add.html

    >>> torch.zeros(3).scatter_add(0, torch.tensor([0, 2, 2]), torch.tensor([1., 2., 3.]))
    tensor([1., 0., 5.])
    """
    dim, index, src = _scatter_add_call("scatter_add", input, dim, index, src)
    return ScatterAdd.apply(input, src, index, dim)


def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    dim, index, src = _scatter_add_call("scatter_add_", self, dim, index, src)
    return write_in_place(ScatterAdd, self, src, index, dim)


def _scatter_add_call(name: str, input: Tensor, dim: int, index: Tensor, src: Tensor) -> tuple[int, Tensor, Tensor]:
    need_tensor(name, "index", 2, index)
    need_tensor(name, "src", 3, src)
    return check_scatter(input, dim, index, src)


@public(out=False)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input, read as a vector, with y[index[i]] = source[i], or +=, if `accumulate`; -1 is the last one.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.put_.html

    >>> torch.put(torch.zeros(2, 2), torch.tensor([0, -1]), torch.tensor([1., 2.]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    return Put.apply(input, source, _put_index("put", input, index, source), accumulate)


def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    return write_in_place(Put, self, source, _put_index("put_", self, index, source), accumulate)


def _put_index(name: str, input: Tensor, index: Tensor, source: Tensor) -> Tensor:
    """The index with no negative numbers; errors where the arguments do not fit."""
    need_tensor(name, "index", 1, index)
    need_tensor(name, "source", 2, source)
    if index._array.dtype != np.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {index.dtype.legacy}")
    if source.dtype is not input.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{input.dtype.legacy} and source.dtype = {source.dtype.legacy}"
        )
    if source._array.size != index._array.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._array.size}, index.numel() = {index._array.size}"
        )
    count = input._array.size
    if not count and index._array.size:
        raise IndexError("put_(): Tried to put elements into an empty tensor")
    return wrapped_flat(index, count)


for _function in (scatter_, scatter_add_, put_):
    publish_inplace(_function.__name__, _function)
