"""x[...] and x[...] = y: integers, slices, None, Ellipsis, masks, lists and tensors of indices, mixed as in NumPy.

An index is taken apart in two steps, as PyTorch does:

1. integers, slices, None and Ellipsis give a view;
2. what is left, tensors of indices and masks, takes elements out of that view, which are copied.

So x[0, :, [1, 2]] is x[0][:, [1, 2]], of shape (n, 2). In step 2 NumPy's rule says where the dimensions of the indices go:
in the place of the indexed dimensions if these are neighbours, else to the front.

Source: https://docs.pytorch.org/docs/2.13/tensor_view.html and https://numpy.org/doc/stable/user/basics.indexing.html
"""

from __future__ import annotations

import math
import operator
import warnings
from types import EllipsisType
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import Rule
from tinytorch.ops.expansion import expand_to
from tinytorch.ops.memory import Copy, FillTensor, converted
from tinytorch.ops.shape import Alias
from tinytorch.ops.slicing import Select, Slice
from tinytorch.ops.squeezing import Unsqueeze
from tinytorch.promotion import fitting_number
from tinytorch.tensor import Tensor, wrap

FULL = slice(None)

# ---- rules ---------------------------------------------------------------------------------------------------------------


class Index(Rule):
    """y = x[key] for arrays of indices,    dx = dy added up in these places"""

    @staticmethod
    def forward(ctx, x, key):
        ctx.shape, ctx.key = x.shape, key
        return x[key]

    @staticmethod
    def backward(ctx, grad):
        return AddAt.apply(grad, ctx.shape, ctx.key)


class AddAt(Rule):
    """y = zeros of `shape`, y[key] += x where every mention of a place counts,    dx = dy[key]"""

    name = "IndexPutBackward0"

    @staticmethod
    def forward(ctx, x, shape, key):
        ctx.key = key
        y = np.zeros(shape, x.dtype)
        add_at(y, key, x)
        return y

    @staticmethod
    def backward(ctx, grad):
        return Index.apply(grad, ctx.key)


