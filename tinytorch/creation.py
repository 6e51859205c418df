"""Tensors made from a shape: zeros, ones, full, empty, their *_like and new_* forms."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import arguments, dtypes, formats, kernels
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import check_can_require_grad
from tinytorch.device import CPU, as_device, default, device, device_count, example, known, pinned, put, use
from tinytorch.dtypes import dtype as Dtype
from tinytorch.dtypes import get_default_dtype
from tinytorch.formats import contiguous_format, empty_in, empty_like_array, layout, preserve_format
from tinytorch.kernels.arrays import fill
from tinytorch.kernels.arrays import full as full_array
from tinytorch.promotion import fitting_number
from tinytorch.public import fill_out, public
from tinytorch.tensor import Tensor, wrap


def leaf(array: np.ndarray, requires_grad: bool = False) -> Tensor:
    """A new tensor around `array`, which nobody else holds."""
    tensor = wrap(array)
    if state.inference:
        tensor._inference = True
    if requires_grad:
        check_can_require_grad(tensor.dtype)
        tensor._requires_grad = True
    return tensor


def check_options(name: str, place: Any, requires_grad: Any, layout_: Any = None, pin_memory: Any = False) -> bool:
    """Check what all creation functions take; returns requires_grad as a bool."""
    if place is not None:
        chosen(name, place)
    if layout_ is not None and not isinstance(layout_, layout):
        raise arguments.wrong_type(name, "layout", None, "torch.layout", layout_)
    if arguments.as_flag(name, "pin_memory", pin_memory) and not device_count():
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is available on "
            "this system."
        )
    return requires_grad if type(requires_grad) is bool else arguments.as_flag(name, "requires_grad", requires_grad)


def chosen(name: str, place: Any) -> device:
    """The device that the argument `device` of a creation function names; None: this thread's default."""
    if place is None:
        return default.place
    if not isinstance(place, (str, int, device)):
        raise arguments.wrong_type(name, "device", None, "torch.device", place)
    return as_device(place)


def factory(make: Callable[..., np.ndarray]) -> Callable[..., Tensor]:
    """Publish torch.<name>, given `make(..., dtype=)`, which makes the array (`dtype` is a dtype object or None).

    The options that all such functions have are dealt with here: dtype, device, layout, requires_grad, pin_memory, out.
    A `make` with the parameter `like` makes its array on the device itself; what another has made is moved there.
    """
    name = make.__name__
    goes_there = "like" in inspect.signature(make).parameters

    @functools.wraps(make)
    def create(
        *args: Any, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, **options: Any,
    ) -> Tensor:  # fmt: skip
        if dtype is not None and type(dtype) is not Dtype:
            dtype = arguments.as_dtype(name, dtype)
        if not (device is layout is None and pin_memory is False and type(requires_grad) is bool):
            requires_grad = check_options(name, device, requires_grad, layout, pin_memory)
        if out is not None:
            return _into(name, out, dtype, requires_grad, make, args, options)
        place = default.place if device is None else as_device(device)
        if place is CPU:
            array = make(*args, dtype=dtype, **options)
        elif goes_there:
            with use(place):
                array = make(*args, dtype=dtype, like=example(place), **options)
        else:
            array = put(make(*args, dtype=dtype, **options), place)
        return leaf(pinned(array) if pin_memory else array, requires_grad)

    return public(name=name, method=False, out=False)(create)


def _into(
    name: str, out: Tensor, dtype: Any, requires_grad: bool, make: Callable, args: tuple, options: dict
) -> Tensor:
    """Write what `make` gives into `out`, whose dtype it is made in."""
    if not isinstance(out, Tensor):
        raise arguments.wrong_type(name, "out", None, "Tensor", out)
    if dtype is not None and dtype is not out.dtype:
        raise RuntimeError(f"dtype {dtype.legacy} does not match dtype of out parameter ({out.dtype.legacy})")
    if requires_grad:
        check_can_require_grad(out.dtype)
    fill_out(out, wrap(put(make(*args, dtype=out.dtype, **options), out.device)))
    return out.requires_grad_() if requires_grad else out


