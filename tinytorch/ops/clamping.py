"""The larger and the smaller of two numbers, and numbers kept between bounds: maximum, minimum, fmax, fmin, clamp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import dtypes, kernels
from tinytorch.arguments import no_such_form
from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import result_dtype
from tinytorch.kernels.arrays import beside
from tinytorch.ops.elementwise import SAME_DTYPE, Keep, need_tensors
from tinytorch.ops.where import Where
from tinytorch.promotion import common, convert, fitting_number, supporting
from tinytorch.public import of_two, public
from tinytorch.tensor import Tensor

run_two = kernels.arithmetic.apply_to_two

# ---- rules -----------------------------------------------------------------------------------------------------------


class Maximum(Elementwise):
    """z = the larger of x and y, nan if one is,    dx = dz where x > y, dz / 2 where they are equal,    dy likewise"""

    silent = True
    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return run_two(np.maximum, x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        grad = Where.apply(x == y, grad / 2, grad)
        return Keep.apply(grad, ~(x < y)) if need_x else None, Keep.apply(grad, ~(x > y)) if need_y else None


class Minimum(Elementwise):
    """z = the smaller of x and y, nan if one is,    dx = dz where x < y, dz / 2 where they are equal,    dy likewise"""

    silent = True
    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return run_two(np.minimum, x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        grad = Where.apply(x == y, grad / 2, grad)
        return Keep.apply(grad, ~(x > y)) if need_x else None, Keep.apply(grad, ~(x < y)) if need_y else None


class Fmax(Elementwise):
    """z = the larger of x and y, the other one if one is nan,    dx = dz where z is x, else 0,    dy = dz elsewhere"""

    inputs = 2
    promote = common
    choose: Any = np.fmax

    @classmethod
    def forward(cls, ctx, x, y):
        ctx.save_for_backward(x, y)
        return run_two(cls.choose, x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        is_x = ctx.rule.is_first(x, y) | (y != y)
        return Keep.apply(grad, is_x) if need_x else None, Keep.apply(grad, ~is_x) if need_y else None

    @staticmethod
    def is_first(x, y):
        """Where x is chosen if neither is nan; of equal ones it is x."""
        return x >= y


class Fmin(Fmax):
    """z = the smaller of x and y, the other one if one is nan,    dx = dz where z is x, else 0,    dy = dz elsewhere"""

    choose: Any = np.fmin

    @staticmethod
    def is_first(x, y):
        """Where x is chosen if neither is nan; of equal ones it is x."""
        return x <= y


NOT_COMPLEX = "clamp is not supported for complex types"


def _to_bounds_dtype(arrays: list) -> None:
    """x and the bounds, which are numbers or None, in their common dtype."""
    x = arrays[0]
    if x.dtype.char == "d" or x.dtype.char == "f":
        limit = _LARGEST[x.dtype.char]
        for bound in arrays[1:]:
            if not (bound is None or ((type(bound) is float or type(bound) is int) and -limit < bound < limit)):
                break
        else:
            return
    to = result_dtype([array for array in arrays if array is not None])
    if to.category == dtypes.COMPLEX:
        raise NotImplementedError(NOT_COMPLEX)
    if to.category == dtypes.BOOL:
        raise NotImplementedError("\"clamp_scalar_cpu\" not implemented for 'Bool'")
    x = convert(x, to)
    arrays[:] = [x, *[bound if bound is None else beside(x, fitting_number(bound, to)) for bound in arrays[1:]]]


_LARGEST = {"f": 3.4e38, "d": 1.7e308}  # smaller numbers fit for certain


class Clamp(Elementwise):
    """y = x kept in [min, max], two numbers of which one may be None,    dy/dx = 1 between and at them, else 0"""

    silent = True
    name = "ClampBackward1"
    promote = _to_bounds_dtype

    @staticmethod
    def forward(ctx, x, min, max):
        ctx.save_for_backward(x)
        ctx.min, ctx.max = min, max
        if x.dtype.char in "fd":
            return kernels.elementwise.clamp(x, -math.inf if min is None else min, math.inf if max is None else max)
        y = x if min is None else np.maximum(x, min)
        return y if max is None else np.minimum(y, max)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        if not isinstance(grad, Tensor) and x.dtype.char in "fd":
            low, high = -math.inf if ctx.min is None else ctx.min, math.inf if ctx.max is None else ctx.max
            return kernels.elementwise.clamp_backward(grad, x, low, high)
        return Keep.apply(grad, _inside(x, *[bound if bound is None else float(bound) for bound in (ctx.min, ctx.max)]))


class ClampMin(Clamp):
    """y = the larger of x and a number,    dy/dx = 1 where it is x or they are equal, else 0"""

    name = "ClampMinBackward0"


class ClampMax(Clamp):
    """y = the smaller of x and a number,    dy/dx = 1 where it is x or they are equal, else 0"""

    name = "ClampMaxBackward0"


def _inside(x: Any, low: Any, high: Any) -> Any:
    """Where x lies between the bounds, of which one may be None."""
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


def _common_without_none(arrays: list) -> None:
    """The arrays among x and the bounds in their common dtype."""
    given = [array for array in arrays if array is not None]
    _KERNELS[arrays[1] is None, arrays[2] is None](given)
    joined = iter(given)
    arrays[:] = [array if array is None else next(joined) for array in arrays]


_KERNELS = {  # by which bound is missing
    (False, True): supporting("biufV", "maximum_cpu", common),
    (True, False): supporting("biufV", "minimum_cpu", common),
    (False, False): supporting("iufV", "clamp_cpu", common),
}


class ClampTensor(Elementwise):
    """y = x kept in [low, high],    dx = dy inside,    dlow = dy where x < low < high,    dhigh = dy where x > high"""

    inputs = 3
    name = "ClampBackward0"
    promote = _common_without_none

    @staticmethod
    def forward(ctx, x, min, max):
        ctx.save_for_backward(x, min, max)
        y = x if min is None else np.maximum(x, min)
        return y if max is None else np.minimum(y, max)

    @staticmethod
    def backward(ctx, grad):
        x, low, high = ctx.saved_tensors
        need_x, need_low, need_high = ctx.needs_input_grad
        dx = dlow = dhigh = None
        if need_x:
            dx = Keep.apply(grad, _inside(x, low, high))
        if need_low:
            dlow = Keep.apply(grad, x < low if high is None else (x < low) & (low < high))
        if need_high:
            dhigh = Keep.apply(grad, x > high if low is None else (x > high) | (high < low))
        return dx, dlow, dhigh


class ClampMinTensor(ClampTensor):
    """y = the larger of x and low,    dx = dy where x >= low,    dlow = dy where x < low"""

    name = "ClampMinBackward1"


class ClampMaxTensor(ClampTensor):
    """y = the smaller of x and high,    dx = dy where x <= high,    dhigh = dy where x > high"""

    name = "ClampMaxBackward1"


# ---- functions -------------------------------------------------------------------------------------------------------


def _out_dtype(input: Tensor, *bounds: Any, **named: Any) -> bool | str:
    """For `public`: with numbers as bounds out= has to have the result's dtype, with tensors not."""
    return any(isinstance(bound, Tensor) for bound in (*bounds, *named.values())) or SAME_DTYPE


