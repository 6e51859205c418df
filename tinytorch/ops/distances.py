"""Distances between vectors: dist, pairwise_distance, those of all pairs (cdist, pdist); the angle between vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.arguments import wrong_type
from tinytorch.autograd.rule import Elementwise, Rule
from tinytorch.device import known
from tinytorch.dtypes import FLOAT, promote_types
from tinytorch.errors import broadcast_error
from tinytorch.kernels.arrays import narrow
from tinytorch.ops.dims import reduced_dims
from tinytorch.ops.elementwise import Keep, zeros_like
from tinytorch.ops.expansion import broadcast_tensors
from tinytorch.ops.magnitude import Abs, Sgn
from tinytorch.ops.norms import NormDim, norm_gradient, norm_of, norm_order, vector_norm
from tinytorch.ops.selection import Pick, Place
from tinytorch.promotion import floating
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap

FEW = 25  # up to so many rows cdist subtracts them, which is exact; with more of them it multiplies, which is quick


class Dist(Elementwise):
    """y = the p-norm of x - z,    dx = its gradient = -dz"""

    inputs = None
    promote = floating

    @staticmethod
    def forward(ctx, x, z, p):
        difference = x - z
        y = narrow(norm_of(difference, p, None, False), difference.real)
        ctx.p = p
        ctx.save_for_backward(x, z, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, z, y = ctx.saved_tensors
        dx = norm_gradient(grad, x - z, y, ctx.p, None)
        return dx, None if dx is None else -dx


class Cdist(Rule):
    """y_ij = the p-norm of x_i - z_j for the rows of x (..., P, M) and z (..., R, M);    (..., P, R)

    dx_i = sum over j of the norm's gradient;    for p = 2  dx = (sum_j w_ij) x - w z with w = dy / y, 0 where y is 0
    """

    inputs = 2

    @staticmethod
    def forward(ctx, x, z, p, multiply):
        y = _euclidean(x, z) if multiply else _lengths(_differences(x, z), p)
        ctx.p, ctx.multiply = p, multiply
        ctx.save_for_backward(x, z, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, z, y = ctx.saved_tensors
        if ctx.multiply:
            w = Keep.apply(grad / y, y != 0)
            dx = x * w.sum(axis=-1, keepdims=True) - w @ z
            dz = z * w.mT.sum(axis=-1, keepdims=True) - w.mT @ x
            return dx, dz
        differences = _differences(x, z)
        each = _gradient(grad, differences, y, ctx.p)
        return each.sum(axis=-2), -each.sum(axis=-3)


def _differences(x: Any, z: Any) -> Any:
    """x_i - z_j for all rows:    (..., P, M) and (..., R, M) -> (..., P, R, M)"""
    *first, p, m = x.shape
    *second, r, _ = z.shape
    return x.reshape((*first, p, 1, m)) - z.reshape((*second, 1, r, m))


def _lengths(differences: np.ndarray, p: float) -> np.ndarray:
    """The p-norms along the last dimension; without coordinates everything is in one place."""
    if not differences.shape[-1]:
        return np.zeros(differences.shape[:-1], differences.dtype, like=differences)
    return norm_of(differences, p, (differences.ndim - 1,), False)


def _gradient(grad: Any, differences: Any, lengths: Any, p: float) -> Any:
    """The gradient of `_lengths`; for p = inf each of several largest coordinates gets all of it."""
    if p == math.inf:
        winners = Abs.apply(differences) == lengths.reshape((*lengths.shape, 1))
        return Keep.apply(Sgn.apply(differences) * grad.reshape((*grad.shape, 1)), winners)
    each = norm_gradient(grad, differences, lengths, p, (len(differences.shape) - 1,))
    return zeros_like(differences) if each is None else each


def _euclidean(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """sqrt(|x_i|^2 + |z_j|^2 - 2 x_i z_j): one matrix product instead of all differences, but it cancels."""
    squares = (x * x).sum(-1, keepdims=True) + (z * z).sum(-1, keepdims=True).mT - 2 * (x @ z.mT)
    return np.sqrt(np.maximum(squares, 0))


class Pdist(Rule):
    """y = the p-norms of x_i - x_j for all i < j, row by row of that triangle;    (N, M) -> (N (N - 1) / 2,)"""

    @staticmethod
    def forward(ctx, x, p):
        pairs = (np.asarray(each, like=x) for each in np.triu_indices(len(x), 1))
        first, second = (each[:, None].repeat(x.shape[1], 1) for each in pairs)
        y = _lengths(np.take_along_axis(x, first, 0) - np.take_along_axis(x, second, 0), p)
        ctx.p = p
        ctx.save_for_backward(x, y, first, second)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y, first, second = ctx.saved_tensors
        each = _gradient(grad, Pick.apply(x, first, 0) - Pick.apply(x, second, 0), y, ctx.p)
        return Place.apply(each, first, 0, x.shape) - Place.apply(each, second, 0, x.shape)


# ---- functions -------------------------------------------------------------------------------------------------------


@public(out=False)
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.dist.html

    >>> torch.dist(torch.tensor([3., 0.]), torch.tensor([0., 4.]))
    tensor(5.)
    """
    if not isinstance(other, Tensor):
        raise wrong_type("dist", "other", 2, "Tensor", other)
    if input.dtype.category < FLOAT and other.dtype.category < FLOAT:
        raise RuntimeError(
            f"norm(): input dtype should be either floating point or complex. Got {input.dtype.legacy} instead."
        )
    return Dist.apply(input, other, p=norm_order(p))


