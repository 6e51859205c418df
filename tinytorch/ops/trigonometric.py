"""Trigonometric functions and their inverses, sinc, degrees and radians; of a point's coordinates: atan2, hypot."""

from __future__ import annotations

import math

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.elementwise import Keep, conj, in_place, need_tensors, wide
from tinytorch.ops.operators import minus, over, times
from tinytorch.ops.power import Rsqrt
from tinytorch.promotion import common, floating, supporting
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor

run, run_two = kernels.arithmetic.apply, kernels.arithmetic.apply_to_two
DEGREE = math.pi / 180

# ---- rules -----------------------------------------------------------------------------------------------------------


class Sin(Elementwise):
    """y = sin x,    dy/dx = cos x"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.sin, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(grad, conj(Cos.apply(x)))


class Cos(Elementwise):
    """y = cos x,    dy/dx = -sin x"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.cos, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(minus(grad), conj(Sin.apply(x)))


class Tan(Elementwise):
    """y = tan x,    dy/dx = 1 + y^2"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = run(np.tan, x, out)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return times(grad, conj(1 + times(y, y)))


class Asin(Elementwise):
    """y = arcsin x,    dy/dx = 1 / sqrt(1 - x^2)"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.arcsin, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(grad, conj(Rsqrt.apply(1 - times(x, x))))


class Acos(Elementwise):
    """y = arccos x,    dy/dx = -1 / sqrt(1 - x^2)"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.arccos, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(minus(grad), conj(Rsqrt.apply(1 - times(x, x))))


class Atan(Elementwise):
    """y = arctan x,    dy/dx = 1 / (1 + x^2)"""

    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.arctan, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return over(grad, conj(1 + times(x, x)))


class Atan2(Elementwise):
    """z = the angle of the point (x: y, y: x),  tan z = x / y,    dz/dx = y / (x^2 + y^2),    dz/dy = -x / (x^2 + y^2)

    As in PyTorch the first argument is the height. At (0, 0) both derivatives are taken to be 0.
    """

    inputs = 2
    promote = supporting("fV", "atan2_cpu", floating)

    @staticmethod
    def forward(ctx, x, y, out=None):
        ctx.save_for_backward(x, y)
        return run_two(np.arctan2, x, y, out)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        squares = x * x + y * y
        scaled = Keep.apply(grad / squares, squares != 0)
        return scaled * y if need_x else None, -scaled * x if need_y else None


class Hypot(Elementwise):
    """z = sqrt(x^2 + y^2),    dz/dx = x / z,    dz/dy = y / z    (nan at (0, 0))"""

    inputs = 2
    promote = supporting("fV", "hypot_cpu", common)

    @staticmethod
    def forward(ctx, x, y, out=None):
        z = np.hypot(x, y, out)
        ctx.save_for_backward(x, y, z)
        return z

    @staticmethod
    def backward(ctx, grad):
        x, y, z = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return grad * (x / z) if need_x else None, grad * (y / z) if need_y else None


class Sinc(Elementwise):
    """y = sin(pi x) / (pi x),    dy/dx = (pi x cos(pi x) - sin(pi x)) / (pi x^2)    (y = 1, dy/dx = 0 at 0)"""

    promote = floating

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return wide(np.sinc, x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        angle = x * math.pi
        square = angle * x
        slope = (angle * Cos.apply(angle) - Sin.apply(angle)) / square
        return Keep.apply(grad * conj(slope), square != 0)


class Deg2Rad(Elementwise):
    """y = x pi / 180,    dy/dx = pi / 180"""

    promote = floating

    @staticmethod
    def forward(ctx, x):
        return wide(np.multiply, x, DEGREE)

    @staticmethod
    def backward(ctx, grad):
        return grad * DEGREE


class Rad2Deg(Elementwise):
    """y = x 180 / pi,    dy/dx = 180 / pi"""

    promote = floating

    @staticmethod
    def forward(ctx, x):
        return wide(np.multiply, x, 1 / DEGREE)

    @staticmethod
    def backward(ctx, grad):
        return grad * (1 / DEGREE)


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=in_place(Sin))
def sin(input: Tensor) -> Tensor:
    """The sine of an angle in radians, elementwise.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sin.html

    >>> torch.sin(torch.tensor([0., 0.5]))
    tensor([0.0000, 0.4794])
    """
    return Sin.apply(input)


@public(inplace=in_place(Cos))
def cos(input: Tensor) -> Tensor:
    """The cosine of an angle in radians, elementwise.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cos.html

    >>> torch.cos(torch.tensor([0., 0.5]))
    tensor([1.0000, 0.8776])
    """
    return Cos.apply(input)


@public(inplace=in_place(Tan))
def tan(input: Tensor) -> Tensor:
    """The tangent of an angle in radians, elementwise.

    >>> torch.tan(torch.tensor([0., 0.5]))
    tensor([0.0000, 0.5463])
    """
    return Tan.apply(input)


@public(inplace=in_place(Asin), aliases=("arcsin",))
def asin(input: Tensor) -> Tensor:
    """The angle from -pi/2 to pi/2 whose sine is `input`, elementwise: nan outside of [-1, 1].

    >>> torch.asin(torch.tensor([0., 1.]))
    tensor([0.0000, 1.5708])
    """
    return Asin.apply(input)


@public(inplace=in_place(Acos), aliases=("arccos",))
def acos(input: Tensor) -> Tensor:
    """The angle from 0 to pi whose cosine is `input`, elementwise: nan outside of [-1, 1].

    >>> torch.acos(torch.tensor([1., -1.]))
    tensor([0.0000, 3.1416])
    """
    return Acos.apply(input)


@public(inplace=in_place(Atan), aliases=("arctan",))
def atan(input: Tensor) -> Tensor:
    """The angle between -pi/2 and pi/2 whose tangent is `input`, elementwise.

    >>> torch.atan(torch.tensor([0., 1.]))
    tensor([0.0000, 0.7854])
    """
    return Atan.apply(input)


@public(aliases=("arctan2",))
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle from -pi to pi of the point whose height is `input` and whose horizontal coordinate is `other`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.atan2.html

    >>> torch.atan2(torch.tensor([1., 1.]), torch.tensor([1., -1.]))
    tensor([0.7854, 2.3562])
    """
    need_tensors("atan2", input, other)
    return Atan2.apply(input, other)


