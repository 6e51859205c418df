"""Counting: histc, histogram, bincount. None of them has a gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import return_types
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import from_numpy
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


def bin_edges(low: Any, high: Any, bins: int, like: Any) -> Any:
    """bins + 1 edges at equal distances from low to high, counted from the nearer end, in the dtype of `like`."""
    kind = like.dtype
    low, high = kind.type(low), kind.type(high)
    step = (high - low) / kind.type(bins)
    up = np.arange(bins + 1, dtype=kind, like=like)
    return np.where(up < (bins + 1) // 2, low + step * up, high - step * up[::-1]).astype(kind)


def outer_edges(name: str, x: np.ndarray, given: tuple[float, float] | None, widen: float) -> tuple[float, float]:
    """The range of a histogram: the given one, or that of the data; `widen` more on both sides if it has no length."""
    low, high = given or ((float(x.min()), float(x.max())) if x.size else (0.0, 1.0))
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name} [{_number(low)}, {_number(high)}] is not finite")
    return (low - widen, high + widen) if low == high else (low, high)


def _number(value: float) -> str:
    return f"{value:g}"


class Histc(Rule):
    """How many x lie in each of `bins` intervals of equal length between low and high (the last one closed)"""

    differentiable = False

    @staticmethod
    def forward(ctx, x, bins, low, high):
        kind = x.dtype.type
        inside = x[(x >= kind(low)) & (x <= kind(high))].ravel()
        # The arithmetic of x's dtype decides about numbers on an edge.
        place = ((inside - kind(low)) * kind(bins) / (kind(high) - kind(low))).astype(np.int64)
        return np.bincount(np.minimum(place, bins - 1), minlength=bins).astype(x.dtype)


class Histogram(Rule):
    """The weight (1 each, or given) of the x in each interval between edges (the last one closed); or its density"""

    differentiable = False

    @staticmethod
    def forward(ctx, x, edges, weight, density):
        x = x.ravel()
        inside = (x >= edges[0]) & (x <= edges[-1])
        place = np.minimum(np.searchsorted(edges, x[inside], "right") - 1, len(edges) - 2)
        weights = None if weight is None else weight.ravel()[inside]
        hist = np.bincount(place, weights, minlength=len(edges) - 1).astype(x.dtype)
        return hist / (hist.sum() * np.diff(edges)) if density else hist


class Bincount(Rule):
    """y_i = how many x are i, or the sum of their weights"""

    inputs = 2
    name = "NotImplemented"

    @staticmethod
    def forward(ctx, weights, x, minlength):
        if weights is not None and weights.dtype != np.float32:
            weights = weights.astype(np.float64)
        y = np.bincount(x, weights, minlength)
        return y if weights is None else y.astype(weights.dtype)

    @staticmethod
    def backward(ctx, grad):
        raise RuntimeError("derivative for aten::bincount is not implemented")


@public(
    out="torch.histogram: input tensor and hist tensor should have the same dtype, but got input "
    "{wanted.c_name} and hist "
    "{given.c_name}"
)
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements lie in each of `bins` intervals of equal length from min to max; the others count nowhere.

    With min = max = 0 the range is that of the data.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.histc.html

    >>> torch.histc(torch.tensor([1., 2., 1.]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    _check_bins(bins)
    x = input._array
    if x.dtype.kind not in "fV":
        kernel = "linspace_cpu" if x.dtype.kind == "b" else "histogram_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{input.dtype.legacy}'")
    if max < min:
        raise RuntimeError("torch.histc: max must be larger than min")
    low, high = outer_edges("torch.histc: range of", x, None if min == max else (min, max), 1)
    return Histc.apply(input, bins, low, high)


@public(
    out="torch.histogram: input tensor and hist tensor should have the same dtype, but got input {wanted.c_name} and "
    "hist {given.c_name}"
)
def histogram(
    input: Tensor,
    bins: int | Tensor,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> return_types.histogram:
    """(hist, bin_edges): how many elements lie between each two edges. `bins` is their number, or the edges themselves.

    With `weight` the weights of the elements are added; with `density` the area under the histogram is 1.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.histogram.html

    >>> torch.histogram(torch.tensor([1., 2., 1.]), bins=3, range=(0., 3.)).hist
    tensor([0., 2., 1.])
    """
    x = input._array
    if isinstance(bins, Tensor):
        edges = bins._array
        _check_edges(x, edges)
    else:
        _check_bins(bins)
        edges = None
    if weight is not None and weight.dtype is not input.dtype:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should "
            "have the same dtype, "
            f"but got input({input.dtype.c_name}), and weight({weight.dtype.c_name})"
        )
    if weight is not None and weight._array.shape != x.shape:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
            "input tensor excluding "
            f"its innermost dimension, but got input with shape [{x.size}, 1] and weight with shape "
            f"{list(weight._array.shape)}"
        )
    if x.dtype.char not in "fd":
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{input.dtype.legacy}'")
    if edges is None:
        if range and range[0] > range[1]:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {_number(range[0])} max "
                f"{_number(range[1])} "
                "for dimension 0"
            )
        low, high = outer_edges("torch.histogramdd: dimension 0's range", x, range, 0.5)
        edges = bin_edges(low, high, bins, x)  # type: ignore[arg-type]
    hist = Histogram.apply(input, edges, None if weight is None else weight._array, density)
    return return_types.histogram((hist, wrap(edges.copy())))


def _check_bins(bins: int) -> None:
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")


def _check_edges(x: np.ndarray, edges: np.ndarray) -> None:
    if edges.dtype != x.dtype:
        a, b = from_numpy(x.dtype).c_name, from_numpy(edges.dtype).c_name
        raise RuntimeError(
            "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
            f"{a} and bins for dimension 0 with dtype {b}"
        )
    if edges.ndim != 1:
        raise RuntimeError(
            f"torch.histogramdd: bins tensor should have one dimension, but got {edges.ndim} "
            "dimensions in the bins tensor "
            "for dimension 0"
        )
    if edges.size < 1:
        raise RuntimeError(
            "torch.histogramdd: bins tensor should have at least 1 element, but got 0 elements in the bins tensor for "
            "dimension 0"
        )
    _check_bins(edges.size - 1)


@public(out=False)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of the numbers 0, 1, ... occurs among 1-D integers; with weights, the sum of their weights.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.bincount.html

    >>> torch.bincount(torch.tensor([0, 2, 2]), minlength=4)
    tensor([1, 0, 2, 0])
    """
    x = input._array
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.dtype.kind not in "iu":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{input.dtype.legacy}'")
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is not None and weights._array.shape != x.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    return Bincount.apply(weights, input, minlength)
