"""Conversion of modules: to, type, float, double, half, cpu, cuda. Parameters stay the same objects, with other data.

Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.Module.html#torch.nn.Module.to
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tinytorch import arguments
from tinytorch.autograd.grad_mode import no_grad
from tinytorch.device import as_device, device
from tinytorch.dtypes import FLOAT, as_dtype
from tinytorch.dtypes import dtype as Dtype
from tinytorch.tensor import Tensor

Self = TypeVar("Self", bound="Conversion")


class Conversion:
    """The part of Module that converts all its tensors."""

    _parameters: dict
    _buffers: dict
    children: Callable[[], Iterator]

    def _apply(self: Self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the data of all parameters and their gradients, and the buffers, by fn of them.

        Parameters and their gradients remain the same objects: an optimizer that has them need not be told.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    gradient = parameter._grad
                    parameter.data = fn(parameter)
                    if gradient is not None:
                        gradient.data = fn(gradient)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """Convert parameters and buffers: to(dtype), to(device), to(device, dtype), to(tensor).

        Integers keep their dtype.
        Raises TypeError for dtypes that have no gradients.

        >>> torch.nn.Linear(2, 1).to(torch.float64).weight.dtype
        torch.float64
        """
        device, dtype, non_blocking, memory_format = _read(args, kwargs)
        if dtype is not None:
            if dtype.category < FLOAT:
                raise TypeError(
                    f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
                )
            if dtype.is_complex:
                warnings.warn(
                    "Complex modules are a new feature under active development whose design may change, and some "
                    "modules might not work as expected when using complex tensors as parameters or buffers. Please "
                    "file an issue at https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml if a "
                    "complex module does not work as expected.",
                    stacklevel=2,
                )

        def convert(t: Tensor) -> Tensor:
            kind = dtype if t.dtype.category >= FLOAT else None
            if memory_format is not None and t.ndim in (4, 5):
                return t.to(device, kind, non_blocking, memory_format=memory_format)
            return t.to(device, kind, non_blocking)

        return self._apply(convert)

    def to_empty(self: Self, *, device: Any, recurse: bool = True) -> Self:
        """Move to a device without copying the values."""
        return self._apply(lambda t: t.new_empty(t.shape, device=device), recurse)

    def type(self: Self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype, integers too."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self: Self) -> Self:
        """Convert floating point parameters and buffers to float32."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self: Self) -> Self:
        """Convert floating point parameters and buffers to float64."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self: Self) -> Self:
        """Convert floating point parameters and buffers to float16."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self: Self) -> Self:
        """Convert floating point parameters and buffers to bfloat16."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def cpu(self: Self) -> Self:
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self: Self, device: Any = None) -> Self:
        """Move all parameters and buffers to a GPU."""
        return self._apply(lambda t: t.cuda(device))

    def share_memory(self: Self) -> Self:
        """Put the parameters and buffers into memory shared between processes."""
        return self._apply(lambda t: t.share_memory_())


# ---- the forms of `to` -----------------------------------------------------------------------------------------------

_FLAGS = "bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None"
_FORMS = (
    f"(torch.device device = None, torch.dtype dtype = None, {_FLAGS})",
    f"(torch.dtype dtype, {_FLAGS})",
    f"(Tensor tensor, {_FLAGS})",
)


def _to_device(device: Any = None, dtype: Any = None, non_blocking: bool = False, copy: bool = False) -> tuple:
    return device, dtype, non_blocking, copy


def _to_dtype(dtype: Any, non_blocking: bool = False, copy: bool = False) -> tuple:
    return None, dtype, non_blocking, copy


def _to_tensor(tensor: Tensor, non_blocking: bool = False, copy: bool = False) -> tuple:
    return tensor.device, tensor.dtype, non_blocking, copy


def _read(args: tuple, kwargs: dict) -> tuple[device | None, Dtype | None, bool, Any]:
    """(device, dtype, non_blocking, memory_format) of a call of Module.to."""
    named = {name: value for name, value in kwargs.items() if name != "memory_format"}
    first = args[0] if args else named.get("tensor")
    form = _to_tensor if isinstance(first, Tensor) else _to_dtype if isinstance(first, (Dtype, type)) else _to_device
    try:
        place, kind, non_blocking, copy = form(*args, **named)
        kind = None if kind is None else as_dtype(kind)
        if not isinstance(place, (device, str, int, type(None))) or not isinstance(non_blocking, bool):
            raise TypeError
    except TypeError:
        raise arguments.no_such_form("to", args, kwargs, _FORMS) from None
    if copy:
        raise RuntimeError(".to() does not accept copy argument")
    return None if place is None else as_device(place), kind, non_blocking, kwargs.get("memory_format")
