"""Decompositions of matrices, qr and eigh and svd, and what is made of them: pinv, matrix_rank, lstsq.

All functions take one matrix or a batch of them, in the last two dimensions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import return_types
from tinytorch.autograd.rule import Rule
from tinytorch.device import as_array
from tinytorch.dtypes import FLOAT
from tinytorch.kernels.arrays import eye
from tinytorch.ops.elementwise import conj
from tinytorch.ops.linear_systems import Inv, array_of, check_matrices, check_square, real_kind
from tinytorch.ops.svd import Svd, adjoint, decomposed
from tinytorch.public import NAMES, public
from tinytorch.tensor import Tensor, wrap

# ---- rules -----------------------------------------------------------------------------------------------------------


class Qr(Rule):
    """A = Q R with Q^H Q = 1 and R upper triangular,    dA = (dQ + Q herm(up(dR R^H - Q^H dQ))) R^-H

    up(X) is the upper triangle of X, herm(X) is X + X^H with the real diagonal counted once. A wide A is (X, Y) with a
    square X, and R = (U, V): X = Q U is as above, Y = Q V gives dQ another part, Y dV^H, and dY = Q dV.
    Walter and Lehmann, "Algorithmic differentiation of linear algebra functions" (2010), https://arxiv.org/abs/1001.1654
    """

    name = "LinalgQrBackward0"

    @staticmethod
    def forward(ctx, a, mode):
        ctx.mode = mode
        if mode == "r":
            return np.empty(0, a.dtype, like=a), np.linalg.qr(a, mode)
        q, r = np.linalg.qr(a, mode)
        ctx.save_for_backward(q, r)
        return q, r

    @staticmethod
    def backward(ctx, grad_q, grad_r):
        if ctx.mode == "r":
            raise RuntimeError(
                "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
                "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr."
            )
        q, r = ctx.saved_tensors
        m, n = r.shape[-2:]
        if ctx.mode == "complete" and m > n:
            raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
        grad_q = q * 0 if grad_q is None else grad_q
        grad_r = r * 0 if grad_r is None else grad_r
        if n <= m:
            return _qr_gradient(q, r, grad_q, grad_r)
        v, grad_v = r[..., m:], grad_r[..., m:]
        grad_x = _qr_gradient(q, r[..., :m], grad_q + q @ v @ adjoint(grad_v), grad_r[..., :m])
        return _placed(grad_x, 0, n) + _placed(q @ grad_v, m, n)


def _placed(x: Any, at: int, width: int) -> Any:
    """x as columns `at` and following of a matrix of that width, zeros beside them."""
    array = array_of(x)
    places = eye(array.shape[-1], width, at, array.dtype, array)
    return x @ (wrap(places) if isinstance(x, Tensor) else places)


def _qr_gradient(q: Any, r: Any, grad_q: Any, grad_r: Any) -> Any:
    """dA for the reduced decomposition of a matrix that is not wide."""
    n, kind, here = r.shape[-1], real_kind(r), array_of(r)
    up, half = np.tri(n, dtype=kind, like=here).T, eye(n, n, 0, kind, here) / 2
    x = (grad_r @ adjoint(r) - adjoint(q) @ grad_q) * (up - half)
    return (grad_q + q @ (x + adjoint(x))) @ adjoint(Inv.apply(r))


class Eigh(Rule):
    """A = V diag(L) V^H for Hermitian A,    dA = V (diag(dL) + skew(V^H dV) / E) V^H

    skew(X) = (X - X^H) / 2, and E_ij = L_j - L_i: the eigenvalues have to differ where dV is asked for.
    Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008)
    """

    name = "LinalgEighBackward0"

    @staticmethod
    def forward(ctx, a, lower):
        values, vectors = np.linalg.eigh(a, "L" if lower else "U")
        ctx.save_for_backward(values, vectors)
        return values, vectors

    @staticmethod
    def backward(ctx, grad_values, grad_vectors):
        values, vectors = ctx.saved_tensors
        row = values.reshape((*values.shape[:-1], 1, values.shape[-1]))
        if grad_vectors is None:
            return (vectors * grad_values.reshape(row.shape)) @ adjoint(vectors)
        one: Any = eye(values.shape[-1], values.shape[-1], 0, real_kind(values), array_of(values))
        turned = adjoint(vectors) @ grad_vectors
        inner = (turned - adjoint(turned)) / 2 / (row - row.mT + one) * (1 - one)
        if grad_values is not None:
            inner = inner + grad_values.reshape(row.shape) * one
        return vectors @ inner @ adjoint(vectors)


class Pinv(Rule):
    """P = A^+,    dA = -P^H dP P^H + (1 - A P) dP^H P P^H + P^H P dP^H (1 - P A)

    Golub and Pereyra, "The differentiation of pseudo-inverses" (1973)
    """

    name = "LinalgPinvBackward0"

    @staticmethod
    def forward(ctx, a, tolerance, hermitian=False):
        if hermitian:  # A = V diag(L) V^H, where |L| are the singular values; only the lower triangle is looked at
            s, v = np.linalg.eigh(a)
            vh, uh = adjoint(v), adjoint(v)
        else:
            u, s, vh = decomposed(a)
            uh = adjoint(u)
        kept = abs(s) > tolerance(abs(s))
        p = np.matmul(adjoint(vh) * np.where(kept, 1 / np.where(kept, s, 1), 0)[..., None, :], uh)
        ctx.save_for_backward(a, p)
        return p.astype(a.dtype, copy=False)

    @staticmethod
    def backward(ctx, grad):
        a, p = ctx.saved_tensors
        turned, ph = adjoint(grad), adjoint(p)
        left, right = turned @ p @ ph, ph @ p @ turned
        return left - a @ (p @ left) + right - right @ p @ a - ph @ grad @ ph


# ---- decompositions --------------------------------------------------------------------------------------------------


def linalg_qr(A: Tensor, mode: str = "reduced") -> return_types.linalg_qr:
    """A = Q R with orthonormal columns in Q and an upper triangular R.

    mode: "reduced" (Q (m, k), R (k, n), k = min(m, n)), "complete" (Q (m, m), R (m, n)), "r" (R alone).
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.qr.html

    >>> torch.linalg.qr(torch.tensor([[3., 0.], [4., 5.]])).R
    tensor([[-5., -4.],
            [ 0.,  3.]])
    """
    check_matrices("linalg.qr", A, square=False)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    return return_types.linalg_qr(Qr.apply(A, mode))


@public(out="same")
def qr(input: Tensor, some: bool = True) -> return_types.qr:
    """As `torch.linalg.qr`, reduced or (some=False) complete.

    >>> torch.qr(torch.tensor([[3., 0.], [4., 5.]])).R
    tensor([[-5., -4.],
            [ 0.,  3.]])
    """
    return return_types.qr(linalg_qr(input, "reduced" if some else "complete"))


def eigh(A: Tensor, UPLO: str = "L") -> return_types.linalg_eigh:
    """Eigenvalues, smallest first, and eigenvectors (columns) of Hermitian matrices; of A only one triangle is read.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.eigh.html

    >>> torch.linalg.eigh(torch.tensor([[2., 1.], [1., 2.]])).eigenvalues
    tensor([1., 3.])
    """
    check_square("linalg.eigh", A)
    if A.dtype.category < FLOAT or A.dtype.itemsize == 2:
        raise NotImplementedError(f"\"linalg_eigh_cpu\" not implemented for '{A.dtype.legacy}'")
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return return_types.linalg_eigh(Eigh.apply(A, UPLO.upper() == "L"))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of Hermitian matrices, smallest first.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.eigvalsh.html

    >>> torch.linalg.eigvalsh(torch.tensor([[2., 1.], [1., 2.]]))
    tensor([1., 3.])
    """
    return eigh(A, UPLO)[0]


