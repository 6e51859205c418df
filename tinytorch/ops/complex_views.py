"""Complex numbers seen as pairs of real ones, and back: view_as_real, view_as_complex, real, imag."""

from __future__ import annotations

import numpy as np

from tinytorch import dtypes, kernels
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import COMPLEX
from tinytorch.formats import strides_of
from tinytorch.ops.shape import ViewRule
from tinytorch.ops.slicing import Select
from tinytorch.public import public
from tinytorch.tensor import Tensor


def _pairs(x: np.ndarray) -> np.ndarray:
    """The real and imaginary parts of x as a new last dimension: a view."""
    half = x.itemsize // 2
    parts = x.real  # the same place with the dtype of the parts
    return kernels.layout.restride(parts, (*x.shape, 2), (*x.strides, half))


class ViewAsReal(ViewRule):
    """y[..., 0] + i y[..., 1] = x,    dx = dy[..., 0] + i dy[..., 1]"""

    @staticmethod
    def forward(ctx, x):
        return _pairs(x)

    @staticmethod
    def backward(ctx, grad):
        return FromPairs.apply(grad)


class FromPairs(Rule):
    """y = x[..., 0] + i x[..., 1] in memory of its own,    dx = (re dy, im dy)"""

    name = "ViewAsComplexBackward0_copy"

    @staticmethod
    def forward(ctx, x):
        y = np.empty(x.shape[:-1], np.complex64 if x.dtype == np.float32 else np.complex128, like=x)
        _pairs(y)[...] = x
        return y

    @staticmethod
    def backward(ctx, grad):
        return ViewAsReal.apply(grad)


class ViewAsComplex(ViewRule):
    """y = x[..., 0] + i x[..., 1],    dx = (re dy, im dy)"""

    @staticmethod
    def forward(ctx, x):
        kind = np.complex64 if x.dtype == np.float32 else np.complex128
        if not x.size:
            return np.empty(x.shape[:-1], kind, like=x)
        return x.view(kind)[..., 0]

    @staticmethod
    def backward(ctx, grad):
        return ViewAsReal.apply(grad)


@public(method=False, out=False)
def view_as_real(input: Tensor) -> Tensor:
    """The real and imaginary parts as a new last dimension of size 2: a view.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.view_as_real.html

    >>> torch.view_as_real(torch.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if input.dtype.category != COMPLEX:
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return ViewAsReal.apply(input)


@public(method=False, out=False)
def view_as_complex(input: Tensor) -> Tensor:
    """The pairs in the last dimension, of size 2, as complex numbers: a view.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.view_as_complex.html

    >>> torch.view_as_complex(torch.tensor([[1., 2.]]))
    tensor([1.+2.j])
    """
    x = input._array
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{input.dtype.legacy}"
        )
    if not x.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if x.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    strides = strides_of(x)
    if strides[-1] != 1:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(stride % 2 for stride in strides[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    return ViewAsComplex.apply(input)


@public(method=False, out=False)
def real(input: Tensor) -> Tensor:
    """The real parts, a view; a real tensor itself.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.real.html

    >>> torch.real(torch.tensor([1 + 2j]))
    tensor([1.])
    """
    return Select.apply(ViewAsReal.apply(input), (..., 0)) if input.dtype.category == COMPLEX else input


@public(method=False, out=False)
def imag(input: Tensor) -> Tensor:
    """The imaginary parts of a complex tensor, a view.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.imag.html

    >>> torch.imag(torch.tensor([1 + 2j]))
    tensor([2.])
    """
    if input.dtype.category != COMPLEX:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return Select.apply(ViewAsReal.apply(input), (..., 1))


def _set_real(self: Tensor, value: Tensor) -> None:
    real(self).copy_(value)


def _set_imag(self: Tensor, value: Tensor) -> None:
    imag(self).copy_(value)


Tensor.real = property(real, _set_real, doc="The real parts, see `torch.real`.")  # type: ignore[attr-defined]
Tensor.imag = property(imag, _set_imag, doc="The imaginary parts, see `torch.imag`.")  # type: ignore[attr-defined]
