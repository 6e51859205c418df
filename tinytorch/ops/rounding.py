"""Rounding: floor, ceil, round, trunc (also called fix) and what trunc cuts off, frac."""

from __future__ import annotations

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import from_numpy
from tinytorch.ops.elementwise import SAME_DTYPE, Step, in_place
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Floor(Step):
    """y = the largest whole number up to x,    dy/dx = 0"""

    @staticmethod
    def forward(ctx, x, out=None):
        return np.floor(x, out) if x.dtype.kind in "fV" else x.copy()


class Ceil(Step):
    """y = the smallest whole number from x on,    dy/dx = 0"""

    @staticmethod
    def forward(ctx, x, out=None):
        return np.ceil(x, out) if x.dtype.kind in "fV" else x.copy()


class Trunc(Step):
    """y = x without its fraction,    dy/dx = 0"""

    @staticmethod
    def forward(ctx, x, out=None):
        return np.trunc(x, out) if x.dtype.kind in "fV" else x.copy()


class Round(Step):
    """y = the whole number nearest to x, the even one of two,    dy/dx = 0"""

    @staticmethod
    def forward(ctx, x, out=None):
        return np.rint(x, out) if x.dtype.kind in "fV" else x.copy()


class RoundDecimals(Step):
    """y = round(10^d x) / 10^d for d decimals; for negative d  y = 10^-d round(x / 10^-d);    dy/dx = 0"""

    name = "RoundBackward1"

    @staticmethod
    def forward(ctx, x, decimals):
        scale = x.dtype.type(10.0 ** abs(decimals))
        return np.rint(x * scale) / scale if decimals > 0 else np.rint(x / scale) * scale


class Frac(Elementwise):
    """y = x - trunc x,    dy/dx = 1"""

    @staticmethod
    def forward(ctx, x, out=None):
        return np.subtract(x, np.trunc(x), out)

    @staticmethod
    def backward(ctx, grad):
        return grad


# ---- functions -------------------------------------------------------------------------------------------------------


def _refuse(input: Tensor, function: str, refused: str = "bc", complex_text: str | None = None) -> None:
    """NotImplementedError, in PyTorch's words, for dtypes of the NumPy kinds `refused`."""
    kind = input._array.dtype.kind
    if kind not in refused:
        return
    if kind == "c" and complex_text is not None:
        raise NotImplementedError(complex_text)
    raise NotImplementedError(f"\"{function}\" not implemented for '{from_numpy(input._array.dtype).legacy}'")


@public(inplace=in_place(Floor), out=SAME_DTYPE)
def floor(input: Tensor) -> Tensor:
    """The largest whole number that is not larger than `input`, elementwise; integers are left as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.floor.html

    >>> torch.floor(torch.tensor([-1.5, 1.5]))
    tensor([-2.,  1.])
    """
    _refuse(input, "floor_vml_cpu", complex_text="floor is not supported for complex inputs")
    return Floor.apply(input)


@public(inplace=in_place(Ceil), out=SAME_DTYPE)
def ceil(input: Tensor) -> Tensor:
    """The smallest whole number that is not smaller than `input`, elementwise; integers are left as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.ceil.html

    >>> torch.ceil(torch.tensor([-1.5, 1.5]))
    tensor([-1.,  2.])
    """
    _refuse(input, "ceil_vml_cpu", complex_text="ceil is not supported for complex inputs")
    return Ceil.apply(input)


@public(inplace=in_place(Trunc), out=SAME_DTYPE, aliases=("fix",))
def trunc(input: Tensor) -> Tensor:
    """`input` without its fraction, elementwise; integers are left as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.trunc.html

    >>> torch.trunc(torch.tensor([-1.5, 1.5]))
    tensor([-1.,  1.])
    """
    _refuse(input, "trunc_vml_cpu", complex_text="trunc is not supported for complex inputs")
    return Trunc.apply(input)


@public(inplace=True, out=SAME_DTYPE)
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """The nearest whole number, of two equally near the even one; or the nearest number with that many decimals.

    Negative `decimals` count places in front of the point. Integers are left as they are, and refuse decimals.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.round.html

    >>> torch.round(torch.tensor([0.5, 1.5, 2.6])), torch.round(torch.tensor([1.234]), decimals=2)
    (tensor([0., 2., 3.]), tensor([1.2300]))
    """
    if decimals is None:
        _refuse(input, "round_vml_cpu")
        return Round.apply(input)
    _refuse(input, "round_cpu" if decimals else "round_vml_cpu", "biuc")
    return RoundDecimals.apply(input, decimals)


@public(inplace=in_place(Frac), out=SAME_DTYPE)
def frac(input: Tensor) -> Tensor:
    """The fraction, elementwise, with the sign of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.frac.html

    >>> torch.frac(torch.tensor([1.25, -2.5]))
    tensor([ 0.2500, -0.5000])
    """
    _refuse(input, "frac_cpu", "biuc")
    return Frac.apply(input)
