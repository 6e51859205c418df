"""What reductions share: their `dim` and `keepdim` arguments, and the way back from a reduced shape to the full one."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.dtypes import FLOAT
from tinytorch.errors import wrap_dim
from tinytorch.kernels.quiet import silenced
from tinytorch.promotion import convert
from tinytorch.tensor import Tensor


def reduced_dims(dim: Any, ndim: int) -> tuple[int, ...] | None:
    """`dim` (None, one or several, also negative) as a tuple counted from the front; None for all dimensions.

    An empty tuple means all dimensions, as it does in PyTorch. A 0-dim tensor has dimensions 0 and -1 for this purpose.
    """
    if dim is None:
        return None
    if type(dim) is int and -ndim <= dim < ndim:
        return (dim if dim >= 0 else dim + ndim,)
    if isinstance(dim, (int, np.integer)):
        dim = wrap_dim(int(dim), ndim)
        return (dim,) if ndim else None
    if not isinstance(dim, (tuple, list)):
        raise TypeError(f"argument 'dim' must be tuple of ints, not {type(dim).__name__}")
    dims = tuple([wrap_dim(d, ndim) for d in dim])
    if len(set(dims)) != len(dims):
        repeated = next(d for d in dims if dims.count(d) > 1)
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    return dims if dims and ndim else None


def check_flag(function: str, name: str, value: Any, position: int = 2) -> None:
    """TypeError unless `value` is a bool: `x.sum(0, 1)` is a slip for `x.sum((0, 1))`."""
    if not isinstance(value, (bool, np.bool_)):
        given = type(value).__name__
        hint = "\n\nSeveral dimensions are given as a tuple: dim=(0, 1)." if isinstance(value, int) else ""
        raise TypeError(f"{function}(): argument '{name}' (position {position}) must be bool, not {given}{hint}")


def keep_dims(grad: Any, shape: tuple[int, ...], dims: tuple[int, ...] | None) -> Any:
    """`grad` of a reduction of a tensor of `shape` over `dims`, with the reduced dimensions back as 1."""
    if len(grad.shape) == len(shape):
        return grad
    return grad.reshape(tuple([1 if dims is None or d in dims else side for d, side in enumerate(shape)]))


def count(shape: tuple[int, ...], dims: tuple[int, ...] | None) -> int:
    """How many elements of a tensor of `shape` a reduction over `dims` joins into one."""
    joined = 1
    for d in range(len(shape)) if dims is None else dims:
        joined *= shape[d]
    return joined


def check_not_empty(name: str, shape: tuple[int, ...], dims: tuple[int, ...] | None, what: str | None = None) -> None:
    """The errors of reductions that nothing can be the result of when there is no element: max, median, ..."""
    if dims is None:
        if 0 in shape:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
                "with the 'dim' argument."
            )
        return
    for d in dims:
        if shape and shape[d] == 0:
            raise IndexError(f"{what or name + '()'}: Expected reduction dim {d} to have non-zero size.")


def check_dtype(function: str, array: np.ndarray, dtype: dtypes.dtype | None) -> None:
    """RuntimeError unless `dtype`, or without one the array's own dtype, has fractions: what mean is computed in."""
    if dtype is None and array.dtype.char in "fd":
        return
    source, found = ("Input", dtypes.from_numpy(array.dtype)) if dtype is None else ("Optional", dtype)
    if found.category < FLOAT:
        raise RuntimeError(
            f"{function}(): could not infer output dtype. {source} dtype must be either a floating point or complex "
            f"dtype. Got: {found.legacy}\n\nConvert the tensor first, x.float().{function}(), or name a floating point "
            f"dtype: x.{function}(dtype=torch.float32)."
        )


def in_dtype(x: np.ndarray, dtype: dtypes.dtype | None) -> np.ndarray:
    """The array x with elements of `dtype`; as it is without one."""
    return x if dtype is None or x.dtype is dtype.numpy else _convert(x, dtype)


_convert = silenced(convert)


def has_zero(x: Any) -> bool:
    """Is an element of the array or Tensor x zero?"""
    return not (x._array if isinstance(x, Tensor) else x).all()


def over_nonzero(y: Any, divisor: Any) -> Any:
    """1 / divisor, and 0 where y is 0: the derivative that is chosen where a root has none."""
    return (y != 0) / (divisor + (y == 0))
