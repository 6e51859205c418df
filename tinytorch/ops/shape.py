"""The same elements in another shape: view, reshape, flatten, expand, squeeze, unsqueeze."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import as_int, no_such_form, type_name, wrong_type
from tinytorch.autograd import views
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import dtype as Dtype
from tinytorch.errors import wrap_dim
from tinytorch.formats import contiguous_format
from tinytorch.kernels.memory import view_strides
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor, _new


def sizes(args: tuple, function: str, argument: str = "size", position: int | None = 1) -> tuple[int, ...]:
    """The sizes or dims of a call: f(2, 3) or f((2, 3)) or f(torch.Size([2, 3])); TypeError for what is no integer."""
    together = len(args) == 1 and isinstance(args[0], (tuple, list))
    given = tuple(args[0]) if together else args
    for size in given:
        if type(size) is not int:
            break
    else:
        return given
    found = []
    for place, size in enumerate(given):
        whole = as_int(size, bools=place > 0)
        if whole is None:
            raise _no_size(function, argument, position, args, place, size)
        found.append(whole)
    return tuple(found)


def _no_size(function: str, argument: str, position: int | None, args: tuple, place: int, size: Any) -> TypeError:
    """The error for a size that is no integer, number `place` of those in a call."""
    if place:
        return TypeError(
            f"{function}(): argument '{argument}' failed to unpack the object at pos {place + 1} with error "
            f'"type must be tuple of ints,but got {type_name(size)}"'
        )
    if len(args) > 1:
        return TypeError(f"{function}() takes 1 positional argument but {len(args)} were given")
    if args[0] is size:
        return wrong_type(function, argument, position, "tuple of ints", size)
    return wrong_type(function, argument, position, "tuple of ints", size, at=0)


class ViewRule(Rule):
    """A rule whose output shares its first input's memory. It is always a new array object, even of the same shape:
    what was saved for backward is recognised by the object."""

    is_view = True
    silent = True


class Alias(ViewRule):
    """y = x, a view of its own,    dx = dy"""

    @staticmethod
    def forward(ctx, x, key=...):
        return x[...]

    @staticmethod
    def backward(ctx, grad):
        return grad


def publish_reshaping(name: str, choose: Callable, function: bool = False) -> None:
    """Publish `name`, which changes a tensor's own sides: choose(self, ...) gives a view rule and its arguments."""

    @functools.wraps(choose)
    def reshape_in_place(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        views.check_history(self, self.requires_grad)
        return views.reshape_in_place(self, *choose(self, *args, **kwargs))

    publish_inplace(name, reshape_in_place, function=function)
    reshape_in_place.__doc__ = f"In-place form of `{name[:-1]}`: this tensor itself takes on other sides and strides."


# ---- view and reshape ------------------------------------------------------------------------------------------------


def shape_error(count: int, shape: tuple[int, ...]) -> RuntimeError:
    """Why `count` elements cannot be seen in `shape`."""
    if shape.count(-1) > 1:
        return RuntimeError("only one dimension can be inferred")
    for i, side in enumerate(shape):
        if side < -1:
            return RuntimeError(f"invalid shape dimension {side} at index {i} of shape {list(shape)}")
    if not count and -1 in shape and 0 in shape:
        return RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    known = abs(int(np.prod(shape)))
    hint = f"{known} does not divide {count}." if -1 in shape else f"The product of the sides is {known}, not {count}."
    return RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}\n\n{hint}")


def infer_shape(count: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with its -1, if there is one, replaced by the side that makes `count` elements."""
    known = 1
    unknown = None
    for i, side in enumerate(shape):
        if side >= 0:
            known *= side
        elif side < -1 or unknown is not None:
            raise shape_error(count, shape)
        else:
            unknown = i
    if unknown is None:
        if known != count:
            raise shape_error(count, shape)
        return shape
    if not known or count % known:
        raise shape_error(count, shape)
    return (*shape[:unknown], count // known, *shape[unknown + 1 :])


class View(ViewRule):
    """y = x in another shape,    dx = dy in x's shape"""

    @staticmethod
    def forward(ctx, x, shape):
        ctx.shape = x.shape
        if x.flags.c_contiguous and (not shape or min(shape) >= -1):
            try:
                return x.reshape(shape)
            except ValueError:
                raise shape_error(x.size, shape) from None
        shape = infer_shape(x.size, shape)
        strides = view_strides(x.shape, x.strides, shape, x.itemsize)
        if strides is None:
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across "
                "two contiguous subspaces). Use .reshape(...) instead.\n\n"
                f"The tensor has the shape {tuple(x.shape)}, but its elements do not lie in that order in memory "
                "(after a transpose, for instance). reshape copies them where it has to."
            )
        return kernels.layout.restride(x, shape, strides)

    @staticmethod
    def backward(ctx, grad):
        return grad.reshape(ctx.shape)


class ReshapeAlias(View):
    """View of a tensor that is not contiguous, by reshape: View under the name that PyTorch's graphs have for it"""


class UnsafeView(Rule):
    """View of an x that nobody else will see: autograd need not know that y shares its memory"""

    forward, backward = View.forward, View.backward


_FORMS_OF_VIEW = ("(torch.dtype dtype)", "(tuple of ints size)")


