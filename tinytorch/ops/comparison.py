"""Comparisons: eq, ne, lt, le, gt, ge, their operators, and questions about single numbers such as isnan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd import views
from tinytorch.autograd.rule import Elementwise
from tinytorch.ops.elementwise import Step, operator, publish_operators
from tinytorch.promotion import common, supporting
from tinytorch.public import of_two, public, publish_inplace
from tinytorch.tensor import Tensor

run_two = kernels.arithmetic.apply_to_two

# ---- rules -----------------------------------------------------------------------------------------------------------


class Comparison(Elementwise):
    """A rule whose result is a bool for every pair of numbers, and so has no gradient"""

    inputs = 2
    differentiable = False


class Eq(Comparison):
    """z = [x = y]"""

    silent = True
    promote = common

    @staticmethod
    def forward(ctx, x, y):
        return run_two(np.equal, x, y)


class Ne(Comparison):
    """z = [x != y]"""

    silent = True
    promote = common

    @staticmethod
    def forward(ctx, x, y):
        return run_two(np.not_equal, x, y)


class Lt(Comparison):
    """z = [x < y]"""

    silent = True
    promote = supporting("biufV", "lt_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return run_two(np.less, x, y)


class Le(Comparison):
    """z = [x <= y]"""

    silent = True
    promote = supporting("biufV", "le_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return run_two(np.less_equal, x, y)


class Gt(Comparison):
    """z = [x > y]"""

    silent = True
    promote = supporting("biufV", "gt_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return run_two(np.greater, x, y)


class Ge(Comparison):
    """z = [x >= y]"""

    silent = True
    promote = supporting("biufV", "ge_cpu", common)

    @staticmethod
    def forward(ctx, x, y):
        return run_two(np.greater_equal, x, y)


class Question(Elementwise):
    """A rule whose result is a bool for every number, and so has no gradient: `answer` of the array"""

    inputs = 1
    differentiable = False

    @staticmethod
    def forward(ctx, x, answer):
        return answer(x)


class Verdict(Step):
    """z = a comparison of x and y, written over x as 0 or 1,    dz/dx = dz/dy = 0"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, y, rule):
        pair = [x, y]
        rule.promote(pair)
        return rule.forward(ctx, *pair).astype(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        zero = Step.backward(ctx, grad)
        return zero, zero


# ---- functions -------------------------------------------------------------------------------------------------------


@public(forms=of_two())
def eq(input: Tensor, other: Any) -> Tensor:
    """input = other, elementwise with broadcasting, as bools.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.eq.html

    >>> torch.eq(torch.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return Eq.apply(input, other)


@public(aliases=("not_equal",), forms=of_two())
def ne(input: Tensor, other: Any) -> Tensor:
    """input != other, elementwise with broadcasting, as bools.

    >>> torch.ne(torch.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return Ne.apply(input, other)


@public(aliases=("less",), forms=of_two())
def lt(input: Tensor, other: Any) -> Tensor:
    """input < other, elementwise with broadcasting, as bools.

    >>> torch.lt(torch.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return Lt.apply(input, other)


@public(aliases=("less_equal",), forms=of_two())
def le(input: Tensor, other: Any) -> Tensor:
    """input <= other, elementwise with broadcasting, as bools.

    >>> torch.le(torch.tensor([1, 3]), 2)
    tensor([ True, False])
    """
    return Le.apply(input, other)


@public(aliases=("greater",), forms=of_two())
def gt(input: Tensor, other: Any) -> Tensor:
    """input > other, elementwise with broadcasting, as bools.

    >>> torch.gt(torch.tensor([1, 3]), 2)
    tensor([False,  True])
    """
    return Gt.apply(input, other)


@public(aliases=("greater_equal",), forms=of_two())
def ge(input: Tensor, other: Any) -> Tensor:
    """input >= other, elementwise with broadcasting, as bools.

    >>> torch.ge(torch.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return Ge.apply(input, other)


@public(out=False)
def isnan(input: Tensor) -> Tensor:
    """Which numbers are nan (for complex ones: in either part)?

    >>> torch.isnan(torch.tensor([1., float("nan")]))
    tensor([False,  True])
    """
    return Question.apply(input, np.isnan)


@public(out=False)
def isinf(input: Tensor) -> Tensor:
    """Which numbers are infinite?

    >>> torch.isinf(torch.tensor([1., float("inf"), float("-inf")]))
    tensor([False,  True,  True])
    """
    return Question.apply(input, np.isinf)


@public(out=False)
def isfinite(input: Tensor) -> Tensor:
    """Which numbers are neither infinite nor nan?

    >>> torch.isfinite(torch.tensor([1., float("inf"), float("nan")]))
    tensor([ True, False, False])
    """
    return Question.apply(input, np.isfinite)


NEEDS_BOOL = "{name} does not support non-boolean outputs."


def _refuse_complex(input: Tensor, message: str) -> None:
    if input._array.dtype.kind == "c":
        raise RuntimeError(message)


@public(out=NEEDS_BOOL)
def isposinf(input: Tensor) -> Tensor:
    """Which numbers are +inf?

    >>> torch.isposinf(torch.tensor([1., float("inf"), float("-inf")]))
    tensor([False,  True, False])
    """
    _refuse_complex(input, "isposinf does not support complex inputs.")
    return Question.apply(input, lambda x: x == np.inf)


@public(out=NEEDS_BOOL)
def isneginf(input: Tensor) -> Tensor:
    """Which numbers are -inf?

    >>> torch.isneginf(torch.tensor([1., float("inf"), float("-inf")]))
    tensor([False, False,  True])
    """
    _refuse_complex(input, "isneginf does not support complex inputs.")
    return Question.apply(input, lambda x: x == -np.inf)


@public(out=False)
def isreal(input: Tensor) -> Tensor:
    """Which numbers have no imaginary part?

    >>> torch.isreal(torch.tensor([1 + 0j, 1j]))
    tensor([ True, False])
    """
    return Question.apply(input, lambda x: x.imag == 0)


@public(out=NEEDS_BOOL)
def signbit(input: Tensor) -> Tensor:
    """Which numbers have their sign bit set? The negative ones and -0.

    >>> torch.signbit(torch.tensor([1., -1., -0.]))
    tensor([False,  True,  True])
    """
    if input._array.dtype.kind == "c":
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    return Question.apply(input, np.signbit if input._array.dtype.kind in "fV" else lambda x: x < 0)


# ---- operators and in-place forms ------------------------------------------------------------------------------------


def _in_place(rule: type[Comparison]) -> Callable:
    """The method that writes the verdict over the tensor, in its dtype."""
    verdicts = []
    for name in (f"{rule.__name__}Backward0", f"{rule.__name__}Backward1"):
        verdicts.append(type(rule.__name__, (Verdict,), {"__doc__": Verdict.__doc__, "name": name}))
    with_number, with_tensor = verdicts

    def change(self: Tensor, other: Any) -> Tensor:
        verdict = with_tensor if isinstance(other, Tensor) else with_number
        return views.write(self, verdict.apply, other, rule=rule)  # type: ignore[attr-defined]

    return change


for _rule, _aliases in {
    Eq: (), Ne: ("not_equal",), Lt: ("less",), Le: ("less_equal",), Gt: ("greater",), Ge: ("greater_equal",)
}.items():  # fmt: skip
    _operator = _rule.__name__.lower()
    publish_operators(**{_operator: operator(_rule.apply)})
    for _name in (*_aliases, _operator):
        publish_inplace(_name + "_", _in_place(_rule))
