"""What elementwise operations share: operands, operators, in-place forms, and pieces of their backwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import wrong_type
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state, usage
from tinytorch.autograd.rule import NO_CONTEXT, Elementwise
from tinytorch.device import is_array
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.tensor import Tensor, TensorBase, wrap

float32 = np.float32
# For `public`: what out= of functions that convert nothing says about another dtype
SAME_DTYPE = "Found dtype {given.legacy} but expected {wanted.legacy}"

# ---- for backwards: each takes arrays and Tensors alike --------------------------------------------------------------


def conj(value: Any) -> Any:
    """The complex conjugate of an array, a Tensor or a number; what is real is its own."""
    kind = type(value)
    return value if kind is float or kind is int else value.conjugate() if kind is complex else value.conj()


def zeros_like(value: Any) -> Any:
    """Zeros in the shape and dtype of `value`: the gradient of a step function."""
    if isinstance(value, Tensor):
        return wrap(np.zeros_like(value._array))
    return np.zeros_like(value)


class Keep(Elementwise):
    """y = x where `mask` holds, else 0,    dx = dy where it holds    (a product with the mask would make nan of inf)"""

    inputs = 2
    name = "WhereBackward0"

    @staticmethod
    def forward(ctx, x, mask):
        ctx.save_for_backward(mask)
        return kernels.where.where(mask, x, 0)

    @staticmethod
    def backward(ctx, grad):
        (mask,) = ctx.saved_tensors
        return Keep.apply(grad, mask), None


class Undifferentiable(Elementwise):
    """A rule that PyTorch has no derivative for; what it calls the operation stands in `operation`"""

    operation = ""

    @staticmethod
    def backward(ctx, grad):
        raise RuntimeError(f"derivative for aten::{ctx.rule.operation} is not implemented")


class Step(Elementwise):
    """A rule for y = a function that is constant in pieces,    dy/dx = 0"""

    @staticmethod
    def backward(ctx, grad):
        return zeros_like(grad)


# ---- for forwards ----------------------------------------------------------------------------------------------------


def wide(function: Callable, *operands: Any) -> Any:
    """function(*operands); in float32, and rounded once, where they are of half precision."""
    first = operands[0]
    if is_array(first) and first.dtype.itemsize == 2 and first.dtype.kind in "fV":
        token = quiet()
        try:
            return narrow(function(*[widen(x) if is_array(x) else x for x in operands]), first)
        finally:
            leave(token)
    return function(*operands)


# ---- operands --------------------------------------------------------------------------------------------------------


def arrays_of(*operands: Any) -> list:
    """The arrays of the tensors among `operands`; numbers stay as they are."""
    return [each._array if isinstance(each, Tensor) else each for each in operands]


def need_tensors(function: str, input: Any, other: Any, name: str = "other") -> None:
    """TypeError unless both operands are tensors; positions are counted as methods do, after self."""
    if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
        raise wrong_type(function, name, 1, "Tensor", other)


def operand(value: Any) -> Any:
    """`value` as the second operand of an operator, or NotImplemented for what tensors do not compute with."""
    if isinstance(value, (Tensor, int, float, complex)):
        return value
    if isinstance(value, (np.number, np.bool_)):
        return value.item()
    return wrap(value) if is_array(value) else NotImplemented


# ---- operators -------------------------------------------------------------------------------------------------------


def operator(function: Callable) -> Callable:
    """The method that makes `self <op> other` out of function(self, other)."""

    def forward(self: Tensor, other: Any) -> Any:
        if type(other) is not Tensor:
            other = operand(other)
            if other is NotImplemented:
                return other
        return function(self, other)

    return forward


def reflected(function: Callable) -> Callable:
    """The method that makes `other <op> self` out of function(other, self)."""

    def forward(self: Tensor, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else function(other, self)

    return forward


def publish_operators(**methods: Callable) -> None:
    """Make `add=method` the operator method Tensor.__add__, and so on."""
    for name, method in methods.items():
        setattr(Tensor, f"__{name}__", method)


# ---- in-place forms --------------------------------------------------------------------------------------------------


def overwrite(rule: type[Elementwise], self: Tensor, *others: Any) -> Tensor:
    """self = rule(self, *others) in place; straight into self's memory where nothing is recorded or converted.

    The rule's forward takes `out` after its operands.
    """
    arrays = _straight(self, others)
    if arrays is not None:
        application = rule.apply
        token = None if application.silent else quiet()
        try:
            application.forward(NO_CONTEXT, *arrays, self._array)
        except ValueError:
            pass  # the shapes do not fit: the general way below raises the error that says so
        else:
            self._bump()
            return self
        finally:
            if token is not None:
                leave(token)
    return views.write(self, rule.apply, *others)


def _straight(self: TensorBase, others: tuple) -> list | None:
    """The operands of an in-place operation that needs no graph and no conversion, and is not watched; else None."""
    x = self._array
    if x.dtype.char not in "fd" or usage.watched:
        return None
    arrays: list = [x]
    recorded = self._requires_grad or (self._view is not None and self.requires_grad)
    for other in others:
        if isinstance(other, TensorBase):
            tensor = other
            y = tensor._array
            if y.dtype is not x.dtype:
                return None
            recorded = recorded or tensor._requires_grad or (tensor._view is not None and tensor.requires_grad)
            arrays.append(y)
        elif type(other) is float or type(other) is int:
            arrays.append(other)
        else:
            return None
    if recorded and state.recording:
        return None
    views.check_writable(self, False)
    for y in arrays[1:]:
        if is_array(y):
            views.check_overlap(x, y)
    return arrays


def in_place(rule: type[Elementwise]) -> Callable:
    """The method <name>_ of a function that is nothing but a rule of one or two operands."""
    if rule.inputs == 1:

        def unary(self: Tensor) -> Tensor:
            return overwrite(rule, self)

        return unary

    def binary(self: Tensor, other: Any) -> Tensor:
        return overwrite(rule, self, other)

    return binary


def in_place_operator(method: Callable) -> Callable:
    """The method that makes `self <op>= other` out of method(self, other), which writes into self."""

    def change(self: Tensor, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else method(self, other)

    return change
