"""What activation functions share: the check of the dtype, and the choice between a new tensor and a write in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch.autograd import views
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import FLOAT, from_numpy
from tinytorch.tensor import Tensor


def need_float(input: Tensor, kernel: str) -> None:
    """NotImplementedError for integers and bools, of which PyTorch computes no such function (`kernel` is its name for it)."""
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
