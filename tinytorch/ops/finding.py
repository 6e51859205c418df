"""Where the elements are that are not zero: nonzero, argwhere, nonzero_static; and places from their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch.arguments import as_flag
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import INTEGER
from tinytorch.kernels.arrays import full
from tinytorch.public import NAMES, public
from tinytorch.tensor import Tensor, wrap


class Nonzero(Rule):
    """y = the indices of all elements that are not 0, a row for each, in order"""

    differentiable = False

    @staticmethod
    def forward(ctx, x):
        if not x.ndim:
            return np.empty((int(x != 0), 0), np.int64, like=x)
        return np.stack(x.nonzero(), 1)


@public(
    name="nonzero",
    out="nonzero: Expected out tensor to have scalar type {wanted.legacy} but got scalar type{given.legacy}",
)
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of all elements that are not 0, a row for each; with as_tuple, a vector for each dimension.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nonzero.html

    >>> x = torch.tensor([[0., 3.], [4., 0.]])
    >>> torch.nonzero(x)
    tensor([[0, 1],
            [1, 0]])
    >>> torch.nonzero(x, as_tuple=True)
    (tensor([0, 1]), tensor([1, 0]))
    """
    if not as_flag("nonzero", "as_tuple", as_tuple):
        return Nonzero.apply(input)
    return tuple([wrap(places) for places in np.atleast_1d(input._array).nonzero()])


@public(out=False)
def argwhere(input: Tensor) -> Tensor:
    """The indices of all elements that are not 0, a row for each: `nonzero`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.argwhere.html

    >>> torch.argwhere(torch.tensor([0, 1, 1]))
    tensor([[1],
            [2]])
    """
    return Nonzero.apply(input)


@public()
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first `size` rows of `nonzero`; rows of `fill_value` where there are fewer.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nonzero_static.html

    >>> torch.nonzero_static(torch.tensor([0, 1, 1]), size=3)
    tensor([[ 1],
            [ 2],
            [-1]])
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = Nonzero.forward(None, input._array)[:size]
    rows = full((size, found.shape[1]), fill_value, np.int64, found)
    rows[: len(found)] = found
    return wrap(rows)


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The index in every dimension of a tensor of `shape` for elements counted through: element 5 of (2, 3) is (1, 2).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.unravel_index.html

    >>> torch.unravel_index(torch.tensor([5, 1]), (2, 3))
    (tensor([1, 0]), tensor([2, 1]))
    """
    if indices.dtype.category != INTEGER:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sides = [shape] if isinstance(shape, int) else list(shape) if isinstance(shape, Sequence) else None
    if sides is None:
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    for side in sides:
        if not isinstance(side, int):
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(side)}")
    if any(side < 0 for side in sides):
        raise ValueError(f"'shape' cannot have negative values, but got {tuple(sides)}")
    found = []
    rest = indices.long()
    for side in reversed(sides):
        found.append(rest % side if side else rest.clone())
        rest = rest.div(side, rounding_mode="floor") if side else rest
    return tuple(found[::-1])


NAMES["unravel_index"] = unravel_index