class IndexPut(Rule):
    """y = x but for y[key] = value (or += value),    dx = dy, 0 in these places (or dy),    dvalue = dy[key]"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, value, key, accumulate=False):
        ctx.key, ctx.accumulate, ctx.value_rank = key, accumulate, np.ndim(value)
        y = x.copy()
        if accumulate:
            add_at(y, key, value)
        else:
            y[key] = value
        return y

    @staticmethod
    def backward(ctx, grad):
        need_x, need_value = ctx.needs_input_grad
        dx = None
        if need_x:
            dx = grad if ctx.accumulate else IndexPut.apply(grad, 0, ctx.key)
        if not need_value:
            return dx, None
        dvalue = Index.apply(grad, ctx.key)
        if len(dvalue.shape) < ctx.value_rank:  # the value had sides of 1 in front
            dvalue = dvalue.reshape((1,) * (ctx.value_rank - len(dvalue.shape)) + tuple(dvalue.shape))
        return dx, dvalue


def add_at(y: np.ndarray, key: tuple, values: Any) -> None:
    """y[key] += values in place, where a place that is named several times gets all its values.

    The key has full slices around one run of index arrays, or slices between them too, or is a single mask.
    """
    if key[0] is not FULL and key[0].dtype.kind == "b":
        y[key] += values
        return
    first = 0
    while key[first] is FULL:
        first += 1
    last = first
    while last < len(key) and key[last] is not FULL:
        last += 1
    if any(each is not FULL for each in key[last:]) or not y.flags.c_contiguous:
        np.add.at(y, key, values)
        return
    sides = y.shape[first:last]
    flat = key[first] if last - first == 1 else np.zeros((), np.int64)
    if last - first > 1:
        for index, side in zip(key[first:last], sides):  # the place in the run of dimensions, read as one
            flat = flat * side + np.where(index < 0, index + side, index)
    elif flat.size and flat.min() < 0:
        flat = np.where(flat < 0, flat + sides[0], flat)
    result = (*y.shape[:first], *flat.shape, *y.shape[last:])
    if values.shape != result:
        values = np.broadcast_to(values, result)
    values = values.reshape(*y.shape[:first], flat.size, *y.shape[last:])
    whole = y.reshape(*y.shape[:first], math.prod(sides), *y.shape[last:])
    kernels.scatter.index_add(whole, first, flat.reshape(-1).astype(np.int64, copy=False), values)


# ---- taking an index apart -------------------------------------------------------------------------------------------------


class Parsed:
    """An index taken apart.

    key    for step 1: an integer or a slice for every dimension of the tensor, None for new dimensions
    rule   step 1 is this rule: Select, Slice, or None where there is nothing to do
    alone  the index has one part, one_slice: and is a slice (that of a tuple is passed over if it takes all)
    added  where the result of step 1 has new dimensions
    ends_with_none  the last thing step 1 does is to add one
    arrays the kinds of the index arrays, "b" for masks
    places for step 2: for every dimension of the result of step 1 a full slice, indices, or a mask over several of them
    """

    __slots__ = ("added", "alone", "arrays", "ends_with_none", "key", "one_slice", "places", "rule")

    def __init__(self, shape: tuple[int, ...], index: Any):
        items = _as_tuple(index)
        self.alone = len(items) == 1
        self.one_slice = type(index) is slice
        self.key: list = []
        self.places: list = []
        self.added: list[int] = []
        self.arrays: list[str] = []
        self.rule: Any = None
        self.ends_with_none = False
        missing = len(shape) - sum(map(_rank, items))
        if missing < 0:
            raise IndexError(
                f"too many indices for tensor of dimension {len(shape)}\n\n"
                f"The tensor has the shape {shape}; the index names {len(shape) - missing} dimensions."
            )
        dim = 0  # of the tensor
        for at, item in enumerate(items):
            dim = self._add(item, shape, dim, missing, at)
            if item is Ellipsis:
                missing = 0
        while self.places and self.places[-1] is FULL:
            self.places.pop()

    def _add(self, item: Any, shape: tuple, dim: int, missing: int, at: int) -> int:
        """Take in part number `at` of the index; returns the next dimension of the tensor."""
        if item is Ellipsis:
            self.key += [FULL] * missing
            self.places += [FULL] * missing
            return dim + missing
        if item is None or isinstance(item, (bool, np.bool_)):
            self.ends_with_none = True
            self.added.append(len(self.places))
            self.key.append(None)
            self.places.append(FULL if item is None else np.zeros(int(item), np.int64))
            return dim
        if isinstance(item, int):
            side = shape[dim]
            if not -side <= item < side:
                # PyTorch's message counts the parts of the index before this one, an Ellipsis being one
                raise IndexError(f"index {item} is out of bounds for dimension {at} with size {side}")
            self.key.append(item)
            self.rule, self.ends_with_none = Select, False
            return dim + 1
        if isinstance(item, slice):
            self.key.append(item)
            self.places.append(FULL)
            if self.one_slice or not _takes_all(item, shape[dim]):
                self.rule, self.ends_with_none = Slice, False
            return dim + 1
        return self._add_array(item, shape, dim)

    def _add_array(self, array: np.ndarray, shape: tuple, dim: int) -> int:
        self.arrays.append(array.dtype.kind)
        if array.dtype.kind != "b":
            self.key.append(FULL)
            self.places.append(array)
            return dim + 1
        at = len(self.places)
        for i, side in enumerate(array.shape):
            if side != shape[dim + i]:
                seen = [side for k, side in zip(self.key, shape) if not isinstance(k, int)] + list(shape[dim:])
                raise IndexError(
                    f"The shape of the mask {list(array.shape)} at index {i} does not match the shape of the indexed tensor "
                    f"{seen} at index {at + i}"
                )
        self.key += [FULL] * array.ndim
        if self.alone:
            self.places.append(array)  # one mask and nothing else: NumPy's own way is the quickest
        else:
            self.places += array.nonzero()
        return dim + array.ndim

    def view(self, tensor: Tensor) -> Tensor:
        """Step 1: the view; the tensor itself where there is nothing to do."""
        if self.places and self.rule is not None and None in self.key:
            return self.rule.apply(tensor, (*self.key, ...))
        if self.added and self.rule is not None and not self.ends_with_none:
            for dim, item in enumerate(self.key):
                if item is None:
                    tensor = Unsqueeze.apply(tensor, dim)
            return self.rule.apply(tensor, (*[FULL if k is None else k for k in self.key], ...))
        if self.rule is not None:
            tensor = self.rule.apply(tensor, (*[k for k in self.key if k is not None], ...))
        for dim in self.added:
            tensor = Unsqueeze.apply(tensor, dim)
        return tensor


def _as_tuple(index: Any) -> list:
    """The parts of an index, as Python's and NumPy's own objects."""
    if isinstance(index, tuple) or isinstance(index, (list, str, range)) and _means_tuple(index):
        if not isinstance(index, tuple):
            warnings.warn(
                "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; "
                "use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, "
                "x[torch.tensor(seq)], which will result either in an error or a different result",
                UserWarning,
                stacklevel=4,
            )
        return [_plain(item) for item in index]
    return [_plain(index)]


def _means_tuple(index: Any) -> bool:
    """Is this sequence (not a tuple) taken as one? A short one with slices, None, tensors or sequences in it is."""
    return len(index) < 32 and any(
        item is None or isinstance(item, (Tensor, slice, EllipsisType, list, tuple, str, range, np.ndarray)) for item in index
    )


def _plain(item: Any) -> Any:
    """One part of an index: None, Ellipsis, bool, int, slice, or an array of int64 or bool."""
    kind = type(item)
    if kind is int or item is None or item is Ellipsis or kind is bool:
        return _checked_int(item) if kind is int else item
    if kind is slice:
        return _checked_slice(item)
    if isinstance(item, Tensor):
        return _of_tensor(item)
    if isinstance(item, np.integer):
        return int(item)
    if isinstance(item, (list, tuple, range, np.ndarray)):
        return _of_sequence(item)
    if isinstance(item, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(item).__name__}'")
    name = type(item).__name__ if not isinstance(item, np.generic) else f"numpy.{type(item).__name__.rstrip('_')}"
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
        f"{name})"
    )


def _checked_int(index: int) -> int:
    if not -(1 << 63) <= index < 1 << 63:
        raise ValueError("Overflow when unpacking long long")
    return index


def _checked_slice(item: slice) -> slice:
    if item.start is item.stop is item.step is None:
        return FULL
    try:
        start, stop, step = (None if each is None else operator.index(each) for each in (item.start, item.stop, item.step))
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
    array = np.asarray(item if isinstance(item, np.ndarray) else _without_tensors(item))
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
        return item._array
    return [_without_tensors(each) for each in item] if isinstance(item, (list, tuple)) else item


def _warn_bytes() -> None:
    warnings.warn(
        "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
        UserWarning,
        stacklevel=7,
    )


def _rank(item: Any) -> int:
    """How many dimensions of the tensor a part of an index is about."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    return item.ndim if isinstance(item, np.ndarray) and item.dtype.kind == "b" else 1


