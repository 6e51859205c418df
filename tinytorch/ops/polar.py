"""Complex numbers made of two real ones: complex (real and imaginary part), polar (absolute value and angle)."""

from __future__ import annotations

import numpy as np

from tinytorch import arguments, dtypes
from tinytorch.autograd.rule import Elementwise
from tinytorch.device import near
from tinytorch.public import public
from tinytorch.tensor import Tensor

_OTHER_DTYPE = "Expected object of scalar type {wanted.legacy} but got scalar type {given.legacy} for argument 'out'"


def _dot(a, b):
    """Re(conj(a) b): how much of the gradient a lies in the direction b."""
    return a.real * b.real + a.imag * b.imag


class Complex(Elementwise):
    """z = x + iy,    dx = Re dz,    dy = Im dz"""

    inputs = 2

    @staticmethod
    def forward(ctx, real, imag):
        z = np.empty(
            np.broadcast_shapes(real.shape, imag.shape), np.result_type(real.dtype, np.complex64), like=near(real)
        )
        z.real, z.imag = real, imag
        return z

    @staticmethod
    def backward(ctx, grad):
        return grad.real, grad.imag


class Polar(Elementwise):
    """z = r e^(it),    dr = Re(conj(e^(it)) dz),    dt = Re(conj(iz) dz)"""

    inputs = 2

    @staticmethod
    def forward(ctx, abs, angle):
        ctx.save_for_backward(abs, angle)
        return Complex.forward(ctx, abs * np.cos(angle), abs * np.sin(angle))

    @staticmethod
    def backward(ctx, grad):
        abs, angle = ctx.saved_tensors
        unit = Polar.apply(abs * 0 + 1, angle)
        return _dot(unit, grad), _dot(unit * 1j, grad) * abs


def _check(name: str, first: str, second: str, x: Tensor, y: Tensor) -> None:
    for position, (argument, value) in enumerate(((first, x), (second, y)), start=1):
        if not isinstance(value, Tensor):
            raise arguments.wrong_type(name, argument, position, "Tensor", value)
    allowed = (dtypes.float16, dtypes.float32, dtypes.float64)
    if x.dtype not in allowed or y.dtype not in allowed:
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {x.dtype.legacy} and {y.dtype.legacy}"
        )
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {x.dtype.legacy} but got scalar type {y.dtype.legacy} for second argument"
        )


@public(method=False, out=_OTHER_DTYPE)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """real + i imag, elementwise with broadcasting; both of one floating point dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.complex.html

    >>> torch.complex(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
    tensor([1.+3.j, 2.+4.j])
    """
    _check("complex", "real", "imag", real, imag)
    return Complex.apply(real, imag)


@public(method=False, out=_OTHER_DTYPE)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """abs (cos angle + i sin angle), elementwise with broadcasting; both of one floating point dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.polar.html

    >>> torch.polar(torch.tensor([1., 2.]), torch.tensor([0., torch.pi]))
    tensor([ 1.+0.0000e+00j, -2.-1.7485e-07j])
    """
    _check("polar", "abs", "angle", abs, angle)
    return Polar.apply(abs, angle)