for _name in ("atan2_", "arctan2_"):
    publish_inplace(_name, in_place(Atan2))


@public()
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """sqrt(input^2 + other^2), elementwise: the long side of a right triangle. The squares cannot overflow.

    NotImplementedError for integers.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.hypot.html

    >>> torch.hypot(torch.tensor([3., 1e30]), torch.tensor([4., 0.]))
    tensor([5.0000e+00, 1.0000e+30])
    """
    need_tensors("hypot", input, other)
    return Hypot.apply(input, other)


publish_inplace("hypot_", in_place(Hypot))


@public(inplace=True)
def sinc(input: Tensor) -> Tensor:
    """sin(pi input) / (pi input), elementwise, and 1 at 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sinc.html

    >>> torch.sinc(torch.tensor([0., 0.5]))
    tensor([1.0000, 0.6366])
    """
    return Sinc.apply(input)


@public(inplace=True)
def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians. RuntimeError for complex numbers.

    >>> torch.deg2rad(torch.tensor([180., 90.]))
    tensor([3.1416, 1.5708])
    """
    _need_real("deg2rad", input)
    return Deg2Rad.apply(input)


@public(inplace=True)
def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees. RuntimeError for complex numbers.

    >>> torch.rad2deg(torch.tensor([3.1416, 1.5708]))
    tensor([180.0004,  90.0002])
    """
    _need_real("rad2deg", input)
    return Rad2Deg.apply(input)


def _need_real(function: str, input: Tensor) -> None:
    if input._array.dtype.kind == "c":
        raise RuntimeError(f"{function} is not supported for complex tensors.")
