"""Tensors as sets and as sorted lists: unique, unique_consecutive, isin, searchsorted, bucketize."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.autograd.rule import Rule
from tinytorch.device import as_array, near
from tinytorch.dtypes import from_numpy
from tinytorch.errors import wrap_dim
from tinytorch.kernels.arrays import full
from tinytorch.promotion import common
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap

# ---- unique ----------------------------------------------------------------------------------------------------------


class Unique(Rule):
    """(the different elements of x in order, the place of every element among them, how often each occurs)"""

    name = "Unique2Backward0"
    refusal = "the derivative for '_unique2' is not implemented."

    @staticmethod
    def forward(ctx, x, dim=None):
        values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, equal_nan=False)
        return values, inverse.reshape(x.shape), counts

    @classmethod
    def backward(cls, ctx, *grads):
        raise NotImplementedError(cls.refusal)


class UniqueDim(Unique):
    """The same for the slices of x along dim, which are put in lexicographic order"""

    name = "UniqueDimBackward0"
    refusal = "the derivative for 'unique_dim' is not implemented."

    @staticmethod
    def forward(ctx, x, dim=None):
        rows = np.moveaxis(x, dim, 0)
        flat = rows.reshape(len(rows), math.prod(rows.shape[1:]))
        order = np.lexsort(flat.T[::-1]) if flat.size else np.arange(len(rows), like=rows)
        starts = _starts(flat[order])
        inverse = np.empty(len(rows), np.int64, like=rows)
        inverse[order] = np.cumsum(starts) - 1
        return np.moveaxis(rows[order[starts]], 0, dim), inverse, np.bincount(inverse)


class UniqueConsecutive(Unique):
    """(x without repetitions of the element before, for every element its place there, how often each is repeated)"""

    name = "UniqueConsecutiveBackward0"
    refusal = "the derivative for 'unique_consecutive' is not implemented."

    @staticmethod
    def forward(ctx, x, dim=None):
        rows = x.reshape(-1) if dim is None else np.moveaxis(x, dim, 0)
        starts = _starts(rows.reshape(len(rows), math.prod(rows.shape[1:])))
        inverse = np.cumsum(starts) - 1
        values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, dim)
        return values, inverse.reshape(x.shape) if dim is None else inverse, np.bincount(inverse)


def _starts(rows: np.ndarray) -> np.ndarray:
    """Which rows differ from the one before? The first does; a nan differs from everything."""
    starts = full((len(rows),), True, np.bool_, rows)
    starts[1:] = (rows[1:] != rows[:-1]).any(1)
    return starts


def _chosen(results: tuple, return_inverse: bool, return_counts: bool) -> Any:
    values, inverse, counts = results
    if not return_inverse and not return_counts:
        return values
    return (values, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))


@public(out=False)
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements in order, or the different slices along `dim`; on request places and counts too.

    Each nan is different. They are in order also with sorted=False, which merely does not ask for it.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.unique.html

    >>> torch.unique(torch.tensor([3, 1, 3]), return_inverse=True, return_counts=True)
    (tensor([1, 3]), tensor([1, 0, 1]), tensor([1, 2]))
    """
    if input._array.dtype.kind == "c":
        raise NotImplementedError(f"\"unique\" not implemented for '{input.dtype.legacy}'")
    if dim is None:
        return _chosen(Unique.apply(input), return_inverse, return_counts)
    return _chosen(UniqueDim.apply(input, _slices(input, dim)), return_inverse, return_counts)


@public(out=False)
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements, or the slices along `dim`, less those that equal the one before; nothing is sorted.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.unique_consecutive.html

    >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    if dim is not None:
        dim = _slices(input, dim)
    return _chosen(UniqueConsecutive.apply(input, dim), return_inverse, return_counts)


def _slices(input: Tensor, dim: int) -> int:
    shape = input._array.shape
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = wrap_dim(dim, len(shape))
    if 0 in shape[:dim] + shape[dim + 1 :]:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    return dim


# ---- membership ------------------------------------------------------------------------------------------------------


class Isin(Rule):
    """y = is x among the test elements? (is it not, with invert);    nan is nowhere"""

    inputs = 2
    promote = common
    differentiable = False

    @staticmethod
    def forward(ctx, x, test, invert):
        there = near(test if isinstance(x, np.generic) else x)  # one of the two may be a number
        return np.isin(np.asarray(x, like=there), np.asarray(test, like=there), invert=invert)


@public(method=False, out="same")
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """For every element, whether it is among `test_elements`; whether it is not, with `invert`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.isin.html

    >>> torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 3, 5]))
    tensor([False,  True,  True])
    """
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin() received an invalid combination of arguments: one of the two must be a Tensor")
    for each in (elements, test_elements):
        if isinstance(each, Tensor) and each._array.dtype.kind in "bc":
            raise RuntimeError(f"Unsupported input type encountered for isin(): {each.dtype.legacy}")
    return Isin.apply(elements, test_elements, invert=invert)


