"""What stands in a pickle for a tensor: calls of these functions, which have PyTorch's names for them.

`torch.save` writes them by name with their arguments, `torch.load` calls them. Each checks what it is given, since a
file may say anything.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

import numpy as np

from tinytorch.dtypes import dtype
from tinytorch.serialization.storage import STORAGE_TYPE_OF, TypedStorage, from_storage, to_storage
from tinytorch.tensor import Tensor, wrap

# ---- loading: from the arguments in the file to a tensor -------------------------------------------------------------


def _rebuild_tensor(storage: Any, offset: int, size: tuple, stride: tuple) -> Tensor:
    if not isinstance(storage, TypedStorage):
        raise UnpicklingError(f"a tensor is to be made of {type(storage)} instead of a storage")
    return from_storage(storage, offset, size, stride)


def _rebuild_tensor_v2(
    storage: Any, offset: int, size: tuple, stride: tuple, requires_grad: bool, hooks: Any, metadata: Any = None
) -> Tensor:
    tensor = _rebuild_tensor(storage, offset, size, stride)
    if metadata:  # PyTorch conjugates and negates lazily: the storage then holds the numbers as they were before
        array = np.conj(tensor._array) if metadata.get("conj") else tensor._array
        tensor = wrap(-array if metadata.get("neg") else array)
    return tensor.requires_grad_(requires_grad) if requires_grad else tensor


def _rebuild_tensor_v3(
    storage: Any,
    offset: int,
    size: tuple,
    stride: tuple,
    requires_grad: bool,
    hooks: Any,
    of: Any,
    metadata: Any = None,
) -> Tensor:
    """For the dtypes that have no storage type: uint16, uint32, uint64."""
    if not isinstance(storage, TypedStorage) or not isinstance(of, dtype):
        raise UnpicklingError(
            f"a tensor is to be made of {type(storage)} and {type(of)} instead of a storage and a dtype"
        )
    typed = TypedStorage(storage.untyped, of)
    return _rebuild_tensor_v2(typed, offset, size, stride, requires_grad, hooks, metadata)


def _rebuild_parameter(data: Any, requires_grad: bool, hooks: Any) -> Tensor:
    from tinytorch.nn.parameter import Parameter

    if not isinstance(data, Tensor):
        raise UnpicklingError(f"a Parameter is to be made of {type(data)} instead of a tensor")
    return Parameter(data, requires_grad)


def _rebuild_parameter_with_state(data: Any, requires_grad: bool, hooks: Any, state: Any) -> Tensor:
    return _set_attributes(_rebuild_parameter(data, requires_grad, hooks), state)


def _rebuild_from_type_v2(function: Callable, type: Any, arguments: tuple, state: Any) -> Tensor:
    """For tensors onto which somebody hung an attribute: `t.note = "..."`."""
    if not any(function is each for each in (_rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_parameter)):
        raise UnpicklingError(f"a tensor is to be made by {function}")
    return _set_attributes(function(*arguments), state)


REBUILD_FUNCTIONS: dict[str, Callable] = {
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type_v2,
}

# ---- saving: from a tensor to the function and its arguments ---------------------------------------------------------


def reduce_tensor(tensor: Tensor) -> tuple[Callable, tuple]:
    """The function that makes such a tensor, and its arguments."""
    from tinytorch.nn.parameter import Parameter

    attributes = _attributes(tensor)
    if isinstance(tensor, Parameter):
        plain = wrap(tensor._array)
        plain._storage_root = tensor._storage_root
        facts: tuple = (plain, tensor.requires_grad, OrderedDict())
        return (_rebuild_parameter_with_state, (*facts, attributes)) if attributes else (_rebuild_parameter, facts)
    untyped, offset, size, stride = to_storage(tensor)
    place: tuple = (offset, tuple(size), stride, tensor.requires_grad, OrderedDict())
    of = tensor.dtype
    function: Callable = _rebuild_tensor_v2
    arguments: tuple = (TypedStorage(untyped, of), *place)
    if of not in STORAGE_TYPE_OF:
        function, arguments = _rebuild_tensor_v3, (*arguments, of)
    return (_rebuild_from_type_v2, (function, Tensor, arguments, attributes)) if attributes else (function, arguments)


# ---- attributes ------------------------------------------------------------------------------------------------------


def _attributes(tensor: Tensor) -> dict[str, Any]:
    """What somebody hung onto the tensor: `{"note": "..."}`."""
    return {name: value for name, value in vars(tensor).items() if not _is_internal(tensor, name)}


def _set_attributes(tensor: Tensor, state: Any) -> Tensor:
    if not isinstance(state, dict):
        raise UnpicklingError(f"a tensor's attributes come as {type(state)} instead of a dict")
    for name, value in state.items():
        if _is_internal(tensor, name):
            raise UnpicklingError(f"the file sets {name}, which is not the user's")
        setattr(tensor, name, value)
    return tensor


def _is_internal(tensor: Tensor, name: str) -> bool:
    """Does the name belong to the class: a method, or one of the fields that it declares?"""
    return hasattr(type(tensor), name) or any(name in vars(c).get("__annotations__", {}) for c in type(tensor).__mro__)
