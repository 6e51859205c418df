"""Powers and roots: pow, float_power, square, sqrt, rsqrt and the operator **."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import dtypes, kernels
from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise
from tinytorch.device import known
from tinytorch.dtypes import FLOAT, INTEGER, result_dtype
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.elementwise import (
    Keep,
    arrays_of,
    conj,
    in_place,
    in_place_operator,
    operand,
    publish_operators,
    reflected,
    wide,
    zeros_like,
)
from tinytorch.ops.exponential import Log
from tinytorch.ops.operators import over, times
from tinytorch.promotion import convert, floating, number, supporting, to_common
from tinytorch.public import of_two, public, publish_inplace
from tinytorch.tensor import Tensor

run, run_two, _divide = kernels.arithmetic.apply, kernels.arithmetic.apply_to_two, kernels.arithmetic.divide
NEGATIVE = "Integers to negative integer powers are not allowed."

# ---- rules -----------------------------------------------------------------------------------------------------------


def _to_power_dtype(arrays: list) -> None:
    """The base in the dtype of the result; the exponent stays a number, of half precision if the base is."""
    x, exponent = arrays
    if x.dtype.char in "fd" and (type(exponent) is int or type(exponent) is float):
        return
    to = result_dtype(arrays)
    if to.category == INTEGER and exponent < 0:
        raise RuntimeError(NEGATIVE)
    arrays[0] = convert(x, to)
    arrays[1] = exponent if to.itemsize != 2 or to.category != FLOAT else float(number(exponent, to))


class Pow(Elementwise):
    """y = x^a for a number a,    dy/dx = a x^(a - 1)    (0 for a = 0)"""

    silent = True
    promote = _to_power_dtype

    @staticmethod
    def forward(ctx, x, exponent):
        ctx.save_for_backward(x)
        ctx.exponent = exponent
        if exponent == 2:
            return kernels.arithmetic.multiply(x, x)
        return _power_by_number(x, exponent)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        a = ctx.exponent
        if a == 0:
            return zeros_like(grad)
        if a == 2 and not isinstance(x, Tensor):  # quicker; for Tensors as below, where all derivatives exist and are 0
            return times(grad, conj(times(x, 2)))
        return times(grad, conj(times(Pow.apply(x, a - 1), a)))


def _power_by_number(x: np.ndarray, exponent: Any) -> np.ndarray:
    """x^exponent; by multiplication, division and square roots where that will do, as in PyTorch."""
    if x.dtype.kind == "b":
        return x | (not exponent)
    if x.dtype.kind in "iu":
        return np.power(x, number(exponent, dtypes.from_numpy(x.dtype))[()])
    shortcut = _SHORTCUTS.get(exponent)
    if shortcut is not None and x.dtype.kind != "c":
        return shortcut(x)
    return wide(functools.partial(run_two, np.power), x, exponent)


_SHORTCUTS: dict[Any, Callable] = {
    3: lambda x: times(times(x, x), x),
    0.5: lambda x: run(np.sqrt, x),
    -0.5: lambda x: wide(lambda x: _divide(1, run(np.sqrt, x)), x),
    -1: lambda x: _divide(1, x),
    -2: lambda x: _divide(1, times(x, x)),
}


class PowTensor(Elementwise):
    """z = x^y,    dz/dx = y x^(y - 1)    (0 for y = 0),    dz/dy = z ln x    (0 for x = 0, y >= 0)"""

    inputs = 2
    promote = supporting("iufcV", "pow", to_common)
    name = "PowBackward1"

    @staticmethod
    def forward(ctx, x, y):
        if x.dtype.kind in "iu":
            return _integer_power(x, y)
        z = run_two(np.power, x, y)
        ctx.save_for_backward(x, y, z if ctx.needs_input_grad[1] else None)
        return z

    @staticmethod
    def backward(ctx, grad):
        x, y, z = ctx.saved_tensors
        dx = dy = None
        if ctx.needs_input_grad[0]:
            dx = Keep.apply(grad * conj(y * PowTensor.apply(x, y - 1)), y != 0)
        if z is not None:
            dy = grad * Keep.apply(conj(z * Log.apply(x)), (x != 0) | ~(y.real >= 0))
        return dx, dy


def _integer_power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x^y for integers, where a negative power of anything but 1 and -1 is 0, as a fraction is cut off."""
    negative = y < 0
    if known(y) and not negative.any():
        return np.power(x, y)
    of_one = np.where(y % 2 == 1, x, 1)
    of_negative = of_one * (np.abs(x) == 1)
    return np.where(negative, of_negative, np.power(x, np.where(negative, 0, y))).astype(x.dtype)


