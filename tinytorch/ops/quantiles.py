"""Elements by their rank: median, nanmedian, mode, kthvalue. nan counts as larger than every number.

Where several equal elements have the rank, the place is that which a stable sort would put there.
"""

from __future__ import annotations

import numpy as np

from tinytorch import return_types
from tinytorch.autograd.rule import Rule
from tinytorch.device import as_array, known, near
from tinytorch.dtypes import from_numpy
from tinytorch.errors import wrap_dim
from tinytorch.kernels.arrays import full, scan
from tinytorch.ops.dims import check_not_empty
from tinytorch.ops.extrema import Share
from tinytorch.ops.selection import SelectingOne, pick
from tinytorch.ops.sorting import order
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor


def at_rank(x: np.ndarray, rank: np.ndarray, dim: int) -> np.ndarray:
    """The places of the elements that `rank` (of length 1 along `dim`) others come before."""
    return pick(order(x, dim), rank, dim)


def ranks(x: np.ndarray, rank: int, dim: int) -> np.ndarray:
    """The same rank for every row of x along `dim`."""
    return full(tuple([1 if d == dim else side for d, side in enumerate(x.shape)]), rank, np.int64, x)


class MedianDim(SelectingOne):
    """values, indices = the lower middle of x along dim, or a nan if there is one;    dx = dvalues at its place"""

    name = "MedianBackward1"

    @classmethod
    def choose(cls, x, dim):
        places = at_rank(x, ranks(x, (x.shape[dim] - 1) // 2, dim), dim)
        nan = x != x
        return np.where(nan.any(dim, keepdims=True), nan.argmax(dim, keepdims=True), places)


class NanmedianDim(SelectingOne):
    """values, indices = the lower middle of the x along dim that are not nan;    dx = dvalues at its place"""

    name = "NanmedianBackward1"

    @classmethod
    def choose(cls, x, dim):
        numbers = (x == x).sum(dim, keepdims=True)
        return at_rank(x, np.maximum(numbers - 1, 0) // 2, dim)


class Median(Rule):
    """y = the lower middle of all x, or nan if there is one;    dy/dx = 1/k for each of the k elements equal to it"""

    @classmethod
    def forward(cls, ctx, x):
        flat = x.reshape(-1)
        if flat.dtype.kind not in "iuf":
            flat = flat.astype(np.float32)  # bfloat16
        y = cls.middle(flat).astype(x.dtype)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def middle(flat: np.ndarray) -> np.ndarray:
        place = (flat.size - 1) // 2
        if flat.dtype.kind != "f":
            return as_array(np.partition(flat, place)[place])
        if not flat.size or (known(flat) and np.isnan(flat).any()):
            return full((), np.nan, flat.dtype, flat)
        if known(flat):
            return as_array(np.partition(flat, place)[place])
        in_order = np.sort(flat)
        return np.where(np.isnan(in_order[-1]), in_order[-1], in_order[place])  # nan comes last

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * Share.apply(x, y, None, True)


class Nanmedian(Median):
    """y = the lower middle of all x that are not nan;    dy/dx = 1/k for each of the k elements equal to it"""

    @staticmethod
    def middle(flat):
        if known(flat) or not flat.size:
            numbers = flat[flat == flat]
            return Median.middle(numbers if numbers.size else flat)
        rank = np.maximum((flat == flat).sum() - 1, 0) // 2
        return np.sort(flat)[rank]  # nan comes last


class Mode(SelectingOne):
    """values, indices = the most frequent x along dim (the smallest of them), its last place;    dx = dvalues there"""

    @classmethod
    def choose(cls, x, dim):
        places = order(x, dim)
        in_order = np.moveaxis(pick(x, places, dim), dim, -1)
        starts = full(in_order.shape, True, np.bool_, x)  # of runs of equal elements
        starts[..., 1:] = in_order[..., 1:] != in_order[..., :-1]
        position = np.arange(in_order.shape[-1], like=near(x))
        length_so_far = position - scan(np.maximum, np.where(starts, position, 0), in_order.ndim - 1)
        best = length_so_far.argmax(-1, keepdims=True)  # where the longest run ends
        return pick(places, np.moveaxis(best, -1, dim), dim)


class Kthvalue(SelectingOne):
    """values, indices = the k-th smallest x along dim;    dx = dvalues at its place"""

    @classmethod
    def choose(cls, x, dim, k):
        return at_rank(x, ranks(x, k - 1, dim), dim)


def _check(name: str, kernel: str, input: Tensor, dim: int | None, refused: str = "bc") -> int:
    """`dim` counted from the front; the errors of empty tensors and of dtypes that are not ordered, or not enough."""
    x = input._array
    if dim is not None:
        dim = wrap_dim(dim, x.ndim)
        if not x.size:
            check_not_empty(name, x.shape, (dim,))
    if x.dtype.kind in refused:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{from_numpy(x.dtype).legacy}'")
    return dim or 0


@public(out="same")
@numpy_names
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | return_types.median:
    """The middle element of all, or along `dim` with its place; of two in the middle the lower one.

    A nan makes the median nan. Equal elements share the gradient of the median of all.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.median.html

    >>> torch.median(torch.tensor([4., 1., 3., 2.]))
    tensor(2.)
    """
    if dim is None:
        _check("median", "median_cpu", input, None)
        return Median.apply(input)
    dim = _check("median", "median_out", input, dim)
    return return_types.median(MedianDim.apply(input, dim, keepdim))


@public(out="same")
@numpy_names
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | return_types.nanmedian:
    """The median of the elements that are not nan; nan where all are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nanmedian.html

    >>> torch.nanmedian(torch.tensor([1., float("nan"), 3.]))
    tensor(1.)
    """
    if dim is None:
        _check("nanmedian", "median_cpu", input, None)
        return Nanmedian.apply(input)
    dim = _check("median", "median_out", input, dim)
    return return_types.nanmedian(NanmedianDim.apply(input, dim, keepdim))


@public(out="expected scalar type '{wanted.legacy}' but got '{given.legacy}' for values output")
@numpy_names
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> return_types.mode:
    """The most frequent element along a dimension (of several the smallest), with the last of its places.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.mode.html

    >>> torch.mode(torch.tensor([3, 1, 2, 1, 3]))
    torch.return_types.mode(
    values=tensor(1),
    indices=tensor(3))
    """
    return return_types.mode(Mode.apply(input, _check("mode", "mode_cpu", input, dim, "c"), keepdim))


@public(out="output values must be of same type as input")
@numpy_names
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> return_types.kthvalue:
    """The k-th smallest element along a dimension, counted from 1, with its place.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.kthvalue.html

    >>> torch.kthvalue(torch.tensor([4., 1., 3.]), 2).values
    tensor(3.)
    """
    x = input._array
    dim = wrap_dim(dim, x.ndim)
    length = x.shape[dim] if x.ndim else 1
    if length == 0:
        check_not_empty("kthvalue", x.shape, (dim,))
    if not 1 <= k <= length:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    return return_types.kthvalue(Kthvalue.apply(input, _check("kthvalue", "kthvalue_cpu", input, dim), keepdim, k))
