"""Several steps of arithmetic in one function: lerp, addcmul, addcdiv."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.arguments import no_such_form, wrong_type
from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import FLOAT, from_numpy
from tinytorch.dtypes import float32 as FLOAT32
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.elementwise import conj
from tinytorch.promotion import fitting_number, supporting, to_common
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Lerp(Elementwise):
    """z = x + w (y - x) for a number w,    dz/dx = 1 - w,    dz/dy = w

    It is computed from the nearer end, x or y: at w = 1 it is y exactly.
    """

    inputs = 2

    @staticmethod
    def forward(ctx, x, y, weight):
        ctx.weight = weight
        a, b, w = widen(x), widen(y), _scalar(weight, x)
        return narrow(a + w * (b - a) if abs(w) < 0.5 else b - (b - a) * (1 - w), x)

    @staticmethod
    def backward(ctx, grad):
        need_x, need_y = ctx.needs_input_grad
        w = conj(ctx.weight)
        return grad * (1 - w) if need_x else None, grad * w if need_y else None


class LerpTensor(Elementwise):
    """z = x + w (y - x),    dz/dx = 1 - w,    dz/dy = w,    dz/dw = y - x"""

    inputs = 3
    name = "LerpBackward1"

    @staticmethod
    def forward(ctx, x, y, w):
        ends = (x, y) if ctx.needs_input_grad[2] else (None, None)
        ctx.save_for_backward(*ends, w)
        a, b, v = widen(x), widen(y), widen(w)
        return narrow(np.where(np.abs(v) < 0.5, a + v * (b - a), b - (b - a) * (1 - v)), x)

    @staticmethod
    def backward(ctx, grad):
        x, y, w = ctx.saved_tensors
        need_x, need_y, need_w = ctx.needs_input_grad
        return (
            grad * (1 - conj(w)) if need_x else None,
            grad * conj(w) if need_y else None,
            grad * conj(y - x) if need_w else None,
        )


class Addcmul(Elementwise):
    """z = c + v x y for a number v,    dz/dc = 1,    dz/dx = v y,    dz/dy = v x"""

    inputs = 3
    promote = supporting("iufcV", "addcmul_cpu_out", to_common)

    @staticmethod
    def forward(ctx, c, tensor1, tensor2, value):
        _, need_x, need_y = ctx.needs_input_grad[:3]
        ctx.save_for_backward(tensor1 if need_y else None, tensor2 if need_x else None)
        ctx.value = value
        return narrow(widen(c) + _times(value, tensor1) * widen(tensor2), c)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        v = ctx.value
        dx = None if y is None else grad * conj(y * v)
        return grad if ctx.needs_input_grad[0] else None, dx, None if x is None else grad * conj(x * v)


class Addcdiv(Elementwise):
    """z = c + v x / y for a number v,    dz/dc = 1,    dz/dx = v / y,    dz/dy = -v x / y^2"""

    inputs = 3
    promote = supporting("fcV", "addcdiv_cpu_out", to_common)

    @staticmethod
    def forward(ctx, c, tensor1, tensor2, value):
        ctx.save_for_backward(tensor1 if ctx.needs_input_grad[2] else None, tensor2)
        ctx.value = value
        return narrow(widen(c) + _times(value, tensor1) / widen(tensor2), c)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        v = ctx.value
        need_c, need_x, need_y = ctx.needs_input_grad
        dx = grad * conj(v / y) if need_x else None
        return grad if need_c else None, dx, -grad * conj(x * v / (y * y)) if need_y else None


def _times(value: Any, x: np.ndarray) -> np.ndarray:
    """value * x; half precision as float32."""
    x = widen(x)
    return x if type(value) is int and value == 1 else _scalar(value, x) * x


def _scalar(value: Any, x: np.ndarray) -> Any:
    """A number in the dtype in which numbers like x are computed; RuntimeError, PyTorch's, if it does not fit."""
    if type(value) is float and x.dtype.char in "fd" and abs(value) < 3e38:
        return x.dtype.type(value)
    to = from_numpy(x.dtype)
    return fitting_number(value, FLOAT32 if to.category == FLOAT and to.itemsize == 2 else to)[()]


