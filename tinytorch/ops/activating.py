"""What activation functions share: slopes of straight pieces, the check of the dtype, the write in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch import kernels
from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise, Rule
from tinytorch.dtypes import FLOAT, from_numpy
from tinytorch.ops.elementwise import zeros_like
from tinytorch.tensor import Tensor


class Gate(Elementwise):
    """dx = g where the gate is open, else slope g,    d dx/dg = 1 or slope,    d dx/dx = 0

    The gradient of an activation made of straight pieces. That it does not change with x is said too, not left out: a
    second derivative of such an activation is 0, not an error.
    """

    inputs = 3
    name = "ThresholdBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, x, is_open, slope=0.0):
        ctx.save_for_backward(x, is_open)
        ctx.slope = slope
        return kernels.where.where(is_open, grad, grad * slope if slope else 0)

    @staticmethod
    def backward(ctx, grad):
        x, is_open = ctx.saved_tensors
        return Gate.apply(grad, x, is_open, ctx.slope), zeros_like(grad), None


def need_float(input: Tensor, kernel: str) -> None:
    """NotImplementedError for integers and bools, of which PyTorch computes no such function (its name is `kernel`)."""
    dtype = from_numpy(input._array.dtype)
    if dtype.category < FLOAT:
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{dtype.legacy}'\n\nConvert the input first: input.float()."
        )


def either(rule: type[Rule], input: Tensor, inplace: bool, *args: Any) -> Tensor:
    """The rule's result as a new tensor, or written into the input."""
    return views.write(input, rule.apply, *args) if inplace else rule.apply(input, *args)


def inplace_form(function: Callable) -> Callable:
    """`function` with inplace=True, under its name with an underscore."""

    def inplace(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return function(input, *args, inplace=True, **kwargs)

    inplace.__name__ = inplace.__qualname__ = function.__name__ + "_"
    inplace.__doc__ = f"In-place form of `{function.__name__}`: the result is written into `input`."
    return inplace
