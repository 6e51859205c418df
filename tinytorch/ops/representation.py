"""Numbers as the machine holds them: sign bit, mantissa, exponent, neighbours, nan and infinity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import dtypes, return_types
from tinytorch.arguments import no_such_form, wrong_type
from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise, Rule
from tinytorch.device import as_array, known
from tinytorch.dtypes import FLOAT
from tinytorch.ops.elementwise import Keep, conj, need_tensors, zeros_like
from tinytorch.ops.exponential import Exp2
from tinytorch.promotion import common, floating, supporting
from tinytorch.public import of_two, public, publish_inplace
from tinytorch.tensor import Tensor

LN2 = math.log(2)

# ---- rules -----------------------------------------------------------------------------------------------------------


class Copysign(Elementwise):
    """z = |x| with the sign of y,    dx = z / x dy    (0 for x = 0),    dy = 0"""

    inputs = 2
    promote = supporting("fV", "copysign_cpu", floating)

    @staticmethod
    def forward(ctx, x, y):
        z = np.copysign(x, y)
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(np.where(x == 0, x.dtype.type(0), z / x))  # 1 or -1: a constant
        return z

    @staticmethod
    def backward(ctx, grad):
        need_x, need_y = ctx.needs_input_grad
        return grad * ctx.saved_tensors[0] if need_x else None, zeros_like(grad) if need_y else None


class CopysignOfNumber(Copysign):
    """Copysign for a number y, under the name that PyTorch's graphs have for it"""

    name = "CopysignBackward1"


