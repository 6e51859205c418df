"""Addition, subtraction, multiplication, division: rules, functions and operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import dtypes, kernels
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import BOOL, COMPLEX, FLOAT, result_dtype
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.elementwise import (
    SAME_DTYPE,
    arrays_of,
    float32,
    in_place,
    in_place_operator,
    operand,
    operator,
    overwrite,
    publish_operators,
    wide,
)
from tinytorch.ops.elementwise import conj as conj
from tinytorch.ops.operators import minus, over, times
from tinytorch.promotion import bool_difference, common, dividing, floating, number, scaling, subtracting, to_common
from tinytorch.public import of_two, public, publish_inplace
from tinytorch.tensor import Tensor

_add, _subtract, _multiply = kernels.arithmetic.add, kernels.arithmetic.subtract, kernels.arithmetic.multiply
_divide, _negative = kernels.arithmetic.divide, kernels.arithmetic.negative

# ---- rules -----------------------------------------------------------------------------------------------------------


class Add(Elementwise):
    """z = x + y,    dz/dx = 1,    dz/dy = 1"""

    silent = True
    inputs = 2
    promote = common

    @staticmethod
    def forward(ctx, x, y, out=None):
        return _add(x, y, out)

    @staticmethod
    def backward(ctx, grad):
        return grad, grad


class AddScaled(Elementwise):
    """z = x + a y,    dz/dx = 1,    dz/dy = a"""

    inputs = 2
    promote = to_common
    name = "AddBackward0"

    @staticmethod
    def forward(ctx, x, y, alpha):
        ctx.alpha = alpha
        factor = number(alpha, dtypes.from_numpy(x.dtype))[()]
        return narrow(widen(x) + widen(factor) * widen(y), x)

    @staticmethod
    def backward(ctx, grad):
        need_x, need_y = ctx.needs_input_grad
        return grad if need_x else None, times(grad, conj(ctx.alpha)) if need_y else None


class Sub(Elementwise):
    """z = x - y,    dz/dx = 1,    dz/dy = -1"""

    silent = True
    inputs = 2
    promote = subtracting

    @staticmethod
    def forward(ctx, x, y, out=None):
        return _subtract(x, y, out)

    @staticmethod
    def backward(ctx, grad):
        need_x, need_y = ctx.needs_input_grad
        return grad if need_x else None, minus(grad) if need_y else None

    @classmethod
    def explain(cls, error, arrays):
        return bool_difference(arrays) or super().explain(error, arrays)


class SubScaled(AddScaled):
    """z = x - a y: AddScaled with -a, under the name that PyTorch's graphs have for it"""

    name = "SubBackward0"


class Rsub(Elementwise):
    """z = c - a x for a number c,    dz/dx = -a"""

    name = "RsubBackward1"
    promote = subtracting

    @staticmethod
    def forward(ctx, x, c, alpha=1):
        ctx.alpha = alpha
        return _subtract(c, x if _is_one(alpha) else x * alpha)

    @staticmethod
    def backward(ctx, grad):
        return minus(grad) if _is_one(ctx.alpha) else times(grad, -conj(ctx.alpha))


class RsubTensor(SubScaled):
    """z = y - a x, x first: SubScaled under the name that PyTorch's graphs have for it"""

    name = "RsubBackward0"

    @staticmethod
    def forward(ctx, x, y, alpha):
        return SubScaled.forward(ctx, y, x, alpha)

    @staticmethod
    def backward(ctx, grad):
        need_x, need_y = ctx.needs_input_grad
        return times(grad, conj(ctx.alpha)) if need_x else None, grad if need_y else None


class Mul(Elementwise):
    """z = x y,    dz/dx = y,    dz/dy = x    (their complex conjugates for complex numbers)"""

    silent = True
    inputs = 2
    promote = scaling

    @staticmethod
    def forward(ctx, x, y, out=None):
        need_x, need_y = ctx.needs_input_grad[:2]
        ctx.save_for_backward(x if need_y else None, y if need_x else None)
        if type(y) is float32:  # a number beside half precision, see promotion.scaling
            return wide(np.multiply, x, y)
        return _multiply(x, y, out)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return None if y is None else times(grad, conj(y)), None if x is None else times(grad, conj(x))


