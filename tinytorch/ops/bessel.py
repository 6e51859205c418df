"""Bessel functions and Airy's: i0, i1 and their scaled forms have gradients, the others have none, as in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.magnitude import Sign
from tinytorch.ops.special import need_full_precision, scipy, special
from tinytorch.ops.where import Where
from tinytorch.promotion import floating, supporting
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class I0(Elementwise):
    """y = I_0(x),    dy/dx = I_1(x)"""

    promote = supporting("fV", "i0_vml_cpu", floating)

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return scipy("i0", x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * I1.apply(x)


class I0e(Elementwise):
    """y = e^-|x| I_0(x),    dy/dx = e^-|x| I_1(x) - sign(x) y"""

    promote = supporting("fV", "i0e_cpu", floating)
    name = "SpecialI0EBackward0"

    @staticmethod
    def forward(ctx, x):
        y = scipy("i0e", x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * (I1e.apply(x) - Sign.apply(x) * y)


class I1(Elementwise):
    """y = I_1(x),    dy/dx = I_0(x) - y / x    (1/2 at 0)"""

    promote = supporting("fV", "i1_cpu", floating)
    name = "SpecialI1Backward0"

    @staticmethod
    def forward(ctx, x):
        y = scipy("i1", x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        away, safe = _away_from_0(x)
        return grad * Where.apply(away, I0.apply(safe) - y / safe, 0.5)


class I1e(Elementwise):
    """y = e^-|x| I_1(x),    dy/dx = e^-|x| I_0(x) - y (sign(x) + 1 / x)    (1/2 at 0)"""

    promote = supporting("fV", "i1e_cpu", floating)
    name = "SpecialI1EBackward0"

    @staticmethod
    def forward(ctx, x):
        y = scipy("i1e", x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        away, safe = _away_from_0(x)
        return grad * Where.apply(away, I0e.apply(safe) - y * (Sign.apply(safe) + 1 / safe), 0.5)


EPS = {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52}  # bytes of a number -> the distance from 1 to the next


def _away_from_0(x: Any) -> tuple[Any, Any]:
    """Where |x| is above the rounding error of 1, and x with 1 in the other places: division by it cannot give nan."""
    eps = EPS[x.dtype.itemsize]
    away = (x > eps) | (x < -eps)
    return away, Where.apply(away, x, 1.0)


class WithoutGradient(Elementwise):
    """y = SciPy's `function` of x; PyTorch has it for float32 and float64 only, and without a derivative"""

    promote = floating
    differentiable = False

    @staticmethod
    def forward(ctx, x, *, function, kernel):
        need_full_precision(kernel, x)
        y = scipy(function, x)
        return y[0] if type(y) is tuple else y  # of four Airy functions the first


class SphericalJ0(Elementwise):
    """y = sin x / x, 1 at 0 and 0 at infinity"""

    promote = floating
    differentiable = False

    @staticmethod
    def forward(ctx, x):
        need_full_precision("spherical_bessel_j0", x)
        return np.where(np.isinf(x), x.dtype.type(0), np.where(x == 0, x.dtype.type(1), np.sin(x) / x))


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=True)
def i0(input: Tensor) -> Tensor:
    """I_0(input), elementwise: the modified Bessel function of the first kind of order 0.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.i0

    >>> torch.i0(torch.tensor([0., 1.]))
    tensor([1.0000, 1.2661])
    """
    return I0.apply(input)


@special
def i0e(input: Tensor) -> Tensor:
    """e^-|input| I_0(input), elementwise, which does not overflow.

    >>> torch.special.i0e(torch.tensor([0., 1000.]))
    tensor([1.0000, 0.0126])
    """
    return I0e.apply(input)


@special
def i1(input: Tensor) -> Tensor:
    """I_1(input), elementwise: the modified Bessel function of the first kind of order 1.

    >>> torch.special.i1(torch.tensor([0., 1.]))
    tensor([0.0000, 0.5652])
    """
    return I1.apply(input)


@special
def i1e(input: Tensor) -> Tensor:
    """e^-|input| I_1(input), elementwise, which does not overflow.

    >>> torch.special.i1e(torch.tensor([0., 1000.]))
    tensor([0.0000, 0.0126])
    """
    return I1e.apply(input)


