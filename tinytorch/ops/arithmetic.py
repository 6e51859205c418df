"""Addition, subtraction, multiplication, division: rules, functions and operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import NO_CONTEXT, Elementwise
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.promotion import common, floating
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor, wrap

_OPERAND = (Tensor, int, float, complex, np.number, np.bool_)


def conj(value: Any) -> Any:
    """The complex conjugate of an array, a Tensor or a number; what is real is its own."""
    kind = type(value)
    return value if kind is float or kind is int else value.conjugate() if kind is complex else value.conj()


class Add(Elementwise):
    """z = x + y,    dz/dx = 1,    dz/dy = 1"""

    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, y, out=None):
        return np.add(x, y, out)

    @staticmethod
    def backward(ctx, grad):
        return grad, grad


class Sub(Elementwise):
    """z = x - y,    dz/dx = 1,    dz/dy = -1"""

    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, y, out=None):
        return np.subtract(x, y, out)

    @staticmethod
    def backward(ctx, grad):
        need_x, need_y = ctx.needs_input_grad
        return grad if need_x else None, -grad if need_y else None

    @classmethod
    def explain(cls, error, arrays):
        if isinstance(error, TypeError):
            return RuntimeError(
                "Subtraction, the `-` operator, with two bool tensors is not supported. If you are trying to invert a "
                "mask, use the `~` or `logical_not()` operator instead."
            )
        return super().explain(error, arrays)


class Rsub(Sub):
    """z = x - y where x is a number: Sub under the name that PyTorch's graphs have for it"""

    name = "RsubBackward1"


class Mul(Elementwise):
    """z = x * y,    dz/dx = y,    dz/dy = x    (their complex conjugates for complex numbers)"""

    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, y, out=None):
        need_x, need_y = ctx.needs_input_grad[:2]
        ctx.save_for_backward(x if need_y else None, y if need_x else None)
        return np.multiply(x, y, out)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return None if y is None else grad * conj(y), None if x is None else grad * conj(x)


class Div(Elementwise):
    """z = x / y,    dz/dx = 1 / y,    dz/dy = -x / y^2"""

    inputs = 2
    promote = floating

    @staticmethod
    def forward(ctx, x, y, out=None):
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, y)
        return np.true_divide(x, y, out)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        dx = grad / conj(y)
        return dx if need_x else None, -dx * conj(x / y) if need_y else None


class Neg(Elementwise):
    """y = -x,    dy/dx = -1"""

    @staticmethod
    def forward(ctx, x, out=None):
        return np.negative(x, out)

    @staticmethod
    def backward(ctx, grad):
        return -grad

    @classmethod
    def explain(cls, error, arrays):
        return RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the "
            "`~` or `logical_not()` operator instead."
        )


# ---- functions ---------------------------------------------------------------------------------------------------------


