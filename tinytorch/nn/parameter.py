"""Parameter: a tensor that a Module registers when it is assigned as an attribute."""

from __future__ import annotations

from typing import Any

from tinytorch.autograd.rule import check_can_require_grad
from tinytorch.printing import parameter_repr
from tinytorch.tensor import Named, Tensor, _new


class Parameter(Tensor):
    """A leaf that requires grad and belongs to a module.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.parameter.Parameter.html

    >>> torch.nn.Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        if data is None:
            from tinytorch.creation import empty

            data = empty(0)
        if requires_grad:
            check_can_require_grad(data.dtype)
        parameter = _new(cls)
        parameter._array = data._array
        parameter._storage_root = data._storage_root
        parameter._counter = data._version_counter()
        if requires_grad:
            parameter._requires_grad = True
        return parameter

    def __init__(self, data: Any = None, requires_grad: bool = True):
        pass  # __new__ has done it

    def __repr__(self) -> str:
        return parameter_repr(super().__repr__())

    def __deepcopy__(self, memo: dict) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return _rebuild, (type(self), self.data, self.requires_grad, _state(self))


def _state(parameter: Parameter) -> dict:
    """What the user has hung onto a parameter: every attribute that is not the tensor's own."""
    return {name: value for name, value in vars(parameter).items() if not name.startswith("_")}


def _rebuild(cls: type, data: Tensor, requires_grad: bool, state: dict) -> Parameter:
    parameter = cls(data, requires_grad)
    vars(parameter).update(state)
    return parameter


class _BufferType(Named):
    """Lets isinstance recognise a Buffer, which is a plain tensor with a mark."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and getattr(value, "_is_buffer", False)


class Buffer(Tensor, metaclass=_BufferType):
    """A tensor that a Module registers as a buffer when it is assigned as an attribute.

    `persistent`: is it in state_dict?
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.parameter.Buffer.html
    """

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        if data is None:
            from tinytorch.creation import empty

            data = empty(0)
        buffer: Any = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer
