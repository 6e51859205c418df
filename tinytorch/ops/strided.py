"""Views at regular distances: as_strided, unfold, diagonal; diagonal matrices; a part of a tensor replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import as_whole, wrong_type
from tinytorch.autograd.pieces import Piece, Put, Rest
from tinytorch.autograd.rule import Rule
from tinytorch.autograd.spot import Spot
from tinytorch.device import near
from tinytorch.errors import wrap_dim
from tinytorch.kernels.memory import address, extent, overlaps_itself
from tinytorch.ops.shape import ViewRule, publish_reshaping, sizes
from tinytorch.ops.slicing import along, select_key
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- as_strided ------------------------------------------------------------------------------------------------------


class AsStrided(ViewRule):
    """y = the memory of x, seen with other sides and strides,    dx = dy where y lies, 0 elsewhere"""

    @staticmethod
    def forward(ctx, x, size, stride, shift):
        y = kernels.layout.restride(x, size, stride, shift)
        ctx.spot = Spot(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        return Put.apply(grad, ctx.spot)


class AsStridedInPlace(AsStrided):
    """AsStrided of a tensor itself"""

    name = "AsStridedBackward1"


def _layout(input: Tensor, size: Any, stride: Any, storage_offset: int | None) -> tuple[tuple, tuple, int]:
    """The arguments of as_strided in bytes, the offset from input's first element; errors where no such memory is."""
    x, root = input._array, input._root()
    for place, (name, given) in enumerate((("size", size), ("stride", stride))):
        if not isinstance(given, (tuple, list)):
            raise wrong_type("as_strided", name, place + 1, "tuple of ints", given)
    size, stride = sizes((size,), "as_strided"), sizes((stride,), "as_strided", "stride", 2)
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(step < 0 for step in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    if any(side < 0 for side in size):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}")
    here = (address(x) - address(root)) // x.itemsize
    offset = here if storage_offset is None else storage_offset
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    steps = tuple([step * x.itemsize for step in stride])
    needed = 0 if 0 in size else offset * x.itemsize + extent(size, steps, x.itemsize)[1]
    there = extent(root.shape, root.strides, root.itemsize)[1]
    if needed > there:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize "
            f"{x.itemsize} requiring a storage size of {needed} are out of bounds for storage of size {there}"
        )
    return size, steps, (offset - here) * x.itemsize