class Nextafter(Elementwise):
    """z = the number next to x on the way to y,    dx = dz where there is a way to go, else 0,    dy = 0"""

    inputs = 2
    promote = supporting("fV", "nextafter_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return np.nextafter(x, y)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return Keep.apply(grad, x != y) if need_x else None, zeros_like(grad) if need_y else None


def _exponent(arrays: list) -> None:
    """An integer exponent of a floating point number stays one; else 2^y has the dtype that y has as a float."""
    x, y = arrays
    if x.dtype.kind in "fV" and y.dtype.kind == "b":
        raise NotImplementedError("\"ldexp_cpu_exp\" not implemented for 'Bool'")
    if x.dtype.kind not in "fV" or y.dtype.kind not in "iu":
        floating(alone := [y])
        arrays[1] = alone[0]


class Ldexp(Elementwise):
    """z = x 2^y,    dz/dx = 2^y,    dz/dy = z ln 2"""

    inputs = 2
    promote = _exponent

    @staticmethod
    def forward(ctx, x, y):
        ctx.whole = y.dtype.kind in "iu"
        if y.dtype.kind in "iu":  # only the exponent changes, even where 2^y alone would overflow
            z = np.ldexp(x, np.clip(y, -5000, 5000).astype(np.int32))
        else:
            common(pair := [x, as_array(np.power(y.dtype.type(2), y))])
            z = pair[0] * pair[1]
        ctx.save_for_backward(y, z)
        return z

    @staticmethod
    def backward(ctx, grad):
        y, z = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        if need_x:
            dx = Ldexp.apply(grad, y) if ctx.whole else grad * conj(Exp2.apply(y))
        return dx if need_x else None, grad * conj(z) * LN2 if need_y else None


class Frexp(Rule):
    """x = mantissa * 2^exponent with 1/2 <= |mantissa| < 1,    dx = dmantissa / 2^exponent"""

    @staticmethod
    def forward(ctx, x):
        mantissa, exponent = np.frexp(x)
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(np.exp2(-exponent.astype(np.float64)).astype(x.dtype))  # a constant
        return mantissa, exponent

    @staticmethod
    def backward(ctx, grad, _):
        return grad * ctx.saved_tensors[0]


class NanToNum(Elementwise):
    """y = x, and numbers instead of nan and the infinities,    dx = dy where x is finite, else 0"""

    @staticmethod
    def forward(ctx, x, nan, posinf, neginf):
        if x.dtype.kind in "biu":
            return x.copy()
        if ctx.needs_input_grad[0]:
            if x.dtype.kind == "c":
                raise RuntimeError(
                    "nan_to_num does not support automatic differentiation for outputs with complex dtype."
                )
            ctx.save_for_backward(np.isfinite(x))
        if x.dtype.kind == "c":
            y = np.empty_like(x)
            y.real, y.imag = (_replace(part, nan, posinf, neginf) for part in (x.real, x.imag))
            return y
        return _replace(x, nan, posinf, neginf)

    @staticmethod
    def backward(ctx, grad):
        return Keep.apply(grad, ctx.saved_tensors[0])


def _replace(x: np.ndarray, nan: float | None, posinf: float | None, neginf: float | None) -> np.ndarray:
    if known(x) and np.isfinite(x).all():
        return x.copy()
    limits = dtypes.finfo(dtypes.from_numpy(x.dtype))
    y = np.where(np.isnan(x), np.asarray(0.0 if nan is None else nan).astype(x.dtype)[()], x)
    y = np.where(x == np.inf, np.asarray(limits.max if posinf is None else posinf).astype(x.dtype)[()], y)
    return np.where(x == -np.inf, np.asarray(limits.min if neginf is None else neginf).astype(x.dtype)[()], y)


# ---- functions -------------------------------------------------------------------------------------------------------


@public(forms=of_two())
def copysign(input: Tensor, other: Any) -> Tensor:
    """The absolute value of `input` with the sign of `other`, a tensor or a number; -0 counts as negative.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.copysign.html

    >>> torch.copysign(torch.tensor([1., -2.]), torch.tensor([-0., 3.]))
    tensor([-1.,  2.])
    """
    if isinstance(input, Tensor):
        if isinstance(other, Tensor):
            return Copysign.apply(input, other)
        if isinstance(other, (int, float)):
            return CopysignOfNumber.apply(input, other)
    raise no_such_form("copysign", (input, other), {})


@public()
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next number after `input` in the direction of `other` that its dtype has.

    >>> torch.nextafter(torch.tensor([1.]), torch.tensor([2.])) - 1
    tensor([1.1921e-07])
    """
    need_tensors("nextafter", input, other)
    return Nextafter.apply(input, other)


@public()
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """input * 2^other, elementwise with broadcasting.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.ldexp.html

    >>> torch.ldexp(torch.tensor([1., 0.75]), torch.tensor([1, 2]))
    tensor([2., 3.])
    """
    need_tensors("ldexp", input, other)
    return Ldexp.apply(input, other)


def ldexp_(self: Tensor, other: Tensor) -> Tensor:
    """self = self * 2^other"""
    if self.dtype.category < FLOAT:
        raise RuntimeError(f"ldexp can't be cast to the desired output type {self.dtype.legacy}")
    return views.write(self, ldexp, other)


publish_inplace("ldexp_", ldexp_, function=True)


@public(out="torch.frexp() expects mantissa to have dtype {wanted.c_name} but got {given.c_name}")
def frexp(input: Tensor) -> return_types.frexp:
    """mantissa and exponent: input = mantissa * 2^exponent with 1/2 <= |mantissa| < 1; the exponent is an int32.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.frexp.html

    >>> torch.frexp(torch.tensor([3., -0.125]))
    torch.return_types.frexp(
    mantissa=tensor([ 0.7500, -0.5000]),
    exponent=tensor([ 2, -2], dtype=torch.int32))
    """
    if input.dtype.category != FLOAT:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return return_types.frexp(Frexp.apply(input))


@public(inplace=True, out="nan_to_num: dtype of out: {given.legacy} should be same as input: {wanted.legacy}")
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """input with numbers instead of nan (0 if not given) and the infinities (the largest numbers of the dtype).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nan_to_num.html

    >>> torch.nan_to_num(torch.tensor([1., float("nan"), float("inf")]), nan=5, posinf=100)
    tensor([  1.,   5., 100.])
    """
    for name, value in (("nan", nan), ("posinf", posinf), ("neginf", neginf)):
        if not (value is None or isinstance(value, (int, float))):
            raise wrong_type("nan_to_num", name, None, "float", value)
    return NanToNum.apply(input, nan, posinf, neginf)


# The functions that only methods write in place.
publish_inplace("copysign_", lambda self, other: views.write(self, copysign, other))
publish_inplace("nextafter_", lambda self, other: views.write(self, nextafter, other))