class PowOfNumber(Elementwise):
    """z = c^y for a number c,    dz/dy = z ln c    (0 for c = 0, y >= 0)"""

    name = "PowBackward2"

    @staticmethod
    def promote(arrays):
        pair = arrays[::-1]
        PowTensor.promote(pair)
        arrays[:] = pair[::-1]

    @staticmethod
    def forward(ctx, y, base):
        ctx.base = base
        if y.dtype.kind in "iu":
            return _integer_power(base, y)
        z = np.power(base, y)
        ctx.save_for_backward(y, z)
        ctx.log_base = np.log(np.asarray(base, np.complex128 if y.dtype.kind == "c" else np.float64)).item()
        return z

    @staticmethod
    def backward(ctx, grad):
        y, z = ctx.saved_tensors
        dy = conj(z * ctx.log_base)
        return grad * (dy if ctx.base != 0 else Keep.apply(dy, ~(y.real >= 0)))


class Sqrt(Elementwise):
    """y = sqrt x,    dy/dx = 1 / (2 y)    (inf at 0)"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = run(np.sqrt, x, out)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return over(grad, times(conj(y), 2))


class Rsqrt(Elementwise):
    """y = 1 / sqrt x,    dy/dx = -y^3 / 2"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        root = run(np.sqrt, widen(x))
        y = narrow(run_two(np.true_divide, 1, root, out), x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return times(times(grad, -0.5), conj(times(times(y, y), y)))


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=True, forms=of_two("exponent", number_first=True))
def pow(input: Any, exponent: Any) -> Tensor:
    """input^exponent, elementwise with broadcasting; either may be a number.

    RuntimeError for integers with a negative number as exponent.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.pow.html

    >>> torch.pow(torch.tensor([1., 2., 3.]), 2), torch.pow(2, torch.tensor([1, 2, 3]))
    (tensor([1., 4., 9.]), tensor([2, 4, 8]))
    """
    if not isinstance(exponent, Tensor):
        return Pow.apply(input, exponent)
    return PowTensor.apply(input, exponent) if isinstance(input, Tensor) else PowOfNumber.apply(exponent, input)


_OTHER_DTYPE = (
    "the output given to float_power has dtype {given.legacy} but the operation's result requires dtype {wanted.legacy}"
)


@public(out=_OTHER_DTYPE, forms=of_two("exponent", number_first=True))
def float_power(input: Any, exponent: Any) -> Tensor:
    """input^exponent, computed in float64 (complex128 where one of them is complex).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.float_power.html

    >>> torch.float_power(torch.tensor([2, 3]), -1)
    tensor([0.5000, 0.3333], dtype=torch.float64)
    """
    to = dtypes.complex128 if result_dtype(arrays_of(input, exponent)).category == dtypes.COMPLEX else dtypes.float64
    operands = [
        value.to(to) if isinstance(value, Tensor) else complex(value) if to is dtypes.complex128 else float(value)
        for value in (input, exponent)
    ]
    return pow(*operands)


def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """self = self^exponent; only for float64 and complex128, the dtypes of the result"""
    to = dtypes.complex128 if result_dtype(arrays_of(self, exponent)).category == dtypes.COMPLEX else dtypes.float64
    if self.dtype is not to:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype.legacy} but the operation's result requires dtype "
            f"{to.legacy}"
        )
    return views.write(self, pow, exponent)


publish_inplace("float_power_", float_power_)


@public(inplace=True)
def square(input: Tensor) -> Tensor:
    """input^2, elementwise.

    >>> torch.square(torch.tensor([1., -2.]))
    tensor([1., 4.])
    """
    return Pow.apply(input, 2)


@public(inplace=in_place(Sqrt))
def sqrt(input: Tensor) -> Tensor:
    """The square root, elementwise: nan for negative numbers.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sqrt.html

    >>> torch.sqrt(torch.tensor([4., 9.]))
    tensor([2., 3.])
    """
    return Sqrt.apply(input)


@public(inplace=in_place(Rsqrt))
def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(input), elementwise.

    >>> torch.rsqrt(torch.tensor([4., 0.25]))
    tensor([0.5000, 2.0000])
    """
    return Rsqrt.apply(input)


# ---- operators -------------------------------------------------------------------------------------------------------


def _pow(self: Tensor, exponent: Any) -> Any:
    """self ** exponent"""
    if type(exponent) is int or type(exponent) is float:
        return Pow.apply(self, exponent)
    exponent = operand(exponent)
    return exponent if exponent is NotImplemented else pow(self, exponent)


publish_operators(pow=_pow, rpow=reflected(pow), ipow=in_place_operator(Tensor.pow_))  # type: ignore[attr-defined]
