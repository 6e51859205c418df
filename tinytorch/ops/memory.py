"""Copies and writes: clone, copy_, fill_, zero_, and the rule that converts a dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import arguments, dtypes, kernels
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state, usage
from tinytorch.autograd.rule import Elementwise, Rule
from tinytorch.device import device_of, near, put
from tinytorch.errors import broadcast_error, warn
from tinytorch.formats import empty_in, empty_like_array, memory_format, preserve_format
from tinytorch.kernels.arrays import full
from tinytorch.kernels.quiet import silenced
from tinytorch.promotion import convert, fitting_number
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


def copied(x: np.ndarray, kind: np.dtype, order: Any) -> np.ndarray:
    """A copy of `x` in a memory format; preserve_format keeps the order of the dimensions in memory."""
    preserve = order is preserve_format or order is None
    if preserve and kind is x.dtype and x.flags.c_contiguous:
        return kernels.layout.copy(x)
    if preserve and 0 not in x.strides:
        return x.astype(kind, "K")
    y = empty_like_array(x, kind) if preserve else empty_in(order, x.shape, kind, near(x))
    y[...] = x
    return y


@silenced
def converted(x: np.ndarray, to: dtypes.dtype) -> np.ndarray:
    """A copy of `x` in another dtype; a warning where imaginary parts are lost."""
    if x.dtype.kind == "c" and to.category < dtypes.COMPLEX and to is not dtypes.bool_:
        warn("Casting complex values to real discards the imaginary part")
    return convert(x, to)


# ---- rules -----------------------------------------------------------------------------------------------------------


class Clone(Rule):
    """y = a copy of x,    dy/dx = 1"""

    @staticmethod
    def forward(ctx, x, order=preserve_format):
        return copied(x, x.dtype, order)

    @staticmethod
    def backward(ctx, grad):
        return grad


class ToCopy(Rule):
    """y = x in another dtype,    dx = dy in x's dtype (which the engine sees to)"""

    @staticmethod
    def forward(ctx, x, to, order=preserve_format):
        y = converted(x, to)
        if order is preserve_format and 0 not in x.strides:
            return y
        z = empty_like_array(x, y.dtype) if order is preserve_format else empty_in(order, x.shape, y.dtype, near(x))
        z[...] = y
        return z

    @staticmethod
    def backward(ctx, grad):
        return grad


class Move(Rule):
    """y = x on another device,    dx = dy on x's device"""

    name = "ToCopyBackward0"

    @staticmethod
    def forward(ctx, x, place, non_blocking=False):
        ctx.source = device_of(x)
        return put(x, place, non_blocking)

    @staticmethod
    def backward(ctx, grad):
        return Move.apply(grad, ctx.source)


class Copy(Elementwise):
    """y = the source, in the shape and dtype of x,    dy/dx = 0,    dy/dsource = 1"""

    inputs = 2
    name = "CopyBackwards"

    @staticmethod
    def forward(ctx, x, source):
        y = empty_like_array(x, x.dtype)
        y[...] = source if source.dtype is x.dtype else converted(source, dtypes.from_numpy(x.dtype))
        return y

    @staticmethod
    def backward(ctx, grad):
        need_x, need_source = ctx.needs_input_grad
        return Zero.apply(grad, 0) if need_x else None, grad if need_source else None


Copy.make_node_class().name = lambda self: "torch::autograd::CopyBackwards"  # type: ignore[method-assign]  # PyTorch's name


class Fill(Rule):
    """y = a number everywhere,    dy/dx = 0"""

    name = "FillBackward2"

    @staticmethod
    def forward(ctx, x, value):
        return full(x.shape, value, x.dtype, x)

    @staticmethod
    def backward(ctx, grad):
        return Zero.apply(grad, 0)


class FillTensor(Rule):
    """y = the only element of v everywhere,    dy/dx = 0,    dv = the sum of dy"""

    inputs = 2
    name = "FillBackward3"

    @staticmethod
    def forward(ctx, x, value):
        return full(x.shape, value, x.dtype, x)

    @staticmethod
    def backward(ctx, grad):
        need_x, need_value = ctx.needs_input_grad
        return Zero.apply(grad, 0) if need_x else None, grad.sum() if need_value else None


class Zero(Fill):
    """y = 0,    dy/dx = 0"""

    name = "ZeroBackward0"


