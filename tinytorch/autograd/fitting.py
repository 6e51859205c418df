"""A gradient gets the shape and the dtype of the tensor that it is the gradient of: broadcasting is undone here."""

from __future__ import annotations

from typing import Any

from tinytorch import kernels
from tinytorch.dtypes import COMPLEX, from_numpy
from tinytorch.promotion import convert
from tinytorch.tensor import Tensor


def fit(grad: Any, shape: tuple, dtype: Any) -> Any:
    """`grad` summed to `shape` and converted to the array dtype `dtype`; ValueError if the shapes do not fit."""
    if grad.shape != shape:
        grad = unbroadcast(grad, shape)
    if isinstance(grad, Tensor):
        target = from_numpy(dtype)
        if grad.dtype is not target:
            grad = grad.real.to(target) if grad.dtype.category == COMPLEX > target.category else grad.to(target)
    elif grad.dtype != dtype:
        grad = convert(grad, from_numpy(dtype))
    return grad


def unbroadcast(grad: Any, shape: tuple) -> Any:
    """Sum `grad` over the dimensions along which a tensor of `shape` was repeated to get grad's shape."""
    given = tuple(grad.shape)
    extra = len(given) - len(shape)
    if extra < 0 or any(side not in (1, other) for side, other in zip(shape, given[extra:])):
        raise ValueError(f"got {list(given)} but expected shape compatible with {list(shape)}")
    repeated = (*range(extra), *[extra + dim for dim, side in enumerate(shape) if side == 1 != given[extra + dim]])
    if repeated:
        grad = grad.sum(repeated, True) if isinstance(grad, Tensor) else kernels.reduce.sum(grad, repeated, True)
    return grad.reshape(shape)
