"""Inverses, linear systems and Cholesky factors: inv, solve, cholesky. LAPACK does the work, by way of NumPy.

All functions take one matrix or a batch of them, in the last two dimensions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.arguments import wrong_type
from tinytorch.autograd.rule import Rule
from tinytorch.device import host, strict
from tinytorch.dtypes import FLOAT
from tinytorch.errors import broadcast_error
from tinytorch.ops.svd import adjoint
from tinytorch.public import public
from tinytorch.tensor import Tensor


class _LinAlgError(RuntimeError):
    """What torch.linalg raises for matrices that have no such inverse, solution or factor."""


# ---- rules -----------------------------------------------------------------------------------------------------------


class Inv(Rule):
    """B = A^-1,    dA = -B^H dB B^H"""

    name = "LinalgInvExBackward0"

    @staticmethod
    def forward(ctx, a):
        with strict(a):
            b = np.linalg.inv(a)
        ctx.save_for_backward(b)
        return b

    @staticmethod
    def backward(ctx, grad):
        (b,) = ctx.saved_tensors
        return -adjoint(b) @ grad @ adjoint(b)

    @classmethod
    def explain(cls, error, arrays):
        where, matrix = _first(host(arrays[0]), np.linalg.inv)
        return _LinAlgError(
            f"linalg.inv: {where}The diagonal element {_zero_pivot(matrix)} is zero, the inversion could not be "
            "completed because the input matrix is singular."
        )


class Solve(Rule):
    """X = A^-1 B,    dB = A^-H dX,    dA = -dB X^H"""

    inputs = 2
    name = "LinalgSolveExBackward0"

    @staticmethod
    def forward(ctx, a, b):
        with strict(a):
            x = np.linalg.solve(a, b)
        ctx.save_for_backward(a, x)
        return x

    @staticmethod
    def backward(ctx, grad):
        a, x = ctx.saved_tensors
        need_a, need_b = ctx.needs_input_grad
        db = Solve.apply(adjoint(a), grad)
        return -db @ adjoint(x) if need_a else None, db if need_b else None

    @classmethod
    def explain(cls, error, arrays):
        where, _ = _first(host(arrays[0]), np.linalg.inv)
        return _LinAlgError(f"torch.linalg.solve: {where}The solver failed because the input matrix is singular.")


class Cholesky(Rule):
    """L L^H = A with L lower triangular,    dA = L^-H herm(L^H dL) L^-1 / 2

    herm(X) is the lower triangle of X and, above it, its conjugate transpose.
    Murray, "Differentiation of the Cholesky decomposition" (2016), https://arxiv.org/abs/1602.07527
    """

    name = "LinalgCholeskyExBackward0"

    @staticmethod
    def forward(ctx, a):
        with strict(a):
            factor = np.linalg.cholesky(a)
        ctx.save_for_backward(factor)
        return factor

    @staticmethod
    def backward(ctx, grad):
        (factor,) = ctx.saved_tensors
        n, kind = factor.shape[-1], real_kind(factor)
        x = adjoint(factor) @ grad
        here = array_of(factor)
        lower: Any = np.tri(n, dtype=kind, like=here)
        below: Any = np.tri(n, k=-1, dtype=kind, like=here)
        inner = x * lower + adjoint(x * below)
        inverse = Inv.apply(factor)
        return adjoint(inverse) @ inner @ inverse / 2

    @classmethod
    def explain(cls, error, arrays):
        where, matrix = _first(host(arrays[0]), np.linalg.cholesky)
        order = next(k for k in range(1, len(matrix) + 1) if _fails(np.linalg.cholesky, matrix[:k, :k]))
        return _LinAlgError(
            f"linalg.cholesky: {where}The factorization could not be completed because the input is not "
            f"positive-definite (the leading minor of order {order} is not positive-definite)."
        )


def array_of(x: Any) -> Any:
    """The array of a Tensor; an array, or a number, as it is."""
    return x._array if isinstance(x, Tensor) else x


def real_kind(x: Any) -> type:
    """The NumPy dtype of constants that x, an array or Tensor, real or complex, is multiplied with."""
    return np.float64 if np.finfo(array_of(x).dtype).bits == 64 else np.float32


# ---- which matrix is to blame ----------------------------------------------------------------------------------------


def _fails(function: Any, matrix: np.ndarray) -> bool:
    try:
        function(matrix)
    except np.linalg.LinAlgError:
        return True
    return False


def _first(matrices: np.ndarray, function: Any) -> tuple[str, np.ndarray]:
    """The first matrix of a batch that `function` fails for, and where it is, for the error message."""
    if matrices.ndim == 2:
        return "", matrices
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    index = next(i for i, matrix in enumerate(flat) if _fails(function, matrix))
    return f"(Batch element {index}): ", flat[index]


def _zero_pivot(matrix: np.ndarray) -> int:
    """Which pivot, counted from 1, is 0 in Gaussian elimination with row exchanges."""
    a = matrix.astype(np.complex128 if matrix.dtype.kind == "c" else np.float64)
    for k in range(len(a)):
        best = k + int(np.argmax(np.abs(a[k:, k])))
        if a[best, k] == 0:
            return k + 1
        a[[k, best]] = a[[best, k]]
        a[k + 1 :] -= np.outer(a[k + 1 :, k] / a[k, k], a[k])
    return len(a)


# ---- checks ----------------------------------------------------------------------------------------------------------


def check_matrices(function: str, A: Any, *, square: bool = True, argument: str = "A") -> None:
    """RuntimeError, in PyTorch's words, unless A is a (square) matrix, or a batch of them, of a dtype LAPACK knows."""
    check_square(function, A, square=square, argument=argument)
    if A.dtype.category < FLOAT:
        raise RuntimeError(f"{function}: Expected a floating point or complex tensor as input. Got {A.dtype.legacy}")
    if A.dtype.itemsize == 2:
        raise RuntimeError(f"{function}: Low precision dtypes not supported. Got {A.dtype.legacy}")