def checked_places(shape: tuple, places: list) -> tuple:
    """`places` as a key for NumPy; IndexError, PyTorch's, where indices do not broadcast or are out of bounds."""
    key = checked_broadcast(places)
    check_bounds(shape, key)
    return key


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


def _check_not_empty(shape: tuple, key: tuple) -> None:
    for dim, array in _index_arrays(key):
        if array.size and not shape[dim]:
            raise IndexError("index is out of bounds for dimension with size 0")


def check_bounds(shape: tuple, key: tuple) -> None:
    """IndexError, PyTorch's, where an index of `key` is none of a tensor of `shape`; masks were looked at before."""
    _check_not_empty(shape, key)
    for number, (dim, array) in enumerate(_index_arrays(key)):
        side = shape[dim]
        if array.size and (array.min() < -side or array.max() >= side):
            bad = array[(array < -side) | (array >= side)].flat[0]
            raise IndexError(f"index {bad} is out of bounds for dimension {number} with size {side}")


# ---- x[...] ----------------------------------------------------------------------------------------------------------------


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
            return _index_of_number(self, index)
        if -shape[0] <= index < shape[0]:
            return Select.apply(self, (index, ...))
    elif kind is slice:
        if not shape:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        if index.step is None:
            return Slice.apply(self, (index, ...))
    elif kind is tuple:
        quick = _simple(index, shape)
        if quick is not None:
            return quick.apply(self, (*index, ...))
    elif index is Ellipsis:
        return Alias.apply(self)
    elif index is None:
        return Unsqueeze.apply(self, 0)
    parsed = Parsed(shape, index)
    view = parsed.view(self)
    if parsed.places:
        return Index.apply(view, checked_places(view._array.shape, parsed.places))
    return Alias.apply(self) if view is self else view


