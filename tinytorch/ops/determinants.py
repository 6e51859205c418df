"""Determinants: det, slogdet, logdet."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import return_types
from tinytorch.autograd.rule import Rule
from tinytorch.device import as_array
from tinytorch.dtypes import from_numpy
from tinytorch.ops.elementwise import Undifferentiable, conj
from tinytorch.ops.linear_systems import Inv, check_matrices
from tinytorch.ops.svd import adjoint, is_complex
from tinytorch.ops.where import Where
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Det(Rule):
    """d = det A,    dA = conj(d) dd A^-H;  where A is singular, its cofactors take the place of conj(d) A^-H"""

    name = "LinalgDetBackward0"

    @staticmethod
    def forward(ctx, a):
        d = as_array(np.linalg.det(a))
        ctx.save_for_backward(a, d)
        return d

    @staticmethod
    def backward(ctx, grad):
        a, d = ctx.saved_tensors
        if (d == 0).any():
            return _as_matrix(grad) * Cofactors.apply(a)
        return _as_matrix(grad * conj(d)) * adjoint(Inv.apply(a))


class Cofactors(Undifferentiable):
    """C = conj(det A) A^-H where A is regular, and what continues it: det(U) det(V^H) U diag(prod_(j != i) s_j) V^H"""

    inputs = 1
    operation = "linalg_det of a singular matrix"

    @staticmethod
    def forward(ctx, a):
        u, s, vh = np.linalg.svd(a)
        others = np.stack([s[..., :i].prod(-1) * s[..., i + 1 :].prod(-1) for i in range(s.shape[-1])], -1)
        turn = np.conj(np.linalg.det(u) * np.linalg.det(vh))
        return ((u * others[..., None, :]) @ vh * turn[..., None, None]).astype(a.dtype)


class Slogdet(Rule):
    """det A = sign e^y,    dA = (dy - i Im(conj(dsign) sign)) A^-H    (the second part for complex A)"""

    name = "LinalgSlogdetBackward0"

    @staticmethod
    def forward(ctx, a):
        sign, y = (as_array(each) for each in np.linalg.slogdet(a))
        ctx.save_for_backward(a, sign)
        return sign, y

    @staticmethod
    def backward(ctx, grad_sign, grad):
        a, sign = ctx.saved_tensors
        turned: Any = 0
        if grad_sign is not None and is_complex(a):
            turned = (conj(grad_sign) * sign).imag * -1j
        elif grad is None:
            return None
        return _as_matrix(turned if grad is None else grad + turned) * adjoint(Inv.apply(a))


def _as_matrix(x: Any) -> Any:
    """x with two dimensions of size 1 at the end."""
    return x.reshape((*x.shape, 1, 1))


# ---- functions -------------------------------------------------------------------------------------------------------


@public(out=False)
def det(A: Tensor) -> Tensor:
    """The determinant of square matrices.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.det.html

    >>> torch.linalg.det(torch.tensor([[1., 2.], [3., 4.]]))
    tensor(-2.)
    """
    if isinstance(A, Tensor) and A.dtype.itemsize == 2 and A.dtype.is_floating_point:
        raise NotImplementedError(f"\"lu_cpu\" not implemented for '{from_numpy(A._array.dtype).legacy}'")
    check_matrices("linalg.det", A)
    return Det.apply(A)


def linalg_slogdet(A: Tensor) -> return_types.linalg_slogdet:
    """Sign and logarithm of the absolute value of the determinant: it may overflow where they do not.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.slogdet.html

    >>> torch.linalg.slogdet(torch.tensor([[0., 1.], [1., 0.]])).sign
    tensor(-1.)
    """
    check_matrices("linalg.slogdet", A)
    return return_types.linalg_slogdet(Slogdet.apply(A))


@public(out=False)
def slogdet(input: Tensor) -> return_types.slogdet:
    """As `torch.linalg.slogdet`.

    >>> torch.slogdet(torch.tensor([[0., 1.], [1., 0.]])).logabsdet
    tensor(0.)
    """
    return return_types.slogdet(linalg_slogdet(input))


@public(out=False)
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: nan where it is negative, -inf where it is 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.logdet.html

    >>> torch.logdet(torch.eye(3))
    tensor(0.)
    """
    check_matrices("logdet", input)
    sign, logabsdet = Slogdet.apply(input)
    if input.dtype.is_complex:
        return sign.log() + logabsdet
    return Where.apply(sign == -1, float("nan"), logabsdet)
