"""Parts of a tensor along its dimensions, all of them views: select, narrow, split, chunk, unbind."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinytorch.arguments import as_int, as_whole, no_such_form
from tinytorch.autograd.rule import Rule
from tinytorch.device import near
from tinytorch.errors import wrap_dim
from tinytorch.ops.joining import Cat, Stack
from tinytorch.ops.shape import ViewRule
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Part(ViewRule):
    """y = x[key] for integers and slices,    dx = dy in that place, 0 elsewhere

    The key ends with an Ellipsis, so that NumPy gives a view even of a single element.
    """

    @staticmethod
    def forward(ctx, x, key):
        ctx.shape, ctx.key = x.shape, key
        return x[key]

    @staticmethod
    def backward(ctx, grad):
        return Surround.apply(grad, ctx.shape, ctx.key)


class Select(Part):
    """Part whose last step takes one element of a dimension"""


class Slice(Part):
    """Part whose last step takes a range of a dimension"""


class Surround(Rule):
    """y = zeros of `shape` but for y[key] = x,    dx = dy[key]"""

    @staticmethod
    def forward(ctx, x, shape, key):
        ctx.key = key
        y = np.zeros(shape, x.dtype, like=near(x))
        y[key] = x
        return y

    @staticmethod
    def backward(ctx, grad):
        return Part.apply(grad, ctx.key)


def along(dim: int, index: Any) -> tuple:
    """The key that takes `index` of dimension `dim`.

    >>> along(1, slice(0, 2))
    (slice(None, None, None), slice(0, 2, None), Ellipsis)
    """
    return (slice(None),) * dim + (index, ...)


@public(out=False)
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice number `index` of dimension `dim`, which goes: a view. select(0, i) is x[i].

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.select.html

    >>> torch.select(torch.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    return Select.apply(input, select_key(input, dim, index))


def select_key(input: Tensor, dim: int, index: int) -> tuple:
    """The key of the slice number `index` of dimension `dim`; IndexError where there is none."""
    shape = input._array.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, len(shape))
    if type(index) is not int:
        index = as_whole("select", "index", 2, index)
    if not -shape[dim] <= index < shape[dim]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {dim}")
    return along(dim, index)


_FORMS_OF_NARROW = ("(int dim, Tensor start, int length)", "(int dim, int start, int length)")


@public(out=False)
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """The elements start, ..., start + length - 1 of dimension `dim`, a view.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.narrow.html

    >>> torch.narrow(torch.tensor([1, 2, 3, 4]), 0, 1, 2)
    tensor([2, 3])
    """
    shape = input._array.shape
    if type(length) is not int or (type(start) is not int and not isinstance(start, Tensor)):
        whole_start, whole_length = as_int(start), as_int(length)
        if whole_start is None or whole_length is None:
            raise no_such_form("narrow", (dim, start, length), {}, _FORMS_OF_NARROW)
        start, length = whole_start, whole_length
    if isinstance(start, Tensor):
        if start._array.ndim or start._array.dtype.kind not in "iu":
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = start.item()
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    dim = wrap_dim(dim, len(shape))
    side = shape[dim]
    if not -side <= start <= side:
        raise IndexError(f"start out of range (expected to be in range of [-{side}, {side}], but got {start})")
    first = start + side if start < 0 else start
    if first + length > side:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({side}).")
    return Slice.apply(input, along(dim, slice(first, first + length)))


# ---- cut into several ------------------------------------------------------------------------------------------------


def _ranges(lengths: Sequence[int]) -> list[slice]:
    return list(itertools.starmap(slice, itertools.pairwise(itertools.accumulate(lengths, initial=0))))


class Split(ViewRule):
    """y1, y2, ... = consecutive parts of x along `dim`,    dx = dy1, dy2, ... behind one another"""

    @staticmethod
    def forward(ctx, x, lengths, dim):
        ctx.dim = dim
        return tuple([x[along(dim, each)] for each in _ranges(lengths)])

    @staticmethod
    def backward(ctx, *grads):
        return Cat.apply(*_complete(ctx, grads), dim=ctx.dim)


class SplitWithSizes(Split):
    """Split with a length given for every part"""


class UnsafeSplit(Split):
    """Split into parts that autograd does not know to be views: writes into one are not seen by the others' history"""

    is_view = False


class UnsafeSplitWithSizes(UnsafeSplit):
    """UnsafeSplit with a length given for every part"""


class Unbind(ViewRule):
    """y1, y2, ... = the slices of x along `dim`,    dx = dy1, dy2, ... stacked"""

    @staticmethod
    def forward(ctx, x, dim):
        ctx.dim = dim
        return tuple([x[along(dim, i)] for i in range(x.shape[dim])])

    @staticmethod
    def backward(ctx, *grads):
        return Stack.apply(*_complete(ctx, grads), dim=ctx.dim)


