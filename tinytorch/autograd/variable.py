"""Variable: the wrapper of PyTorch 0.3, today another name for Tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.autograd.rule import check_can_require_grad
from tinytorch.dtypes import get_default_dtype
from tinytorch.errors import warn
from tinytorch.tensor import Tensor, wrap


class _VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """Variable(data, requires_grad=False, volatile=False): a tensor that shares data's memory.

    Since PyTorch 0.4 every tensor can do what a Variable could. `volatile=True` warns and has no effect: use
    `torch.no_grad()`.

    Source: https://docs.pytorch.org/docs/2.13/autograd.html#variable-deprecated

    >>> from tinytorch.autograd import Variable
    >>> x = Variable(torch.ones(2), requires_grad=True)
    >>> isinstance(x, Variable), x
    (True, tensor([1., 1.], requires_grad=True))
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool = False) -> Any:
        if volatile:
            warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.")
        if data is None:
            data = wrap(np.empty(0, get_default_dtype().numpy))
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        variable = data.detach()
        if requires_grad:
            check_can_require_grad(variable.dtype)
            variable._requires_grad = True
        return variable