def linalg_svd(A: Tensor, full_matrices: bool = True) -> return_types.linalg_svd:
    """A = U diag(S) V^H with the singular values in S, largest first; U and V square, or as many columns as S is long.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.svd.html

    >>> torch.linalg.svd(torch.tensor([[3., 0.], [0., 4.]])).S
    tensor([4., 3.])
    """
    check_matrices("linalg.svd", A, square=False)
    U, S, Vh = Svd.apply(A)
    m, n = A.shape[-2:]
    if full_matrices and m != n:  # what completes the smaller one is any orthonormal basis: no gradient
        u, _, vh = np.linalg.svd(A._array)
        if m > n:
            U = NAMES["cat"]((U, wrap(u[..., n:])), -1)
        else:
            Vh = NAMES["cat"]((Vh, wrap(vh[..., m:, :])), -2)
    return return_types.linalg_svd((U, S, Vh))


@public(out="same")
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> return_types.svd:
    """As `torch.linalg.svd`, with V instead of V^H; compute_uv=False gives zeros for U and V.

    >>> torch.svd(torch.tensor([[3., 0.], [0., 4.]])).S
    tensor([4., 3.])
    """
    if compute_uv:
        U, S, Vh = linalg_svd(input, not some)
        return return_types.svd((U, S, Vh.mH))
    m, n = input.shape[-2:]
    zeros = [input.new_zeros((*input.shape[:-2], side, side)) for side in (m, n)]
    return return_types.svd((zeros[0], svdvals(input), zeros[1]))


