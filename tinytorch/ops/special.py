"""Sigmoid and its inverse, x log y, entropy; and what all special functions share: SciPy, publishing, dtypes.

SciPy takes a while to import, so only the first call of a function that needs it does so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from numbers import Number
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import no_such_form
from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise
from tinytorch.device import on_cpu, on_gpu, special_functions
from tinytorch.dtypes import from_numpy
from tinytorch.kernels.quiet import silenced
from tinytorch.ops.elementwise import Keep, conj, wide
from tinytorch.ops.exponential import Log, Log1p
from tinytorch.ops.where import Where
from tinytorch.promotion import floating, supporting, to_common
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- shared by the special functions ---------------------------------------------------------------------------------


def special(plain: Callable) -> Callable:
    """Make `plain` torch.special.<name>, which takes out= and is called special_<name> in messages.

    tinytorch/special.py lists them.
    """
    return public(name=f"special_{plain.__name__}", function=False, method=False)(plain)


def writing(function: Callable) -> Callable:
    """The method that writes function(self, ...) into self."""

    def write(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return views.write(self, function, *args, **kwargs)

    return write


def scipy(name: str, *arrays: Any) -> Any:
    """scipy.special.<name>(*arrays); in float32, and rounded once, where the arrays are of half precision."""
    return wide(partial(of_full_precision, name), *arrays)


def of_full_precision(name: str, *arrays: Any) -> Any:
    """scipy.special.<name>(*arrays), CuPy's for arrays of a GPU; on the CPU where CuPy has no such function."""
    first = next(filter(on_gpu, arrays), None)
    function = getattr(special_functions(first), name, None)
    return function(*arrays) if function else on_cpu(getattr(special_functions(None), name), *arrays)


def need_full_precision(kernel: str, x: np.ndarray) -> None:
    """NotImplementedError unless x is of float32 or float64; `kernel` is PyTorch's name of the function inside."""
    if x.dtype.char not in "fd":
        raise NotImplementedError(f"\"{kernel}_cpu\" not implemented for '{from_numpy(x.dtype).legacy}'")


def floating_arrays(arrays: list) -> None:
    """As `floating`, and numbers become arrays."""
    floating(arrays)
    to_common(arrays)


# ---- rules -----------------------------------------------------------------------------------------------------------


_complex_sigmoid = silenced(lambda x: 1 / (1 + np.exp(-x)))