# ---- places in a sorted list -----------------------------------------------------------------------------------------


class Searchsorted(Rule):
    """y = how many boundaries are below x (side left), or not above it (side right), row by row"""

    inputs = 2
    differentiable = False

    @staticmethod
    def forward(ctx, boundaries, x, side, out_int32, sorter=None):
        if boundaries.dtype is not x.dtype:
            kind = dtypes.promote_types(from_numpy(boundaries.dtype), from_numpy(x.dtype)).numpy
            boundaries, x = boundaries.astype(kind), x.astype(kind)
        if sorter is not None:
            boundaries = np.take_along_axis(boundaries, sorter, -1)
        if boundaries.dtype.kind not in "biuf":
            boundaries, x = boundaries.astype(np.float32), x.astype(np.float32)  # bfloat16
        if boundaries.ndim == 1:
            places = np.searchsorted(boundaries, x, side)
        else:
            places = np.empty(x.shape, np.int64, like=x)
            for row in np.ndindex(x.shape[:-1]):
                places[row] = np.searchsorted(boundaries[row], x[row], side)
        return as_array(places).astype(np.int32 if out_int32 else np.int64, copy=False)


@public(method=False, out=False)
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Where each element of `input` would go into `sorted_sequence` (row by row) to keep it sorted.

    That is before equal elements, or behind them with right=True or side="right". `sorter` has the places that put an
    unsorted sequence in order.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.searchsorted.html

    >>> torch.searchsorted(torch.tensor([1., 3., 5.]), torch.tensor([3., 4.]))
    tensor([1, 2])
    """
    sequence = sorted_sequence._array
    values = input if isinstance(input, Tensor) else wrap(np.asarray(input, sequence.dtype, like=sequence))
    _check_search(sequence, values._array, right, side)
    if sorter is not None:
        _check_sorter(sequence, sorter._array)
    if out is not None and out.dtype is not (dtypes.int32 if out_int32 else dtypes.int64):
        raise RuntimeError(
            "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or "
            "Long(int64) depending on "
            f"whether out_int32 flag is True, but we got output tensor's dtype {out.dtype.legacy} and "
            "out_int32 flag is "
            f"{out_int32}"
        )
    side = "right" if right or side == "right" else "left"
    found = Searchsorted.apply(sorted_sequence, values, side, out_int32, None if sorter is None else sorter._array)
    if out is None:
        return found
    from tinytorch.public import fill_out

    fill_out(out, found)
    return out


def _check_search(sequence: np.ndarray, values: np.ndarray, right: bool, side: str | None) -> None:
    name = "torch.searchsorted()"
    if side not in (None, "left", "right"):
        raise RuntimeError(f"{name}: side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(f"{name}: side and right can't be set to opposites, got side of left while right was True")
    if sequence.ndim == 0:
        raise RuntimeError(f"{name}: boundaries tensor should have positive dimension, but got 0 dimension")
    if values.ndim == 0 and sequence.ndim != 1:
        raise RuntimeError(
            f"{name}: input value can be a scalar only when boundaries tensor dimension is 1, but we "
            "got boundaries tensor "
            f"dim({sequence.ndim}) and input value's dim(0) numel(1)"
        )
    if sequence.ndim != 1 and sequence.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            f"{name}: boundaries tensor should be 1 dimension or the first N-1 dimensions of "
            "boundaries tensor and input "
            f"value tensor must match, but we got boundaries tensor {list(sequence.shape)} and input value tensor "
            f"{list(values.shape)}"
        )


def _check_sorter(sequence: np.ndarray, sorter: np.ndarray) -> None:
    name = "torch.searchsorted()"
    if sorter.shape != sequence.shape:
        raise RuntimeError(
            f"{name}: boundary and sorter must have the same size, but got boundary tensor "
            f"{list(sequence.shape)}and got "
            f"sorter tensor {list(sorter.shape)}"
        )
    if sorter.dtype != np.int64:
        legacy = from_numpy(sorter.dtype).legacy
        raise RuntimeError(f"{name}: sorter must be a tensor of long dtype but got dtype {legacy}")
    if sorter.size and (sorter.min() < 0 or sorter.max() >= sequence.shape[-1]):
        raise RuntimeError(f"{name}: sorter index out of range")


@public(method=False, out=False)
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """For each element of `input` the number of the interval between sorted `boundaries` (1-D) that it falls into.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.bucketize.html

    >>> torch.bucketize(torch.tensor([0.5, 3., 9.]), torch.tensor([1., 3., 5.]))
    tensor([0, 1, 3])
    """
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)
