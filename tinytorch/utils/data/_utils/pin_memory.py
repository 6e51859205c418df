"""Batches in memory that the system does not move, so that a GPU can fetch them by itself."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

from tinytorch.tensor import Tensor


def pin_memory(data: Any, device: Any = None) -> Any:
    """`data` with pinned copies of all its tensors; containers keep their class, what is no tensor stays as it is.

    An object with a method `pin_memory`, a batch of a class of one's own, is asked for its pinned copy.
    """
    if isinstance(data, Tensor):
        return data.pin_memory()
    if isinstance(data, (str, bytes)):
        return data
    twin: Any
    if isinstance(data, Mapping):
        pinned = {key: pin_memory(value) for key, value in data.items()}
        if not isinstance(data, MutableMapping):
            return pinned
        twin = copy.copy(data)
        twin.update(pinned)
        return twin
    if isinstance(data, Sequence):
        values = [pin_memory(value) for value in data]
        if isinstance(data, tuple):
            return type(data)(*values) if hasattr(data, "_fields") else tuple(values)
        if not isinstance(data, MutableSequence):
            return values
        twin = copy.copy(data)
        twin[:] = values
        return twin
    return data.pin_memory() if hasattr(data, "pin_memory") else data
