"""Logic: and, or, not of truth values, and of the bits of integers; shifts of bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.elementwise import (
    SAME_DTYPE,
    in_place_operator,
    need_tensors,
    operator,
    publish_operators,
    reflected,
)
from tinytorch.promotion import common, supporting
from tinytorch.public import of_two, public, publish_inplace
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Logical(Elementwise):
    """A rule of truth values or bits, without a gradient"""

    inputs = 2
    differentiable = False


def _truth(x: Any) -> Any:
    """x, or whether it is not 0 where it is complex: CuPy's logical functions take no complex numbers."""
    return x != 0 if x.dtype.kind == "c" else x


class LogicalAnd(Logical):
    """z = [x != 0 and y != 0]"""

    @staticmethod
    def forward(ctx, x, y):
        return np.logical_and(_truth(x), _truth(y))


class LogicalOr(Logical):
    """z = [x != 0 or y != 0]"""

    @staticmethod
    def forward(ctx, x, y):
        return np.logical_or(_truth(x), _truth(y))


class LogicalXor(Logical):
    """z = [either x or y is 0]"""

    @staticmethod
    def forward(ctx, x, y):
        return np.logical_xor(_truth(x), _truth(y))


class LogicalNot(Logical):
    """y = [x = 0]"""

    inputs = 1

    @staticmethod
    def forward(ctx, x):
        return np.logical_not(_truth(x))