# ---- functions -------------------------------------------------------------------------------------------------------


@public(out=False)
def clone(input: Tensor, *, memory_format: Any = preserve_format) -> Tensor:
    """A copy of a tensor that gradients flow through.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.clone.html

    >>> x = torch.zeros(2)
    >>> y = x.clone()
    >>> y[0] = 1
    >>> x
    tensor([0., 0.])
    """
    return Clone.apply(input, check_format("clone", memory_format))


def check_format(name: str, order: Any) -> Any:
    """A memory_format= argument; None counts as preserve_format."""
    if order is None:
        return preserve_format
    if not isinstance(order, memory_format):
        raise arguments.wrong_type(name, "memory_format", None, "torch.memory_format", order)
    return order


@public(function=False, out=False)
def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Write the elements of `src`, broadcast and converted, into this tensor.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.copy_.html

    >>> torch.zeros(2, 2).copy_(torch.tensor([1, 2]))
    tensor([[1., 2.],
            [1., 2.]])
    """
    if not isinstance(src, Tensor):
        if not isinstance(src, (bool, int, float, complex)):
            raise arguments.wrong_type("copy_", "other", 1, "Tensor", src)
        src = wrap(fitting_number(src, self.dtype, single=True))
    if usage.accelerated and src.device is not self.device:
        src = Move.apply(src, self.device, non_blocking)
    into, values = self._array, src._array
    recorded = state.recording and (self.requires_grad or src.requires_grad)
    if src is self:
        views.check_history(self, recorded)
        if recorded:
            views.record(self, Copy.apply, src)
        else:
            self._bump()
        return self
    if into.shape != values.shape:
        views.check_writable(self, recorded)
        views.check_overlap(into, values)
        _check_fits(into, values)
    if recorded:
        return views.write(self, Copy.apply, src)
    views.check_writable(self, False)
    views.check_overlap(into, values)
    kernels.layout.assign(into, values if values.dtype is into.dtype else converted(values, self.dtype))
    self._bump()
    return self


def _check_fits(into: np.ndarray, values: np.ndarray) -> None:
    """PyTorch's error unless `values` can be broadcast to the shape of `into`."""
    error = broadcast_error((into, values))
    if error is not None:
        raise error
    joint = np.broadcast_shapes(into.shape, values.shape)
    if joint != into.shape:
        raise RuntimeError(f"output with shape {list(into.shape)} doesn't match the broadcast shape {list(joint)}")


@public(function=False, out=False)
def fill_(self: Tensor, value: Any) -> Tensor:
    """Write one number (or the element of a 0-dim tensor) into every element; RuntimeError if it does not fit.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.fill_.html

    >>> torch.zeros(2).fill_(7)
    tensor([7., 7.])
    """
    if not isinstance(value, Tensor):
        if not isinstance(value, (bool, int, float, complex, np.number, np.bool_)):
            raise arguments.no_such_form("fill_", (value,), {}, ("(Tensor value)", "(Number value)"))
        return _fill(self, fitting_number(value, self.dtype, single=self._array.size == 1), Fill)
    if value._array.ndim:
        views.check_history(self, self.requires_grad)
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
        )
    recorded = state.recording and value.requires_grad
    views.check_writable(self, recorded or self.requires_grad)
    if recorded:
        views.record(self, FillTensor.apply, value)
        return self
    return _fill(self, converted(value._array, self.dtype), FillTensor)


def _fill(self: Tensor, value: np.ndarray, rule: type[Rule]) -> Tensor:
    # elements that share a place get the same number: that may be written
    views.check_history(self, self.requires_grad)
    if state.recording and self.requires_grad:
        views.record(self, rule.apply, value)
        return self
    kernels.layout.fill(self._array, value)
    self._bump()
    return self


@public(function=False, out=False)
def zero_(self: Tensor) -> Tensor:
    """Write 0 into every element.

    >>> torch.ones(2).zero_()
    tensor([0., 0.])
    """
    return _fill(self, np.zeros((), self._array.dtype), Zero)


@public(name="fill", method=False, out=False)
def filled(input: Tensor, value: Any) -> Tensor:
    """A tensor like `input` with `value` everywhere.

    >>> torch.fill(torch.zeros(2), 7)
    tensor([7., 7.])
    """
    return fill_(clone(input), value)


for _function in (fill_, zero_):
    public(method=False, out=False)(_function)
