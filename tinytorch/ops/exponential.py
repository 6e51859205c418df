"""e^x and its relatives: exp, log, their variants for other bases and for numbers near 0, sums of logarithms."""

from __future__ import annotations

import math

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.elementwise import conj, in_place, need_tensors
from tinytorch.ops.operators import over, times
from tinytorch.promotion import common, floating, supporting
from tinytorch.public import public
from tinytorch.tensor import Tensor

run, run_two = kernels.arithmetic.apply, kernels.arithmetic.apply_to_two
LN2, LN10 = math.log(2), math.log(10)

# ---- rules -----------------------------------------------------------------------------------------------------------


class Exp(Elementwise):
    """y = e^x,    dy/dx = y"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = kernels.elementwise.exp(x, out) if x.dtype.char == "f" else run(np.exp, x, out)
        ctx.save_for_backward(y)  # the output is its own derivative: x can be freed
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return times(grad, conj(y))


class Exp2(Elementwise):
    """y = 2^x,    dy/dx = y ln 2"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = run(np.exp2, x, out)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return times(times(grad, conj(y)), LN2)


class Expm1(Elementwise):
    """y = e^x - 1,    dy/dx = y + 1"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = run(np.expm1, x, out)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return times(grad, conj(y) + 1)


class Log(Elementwise):
    """y = ln x,    dy/dx = 1 / x"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return kernels.elementwise.log(x, out) if x.dtype.char == "f" else run(np.log, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return over(grad, conj(x))


class Log2(Elementwise):
    """y = log2 x,    dy/dx = 1 / (x ln 2)"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.log2, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return over(grad, times(conj(x), LN2))


class Log10(Elementwise):
    """y = log10 x,    dy/dx = 1 / (x ln 10)"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.log10, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return over(grad, times(conj(x), LN10))


class Log1p(Elementwise):
    """y = ln(1 + x),    dy/dx = 1 / (1 + x)"""

    silent = True
    promote = floating
    name = "Log1PBackward0"

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return run(np.log1p, x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return over(grad, conj(x) + 1)


class Logaddexp(Elementwise):
    """z = ln(e^x + e^y),    dz/dx = 1 / (1 + e^(y - x)),    dz/dy = 1 / (1 + e^(x - y))"""

    inputs = 2
    promote = supporting("fcV", "logaddexp_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return run_two(np.logaddexp, x, y) if x.dtype.kind != "c" else _complex_logaddexp(x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        difference = conj(y - x)
        return (
            grad / (1 + Exp.apply(difference)) if need_x else None,
            grad / (1 + Exp.apply(-difference)) if need_y else None,
        )


def _complex_logaddexp(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """ln(e^x + e^y) = m + ln(1 + e^(n - m)), where m has the larger real part"""
    larger = x.real >= y.real
    m, n = np.where(larger, x, y), np.where(larger, y, x)
    return m + np.log1p(np.exp(n - m))


class Logaddexp2(Elementwise):
    """z = log2(2^x + 2^y),    dz/dx = 1 / (1 + 2^(y - x)),    dz/dy = 1 / (1 + 2^(x - y))"""

    silent = True
    inputs = 2
    promote = supporting("fV", "logaddexp2_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return run_two(np.logaddexp2, x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return (
            grad / (1 + Exp2.apply(y - x)) if need_x else None,
            grad / (1 + Exp2.apply(x - y)) if need_y else None,
        )


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=in_place(Exp))
def exp(input: Tensor) -> Tensor:
    """e^input, elementwise; integers become the default floating point dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.exp.html

    >>> torch.exp(torch.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
    """
    return Exp.apply(input)


@public(inplace=in_place(Exp2))
def exp2(input: Tensor) -> Tensor:
    """2^input, elementwise.

    >>> torch.exp2(torch.tensor([0., 3.]))
    tensor([1., 8.])
    """
    return Exp2.apply(input)


@public(inplace=in_place(Expm1))
def expm1(input: Tensor) -> Tensor:
    """e^input - 1, elementwise, exact also where e^input is nearly 1.

    >>> torch.expm1(torch.tensor([0., 1e-10]))
    tensor([0.0000e+00, 1.0000e-10])
    """
    return Expm1.apply(input)


@public(inplace=in_place(Log))
def log(input: Tensor) -> Tensor:
    """The natural logarithm, elementwise: -inf at 0, nan below.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.log.html

    >>> torch.log(torch.tensor([1., 10.]))
    tensor([0.0000, 2.3026])
    """
    return Log.apply(input)


@public(inplace=in_place(Log2))
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2, elementwise.

    >>> torch.log2(torch.tensor([1., 8.]))
    tensor([0., 3.])
    """
    return Log2.apply(input)


@public(inplace=in_place(Log10))
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10, elementwise.

    >>> torch.log10(torch.tensor([1., 20.]))
    tensor([0.0000, 1.3010])
    """
    return Log10.apply(input)


@public(inplace=in_place(Log1p))
def log1p(input: Tensor) -> Tensor:
    """ln(1 + input), elementwise, exact also near 0.

    >>> torch.log1p(torch.tensor([0., 1e-10]))
    tensor([0.0000e+00, 1.0000e-10])
    """
    return Log1p.apply(input)


@public()
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """ln(e^input + e^other), elementwise, without computing the powers, which may overflow.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.logaddexp.html

    >>> torch.logaddexp(torch.tensor([0., 0.]), torch.tensor([0., 1.]))
    tensor([0.6931, 1.3133])
    """
    need_tensors("logaddexp", input, other)
    return Logaddexp.apply(input, other)


@public()
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2^input + 2^other), elementwise.

    >>> torch.logaddexp2(torch.tensor([3.]), torch.tensor([3.]))
    tensor([4.])
    """
    need_tensors("logaddexp2", input, other)
    return Logaddexp2.apply(input, other)
