"""The same numbers in another dtype or order in memory: to, float, long, ..., contiguous, cpu, cuda."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch import arguments, dtypes
from tinytorch.device import CPU, as_device, device
from tinytorch.dtypes import dtype as Dtype
from tinytorch.formats import check_rank, contiguous_format, is_contiguous_in, preserve_format
from tinytorch.ops.memory import Clone, Move, ToCopy
from tinytorch.public import public
from tinytorch.tensor import Tensor


def convert(
    self: Tensor, kind: Dtype, copy: bool = False, memory_format: Any = preserve_format, place: Any = None,
    non_blocking: bool = False,
) -> Tensor:  # fmt: skip
    """This tensor if it has the dtype `kind` and is on the device `place` (None: anywhere), else a copy that is.

    With `copy` it is always a copy.
    """
    if place is not None and place is not self.device:
        self, copy = Move.apply(self, place, non_blocking), False
    if copy or self.dtype is not kind:
        if kind.category < dtypes.FLOAT and self.requires_grad:
            self = self.detach()  # no gradient flows through integers
        return ToCopy.apply(self, kind, memory_format)
    if memory_format is not preserve_format and not _can_stay(self, memory_format):
        return Clone.apply(self, memory_format)
    return self


def _can_stay(self: Tensor, memory_format: Any) -> bool:
    """Without copy=True only the channels_last formats make `to` copy a tensor of the right dtype."""
    return memory_format is contiguous_format or is_contiguous_in(memory_format, self._array)


@public(function=False, out=False)
def to(
    self: Tensor, *args: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False, copy: bool = False,
    memory_format: Any = preserve_format, **unknown: Any,
) -> Tensor:  # fmt: skip
    """This tensor with another dtype, on another device, or as another tensor; itself where nothing changes.

    to(dtype), to(device), to(device, dtype), to(other), each followed by non_blocking and copy.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.to.html

    >>> torch.tensor([1.5, 2.5]).to(torch.int64)
    tensor([1, 2])
    """
    if unknown:
        raise _no_such_form(args, {"device": device, "dtype": dtype} | unknown)
    if args:
        device, dtype, *flags = _read(args, device, dtype)
        non_blocking = flags[0] if flags else non_blocking
        copy = flags[1] if len(flags) > 1 else copy
    place = None if device is None else as_device(device)
    try:
        kind = self.dtype if dtype is None else dtypes.as_dtype(dtype)
    except TypeError:
        raise _no_such_form(args, {} if args else {"dtype": dtype}) from None
    return convert(self, kind, copy, memory_format, place, non_blocking)


def _read(args: tuple, place: Any, kind: Any) -> tuple:
    """(device, dtype, further positional arguments) of a call of `to`."""
    first, *rest = args
    if isinstance(first, Tensor):
        return first.device, first.dtype, *rest
    if isinstance(first, (Dtype, type)):
        if not all(isinstance(flag, bool) for flag in rest):
            raise _no_such_form(args, {})
        return place, first, *rest
    if first is None or isinstance(first, (str, int, device)):
        return first, *(rest or [kind])
    raise _no_such_form(args, {})


def parse_to(args: tuple, named: dict) -> tuple[Any, Dtype | None, bool]:
    """(device, dtype, non_blocking) of a call of `nn.Module.to`, which takes what `to` takes, except for a copy."""
    place, kind = named.get("device"), named.get("dtype")
    flags = [named.get("non_blocking", False), named.get("copy", False)]
    if not named.keys() <= {"device", "dtype", "non_blocking", "copy", "memory_format"}:
        raise _no_such_form(args, named)
    if args:
        place, kind, *given = _read(args, place, kind)
        flags[: len(given)] = given
    if flags[1]:
        raise RuntimeError(".to() does not accept copy argument")
    as_device(place)
    try:
        return place, None if kind is None else dtypes.as_dtype(kind), bool(flags[0])
    except TypeError:
        raise _no_such_form(args, named) from None


_FORMS = (
    "(torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = False)",
    "(torch.dtype dtype, bool non_blocking = False, bool copy = False)",
    "(Tensor tensor, bool non_blocking = False, bool copy = False)",
)


def _no_such_form(args: tuple, named: dict) -> TypeError:
    named = {name: value for name, value in named.items() if value is not None}
    return arguments.no_such_form("to", args, named, _FORMS)


def _converter(name: str, kind: Dtype) -> Callable:
    def method(self: Tensor, memory_format: Any = preserve_format) -> Tensor:
        return convert(self, kind, False, memory_format)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"This tensor with dtype {kind}; itself if it has it already."
    return public(function=False, out=False)(method)


for _name, _kind in {
    **{name: dtypes.NAMES[name] for name in ("half", "bfloat16", "float", "double", "cfloat", "cdouble")},
    **{name: dtypes.NAMES[name] for name in ("short", "int", "long", "bool")},
    "char": dtypes.int8,
    "byte": dtypes.uint8,
}.items():
    _converter(_name, _kind)


@public(function=False, out=False)
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor with the dtype of `other`, and on its device.

    >>> torch.tensor([1, 2]).type_as(torch.zeros(1))
    tensor([1., 2.])
    """
    if not isinstance(other, Tensor):
        raise arguments.wrong_type("type_as", "other", 1, "Tensor", other)
    return convert(self, other.dtype, place=other.device)


@public(function=False, out=False)
def contiguous(self: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """This tensor if its elements lie in memory in order and without gaps, else a copy that does.

    >>> torch.tensor([[1, 2], [3, 4]]).t().contiguous().stride()
    (2, 1)
    """
    check_rank(memory_format, self._array.ndim)
    if is_contiguous_in(memory_format, self._array):
        return self
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    return Clone.apply(self, memory_format)


@public(function=False, out=False)
def cpu(self: Tensor, memory_format: Any = preserve_format) -> Tensor:
    """This tensor in the memory of the CPU; itself where it is there."""
    return convert(self, self.dtype, False, memory_format, CPU)


@public(function=False, out=False)
def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = preserve_format) -> Tensor:
    """This tensor in the memory of a GPU: number `device`, or the current one. Itself where it is there.

    Raises PyTorch's errors where there is none (AssertionError, RuntimeError), or where the device is none.
    """
    place = as_device("cuda" if device is None else device)
    if place is CPU:
        raise RuntimeError("Invalid device, must be cuda device")
    return convert(self, self.dtype, False, memory_format, place, non_blocking)