def _complete(ctx: Any, grads: tuple) -> list:
    """The gradients of all outputs, zeros where none came."""
    some = next(grad for grad in grads if grad is not None)
    there = near(some._array if isinstance(some, Tensor) else some)
    return [np.zeros(*output, like=there) if grad is None else grad for grad, output in zip(grads, ctx.outputs)]


def _equal_lengths(input: Tensor, size: int, dim: int) -> list[int]:
    side = input._array.shape[dim]
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and side:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {side}")
    count = max(1, -(-side // size)) if size else 1
    return [size] * (count - 1) + [side - size * (count - 1)]


def _check_lengths(input: Tensor, lengths: Any, dim: int) -> list[int]:
    lengths = [operator.index(length) for length in lengths]
    side = input._array.shape[dim]
    if any(length < 0 for length in lengths):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={lengths}"
        )
    if sum(lengths) != side:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {side} (input tensor's size at dimension {dim}), "
            f"but got split_sizes={lengths}"
        )
    return lengths


def _cut(input: Tensor, size_or_sizes: Any, dim: int, rules: tuple) -> tuple[Tensor, ...]:
    """`input` cut by the first of two rules into parts of one size, or by the second into parts of given sizes."""
    ndim = input._array.ndim
    if not ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = wrap_dim(dim, ndim)
    if isinstance(size_or_sizes, (tuple, list)):
        rule, lengths = rules[1], _check_lengths(input, size_or_sizes, dim)
    else:
        rule, lengths = rules[0], _equal_lengths(input, operator.index(size_or_sizes), dim)
    parts = rule.apply(input, lengths, dim)
    if not rule.is_view:
        for part in parts:
            part._storage_root = input._root()
    return parts


@public(method=False, out=False)
def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive parts of one size (the last may be smaller), or of the sizes in a list: views.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.split.html

    >>> torch.split(torch.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    return _cut(tensor, split_size_or_sections, dim, (Split, SplitWithSizes))


def _split_method(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive parts, views: see `torch.split`."""
    return _cut(self, split_size, dim, (Split, SplitWithSizes))


_split_method.__name__, _split_method.__qualname__ = "split", "Tensor.split"
Tensor.split = _split_method  # type: ignore[attr-defined]


@public(out=False)
def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive parts of the given sizes, views.

    >>> torch.split_with_sizes(torch.arange(3), [1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    return _cut(input, list(split_sizes), dim, (Split, SplitWithSizes))


@public(out=False)
def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split` whose results may be written into: autograd does not follow what that means for the other parts.

    >>> torch.unsafe_split(torch.arange(3), 2)
    (tensor([0, 1]), tensor([2]))
    """
    return _cut(input, split_size, dim, (UnsafeSplit, UnsafeSplitWithSizes))


@public(out=False)
def unsafe_split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes` whose results may be written into, see `unsafe_split`.

    >>> torch.unsafe_split_with_sizes(torch.arange(3), [1, 2])
    (tensor([0]), tensor([1, 2]))
    """
    return _cut(input, list(split_sizes), dim, (UnsafeSplit, UnsafeSplitWithSizes))


def _chunk(input: Tensor, chunks: int, dim: int, rules: tuple) -> tuple[Tensor, ...]:
    shape = input._array.shape
    if type(chunks) is not int:
        chunks = as_whole("chunk", "chunks", 1, chunks)
    if not shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    side = shape[wrap_dim(dim, len(shape))]
    return _cut(input, -(-side // chunks) if side else [0] * chunks, dim, rules)


@public(out=False)
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of one size (the last may be smaller), views.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.chunk.html

    >>> torch.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    return _chunk(input, chunks, dim, (Split, SplitWithSizes))


@public(out=False)
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk` whose results may be written into, see `unsafe_split`.

    >>> torch.unsafe_chunk(torch.arange(3), 2)
    (tensor([0, 1]), tensor([2]))
    """
    return _chunk(input, chunks, dim, (UnsafeSplit, UnsafeSplitWithSizes))


@public(out=False)
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All slices along a dimension, views; what iterating over a tensor gives.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.unbind.html

    >>> torch.unbind(torch.tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    ndim = input._array.ndim
    if not ndim:
        wrap_dim(dim, 0)
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return Unbind.apply(input, wrap_dim(dim, ndim))


def _iterate(self: Tensor) -> Iterator[Tensor]:
    """The slices along the first dimension."""
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(Unbind.apply(self, 0))


Tensor.__iter__ = _iterate  # type: ignore[attr-defined]


def _sections(input: Tensor, sections: int, dim: int) -> tuple[Tensor, ...]:
    """Parts whose sizes differ by at most one, the larger ones first."""
    side = input._array.shape[dim]
    if sections <= 0:
        raise RuntimeError(f"number of sections must be larger than 0, got {sections}")
    small, larger = divmod(side, sections)
    lengths = [small + 1] * larger + [small] * (sections - larger)
    return tuple([Slice.apply(input, along(dim, each)) for each in _ranges(lengths)])


def _at_indices(input: Tensor, indices: Sequence[int], dim: int) -> tuple[Tensor, ...]:
    """The parts between the indices, as Python's slices have them."""
    side = input._array.shape[dim]
    ends = [*map(operator.index, indices), side]
    starts = [0, *ends[:-1]]
    return tuple([Slice.apply(input, along(dim, slice(start, end))) for start, end in zip(starts, ends)])


@public(out=False)
def tensor_split(input: Tensor, *args: Any, dim: int = 0, **named: Any) -> tuple[Tensor, ...]:
    """Parts whose sizes differ by at most one, or the parts between indices: views.

    tensor_split(sections, dim=0), tensor_split(indices, dim=0), either of them also as a tensor of int64.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tensor_split.html

    >>> torch.tensor_split(torch.arange(5), 3)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    >>> torch.tensor_split(torch.arange(5), (1, 3))
    (tensor([0]), tensor([1, 2]), tensor([3, 4]))
    """
    given = [*args[:1], *named.values()]
    if len(given) != 1 or len(args) > 2 or not {"sections", "indices", "tensor_indices_or_sections"}.issuperset(named):
        raise no_such_form(
            "tensor_split", (input, *args), named,
            ("(Tensor input, tuple of ints indices, int dim = 0)",
             "(Tensor input, Tensor tensor_indices_or_sections, int dim = 0)",
             "(Tensor input, int sections, int dim = 0)"),
        )  # fmt: skip
    (how,) = given
    dim = args[1] if len(args) == 2 else dim
    ndim = input._array.ndim
    if not ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = wrap_dim(dim, ndim)
    if isinstance(how, Tensor):
        if how._array.dtype != np.int64:
            raise RuntimeError(
                f"tensor_split expected tensor_indices_or_sections to have dtype of long, but got {how.dtype.legacy}"
            )
        if how._array.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, "
                f"but got a tensor with {how._array.ndim} dims"
            )
        how = how._array.tolist()
    if isinstance(how, (tuple, list)):
        return _at_indices(input, how, dim)
    return _sections(input, operator.index(how), dim)


def _split_along(name: str, input: Tensor, dim: int, least: int, how: tuple, named: dict) -> tuple[Tensor, ...]:
    """tensor_split along one dimension, where a number of parts must divide its size."""
    shape = input._array.shape
    if len(shape) < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {len(shape)} "
            "dimensions!"
        )
    if named:
        how = tuple(named.values())
    if not how or isinstance(how[0], str) or not {"sections", "indices"}.issuperset(named):
        forms = ("(Tensor input, int sections)", "(Tensor input, tuple of ints indices)")
        raise no_such_form(name, (input, *how), named, forms)
    if len(how) > 1 or isinstance(how[0], (tuple, list)):
        return _at_indices(input, how if len(how) > 1 else how[0], dim)
    sections = operator.index(how[0])
    if sections == 0 or shape[dim] % sections:
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {shape[dim]} is not "
            f"divisible by the split_size {sections}!"
        )
    return _sections(input, sections, dim)


