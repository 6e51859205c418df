"""Which dtype comes out: result_type, promote_types, can_cast. The rules themselves are in dtypes.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import arguments, dtypes
from tinytorch.dtypes import dtype as Dtype
from tinytorch.public import public
from tinytorch.tensor import Tensor


@public(method=False, out=False)
def result_type(tensor: Any, other: Any) -> Dtype:
    """The dtype of an operation's result, such as a sum's, for two tensors or numbers.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.result_type.html

    >>> torch.result_type(torch.tensor([1, 2], dtype=torch.int32), 1.0)
    torch.float32
    """
    operands = [value._array if isinstance(value, Tensor) else value for value in (tensor, other)]
    if not all(isinstance(value, (np.ndarray, np.number, bool, int, float, complex)) for value in operands):
        raise arguments.no_such_form("result_type", (tensor, other), {}, ("(Tensor tensor, Tensor other)",))
    return dtypes.result_dtype(operands)


@public(method=False, out=False)
def promote_types(type1: Dtype, type2: Dtype) -> Dtype:
    """The smallest dtype that can hold both.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.promote_types.html

    >>> torch.promote_types(torch.int32, torch.float32), torch.promote_types(torch.uint8, torch.long)
    (torch.float32, torch.int64)
    """
    _check("promote_types", type1=type1, type2=type2)
    return dtypes.promote_types(type1, type2)


@public(method=False, out=False)
def can_cast(from_: Dtype, to: Dtype) -> bool:
    """May a result of dtype `from_` be written into a tensor of dtype `to`? Not into a lower category.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.can_cast.html

    >>> torch.can_cast(torch.double, torch.float), torch.can_cast(torch.float, torch.int)
    (True, False)
    """
    _check("can_cast", from_=from_, to=to)
    return dtypes.can_cast(from_, to)


def _check(name: str, **kinds: Any) -> None:
    for position, (argument, kind) in enumerate(kinds.items(), start=1):
        if not isinstance(kind, Dtype):
            raise arguments.wrong_type(name, argument, position, "torch.dtype", kind)
