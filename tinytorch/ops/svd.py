"""The singular value decomposition, the base of matrix norms, ranks and pseudo-inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.autograd.rule import Rule
from tinytorch.device import strict
from tinytorch.kernels.arrays import eye
from tinytorch.ops.elementwise import conj
from tinytorch.tensor import Tensor

DID_NOT_CONVERGE = "linalg.svd: The algorithm failed to converge because the input matrix contained non-finite values."


class Svd(Rule):
    """A = U S V^H with k = min(m, n) singular values in S, largest first;    (m, n) -> (m, k), (k,), (k, n)

    dA = U (diag(dS) + (skew(U^H dU) / E) S + S (skew(V^H dV) / E)) V^H + parts outside of the spaces of U and V,
    with skew(X) = X - X^H and E_ij = S_j^2 - S_i^2, so singular values have to differ where dU or dV is asked for.

    Townsend, "Differentiating the singular value decomposition" (2016); for complex numbers Wan and Zhang (2019),
    https://arxiv.org/abs/1909.02659
    """

    name = "LinalgSvdBackward0"

    @staticmethod
    def forward(ctx, a):
        u, s, vh = decomposed(a)
        ctx.shape = a.shape
        ctx.save_for_backward(u, s, vh)
        return u, s, vh

    @staticmethod
    def backward(ctx, grad_u, grad_s, grad_vh):
        u, s, vh = ctx.saved_tensors
        uh, v = adjoint(u), adjoint(vh)
        row = s.reshape(*s.shape[:-1], 1, s.shape[-1])
        one: Any = eye(
            s.shape[-1],
            s.shape[-1],
            0,
            np.float64 if s.dtype.itemsize == 8 else np.float32,
            s._array if isinstance(s, Tensor) else s,
        )
        if grad_u is None and grad_vh is None:
            return (u * grad_s.reshape(row.shape)) @ vh
        inner = 0 if grad_s is None else grad_s.reshape(row.shape) * one
        gaps = row * row - (row * row).mT + one
        m, n = ctx.shape[-2:]
        outside: Any = 0
        if grad_u is not None:
            turned = uh @ grad_u
            inner = (turned - adjoint(turned)) / gaps * row + inner
            if is_complex(u):
                # Only the phase that a column of U has in common with that of V is free; U's share of it goes in here.
                inner = inner + (turned - adjoint(turned)) * one / (row + row)
            if m > n:
                scaled = (grad_u / row) @ vh
                outside = scaled - u @ (uh @ scaled)
        if grad_vh is not None:
            grad_v = adjoint(grad_vh)
            turned = vh @ grad_v
            inner = row.mT * ((turned - adjoint(turned)) / gaps) + inner
            if n > m:
                scaled = (u / row) @ grad_vh
                outside = scaled - (scaled @ v) @ vh
        return u @ inner @ vh + outside


def is_complex(x: Any) -> bool:
    """Has the array or Tensor x complex elements?"""
    return (x._array if isinstance(x, Tensor) else x).dtype.kind == "c"


def adjoint(x: Any) -> Any:
    """The conjugate transpose of the matrices in an array or Tensor."""
    return conj(x).mT


def decomposed(a: Any, vectors: bool = True) -> Any:
    """(U, S, V^H), or S alone, of the matrices in `a`; PyTorch's error for numbers that are not finite."""
    try:
        if math.prod(a.shape[-2:]):
            with strict(a):
                return np.linalg.svd(a, full_matrices=False) if vectors else np.linalg.svd(a, compute_uv=False)
    except np.linalg.LinAlgError:
        raise RuntimeError(DID_NOT_CONVERGE) from None
    *batch, m, n = a.shape
    s = np.zeros((*batch, 0), a.real.dtype, like=a)
    if not vectors:
        return s
    return np.zeros((*batch, m, 0), a.dtype, like=a), s, np.zeros((*batch, 0, n), a.dtype, like=a)