@public(out=False)
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the memory that `input` lies in: sides, distances in elements, and where in the storage it starts.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.as_strided.html

    >>> torch.as_strided(torch.arange(6), (2, 3), (1, 1), 2)
    tensor([[2, 3, 4],
            [3, 4, 5]])
    """
    return AsStrided.apply(input, *_layout(input, size, stride, storage_offset))


def _as_strided_(self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> tuple:
    return AsStridedInPlace, *_layout(self, size, stride, storage_offset)


publish_reshaping("as_strided_", _as_strided_, function=True)


# ---- unfold ----------------------------------------------------------------------------------------------------------


def _windows(x: np.ndarray, dim: int, size: int, step: int) -> np.ndarray:
    """Every window of `size` elements along `dim`, `step` apart, as a new last dimension: a view."""
    if not x.ndim:
        return kernels.layout.restride(x, (size,), (x.itemsize,))
    shape = (*x.shape[:dim], (x.shape[dim] - size) // step + 1, *x.shape[dim + 1 :], size)
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
    return kernels.layout.restride(x, shape, strides)


class Unfold(ViewRule):
    """y = windows of x,    dx = for every element, the sum of dy over the windows that it is in"""

    @staticmethod
    def forward(ctx, x, dim, size, step):
        ctx.shape, ctx.window = x.shape, (dim, size, step)
        return _windows(x, dim, size, step)

    @staticmethod
    def backward(ctx, grad):
        return Fold.apply(grad, ctx.shape, *ctx.window)


class Fold(Rule):
    """y = the windows x added up in their places,    dx = windows of dy"""

    name = "UnfoldBackwardBackward0"

    @staticmethod
    def forward(ctx, x, shape, dim, size, step):
        ctx.window = dim, size, step
        y = np.zeros(shape, x.dtype, like=near(x))
        if not shape:
            return x.sum() if size else y
        for place in range(size):  # the elements number `place` of all windows lie apart
            start = slice(place, place + (x.shape[dim] - 1) * step + 1, step)
            y[along(dim, start)] += x[..., place]
        return y

    @staticmethod
    def backward(ctx, grad):
        return Unfold.apply(grad, *ctx.window)


@public(function=False, out=False)
def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` elements along a dimension, `step` apart, as a new last dimension: a view.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.unfold.html

    >>> torch.arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    shape = self._array.shape
    dim = wrap_dim(dimension, len(shape))
    for name, place, value in (("size", 2, size), ("step", 3, step)):
        if type(value) is not int and not isinstance(value, np.integer):
            raise wrong_type("unfold", name, place, "int", value)
    side = shape[dim] if shape else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > side:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {side} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return Unfold.apply(self, dim, size, step)


# ---- diagonals -------------------------------------------------------------------------------------------------------


def _diagonal(x: np.ndarray, offset: int, dim1: int, dim2: int) -> np.ndarray:
    """The elements x[i, i + offset] of the dimensions dim1 and dim2, as a new last dimension: a view."""
    rows, columns = x.shape[dim1], x.shape[dim2]
    step1, step2 = x.strides[dim1], x.strides[dim2]
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    shift = 0 if not length else offset * step2 if offset >= 0 else -offset * step1
    others = [dim for dim in range(x.ndim) if dim not in (dim1, dim2)]
    shape = tuple([x.shape[dim] for dim in others])
    strides = tuple([x.strides[dim] for dim in others])
    return kernels.layout.restride(x, (*shape, length), (*strides, step1 + step2), shift)


class Diagonal(ViewRule):
    """y = a diagonal of x,    dx = dy on that diagonal, 0 elsewhere"""

    @staticmethod
    def forward(ctx, x, offset, dim1, dim2):
        ctx.shape, ctx.place = x.shape, (offset, dim1, dim2)
        return _diagonal(x, offset, dim1, dim2)

    @staticmethod
    def backward(ctx, grad):
        return DiagEmbed.apply(grad, ctx.shape, *ctx.place)


class DiagonalCopy(Rule):
    """Diagonal in memory of its own"""

    name = "DiagonalBackward0_copy"

    @staticmethod
    def forward(ctx, x, offset, dim1, dim2):
        ctx.shape, ctx.place = x.shape, (offset, dim1, dim2)
        return _diagonal(x, offset, dim1, dim2).copy()

    backward = Diagonal.backward


class DiagEmbed(Rule):
    """y = zeros of `shape` with x on a diagonal,    dx = that diagonal of dy"""

    @staticmethod
    def forward(ctx, x, shape, offset, dim1, dim2):
        ctx.place = offset, dim1, dim2
        y = np.zeros(shape, x.dtype, like=near(x))
        _diagonal(y, offset, dim1, dim2)[...] = x
        return y

    @staticmethod
    def backward(ctx, grad):
        return Diagonal.apply(grad, *ctx.place)


def _two_dims(dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    first, second = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


@public(out=False)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements whose indices in dim1 and dim2 differ by `offset`, as a new last dimension: a view.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.diagonal.html

    >>> torch.tensor([[1, 2], [3, 4]]).diagonal(), torch.tensor([[1, 2], [3, 4]]).diagonal(1)
    (tensor([1, 4]), tensor([2]))
    """
    if type(offset) is not int:
        offset = as_whole("diagonal", "offset", 1, offset)
    return Diagonal.apply(input, offset, *_two_dims(dim1, dim2, input._array.ndim))