def allocate(make: Callable, shape: tuple[int, ...], kind: Dtype, *args: Any, like: Any = None) -> np.ndarray:
    """make(shape, ..., like=like) with PyTorch's errors where there cannot be such an array."""
    try:
        return make(shape, *args, kind.numpy, like=like)
    except (MemoryError, ValueError):
        pass
    check_sides(shape)
    count = 1
    for side in shape:
        count *= side
    if count * kind.itemsize >= 1 << 63:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}")
    raise RuntimeError(
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
        f"allocate {count * kind.itemsize} bytes. Error code 12 (Cannot allocate memory)"
    )


def check_sides(shape: tuple[int, ...]) -> None:
    """RuntimeError for a negative length."""
    for side in shape:
        if side < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {side}: {list(shape)}")


# ---- from a shape ----------------------------------------------------------------------------------------------------


@factory
def zeros(*args: Any, size: Any = None, dtype: Dtype | None = None, like: Any = None) -> np.ndarray:
    """A tensor of the given shape filled with 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.zeros.html

    >>> torch.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    >>> torch.zeros((2,), dtype=torch.int64)
    tensor([0, 0])
    """
    shape = arguments.sizes("zeros", args, size)
    if shape and min(shape) < 0:
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    return allocate(np.zeros, shape, dtype or get_default_dtype(), like=like)


@factory
def ones(*args: Any, size: Any = None, dtype: Dtype | None = None, like: Any = None) -> np.ndarray:
    """A tensor of the given shape filled with 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.ones.html

    >>> torch.ones(2, dtype=torch.bool)
    tensor([True, True])
    """
    return allocate(full_array, arguments.sizes("ones", args, size), dtype or get_default_dtype(), 1, like=like)


@factory
def empty(
    *args: Any, size: Any = None, dtype: Dtype | None = None, memory_format: Any = contiguous_format, like: Any = None
) -> np.ndarray:
    """A tensor of the given shape whose elements are whatever the memory held before.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.empty.html

    >>> torch.empty(2, 3).shape
    torch.Size([2, 3])
    """
    shape = arguments.sizes("empty", args, size)
    if memory_format is preserve_format:
        raise RuntimeError("unsupported memory format Preserve")
    make = np.empty if memory_format in (contiguous_format, None) else functools.partial(empty_in, memory_format)
    return allocate(make, shape, dtype or get_default_dtype(), like=like)


@factory
def full(size: Any, fill_value: Any, *, dtype: Dtype | None = None, like: Any = None) -> np.ndarray:
    """A tensor of the given shape filled with `fill_value`, whose type decides the dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.full.html

    >>> torch.full((2,), 7), torch.full((2,), 0.5)
    (tensor([7, 7]), tensor([0.5000, 0.5000]))
    """
    return _full("full", _sequence("full", size), fill_value, 2, dtype, like)


def _full(name: str, shape: tuple, fill_value: Any, position: int, kind: Dtype | None, like: Any) -> np.ndarray:
    """An array of `kind`, or of the dtype that `fill_value` suggests."""
    fill_value = as_number(name, "fill_value", position, fill_value)
    kind = kind or dtypes.of_number(fill_value)
    return allocate(full_array, shape, kind, fitting_number(fill_value, kind, single=math.prod(shape) == 1), like=like)


def _sequence(name: str, size: Any) -> tuple[int, ...]:
    """A shape that has to be a tuple or a list."""
    if not isinstance(size, (tuple, list)):
        raise arguments.wrong_type(name, "size", 1, "tuple of ints", size)
    return arguments.sizes(name, (size,))


def as_number(name: str, argument: str, position: int, value: Any) -> Any:
    """A number: Python's, NumPy's, or a 0-dim tensor of one."""
    if isinstance(value, Tensor) and not value._array.ndim:
        return value._array.item()
    if isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
        return value
    raise arguments.wrong_type(name, argument, position, "Number", value)


