"""Tensors made from a shape: zeros, ones, full, empty, their *_like and new_* forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import check_can_require_grad
from tinytorch.device import as_device
from tinytorch.dtypes import dtype as Dtype
from tinytorch.dtypes import get_default_dtype
from tinytorch.promotion import number
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


def new_tensor_of(array: np.ndarray, requires_grad: bool = False) -> Tensor:
    """A leaf around `array`, which nobody else holds."""
    tensor = wrap(array)
    if state.inference:
        tensor._inference = True
    if requires_grad:
        check_can_require_grad(tensor.dtype)
        tensor._requires_grad = True
    return tensor


def sizes(args: tuple, size: Any = None) -> tuple[int, ...]:
    """The shape in f(2, 3), f((2, 3)), f(torch.Size([2, 3])) or f(size=(2, 3))."""
    if size is not None:
        args = (size,)
    if len(args) == 1 and not isinstance(args[0], (int, np.integer, Tensor)):
        args = tuple(args[0])
    shape = tuple([int(side) for side in args])
    for side in shape:
        if side < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {side}: {list(shape)}")
    return shape


def _filled(name: str, make: Callable, doc: str) -> Callable:
    """torch.<name>(*size, ...) by NumPy's `make(shape, dtype)`."""

    def create(
        *args: Any, size: Any = None, dtype: Dtype | None = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None, names: Any = None,
    ) -> Tensor:  # fmt: skip
        if device is not None:
            as_device(device)
        kind = get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
        return new_tensor_of(make(sizes(args, size), kind.numpy), requires_grad)

    create.__name__ = create.__qualname__ = name
    create.__doc__ = doc
    return public(name=name, method=False)(create)


zeros = _filled("zeros", np.zeros, "A tensor of the given shape filled with 0.")
ones = _filled("ones", np.ones, "A tensor of the given shape filled with 1.")
empty = _filled("empty", np.empty, "A tensor of the given shape whose elements are whatever the memory held.")


def _full(shape: tuple, value: Any, dtype: Any) -> Tensor:
    return np.full(shape, number(value, dtype), dtype.numpy)


@public(method=False)
def full(
    size: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False, names: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of the given shape filled with `fill_value`, whose type decides the dtype."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    as_device(device)
    kind = dtypes.of_number(fill_value) if dtype is None else dtypes.as_dtype(dtype)
    return new_tensor_of(_full(sizes((size,)), fill_value, kind), requires_grad)


def _like(name: str, value: Any) -> None:
    def like(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
        pin_memory: bool = False, memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        kind = input.dtype if dtype is None else dtypes.as_dtype(dtype)
        array = np.empty_like(input._array, kind.numpy, subok=False)
        if value is not None:
            array.fill(value)
        return new_tensor_of(array, requires_grad)

    like.__name__ = like.__qualname__ = name
    public(method=False)(like)


_like("zeros_like", 0)
_like("ones_like", 1)
_like("empty_like", None)


@public(method=False)
def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    kind = input.dtype if dtype is None else dtypes.as_dtype(dtype)
    array = np.empty_like(input._array, kind.numpy, subok=False)
    array[...] = number(fill_value, kind)
    return new_tensor_of(array, requires_grad)


@public(method=False)
def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    if end is None:
        start, end = 0, start
    if dtype is None:
        kind = dtypes.int64 if all(isinstance(v, int) for v in (start, end, step)) else get_default_dtype()
    else:
        kind = dtypes.as_dtype(dtype)
    count = max(0, int(np.ceil((end - start) / step)))
    return new_tensor_of((start + np.arange(count) * step).astype(kind.numpy), requires_grad)
