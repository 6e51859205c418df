"""Taking the index of x[...] apart: integers, slices, None, Ellipsis, masks, lists and tensors of indices, mixed.

This is done in two steps, as PyTorch does:

1. integers, slices, None and Ellipsis give a view;
2. what is left, tensors of indices and masks, takes elements out of that view, which are copied.

So x[0, :, [1, 2]] is x[0][:, [1, 2]], of shape (n, 2). In step 2 NumPy's rule says where the dimensions of the indices
go: in the place of the indexed dimensions if these are neighbours, else to the front.

Source: https://docs.pytorch.org/docs/2.13/tensor_view.html and https://numpy.org/doc/stable/user/basics.indexing.html
"""

from __future__ import annotations

import operator
from types import EllipsisType
from typing import Any

import numpy as np

from tinytorch.device import CPU, accelerator, device_of, host, is_array, known, put
from tinytorch.errors import warn
from tinytorch.ops.index_rules import FULL
from tinytorch.ops.slicing import Select, Slice
from tinytorch.ops.squeezing import Unsqueeze
from tinytorch.tensor import Tensor, wrap


class Parsed:
    """An index taken apart.

    key      for step 1: an integer or a slice for every dimension of the tensor, None for new dimensions
    rule     step 1 is this rule: Select, Slice, or None where there is nothing to do
    last     where in the key the last part is that `rule` is needed for, -1 for none
    places   for step 2: for every dimension of the result of step 1 a full slice, indices, or a mask over several
    kinds    of the arrays among them, "b" for masks
    indices  these arrays as tensors, to be kept for backward
    """

    __slots__ = ("indices", "key", "kinds", "last", "one_slice", "places", "rule")

    def __init__(self, array: Any, index: Any):
        shape = array.shape
        given = _as_tuple(index)
        missing = len(shape) - sum(map(_rank, given))
        if missing < 0:
            raise IndexError(
                f"too many indices for tensor of dimension {len(shape)}\n\n"
                f"The tensor has the shape {shape}; the index names {len(shape) - missing} dimensions."
            )
        items = [_plain(item) for item in given]
        self.one_slice = type(index) is slice
        self.key: list = []
        self.places: list = []
        self.kinds: list[str] = []
        self.rule: Any = None
        self.last = -1
        self.indices = tuple([each for each in given if isinstance(each, Tensor)])
        dim = 0  # of the tensor
        for at, item in enumerate(items):
            dim = self._add(item, shape, dim, missing, at)
            if item is Ellipsis:
                missing = 0
        while self.places and self.places[-1] is FULL:
            self.places.pop()
        if self.places and accelerator.library is not None:
            self.places = [place if place is FULL else _beside(array, place) for place in self.places]
        if self.places and not self.indices:  # lists; node and error are as if tensors had been made of them
            self.indices = (wrap(self.places[-1]),)

    def _add(self, item: Any, shape: tuple, dim: int, missing: int, at: int) -> int:
        """Take in part number `at` of the index; returns the next dimension of the tensor."""
        if item is Ellipsis:
            self.key += [FULL] * missing
            self.places += [FULL] * missing
            return dim + missing
        if item is None or isinstance(item, (bool, np.bool_)):
            self.key.append(None)
            self.places.append(FULL if item is None else np.zeros(int(item), np.int64))
            return dim
        if isinstance(item, int):
            side = shape[dim]
            if not -side <= item < side:
                # PyTorch's message counts the parts of the index before this one, an Ellipsis being one
                raise IndexError(f"index {item} is out of bounds for dimension {at} with size {side}")
            self._need(Select)
            self.key.append(item)
            return dim + 1
        if isinstance(item, slice):
            if self.one_slice or not takes_all(item, shape[dim]):
                self._need(Slice)
            self.key.append(item)
            self.places.append(FULL)
            return dim + 1
        self.kinds.append(item.dtype.kind)
        self.places.append(item)
        rank = item.ndim if item.dtype.kind == "b" else 1
        self.key += [FULL] * rank
        return dim + rank

    def _need(self, rule: Any) -> None:
        self.rule, self.last = rule, len(self.key)

    def view(self, tensor: Tensor) -> Tensor:
        """Step 1: the view; the tensor itself where there is nothing to do. As in PyTorch, from left to right."""
        key = self.key
        if self.places and self.rule is not None and None in key:
            return self.rule.apply(tensor, (*key, ...))
        for dim, item in enumerate(key[: self.last + 1]):
            if item is None:
                tensor = Unsqueeze.apply(tensor, dim)
        if self.rule is not None:
            tensor = self.rule.apply(tensor, (*[FULL if item is None else item for item in key[: self.last + 1]], ...))
        dim = 0
        for at, item in enumerate(key):
            if item is None and at > self.last:
                tensor = Unsqueeze.apply(tensor, dim)
            dim += not isinstance(item, int)
        return tensor

    def resolved(self, shape: tuple) -> tuple:
        """Step 2: NumPy's key, for the result of step 1, which has this shape; IndexError where masks do not fit it."""
        resolved: list = []
        for place in self.places:
            if place is FULL or place.dtype.kind != "b":
                resolved.append(place)
                continue
            at = len(resolved)
            for i, side in enumerate(place.shape):
                if side != shape[at + i]:
                    raise IndexError(
                        f"The shape of the mask {list(place.shape)} at index {i} does not match the shape of the "
                        f"indexed tensor {list(shape)} at index {at + i}"
                    )
            if len(self.places) == 1:
                return (place,)  # one mask and nothing else: NumPy's own way is the quickest
            resolved += place.nonzero()
        return checked_broadcast(resolved)


