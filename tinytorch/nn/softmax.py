"""softmax, log_softmax, softmin as nn.functional has them: without `dim`, as in PyTorch 0.3, they warn."""

from __future__ import annotations

from tinytorch.dtypes import dtype
from tinytorch.errors import warn
from tinytorch.tensor import Tensor


def implicit_dim(name: str, ndim: int) -> int:
    """The dimension that softmax took when PyTorch 0.3 was not told one, with PyTorch's warning."""
    warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtype | None = None) -> Tensor:
    """e^x_i / sum_j e^x_j along dim: positive numbers that add up to 1.

    >>> torch.nn.functional.softmax(torch.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    return input.softmax(implicit_dim("softmax", input.ndim) if dim is None else dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtype | None = None) -> Tensor:
    """ln softmax(x) along dim, in a form in which nothing overflows."""
    return input.log_softmax(implicit_dim("log_softmax", input.ndim) if dim is None else dim, dtype=dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtype | None = None) -> Tensor:
    """softmax(-x) along dim."""
    return (-input).softmax(implicit_dim("softmin", input.ndim) if dim is None else dim, dtype=dtype)
