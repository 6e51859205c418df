"""Rounding: floor, ceil, round, trunc (also called fix) and what trunc cuts off, frac."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.elementwise import SAME_DTYPE, Step, in_place, wide
from tinytorch.promotion import supporting
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


def _whole(name: str) -> Callable[[list], None]:
    """The check that x is no complex number and no bool, for a function of that name."""
    refuse_bools = supporting("iufV", f"{name}_vml_cpu")

    def check(arrays: list) -> None:
        if arrays[0].dtype.kind == "c":
            raise NotImplementedError(f"{name} is not supported for complex inputs")
        refuse_bools(arrays)

    return check


class Floor(Step):
    """y = the largest whole number up to x,    dy/dx = 0"""

    promote = _whole("floor")

    @staticmethod
    def forward(ctx, x, out=None):
        return np.floor(x, out) if x.dtype.kind in "fV" else x.copy()


class Ceil(Step):
    """y = the smallest whole number from x on,    dy/dx = 0"""

    promote = _whole("ceil")

    @staticmethod
    def forward(ctx, x, out=None):
        return np.ceil(x, out) if x.dtype.kind in "fV" else x.copy()


class Trunc(Step):
    """y = x without its fraction,    dy/dx = 0"""

    promote = _whole("trunc")

    @staticmethod
    def forward(ctx, x, out=None):
        return np.trunc(x, out) if x.dtype.kind in "fV" else x.copy()


class Round(Step):
    """y = the whole number nearest to x, the even one of two,    dy/dx = 0"""

    promote = supporting("iufV", "round_vml_cpu")

    @staticmethod
    def forward(ctx, x, out=None):
        return np.rint(x, out) if x.dtype.kind in "fV" else x.copy()


class RoundDecimals(Step):
    """y = round(10^d x) / 10^d for d decimals; for negative d  y = 10^-d round(x / 10^-d);    dy/dx = 0"""

    name = "RoundBackward1"

    @staticmethod
    def promote(arrays):
        supporting("fV", "round_cpu" if arrays[1] else "round_vml_cpu")(arrays)

    @staticmethod
    def forward(ctx, x, decimals):
        return wide(_round, x, decimals)


def _round(x: np.ndarray, decimals: int) -> np.ndarray:
    scale = x.dtype.type(10.0 ** abs(decimals))
    return np.rint(x * scale) / scale if decimals > 0 else np.rint(x / scale) * scale


class Frac(Elementwise):
    """y = x - trunc x,    dy/dx = 1"""

    promote = supporting("fV", "frac_cpu")

    @staticmethod
    def forward(ctx, x, out=None):
        return np.subtract(x, np.trunc(x), out)

    @staticmethod
    def backward(ctx, grad):
        return grad


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=in_place(Floor), out=SAME_DTYPE)
def floor(input: Tensor) -> Tensor:
    """The largest whole number that is not larger than `input`, elementwise; integers are left as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.floor.html

    >>> torch.floor(torch.tensor([-1.5, 1.5]))
    tensor([-2.,  1.])
    """
    return Floor.apply(input)


@public(inplace=in_place(Ceil), out=SAME_DTYPE)
def ceil(input: Tensor) -> Tensor:
    """The smallest whole number that is not smaller than `input`, elementwise; integers are left as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.ceil.html

    >>> torch.ceil(torch.tensor([-1.5, 1.5]))
    tensor([-1.,  2.])
    """
    return Ceil.apply(input)


@public(inplace=in_place(Trunc), out=SAME_DTYPE, aliases=("fix",))
def trunc(input: Tensor) -> Tensor:
    """`input` without its fraction, elementwise; integers are left as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.trunc.html

    >>> torch.trunc(torch.tensor([-1.5, 1.5]))
    tensor([-1.,  1.])
    """
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
        return Round.apply(input)
    return RoundDecimals.apply(input, decimals)


@public(inplace=in_place(Frac), out=SAME_DTYPE)
def frac(input: Tensor) -> Tensor:
    """The fraction, elementwise, with the sign of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.frac.html

    >>> torch.frac(torch.tensor([1.25, -2.5]))
    tensor([ 0.2500, -0.5000])
    """
    return Frac.apply(input)
