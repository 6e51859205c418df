"""x[...] = y and index_put: a number or a tensor, broadcast and converted, written where an index says."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import type_name, wrong_type
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state, usage
from tinytorch.device import known
from tinytorch.dtypes import bool_, uint8
from tinytorch.errors import warn
from tinytorch.ops.expansion import expand_to
from tinytorch.ops.index_parsing import Parsed, check_not_empty, checked_slice, quick_key, settled, shape_of_result
from tinytorch.ops.index_rules import FULL, IndexPut, add_at
from tinytorch.ops.indexing import index_of_number, simple
from tinytorch.ops.memory import Copy, FillTensor, Move, converted
from tinytorch.ops.shape import Alias
from tinytorch.ops.slicing import Select
from tinytorch.ops.writing import is_expanded
from tinytorch.promotion import fitting_number
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor, wrap


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """x[index] = value: a number or a tensor, which is broadcast and converted to x's dtype."""
    array = self._array
    is_tensor = isinstance(value, Tensor)
    if usage.accelerated and is_tensor and value.device is not self.device:
        value = Move.apply(value, self.device)
    recorded = state.recording and (self.requires_grad or (is_tensor and value.requires_grad))
    if isinstance(index, np.integer):
        index = int(index)
    elif type(index) is bool:  # x[True] is all of x, x[False] nothing
        if not index:
            return
        index = None
    kind = type(index)
    if not array.ndim:
        if kind is int:
            index_of_number(self, index)
        if kind is slice:
            checked_slice(index)
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if kind is slice:
        index = (index,)  # here, unlike in getitem, a slice that takes all is passed over
    rule: Any = None
    if kind is int:
        if -len(array) <= index < len(array):
            rule, index = Select, (index,)
    elif kind is tuple or kind is slice:
        rule = simple(index, array.shape)
    if rule is not None:
        key: Any = (*index, ...)
        if not recorded:
            plain = type(value) is float or type(value) is int
            if plain and array.dtype.char in "fd" and -1e38 < value < 1e38:
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
    if not recorded and (kind is tuple or kind is Tensor):
        quick = quick_key(index, array)
        if quick is not None and _put_quickly(self, quick, value):
            return
    if kind is Tensor and index.dtype is uint8 and (not is_tensor or value._array.size == 1):
        raise RuntimeError("masked_fill_ only supports boolean masks, but got mask with dtype unsigned char")
    parsed = Parsed(array, index)
    if not recorded and not parsed.places:
        key = (*parsed.key, ...)
        _write(self, array[key], value)
        return
    view = parsed.view(self)
    if parsed.places:
        key = parsed.resolved(view._array.shape)
        views.check_history(view, recorded)
        _put(view, key, value, recorded, parsed)
    else:
        _fill(view, value)


def _write(self: Tensor, place: np.ndarray, value: Any) -> None:
    """Write into a part of self's array where nothing is to be recorded."""
    views.check_history(self, False)
    if isinstance(value, Tensor):
        source = value._array
        if source.shape != place.shape and source.ndim:
            source = _fitted(value, place.shape)._array
        if source.ndim:
            views.check_overlap(place, source)
        if source.dtype is not place.dtype:
            source = converted(source, self.dtype)
    else:
        source = _number(self, value)
    if place.size > 1 and 0 in place.strides:
        views.check_repeats(place)
    kernels.layout.assign(place, source)
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


def _put_quickly(self: Tensor, key: tuple, value: Any, accumulate: bool = False) -> bool:
    """Write into the places `key`, or add, where that is simple and right; else False, and nothing has been done."""
    into, source = self._array, None
    if isinstance(value, Tensor):
        source = value._array
        if source.dtype is not into.dtype or (source.size == 1 and key[0] is not FULL and key[0].dtype.char == "?"):
            return False
        views.check_overlap(into, source, same=False)
        value = source
    elif into.dtype.char not in "fd" or not (type(value) is float or type(value) is int) or not -1e38 < value < 1e38:
        return False
    if 0 in into.strides or not into.size:
        return False
    views.check_history(self, False)
    try:
        if accumulate:
            add_at(into, key, value)
        elif value is not source and _masks_all(key[0], into):
            kernels.where.masked_fill(into, key[0], value)
        else:
            into[key] = value
    except (IndexError, ValueError, TypeError):  # the long way finds out why
        return False
    self._bump()
    return True


def _masks_all(key: Any, into: np.ndarray) -> bool:
    """Is `key` a mask of all of `into`? NumPy goes from place to place, which takes long where a processor cannot guess
    whether the next one is written."""
    return key is not FULL and key.dtype.char == "?" and key.shape == into.shape and known(into)


