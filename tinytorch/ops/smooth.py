"""Smooth activations: made of the normal distribution function, sigmoid and tanh (GELU, SiLU, Mish, Softplus, GLU).

Source: https://docs.pytorch.org/docs/2.13/nn.functional.html#non-linear-activation-functions
"""

from __future__ import annotations

import math

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Elementwise, Rule
from tinytorch.errors import wrap_dim
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.activating import either, need_float
from tinytorch.ops.exponential import Exp
from tinytorch.ops.hyperbolic import Tanh
from tinytorch.ops.joining import Cat
from tinytorch.ops.operators import minus, times
from tinytorch.ops.special import Sigmoid
from tinytorch.ops.where import Where
from tinytorch.tensor import Tensor


class Gelu(Elementwise):
    """y = x Phi(x),  Phi(x) = (1 + erf(x / sqrt 2)) / 2,    dy/dx = Phi(x) + x e^(-x^2 / 2) / sqrt(2 pi)"""

    silent = True

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return kernels.elementwise.gelu(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        if not isinstance(grad, Tensor):
            return kernels.elementwise.gelu_backward(grad, x)
        density = Exp.apply(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
        return grad * (NormalCdf.apply(x) + x * density)


class NormalCdf(Elementwise):
    """Phi(x) = (1 + erf(x / sqrt 2)) / 2,    dPhi/dx = e^(-x^2 / 2) / sqrt(2 pi)"""

    silent = True

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return kernels.elementwise.normal_cdf(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * Exp.apply(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))


class GeluTanh(Elementwise):
    """y = x (1 + tanh u) / 2,  u = sqrt(2 / pi) (x + 0.044715 x^3): Gelu, approximately"""

    silent = True
    name = "GeluBackward0"
    beta, kappa = math.sqrt(2 / math.pi), 0.044715

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return kernels.elementwise.gelu_tanh(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        if not isinstance(grad, Tensor):
            return kernels.elementwise.gelu_tanh_backward(grad, x)
        t = Tanh.apply((x + x * x * x * GeluTanh.kappa) * GeluTanh.beta)
        du = (x * x * (3 * GeluTanh.kappa) + 1) * GeluTanh.beta
        return grad * ((t + 1) * 0.5 + x * 0.5 * (1 - t * t) * du)


class Silu(Elementwise):
    """y = x sigmoid(x),    dy/dx = s (1 + x (1 - s)),  s = sigmoid(x)"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return kernels.elementwise.silu(x) if x.dtype.kind != "c" else x * Sigmoid.apply(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        if not isinstance(grad, Tensor) and x.dtype.kind != "c":
            return kernels.elementwise.silu_backward(grad, x)
        s = Sigmoid.apply(x)
        return grad * (s * (x * (1 - s) + 1))


class Mish(Elementwise):
    """y = x tanh(softplus(x)),    dy/dx = t + x (1 - t^2) sigmoid(x),  t = tanh(softplus(x))"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        wide = widen(x)
        return narrow(wide * np.tanh(np.logaddexp(wide, wide.dtype.type(0))), x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        t = Tanh.apply(Softplus.apply(x, 1.0, math.inf))
        return grad * (t + x * (1 - t * t) * Sigmoid.apply(x))


class Softplus(Elementwise):
    """y = ln(1 + e^(b x)) / b, or x where b x > threshold,    dy/dx = sigmoid(b x), or 1"""

    @staticmethod
    def forward(ctx, x, beta, threshold):
        ctx.save_for_backward(x)
        ctx.beta, ctx.threshold = beta, threshold
        scaled = widen(x) * beta
        return narrow(np.where(scaled > threshold, widen(x), np.logaddexp(scaled, 0) / beta).astype(widen(x).dtype), x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        scaled = x * ctx.beta
        return Where.apply(scaled > ctx.threshold, grad, grad * Sigmoid.apply(scaled))


class LogSigmoid(Elementwise):
    """y = ln sigmoid(x) = min(x, 0) - ln(1 + e^-|x|),    dy/dx = sigmoid(-x)"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        wide = widen(x)
        return narrow(np.minimum(wide, 0) - np.log1p(np.exp(-np.abs(wide))), x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return times(grad, Sigmoid.apply(minus(x)))


class Glu(Rule):
    """y = a sigmoid(b) for the halves a, b of x,    da = dy s,    db = dy a s (1 - s),  s = sigmoid(b)"""

    @staticmethod
    def forward(ctx, x, dim):
        ctx.save_for_backward(x)
        ctx.dim = dim
        a, b = np.split(x, 2, dim)
        return times(a, Sigmoid.apply(b))

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        half = x.shape[ctx.dim] // 2
        first = tuple([slice(None)] * ctx.dim + [slice(0, half)])
        second = tuple([slice(None)] * ctx.dim + [slice(half, None)])
        a, s = x[first], Sigmoid.apply(x[second])
        return Cat.apply(grad * s, grad * a * s * (1 - s), dim=ctx.dim)


# ---- functions -------------------------------------------------------------------------------------------------------


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Phi(x), Phi the normal distribution function; approximate="tanh" uses a formula with tanh."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    need_float(input, "GeluKernelImpl")
    return (Gelu if approximate == "none" else GeluTanh).apply(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x), also called swish."""
    need_float(input, "silu_cpu")
    return either(Silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x))."""
    need_float(input, "mish_cpu")
    return either(Mish, input, inplace)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """ln(1 + e^(beta x)) / beta, and x itself where beta x > threshold."""
    need_float(input, "softplus_cpu")
    return Softplus.apply(input, beta, threshold)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return input - input.tanh()


def logsigmoid(input: Tensor) -> Tensor:
    """ln sigmoid(x), in a form in which nothing overflows."""
    need_float(input, "log_sigmoid_cpu")
    return LogSigmoid.apply(input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b), for the halves a and b of input along dim."""
    if not input.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    dim = wrap_dim(dim, input.ndim)
    if input.shape[dim] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {input.shape[dim]}")
    need_float(input, "glu_cpu")
    return Glu.apply(input, dim)