@public(out=False)
def hsplit(input: Tensor, *indices_or_sections: Any, **named: Any) -> tuple[Tensor, ...]:
    """Parts side by side, along dimension 1 (of a vector 0): so many of one size, or those between indices.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.hsplit.html

    >>> torch.hsplit(torch.tensor([[1, 2], [3, 4]]), 2)
    (tensor([[1],
            [3]]), tensor([[2],
            [4]]))
    """
    return _split_along("hsplit", input, 0 if input._array.ndim == 1 else 1, 1, indices_or_sections, named)


@public(out=False)
def vsplit(input: Tensor, *indices_or_sections: Any, **named: Any) -> tuple[Tensor, ...]:
    """Parts one below the other, along dimension 0: so many of one size, or those between indices.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.vsplit.html

    >>> torch.vsplit(torch.tensor([[1, 2], [3, 4]]), (1,))
    (tensor([[1, 2]]), tensor([[3, 4]]))
    """
    return _split_along("vsplit", input, 0, 2, indices_or_sections, named)


@public(out=False)
def dsplit(input: Tensor, *indices_or_sections: Any, **named: Any) -> tuple[Tensor, ...]:
    """Parts along dimension 2: so many of one size, or those between indices.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.dsplit.html

    >>> [part.shape for part in torch.dsplit(torch.zeros(2, 3, 4), 2)]
    [torch.Size([2, 3, 2]), torch.Size([2, 3, 2])]
    """
    return _split_along("dsplit", input, 2, 3, indices_or_sections, named)