class Div(Elementwise):
    """z = x / y,    dz/dx = 1 / y,    dz/dy = -x / y^2"""

    silent = True
    inputs = 2
    promote = dividing

    @staticmethod
    def forward(ctx, x, y, out=None):
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, y)
        if type(y) is float32:
            return wide(np.true_divide, x, y)
        return _divide(x, y, out)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return over(grad, conj(y)) if need_x else None, times(
            minus(grad), conj(over(over(x, y), y))
        ) if need_y else None


class DivNumber(Div):
    """As Div, of a number that PyTorch's C++ code did not make a tensor of, as its Python code does."""

    name = "DivBackward1"


class Neg(Elementwise):
    """y = -x,    dy/dx = -1"""

    silent = True

    @staticmethod
    def forward(ctx, x, out=None):
        return _negative(x, out)

    @staticmethod
    def backward(ctx, grad):
        return minus(grad)

    @classmethod
    def explain(cls, error, arrays):
        return RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )


class Reciprocal(Elementwise):
    """y = 1 / x,    dy/dx = -y^2"""

    silent = True
    promote = floating

    @staticmethod
    def forward(ctx, x, out=None):
        y = _divide(1, x, out)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return times(minus(grad), conj(times(y, y)))


# ---- functions -------------------------------------------------------------------------------------------------------


def _is_one(alpha: Any) -> bool:
    return type(alpha) is int and alpha == 1


def check_alpha(alpha: Any, *operands: Any) -> None:
    """RuntimeError where `alpha` cannot scale an operand of a sum of `operands`."""
    if type(alpha) is int:
        return
    if not isinstance(alpha, (int, float, complex, np.number)):
        raise TypeError(f"add(): argument 'alpha' must be Number, not {type(alpha).__name__}")
    category, scale = result_dtype(arrays_of(*operands)).category, dtypes.of_number(alpha).category
    if scale == BOOL != category:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if scale >= FLOAT > category:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if scale == COMPLEX > category:
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")


def check_difference(alpha: Any, *operands: Any) -> None:
    """RuntimeError where bools are to be subtracted, or for what check_alpha refuses."""
    error = bool_difference(arrays_of(*operands))
    if error is not None:
        raise error
    check_alpha(alpha, *operands)


