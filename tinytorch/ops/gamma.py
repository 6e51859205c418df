"""The gamma function's family: lgamma, digamma, polygamma, mvlgamma, the incomplete igamma and igammac, zeta."""

from __future__ import annotations

import math
from typing import Any

from tinytorch.arguments import as_whole
from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import from_numpy
from tinytorch.ops.elementwise import need_tensors, wide
from tinytorch.ops.exponential import Exp, Log
from tinytorch.ops.special import floating_arrays, need_full_precision, of_full_precision, pick, scipy, special, writing
from tinytorch.promotion import common, floating, supporting
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Lgamma(Elementwise):
    """y = ln |gamma(x)|,    dy/dx = digamma(x)"""

    promote = supporting("fV", "lgamma_vml_cpu", floating)

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return scipy("gammaln", x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * Digamma.apply(x)


class Digamma(Elementwise):
    """y = psi(x) = d/dx ln gamma(x),    dy/dx = polygamma(1, x)"""

    promote = supporting("fV", "digamma", floating)

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return scipy("psi", x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * Polygamma.apply(x, n=1)


class Polygamma(Elementwise):
    """y = the n-th derivative of psi(x) = (-1)^(n + 1) n! zeta(n + 1, x),    dy/dx = polygamma(n + 1, x)"""

    promote = floating

    @staticmethod
    def forward(ctx, x, *, n):
        if x.dtype.kind == "c":
            kernel = {0: "digamma", 1: "trigamma"}.get(n, "polygamma")
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{from_numpy(x.dtype).legacy}'")
        ctx.save_for_backward(x)
        ctx.n = n
        if n == 0:
            return scipy("psi", x)
        factorial = math.factorial(n) if n <= 170 else math.inf  # 171! is beyond float64
        return wide(
            lambda x: (
                of_full_precision("zeta", x.dtype.type(n + 1), x) * x.dtype.type(factorial if n % 2 else -factorial)
            ),
            x,
        )

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * Polygamma.apply(x, n=ctx.n + 1)


class Mvlgamma(Elementwise):
    """y = p (p - 1) / 4 ln pi + sum_{i = 0..p-1} ln |gamma(x - i / 2)|,    dy/dx = sum_i digamma(x - i / 2)"""

    promote = floating

    @staticmethod
    def forward(ctx, x, *, p):
        if x.dtype.kind == "c":
            raise NotImplementedError(f"\"arange_cpu\" not implemented for '{from_numpy(x.dtype).legacy}'")
        ctx.save_for_backward(x)
        ctx.p = p
        return wide(lambda x: _log_gammas(x, p) + p * (p - 1) / 4 * math.log(math.pi), x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        slope = Digamma.apply(x)
        for i in range(1, ctx.p):
            slope = slope + Digamma.apply(x - i / 2)
        return grad * slope


def _log_gammas(x: Any, p: int) -> Any:
    """sum_{i = 0..p-1} ln |gamma(x - i / 2)|"""
    return sum(of_full_precision("gammaln", x - x.dtype.type(i / 2)) for i in range(p))


class Igamma(Elementwise):
    """z = the integral of t^(a - 1) e^-t from 0 to x, divided by gamma(a),    dz/dx = x^(a - 1) e^-x / gamma(a)

    There is no formula for dz/da.
    """

    inputs = 2
    promote = supporting("fV", "igamma_cpu", common)

    @staticmethod
    def forward(ctx, a, x):
        ctx.save_for_backward(a, x)
        return scipy("gammainc", a, x)

    @staticmethod
    def backward(ctx, grad):
        if ctx.needs_input_grad[0]:
            raise NotImplementedError("the derivative for 'igamma: input' is not implemented.")
        return None, grad * _gamma_density(*ctx.saved_tensors)


class Igammac(Elementwise):
    """z = 1 - igamma(a, x),    dz/dx = -x^(a - 1) e^-x / gamma(a)"""

    inputs = 2
    promote = supporting("fV", "igammac_cpu", common)

    @staticmethod
    def forward(ctx, a, x):
        ctx.save_for_backward(a, x)
        return scipy("gammaincc", a, x)

    @staticmethod
    def backward(ctx, grad):
        if ctx.needs_input_grad[0]:
            raise NotImplementedError("the derivative for 'igammac: input' is not implemented.")
        return None, -grad * _gamma_density(*ctx.saved_tensors)


def _gamma_density(a: Any, x: Any) -> Any:
    """x^(a - 1) e^-x / gamma(a), without computing the powers, which may overflow."""
    return Exp.apply((a - 1) * Log.apply(x) - x - Lgamma.apply(a))


class Zeta(Elementwise):
    """z = zeta(x, q) = sum_{k = 0, 1, ...} 1 / (k + q)^x,    dz/dq = -x zeta(x + 1, q)

    There is no formula for dz/dx.
    """

    inputs = 2
    promote = floating_arrays
    name = "SpecialZetaBackward0"

    @staticmethod
    def forward(ctx, x, q):
        need_full_precision("zeta", x)
        ctx.save_for_backward(x, q)
        return scipy("zeta", x, q)

    @staticmethod
    def backward(ctx, grad):
        x, q = ctx.saved_tensors
        if ctx.needs_input_grad[0]:
            raise NotImplementedError("the derivative for 'zeta' is not implemented.")
        return None, -grad * x * Zeta.apply(x + 1, q)


class ZetaOfNumber(Zeta):
    """z = zeta(x, q) for a number x"""

    name = "SpecialZetaBackward1"


class ZetaByNumber(Zeta):
    """z = zeta(x, q) for a number q"""

    name = "SpecialZetaBackward2"


# ---- functions -------------------------------------------------------------------------------------------------------


@public()
def lgamma(input: Tensor) -> Tensor:
    """The logarithm of |gamma(input)|, elementwise: ln((n - 1)!) for whole n.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.lgamma.html

    >>> torch.lgamma(torch.tensor([1., 4., 0.]))
    tensor([0.0000, 1.7918,    inf])
    """
    return Lgamma.apply(input)


@public()
def digamma(input: Tensor) -> Tensor:
    """The derivative of lgamma, elementwise: nan at negative whole numbers.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.digamma

    >>> torch.digamma(torch.tensor([1., 0.5]))
    tensor([-0.5772, -1.9635])
    """
    return Digamma.apply(input)


@public(method=False)
def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of digamma, elementwise. RuntimeError for negative n.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.polygamma

    >>> torch.polygamma(1, torch.tensor([1., 0.5]))
    tensor([1.6449, 4.9348])
    """
    n = as_whole("polygamma", "n", 1, n)
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return Polygamma.apply(input, n=n)


@public(name="polygamma", function=False)
def _polygamma_method(self: Tensor, n: int) -> Tensor:
    return polygamma(n, self)


@public()
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p, elementwise. RuntimeError for p < 1.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.multigammaln

    >>> torch.mvlgamma(torch.tensor([1., 2.5]), 2)
    tensor([1.1447, 0.8570])
    """
    p = as_whole("mvlgamma", "p", 2, p)
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return Mvlgamma.apply(input, p=p)


@public()
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """The regularized lower incomplete gamma function of a = input and x = other, from 0 at x = 0 to 1 at infinity.

    Only `other` has a gradient. NotImplementedError for integers.
    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.gammainc

    >>> torch.igamma(torch.tensor([1., 4.]), torch.tensor([2., 2.]))
    tensor([0.8647, 0.1429])
    """
    need_tensors("igamma", input, other)
    return Igamma.apply(input, other)


@public()
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """1 - igamma(input, other), elementwise, exact also where that is small.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.gammaincc

    >>> torch.igammac(torch.tensor([1., 4.]), torch.tensor([2., 2.]))
    tensor([0.1353, 0.8571])
    """
    need_tensors("igammac", input, other)
    return Igammac.apply(input, other)


@special
def zeta(input: Any, other: Any) -> Tensor:
    """Hurwitz' zeta function of x = input and q = other, elementwise; either may be a number.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.zeta

    >>> torch.special.zeta(torch.tensor([2., 4.]), 1)
    tensor([1.6449, 1.0823])
    """
    return pick("special_zeta", Zeta, ZetaOfNumber, ZetaByNumber, input, other)


# Methods only: PyTorch does not have them below torch.
for _name, _function in {
    "lgamma_": lgamma, "digamma_": digamma, "polygamma_": _polygamma_method, "mvlgamma_": mvlgamma, "igamma_": igamma,
    "igammac_": igammac,
}.items():  # fmt: skip
    publish_inplace(_name, writing(_function))
