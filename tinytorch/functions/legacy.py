"""The classes of PyTorch's first years: torch.Tensor(3, 4), torch.FloatTensor([1, 2]), x.type(torch.DoubleTensor).

`torch.FloatTensor` and its like are no classes of objects: a tensor is "an instance" of the one that names its dtype.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from tinytorch import arguments, dtypes
from tinytorch.creation import allocate, leaf
from tinytorch.device import CPU, as_device, default, device, example, put, use
from tinytorch.dtypes import FLOAT, get_default_dtype, set_default_dtype
from tinytorch.dtypes import dtype as Dtype
from tinytorch.errors import warn
from tinytorch.formats import strided
from tinytorch.functions.conversion import convert
from tinytorch.functions.from_data import checked
from tinytorch.functions.nested import array_of
from tinytorch.ops.memory import converted
from tinytorch.ops.shape import Alias
from tinytorch.public import public
from tinytorch.storage import TypedStorage, UntypedStorage
from tinytorch.tensor import Size, Tensor

_FORMS = ("(*, torch.device device = None)", "(Tensor other)", "(tuple of ints size)", "(object data)")


def construct(kind: Dtype | None, args: tuple, named: dict[str, Any], place: device = CPU) -> Tensor:
    """What Tensor(...) and FloatTensor(...) make, of dtype `kind` (None: the default, or any that a tensor has).

    Numbers are a shape, whose elements have no particular value; a tensor is shared, an array or a list copied.
    """
    asked = named.pop("device", None)
    if asked is not None:
        if device(asked).type != place.type:
            raise RuntimeError(
                f"legacy constructor expects device type: {place.type} but device type: {device(asked).type} was passed"
            )
        place = as_device(asked)
    if "data" in named and not args:
        args = (named.pop("data"),)
    if named or (len(args) > 1 and not _is_whole(args[0])):
        raise arguments.no_such_form("new", args, named, _FORMS)
    first = args[0] if args else 0
    if len(args) > 1 or _is_whole(first) or isinstance(first, Size):
        sides = arguments.sizes("new", args or (0,))
        with use(place):
            return leaf(allocate(np.empty, sides, kind or get_default_dtype(), like=example(place)))
    if isinstance(first, Tensor):
        return _same_tensor(kind, first, place)
    return leaf(put(_data(first, kind or get_default_dtype()), place))


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _same_tensor(kind: Dtype | None, other: Tensor, place: device) -> Tensor:
    kind = kind or other.dtype
    if kind is not other.dtype or other.device.type != place.type:
        raise TypeError(
            f"expected {_options(kind, place)} (got {_options(other.dtype, other.device)})\n\n"
            f"The legacy constructors do not convert tensors: use other.to({kind})."
        )
    return Alias.apply(other)


def _options(kind: Dtype, place: device) -> str:
    return (
        f"TensorOptions(dtype={kind.c_name}, device={place}, layout=Strided, requires_grad=false (default), "
        "pinned_memory=false (default), memory_format=(nullopt))"
    )


def _data(data: Any, kind: Dtype) -> np.ndarray:
    """A new array of dtype `kind` with the numbers of `data`."""
    if isinstance(data, np.ndarray):
        array = checked(data)
        return array if array.dtype == kind.numpy else converted(array, kind)
    if isinstance(data, (UntypedStorage, TypedStorage)):
        return data.untyped().array.view(kind.numpy)
    is_sequence = hasattr(builtins.type(data), "__getitem__") and hasattr(builtins.type(data), "__len__")
    if (not is_sequence or isinstance(data, (dict, np.generic))) and not isinstance(data, str):
        raise TypeError(
            f"new(): data must be a sequence (got {arguments.type_name(data)})\n\n"
            f"torch.tensor({data!r}) makes a tensor of a number."
        )
    return array_of(data, kind)


# ---- the classes -----------------------------------------------------------------------------------------------------


class tensortype(builtins.type):
    """The class of torch.FloatTensor and its like."""

    dtype: Dtype
    is_cuda: bool

    def __call__(cls, *args: Any, **named: Any) -> Tensor:
        return construct(cls.dtype, args, named, _place_of(cls) if cls.is_cuda else CPU)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and instance.is_cuda is cls.is_cuda


def _place_of(kind: tensortype) -> device:
    """The GPU on which tensors of a torch.cuda class are made; TypeError, PyTorch's, where there is none."""
    try:
        return as_device("cuda")
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n\n")[2]
        raise TypeError(
            f"type {_name(kind)} not available. Torch not compiled with CUDA enabled.\n\n{reason}"
        ) from None


def _name(kind: Any) -> str:
    return f"{kind.__module__}.{kind.__name__}"