@public(method=False, out=False)
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension; eps keeps the gradient finite where they are equal.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.pairwise_distance.html

    >>> torch.pairwise_distance(torch.tensor([[3., 0.]]), torch.tensor([[0., 4.]]))
    tensor([5.])
    """
    if not isinstance(x2, Tensor):
        raise wrong_type("pairwise_distance", "x2", 2, "Tensor", x2)
    difference = x1 - x2 + eps
    return NormDim.apply(difference, norm_order(p), reduced_dims(-1, difference._array.ndim), keepdim)


@public(method=False, out=False)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between x1 and x2 along `dim`: sum(x1 x2) / (|x1| |x2|), with norms of at least eps.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.cosine_similarity.html

    >>> torch.cosine_similarity(torch.tensor([[1., 0.]]), torch.tensor([[1., 1.]]))
    tensor([0.7071])
    """
    if not isinstance(x2, Tensor):
        raise wrong_type("cosine_similarity", "x2", 2, "Tensor", x2)
    common = promote_types(x1.dtype, x2.dtype)
    if common.category != FLOAT:
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {common.legacy}")
    x1, x2 = (x if x.dtype.category == FLOAT else x.to(common) for x in (x1, x2))
    x1, x2 = broadcast_tensors(x1, x2)
    return ((x1 / _at_least(x1, dim, eps)) * (x2 / _at_least(x2, dim, eps))).sum(dim)


def _at_least(x: Tensor, dim: int, eps: float) -> Tensor:
    """The norm of x along dim, raised to eps; its gradient is that of the norm even where it was raised."""
    norm = vector_norm(x, 2.0, dim, True)
    low = norm._array < eps
    if known(low) and not low.any():
        return norm
    return norm + wrap(np.where(low, eps - norm._array, 0).astype(norm._array.dtype))


@public(method=False, out=False)
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norms of the differences of all rows of x1 (..., P, M) and x2 (..., R, M);    (..., P, R)

    For p=2 and more than 25 rows it is computed by a matrix product (compute_mode: always, with
    "use_mm_for_euclid_dist", or never, with "donot_use_mm_for_euclid_dist").
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cdist.html

    >>> torch.cdist(torch.tensor([[0., 0.], [3., 4.]]), torch.tensor([[0., 0.]]))
    tensor([[0.],
            [5.]])
    """
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    if not isinstance(p, (int, float)):
        raise wrong_type("cdist", "p", 3, "float", p)
    for name, x in (("X1", x1), ("X2", x2)):
        if x.dtype.category != FLOAT:
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {x.dtype.legacy}")
    for name, x in (("X1", x1), ("X2", x2)):
        if x._array.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x._array.ndim}D")
    (*first, rows, columns), (*second, others, width) = x1._array.shape, x2._array.shape
    if columns != width:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {columns} X2: {width}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if x1.dtype is not x2.dtype:
        raise RuntimeError(f"expected scalar type {x1.dtype.legacy} but found {x2.dtype.legacy}")
    if x1.dtype.itemsize == 2:
        raise NotImplementedError(f"\"cdist\" not implemented for '{x1.dtype.legacy}'")
    problem = broadcast_error((np.empty(first), np.empty(second)))
    if problem is not None:
        raise problem
    many = _MODES[compute_mode]
    multiply = p == 2 and columns > 0 and (many or (many is None and (rows > FEW or others > FEW)))
    return Cdist.apply(x1, x2, float(p), multiply)


_MODES = {
    "use_mm_for_euclid_dist_if_necessary": None,
    "use_mm_for_euclid_dist": True,
    "donot_use_mm_for_euclid_dist": False,
}


@public(method=False, out=False)
def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The p-norms of the differences of all pairs of rows of input (N, M), a list of N (N - 1) / 2 numbers.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.pdist.html

    >>> torch.pdist(torch.tensor([[0., 0.], [3., 4.], [0., 8.]]))
    tensor([5., 8., 5.])
    """
    if input._array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input._array.ndim}D")
    if input.dtype.category != FLOAT:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    if input.dtype.itemsize == 2:
        raise NotImplementedError(f"\"pdist\" not implemented for '{input.dtype.legacy}'")
    return Pdist.apply(input, float(p))
