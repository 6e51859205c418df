"""Linear systems with triangular matrices: solve_triangular, and cholesky_solve, cholesky_inverse of Cholesky factors.

All functions take one matrix or a batch of them, in the last two dimensions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import return_types
from tinytorch.autograd.rule import Rule
from tinytorch.device import as_array, host, put
from tinytorch.errors import broadcast_error
from tinytorch.kernels.arrays import eye
from tinytorch.ops.linear_systems import _LinAlgError, array_of, check_matrices, check_square, cholesky, real_kind
from tinytorch.ops.svd import adjoint
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


class SolveTriangular(Rule):
    """X = A^-1 B for triangular A, its other triangle being ignored,    dB = A^-H dX,    dA = the triangle of -dB X^H

    With `unit` the diagonal of A counts as 1, and gets no gradient.
    """

    inputs = 2
    name = "LinalgSolveTriangularBackward0"

    @staticmethod
    def forward(ctx, a, b, upper, unit):
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        x = np.broadcast_to(b, (*batch, *b.shape[-2:])).copy()
        n = a.shape[-1]
        for i in reversed(range(n)) if upper else range(n):
            known = slice(i + 1, n) if upper else slice(0, i)
            x[..., i, :] -= (a[..., i : i + 1, known] @ x[..., known, :])[..., 0, :]
            if not unit:
                x[..., i, :] /= a[..., i, i, None]
        ctx.upper, ctx.unit = upper, unit
        ctx.save_for_backward(a, x)
        return x

    @staticmethod
    def backward(ctx, grad):
        a, x = ctx.saved_tensors
        need_a, _ = ctx.needs_input_grad
        db = SolveTriangular.apply(adjoint(a), grad, not ctx.upper, ctx.unit)
        if not need_a:
            return None, db
        triangle: Any = np.tri(a.shape[-1], k=-1 if ctx.unit else 0, dtype=real_kind(a), like=array_of(a))
        return -(db @ adjoint(x)) * (triangle.T if ctx.upper else triangle), db


class CholeskySolve(Rule):
    """X = A^-1 B for A = L L^H,    dB = A^-1 dX,    dL = -(dB X^H + X dB^H) L, of which all entries are kept"""

    inputs = 2

    @staticmethod
    def forward(ctx, b, factor):
        half = SolveTriangular.apply(factor, b, False, False)
        x = SolveTriangular.apply(adjoint(factor), half, True, False)
        ctx.save_for_backward(factor, x)
        return x

    @staticmethod
    def backward(ctx, grad):
        factor, x = ctx.saved_tensors
        db = CholeskySolve.apply(grad, factor)
        if not ctx.needs_input_grad[1]:
            return db, None
        outer = db @ adjoint(x)
        return db, -(outer + adjoint(outer)) @ factor


def _check_batches(A: Tensor, B: Tensor) -> None:
    error = broadcast_error([np.empty(B.shape[:-2]), np.empty(A.shape[:-2])])
    if error is not None:
        raise error


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """X in A X = B, or with left=False in X A = B, for upper or lower triangular A; the other triangle is not read.

    Shapes: A (*, n, n), B (*, n, k). A zero on the diagonal gives infinities, no error.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.solve_triangular.html

    >>> torch.linalg.solve_triangular(torch.tensor([[2., 0.], [1., 1.]]), torch.tensor([[2.], [3.]]), upper=False)
    tensor([[1.],
            [2.]])
    """
    check_square("linalg.solve_triangular", A)
    check_square("linalg.solve_triangular", B, square=False, argument="B")
    if A.dtype is not B.dtype:
        raise RuntimeError(
            f"linalg.solve_triangular: Expected A and B to have the same dtype, but found A of type {A.dtype.legacy} "
            f"and B of type {B.dtype.legacy} instead"
        )
    rows, columns = B.shape[-2:]
    if A.shape[-1] != (rows if left else columns):
        raise RuntimeError(
            "linalg.solve_triangular: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({A.shape[-2]}x{A.shape[-1]} and {rows}x{columns})"
        )
    _check_batches(A, B)
    if A._array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"triangular_solve_cpu\" not implemented for '{A.dtype.legacy}'")
    if left:
        X = SolveTriangular.apply(A, B, upper, unitriangular)
    else:
        X = SolveTriangular.apply(A.mT, B.mT, not upper, unitriangular).mT
    return X


@public()
def cholesky_solve(input: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X in A X = input for A = L L^H, given its Cholesky factor; with `upper` L is the upper factor, A = L^H L.

    Shapes: input (*, n, k), L (*, n, n).
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cholesky_solve.html

    >>> torch.cholesky_solve(torch.tensor([[4.], [2.]]), torch.tensor([[2., 0.], [0., 1.]]))
    tensor([[1.],
            [2.]])
    """
    for name, given in (("b", input), ("u", L)):
        if given.ndim < 2:
            raise RuntimeError(f"{name} should have at least 2 dimensions, but has {given.ndim} dimensions instead")
    n, m = L.shape[-2:]
    if n != m:
        raise RuntimeError(f"A must be batches of square matrices, but they are {n} by {m} matrices")
    if input.shape[-2] != n:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {n} by {n} but each b matrix is "
            f"{input.shape[-2]} by {input.shape[-1]}"
        )
    if input.dtype is not L.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {input.dtype.legacy} and A of type "
            f"{L.dtype.legacy} instead."
        )
    _check_batches(L, input)
    return CholeskySolve.apply(input, L.mH if upper else L)


@public()
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """A^-1 for A = L L^H, given its Cholesky factor; with `upper` L is the upper factor, A = L^H L.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cholesky_inverse.html

    >>> torch.cholesky_inverse(torch.tensor([[2., 0.], [0., 1.]]))
    tensor([[0.2500, 0.0000],
            [0.0000, 1.0000]])
    """
    check_square("cholesky_inverse", L)
    one = np.broadcast_to(eye(L.shape[-2], L.shape[-1], 0, L._array.dtype, L._array), L.shape)
    return CholeskySolve.apply(wrap(one), L.mH if upper else L)


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> return_types.linalg_cholesky_ex:
    """(L, info) as `torch.linalg.cholesky`, without an error for a matrix that is not positive-definite.

    info (int32) is 0, or the order of the first leading minor that is not positive-definite; L is then nan.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.cholesky_ex.html

    >>> torch.linalg.cholesky_ex(torch.tensor([[1., 2.], [2., 1.]])).info
    tensor(2, dtype=torch.int32)
    """
    check_matrices("linalg.cholesky", A)
    info = np.zeros(A.shape[:-2], np.int32)
    try:
        L = cholesky(A, upper=upper)
    except _LinAlgError as error:
        if check_errors:
            raise _LinAlgError(str(error).replace("linalg.cholesky:", "linalg.cholesky_ex:")) from None
        matrices = host(A._array)
        for place in np.ndindex(info.shape):
            info[place] = _failing_order(matrices[place])
        sound = wrap(put(as_array(info == 0)[..., None, None], A.device))
        identity = wrap(eye(A.shape[-2], A.shape[-1], 0, A._array.dtype, A._array))
        L = cholesky(A.where(sound, identity), upper=upper).where(sound, float("nan"))
    return return_types.linalg_cholesky_ex((L, wrap(put(info, A.device))))


def _failing_order(matrix: Any) -> int:
    """The order of the first leading minor that is not positive-definite, 0 if all are."""
    for k in range(1, len(matrix) + 1):
        try:
            np.linalg.cholesky(matrix[:k, :k])
        except np.linalg.LinAlgError:
            return k
    return 0
