"""Sorting: sort, argsort, msort, topk.

Sorting is always stable: equal elements keep their order. nan counts as larger than every number.
"""

from __future__ import annotations

import numpy as np

from tinytorch import return_types
from tinytorch.device import known
from tinytorch.errors import wrap_dim
from tinytorch.ops.selection import Selecting, pick
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor

FULL_SORT = 64  # up to this length topk sorts everything
MANY = 4096  # numbers from which on keys pay


def order(x: np.ndarray, dim: int, descending: bool = False) -> np.ndarray:
    """The places of x along `dim`, from the smallest element to the largest or the other way; equal ones in order."""
    if x.dtype.kind not in "biuf":
        x = x.astype(np.float32)  # bfloat16
    if x.size >= MANY and known(x) and x.itemsize <= 4 and x.dtype != np.uint32:
        return _order_by_keys(x, dim, descending)
    if not descending:
        return x.argsort(dim, kind="stable")
    # Sorted backwards and read backwards: equal elements are exchanged twice.
    backwards = (slice(None),) * dim + (slice(None, None, -1),)
    return x.shape[dim] - 1 - x[backwards].argsort(dim, kind="stable")[backwards]


def _order_by_keys(x: np.ndarray, dim: int, descending: bool) -> np.ndarray:
    """`order` for numbers of at most 32 bits: sorts integers with the number in the upper half, its place in the lower.

    No two of them are equal, so that NumPy's quickest sort, in vectors, may be used: a fifth of the stable one's time.
    """
    if x.dtype.kind == "f":
        x = x.astype(np.float32) + np.float32(0)  # -0.0 becomes 0.0
        bits = x.view(np.int32)
        x = np.where(np.isnan(x), 0x7FFFFFFF, bits ^ (bits >> 31 & 0x7FFFFFFF))  # integers in the order of the numbers
    keys = (~x if descending else x).astype(np.int64)
    keys <<= 32
    keys |= np.arange(x.shape[dim]).reshape(-1, *[1] * (x.ndim - dim - 1))
    keys.sort(dim)
    keys &= 0xFFFFFFFF
    return keys


class Sort(Selecting):
    """values, indices = x in order along dim, and where each came from;    dx = dvalues put back there"""

    choose = staticmethod(order)


class Topk(Selecting):
    """values, indices = the k largest (or smallest) x along dim, in order;    dx = dvalues put back there"""

    @classmethod
    def choose(cls, x, dim, k, largest):
        n = x.shape[dim]
        first = (slice(None),) * dim + (slice(0, k),)
        if n <= FULL_SORT or 4 * k > n:
            return order(x, dim, largest)[first].copy()
        if x.dtype.kind not in "biuf":
            x = x.astype(np.float32)
        if largest:
            chosen = np.argpartition(x, n - k, dim)[(slice(None),) * dim + (slice(n - k, None),)]
        else:
            chosen = np.argpartition(x, k, dim)[first]
        chosen = np.sort(chosen, dim)  # equal elements in order
        return pick(chosen, order(pick(x, chosen, dim), dim, largest), dim)


def _check(name: str, input: Tensor, dim: int) -> int:
    if input._array.dtype.kind == "c":
        raise RuntimeError(f" {name} does not support complex dtypes on CPU")
    return wrap_dim(dim, input._array.ndim)


@public(out="same")
@numpy_names
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> return_types.sort:
    """The elements in order along a dimension, with the places they came from. Equal elements keep their order.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sort.html

    >>> torch.sort(torch.tensor([3, 1, 2]), descending=True)
    torch.return_types.sort(
    values=tensor([3, 2, 1]),
    indices=tensor([0, 2, 1]))
    """
    return return_types.sort(Sort.apply(input, _check("Sort", input, dim), descending))


@public(out="same")
@numpy_names
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The places of the elements in order along a dimension: `sort(...).indices`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.argsort.html

    >>> torch.argsort(torch.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
    return Sort.apply(input.detach(), _check("Sort", input, dim), descending)[1]


@public(out="same", out_name="sort")
def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.msort.html

    >>> torch.msort(torch.tensor([[3, 1], [2, 5]]))
    tensor([[2, 1],
            [3, 5]])
    """
    return Sort.apply(input, _check("Sort", input, 0), False)[0]


@public(out="same")
@numpy_names
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> return_types.topk:
    """The k largest elements (or smallest, with largest=False) along a dimension, in order, with their places.

    They are in order also with sorted=False, which merely does not ask for it.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.topk.html

    >>> torch.topk(torch.tensor([1., 4., 2., 3.]), 2)
    torch.return_types.topk(
    values=tensor([4., 3.]),
    indices=tensor([1, 3]))
    """
    dim = _check("topk", input, dim)
    x = input._array
    if not 0 <= k <= (x.shape[dim] if x.ndim else 1):
        raise RuntimeError("selected index k out of range")
    if x.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    return return_types.topk(Topk.apply(input, dim, k, largest))