@factory
def empty_strided(size: Any, stride: Any, *, dtype: Dtype | None = None, like: Any = None) -> np.ndarray:
    """A tensor whose elements lie in memory as the strides (counted in elements) say.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.empty_strided.html

    >>> torch.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    shape = _sequence("empty_strided", size)
    return strided_array(shape, tuple(stride), dtype or get_default_dtype(), like)


def strided_array(shape: tuple[int, ...], strides: tuple[int, ...], kind: Dtype, like: Any = None) -> np.ndarray:
    """An uninitialized array with the given strides, counted in elements, made where `like` is."""
    if len(shape) != len(strides):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(strides)})"
        )
    check_sides(shape)
    if strides and min(strides) < 0:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(strides)}")
    extent = 1 + sum((side - 1) * step for side, step in zip(shape, strides)) if 0 not in shape else 0
    memory = np.empty(extent, kind.numpy, like=like)
    return kernels.layout.restride(memory, shape, tuple([step * kind.itemsize for step in strides]))


@factory
def empty_permuted(size: Any, physical_layout: Any, *, dtype: Dtype | None = None) -> np.ndarray:
    """A tensor without gaps whose dimensions lie in memory in the order `physical_layout`, the last one innermost.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.empty_permuted.html

    >>> torch.empty_permuted((2, 3, 5), (0, 2, 1)).stride()
    (15, 1, 3)
    """
    shape, order = _sequence("empty_permuted", size), tuple(physical_layout)
    if len(shape) != len(order):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
            f"{len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    for at, dim in enumerate(order):
        if not 0 <= dim < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {dim} at index {at}). "
                " NB: negative dims not currently supported; file an issue if you want it."
            )
    if len(set(order)) < len(order):
        raise RuntimeError("Duplicate dim not allowed")
    array = allocate(np.empty, tuple([shape[dim] for dim in order]), dtype or get_default_dtype())
    return array.transpose(np.argsort(order)) if order else array


@factory
def scalar_tensor(s: Any, *, dtype: Dtype | None = None) -> np.ndarray:
    """A 0-dim tensor of the default dtype that holds the number `s`.

    >>> torch.scalar_tensor(3)
    tensor(3.)
    """
    return fitting_number(as_number("scalar_tensor", "s", 1, s), dtype or get_default_dtype(), single=True)


# ---- like another tensor ---------------------------------------------------------------------------------------------


def _like(name: str, write: Callable[[np.ndarray], None], doc: str) -> None:
    """torch.<name>(input, ...): a tensor with the shape, dtype and order in memory of `input`."""

    def like(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
        pin_memory: bool = False, memory_format: Any = preserve_format,
    ) -> Tensor:  # fmt: skip
        if not (device is layout is None and pin_memory is False and type(requires_grad) is bool):
            requires_grad = check_options(name, device, requires_grad, layout, pin_memory)
        array = array_like(name, input, dtype, memory_format, device)
        write(array)
        return leaf(array, requires_grad)

    like.__name__ = like.__qualname__ = name
    like.__doc__ = doc
    public(method=False, out=False)(like)


def array_like(name: str, input: Any, dtype: Any, memory_format: Any, device: Any = None) -> np.ndarray:
    """An uninitialized array with the shape of `input`, on its device or another one."""
    if not isinstance(input, Tensor):
        raise arguments.wrong_type(name, "input", 1, "Tensor", input)
    if memory_format is not None and not isinstance(memory_format, formats.memory_format):
        raise arguments.wrong_type(name, "memory_format", None, "torch.memory_format", memory_format)
    like = input._array
    kind = like.dtype if dtype is None else arguments.as_dtype(name, dtype).numpy
    keeps = memory_format is preserve_format or memory_format is None
    if keeps and device is None and known(like):
        return empty_like_array(like, kind)  # as most often: looking for the place takes longer than making it
    place = input.device if device is None else as_device(device)
    if keeps:
        with use(input.device):
            return put(empty_like_array(like, kind), place)
    with use(place):
        return empty_in(memory_format, like.shape, kind, example(place))


_like(
    "zeros_like",
    lambda array: fill(array, 0),
    """A tensor of zeros with the shape and dtype of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.zeros_like.html

    >>> torch.zeros_like(torch.tensor([1, 2]))
    tensor([0, 0])
    """,
)
_like(
    "ones_like",
    lambda array: fill(array, 1),
    """A tensor of ones with the shape and dtype of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.ones_like.html

    >>> torch.ones_like(torch.tensor([3., 4.]))
    tensor([1., 1.])
    """,
)
_like(
    "empty_like",
    lambda array: None,
    """A tensor with the shape and dtype of `input` whose elements are whatever the memory held before.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.empty_like.html

    >>> torch.empty_like(torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """,
)


@public(method=False, out=False)
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = preserve_format,
) -> Tensor:  # fmt: skip
    """A tensor filled with `fill_value`, with the shape and dtype of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.full_like.html

    >>> torch.full_like(torch.tensor([1, 2]), 7.5)
    tensor([7, 7])
    """
    requires_grad = check_options("full_like", device, requires_grad, layout, pin_memory)
    array = array_like("full_like", input, dtype, memory_format, device)
    value = as_number("full_like", "fill_value", 2, fill_value)
    array[...] = fitting_number(value, dtypes.from_numpy(array.dtype), single=array.size == 1)
    return leaf(array, requires_grad)


# ---- methods: another shape, the same dtype --------------------------------------------------------------------------


def _new(name: str, make: Callable, doc: str) -> None:
    """The method new_<name>(*size, ...)."""

    def method(
        self: Tensor, *args: Any, size: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False,
    ) -> Tensor:  # fmt: skip
        requires_grad = check_options(method.__name__, device, requires_grad, layout, pin_memory)
        kind = self.dtype if dtype is None else arguments.as_dtype(method.__name__, dtype)
        place = self.device if device is None else as_device(device)
        with use(place):
            array = allocate(make, arguments.sizes(method.__name__, args, size), kind, like=example(place))
        return leaf(array, requires_grad)

    method.__name__ = method.__qualname__ = "new_" + name
    method.__doc__ = doc
    public(function=False, out=False)(method)


_new(
    "zeros",
    np.zeros,
    """Zeros of this tensor's dtype.

    >>> torch.tensor([1, 2]).new_zeros(3)
    tensor([0, 0, 0])
    """,
)
_new(
    "ones",
    lambda shape, kind, like: full_array(shape, 1, kind, like),
    """Ones of this tensor's dtype.

    >>> torch.tensor([1, 2]).new_ones(3)
    tensor([1, 1, 1])
    """,
)
_new(
    "empty",
    np.empty,
    """A tensor of this tensor's dtype whose elements are whatever the memory held before.

    >>> torch.tensor([1, 2]).new_empty((2, 3)).dtype
    torch.int64
    """,
)


@public(function=False, out=False)
def new_full(
    self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of this tensor's dtype filled with `fill_value`.

    >>> torch.tensor([1, 2]).new_full((2,), 7.5)
    tensor([7, 7])
    """
    requires_grad = check_options("new_full", device, requires_grad, layout, pin_memory)
    kind = self.dtype if dtype is None else arguments.as_dtype("new_full", dtype)
    place = self.device if device is None else as_device(device)
    with use(place):
        array = _full("new_full", _sequence("new_full", size), fill_value, 2, kind, example(place))
    return leaf(array, requires_grad)


@public(function=False, out=False)
def new_empty_strided(
    self: Tensor, size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of this tensor's dtype with the given strides; see `torch.empty_strided`."""
    requires_grad = check_options("new_empty_strided", device, requires_grad, layout, pin_memory)
    kind = self.dtype if dtype is None else arguments.as_dtype("new_empty_strided", dtype)
    place = self.device if device is None else as_device(device)
    with use(place):
        array = strided_array(_sequence("new_empty_strided", size), tuple(stride), kind, example(place))
    return leaf(array, requires_grad)