def _put(view: Tensor, key: tuple, value: Any, recorded: bool, parsed: Parsed) -> None:
    """Write into the places `key` of a view."""
    into = view._array
    by_mask = parsed.kinds == ["b"]
    if not isinstance(value, Tensor):
        value = wrap(np.asarray(_number(view, value), like=into))
    if by_mask and value._array.size == 1:  # PyTorch fills the places of a mask with one number of any dtype
        if known(value._array):
            fitting_number(value._array.item(), view.dtype)
        value = value.to(view.dtype).reshape(())
    if is_expanded(into):
        warn(
            "Use of index_put_ on expanded tensors is deprecated. Please clone() the tensor before performing this "
            "operation. This also applies to advanced indexing e.g. tensor[indices] = tensor"
        )
    key = check_put(into, key, value)
    if value._array.ndim > 1:
        value = _stripped(value)  # NumPy does not do so where the key is a mask
    if not recorded:
        into[key] = value._array
        view._bump()
    else:
        views.write(view, IndexPut.apply, value, key, parsed.indices)


def check_put(into: np.ndarray, key: tuple, value: Tensor) -> tuple:
    """The key, for NumPy; PyTorch's error where `value` cannot be written into these places of an array."""
    source = value._array
    views.check_overlap(into, source, same=False)
    check_not_empty(into.shape, key)
    _check_put_shape(source, into.shape, key)
    if source.dtype is not into.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{wrap(into).dtype.legacy} for the destination and {value.dtype.legacy} for the source."
        )
    return settled(into.shape, key)


def _check_put_shape(source: np.ndarray, into: tuple, key: tuple) -> None:
    """RuntimeError unless `source`, without leading sides of 1, broadcasts to the shape of x[key] (x.shape: `into`)."""
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


def _number(self: Tensor, value: Any) -> Any:
    """A number for the elements of `self`; TypeError for what is none."""
    if type(value) is float and self._array.dtype.char == "d":
        return value
    if isinstance(value, (bool, int, float, complex, np.integer)):
        return fitting_number(value, self.dtype, single=True)[()]
    raise TypeError(f"can't assign a {type_name(value)} to a torch.{self.dtype.legacy}Tensor")


def _fitted(value: Tensor, shape: tuple) -> Tensor:
    """`value` without leading sides of 1, expanded to `shape`."""
    return value if value._array.shape == shape else expand_to(_stripped(value), shape)


def _stripped(value: Tensor) -> Tensor:
    """`value` without leading sides of 1."""
    sides = value._array.shape
    extra = 0
    while extra < len(sides) and sides[extra] == 1:
        extra += 1
    return value.view(sides[extra:]) if extra else value


Tensor.__setitem__ = setitem  # type: ignore[method-assign]

# ---- index_put -------------------------------------------------------------------------------------------------------


def _index_put_call(name: str, input: Tensor, indices: Any, values: Any) -> Parsed:
    """The index taken apart; the errors of index_put for arguments of wrong types."""
    if not isinstance(indices, (tuple, list)):
        raise TypeError(f"{name}(): argument 'indices' (position 1) must be tuple of Tensors, not {type_name(indices)}")
    for at, index in enumerate(indices):
        if not isinstance(index, Tensor):
            raise TypeError(f"expected Tensor as element {at} in argument 0, but got {type(index).__name__}")
    if not isinstance(values, Tensor):
        raise wrong_type(name, "values", 2, "Tensor", values)
    shape = input._array.shape
    count = sum(max(index._array.ndim, 1) if index.dtype in (bool_, uint8) else 1 for index in indices)
    if count > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)} (got {count})")
    # 0-dim tensors are indices here, not integers: they give no view
    return Parsed(input._array, tuple([index if index._array.ndim else index.reshape(1) for index in indices]))


@public(out=False)
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of input with y[indices] = values, or y[indices] += values where `accumulate`, which counts every mention.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.index_put_.html

    >>> rows, columns = torch.tensor([0, 0]), torch.tensor([1, 1])
    >>> torch.zeros(2, 2).index_put((rows, columns), torch.tensor([1., 2.]), accumulate=True)
    tensor([[0., 3.],
            [0., 0.]])
    """
    parsed = _index_put_call("index_put", input, indices, values)
    key = check_put(input._array, parsed.resolved(input._array.shape), values)
    values = _stripped(values)
    return IndexPut.apply(input, values, key, parsed.indices, accumulate)


def _put_at_once(self: Tensor, indices: Any, values: Any, accumulate: bool) -> bool:
    """Is the call of index_put_ one of the most common, with nothing to record? Then it is done."""
    if type(indices) not in (tuple, list) or not indices or not isinstance(values, Tensor):
        return False
    if state.recording and (self.requires_grad or values.requires_grad):
        return False
    if not all(type(index) is Tensor for index in indices):
        return False
    key = quick_key(indices[0] if len(indices) == 1 else indices, self._array)
    return key is not None and _put_quickly(self, key, values, accumulate)


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    if _put_at_once(self, indices, values, accumulate):
        return self
    parsed = _index_put_call("index_put_", self, indices, values)
    key = check_put(self._array, parsed.resolved(self._array.shape), values)
    values = _stripped(values)
    if state.recording and (self.requires_grad or values.requires_grad):
        return views.write(self, IndexPut.apply, values, key, parsed.indices, accumulate)
    views.check_writable(self, False)
    if accumulate:
        add_at(self._array, key, values._array)
    else:
        self._array[key] = values._array
    self._bump()
    return self


publish_inplace("index_put_", index_put_, function=True)