@public(out=False)
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices of zeros whose diagonals are the vectors in the last dimension; the matrices lie in dim1 and dim2.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.diag_embed.html

    >>> torch.diag_embed(torch.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    shape = input._array.shape
    first, second = _two_dims(dim1, dim2, len(shape) + 1)
    side = shape[-1] + abs(offset)
    result = list(shape[:-1])
    for dim in sorted((first, second)):
        result.insert(dim, side)
    return DiagEmbed.apply(input, tuple(result), offset, first, second)


@public(out="same", out_name="aten::diagonal_copy")
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, copied; of a vector, the matrix with that diagonal.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.diag.html

    >>> torch.diag(torch.tensor([[1, 2], [3, 4]])), torch.diag(torch.tensor([1, 2]))
    (tensor([1, 4]), tensor([[1, 0],
            [0, 2]]))
    """
    ndim = input._array.ndim
    if ndim == 1:
        return diag_embed(input, diagonal)
    if ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    return DiagonalCopy.apply(input, diagonal, 0, 1)


@public(out=False)
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix whose diagonal is made of all elements of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.diagflat.html

    >>> torch.diagflat(torch.tensor([[1], [2]]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(input.reshape(-1), offset)


# ---- a tensor with one of its views replaced -------------------------------------------------------------------------


class SelectScatter(Rule):
    """y = x with `src` in `spot`,    dx = dy with zeros there,    dsrc = dy there"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, src, spot):
        ctx.spot = spot
        y, piece = spot.lay(x)
        piece[...] = src
        return y

    @staticmethod
    def backward(ctx, grad):
        need_x, need_src = ctx.needs_input_grad
        return Rest.apply(grad, ctx.spot) if need_x else None, Piece.apply(grad, ctx.spot) if need_src else None


class SliceScatter(SelectScatter):
    """SelectScatter of a range"""


class DiagonalScatter(SelectScatter):
    """SelectScatter of a diagonal"""


class AsStridedScatter(SelectScatter):
    """SelectScatter of a part given by strides"""


def _replace(rule: type[Rule], input: Tensor, src: Tensor, see: Callable[[np.ndarray], np.ndarray]) -> Tensor:
    """`input` with `src` in the part of it that `see` shows."""
    x = input._array
    whole = np.empty(x.shape, x.dtype, like=x) if overlaps_itself(x.shape, x.strides) else x  # only the layout matters
    piece = see(whole)
    if src._array.shape != piece.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src._array.shape)}, slice size "
            f"= {list(piece.shape)}"
        )
    return rule.apply(input, src, Spot(whole, piece))


@public()
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` with `src` in the place of `input.select(dim, index)`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.select_scatter.html

    >>> torch.select_scatter(torch.zeros(2, 2), torch.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    key = select_key(input, dim, index)
    return _replace(SelectScatter, input, src, lambda x: x[key])


@public(out="same")
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of `input` with `src` in the place of the elements start, start + step, ... before `end` along `dim`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.slice_scatter.html

    >>> torch.slice_scatter(torch.zeros(4), torch.ones(2), start=1, end=3)
    tensor([0., 1., 1., 0.])
    """
    dim = wrap_dim(dim, input._array.ndim)
    return _replace(SliceScatter, input, src, lambda x: x[along(dim, slice(start, end, step))])


@public()
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` with `src` on a diagonal, see `diagonal`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.diagonal_scatter.html

    >>> torch.diagonal_scatter(torch.zeros(2, 2), torch.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    dims = _two_dims(dim1, dim2, input._array.ndim)
    return _replace(DiagonalScatter, input, src, lambda x: _diagonal(x, offset, *dims))


@public()
def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A copy of `input` with `src` in the place of `input.as_strided(size, stride, storage_offset)`.

    (PyTorch 2.13 gives `input` the gradient of the replaced elements, in place of that of the others.)
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.as_strided_scatter.html

    >>> torch.as_strided_scatter(torch.zeros(4), torch.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])
    """
    place = _layout(input, size, stride, storage_offset)
    return _replace(AsStridedScatter, input, src, lambda x: kernels.layout.restride(x, *place))