def svdvals(A: Tensor) -> Tensor:
    """The singular values, largest first.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.svdvals.html

    >>> torch.linalg.svdvals(torch.tensor([[3., 0.], [0., 4.]]))
    tensor([4., 3.])
    """
    check_matrices("linalg.svd", A, square=False)
    return Svd.apply(A)[1]


# ---- what is made of them --------------------------------------------------------------------------------------------


def _tolerance(x: np.ndarray, atol: Any, rtol: Any) -> Any:
    """The function that says for singular values up to where they count as 0: max(atol, rtol * the largest)."""
    absolute, relative = (None if each is None else np.asarray(array_of(each), like=x) for each in (atol, rtol))
    if relative is None:
        usual = np.asarray(np.finfo(x.dtype).eps * max(x.shape[-2:]), like=x)
        relative = usual if absolute is None else np.where(absolute > 0, 0, usual)

    def tolerance(s: np.ndarray) -> np.ndarray:
        largest = s.max(-1, keepdims=True) if s.shape[-1] else np.zeros((*s.shape[:-1], 1), s.dtype, like=s)
        floor = 0.0 if absolute is None else absolute[..., None]
        return np.maximum(floor, relative[..., None] * largest).astype(s.dtype)

    return tolerance


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudo-inverse: A^-1 on what A reaches, 0 elsewhere. Singular values up to max(atol, rtol * largest) are 0.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.pinv.html

    >>> torch.linalg.pinv(torch.tensor([[2., 0.], [0., 0.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    if A._array.ndim < 2 or A.dtype.category < FLOAT or A.dtype.itemsize == 2:
        raise RuntimeError(
            f"linalg.pinv({A.dtype.legacy}{{{list(A.shape)}}}): expected a tensor with 2 or more dimensions of float, "
            "double, cfloat or cdouble types"
        )
    if not A._array.size:
        return A.mT.clone()
    return Pinv.apply(A, _tolerance(A._array, atol, rcond if rtol is None else rtol), hermitian)


@public(out=False)
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """As `torch.linalg.pinv`.

    >>> torch.pinverse(torch.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return pinv(input, rcond)


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values are larger than max(atol, rtol * the largest), or than `tol`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.matrix_rank.html

    >>> torch.linalg.matrix_rank(torch.tensor([[1., 2.], [2., 4.]]))
    tensor(1)
    """
    check_matrices("linalg.matrix_rank", A, square=hermitian)
    if tol is not None:
        atol, rtol = tol, 0.0
    s = abs(np.linalg.eigvalsh(A._array)) if hermitian else decomposed(A._array, vectors=False)
    return wrap(as_array((s > _tolerance(A._array, atol, rtol)(s)).sum(-1)))


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> return_types.linalg_lstsq:
    """The X for which |A X - B| is least, the shortest of several; (solution, residuals, rank, singular values).

    Residuals are computed for drivers other than "gelsy", the one that is taken if none is given; for all of them the
    solution is the pseudo-inverse of A times B.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.lstsq.html

    >>> torch.linalg.lstsq(torch.tensor([[1., 0.], [0., 2.], [0., 0.]]), torch.tensor([[1.], [1.], [1.]])).solution
    tensor([[1.0000],
            [0.5000]])
    """
    if A._array.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError("torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    m, n = A.shape[-2:]
    vector = B._array.ndim == A._array.ndim - 1
    right = B.unsqueeze(-1) if vector else B
    if right.shape[-2] != m:
        raise RuntimeError("torch.linalg.lstsq: input.size(-2) should match other.size(-2)")
    solution = pinv(A, rcond) @ right
    found = decomposed(A._array, vectors=False)
    rank = (found > _tolerance(A._array, None, rcond)(found)).sum(-1)
    residuals = right.real.flatten()[:0] + solution.real.flatten()[:0]  # empty, but a part of the graph
    singular_values = wrap(np.empty(0, found.dtype, like=found))
    if driver not in (None, "gelsy") and m > n and (driver == "gels" or (rank == n).all()):
        gap = A @ solution - right
        residuals = (gap * conj(gap)).real.sum(-2)
    if driver in ("gelsd", "gelss"):
        singular_values = wrap(found)
    ranks = wrap(np.empty(0, np.int64, like=found)) if driver == "gels" else wrap(as_array(rank))
    return return_types.linalg_lstsq((solution.squeeze(-1) if vector else solution, residuals, ranks, singular_values))
