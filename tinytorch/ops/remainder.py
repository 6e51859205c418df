"""Division that leaves a remainder: floor_divide, rounded div, remainder, fmod; common divisors and multiples."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.autograd.rule import NO_CONTEXT, Elementwise
from tinytorch.device import is_array, known
from tinytorch.ops.elementwise import (
    Step,
    Undifferentiable,
    in_place_operator,
    need_tensors,
    operator,
    publish_operators,
    reflected,
    wide,
)
from tinytorch.promotion import common, scaling, supporting
from tinytorch.public import of_two, public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


def check_divisor(y: Any) -> None:
    """RuntimeError if integers are to be divided by 0; floating point numbers may be."""
    if (y.dtype.kind in "iu" and not y.all()) if known(y) else type(y) is int and y == 0:
        raise RuntimeError("ZeroDivisionError\n\nIntegers have no infinity: the divisor must not contain 0.")


class DivFloor(Step):
    """z = floor(x / y),    dz/dx = dz/dy = 0"""

    inputs = 2
    promote = supporting("iufV", "div_floor_cpu", scaling)
    name = "DivBackward2"

    @staticmethod
    def forward(ctx, x, y):
        if is_array(x) and x.dtype.kind in "iu":
            check_divisor(y)
        return wide(np.floor_divide, x, y)

    @staticmethod
    def backward(ctx, grad):
        zero = Step.backward(ctx, grad)
        return zero, zero


class FloorDivide(Undifferentiable, DivFloor):
    """z = floor(x / y): DivFloor under the name torch.floor_divide, for which PyTorch has no derivative"""

    name = "NotImplemented"
    operation = "floor_divide"


class DivTrunc(DivFloor):
    """z = x / y with its fraction cut off,    dz/dx = dz/dy = 0"""

    promote = supporting("iufV", "div_trunc_cpu", scaling)
    name = "DivBackward2"

    @staticmethod
    def forward(ctx, x, y):
        if is_array(x) and x.dtype.kind in "iu":
            check_divisor(y)
            return np.floor_divide(x - np.fmod(x, y), y)
        if type(y) is np.float32:  # a number beside half precision, see promotion.scaling
            return wide(lambda x, y: np.trunc(np.true_divide(x, y)), x, y)
        return np.trunc(wide(np.true_divide, x, y))  # of half precision, the quotient is rounded before it is cut off


class Remainder(Elementwise):
    """z = x - y floor(x / y), which has the sign of y,    dz/dx = 1,    dz/dy = -floor(x / y)"""

    inputs = 2
    promote = supporting("iufV", "remainder_cpu", common)
    name = "RemainderBackward1"

    @staticmethod
    def forward(ctx, x, y):
        if is_array(x) and x.dtype.kind in "iu":
            check_divisor(y)
        ctx.save_for_backward(x, y)
        return np.remainder(x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return grad if need_x else None, -grad * DivFloor.apply(x, y) if need_y else None


class RemainderByNumber(Elementwise):
    """z = x - c floor(x / c) for a number c,    dz/dx = 1"""

    promote = Remainder.promote
    name = "RemainderBackward0"

    @staticmethod
    def forward(ctx, x, c):
        return Remainder.forward(NO_CONTEXT, x, c)

    @staticmethod
    def backward(ctx, grad):
        return grad


class RemainderOfNumber(Undifferentiable, Remainder):
    """z = c - y floor(c / y) for a number c: without a derivative in PyTorch"""

    name = "NotImplemented"
    operation = "remainder"


class Fmod(Elementwise):
    """z = x - y trunc(x / y), which has the sign of x,    dz/dx = 1,    dz/dy = -trunc(x / y)"""

    inputs = 2
    promote = supporting("iufV", "fmod_cpu", common)
    name = "FmodBackward1"

    @staticmethod
    def forward(ctx, x, y):
        if is_array(x) and x.dtype.kind in "iu":
            check_divisor(y)
        ctx.save_for_backward(x, y)
        return np.fmod(x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return grad if need_x else None, -grad * DivTrunc.apply(x, y) if need_y else None


class FmodByNumber(RemainderByNumber):
    """z = x - c trunc(x / c) for a number c,    dz/dx = 1"""

    promote = Fmod.promote
    name = "FmodBackward0"

    @staticmethod
    def forward(ctx, x, c):
        return Fmod.forward(NO_CONTEXT, x, c)


class Gcd(Elementwise):
    """z = the greatest common divisor of the integers x and y"""

    inputs = 2
    promote = supporting("iu", "gcd_cpu", common)
    differentiable = False

    @staticmethod
    def forward(ctx, x, y):
        return np.gcd(x, y)


class Lcm(Elementwise):
    """z = the least common multiple of the integers x and y"""

    inputs = 2
    promote = supporting("iu", "lcm_cpu", common)
    differentiable = False

    @staticmethod
    def forward(ctx, x, y):
        return np.lcm(x, y)


# ---- functions -------------------------------------------------------------------------------------------------------


def divide_rounded(input: Any, other: Any, rounding_mode: str) -> Tensor:
    """input / other rounded towards zero ("trunc") or down ("floor"); RuntimeError for another mode."""
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return (DivTrunc if rounding_mode == "trunc" else DivFloor).apply(input, other)


@public(inplace=True)
def floor_divide(input: Any, other: Any) -> Tensor:
    """floor(input / other), elementwise with broadcasting. RuntimeError for integers divided by 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.floor_divide.html

    >>> torch.floor_divide(torch.tensor([7, -7]), 2), torch.tensor([7., -7.]) // 2
    (tensor([ 3, -4]), tensor([ 3., -4.]))
    """
    return FloorDivide.apply(input, other)


@public(inplace=True, forms=of_two(number_first=True))
def remainder(input: Any, other: Any) -> Tensor:
    """input - other * floor(input / other), elementwise: the remainder with the sign of the divisor, Python's %.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.remainder.html

    >>> torch.remainder(torch.tensor([-3, 3]), 2), torch.tensor([-3., 3.]) % -2
    (tensor([1, 1]), tensor([-1., -1.]))
    """
    if not isinstance(input, Tensor):
        return RemainderOfNumber.apply(input, other)
    return (Remainder if isinstance(other, Tensor) else RemainderByNumber).apply(input, other)


@public(inplace=True, forms=of_two())
def fmod(input: Tensor, other: Any) -> Tensor:
    """input - other * trunc(input / other), elementwise: the remainder with the sign of the dividend, C's fmod.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.fmod.html

    >>> torch.fmod(torch.tensor([-3, 3]), 2)
    tensor([-1,  1])
    """
    return (Fmod if isinstance(other, Tensor) else FmodByNumber).apply(input, other)


@public(inplace=True)
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor of two integers, elementwise.

    >>> torch.gcd(torch.tensor([12, -8, 0]), torch.tensor([18]))
    tensor([ 6,  2, 18])
    """
    need_tensors("gcd", input, other)
    return Gcd.apply(input, other)


@public(inplace=True)
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple of two integers, elementwise.

    >>> torch.lcm(torch.tensor([4, 6]), torch.tensor([6]))
    tensor([12,  6])
    """
    need_tensors("lcm", input, other)
    return Lcm.apply(input, other)


publish_operators(
    floordiv=operator(floor_divide), rfloordiv=reflected(floor_divide),
    ifloordiv=in_place_operator(Tensor.floor_divide_),  # type: ignore[attr-defined]
    mod=operator(remainder), rmod=reflected(remainder), imod=in_place_operator(Tensor.remainder_),  # type: ignore[attr-defined]
)  # fmt: skip
