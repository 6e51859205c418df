"""A Python function for every element, in place: apply_, map_, map2_. Slow, and outside of autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.autograd import views
from tinytorch.ops.expansion import expand_to
from tinytorch.ops.gathering import need_tensor
from tinytorch.public import public
from tinytorch.tensor import Tensor


def _fill_from(self: Tensor, name: str, function: Callable, others: tuple[Tensor, ...]) -> Tensor:
    """Write function(element of self, elements of the others) into every element of self."""
    for tensor in (self, *others):
        if tensor.requires_grad:
            raise RuntimeError(
                f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead."
            )
    if not callable(function):
        raise TypeError(f"'{type(function).__name__}' object is not callable")
    views.check_writable(self, False)
    x = self._array
    operands = [x, *[expand_to(other, x.shape)._array for other in others]]
    for place in np.ndindex(x.shape):
        value = function(*[operand[place].item() for operand in operands])
        if isinstance(value, str):
            raise TypeError("must be real number, not str")
        x[place] = value
    self._bump()
    return self


def _need_same(name: str, shown: str, self: Tensor, other: Any) -> None:
    if other.dtype is not self.dtype:
        kinds = f"torch.{self.dtype.legacy}Tensor", f"torch.{other.dtype.legacy}Tensor"
        raise TypeError(f"{name}: expected {kinds[0]} for {shown} (got {kinds[1]})")


@public(function=False, out=False)
def apply_(self: Tensor, callable: Callable) -> Tensor:
    """x = callable(x) for every element x, in place: slow, for what no operation of tensors does.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.apply_.html

    >>> torch.tensor([1., 2.]).apply_(lambda x: x * 10)
    tensor([10., 20.])
    """
    return _fill_from(self, "apply_", callable, ())


@public(function=False, out=False)
def map_(self: Tensor, other: Tensor, callable: Callable) -> Tensor:
    """x = callable(x, y) for every element x and the y of `other`, which broadcasts, in place.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.map_.html

    >>> torch.tensor([1., 2.]).map_(torch.tensor(3.), lambda x, y: x + y)
    tensor([4., 5.])
    """
    need_tensor("map_", "other", 1, other)
    _need_same("map_", "'other'", self, other)
    return _fill_from(self, "map_", callable, (other,))


@public(function=False, out=False)
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable) -> Tensor:
    """self = callable(self, x, y) for every element and those of x and y, which broadcast, in place.

    >>> torch.tensor([1., 2.]).map2_(torch.tensor(3.), torch.tensor(1.), lambda a, x, y: a * x + y)
    tensor([4., 7.])
    """
    for position, (name, other) in enumerate((("x", x), ("y", y)), 1):
        need_tensor("map2_", name, position, other)
        _need_same("map2_", f"argument '{name}'", self, other)
    return _fill_from(self, "map2_", callable, (x, y))
