"""A gradient gets the shape and the dtype of the tensor that it is the gradient of: broadcasting is undone here."""

from __future__ import annotations

from typing import Any

from tinytorch import kernels
from tinytorch.dtypes import COMPLEX, from_numpy
from tinytorch.promotion import convert
from tinytorch.tensor import Tensor, ndarray


def fit(grad: Any, shape: tuple, dtype: Any) -> Any:
    """`grad` summed to `shape` and converted to the array dtype `dtype`; ValueError if the shapes do not fit."""
    if grad.shape != shape:
        grad = unbroadcast(grad, shape)
    if type(grad) is not ndarray and isinstance(grad, Tensor):
        target = from_numpy(dtype)
        if grad.dtype is not target:
            grad = grad.real.to(target) if grad.dtype.category == COMPLEX > target.category else grad.to(target)
    elif grad.dtype != dtype:
        grad = convert(grad, from_numpy(dtype))
    return grad


def unbroadcast(grad: Any, shape: tuple) -> Any:
    """Sum `grad` over the dimensions along which a tensor of `shape` was repeated to get grad's shape."""
    given: tuple = tuple(grad.shape)
    extra = len(given) - len(shape)
    repeated = list(range(extra))
    fits = extra >= 0
    if fits:
        for dim in range(len(shape)):
            side, other = shape[dim], given[extra + dim]
            if side != other:
                fits = fits and side == 1
                repeated.append(extra + dim)
    if not fits:
        raise ValueError(f"got {list(given)} but expected shape compatible with {list(shape)}")
    if repeated:
        dims = tuple(repeated)
        grad = grad.sum(dims, True) if isinstance(grad, Tensor) else kernels.reduce.sum(grad, dims, True)
    return grad.reshape(shape) if extra else grad