def _beside(array: Any, place: Any) -> Any:
    """The indices `place` on the device of `array`, to which those of the CPU follow; PyTorch's error for others."""
    here, there = device_of(array), device_of(place)
    if there is not here and there is not CPU:
        raise RuntimeError(f"indices should be either on cpu or on the same device as the indexed tensor ({here})")
    return put(place, here)


def _as_tuple(index: Any) -> tuple:
    """The parts of an index."""
    if isinstance(index, tuple) or (isinstance(index, (list, str, range)) and _means_tuple(index)):
        if not isinstance(index, tuple):
            warn(
                "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch "
                "2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, "
                "x[torch.tensor(seq)], which will result either in an error or a different result"
            )
        return tuple(index)
    return (index,)


def _means_tuple(index: Any) -> bool:
    """Is this sequence (not a tuple) taken as one? A short one with slices, None, tensors or sequences in it is."""
    return len(index) < 32 and any(
        item is None or isinstance(item, (Tensor, slice, EllipsisType, list, tuple, str, range)) or is_array(item)
        for item in index
    )


def _plain(item: Any) -> Any:
    """One part of an index: None, Ellipsis, bool, int, slice, or an array of int64 or bool."""
    kind = type(item)
    if kind is int or item is None or item is Ellipsis or kind is bool:
        return checked_int(item) if kind is int else item
    if kind is slice:
        return checked_slice(item)
    if isinstance(item, Tensor):
        return _of_tensor(item)
    if isinstance(item, np.integer):
        return int(item)
    if isinstance(item, (list, tuple, range)) or is_array(item):
        return _of_sequence(item)
    if isinstance(item, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(item).__name__}'")
    name = type(item).__name__ if not isinstance(item, np.generic) else f"numpy.{type(item).__name__.rstrip('_')}"
    raise IndexError(
        f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {name})"
    )


def checked_int(index: int) -> int:
    if not -(1 << 63) <= index < 1 << 63:
        raise ValueError("Overflow when unpacking long long")
    return index


def checked_slice(item: slice) -> slice:
    if item.start is item.stop is item.step is None:
        return FULL
    try:
        start, stop, step = (
            None if each is None else operator.index(each) for each in (item.start, item.stop, item.step)
        )
    except TypeError as error:
        if any(isinstance(each, Tensor) for each in (item.start, item.stop, item.step)):
            raise error
        raise TypeError("slice indices must be integers or None or have an __index__ method") from None
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if step is not None and step < 0:
        raise ValueError(
            "step must be greater than zero\n\nTensors cannot be walked backwards: take x.flip(0) instead of x[::-1]."
        )
    return slice(start, stop, step)


def _of_tensor(tensor: Tensor) -> Any:
    array = tensor._array
    kind = array.dtype
    if kind.kind == "b":
        return bool(array) if not array.ndim else array
    if kind == np.uint8:
        if not array.ndim:
            return bool(array)
        _warn_bytes()
        return array != 0
    if kind != np.int64 and kind != np.int32:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    return array if array.ndim else int(array)


def _of_sequence(item: Any) -> Any:
    array = item if is_array(item) else np.asarray(_without_tensors(item))
    if array.dtype.kind in "US":
        raise TypeError(f"new(): invalid data type '{'str' if array.dtype.kind == 'U' else 'bytes'}'")
    if array.dtype.kind == "b" and array.size:
        return array if array.ndim else bool(array)
    if array.dtype == np.uint8:
        _warn_bytes()
        return array != 0
    array = array.astype(np.int64)
    return array if array.ndim else int(array)