class Sigmoid(Elementwise):
    """y = 1 / (1 + e^-x),    dy/dx = (1 - y) y"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x):
        y = kernels.elementwise.sigmoid(x) if x.dtype.kind != "c" else _complex_sigmoid(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return SigmoidGrad.apply(grad, conj(y))


class SigmoidGrad(Elementwise):
    """dx = dy (1 - y) y, the gradient of sigmoid as a function of dy and y

    For the gradient g of dx:  ddy = g (1 - y) y,    dy = g dy (1 - 2 y)
    """

    silent = True
    inputs = 2
    name = "SigmoidBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, y):
        ctx.save_for_backward(grad, y)
        return kernels.elementwise.sigmoid_backward(grad, y)

    @staticmethod
    def backward(ctx, g):
        grad, y = ctx.saved_tensors
        need_grad, need_y = ctx.needs_input_grad
        return (
            SigmoidGrad.apply(g, conj(y)) if need_grad else None,
            g * conj(grad * (1 - 2 * y)) if need_y else None,
        )


class Logit(Elementwise):
    """y = ln(z / (1 - z)),    dy/dx = 1 / (z (1 - z)),    where z = x

    With `eps`, z is x limited to [eps, 1 - eps], and dy/dx is 0 where x lies outside. Without, y and dy/dx are nan
    outside of [0, 1].
    """

    promote = floating

    @staticmethod
    def forward(ctx, x, *, eps):
        if x.dtype.kind == "c":
            raise NotImplementedError(f"\"logit_cpu\" not implemented for '{from_numpy(x.dtype).legacy}'")
        ctx.save_for_backward(x)
        ctx.eps = eps
        return wide(_logit, x, eps)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        low, high = (ctx.eps, 1 - ctx.eps) if ctx.eps >= 0 else (0, 1)
        outside = (x < low) | (x > high)
        return Where.apply(outside, 0.0 if ctx.eps >= 0 else math.nan, grad / (x * (1 - x)))


def _logit(x: np.ndarray, eps: float) -> np.ndarray:
    """The logit of x, limited if eps is not negative."""
    z = x if eps < 0 else np.where(x < eps, x.dtype.type(eps), np.where(x > 1 - eps, x.dtype.type(1 - eps), x))
    return np.log(z / (1 - z))


class Xlogy(Elementwise):
    """z = x ln y    (0 for x = 0, also where ln y is infinite or nan, unless y is nan)

    dz/dx = ln y    (0 for x = 0, y <= 0),    dz/dy = x / y
    """

    inputs = 2
    promote = supporting("fV", "xlogy_cpu", floating_arrays)

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return wide(lambda x, y: np.where((x == 0) & (y == y), x.dtype.type(0), x * np.log(y)), x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return (
            Keep.apply(grad * Log.apply(y), (x != 0) | ~(y <= 0)) if need_x else None,
            grad * x / y if need_y else None,
        )


class XlogyOfNumber(Xlogy):
    """z = x ln y for a number x"""

    name = "XlogyBackward1"


class XlogyByNumber(Xlogy):
    """z = x ln y for a number y"""

    name = "XlogyBackward2"


class Xlog1py(Elementwise):
    """z = x ln(1 + y)    (0 for x = 0, unless y is nan)

    dz/dx = ln(1 + y)    (0 for x = 0, y <= -1),    dz/dy = x / (1 + y)
    """

    inputs = 2
    promote = supporting("fV", "xlog1py_cpu", floating_arrays)
    name = "SpecialXlog1PyBackward0"

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return wide(lambda x, y: np.where((x == 0) & (y == y), x.dtype.type(0), x * np.log1p(y)), x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return (
            Keep.apply(grad * Log1p.apply(y), (x != 0) | ~(y <= -1)) if need_x else None,
            grad * x / (y + 1) if need_y else None,
        )


class Xlog1pyOfNumber(Xlog1py):
    """z = x ln(1 + y) for a number x"""

    name = "SpecialXlog1PyBackward1"


class Xlog1pyByNumber(Xlog1py):
    """z = x ln(1 + y) for a number y"""

    name = "SpecialXlog1PyBackward2"


class Entr(Elementwise):
    """y = -x ln x    (0 at 0, -inf below),    dy/dx = -1 - ln x"""

    promote = supporting("fV", "entr_cpu", floating)
    name = "SpecialEntrBackward0"

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return wide(_entropy, x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (-1 - Log.apply(x))


def _entropy(x: np.ndarray) -> np.ndarray:
    """-x ln x, continued to 0 and below."""
    beyond = np.where(x == 0, x.dtype.type(0), x.dtype.type(-np.inf))
    return np.where((x > 0) | np.isnan(x), -x * np.log(x), beyond)


# ---- functions -------------------------------------------------------------------------------------------------------


@public(inplace=True)
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-input), elementwise: between 0 and 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sigmoid.html

    >>> torch.sigmoid(torch.tensor([-1., 0., 1.]))
    tensor([0.2689, 0.5000, 0.7311])
    """
    return Sigmoid.apply(input)


@public(inplace=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """ln(input / (1 - input)), elementwise, the inverse of sigmoid; `eps` limits input to [eps, 1 - eps] first.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.logit.html

    >>> torch.logit(torch.tensor([0.5, 0.9, 1.0])), torch.logit(torch.tensor([1.0]), eps=0.1)
    (tensor([0.0000, 2.1972,    inf]), tensor([2.1972]))
    """
    return Logit.apply(input, eps=-1.0 if eps is None else eps)


@public(inplace=True)
def xlogy(input: Any, other: Any) -> Tensor:
    """input ln(other), elementwise, and 0 where input is 0; either may be a number.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.xlogy.html

    >>> torch.xlogy(torch.tensor([0., 2.]), torch.tensor([0., 3.]))
    tensor([0.0000, 2.1972])
    """
    return pick("xlogy", Xlogy, XlogyOfNumber, XlogyByNumber, input, other)


@special
def xlog1py(input: Any, other: Any) -> Tensor:
    """input ln(1 + other), elementwise, and 0 where input is 0; either may be a number.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.xlog1py

    >>> torch.special.xlog1py(torch.tensor([0., 2.]), torch.tensor([-1., 1e-10]))
    tensor([0.0000e+00, 2.0000e-10])
    """
    return pick("special_xlog1py", Xlog1py, Xlog1pyOfNumber, Xlog1pyByNumber, input, other)


def pick(function: str, rule: Any, of_number: Any, by_number: Any, input: Any, other: Any) -> Tensor:
    """The rule for two tensors, for a number and a tensor, or a tensor and a number; TypeError for anything else."""
    if isinstance(input, Tensor):
        if isinstance(other, Tensor):
            return rule.apply(input, other)
        if isinstance(other, Number):
            return by_number.apply(input, other)
    elif isinstance(other, Tensor) and isinstance(input, Number):
        return of_number.apply(input, other)
    raise no_such_form(function, (input, other), {})


@special
def entr(input: Tensor) -> Tensor:
    """-input ln(input), elementwise: a probability's share of the entropy; 0 at 0, -inf below.

    Source: https://docs.pytorch.org/docs/2.13/special.html#torch.special.entr

    >>> torch.special.entr(torch.tensor([0., 0.5, -1.]))
    tensor([0.0000, 0.3466,   -inf])
    """
    return Entr.apply(input)