def _simple(index: tuple, shape: tuple) -> Any:
    """The rule for an index of integers within bounds and slices without steps; None for any other."""
    if len(index) > len(shape):
        return None
    rule = Alias
    for item, side in zip(index, shape):
        kind = type(item)
        if kind is int:
            if not -side <= item < side:
                return None
            rule = Select
        elif kind is slice and item.step is None:
            if not (item.start is item.stop is None or _takes_all(item, side)):
                rule = Slice
        else:
            return None
    return rule


def _takes_all(item: slice, side: int) -> bool:
    """Does this slice of a tuple take a whole dimension of length `side`? PyTorch passes over it then."""
    return item.indices(side) == (0, side, 1)


def _index_of_number(self: Tensor, index: int) -> Any:
    """x[index] of a tensor without dimensions: an error, but for loss.data[0], which was PyTorch 0.3's loss.item()."""
    if index != 0:
        raise IndexError(f"index {index} is out of bounds for dimension 0 with size 0")
    if self._of_data:
        warnings.warn(
            "loss.data[0] is PyTorch 0.3's way to get the number out of a tensor without dimensions: write loss.item()",
            UserWarning,
            stacklevel=3,
        )
        return self._array.item()
    raise IndexError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim "
        "tensor to a number"
    )


# ---- x[...] = y --------------------------------------------------------------------------------------------------------------


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """x[index] = value: a number or a tensor, which is broadcast and converted to x's dtype."""
    array = self._array
    is_tensor = isinstance(value, Tensor)
    recorded = state.recording and (self.requires_grad or (is_tensor and value.requires_grad))
    kind = type(index)
    if not array.ndim:
        if kind is int:
            _index_of_number(self, index)
        if kind is slice:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if kind is slice:
        index = (index,)  # here, unlike in getitem, a slice that takes all is passed over
    rule: Any = None
    if kind is int:
        if -len(array) <= index < len(array):
            rule, index = Select, (index,)
    elif kind is tuple or kind is slice:
        rule = _simple(index, array.shape)
    if rule is not None:
        key: Any = (*index, ...)
        if not recorded:
            if not is_tensor and array.dtype.char in "fd" and (type(value) is float or type(value) is int) and -1e38 < value < 1e38:
                views.check_history(self, False)  # the quick way: a number of no unusual size or dtype
                place = array[key]
                if place.size > 1 and 0 in place.strides:
                    views.check_repeats(place)
                place[...] = value
                self._bump()
                return
            _write(self, array[key], value)
        else:
            _fill(self if rule is Alias else rule.apply(self, key), value)
        return
    parsed = Parsed(array.shape, index)
    if not recorded and not parsed.places:
        _write(self, array[tuple([k for k in parsed.key if k is not None] + [...])], value, parsed.added)
        return
    view = parsed.view(self)
    if parsed.places:
        views.check_history(view, recorded)
        _put(view, checked_broadcast(parsed.places), value, recorded, parsed.arrays == ["b"])
    else:
        _fill(view, value)


def _write(self: Tensor, place: np.ndarray, value: Any, added: Any = ()) -> None:
    """Write into a part of self's array where nothing is to be recorded."""
    views.check_history(self, False)
    if isinstance(value, Tensor):
        source = value._array
        if source.shape != place.shape and source.ndim:
            for dim in added:
                place = np.expand_dims(place, dim)
            source = _fitted(value, place.shape)._array
        if source.ndim:
            views.check_overlap(place, source)
        if source.dtype is not place.dtype:
            source = converted(source, self.dtype)
    else:
        source = _number(self, value)
    if place.size > 1 and 0 in place.strides:
        views.check_repeats(place)
    place[...] = source
    self._bump()


