"""Complex numbers: conjugates.

PyTorch's conj marks a tensor and conjugates when somebody looks; here it is done at once, so that no tensor is ever
marked: is_conj is always False, and resolve_conj has nothing to do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.arguments import wrong_type
from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor


class Conj(Elementwise):
    """y = the complex conjugate of x,    dx = the conjugate of dy"""

    @staticmethod
    def forward(ctx, x, out=None):
        return np.conjugate(x, out) if x.dtype.kind == "c" else x.copy()

    @staticmethod
    def backward(ctx, grad):
        return grad.conj()


@public(out=False)
def conj(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own.

    >>> torch.tensor([1 + 2j]).conj()
    tensor([1.-2.j])
    """
    return Conj.apply(input) if input._array.dtype.kind == "c" else input


class ConjPhysical(Conj):
    """Conj, under the name that PyTorch's graphs have for conj_physical"""


@public(out="Found dtype {given.legacy} but expected {wanted.legacy}")
def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own.

    >>> torch.conj_physical(torch.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    return ConjPhysical.apply(input) if input._array.dtype.kind == "c" else input


def conj_physical_(self: Tensor) -> Tensor:
    """self = the complex conjugate of self"""
    return views.write(self, ConjPhysical.apply)


publish_inplace("conj_physical_", conj_physical_, function=True)


@public(out=False)
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: its memory holds the numbers that it shows, conjugated ones too.

    >>> torch.tensor([1j]).conj().resolve_conj()
    tensor([0.-1.j])
    """
    return _tensor("resolve_conj", input)


@public(out=False)
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: its memory holds the numbers that it shows, negated ones too.

    >>> torch.tensor([1j]).conj().imag.resolve_neg()
    tensor([-1.])
    """
    return _tensor("resolve_neg", input)


@public(out=False)
def is_conj(input: Tensor) -> bool:
    """Is the tensor one whose memory holds the conjugates of its numbers? There are none.

    >>> torch.tensor([1j]).conj().is_conj()
    False
    """
    _tensor("is_conj", input)
    return False


@public(out=False)
def is_neg(input: Tensor) -> bool:
    """Is the tensor one whose memory holds the negatives of its numbers? There are none.

    >>> torch.tensor([1j]).conj().imag.is_neg()
    False
    """
    _tensor("is_neg", input)
    return False


def _tensor(function: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise wrong_type(function, "input", 1, "Tensor", value)
    return value
