"""Eigenvalues of any square matrix (eig, eigvals) and the matrix exponential (matrix_exp).

All functions take one matrix or a batch of them, in the last two dimensions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import return_types
from tinytorch.autograd.rule import Rule
from tinytorch.device import known, on_cpu, strict
from tinytorch.dtypes import FLOAT
from tinytorch.kernels.arrays import eye
from tinytorch.ops.elementwise import conj
from tinytorch.ops.linear_systems import Inv, array_of, check_matrices, real_kind
from tinytorch.ops.svd import adjoint
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


class Eig(Rule):
    """A = V diag(L) V^-1 with columns of length 1 in V,    dA = V^-H (diag(dL) + (W - V^H V diag(Re W)) / E) V^H

    W = V^H dV, and E_ij = conj(L_j - L_i), 1 on the diagonal: the eigenvalues have to differ where dV is asked for.
    Boeddeker et al., "On the computation of complex-valued gradients" (2017), https://arxiv.org/abs/1701.00392
    """

    name = "LinalgEigBackward0"

    @staticmethod
    def forward(ctx, a):
        with strict(a):
            values, vectors = np.linalg.eig(a)
        kind = np.result_type(a.dtype, np.complex64)
        values, vectors = values.astype(kind, copy=False), vectors.astype(kind, copy=False)
        ctx.save_for_backward(values, vectors)
        return values, vectors

    @staticmethod
    def backward(ctx, grad_values, grad_vectors):
        values, vectors = ctx.saved_tensors
        row = values.reshape((*values.shape[:-1], 1, values.shape[-1]))
        one: Any = eye(values.shape[-1], values.shape[-1], 0, real_kind(values), array_of(values))
        inner = 0
        if grad_vectors is not None:
            turned = adjoint(vectors) @ grad_vectors
            diagonal = (turned * one).sum(axis=-2, keepdims=True).real
            inner = (turned - adjoint(vectors) @ vectors * diagonal) * (1 - one) / (conj(row - row.mT) + one)
        if grad_values is not None:
            inner = inner + grad_values.reshape(row.shape) * one
        return adjoint(Inv.apply(vectors)) @ inner @ adjoint(vectors)


class MatrixExp(Rule):
    """Y = 1 + A + A^2 / 2! + ...,    dA = the upper right block of exp([[A^H, dY], [0, A^H]])

    Al-Mohy and Higham, "Computing the Frechet derivative of the matrix exponential" (2009)
    """

    name = "LinalgMatrixExpBackward0"

    @staticmethod
    def forward(ctx, a):
        import scipy.linalg

        ctx.save_for_backward(a)
        return on_cpu(scipy.linalg.expm, a) if a.size else a.copy()

    @staticmethod
    def backward(ctx, grad):
        (a,) = ctx.saved_tensors
        n = a.shape[-1]
        left: Any = eye(2 * n, n, 0, real_kind(a), array_of(a))
        right: Any = eye(2 * n, n, -n, real_kind(a), array_of(a))
        if isinstance(a, Tensor):
            left, right = (wrap(each.astype(a._array.dtype)) for each in (left, right))
        ah = adjoint(a)
        block = left @ ah @ left.T + right @ ah @ right.T + left @ grad @ right.T
        return left.T @ MatrixExp.apply(block) @ right


def eig(A: Tensor) -> return_types.linalg_eig:
    """(eigenvalues, eigenvectors) of square matrices, complex also for real ones, in no particular order.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.eig.html

    >>> torch.linalg.eig(torch.tensor([[0., -1.], [1., 0.]])).eigenvalues
    tensor([0.+1.j, 0.-1.j])
    """
    if A.dtype.category < FLOAT:
        raise RuntimeError(f"Unknown Complex ScalarType for {A.dtype.legacy}")
    check_matrices("linalg.eig", A)
    if known(A._array) and not np.isfinite(A._array).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    return return_types.linalg_eig(Eig.apply(A))


def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of square matrices, complex also for real ones.

    >>> torch.linalg.eigvals(torch.tensor([[2., 1.], [0., 3.]]))
    tensor([2.+0.j, 3.+0.j])
    """
    return eig(A).eigenvalues


@public()
def matrix_exp(A: Tensor) -> Tensor:
    """1 + A + A^2 / 2! + A^3 / 3! + ... of square matrices.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.matrix_exp.html

    >>> torch.linalg.matrix_exp(torch.tensor([[0., 1.], [0., 0.]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    if A.dtype.category == FLOAT and A.dtype.itemsize == 2:  # LAPACK knows no half precision
        return matrix_exp(A.float()).to(A.dtype)
    check_matrices("linalg.matrix_exp", A)
    return MatrixExp.apply(A)
