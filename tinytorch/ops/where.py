"""where: elements of one tensor or another, by a condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import no_such_form
from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import uint8
from tinytorch.errors import warn
from tinytorch.ops.elementwise import Keep
from tinytorch.promotion import to_common
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Where(Elementwise):
    """z = x where the condition holds, else y,    dx = dz where it holds, else 0,    dy = dz where not, else 0"""

    silent = True
    inputs = 3

    @staticmethod
    def promote(arrays):
        pair = arrays[1:3]
        x, y = pair
        if type(x) is not np.ndarray or type(y) is not np.ndarray or x.dtype is not y.dtype:
            to_common(pair)
            arrays[1:3] = pair

    @staticmethod
    def forward(ctx, condition, x, y):
        ctx.save_for_backward(condition)
        return kernels.where.where(condition, x, y)

    @staticmethod
    def backward(ctx, grad):
        (condition,) = ctx.saved_tensors
        _, need_x, need_y = ctx.needs_input_grad
        dx = Keep.apply(grad, condition) if need_x else None
        if need_y and not isinstance(grad, Tensor):  # the next line, without turning the condition round
            return None, dx, kernels.where.where(condition, 0, grad)
        return None, dx, Keep.apply(grad, ~condition) if need_y else None


_FORMS = (
    "(Tensor condition)", "(Tensor condition, Tensor input, Tensor other, *, Tensor out = None)",
    "(Tensor condition, Number self, Tensor other)", "(Tensor condition, Tensor input, Number other)",
    "(Tensor condition, Number self, Number other)",
)  # fmt: skip
_OPERANDS = (Tensor, bool, int, float, complex, np.number, np.bool_)


@public(method=False, out="Expected out type to be {wanted.legacy} but got {given.legacy}")
def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """input where condition holds, else other; with the condition alone, the places where it holds.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.where.html

    >>> x = torch.tensor([-1., 2.])
    >>> torch.where(x > 0, x, 0.)
    tensor([0., 2.])
    >>> torch.where(x > 0)
    (tensor([1]),)
    """
    if isinstance(condition, Tensor) and isinstance(input, _OPERANDS) and isinstance(other, _OPERANDS):
        if condition._array.dtype.kind != "b":
            condition = _as_mask(condition)
        return Where.apply(condition, input, other)
    if isinstance(condition, Tensor) and input is None and other is None:
        return condition.nonzero(as_tuple=True)
    raise no_such_form("where", tuple(each for each in (condition, input, other) if each is not None), {}, _FORMS)


def _as_mask(condition: Tensor) -> Tensor:
    if condition.dtype is not uint8:
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.legacy}"
        )
    warn(
        "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version "
        "of PyTorch. Use a boolean condition instead."
    )
    return condition != 0


def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """self where condition holds, else other: see `torch.where`."""
    return where(condition, self, other)


Tensor.where = _where_method  # type: ignore[attr-defined]
