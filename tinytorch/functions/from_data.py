"""Tensors made from data: nested lists, NumPy arrays, buffers (tensor, as_tensor, from_numpy, ...)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.creation import leaf
from tinytorch.dtypes import get_default_dtype
from tinytorch.public import public
from tinytorch.tensor import Tensor


@public(method=False, out=False)
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A leaf tensor with a copy of `data`."""
    if isinstance(data, Tensor):
        array = data._array.copy()
    elif isinstance(data, (np.ndarray, np.generic)):
        array = np.array(data)
    else:
        array = np.array(data) if not _has_tensor(data) else np.array([d.item() if isinstance(d, Tensor) else d for d in data])
        if array.dtype == np.float64 or array.size == 0:
            array = array.astype(get_default_dtype().numpy)
        elif array.dtype == np.complex128:
            array = array.astype(dtypes.default_complex().numpy)
    if dtype is not None:
        array = array.astype(dtypes.as_dtype(dtype).numpy)
    return leaf(array, requires_grad)


def _has_tensor(data: Any) -> bool:
    return isinstance(data, (list, tuple)) and any(isinstance(d, Tensor) for d in data)


@public(method=False, out=False)
def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    dtypes.from_numpy(ndarray.dtype)
    return leaf(ndarray)


@public(method=False, out=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where possible."""
    if isinstance(data, Tensor):
        return data if dtype is None or dtype is data.dtype else data.to(dtype)
    if isinstance(data, np.ndarray):
        shared = from_numpy(data)
        return shared if dtype is None or dtype is shared.dtype else shared.to(dtype)
    return tensor(data, dtype=dtype)
