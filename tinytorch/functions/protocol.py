"""A tensor as Python sees it: numbers, lists, truth, length, text, copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.device import CPU, as_device, device, device_of, host, put, use
from tinytorch.dtypes import BOOL, INTEGER, get_default_dtype, with_own_dtype
from tinytorch.errors import warn
from tinytorch.kernels.memory import address
from tinytorch.printing import format_tensor, set_printoptions, tensor_repr
from tinytorch.public import NAMES, public
from tinytorch.storage import memory_of
from tinytorch.tensor import Tensor, _new

# ---- numbers ---------------------------------------------------------------------------------------------------------


@public(function=False, out=False)
def item(self: Tensor) -> Any:
    """The only element as a Python number. RuntimeError unless there is exactly one.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.item.html

    >>> torch.tensor([2.5]).item()
    2.5
    """
    array = self._array
    if array.size != 1:
        raise RuntimeError(
            f"a Tensor with {array.size} elements cannot be converted to Scalar\n\n"
            "item() is for tensors of one element, such as a loss; tolist() gives all elements."
        )
    return array.item()


@public(function=False, out=False)
def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers; of a 0-dim tensor, the number.

    >>> torch.tensor([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
    return self._array.tolist()


def _number(self: Tensor) -> Any:
    """The only element, for float(x) and its like."""
    if self._array.size != 1:
        raise ValueError(
            "only one element tensors can be converted to Python scalars\n\n"
            f"This tensor has the shape {tuple(self._array.shape)}."
        )
    return self._array.item()


def _warn_of_gradient(self: Tensor) -> None:
    if self.requires_grad:
        warn(
            "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
            "Consider using tensor.detach() first."
        )


def _float(self: Tensor) -> float:
    _warn_of_gradient(self)
    number = _number(self)
    if isinstance(number, complex):
        if number.imag:
            raise RuntimeError("value cannot be converted to type double without overflow")
        number = number.real
    return float(number)


def _int(self: Tensor) -> int:
    number = _number(self)
    if isinstance(number, complex):
        if number.imag:
            raise RuntimeError("value cannot be converted to type int64_t without overflow")
        number = number.real
    return int(number)


def _complex(self: Tensor) -> complex:
    _warn_of_gradient(self)
    return complex(_number(self))


def _delete(self: Tensor, index: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


def _index(self: Tensor) -> int:
    if self._array.size != 1 or self.dtype.category not in (BOOL, INTEGER):
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(self._array.item())


def _bool(self: Tensor) -> bool:
    size = self._array.size
    if size == 1:
        return bool(self._array.item())
    if not size:
        raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
    raise RuntimeError(
        "Boolean value of Tensor with more than one value is ambiguous\n\n"
        "Say which one is meant: (x > 0).any(), (x > 0).all(), or torch.where for a choice element by element."
    )


# ---- a sequence ------------------------------------------------------------------------------------------------------


def _iter(self: Tensor) -> Iterator[Tensor]:
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(self.unbind(0))


def _reversed(self: Tensor) -> Tensor:
    return self.flip(0) if self._array.ndim else self


def _contains(self: Tensor, element: Any) -> bool:
    if isinstance(element, (Tensor, int, float, complex, np.number)):
        return bool((self == element).any().item())
    raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")


# ---- text ------------------------------------------------------------------------------------------------------------


def _repr(self: Tensor, *, tensor_contents: str | None = None) -> str:
    node = self.grad_fn
    own = type(self)
    return tensor_repr(
        host(self._array),
        device=str(self.device),
        dtype_name=self.dtype.name,
        default_dtype=get_default_dtype().name,
        requires_grad=self._requires_grad,
        grad_fn_name=None if node is None else node.name().rpartition("::")[2],
        class_name="tensor" if own.__module__.startswith("tinytorch.") else own.__name__,
        contents=tensor_contents,
    )


# ---- copies ----------------------------------------------------------------------------------------------------------


def _own_attributes(self: Tensor) -> dict:
    """What the user has hung onto a tensor: every attribute that is not the tensor's own."""
    return {name: value for name, value in vars(self).items() if name != "_array" and not hasattr(Tensor, name)}


def _copy(self: Tensor) -> Tensor:
    """copy.copy: another tensor in the same memory, a leaf."""
    twin = _new(type(self))
    twin._array, twin._storage_root = self._array[...], self._root()
    vars(twin).update(_own_attributes(self))
    twin._requires_grad = self.requires_grad
    return twin


def _deepcopy(self: Tensor, memo: dict) -> Tensor:
    """copy.deepcopy: a copy of the whole storage, which copies of other tensors in it share."""
    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  "
            "If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, "
            "see https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(self) in memo:
        return memo[id(self)]
    import copy

    array, root = self._array, self._root()
    key = ("storage", address(root))
    if key not in memo:
        with use(device_of(root)):
            twin_memory = memory_of(root).copy()
        memo[key] = (twin_memory, root)  # the root is kept so that no other storage takes its address meanwhile
    memory = memo[key][0]
    twin = _new(type(self))
    if array.size:
        twin._storage_root = memory[: memory.size // array.itemsize * array.itemsize].view(array.dtype)
        twin._array = kernels.layout.restride(
            twin._storage_root, array.shape, array.strides, address(array) - address(root)
        )
    else:
        twin._array = array.copy()
    twin._requires_grad = self.requires_grad
    memo[id(self)] = twin
    if self._grad is not None:
        twin._grad = _deepcopy(self._grad, memo)
    vars(twin).update(copy.deepcopy(_own_attributes(self), memo))
    return twin


def _reduce(self: Tensor, protocol: Any) -> tuple:
    """Pickling: the memory from the first to the last element, and the strides; what is no leaf becomes one."""
    array = self._array
    memory = np.array(host(memory_of(array)).view(array.dtype))
    place = device_of(array)
    facts = (type(self), memory, array.shape, array.strides, self.requires_grad, _own_attributes(self))
    return _rebuild, facts if place is CPU else (*facts, place)


def _rebuild(
    cls: type, memory: Any, shape: tuple, strides: tuple, requires_grad: bool, attributes: dict, place: device = CPU
) -> Tensor:
    tensor: Any = _new(cls)
    memory = put(with_own_dtype(memory), as_device(place))
    tensor._array = kernels.layout.restride(memory, shape, strides) if memory.size else memory.reshape(shape)
    tensor._requires_grad = requires_grad
    vars(tensor).update(attributes)
    return tensor


for _name, _method in {
    "__float__": _float, "__int__": _int, "__complex__": _complex, "__index__": _index, "__bool__": _bool,
    "__long__": _int, "__nonzero__": _bool, "__delitem__": _delete,
    "__iter__": _iter, "__reversed__": _reversed, "__contains__": _contains,
    "__repr__": _repr, "__format__": lambda self, spec: format_tensor(self, spec, Tensor),
    "__copy__": _copy, "__deepcopy__": _deepcopy, "__reduce_ex__": _reduce,
}.items():  # fmt: skip
    setattr(Tensor, _name, _method)

NAMES["set_printoptions"] = set_printoptions