@public()
def add(input: Tensor, other: Any, result: Tensor | None = None, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other, elementwise with broadcasting; the dtypes are promoted.

    As in PyTorch 0.3, a third tensor is taken as `out`.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.add.html

    >>> torch.add(torch.tensor([1., 2.]), torch.tensor([10., 20.]), alpha=2)
    tensor([21., 42.])
    """
    if result is not None:
        return torch_add(input, other, out=result, alpha=alpha)
    if _is_one(alpha):
        return Add.apply(input, other)
    check_alpha(alpha, input, other)
    return AddScaled.apply(input, other, alpha=alpha)


torch_add: Any = add  # the decorated form, which takes out=


@public(aliases=("subtract",))
def sub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other, elementwise with broadcasting; the dtypes are promoted.

    RuntimeError for bool tensors, whose difference is `^`.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.sub.html

    >>> torch.sub(torch.tensor([1., 2.]), 1)
    tensor([0., 1.])
    """
    if _is_one(alpha):
        return Sub.apply(input, other)
    check_difference(alpha, input, other)
    return SubScaled.apply(input, other, alpha=-alpha)


@public(method=False, out=False, forms=of_two(out=", *, Number alpha = 1"))
def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input, elementwise with broadcasting.

    >>> torch.rsub(torch.tensor([1., 2.]), 10)
    tensor([9., 8.])
    """
    if not _is_one(alpha):
        check_difference(alpha, input, other)
    if isinstance(other, Tensor):
        return RsubTensor.apply(input, other, alpha=-alpha)
    return Rsub.apply(input, other, alpha=alpha)


@public(aliases=("multiply",))
def mul(input: Tensor, other: Any) -> Tensor:
    """input * other, elementwise with broadcasting; the dtypes are promoted.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.mul.html

    >>> torch.mul(torch.tensor([[1.], [2.]]), torch.tensor([10, 20]))
    tensor([[10., 20.],
            [20., 40.]])
    """
    return Mul.apply(input, other)


@public(aliases=("divide", "true_divide"))
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


@public(inplace=in_place(Neg), out=SAME_DTYPE, aliases=("negative",))
def neg(input: Tensor) -> Tensor:
    """-input, elementwise. RuntimeError for bool tensors.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.neg.html

    >>> torch.neg(torch.tensor([1., -2.]))
    tensor([-1.,  2.])
    """
    return Neg.apply(input)


@public(out=False)
def positive(input: Tensor) -> Tensor:
    """+input: the tensor itself. RuntimeError for bool tensors.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.positive.html

    >>> torch.positive(torch.tensor([1., -2.]))
    tensor([ 1., -2.])
    """
    if input._array.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@public(inplace=in_place(Reciprocal))
def reciprocal(input: Tensor) -> Tensor:
    """1 / input, elementwise; integers become the default floating point dtype.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.reciprocal.html

    >>> torch.reciprocal(torch.tensor([2., -4.]))
    tensor([ 0.5000, -0.2500])
    """
    return Reciprocal.apply(input)


# ---- in-place forms --------------------------------------------------------------------------------------------------


def add_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """self += alpha * other"""
    if _is_one(alpha):
        return overwrite(Add, self, other)
    if not _is_step(self, other, alpha):
        check_alpha(alpha, self, other)
    return _add_scaled(AddScaled, self, other, alpha)


def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """self -= alpha * other"""
    if _is_one(alpha):
        return overwrite(Sub, self, other)
    if not _is_step(self, other, alpha):
        check_difference(alpha, self, other)
    return _add_scaled(SubScaled, self, other, -alpha)


def _is_step(self: Tensor, other: Any, alpha: Any) -> bool:
    """A float times one tensor beside another, both of one floating point dtype: nothing about that can be wrong"""
    if type(alpha) is not float or not isinstance(other, Tensor):
        return False
    kind = self._array.dtype
    return kind is other._array.dtype and kind.char in "fd"


def _add_scaled(rule: type[Elementwise], self: Tensor, other: Any, alpha: Any) -> Tensor:
    """self += alpha * other by `rule`; by a kernel in one pass where nothing is recorded or converted."""
    if isinstance(other, Tensor) and not (state.recording and (self.requires_grad or other.requires_grad)):
        x, y = self._array, other._array
        if x.dtype is y.dtype and x.shape == y.shape and x.dtype.char in "fd" and not isinstance(alpha, complex):
            views.check_writable(self, False)
            views.check_overlap(x, y)
            kernels.elementwise.add_scaled(x, alpha, y)
            self._bump()
            return self
    return views.write(self, rule.apply, other, alpha=alpha)


def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """self /= other"""
    if rounding_mode is None:
        return overwrite(Div, self, other)
    return views.write(self, div, other, rounding_mode=rounding_mode)


mul_ = in_place(Mul)
for _function, _names in (
    (add_, ("add_",)),
    (sub_, ("subtract_", "sub_")),
    (mul_, ("multiply_", "mul_")),
    (div_, ("divide_", "true_divide_", "div_")),
):
    for _name in _names:
        publish_inplace(_name, _function)


# ---- operators -------------------------------------------------------------------------------------------------------


def _rsub(self: Tensor, other: Any) -> Any:
    """other - self"""
    other = operand(other)
    return other if other is NotImplemented else rsub(self, other)


def _rtruediv(self: Tensor, other: Any) -> Any:
    """other / self; for a number as PyTorch computes it, the reciprocal times other"""
    other = operand(other)
    if other is NotImplemented:
        return other
    return Div.apply(other, self) if isinstance(other, Tensor) else Mul.apply(Reciprocal.apply(self), other)


# Sums and products commute, and PyTorch's graphs have the tensor first.
publish_operators(
    add=operator(Add.apply), radd=operator(Add.apply), iadd=in_place_operator(add_),
    sub=operator(Sub.apply), rsub=_rsub, isub=in_place_operator(sub_),
    mul=operator(Mul.apply), rmul=operator(Mul.apply), imul=in_place_operator(mul_),
    truediv=operator(Div.apply), rtruediv=_rtruediv, itruediv=in_place_operator(div_),
    div=operator(Div.apply), rdiv=_rtruediv, idiv=in_place_operator(div_),  # Python 2's names, which PyTorch keeps
    neg=Tensor.neg, pos=Tensor.positive,  # type: ignore[attr-defined]
)  # fmt: skip