def view(self: Tensor, *shape: Any, size: Any = None, dtype: Dtype | None = None) -> Tensor:
    """The same memory in another shape, of as many elements; one side may be -1. view(dtype) reads the same bytes as
    numbers of another dtype.

    Raises RuntimeError where the elements would have to be moved: `reshape` does that.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.view.html

    >>> x = torch.arange(6)
    >>> x.view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    >>> torch.tensor(1.).view(torch.int32)
    tensor(1065353216, dtype=torch.int32)
    """
    if size is not None:
        shape = (size,)
    if dtype is None and len(shape) == 1 and isinstance(shape[0], Dtype):
        dtype = shape[0]
    if dtype is not None:
        return _reinterpret(self, dtype)
    if not shape:
        raise no_such_form("view", shape, {}, _FORMS_OF_VIEW)
    first = shape[0][0] if isinstance(shape[0], (tuple, list)) and shape[0] else shape[0]
    if type(first) is not int and not isinstance(first, (tuple, list)) and as_int(first) is None:
        raise no_such_form("view", shape, {}, _FORMS_OF_VIEW)
    return View.apply(self, sizes(shape, "view"))


public(function=False, out=False)(view)


def _reinterpret(self: Tensor, kind: Dtype) -> Tensor:
    """The same bytes as numbers of dtype `kind`; no gradient flows through that."""
    x, old = self._array, self.dtype
    ratio = f"to view {old.legacy} as {kind.legacy} (different element sizes)"
    if kind.itemsize != old.itemsize:
        if not x.ndim:
            raise RuntimeError(f"self.dim() cannot be 0 {ratio}")
        times = kind.itemsize // old.itemsize
        if times and x.shape[-1] % times:
            raise RuntimeError(f"self.size(-1) must be divisible by {times} {ratio}, but got {x.shape[-1]}")
        if x.strides[-1] != x.itemsize:
            raise RuntimeError(f"self.stride(-1) must be 1 {ratio}, but got {x.strides[-1] // x.itemsize}")
    if kind.itemsize > old.itemsize:
        for dim, stride in enumerate(x.strides[:-1]):
            if stride % kind.itemsize:
                steps = stride // x.itemsize
                raise RuntimeError(f"self.stride({dim}) must be divisible by {times} {ratio}, but got {steps}")
    tensor = _new(Tensor)
    tensor._array = x.view(kind.numpy)
    tensor._counter = self._version_counter()
    tensor._storage_root = self._root()
    tensor._inference = self._inference
    return tensor


@public(function=False, out=False)
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """The same memory in the shape of `other`.

    >>> torch.arange(4).view_as(torch.zeros(2, 2)).shape
    torch.Size([2, 2])
    """
    return View.apply(self, other._array.shape)


def _reshape(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    x = input._array
    if x.flags.c_contiguous:
        return View.apply(input, shape)
    shape = infer_shape(x.size, shape)
    if view_strides(x.shape, x.strides, shape, x.itemsize) is not None:
        return ReshapeAlias.apply(input, shape)
    return UnsafeView.apply(input.clone(memory_format=contiguous_format), shape)


@public(method=False, out=False)
def reshape(input: Tensor, shape: Any) -> Tensor:
    """The elements in another shape: a view if they need not be moved, else a copy. One side may be -1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.reshape.html

    >>> torch.reshape(torch.arange(6), (3, -1))
    tensor([[0, 1],
            [2, 3],
            [4, 5]])
    """
    if not isinstance(shape, (tuple, list)):
        raise TypeError(f"reshape(): argument 'shape' (position 2) must be tuple of ints, not {type(shape).__name__}")
    return _reshape(input, sizes((shape,), "reshape", "shape", 2))


def _reshape_method(self: Tensor, *shape: Any, **named: Any) -> Tensor:
    """The elements in another shape, x.reshape(2, 3) or x.reshape((2, 3)): see `torch.reshape`."""
    return _reshape(self, sizes((named["shape"],) if named else shape, "reshape", "shape"))


Tensor.reshape = _reshape_method  # type: ignore[attr-defined]


@public(function=False, out=False)
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The elements in the shape of `other`: see `torch.reshape`."""
    return _reshape(self, other._array.shape)


@public(out=False)
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from start_dim to end_dim as one; a view where that is possible.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.flatten.html

    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input._array.shape
    first, last = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return _reshape(input, (1,))
    if first == last:
        return input
    side = 1
    for each in shape[first : last + 1]:
        side *= each
    return _reshape(input, (*shape[:first], side, *shape[last + 1 :]))


@public(out=False)
def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """The dimension `dim` cut into several, a view; one of the sizes may be -1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.unflatten.html

    >>> torch.zeros(2, 12).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    if not isinstance(sizes, (tuple, list)):
        raise TypeError(f"unflatten(): argument 'sizes' (position 2) must be tuple of ints, not {type(sizes).__name__}")
    shape = input._array.shape
    dim = wrap_dim(dim, len(shape))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    parts = tuple(map(operator.index, sizes))
    try:
        parts = infer_shape(shape[dim], parts)
    except RuntimeError as error:
        if str(error).startswith("shape '"):
            raise RuntimeError(
                f"unflatten: Provided sizes {list(parts)} don't multiply up to the size of dim {dim} ({shape[dim]}) in "
                "the input tensor"
            ) from None
        raise RuntimeError(f"unflatten got an unexpected error:\n{error}") from None
    return View.apply(input, (*shape[:dim], *parts, *shape[dim + 1 :]))


@public(out=False)
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension; a view of a contiguous tensor, else a copy.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.ravel.html

    >>> torch.ravel(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return View.apply(input.contiguous(), (-1,))
