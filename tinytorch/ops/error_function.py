"""The error function and the normal distribution's area: erf, erfc, erfcx, erfinv, ndtr, log_ndtr, ndtri."""

from __future__ import annotations

import math

from tinytorch import kernels
from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.exponential import Exp
from tinytorch.ops.operators import minus, times
from tinytorch.ops.special import need_full_precision, scipy, special, writing
from tinytorch.promotion import floating, supporting
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor

SLOPE = 2 / math.sqrt(math.pi)  # of erf at 0
SQRT2 = math.sqrt(2)

# ---- rules -----------------------------------------------------------------------------------------------------------


class Erf(Elementwise):
    """y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x,    dy/dx = 2 / sqrt(pi) e^(-x^2)"""

    promote = supporting("fV", "erf_vml_cpu", floating)

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return kernels.elementwise.erf(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(grad, times(Exp.apply(minus(times(x, x))), SLOPE))


class Erfc(Elementwise):
    """y = 1 - erf x,    dy/dx = -2 / sqrt(pi) e^(-x^2)"""

    promote = supporting("fV", "erfc_vml_cpu", floating)

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return kernels.elementwise.erfc(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(grad, times(Exp.apply(minus(times(x, x))), -SLOPE))


class Erfcx(Elementwise):
    """y = e^(x^2) erfc x,    dy/dx = 2 x y - 2 / sqrt(pi)"""

    promote = floating
    name = "SpecialErfcxBackward0"

    @staticmethod
    def forward(ctx, x):
        need_full_precision("erfcx", x)
        y = scipy("erfcx", x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * (2 * x * y - SLOPE)


class Erfinv(Elementwise):
    """y with erf y = x,    dy/dx = sqrt(pi) / 2 e^(y^2)"""

    promote = supporting("fV", "erfinv_vml_cpu", floating)

    @staticmethod
    def forward(ctx, x):
        y = scipy("erfinv", x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * (1 / SLOPE * Exp.apply(y * y))


class LogNdtr(Elementwise):
    """y = ln(ndtr x),    dy/dx = sqrt(2 / pi) / erfcx(-x / sqrt 2)"""

    promote = floating
    name = "SpecialLogNdtrBackward0"

    @staticmethod
    def forward(ctx, x):
        need_full_precision("log_ndtr", x)
        ctx.save_for_backward(x)
        return scipy("log_ndtr", x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / Erfcx.apply(x / -SQRT2) * math.sqrt(2 / math.pi)


class Ndtri(Elementwise):
    """y with ndtr y = x,    dy/dx = sqrt(2 pi) e^(y^2 / 2)"""

    promote = floating
    name = "SpecialNdtriBackward0"

    @staticmethod
    def forward(ctx, x):
        need_full_precision("ndtri", x)
        y = scipy("ndtri", x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * (math.sqrt(2 * math.pi) * Exp.apply(y * y / 2))


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=True)
def erf(input: Tensor) -> Tensor:
    """The error function, elementwise: the chance that a normal number with variance 1/2 lies within +-input.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.erf

    >>> torch.erf(torch.tensor([0., -1., 10.]))
    tensor([ 0.0000, -0.8427,  1.0000])
    """
    return Erf.apply(input)


@public(inplace=True)
def erfc(input: Tensor) -> Tensor:
    """1 - erf(input), elementwise, exact also where erf(input) is nearly 1.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.erfc

    >>> torch.erfc(torch.tensor([0., 5.]))
    tensor([1.0000e+00, 1.5375e-12])
    """
    return Erfc.apply(input)


@public()
def erfinv(input: Tensor) -> Tensor:
    """The number whose error function is `input`, elementwise: infinite at 1 and -1, nan beyond.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.erfinv

    >>> torch.erfinv(torch.tensor([0., 0.5, 1.]))
    tensor([0.0000, 0.4769,    inf])
    """
    return Erfinv.apply(input)


publish_inplace("erfinv_", writing(erfinv))


@special
def erfcx(input: Tensor) -> Tensor:
    """e^(input^2) erfc(input), elementwise, which falls slowly where erfc is soon rounded to 0.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.erfcx

    >>> torch.special.erfcx(torch.tensor([0., 10.]))
    tensor([1.0000, 0.0561])
    """
    return Erfcx.apply(input)


@special
def ndtr(input: Tensor) -> Tensor:
    """The area below the standard normal distribution's density to the left of `input`: (1 + erf(input / sqrt 2)) / 2.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.ndtr

    >>> torch.special.ndtr(torch.tensor([-1., 0., 1.]))
    tensor([0.1587, 0.5000, 0.8413])
    """
    return (1 + Erf.apply(input / SQRT2)) * 0.5


@special
def log_ndtr(input: Tensor) -> Tensor:
    """The logarithm of ndtr(input), elementwise, also where that is rounded to 0.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.log_ndtr

    >>> torch.special.log_ndtr(torch.tensor([0., -20.]))
    tensor([  -0.6931, -203.9172])
    """
    return LogNdtr.apply(input)


@special
def ndtri(input: Tensor) -> Tensor:
    """The inverse of ndtr, elementwise: -inf at 0, inf at 1, nan outside.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.ndtri

    >>> torch.special.ndtri(torch.tensor([0.5, 0.975, 1.]))
    tensor([0.0000, 1.9600,    inf])
    """
    return Ndtri.apply(input)