@public(aliases=("clip",), inplace=True, out=_out_dtype)
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """input, and the bound instead of what lies outside [min, max]; nan stays nan. Where min > max the result is max.

    The bounds are numbers or tensors that broadcast; one may be left out. The dtypes are promoted.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.clamp.html

    >>> x = torch.tensor([-2., 0.5, 3.])
    >>> x.clamp(-1, 1), x.clamp(min=torch.tensor([0., 1., 2.]))
    (tensor([-1.0000,  0.5000,  1.0000]), tensor([0., 1., 3.]))
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(input, Tensor) and input._array.dtype.kind == "c":
        raise NotImplementedError(NOT_COMPLEX)
    if (min is None or isinstance(min, Tensor)) and (max is None or isinstance(max, Tensor)):
        return ClampTensor.apply(input, min, max)
    low, high = _bound(min), _bound(max)
    if low is NotImplemented or high is NotImplemented:
        raise no_such_form("clamp", (min,) if max is None else (min, max), {})
    for bound in (low, high):
        if type(bound) is complex:
            fitting_number(bound, dtypes.float64)
    return Clamp.apply(input, low, high)


def _bound(value: Any) -> Any:
    """A bound beside one that is a number: a number too, or a 0-dim tensor that stands for one."""
    if value is None or isinstance(value, (int, float, complex)):
        return value
    if isinstance(value, Tensor):
        return NotImplemented if value._array.ndim or value.requires_grad else value.item()
    return value.item() if isinstance(value, (np.number, np.bool_)) else NotImplemented


@public(inplace=True, out=_out_dtype, forms=of_two("min"))
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """The larger of `input` and `min`, a number or a tensor.

    >>> torch.clamp_min(torch.tensor([-2., 0.5]), 0)
    tensor([0.0000, 0.5000])
    """
    if isinstance(min, Tensor):
        return ClampMinTensor.apply(input, min, None)
    return ClampMin.apply(input, _number("clamp_min", min), None)


@public(inplace=True, out=_out_dtype, forms=of_two("max"))
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """The smaller of `input` and `max`, a number or a tensor.

    >>> torch.clamp_max(torch.tensor([-2., 0.5]), 0)
    tensor([-2.,  0.])
    """
    if isinstance(max, Tensor):
        return ClampMaxTensor.apply(input, None, max)
    return ClampMax.apply(input, None, _number("clamp_max", max))


def _number(function: str, value: Any) -> Any:
    found = _bound(value)
    if found is None or found is NotImplemented:
        raise no_such_form(function, (value,), {})
    return found


def _refuse_complex(function: str, *operands: Tensor) -> None:
    if any(operand._array.dtype.kind == "c" for operand in operands):
        raise RuntimeError(f"{function} not implemented for complex tensors.")


@public()
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of the two, elementwise with broadcasting; nan if one is. Equal ones share the gradient.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.maximum.html

    >>> torch.maximum(torch.tensor([1., 5.]), torch.tensor([3., 2.]))
    tensor([3., 5.])
    """
    need_tensors("maximum", input, other)
    _refuse_complex("maximum", input, other)
    return Maximum.apply(input, other)


@public()
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of the two, elementwise with broadcasting; nan if one is. Equal ones share the gradient.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.minimum.html

    >>> torch.minimum(torch.tensor([1., 5.]), torch.tensor([3., 2.]))
    tensor([1., 2.])
    """
    need_tensors("minimum", input, other)
    _refuse_complex("minimum", input, other)
    return Minimum.apply(input, other)


@public()
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of the two, elementwise with broadcasting; the number if one is nan. Of equal ones `input` is taken.

    >>> torch.fmax(torch.tensor([1., float("nan")]), torch.tensor([3., 2.]))
    tensor([3., 2.])
    """
    need_tensors("fmax", input, other)
    _refuse_complex("fmax", input, other)
    return Fmax.apply(input, other)


@public()
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of the two, elementwise with broadcasting; the number if one is nan. Of equal ones `input` is taken.

    >>> torch.fmin(torch.tensor([1., float("nan")]), torch.tensor([3., 2.]))
    tensor([1., 2.])
    """
    need_tensors("fmin", input, other)
    _refuse_complex("fmin", input, other)
    return Fmin.apply(input, other)