@public(inplace=False)
def add(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other, elementwise with broadcasting; the dtypes are promoted.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.add.html

    >>> torch.add(torch.tensor([1., 2.]), torch.tensor([10., 20.]), alpha=2)
    tensor([21., 42.])
    """
    return Add.apply(input, other if _is_one(alpha) else other * alpha)


@public()
def sub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other, elementwise with broadcasting; the dtypes are promoted.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sub.html

    >>> torch.sub(torch.tensor([1., 2.]), 1)
    tensor([0., 1.])
    """
    return Sub.apply(input, other if _is_one(alpha) else other * alpha)


@public()
def mul(input: Tensor, other: Any) -> Tensor:
    """input * other, elementwise with broadcasting; the dtypes are promoted.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.mul.html

    >>> torch.mul(torch.tensor([[1.], [2.]]), torch.tensor([10, 20]))
    tensor([[10., 20.],
            [20., 40.]])
    """
    return Mul.apply(input, other)


@public()
def div(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, elementwise with broadcasting; rounded towards zero ("trunc") or down ("floor") on request.

    Without rounding, integers are divided as floating point numbers of the default dtype.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.div.html

    >>> torch.div(torch.tensor([7, -7]), 2), torch.div(torch.tensor([7, -7]), 2, rounding_mode="floor")
    (tensor([ 3.5000, -3.5000]), tensor([ 3, -4]))
    """
    if rounding_mode is None:
        return Div.apply(input, other)
    from tinytorch.ops.remainder import divide_rounded

    return divide_rounded(input, other, rounding_mode)


@public(inplace=True, aliases=("negative",))
def neg(input: Tensor) -> Tensor:
    """-input, elementwise. RuntimeError for bool tensors.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.neg.html

    >>> torch.neg(torch.tensor([1., -2.]))
    tensor([-1.,  2.])
    """
    return Neg.apply(input)


def _is_one(alpha: Any) -> bool:
    return type(alpha) is int and alpha == 1


# ---- operators and in-place forms --------------------------------------------------------------------------------------


def operand(value: Any) -> Any:
    """`value` as the second operand of an operator, or NotImplemented for what tensors do not compute with."""
    if isinstance(value, _OPERAND):
        return value
    return wrap(value) if isinstance(value, np.ndarray) else NotImplemented


def operator(rule: type[Elementwise]) -> Callable:
    """self <op> other by `rule`."""

    def forward(self: Tensor, other: Any) -> Any:
        if type(other) is not Tensor:
            other = operand(other)
            if other is NotImplemented:
                return other
        return rule.apply(self, other)

    return forward


def reflected(rule: type[Elementwise]) -> Callable:
    """other <op> self by `rule`."""

    def forward(self: Tensor, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else rule.apply(other, self)

    return forward


def _write(rule: type[Elementwise], self: Tensor, other: Any) -> Tensor:
    """self = rule(self, other) in place; straight into self's memory where nothing has to be recorded or converted."""
    if not state.recording or not (self.requires_grad or (isinstance(other, Tensor) and other.requires_grad)):
        x, y = self._array, other._array if isinstance(other, Tensor) else other
        if x.dtype.char in "fd" and x.flags.c_contiguous and (type(y) is float or getattr(y, "dtype", None) is x.dtype):
            views.check_writable(self, False)
            token = quiet()
            try:
                rule.forward(NO_CONTEXT, x, y, x)
            except ValueError:
                pass  # the shapes do not fit: the general way below raises the error that says so
            else:
                self._bump()
                return self
            finally:
                leave(token)
    return views.write(self, rule.apply, other)


def _inplace(rule: type[Elementwise], name: str) -> Callable:
    def inplace(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
        return _write(rule, self, other if _is_one(alpha) else other * alpha)

    inplace.__name__, inplace.__doc__ = name, f"In-place form of `{name[:-1]}`."
    return inplace


def _inplace_operator(rule: type[Elementwise]) -> Callable:
    def inplace(self: Tensor, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else _write(rule, self, other)

    return inplace


def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """In-place form of `div`."""
    if rounding_mode is None:
        return _write(Div, self, other)
    return views.write(self, div, other, rounding_mode=rounding_mode)


publish_inplace("add_", _inplace(Add, "add_"))
publish_inplace("sub_", _inplace(Sub, "sub_"))
publish_inplace("mul_", _inplace(Mul, "mul_"))
publish_inplace("div_", div_)
for _name, _alias in (("add", None), ("sub", "subtract"), ("mul", "multiply"), ("div", "divide")):
    if _alias:
        setattr(Tensor, _alias, getattr(Tensor, _name))
        setattr(Tensor, _alias + "_", getattr(Tensor, _name + "_"))

Tensor.__add__ = operator(Add)  # type: ignore[method-assign]
Tensor.__radd__ = reflected(Add)  # type: ignore[method-assign]
Tensor.__sub__ = operator(Sub)  # type: ignore[method-assign]
Tensor.__rsub__ = reflected(Rsub)  # type: ignore[method-assign]
Tensor.__mul__ = operator(Mul)  # type: ignore[method-assign]
Tensor.__rmul__ = operator(Mul)  # type: ignore[method-assign]  # commutes, and PyTorch's graph has the tensor first
Tensor.__truediv__ = operator(Div)  # type: ignore[method-assign]
Tensor.__rtruediv__ = reflected(Div)  # type: ignore[method-assign]
Tensor.__neg__ = Neg.apply  # type: ignore[method-assign, assignment]