class BitwiseAnd(Logical):
    """z = the bits that x and y have in common"""

    promote = supporting("biu", "bitwise_and_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return np.bitwise_and(x, y)


class BitwiseOr(Logical):
    """z = the bits that x or y has"""

    promote = supporting("biu", "bitwise_or_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return np.bitwise_or(x, y)


class BitwiseXor(Logical):
    """z = the bits that one of x and y has"""

    promote = supporting("biu", "bitwise_xor_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return np.bitwise_xor(x, y)


class BitwiseNot(Logical):
    """y = all bits of x inverted, -x - 1; of a bool: its negation"""

    inputs = 1
    promote = supporting("biu", "bitwise_not_cpu")

    @staticmethod
    def forward(ctx, x):
        return np.invert(x)


class ShiftLeft(Logical):
    """z = x 2^y: the bits of x moved up by y places, 0 if y is negative or too large"""

    promote = supporting("iu", "lshift_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return np.left_shift(x, y)


class ShiftRight(Logical):
    """z = floor(x / 2^y): the bits of x moved down by y places, all of them if y is negative or too large"""

    promote = supporting("iu", "rshift_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return np.right_shift(x, y)


# ---- functions -------------------------------------------------------------------------------------------------------


@public()
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Are both numbers different from 0? Elementwise with broadcasting, of any dtypes.

    >>> torch.logical_and(torch.tensor([0, 1, 2]), torch.tensor([True]))
    tensor([False,  True,  True])
    """
    need_tensors("logical_and", input, other)
    return LogicalAnd.apply(input, other)


@public()
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Is one of the numbers different from 0? Elementwise with broadcasting, of any dtypes.

    >>> torch.logical_or(torch.tensor([0, 1]), torch.tensor([0., 0.]))
    tensor([False,  True])
    """
    need_tensors("logical_or", input, other)
    return LogicalOr.apply(input, other)


@public()
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Is exactly one of the numbers different from 0? Elementwise with broadcasting, of any dtypes.

    >>> torch.logical_xor(torch.tensor([0, 1]), torch.tensor([1, 1]))
    tensor([ True, False])
    """
    need_tensors("logical_xor", input, other)
    return LogicalXor.apply(input, other)


@public()
def logical_not(input: Tensor) -> Tensor:
    """Is the number 0?

    >>> torch.logical_not(torch.tensor([0., 1.5]))
    tensor([ True, False])
    """
    return LogicalNot.apply(input)


@public(forms=of_two(number_first=True))
def bitwise_and(input: Any, other: Any) -> Tensor:
    """The bits that two integers have in common; of bools: and. The operator &.

    >>> torch.bitwise_and(torch.tensor([12, 10]), 6), torch.tensor([True, False]) & torch.tensor([True, True])
    (tensor([4, 2]), tensor([ True, False]))
    """
    return BitwiseAnd.apply(input, other)


@public(forms=of_two(number_first=True))
def bitwise_or(input: Any, other: Any) -> Tensor:
    """The bits that one of two integers has; of bools: or. The operator |.

    >>> torch.bitwise_or(torch.tensor([12, 10]), 6)
    tensor([14, 14])
    """
    return BitwiseOr.apply(input, other)


@public(forms=of_two(number_first=True))
def bitwise_xor(input: Any, other: Any) -> Tensor:
    """The bits that exactly one of two integers has; of bools: either, or. The operator ^.

    >>> torch.bitwise_xor(torch.tensor([12, 10]), 6)
    tensor([10, 12])
    """
    return BitwiseXor.apply(input, other)


@public(out=SAME_DTYPE)
def bitwise_not(input: Tensor) -> Tensor:
    """An integer with all bits inverted, -input - 1; of bools: not. The operator ~.

    >>> torch.bitwise_not(torch.tensor([0, 5])), ~torch.tensor([True, False])
    (tensor([-1, -6]), tensor([False,  True]))
    """
    return BitwiseNot.apply(input)


@public(forms=of_two(number_first=True))
def bitwise_left_shift(input: Any, other: Any) -> Tensor:
    """The bits of integers moved up by `other` places: input * 2^other. The operator <<.

    >>> torch.bitwise_left_shift(torch.tensor([1, 3]), 2)
    tensor([ 4, 12])
    """
    return ShiftLeft.apply(input, other)


@public(forms=of_two(number_first=True))
def bitwise_right_shift(input: Any, other: Any) -> Tensor:
    """The bits of integers moved down by `other` places: floor(input / 2^other). The operator >>.

    >>> torch.bitwise_right_shift(torch.tensor([4, -5]), 1)
    tensor([ 2, -3])
    """
    return ShiftRight.apply(input, other)


# ---- operators and in-place forms ------------------------------------------------------------------------------------


def _in_place(function: Callable) -> Callable:
    def change(self: Tensor, *other: Any) -> Tensor:
        return views.write(self, function, *other)

    return change


for _function in (logical_and, logical_or, logical_xor, logical_not, bitwise_and, bitwise_or, bitwise_xor, bitwise_not,
                  bitwise_left_shift, bitwise_right_shift):  # fmt: skip
    publish_inplace(_function.__name__ + "_", _in_place(_function))


def _invert(self: Tensor) -> Tensor:
    """~self"""
    if self._array.dtype.kind not in "biu":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return BitwiseNot.apply(self)


publish_operators(
    **{"and": operator(BitwiseAnd.apply), "or": operator(BitwiseOr.apply)},  # Python's keywords cannot name arguments
    rand=reflected(BitwiseAnd.apply), iand=in_place_operator(Tensor.bitwise_and_),  # type: ignore[attr-defined]
    ror=reflected(BitwiseOr.apply), ior=in_place_operator(Tensor.bitwise_or_),  # type: ignore[attr-defined]
    xor=operator(BitwiseXor.apply), rxor=reflected(BitwiseXor.apply), ixor=in_place_operator(Tensor.bitwise_xor_),  # type: ignore[attr-defined]
    lshift=operator(ShiftLeft.apply), rlshift=reflected(ShiftLeft.apply),
    ilshift=in_place_operator(Tensor.bitwise_left_shift_),  # type: ignore[attr-defined]
    rshift=operator(ShiftRight.apply), rrshift=reflected(ShiftRight.apply),
    irshift=in_place_operator(Tensor.bitwise_right_shift_),  # type: ignore[attr-defined]
    invert=_invert,
)  # fmt: skip
