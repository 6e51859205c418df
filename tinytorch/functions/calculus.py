"""Differences and integrals of sampled functions: diff, trapezoid, cumulative_trapezoid."""

from __future__ import annotations

from typing import Any

from tinytorch.errors import wrap_dim
from tinytorch.ops.joining import cat
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor


def _parts(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """(all but the first, all but the last) along `dim`."""
    length = max(x.shape[dim] - 1, 0)
    return x.narrow(dim, x.shape[dim] - length, length), x.narrow(dim, 0, length)


@public()
@numpy_names
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """The differences of neighbours along a dimension, taken n times; of bools, whether they differ.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.diff.html

    >>> torch.diff(torch.tensor([1, 3, 2]))
    tensor([ 2, -1])
    """
    ndim = input._array.ndim
    if ndim < 1:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    dim = wrap_dim(dim, ndim)
    for extra in (prepend, append):
        if extra is not None:
            _check_extra(input, extra, dim)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    pieces = [piece for piece in (prepend, input, append) if piece is not None]
    x = cat(pieces, dim) if len(pieces) > 1 else input
    if n == 0:
        return x.clone()
    for _ in range(min(n, x.shape[dim])):
        later, earlier = _parts(x, dim)
        x = later.logical_xor(earlier) if input._array.dtype.kind == "b" else later - earlier
    return x


def _check_extra(input: Tensor, extra: Tensor, dim: int) -> None:
    if extra._array.ndim != input._array.ndim:
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for i, (side, given) in enumerate(zip(input._array.shape, extra._array.shape)):
        if i != dim and side != given:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input except along the "
                f"differencing dimension; input.size({i}) = {side}, but got tensor.size({i}) = {given}"
            )


def _areas(name: str, y: Tensor, x: Tensor | None, dx: Any, dim: int) -> Tensor:
    """Twice the areas of the trapezoids between neighbouring samples."""
    if y._array.dtype.kind == "b":
        raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")
    if not y._array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = wrap_dim(dim, y._array.ndim)
    right, left = _parts(y, dim)
    if x is None:
        return (right + left) * dx
    if x._array.dtype.kind == "b":
        raise RuntimeError(f"{name}: received a bool input for `x`, but bool is not supported")
    if x._array.ndim == 1:
        if x.shape[0] != y.shape[dim]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = x.reshape([-1 if d == dim else 1 for d in range(y._array.ndim)])
    elif x._array.ndim < y._array.ndim:
        x = x.reshape([1] * (y._array.ndim - x._array.ndim) + list(x.shape))
    x_right, x_left = _parts(x, dim)
    return (x_right - x_left) * (right + left)


def _check_one(name: str, x: Any, dx: Any) -> None:
    if x is not None and dx is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments: x and dx exclude each other")


@public(method=False, out=False)
@numpy_names
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of samples y along a dimension by the trapezoidal rule, at places x or at the distance dx (1).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.trapezoid.html

    >>> torch.trapezoid(torch.tensor([1., 5., 10.]), torch.tensor([0., 1., 3.]))
    tensor(18.)
    """
    _check_one("trapezoid", x, dx)
    if y._array.ndim and y._array.dtype.kind != "b" and y.shape[dim] == 0:
        return y.sum(dim)  # an integral over nothing
    return _areas("trapezoid", y, x, 1 if dx is None else dx, dim).sum(dim) / 2


@public(method=False, out=False)
@numpy_names
def trapz(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """`trapezoid` under its older name.

    >>> torch.trapz(torch.tensor([1., 5., 10.]))
    tensor(10.5000)
    """
    return trapezoid(y, x, dx=dx, dim=dim)


@public(method=False, out=False)
@numpy_names
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral from the first sample to each later one, by the trapezoidal rule: as `trapezoid`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cumulative_trapezoid.html

    >>> torch.cumulative_trapezoid(torch.tensor([1., 5., 10.]))
    tensor([ 3.0000, 10.5000])
    """
    _check_one("cumulative_trapezoid", x, dx)
    return _areas("cumulative_trapezoid", y, x, 1 if dx is None else dx, dim).cumsum(dim) / 2
