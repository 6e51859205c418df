"""Tensors made from data: nested lists, numbers, NumPy arrays, buffers (tensor, as_tensor, from_numpy, ...)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import arguments, dtypes
from tinytorch.creation import check_options, chosen, leaf
from tinytorch.device import as_device, on_gpu, pinned, put, shown, shows_gpu_memory
from tinytorch.dtypes import dtype as Dtype
from tinytorch.errors import warn
from tinytorch.functions.conversion import convert
from tinytorch.functions.nested import array_of
from tinytorch.ops.memory import converted
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- copies ----------------------------------------------------------------------------------------------------------


@public(method=False, out=False)
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A leaf tensor with a copy of `data`: a number, nested lists of numbers, a NumPy array, ...

    The dtype is bool, int64, the default dtype or its complex counterpart, as the numbers need; NumPy's numbers and
    arrays keep theirs. ValueError if the lists are not all of one length.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tensor.html

    >>> torch.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    >>> torch.tensor([1, 2.5], requires_grad=True)
    tensor([1.0000, 2.5000], requires_grad=True)
    """
    if pin_memory:
        check_options("tensor", device, False, None, pin_memory)
    if requires_grad is not True and requires_grad is not False:
        raise arguments.wrong_type("tensor", "requires_grad", None, "bool", requires_grad)
    kind = None if dtype is None else arguments.as_dtype("tensor", dtype)
    if isinstance(data, Tensor):
        _advise_against("torch.tensor")
    array = _copy(data, kind)
    if device is not None or not isinstance(data, Tensor):  # a tensor's copy stays where the tensor is
        array = put(array, chosen("tensor", device))
    return leaf(pinned(array) if pin_memory else array, requires_grad)


def _advise_against(function: str) -> None:
    warn(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        f"sourceTensor.detach().clone().requires_grad_(True), rather than {function}(sourceTensor).",
    )


def _copy(data: Any, kind: Dtype | None) -> np.ndarray:
    """A new array with the numbers of `data`."""
    if isinstance(data, Tensor):
        data = data._array
    elif isinstance(data, np.ndarray):
        data = checked(data)
    elif shows_gpu_memory(data):
        data = checked(shown(data))
    else:
        return array_of(data, kind)
    if kind is None or dtypes.from_numpy(data.dtype) is kind:
        return data.astype(data.dtype, "K")
    return converted(data, kind)


@public(function=False, out=False)
def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A leaf tensor with a copy of `data` and this tensor's dtype.

    >>> torch.zeros(1, dtype=torch.float64).new_tensor([1, 2])
    tensor([1., 2.], dtype=torch.float64)
    """
    requires_grad = check_options("new_tensor", device, requires_grad)
    if isinstance(data, Tensor):
        _advise_against("tensor.new_tensor")
    array = _copy(data, self.dtype if dtype is None else arguments.as_dtype("new_tensor", dtype))
    return leaf(put(array, self.device if device is None else as_device(device)), requires_grad)


# ---- shared memory ---------------------------------------------------------------------------------------------------


def checked(array: np.ndarray) -> np.ndarray:
    """`array` as a plain array; PyTorch's errors for what a tensor cannot share memory with."""
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    itemsize = array.dtype.itemsize
    for stride in array.strides:
        if stride < 0:
            raise ValueError(
                "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
                "currently supported. (You can probably work around this by making a copy of your array  with "
                "array.copy().) "
            )
        if itemsize and stride % itemsize:
            raise ValueError(
                "given numpy array strides not a multiple of the element byte size. Copy the numpy array to "
                "reallocate the memory."
            )
    return dtypes.with_own_dtype(array if on_gpu(array) else np.asarray(array))


def share(array: np.ndarray) -> Tensor:
    """A tensor in the memory of `array`; a warning if that must not be written to."""
    if not array.flags.writeable:
        warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means "
            "writing to this tensor will result in undefined behavior. You may want to copy the array to protect its "
            "data or make it writable before converting it to a tensor.",
        )
    return leaf(checked(array))


@public(method=False, out=False)
def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor in the memory of a NumPy array: writing into one changes the other.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.from_numpy.html

    >>> a = np.zeros(2)
    >>> t = torch.from_numpy(a)
    >>> a[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {arguments.type_name(ndarray)})")
    return share(ndarray)


