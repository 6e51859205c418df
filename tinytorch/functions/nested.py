"""Nested lists of numbers become an array: their shape, the dtype that holds them all, errors for ragged ones."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinytorch import arguments, dtypes
from tinytorch.dtypes import BOOL, COMPLEX, FLOAT, INTEGER, get_default_dtype, promote_types
from tinytorch.dtypes import dtype as Dtype
from tinytorch.errors import warn
from tinytorch.kernels.quiet import silenced
from tinytorch.promotion import fitting_number
from tinytorch.tensor import Tensor


def array_of(data: Any, kind: Dtype | None = None) -> np.ndarray:
    """A new array of the numbers in `data`, of dtype `kind` or of the one that holds them all.

    >>> from tinytorch.functions.nested import array_of
    >>> array_of([[1, 2.5], (True, 4)])
    array([[1. , 2.5],
           [1. , 4. ]], dtype=float32)
    """
    if not _is_sequence(data):
        if isinstance(data, (str, bytes)):
            raise TypeError(f"new(): invalid data type '{arguments.type_name(data)}'")
        return _numbers([data], kind or _dtype_of(data)).reshape(())
    if type(data) is list and data and isinstance(data[0], np.ndarray) and data[0].ndim:
        warn(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to "
            "a single numpy.ndarray with numpy.array() before converting to a tensor.",
        )
    shape, leaves = _flatten(data)
    if not leaves:
        return np.empty(shape, (kind or get_default_dtype()).numpy)
    if isinstance(leaves[0], np.ndarray):  # a list of arrays of one shape
        if kind is dtypes.uint64:
            raise TypeError("an integer is required")
        array = np.stack(leaves).reshape(shape)
        found = dtypes.from_numpy(array.dtype)
        return array.astype((kind or found).numpy, copy=False)
    return _numbers(leaves, kind or _common_dtype(leaves)).reshape(shape)


def _is_sequence(value: Any) -> bool:
    """Something with elements, other than a text or a tensor?"""
    if type(value) is list or type(value) is tuple:
        return True
    if isinstance(value, (Tensor, dict, str, bytes, np.generic, int, float)):
        return False
    return hasattr(type(value), "__getitem__") and hasattr(type(value), "__len__")


def _flatten(data: Any) -> tuple[list[int], list]:
    """The shape of nested sequences, and their numbers in one list; a list of equal arrays is left at that."""
    shape: list[int] = []
    level = [data]
    while level and _is_sequence(level[0]):
        if _are_equal_arrays(level):
            return [*shape, *level[0].shape], level
        count, flat = len(level[0]), []
        for item in level:
            if not _is_sequence(item):
                _dtype_of(data)  # what is no number at all has an error of its own
                raise TypeError("not a sequence")
            if len(item) != count and count:
                _dtype_of(data)
                raise ValueError(
                    f"expected sequence of length {count} at dim {len(shape)} (got {len(item)})\n\n"
                    f"All lists at one depth must have one length: the first one has {count} elements."
                )
            flat.extend(item)
        shape.append(count)
        if not count:
            return shape, []
        level = flat
    if level and isinstance(level[0], str):
        raise ValueError(f"too many dimensions '{arguments.type_name(level[0])}'")
    return shape, level


def _are_equal_arrays(level: list) -> bool:
    """Arrays of one shape and dtype, which NumPy joins faster than element by element."""
    first = level[0]
    return (
        isinstance(first, np.ndarray)
        and first.ndim > 0
        and all(
            isinstance(item, np.ndarray) and item.shape == first.shape and item.dtype == first.dtype for item in level
        )
    )


# ---- which dtype -----------------------------------------------------------------------------------------------------


def _common_dtype(leaves: list) -> Dtype:
    """The dtype that holds all of `leaves`."""
    if not leaves:
        return get_default_dtype()
    types = set(map(type, leaves))
    if types <= _PYTHON:
        category = max([_CATEGORY[each] for each in types])
        return _dtype_of_category(category)
    found = _dtype_of(leaves[0])
    for leaf in leaves:
        kind = _dtype_of(leaf)
        found = kind if found is kind else promote_types(found, kind)
    return found


_CATEGORY = {bool: BOOL, int: INTEGER, float: FLOAT, complex: COMPLEX}
_PYTHON = set(_CATEGORY)


def _dtype_of_category(category: int) -> Dtype:
    if category == BOOL:
        return dtypes.bool_
    if category == INTEGER:
        return dtypes.int64
    return get_default_dtype() if category == FLOAT else dtypes.default_complex()


def _dtype_of(value: Any) -> Dtype:
    """The dtype of one number, or the common one of the numbers in a sequence; PyTorch's error for anything else."""
    category = _CATEGORY.get(type(value))
    if category is not None:
        return _dtype_of_category(category)
    if isinstance(value, Tensor):
        return value.dtype
    if isinstance(value, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{arguments.type_name(value)}'")
    if isinstance(value, (np.generic, np.ndarray)):
        return dtypes.from_numpy(value.dtype)
    for each in (bool, int, float, complex):
        if isinstance(value, each):
            return _dtype_of_category(_CATEGORY[each])
    if _is_sequence(value):
        return _common_dtype(list(value))
    raise RuntimeError(f"Could not infer dtype of {arguments.type_name(value)}")


# ---- the numbers -----------------------------------------------------------------------------------------------------


@silenced  # too large a number is inf
def _numbers(leaves: list, kind: Dtype) -> np.ndarray:
    """A vector of the numbers in `leaves`; errors for those that dtype `kind` cannot hold."""
    types = set(map(type, leaves))
    if kind is dtypes.uint64 and not types <= {int, bool}:
        raise TypeError("an integer is required")
    if not types <= _PYTHON:
        leaves = [_unpack(leaf, kind) for leaf in leaves]
        types = set(map(type, leaves))
    if kind.category == INTEGER:
        return _integers(leaves, types, kind)
    if kind.category == FLOAT and complex in types:
        raise TypeError("must be real number, not complex")
    if kind.itemsize == 2 and kind.category == FLOAT:
        return np.array(leaves, np.float32).astype(kind.numpy)
    return np.array(leaves, kind.numpy)


def _integers(leaves: list, types: set, kind: Dtype) -> np.ndarray:
    """A vector of integers; fractions are cut off, as in C."""
    if types <= {int, bool}:
        if kind is dtypes.uint64 and min(leaves) < 0:
            raise OverflowError("can't convert negative int to unsigned")
        try:
            array = np.array(leaves, np.int64)
        except OverflowError:
            if kind is not dtypes.uint64:
                raise ValueError("Overflow when unpacking long long") from None
        else:
            if kind is dtypes.int64:
                return array
            limits = np.iinfo(kind.numpy)
            if array.min() >= limits.min and array.max() <= limits.max:
                return array.astype(kind.numpy)
    if complex in types:
        raise TypeError("'complex' object cannot be interpreted as an integer")
    try:
        return np.array([fitting_number(leaf, kind) for leaf in leaves], kind.numpy)
    except RuntimeError:
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow") from None


def _unpack(leaf: Any, kind: Dtype) -> Any:
    """A Python number for a tensor of one element or one of NumPy's numbers."""
    if isinstance(leaf, Tensor):
        if kind.category == INTEGER and (leaf._array.size != 1 or leaf.dtype.category > INTEGER):
            raise TypeError("only integer tensors of a single element can be converted to an index")
        if leaf._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return leaf._array.item()
    if isinstance(leaf, bool) or (isinstance(leaf, np.bool_) and kind.category != INTEGER):
        return bool(leaf)
    if isinstance(leaf, float):
        return float(leaf)
    if kind.category <= INTEGER and not isinstance(leaf, complex):
        return operator.index(leaf)
    if isinstance(leaf, (complex, np.complexfloating)):
        if kind.category == COMPLEX:
            return complex(leaf)
        raise TypeError("must be real number, not complex")
    if not hasattr(type(leaf), "__float__") and not hasattr(type(leaf), "__index__"):
        raise TypeError(f"must be real number, not {arguments.type_name(leaf)}")
    return float(leaf)
