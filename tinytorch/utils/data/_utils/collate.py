"""Collating: a list of samples becomes a batch, tensors with one more dimension in front.

Structure is kept: a batch of tuples is a list of batches, a batch of dicts a dict of batches, and so on, to any depth.

Source: https://docs.pytorch.org/docs/2.13/data.html#torch.utils.data.default_collate
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from tinytorch.functions.from_data import as_tensor, tensor
from tinytorch.ops.joining import stack
from tinytorch.tensor import Tensor

TEXT_OR_OBJECTS = "SaUO"  # kinds of NumPy arrays that no tensor can hold


def default_convert(data: Any) -> Any:
    """NumPy arrays and numbers become tensors, at any depth of lists, tuples and dicts; all else stays as it is.

    >>> torch.utils.data.default_convert({"x": np.array([1, 2]), "name": "one"})
    {'x': tensor([1, 2]), 'name': 'one'}
    """
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.generic)) and not isinstance(data, (np.str_, np.bytes_)):
        holds_text = isinstance(data, np.ndarray) and data.dtype.kind in TEXT_OR_OBJECTS
        return data if holds_text else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(item) for item in data])
    return data


def default_collate(batch: Any) -> Any:
    """The batch made of a list of samples.

    Tensors, NumPy arrays and numbers become one tensor (Python's floats of dtype float64); texts stay a list.
    Raises TypeError for other things, RuntimeError for tensors of unequal shapes and lists of unequal lengths.

    >>> torch.utils.data.default_collate([(torch.tensor([1, 2]), 0.5), (torch.tensor([3, 4]), 1.5)])
    [tensor([[1, 2],
            [3, 4]]), tensor([0.5000, 1.5000], dtype=torch.float64)]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Any, *, collate_fn_map: Any = None) -> Any:
    """Collate as `collate_fn_map` says: {type of a sample, or tuple of types: function(batch, collate_fn_map=)}.

    The type itself is looked for first, then one that the sample is an instance of, in the order of the map.
    """
    first = batch[0]
    functions = collate_fn_map or {}
    if type(first) in functions:
        return functions[type(first)](batch, collate_fn_map=collate_fn_map)
    for types, function in functions.items():
        if isinstance(first, types):
            return function(batch, collate_fn_map=collate_fn_map)

    def inner(samples: Any) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {key: inner([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return _like_sequence(first, [inner(samples) for samples in zip(*batch)])
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            lengths = sorted({len(sample) for sample in batch})
            raise RuntimeError(
                "each element in list of batch should be of equal size\n\n"
                f"This batch has elements of lengths {lengths}."
            )
        return _like_sequence(first, [inner(samples) for samples in zip(*batch)])
    raise _cannot(type(first))


def _like_mapping(original: Any, items: dict) -> Any:
    """`items` as a mapping of the original's class; a copy of a mutable one keeps its other attributes too."""
    try:
        if not isinstance(original, MutableMapping):
            return type(original)(items)
        clone = copy.copy(original)
        clone.update(items)
        return clone
    except TypeError:  # a class that cannot be copied, or made from a dict
        return items


def _like_sequence(original: Any, items: list) -> Any:
    """`items` as a sequence of the original's class; but plain tuples have always become lists."""
    if isinstance(original, tuple):
        return type(original)(*items) if hasattr(original, "_fields") else items
    try:
        if not isinstance(original, MutableSequence):
            return type(original)(items)
        clone = copy.copy(original)
        for i, item in enumerate(items):
            clone[i] = item
        return clone
    except TypeError:  # a class that cannot be made from a list, such as range
        return items


def _cannot(found: Any) -> TypeError:
    return TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}"
    )


# ---- what each kind of sample becomes ------------------------------------------------------------------------------


def collate_tensor_fn(batch: Sequence[Tensor], *, collate_fn_map: Any = None) -> Tensor:
    return stack(batch, 0)


def collate_numpy_array_fn(batch: Sequence[np.ndarray], *, collate_fn_map: Any = None) -> Any:
    if batch[0].dtype.kind in TEXT_OR_OBJECTS:
        raise _cannot(batch[0].dtype)
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Any, *, collate_fn_map: Any = None) -> Tensor:
    return as_tensor(batch)


def collate_float_fn(batch: Any, *, collate_fn_map: Any = None) -> Tensor:
    return tensor(batch, dtype=float)


def collate_int_fn(batch: Any, *, collate_fn_map: Any = None) -> Tensor:
    return tensor(batch)


def collate_str_fn(batch: Iterable[Any], *, collate_fn_map: Any = None) -> Iterable[Any]:
    return batch


default_collate_fn_map: dict[type | tuple[type, ...], Callable] = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
