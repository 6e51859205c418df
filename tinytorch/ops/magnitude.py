"""How large a number is and which way it points: abs, sign, sgn, angle, heaviside."""

from __future__ import annotations

import numpy as np

from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.clamping import Clamp as Clamp
from tinytorch.ops.elementwise import (
    SAME_DTYPE,
    Keep,
    Step,
    Undifferentiable,
    conj,
    in_place,
    need_tensors,
    publish_operators,
    zeros_like,
)
from tinytorch.promotion import floating
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Abs(Elementwise):
    """y = |x|,    dx = sgn(x) dy"""

    @staticmethod
    def forward(ctx, x, out=None):
        ctx.save_for_backward(x)
        return np.abs(x, out)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * Sgn.apply(x)


class Sign(Step):
    """y = 1, 0 or -1, as x is; 0 for nan,    dy/dx = 0"""

    @staticmethod
    def forward(ctx, x):
        return _sign(x)


def _sign(x: np.ndarray) -> np.ndarray:
    """1, 0 or -1; np.sign has no bools, and nan and -0 where PyTorch has 0."""
    return x.copy() if x.dtype.kind == "b" else np.subtract(x > 0, x < 0, dtype=np.int8).astype(x.dtype)


class Sgn(Elementwise):
    """y = x / |x|, 0 for 0: for real x its sign,    dx = 0,    for complex x  dx = (dy - Re(conj(y) dy) y) / |x|"""

    @staticmethod
    def forward(ctx, x):
        if x.dtype.kind != "c":
            return _sign(x)
        y = np.where(x == 0, 0, x / np.abs(x)).astype(x.dtype, copy=False)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        if not ctx._saved:
            return zeros_like(grad)
        x, y = ctx.saved_tensors
        across = grad - (conj(y) * grad).real * y  # turning changes the direction, stretching does not
        return Keep.apply(across / Abs.apply(x), x != 0)


class Angle(Elementwise):
    """y = the angle of x = |x| e^(iy),    dx = i dy / conj(x);    for real x  y = 0 or pi,  dx = 0"""

    promote = floating

    @staticmethod
    def forward(ctx, x):
        if x.dtype.kind == "c":
            ctx.save_for_backward(x)
            return np.angle(x)
        return np.where(np.isnan(x), x, np.where(x < 0, np.pi, 0)).astype(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        if not ctx._saved:
            return zeros_like(grad)
        (x,) = ctx.saved_tensors
        return Keep.apply(grad * 1j / conj(x), x != 0)


class Heaviside(Undifferentiable):
    """z = 0 for x < 0, y for x = 0, 1 for x > 0"""

    inputs = 2
    name = "torch::autograd::NotImplemented"
    operation = "heaviside"

    @staticmethod
    def forward(ctx, x, y):
        return np.where(x == 0, y, (x > 0).astype(x.dtype))


# ---- functions -------------------------------------------------------------------------------------------------------


def _abs_out_dtype(input: Tensor) -> bool | str:
    """For `public`: the absolute values of complex numbers can be cast, those of real ones not."""
    return input._array.dtype.kind == "c" or SAME_DTYPE


@public(aliases=("absolute",), out=_abs_out_dtype)
def abs(input: Tensor) -> Tensor:
    """The absolute value, elementwise; of complex numbers a real one. NotImplementedError for bool tensors.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.abs.html

    >>> torch.abs(torch.tensor([-1., 2.])), torch.abs(torch.tensor([3 + 4j]))
    (tensor([1., 2.]), tensor([5.]))
    """
    if input._array.dtype.kind == "b":
        raise NotImplementedError("\"abs_cpu\" not implemented for 'Bool'")
    return Abs.apply(input)


_DIFFERENT = "heaviside is not yet implemented for tensors with different dtypes."


@public(out=_DIFFERENT)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """The step function: 0 where `input` is negative, 1 where it is positive, `values` where it is 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.heaviside.html

    >>> torch.heaviside(torch.tensor([-1.5, 0., 2.]), torch.tensor([0.5]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    need_tensors("heaviside", input, values, "values")
    if input._array.dtype.kind == "c" or values._array.dtype.kind == "c":
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input.dtype is not values.dtype:
        raise RuntimeError(_DIFFERENT)
    return Heaviside.apply(input, values)


def _abs_in_place(self: Tensor) -> Tensor:
    """self = |self|"""
    if self._array.dtype.kind == "c":
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    if self._array.dtype.kind == "b":
        return views.write(self, abs)
    return _real_abs_in_place(self)


_real_abs_in_place = in_place(Abs)


@public(out=SAME_DTYPE)
def sign(input: Tensor) -> Tensor:
    """1, 0 or -1, elementwise. RuntimeError for complex tensors, which have sgn.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sign.html

    >>> torch.sign(torch.tensor([-2., 0., 3.]))
    tensor([-1.,  0.,  1.])
    """
    if input._array.dtype.kind == "c":
        raise NotImplementedError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead."
        )
    return Sign.apply(input)


@public(out=SAME_DTYPE)
def sgn(input: Tensor) -> Tensor:
    """input / |input|, elementwise: the direction of a complex number, 0 for 0; the sign of a real one.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sgn.html

    >>> torch.sgn(torch.tensor([3 + 4j, 0]))
    tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
    return Sgn.apply(input)


@public()
def angle(input: Tensor) -> Tensor:
    """The angle in (-pi, pi], elementwise; of real numbers 0, or pi if they are negative.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.angle.html

    >>> torch.angle(torch.tensor([1j, -1]))
    tensor([1.5708, 3.1416])
    """
    return Angle.apply(input)


publish_inplace("abs_", _abs_in_place, function=True)
publish_inplace("absolute_", lambda self: self.abs_())
publish_inplace("sign_", lambda self: views.write(self, sign))
publish_inplace("sgn_", lambda self: views.write(self, sgn))
publish_inplace("heaviside_", lambda self, values: views.write(self, heaviside, values))
publish_operators(abs=abs)