def check_square(function: str, A: Any, *, square: bool = True, argument: str = "A") -> None:
    """RuntimeError, in PyTorch's words, unless A is a (square) matrix or a batch of them."""
    if not isinstance(A, Tensor):
        raise wrong_type(function.replace("linalg.", "linalg_"), argument, 1, "Tensor", A)
    x = A._array
    if x.ndim < 2:
        raise RuntimeError(f"{function}: The input tensor {argument} must have at least 2 dimensions.")
    if square and x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            f"{function}: {argument} must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} "
            "matrices"
        )


# ---- functions -------------------------------------------------------------------------------------------------------


@public(name="inverse", out="same")
def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices; LinAlgError (a RuntimeError) for one that has none.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.inv.html

    >>> torch.linalg.inv(torch.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    check_matrices("linalg.inv", A)
    return Inv.apply(A)


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X in A X = B, or with left=False in X A = B; LinAlgError where A is singular.

    Shapes: A (*, n, n), B (*, n, k), or a vector (n) or a batch of vectors of just A's batch (*, n).
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.solve.html

    >>> torch.linalg.solve(torch.tensor([[2., 0.], [0., 4.]]), torch.tensor([1., 1.]))
    tensor([0.5000, 0.2500])
    """
    check_matrices("linalg.solve", A)
    a, b = A._array, B._array
    if A.dtype is not B.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {A.dtype.legacy} and B of "
            f"type {B.dtype.legacy} instead"
        )
    vector = b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1])
    if vector:
        B = B.unsqueeze(-1)
    rows, columns = B.shape[-2:]
    if a.shape[-1] != (rows if left else columns):
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({a.shape[-2]}x{a.shape[-1]} and {rows}x{columns})"
        )
    error = broadcast_error([np.empty(B.shape[:-2]), np.empty(a.shape[:-2])])
    if error is not None:
        raise error
    X = Solve.apply(A, B) if left else Solve.apply(A.mT, B.mT).mT
    return X.squeeze(-1) if vector else X


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular L with L L^H = A for Hermitian positive-definite A; with `upper` its conjugate transpose.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.cholesky.html

    >>> torch.linalg.cholesky(torch.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    check_matrices("linalg.cholesky", A)
    return Cholesky.apply(A).mH if upper else Cholesky.apply(A)


@public(name="cholesky")
def _cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """As `torch.linalg.cholesky`.

    >>> torch.cholesky(torch.tensor([[4., 2.], [2., 5.]]), upper=True)
    tensor([[2., 1.],
            [0., 2.]])
    """
    return cholesky(input, upper=upper)