@public(method=False, out=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor: a tensor as it is, a NumPy array with its memory, anything else copied.

    So does an array of another library on a GPU keep its memory, with device="cuda".

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.as_tensor.html

    >>> torch.as_tensor([1, 2]), torch.as_tensor(np.zeros(2), dtype=torch.float32)
    (tensor([1, 2]), tensor([0., 0.]))
    """
    kind = None if dtype is None else arguments.as_dtype("as_tensor", dtype)
    place = chosen("as_tensor", device)
    if isinstance(data, Tensor):
        return convert(data, kind or data.dtype, place=None if device is None else place)
    if shows_gpu_memory(data):
        shared = leaf(checked(shown(data)))
    else:
        shared = share(data) if isinstance(data, np.ndarray) else leaf(array_of(data, kind))
    return convert(shared, kind or shared.dtype, place=place)


@public(method=False, out=False)
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None
) -> Tensor:
    """`obj` as a tensor that shares its memory (a tensor, an array, a buffer, a DLPack object), else copied.

    `copy=True` always copies; `copy=False` raises ValueError where the memory cannot be shared.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.asarray.html

    >>> torch.asarray(np.arange(3)), torch.asarray([1, 2], dtype=torch.float32)
    (tensor([0, 1, 2]), tensor([1., 2.]))
    """
    check_options("asarray", device, requires_grad)
    place = chosen("asarray", device)
    kind = None if dtype is None else arguments.as_dtype("asarray", dtype)
    shared = _sharing(obj, kind)
    if shared is None:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        return leaf(put(array_of(obj, kind), place), bool(requires_grad))
    if copy is False and kind not in (None, shared.dtype):
        raise ValueError(f"can't alias tensor with dtype '{shared.dtype.legacy}' into dtype '{kind.legacy}'.")
    if isinstance(obj, Tensor) and requires_grad is None and obj.requires_grad:
        warn(
            "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. Pass "
            "requires_grad=False explicitly to get the old behavior and silence this warning.",
        )
        requires_grad = True
    if shared.requires_grad and not requires_grad:
        shared = shared.detach()
    if device is None and isinstance(obj, Tensor):
        place = obj.device
    result = convert(shared, kind or shared.dtype, copy=bool(copy), place=place)
    if requires_grad and not result.requires_grad:
        return leaf(result._array, True)
    return result


def _sharing(obj: Any, kind: Dtype | None) -> Tensor | None:
    """A tensor in the memory of `obj`, or None for what has none to share."""
    if isinstance(obj, Tensor):
        return obj
    if isinstance(obj, np.ndarray):
        return share(obj)
    if isinstance(obj, np.generic):
        return leaf(checked(np.asarray(obj)))
    if hasattr(obj, "__dlpack__"):
        from tinytorch.functions.interop import from_dlpack

        return from_dlpack(obj)
    if isinstance(obj, (bytes, bytearray, memoryview)):
        return frombuffer(obj, dtype=kind or dtypes.get_default_dtype())
    return None


@public(method=False, out=False)
def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A vector in the memory of an object with Python's buffer protocol, from the byte `offset` on.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.frombuffer.html

    >>> torch.frombuffer(bytearray([1, 0, 2, 0]), dtype=torch.int16)
    tensor([1, 2], dtype=torch.int16)
    """
    kind = arguments.as_dtype("frombuffer", dtype)
    try:
        memory = np.frombuffer(buffer, np.uint8)
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    except ValueError:
        memory = np.empty(0, np.uint8)  # an empty buffer, refused below
    length, itemsize = memory.size, kind.itemsize
    if not length or not count:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    if count < 0:
        if (length - offset) % itemsize:
            raise ValueError(
                f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of element "
                f"size ({itemsize})"
            )
        count = (length - offset) // itemsize
    if offset + count * itemsize > length:
        raise ValueError(
            f"requested buffer length ({count} * {itemsize} bytes) after offset ({offset} bytes) must not be greater "
            f"than actual buffer length ({length} bytes)"
        )
    if not memory.flags.writeable:
        warn(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. This means you can "
            "write to the underlying (supposedly non-writable) buffer using the tensor. You may want to copy the "
            "buffer to protect its data or make it writable before converting it to a tensor.",
        )
    return leaf(np.frombuffer(memory, kind.numpy, count, offset), requires_grad)
