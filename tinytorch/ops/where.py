"""where: elements of one tensor or another, by a condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import BOOL, uint8
from tinytorch.promotion import common
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Where(Elementwise):
    """z = x where the condition holds, else y,    dx = dz where it holds, else 0,    dy = dz where it does not, else 0"""

    inputs = 3

    @staticmethod
    def promote(arrays):
        pair = arrays[1:3]
        common(pair)
        arrays[1:3] = pair

    @staticmethod
    def forward(ctx, condition, x, y):
        ctx.save_for_backward(condition)
        return np.where(condition, x, y)

    @staticmethod
    def backward(ctx, grad):
        (condition,) = ctx.saved_tensors
        _, need_x, need_y = ctx.needs_input_grad
        dx = Where.apply(condition, grad, grad * 0) if need_x else None
        return None, dx, Where.apply(condition, grad * 0, grad) if need_y else None


@public(method=False)
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """input where condition holds, else other; with the condition alone, the places where it holds.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.where.html

    >>> x = torch.tensor([-1., 2.])
    >>> torch.where(x > 0, x, 0.)
    tensor([0., 2.])
    """
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition.dtype.category != BOOL and condition.dtype is not uint8:
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.legacy}")
    return Where.apply(condition, input, other)


def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """self where condition holds, else other."""
    return where(condition, self, other)


Tensor.where = _where_method  # type: ignore[attr-defined]
