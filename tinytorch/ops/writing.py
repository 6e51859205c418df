"""What operations share that change some places of a tensor: scatter, index_add, masked_fill, put and others."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state, usage
from tinytorch.autograd.places import together
from tinytorch.autograd.rule import Rule
from tinytorch.device import is_array
from tinytorch.kernels.quiet import leave, quiet, silenced
from tinytorch.tensor import Tensor


def is_expanded(array: np.ndarray) -> bool:
    """Do elements of the array lie at one place, as `expand` makes them?"""
    return not array.flags.c_contiguous and any(
        stride == 0 and side > 1 for stride, side in zip(array.strides, array.shape)
    )


def fresh(x: Any) -> np.ndarray:
    """A copy of `x` to be written into, row by row; x may be one of NumPy's scalars."""
    return kernels.layout.copy(x) if type(x) is np.ndarray or is_array(x) else np.array(x)


@silenced
def round_into(y: np.ndarray, total: np.ndarray) -> None:
    """Write into y what was computed in a wider dtype; what is too large becomes inf, without a warning."""
    y[...] = total


class Writing(Rule):
    """y = x but for some places, which `put` writes"""

    @staticmethod
    def put(y: np.ndarray, *how: Any) -> None:
        """Write into the array y; `how` is what forward takes after x."""
        raise NotImplementedError

    @classmethod
    def written(cls, x: np.ndarray, *how: Any) -> np.ndarray:
        """A copy of x that `put` has written into."""
        y = fresh(x)
        cls.put(y, *how)
        return y


def write_in_place(rule: type[Writing], self: Tensor, *args: Any) -> Tensor:
    """self = rule(self, *args) in place; only the places that change are touched where nothing is recorded."""
    if usage.accelerated:
        args = together((self, *args))[1:]
    arrays = []
    recorded = self.requires_grad
    for arg in args:
        if isinstance(arg, Tensor):
            recorded = recorded or arg.requires_grad
            arg = arg._array
            views.check_overlap(self._array, arg, same=False)
        arrays.append(arg)
    if recorded and state.recording:
        return views.write(self, rule.apply, *args)
    views.check_writable(self, False)
    token = quiet()
    try:
        rule.put(self._array, *arrays)
    finally:
        leave(token)
    self._bump()
    return self