def _class_of(kind: Dtype, module: str) -> tensortype:
    facts = {"dtype": kind, "is_cuda": module == "torch.cuda", "layout": strided, "__module__": module}
    facts["__doc__"] = f"A tensor of dtype {kind}, as PyTorch 0.3 called it."
    return tensortype(f"{kind.legacy}Tensor", (), facts)


_OLD = [kind for kind in dtypes.ALL if kind.category < dtypes.COMPLEX and not kind.legacy.startswith("UInt")]
NAMES = {f"{kind.legacy}Tensor": _class_of(kind, "torch") for kind in _OLD}  # what torch. has
CUDA_NAMES = {f"{kind.legacy}Tensor": _class_of(kind, "torch.cuda") for kind in _OLD}  # what torch.cuda. has
_BY_NAME: dict[str, Any] = {_name(kind): kind for kind in (*NAMES.values(), *CUDA_NAMES.values())}


def _new_tensor(cls: builtins.type, *args: Any, **named: Any) -> Tensor:
    """torch.Tensor(...), also for classes derived from it. Results of operations do not pass here: they use _new."""
    tensor = construct(None, args, named)
    if cls is not Tensor:
        tensor.__class__ = cls
    return tensor


Tensor.__new__ = _new_tensor  # type: ignore[method-assign, assignment]


@public(function=False, out=False)
def new(self: Tensor, *args: Any, **named: Any) -> Tensor:
    """As the class of this tensor's dtype: x.new(2, 3) is torch.FloatTensor(2, 3) for float32.

    >>> torch.tensor([1, 2]).new([3, 4])
    tensor([3, 4])
    """
    return construct(self.dtype, args, named, self.device)


@public(function=False, out=False)
def as_subclass(self: Tensor, cls: builtins.type) -> Tensor:
    """This tensor, with the same memory and history, as an instance of a class derived from Tensor."""
    if not (isinstance(cls, builtins.type) and issubclass(cls, Tensor)):
        raise TypeError(f"as_subclass(): argument 'cls' must be a subclass of Tensor, not {cls!r}")
    tensor = Alias.apply(self)
    tensor.__class__ = cls
    return tensor


# ---- their names -----------------------------------------------------------------------------------------------------


@public(name="type", function=False, out=False)
def type(self: Tensor, dtype: Any = None, non_blocking: bool = False, **unused: Any) -> Any:
    """The name of the tensor's class, or the tensor converted to another: a dtype, a class or its name.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.type.html

    >>> x = torch.ones(1)
    >>> x.type(), x.type(torch.LongTensor), x.type("torch.DoubleTensor"), x.type(torch.int32).type()
    ('torch.FloatTensor', tensor([1]), tensor([1.], dtype=torch.float64), 'torch.IntTensor')
    """
    if dtype is None:
        return f"torch.{'cuda.' if self.is_cuda else ''}{self.dtype.legacy}Tensor"
    if isinstance(dtype, Dtype):
        return convert(self, dtype)
    if dtype is Tensor:
        return convert(self, get_default_dtype())
    found = _BY_NAME.get(dtype) if isinstance(dtype, str) else dtype
    if isinstance(found, tensortype):
        place = CPU if not found.is_cuda else self.device if self.is_cuda else as_device("cuda")
        return convert(self, found.dtype, place=place, non_blocking=non_blocking)
    if isinstance(dtype, (str, builtins.type)):
        raise ValueError(f"invalid type: '{dtype if isinstance(dtype, str) else dtype.__name__}'")
    raise TypeError("dtype must be a type, str, or dtype object")


@public(method=False, out=False)
def typename(obj: Any) -> str:
    """The name of the class of `obj`; for a tensor that of the legacy class.

    >>> torch.typename(torch.ones(1)), torch.typename(3)
    ('torch.FloatTensor', 'int')
    """
    if isinstance(obj, Tensor):
        return type(obj)
    kind = obj if isinstance(obj, builtins.type) else builtins.type(obj)
    return kind.__name__ if kind.__module__ == "builtins" else _name(kind)


@public(method=False, out=False)
def set_default_tensor_type(t: Any, /) -> None:
    """Let torch.Tensor(...) and new floating point tensors have the dtype of a legacy class. Deprecated by PyTorch."""
    warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives.",
    )
    found = _BY_NAME.get(t) if isinstance(t, str) else t
    if not isinstance(found, tensortype):
        raise TypeError("invalid type object: only floating-point types are supported as the default type")
    if found.dtype.category != FLOAT:
        raise TypeError("only floating-point types are supported as the default type")
    default.place = _place_of(found) if found.is_cuda else CPU
    set_default_dtype(found.dtype)