# ---- functions -------------------------------------------------------------------------------------------------------


def _out_dtype(input: Tensor, end: Tensor, weight: Any) -> bool | str:
    """What lerp demands of out=: the weights of a tensor make it strict, a number does not."""
    return "Found dtype {given.legacy} but expected {wanted.legacy}" if isinstance(weight, Tensor) else True


@public(out=_out_dtype)
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input): on the way from `input` (weight 0) to `end` (weight 1). All of one dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.lerp.html

    >>> torch.lerp(torch.tensor([0., 10.]), torch.tensor([1., 20.]), 0.5)
    tensor([ 0.5000, 15.0000])
    """
    with_tensor = isinstance(weight, Tensor)
    if not (isinstance(end, Tensor) and (with_tensor or isinstance(weight, (int, float, complex)))):
        raise no_such_form("lerp", (input, end, weight), {})
    to = input.dtype
    for name, tensor in (("end", end), ("weight", weight)):
        if isinstance(tensor, Tensor) and tensor.dtype is not to and (name == "end" or tensor._array.ndim):
            raise RuntimeError(f"expected dtype {to.c_name} for `{name}` but got dtype {tensor.dtype.c_name}")
    if to.category < FLOAT:
        raise NotImplementedError(
            f"\"lerp_kernel_{'tensor' if with_tensor else 'scalar'}\" not implemented for '{to.legacy}'"
        )
    if with_tensor:
        return LerpTensor.apply(input, end, weight if weight.dtype is to else weight.to(to))
    return Lerp.apply(input, end, weight)


@public()
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 * tensor2, elementwise with broadcasting; the dtypes are promoted.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addcmul.html

    >>> torch.addcmul(torch.tensor([1., 1.]), torch.tensor([2., 3.]), torch.tensor([10., 10.]), value=0.5)
    tensor([11., 16.])
    """
    _check("addcmul", tensor1, tensor2, value)
    return Addcmul.apply(input, tensor1, tensor2, value=value)


@public()
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 / tensor2, elementwise with broadcasting; RuntimeError if both are integers.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addcdiv.html

    >>> torch.addcdiv(torch.tensor([1., 1.]), torch.tensor([2., 3.]), torch.tensor([10., 10.]), value=5)
    tensor([2.0000, 2.5000])
    """
    _check("addcdiv", tensor1, tensor2, value)
    if tensor1.dtype.category < FLOAT and tensor2.dtype.category < FLOAT:
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
            "true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + "
            "value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * "
            "tensor1 / tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: "
            "(input + value * tensor1 / tensor2), for all dtypes."
        )
    return Addcdiv.apply(input, tensor1, tensor2, value=value)


def _check(function: str, tensor1: Any, tensor2: Any, value: Any) -> None:
    for position, (name, tensor) in enumerate((("tensor1", tensor1), ("tensor2", tensor2)), start=2):
        if not isinstance(tensor, Tensor):
            raise wrong_type(function, name, position, "Tensor", tensor)
    if not isinstance(value, (int, float, complex)):
        raise wrong_type(function, "value", None, "Number", value)


def lerp_(self: Tensor, end: Tensor, weight: Any) -> Tensor:
    """self = self + weight * (end - self)"""
    return views.write(self, lerp, end, weight)


def addcmul_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """self = self + value * tensor1 * tensor2"""
    return views.write(self, addcmul, tensor1, tensor2, value=value)


def addcdiv_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """self = self + value * tensor1 / tensor2"""
    return views.write(self, addcdiv, tensor1, tensor2, value=value)


for _function in (lerp_, addcmul_, addcdiv_):
    publish_inplace(_function.__name__, _function)