def _without_tensors(item: Any) -> Any:
    """A nested list with Python's numbers and arrays in the place of tensors."""
    if isinstance(item, Tensor):
        return host(item._array)
    return [_without_tensors(each) for each in item] if isinstance(item, (list, tuple)) else item


def _warn_bytes() -> None:
    warn("indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.")


def _rank(item: Any) -> int:
    """How many dimensions of the tensor a part of an index is about."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    array = item._array if isinstance(item, Tensor) else item
    if not is_array(array):
        return 1
    return array.ndim if array.dtype.kind == "b" or array.dtype == np.uint8 else 1


def checked_broadcast(places: list) -> tuple:
    """`places` as a key for NumPy; IndexError, PyTorch's, where the arrays of indices do not broadcast."""
    arrays = [place for place in places if place is not FULL]
    if len(arrays) > 1:
        try:
            np.broadcast_shapes(*[array.shape for array in arrays])
        except ValueError:
            listed = ", ".join(str(list(array.shape)) for array in arrays)
            raise IndexError(
                f"shape mismatch: indexing tensors could not be broadcast together with shapes {listed}"
            ) from None
    return tuple(places)


def _index_arrays(key: tuple) -> list:
    """The arrays of indices in `key`, each with its dimension."""
    return [(dim, place) for dim, place in enumerate(key) if place is not FULL and place.dtype.kind != "b"]


def check_not_empty(shape: tuple, key: tuple) -> None:
    """IndexError where something is taken out of a dimension of size 0."""
    arrays = _index_arrays(key)
    if any(not shape[dim] for dim, _ in arrays) and 0 not in np.broadcast_shapes(*[each.shape for _, each in arrays]):
        raise IndexError("index is out of bounds for dimension with size 0")


def check_bounds(shape: tuple, key: tuple) -> None:
    """IndexError, PyTorch's, where an index of `key` is none of a tensor of `shape`; masks were looked at before."""
    check_not_empty(shape, key)
    for number, (dim, array) in enumerate(_index_arrays(key)):
        side = shape[dim]
        if array.size and known(array) and (array.min() < -side or array.max() >= side):
            bad = array[(array < -side) | (array >= side)].flat[0]
            raise IndexError(f"index {bad} is out of bounds for dimension {number} with size {side}")


def shape_of_result(shape: tuple, key: tuple) -> tuple[int, ...]:
    """The shape of x[key] for an x of `shape`."""
    if len(key) == 1 and key[0] is not FULL and key[0].dtype.kind == "b":
        return (int(np.count_nonzero(key[0])), *shape[key[0].ndim :])
    at = [dim for dim, place in enumerate(key) if place is not FULL]
    sides = np.broadcast_shapes(*[key[dim].shape for dim in at])
    rest = [side for dim, side in enumerate(shape) if dim not in at]
    start = at[0] if at[-1] - at[0] == len(at) - 1 else 0
    return (*rest[:start], *sides, *rest[start:])


def takes_all(item: slice, side: int) -> bool:
    """Does this slice of a tuple take a whole dimension of length `side`? PyTorch passes over it then."""
    return (
        (item.start is None or item.start == 0)
        and (item.stop is None or item.stop >= side)
        and (item.step is None or item.step == 1)
    )


def settled(shape: tuple, key: tuple) -> tuple:
    """`key` for a tensor of this shape; IndexError, PyTorch's, where an index is out of bounds.

    Where the key takes nothing PyTorch does not look at the indices: they are all taken for 0.
    """
    check_not_empty(shape, key)
    if 0 in shape_of_result(shape, key):
        return tuple([each if each is FULL or each.dtype.kind == "b" else np.zeros_like(each) for each in key])
    check_bounds(shape, key)
    return key


def quick_key(index: Any, x: Any) -> tuple | None:
    """NumPy's key for the most common indices that copy: x[mask], x[indices], x[rows, columns], x[:, indices].

    None for any other index, or one on another device. Whether the indices are in bounds is left to NumPy.
    """
    shape = x.shape
    if type(index) is Tensor:
        array = index._array
        if type(array) is not type(x):
            return None
        if array.dtype.char == "?":
            return (array,) if array.ndim and array.shape == shape[: array.ndim] else None
        return (array,) if array.dtype.char == "l" and array.ndim and shape else None
    if len(index) > len(shape):
        return None
    key: list = []
    for item in index:
        if type(item) is Tensor:
            array = item._array
            if array.dtype.char != "l" or not array.ndim or type(array) is not type(x):
                return None
            key.append(array)
        elif type(item) is slice and item.start is item.stop is item.step is None:
            key.append(FULL)
        else:
            return None
    return tuple(key) if key and key[-1] is not FULL else None
