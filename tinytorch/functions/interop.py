"""A tensor as Python and NumPy see it: numbers, lists, arrays, text."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.dtypes import get_default_dtype
from tinytorch.printing import format_tensor, tensor_repr
from tinytorch.public import public
from tinytorch.tensor import Tensor


@public(function=False, out=False)
def item(self: Tensor) -> Any:
    """The only element as a Python number."""
    if self._array.size != 1:
        raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
    return self._array.item()


@public(function=False, out=False)
def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers."""
    return self._array.tolist()


@public(function=False, out=False)
def numpy(self: Tensor, *, force: bool = False) -> np.ndarray:
    """The elements as a NumPy array that shares the tensor's memory."""
    if self.requires_grad and not force:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    return self._array


def _repr(self: Tensor) -> str:
    node = self.grad_fn
    return tensor_repr(
        self._array,
        dtype_name=self.dtype.name,
        default_dtype=get_default_dtype().name,
        requires_grad=self._requires_grad,
        grad_fn_name=None if node is None else type(node).__name__,
    )


Tensor.__repr__ = _repr  # type: ignore[method-assign]
Tensor.__format__ = lambda self, spec: format_tensor(self, spec, Tensor)  # type: ignore[method-assign]
Tensor.__bool__ = lambda self: bool(item(self))
Tensor.__float__ = lambda self: float(item(self))
Tensor.__int__ = lambda self: int(item(self))
Tensor.__index__ = lambda self: self._array.__index__()
Tensor.__array__ = lambda self, dtype=None, copy=None: np.array(numpy(self), dtype, copy=copy)
