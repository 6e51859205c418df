"""x[...]: a view for integers, slices, None and Ellipsis; a copy where masks, lists or tensors are among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.autograd.views import track
from tinytorch.errors import warn
from tinytorch.ops.index_parsing import (
    Parsed,
    checked_broadcast,
    checked_int,
    checked_slice,
    quick_key,
    settled,
    takes_all,
)
from tinytorch.ops.index_rules import FULL, Index
from tinytorch.ops.shape import Alias
from tinytorch.ops.slicing import Select, Slice
from tinytorch.ops.squeezing import Unsqueeze
from tinytorch.tensor import Tensor, _new


def getitem(self: Tensor, index: Any) -> Any:
    """x[index]: a view for integers, slices, None and Ellipsis; a copy where tensors, lists or masks are in the index.

    >>> x = torch.arange(6).view(2, 3)
    >>> x[1], x[:, 1], x[0, -1]
    (tensor([3, 4, 5]), tensor([1, 4]), tensor(2))
    >>> x[x > 2], x[:, [2, 0]]
    (tensor([3, 4, 5]), tensor([[2, 0],
            [5, 3]]))
    """
    kind = type(index)
    shape = self._array.shape
    if kind is int:
        if not shape:
            return index_of_number(self, index)
        if -shape[0] <= index < shape[0]:
            return part(Select, self, (index, ...))
    elif kind is slice:
        if not shape:
            checked_slice(index)
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        if _is_plain(index):
            return part(Slice, self, (index, ...))
    elif kind is tuple:
        plain = index
        if index and index[0] is Ellipsis:
            plain = (FULL,) * (len(shape) + 1 - len(index)) + index[1:]
        quick = simple(plain, shape)
        if quick is not None:
            return part(quick, self, (*plain, ...))
        key = quick_key(index, self._array)
        if key is not None:
            return take(self, key, index)
    elif kind is Tensor:
        key = quick_key(index, self._array)
        if key is not None:
            return take(self, key, (index,))
    elif index is Ellipsis:
        return Alias.apply(self)
    elif index is None:
        return Unsqueeze.apply(self, 0)
    elif isinstance(index, np.integer):
        return getitem(self, int(index))
    parsed = Parsed(self._array, index)
    view = parsed.view(self)
    if parsed.places:
        return take(view, parsed.resolved(view._array.shape), parsed.indices)
    return Alias.apply(self) if view is self else view


def part(rule: Any, self: Tensor, key: tuple) -> Tensor:
    """rule.apply(self, key), the view x[key] for integers and slices in bounds; shorter where nothing is recorded."""
    if self.requires_grad:
        return rule.apply(self, key)
    view = _new(Tensor)
    view._array = self._array[key]
    track(view, self)
    return view


def take(view: Tensor, key: tuple, indices: tuple) -> Tensor:
    """The elements `key` of `view`; `indices` has the tensors that the key was made of."""
    tensors = [each for each in indices if isinstance(each, Tensor)]
    if not view._array.size:  # NumPy does not look at indices then
        key = settled(view._array.shape, checked_broadcast(list(key)))
    try:
        return Index.apply(view, key, tensors)
    except IndexError:  # NumPy's; PyTorch's is raised here
        return Index.apply(view, settled(view._array.shape, checked_broadcast(list(key))), tensors)


def simple(index: tuple, shape: tuple) -> Any:
    """The rule for an index of integers within bounds and of slices; None for any other."""
    if len(index) > len(shape):
        return None
    rule: Any = Alias
    for item, side in zip(index, shape):
        kind = type(item)
        if kind is int:
            if not -side <= item < side:
                return None
            rule = Select
        elif kind is slice and _is_plain(item):
            if not (item.start is item.stop is item.step is None or takes_all(item, side)):
                rule = Slice
        else:
            return None
    return rule


def _is_plain(item: slice) -> bool:
    """Is this a slice of Python's integers that goes forwards?"""
    for each in (item.start, item.stop, item.step):
        if each is not None and type(each) is not int:
            return False
    return item.step is None or item.step > 0


def index_of_number(self: Tensor, index: int) -> Any:
    """x[index] of a tensor without dimensions: an error, but for loss.data[0], which was PyTorch 0.3's loss.item()."""
    if checked_int(index) != 0:
        raise IndexError(f"index {index} is out of bounds for dimension 0 with size 0")
    if self._of_data:
        warn(
            "loss.data[0] is PyTorch 0.3's way to get the number out of a tensor without dimensions: write loss.item()"
        )
        return self._array.item()
    raise IndexError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
        "0-dim tensor to a number"
    )


Tensor.__getitem__ = getitem  # type: ignore[method-assign]
