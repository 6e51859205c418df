"""Quantiles: quantile, nanquantile."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.device import known, near
from tinytorch.dtypes import float32, float64
from tinytorch.errors import wrap_dim
from tinytorch.ops.selection import Pick
from tinytorch.ops.sorting import Sort
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor, wrap

_HOW = ("linear", "lower", "higher", "midpoint", "nearest")
_OUT_DTYPE = "{name}() out tensor must be same dtype as the input tensor"


@public(out=_OUT_DTYPE)
@numpy_names
def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The element that a share q of all elements, or of those along `dim`, lies below; q is a number or a 1-D tensor.

    Between two elements the result is interpolated: "linear", or the "lower", "higher" or "nearest" one, or the
    "midpoint". A nan makes its row nan. The quantiles of a 1-D q lie along a new first dimension.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.quantile.html

    >>> torch.quantile(torch.tensor([1., 2., 4.]), torch.tensor([0.5, 0.75]))
    tensor([2., 3.])
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@public(out=_OUT_DTYPE, out_name="quantile")
@numpy_names
def nanquantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """`quantile` of the elements that are not nan; nan where all are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nanquantile.html

    >>> torch.nanquantile(torch.tensor([1., float("nan"), 4.]), 0.5)
    tensor(2.5000)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


def _quantile(
    name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, ignore_nan: bool
) -> Tensor:
    q = _check(input, q, interpolation)
    ndim = input._array.ndim
    if dim is None:
        kept = [1] * ndim
        rows = input.reshape(-1)
    else:
        dim = wrap_dim(dim, ndim)
        kept = [1 if d == dim else side for d, side in enumerate(input._array.shape)]
        rows = input.movedim(dim, -1) if ndim else input.reshape(-1)
    in_order = Sort.apply(rows, rows._array.ndim - 1, False)[0]
    result = _at(in_order, q.reshape(-1), interpolation, ignore_nan)  # (*rows, len(q))
    result = result.movedim(-1, 0)
    many = q._array.ndim > 0
    shape = kept if keepdim else [] if dim is None else kept[:dim] + kept[dim + 1 :]
    return result.reshape([len(q)] + shape if many else shape)


def _at(in_order: Tensor, q: Tensor, interpolation: str, ignore_nan: bool) -> Tensor:
    """The quantiles of every row (last dimension) of elements in order, nan at the end."""
    x = in_order._array
    last = x.shape[-1] - 1
    nan = np.isnan(x)
    if ignore_nan:
        rank = q * wrap(np.maximum(last - nan.sum(-1, keepdims=True), 0).astype(x.dtype))
    else:
        rank = q * last
        if known(x) and not nan.any():
            rank = rank.expand(*x.shape[:-1], len(q))
        else:
            rank = rank.where(wrap(~nan.any(-1, keepdims=True)), last)
    place = rank._array
    if interpolation in ("lower", "higher", "nearest"):
        rounded = np.floor(place) if interpolation == "lower" else np.ceil(place)
        if interpolation == "nearest":
            rounded = np.round(place)
        return Pick.apply(in_order, rounded.astype(np.int64), x.ndim - 1)
    below = np.floor(place).astype(np.int64)
    above = np.ceil(place).astype(np.int64)
    lower, upper = (Pick.apply(in_order, each, x.ndim - 1) for each in (below, above))
    weight = rank - wrap(below.astype(x.dtype)) if interpolation == "linear" else wrap(np.full_like(place, 0.5))
    return lower.lerp(upper, weight)


def _check(input: Tensor, q: Any, interpolation: str) -> Tensor:
    """q as a tensor; the errors of arguments that do not fit."""
    name = "quantile()"  # nanquantile's messages have it too
    if isinstance(q, (int, float, np.floating)):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name} q must be in the range [0, 1] but got {q:g}")
        q = wrap(np.asarray(q, input._array.dtype, like=near(input._array)))
    elif not isinstance(q, Tensor):
        raise TypeError(f"quantile() received an invalid combination of arguments: q is a {type(q).__name__}")
    if not input._array.size:
        raise RuntimeError(f"{name} input tensor must be non-empty")
    if input.dtype is not float32 and input.dtype is not float64:
        raise RuntimeError(f"{name} input tensor must be either float or double dtype")
    if q._array.ndim > 1:
        raise RuntimeError(f"{name} q must be a scalar or 1D tensor")
    if q.dtype is not input.dtype:
        raise RuntimeError(f"{name} q tensor must be same dtype as the input tensor")
    if known(q._array) and not ((q._array >= 0) & (q._array <= 1)).all():
        raise RuntimeError(f"{name} q values must be in the range [0, 1]")
    if interpolation not in _HOW:
        raise RuntimeError(
            f"{name} interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    return q
