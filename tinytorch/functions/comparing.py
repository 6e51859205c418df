"""Comparisons of whole tensors: equal, allclose, isclose."""

from __future__ import annotations

import numpy as np

from tinytorch.errors import broadcast_error
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


@public(out=False)
def equal(input: Tensor, other: Tensor) -> bool:
    """Do two tensors have the same shape and equal elements? nan equals nothing; dtypes may differ.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.equal.html

    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True
    """
    if not isinstance(other, Tensor):
        raise TypeError(f"equal(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    return bool(np.array_equal(input._array, other._array))


@public(out=False)
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """|input - other| <= atol + rtol |other|, elementwise with broadcasting; equal infinities are close.

    RuntimeError for different dtypes.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.isclose.html

    >>> torch.isclose(torch.tensor([1., 2.]), torch.tensor([1.000001, 2.1]))
    tensor([ True, False])
    """
    x, y = input._array, other._array
    if x.dtype != y.dtype:
        raise RuntimeError(f"{input.dtype.legacy} did not match {other.dtype.legacy}")
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if not tolerance >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {tolerance:g}")
    token = quiet()
    try:
        close = x == y
        if equal_nan:
            close = close | ((x != x) & (y != y))
        if x.dtype.kind not in "biu" or rtol or atol:
            if x.dtype.kind in "biu":
                x, y = x.astype(np.float64), y.astype(np.float64)
            distance = np.abs(x - y)
            close = close | (np.isfinite(distance) & (distance <= atol + np.abs(rtol * y)))
    except ValueError as error:
        raise broadcast_error((x, y)) or error from None
    finally:
        leave(token)
    return wrap(close)


@public(out=False)
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Are all elements close, as `isclose` has it?

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.allclose.html

    >>> torch.allclose(torch.tensor([1., 2.]), torch.tensor([1., 2.000001]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())
