"""Orthogonal polynomials of torch.special, each by its recurrence: Chebyshev's, Hermite's, Laguerre's, Legendre's.

With p = P_k(x) and q = P_(k-1)(x) a family is P_0 = 1, a P_1, and the next p. Without gradients, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.arguments import no_such_form
from tinytorch.autograd.rule import Elementwise
from tinytorch.device import near, on_gpu
from tinytorch.ops.special import floating_arrays, need_full_precision, special
from tinytorch.tensor import Tensor

# family -> (P_1 as a function of x, P_(k+1) as a function of x, k, p, q)
FAMILIES: dict[str, tuple[Callable, Callable]] = {
    "chebyshev_polynomial_t": (lambda x: x, lambda x, k, p, q: 2 * x * p - q),
    "chebyshev_polynomial_u": (lambda x: 2 * x, lambda x, k, p, q: 2 * x * p - q),
    "chebyshev_polynomial_v": (lambda x: 2 * x - 1, lambda x, k, p, q: 2 * x * p - q),
    "chebyshev_polynomial_w": (lambda x: 2 * x + 1, lambda x, k, p, q: 2 * x * p - q),
    "hermite_polynomial_h": (lambda x: 2 * x, lambda x, k, p, q: 2 * x * p - 2 * k * q),
    "hermite_polynomial_he": (lambda x: x, lambda x, k, p, q: x * p - k * q),
    "laguerre_polynomial_l": (lambda x: 1 - x, lambda x, k, p, q: ((2 * k + 1 - x) * p - k * q) / (k + 1)),
    "legendre_polynomial_p": (lambda x: x, lambda x, k, p, q: ((2 * k + 1) * x * p - k * q) / (k + 1)),
}


class OrthogonalPolynomial(Elementwise):
    """y = P_n(x); 0 for negative n. The shifted polynomials are those of 2 x - 1"""

    inputs = 2
    promote = floating_arrays
    differentiable = False

    @staticmethod
    def forward(ctx, x, n, *, family):
        need_full_precision(family, x)
        if family.startswith("shifted_"):
            family, x = family.removeprefix("shifted_"), 2 * x - 1
        first, following = FAMILIES[family]
        n = np.where(np.isfinite(n), n, -1).astype(np.int64)
        highest = int(n.max()) if n.size else 0  # the program waits for a GPU's
        like = x if on_gpu(x) else near(n)
        x, n = np.asarray(x, like=like), np.asarray(n, like=like)
        shape = np.broadcast_shapes(x.shape, n.shape)
        x, n = np.broadcast_to(x, shape), np.broadcast_to(n, shape)
        y = np.where(n == 0, x.dtype.type(1), x.dtype.type(0))
        q, p = np.ones_like(x), first(x)
        for k in range(1, highest + 1):
            y = np.where(n == k, p, y)
            q, p = p, following(x, k, p, q)
        return y


def _polynomial(family: str, x: Any, n: Any) -> Tensor:
    if not isinstance(x, Tensor) and not isinstance(n, Tensor):
        raise no_such_form(f"special_{family}", (x, n), {})
    return OrthogonalPolynomial.apply(x, n, family=family)


@special
def chebyshev_polynomial_t(input: Any, n: Any) -> Tensor:
    """T_n(input), Chebyshev's polynomial of the first kind: T_n(cos a) = cos(n a).

    >>> torch.special.chebyshev_polynomial_t(torch.tensor([0.5, 2.]), 2)
    tensor([-0.5000,  7.0000])
    """
    return _polynomial("chebyshev_polynomial_t", input, n)


@special
def chebyshev_polynomial_u(input: Any, n: Any) -> Tensor:
    """U_n(input), Chebyshev's polynomial of the second kind: U_n(cos a) sin a = sin((n + 1) a).

    >>> torch.special.chebyshev_polynomial_u(torch.tensor([0.5, 2.]), 2)
    tensor([ 0., 15.])
    """
    return _polynomial("chebyshev_polynomial_u", input, n)


@special
def chebyshev_polynomial_v(input: Any, n: Any) -> Tensor:
    """V_n(input), Chebyshev's polynomial of the third kind: V_n = U_n - U_(n-1).

    >>> torch.special.chebyshev_polynomial_v(torch.tensor([0.5, 2.]), 2)
    tensor([-1., 11.])
    """
    return _polynomial("chebyshev_polynomial_v", input, n)


@special
def chebyshev_polynomial_w(input: Any, n: Any) -> Tensor:
    """W_n(input), Chebyshev's polynomial of the fourth kind: W_n = U_n + U_(n-1).

    >>> torch.special.chebyshev_polynomial_w(torch.tensor([0.5, 2.]), 2)
    tensor([ 1., 19.])
    """
    return _polynomial("chebyshev_polynomial_w", input, n)


@special
def shifted_chebyshev_polynomial_t(input: Any, n: Any) -> Tensor:
    """T_n(2 input - 1).

    >>> torch.special.shifted_chebyshev_polynomial_t(torch.tensor([0.75, 1.5]), 2)
    tensor([-0.5000,  7.0000])
    """
    return _polynomial("shifted_chebyshev_polynomial_t", input, n)


@special
def shifted_chebyshev_polynomial_u(input: Any, n: Any) -> Tensor:
    """U_n(2 input - 1).

    >>> torch.special.shifted_chebyshev_polynomial_u(torch.tensor([0.75, 1.5]), 2)
    tensor([ 0., 15.])
    """
    return _polynomial("shifted_chebyshev_polynomial_u", input, n)


@special
def shifted_chebyshev_polynomial_v(input: Any, n: Any) -> Tensor:
    """V_n(2 input - 1).

    >>> torch.special.shifted_chebyshev_polynomial_v(torch.tensor([0.75, 1.5]), 2)
    tensor([-1., 11.])
    """
    return _polynomial("shifted_chebyshev_polynomial_v", input, n)


@special
def shifted_chebyshev_polynomial_w(input: Any, n: Any) -> Tensor:
    """W_n(2 input - 1).

    >>> torch.special.shifted_chebyshev_polynomial_w(torch.tensor([0.75, 1.5]), 2)
    tensor([ 1., 19.])
    """
    return _polynomial("shifted_chebyshev_polynomial_w", input, n)


@special
def hermite_polynomial_h(input: Any, n: Any) -> Tensor:
    """H_n(input), the physicists' polynomial of Hermite, orthogonal under e^(-x^2).

    >>> torch.special.hermite_polynomial_h(torch.tensor([0.5, 2.]), 2)
    tensor([-1., 14.])
    """
    return _polynomial("hermite_polynomial_h", input, n)


@special
def hermite_polynomial_he(input: Any, n: Any) -> Tensor:
    """He_n(input), the probabilists' polynomial of Hermite, orthogonal under e^(-x^2 / 2).

    >>> torch.special.hermite_polynomial_he(torch.tensor([0.5, 2.]), 2)
    tensor([-0.7500,  3.0000])
    """
    return _polynomial("hermite_polynomial_he", input, n)


@special
def laguerre_polynomial_l(input: Any, n: Any) -> Tensor:
    """L_n(input), the polynomial of Laguerre, orthogonal under e^-x from 0 on.

    >>> torch.special.laguerre_polynomial_l(torch.tensor([0.5, 2.]), 2)
    tensor([ 0.1250, -1.0000])
    """
    return _polynomial("laguerre_polynomial_l", input, n)


@special
def legendre_polynomial_p(input: Any, n: Any) -> Tensor:
    """P_n(input), the polynomial of Legendre, orthogonal on [-1, 1].

    >>> torch.special.legendre_polynomial_p(torch.tensor([0.5, 2.]), 2)
    tensor([-0.1250,  5.5000])
    """
    return _polynomial("legendre_polynomial_p", input, n)