@special
def bessel_j0(input: Tensor) -> Tensor:
    """J_0(input), elementwise: the Bessel function of the first kind of order 0.

    >>> torch.special.bessel_j0(torch.tensor([0., 1.]))
    tensor([1.0000, 0.7652])
    """
    return WithoutGradient.apply(input, function="j0", kernel="bessel_j0")


@special
def bessel_j1(input: Tensor) -> Tensor:
    """J_1(input), elementwise: the Bessel function of the first kind of order 1.

    >>> torch.special.bessel_j1(torch.tensor([0., 1.]))
    tensor([0.0000, 0.4401])
    """
    return WithoutGradient.apply(input, function="j1", kernel="bessel_j1")


@special
def bessel_y0(input: Tensor) -> Tensor:
    """Y_0(input), elementwise: the Bessel function of the second kind of order 0; nan below 0.

    >>> torch.special.bessel_y0(torch.tensor([0., 1.]))
    tensor([  -inf, 0.0883])
    """
    return WithoutGradient.apply(input, function="y0", kernel="bessel_y0")


@special
def bessel_y1(input: Tensor) -> Tensor:
    """Y_1(input), elementwise: the Bessel function of the second kind of order 1; nan below 0.

    >>> torch.special.bessel_y1(torch.tensor([0., 1.]))
    tensor([   -inf, -0.7812])
    """
    return WithoutGradient.apply(input, function="y1", kernel="bessel_y1")


@special
def modified_bessel_i0(input: Tensor) -> Tensor:
    """As i0, without a gradient.

    >>> torch.special.modified_bessel_i0(torch.tensor([0., 1.]))
    tensor([1.0000, 1.2661])
    """
    return WithoutGradient.apply(input, function="i0", kernel="modified_bessel_i0")


@special
def modified_bessel_i1(input: Tensor) -> Tensor:
    """As i1, without a gradient.

    >>> torch.special.modified_bessel_i1(torch.tensor([0., 1.]))
    tensor([0.0000, 0.5652])
    """
    return WithoutGradient.apply(input, function="i1", kernel="modified_bessel_i1")


@special
def modified_bessel_k0(input: Tensor) -> Tensor:
    """K_0(input), elementwise: the modified Bessel function of the second kind of order 0; nan below 0.

    >>> torch.special.modified_bessel_k0(torch.tensor([0., 1.]))
    tensor([   inf, 0.4210])
    """
    return WithoutGradient.apply(input, function="k0", kernel="modified_bessel_k0")


@special
def modified_bessel_k1(input: Tensor) -> Tensor:
    """K_1(input), elementwise: the modified Bessel function of the second kind of order 1; nan below 0.

    >>> torch.special.modified_bessel_k1(torch.tensor([0., 1.]))
    tensor([   inf, 0.6019])
    """
    return WithoutGradient.apply(input, function="k1", kernel="modified_bessel_k1")


@special
def scaled_modified_bessel_k0(x: Tensor) -> Tensor:
    """e^x K_0(x), elementwise, which does not vanish for large x.

    >>> torch.special.scaled_modified_bessel_k0(torch.tensor([1., 1000.]))
    tensor([1.1445, 0.0396])
    """
    return WithoutGradient.apply(x, function="k0e", kernel="scaled_modified_bessel_k0")


@special
def scaled_modified_bessel_k1(x: Tensor) -> Tensor:
    """e^x K_1(x), elementwise, which does not vanish for large x.

    >>> torch.special.scaled_modified_bessel_k1(torch.tensor([1., 1000.]))
    tensor([1.6362, 0.0396])
    """
    return WithoutGradient.apply(x, function="k1e", kernel="scaled_modified_bessel_k1")


@special
def spherical_bessel_j0(x: Tensor) -> Tensor:
    """sin(x) / x, elementwise: the spherical Bessel function of the first kind of order 0.

    >>> torch.special.spherical_bessel_j0(torch.tensor([0., 1.]))
    tensor([1.0000, 0.8415])
    """
    return SphericalJ0.apply(x)


@special
def airy_ai(x: Tensor) -> Tensor:
    """Ai(x), elementwise: Airy's function, a solution of y'' = x y that falls to 0.

    >>> torch.special.airy_ai(torch.tensor([0., 1.]))
    tensor([0.3550, 0.1353])
    """
    return WithoutGradient.apply(x, function="airy", kernel="airy_ai")
