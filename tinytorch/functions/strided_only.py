"""What PyTorch asks sparse, named or distributed tensors, answered for those that are not: all tensors here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch.functions.conversion import convert
from tinytorch.public import NAMES, public
from tinytorch.tensor import Tensor


@public(function=False, out=False)
def dense_dim(self: Tensor) -> int:
    """The number of dimensions that are stored completely: all of them.

    >>> torch.zeros(2, 3).dense_dim(), torch.zeros(2, 3).sparse_dim()
    (2, 0)
    """
    return self._array.ndim


@public(function=False, out=False)
def sparse_dim(self: Tensor) -> int:
    """The number of dimensions of which only the elements that are not 0 are stored: none."""
    return 0


@public(function=False, out=False)
def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
    """This tensor, converted if a dtype is given."""
    return self if dtype is None else convert(self, dtype)


@public(out=False)
def is_distributed(input: Tensor) -> bool:
    """Does the tensor lie on several machines? No."""
    return False


def _refused(name: str, layout: str) -> None:
    """A method that only sparse tensors have."""

    def method(self: Tensor) -> Any:
        raise RuntimeError(f"{name} expected {layout} layout but got Strided")

    method.__name__ = method.__qualname__ = name
    method.__doc__ = "RuntimeError, PyTorch's: the tensor is not sparse."
    public(function=False, out=False)(method)


_refused("values", "sparse tensor")
for _name in ("indices", "is_coalesced", "coalesce"):
    _refused(_name, "sparse coordinate tensor")

Tensor.name = property(lambda self: None)  # type: ignore[attr-defined]

# ---- sizes that are only known when a program is compiled: here every size is a number ------------------------------


def sym_int(a: Any) -> int:
    """int(a)

    >>> torch.sym_int(2.7), torch.sym_not(True), torch.sym_max(1, 2.5)
    (2, False, 2.5)
    """
    return int(a)


def sym_float(a: Any) -> float:
    """float(a)"""
    return float(a)


def sym_not(a: Any) -> bool:
    """not a"""
    return not a


def _in_one_type(choose: Callable) -> Callable:
    """min or max of two numbers, as a float if one of them is."""

    def choice(a: Any, b: Any) -> Any:
        chosen = choose(a, b)
        return float(chosen) if isinstance(a, float) or isinstance(b, float) else chosen

    choice.__name__ = choice.__qualname__ = f"sym_{choose.__name__}"
    choice.__doc__ = f"The {choose.__name__}imum of two numbers."
    return choice


sym_max, sym_min = _in_one_type(max), _in_one_type(min)

for _function in (sym_int, sym_float, sym_not, sym_max, sym_min):
    NAMES[_function.__name__] = _function