def _fill(view: Tensor, value: Any) -> None:
    """Write into a view (or the whole of a tensor) with its history."""
    if not isinstance(value, Tensor):
        views.write(view, FillTensor.apply, _number(view, value))
    elif value._array.ndim:
        views.write(view, Copy.apply, _fitted(value, view._array.shape))
    elif view._array.ndim:
        views.check_writable(view, True)
        views.record(view, FillTensor.apply, value)
    else:
        views.write(view, Copy.apply, value)


def _put(view: Tensor, key: tuple, value: Any, recorded: bool, by_mask: bool) -> None:
    """Write into the places `key` of a view; `by_mask`: they come from one mask."""
    into = view._array
    if not isinstance(value, Tensor):
        value = wrap(np.asarray(_number(view, value)))
    elif by_mask and value._array.size == 1:  # PyTorch fills the places of a mask with one number of any dtype
        fitting_number(value._array.item(), view.dtype)
        value = value.to(view.dtype).reshape(())
    if 0 in into.strides and into.size > 1 and not into.flags.c_contiguous:
        warnings.warn(
            "Use of index_put_ on expanded tensors is deprecated. Please clone() the tensor before performing this operation. "
            "This also applies to advanced indexing e.g. tensor[indices] = tensor",
            UserWarning,
            stacklevel=3,
        )
    check_put(into, key, value)
    if not recorded:
        into[key] = value._array
        view._bump()
    else:
        views.write(view, IndexPut.apply, value, key)


def check_put(into: np.ndarray, key: tuple, value: Tensor) -> None:
    """Raise PyTorch's error where `value` cannot be written into the places `key` of an array."""
    source = value._array
    views.check_overlap(into, source, same=False)
    _check_not_empty(into.shape, key)
    _check_put_shape(source, into.shape, key)
    if source.dtype is not into.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{wrap(into).dtype.legacy} for the destination and {value.dtype.legacy} for the source."
        )
    check_bounds(into.shape, key)


def _check_put_shape(source: np.ndarray, into: tuple, key: tuple) -> None:
    """RuntimeError unless `source`, without leading sides of 1, broadcasts to the shape of x[key], x of shape `into`."""
    if not source.ndim:
        return
    shape = shape_of_result(into, key)
    sides = source.shape
    while sides and sides[0] == 1:
        sides = sides[1:]
    if len(sides) > len(shape) or any(a not in (1, b) for a, b in zip(sides[::-1], shape[::-1])):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(sides)} cannot be broadcast to indexing result of shape "
            f"{list(shape)}"
        )


def shape_of_result(shape: tuple, key: tuple) -> tuple[int, ...]:
    """The shape of x[key] for an x of `shape`."""
    if len(key) == 1 and key[0] is not FULL and key[0].dtype.kind == "b":
        return (int(np.count_nonzero(key[0])), *shape[key[0].ndim :])
    at = [dim for dim, place in enumerate(key) if place is not FULL]
    sides = np.broadcast_shapes(*[key[dim].shape for dim in at])
    rest = [side for dim, side in enumerate(shape) if dim not in at]
    start = at[0] if at[-1] - at[0] == len(at) - 1 else 0
    return (*rest[:start], *sides, *rest[start:])


def _number(self: Tensor, value: Any) -> Any:
    """A number for the elements of `self`; TypeError for what is none."""
    if type(value) is float and self._array.dtype.char == "d":
        return value
    if isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
        return fitting_number(value, self.dtype)
    name = type(value).__name__ if not isinstance(value, np.ndarray) else "numpy.ndarray"
    raise TypeError(f"can't assign a {name} to a torch.{self.dtype.legacy}Tensor")


def _fitted(value: Tensor, shape: tuple) -> Tensor:
    """`value` without leading sides of 1, expanded to `shape`."""
    sides = value._array.shape
    if sides == shape:
        return value
    extra = 0
    while extra < len(sides) and sides[extra] == 1:
        extra += 1
    return expand_to(value.view(sides[extra:]), shape)


Tensor.__getitem__ = getitem  # type: ignore[method-assign]
Tensor.__setitem__ = setitem  # type: ignore[method-assign]
