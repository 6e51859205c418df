"""Elements that a mask of bools picks out: masked_fill, masked_select, masked_scatter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.arguments import no_such_form
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.rule import Elementwise
from tinytorch.device import known
from tinytorch.dtypes import bool_
from tinytorch.errors import broadcast_error, warn
from tinytorch.ops.elementwise import Keep
from tinytorch.ops.expansion import expand_to
from tinytorch.ops.gathering import need_tensor
from tinytorch.ops.slicing import Surround, along
from tinytorch.ops.writing import is_expanded
from tinytorch.promotion import fitting_number
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor

# ---- elements laid out by a mask -------------------------------------------------------------------------------------


def lay_out(y: np.ndarray, mask: np.ndarray, source: np.ndarray) -> None:
    """Write the first elements of `source`, in order, into those of `y`, of the mask's shape, where the mask holds."""
    vector = source.reshape(-1)
    if known(mask):
        y[mask] = vector[: int(np.count_nonzero(mask))]
    elif vector.size:
        # Which element goes where is the number of those before it: a sum that nobody has to wait for.
        places = np.cumsum(mask).reshape(mask.shape) - 1
        y[...] = np.where(mask, vector[places], y)


# ---- rules -----------------------------------------------------------------------------------------------------------


class Masked(Elementwise):
    """A rule with a mask, whose shape comes first in messages"""

    @classmethod
    def explain(cls, error, arrays):
        return broadcast_error((arrays[-1], arrays[0])) or error


class MaskedFill(Masked):
    """y = a number where the mask holds, else x,    dx = dy where it does not hold"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, mask, value):
        ctx.save_for_backward(mask)
        return np.where(mask, value, x)

    @staticmethod
    def backward(ctx, grad):
        (mask,) = ctx.saved_tensors
        return Keep.apply(grad, ~mask), None


class MaskedFillTensor(Masked):
    """MaskedFill with the element of a tensor v,    dv = the sum of dy where the mask holds"""

    inputs = 3
    name = "MaskedFillBackward1"

    @staticmethod
    def forward(ctx, x, value, mask):
        ctx.save_for_backward(mask)
        return np.where(mask, value, x)

    @staticmethod
    def backward(ctx, grad):
        (mask,) = ctx.saved_tensors
        need_x, need_value, _ = ctx.needs_input_grad
        dx = Keep.apply(grad, ~mask) if need_x else None
        return dx, Keep.apply(grad, mask).sum() if need_value else None, None


class MaskedSelect(Masked):
    """y = the elements of x where the mask holds, in order, as a vector,    dx = dy there, 0 elsewhere"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, mask):
        if x.shape != mask.shape:
            shape = np.broadcast_shapes(x.shape, mask.shape)
            x, mask = np.broadcast_to(x, shape), np.broadcast_to(mask, shape)
        ctx.save_for_backward(mask)
        return x[mask]

    @staticmethod
    def backward(ctx, grad):
        (mask,) = ctx.saved_tensors
        return MaskedPlace.apply(grad, mask), None


class MaskedPlace(Elementwise):
    """y = x, a vector, laid out where the mask holds, 0 elsewhere,    dx = dy there"""

    inputs = 2
    name = "MaskedScatterBackward0"

    @staticmethod
    def forward(ctx, x, mask):
        ctx.save_for_backward(mask)
        y = np.zeros(mask.shape, x.dtype, like=mask)
        lay_out(y, mask, x)
        return y

    @staticmethod
    def backward(ctx, grad):
        (mask,) = ctx.saved_tensors
        return MaskedSelect.apply(grad, mask), None


class MaskedScatter(Masked):
    """y = the first elements of source where the mask holds, else x,    dsource = dy where it holds,    dx = dy else"""

    inputs = 3

    @staticmethod
    def forward(ctx, x, source, mask):
        mask = np.broadcast_to(mask, np.broadcast_shapes(x.shape, mask.shape))
        ctx.save_for_backward(mask)
        ctx.source_shape = source.shape
        y = np.broadcast_to(x, mask.shape).copy()
        lay_out(y, mask, source)
        return y

    @staticmethod
    def backward(ctx, grad):
        (mask,) = ctx.saved_tensors
        need_x, need_source, _ = ctx.needs_input_grad
        dx = Keep.apply(grad, ~mask) if need_x else None
        if not need_source:
            return dx, None, None
        used = MaskedSelect.apply(grad, mask)
        flat = Surround.apply(used, (math.prod(ctx.source_shape),), along(0, slice(0, used.shape[0])))
        return dx, flat.reshape(ctx.source_shape), None


# ---- functions -------------------------------------------------------------------------------------------------------


def _fill_call(name: str, input: Tensor, mask: Any, value: Any) -> tuple:
    """The rule that a call of masked_fill means, and its arguments after the first."""
    is_tensor = isinstance(value, Tensor)
    if not isinstance(mask, Tensor) or not (is_tensor or isinstance(value, (bool, int, float, complex, np.number))):
        given = tuple(each for each in (mask, value) if each is not None)
        raise no_such_form(name, given, {}, ("(Tensor mask, Tensor value)", "(Tensor mask, Number value)"))
    if mask._array.dtype.kind != "b":
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype.c_name}")
    if not is_tensor:
        return MaskedFill, mask, fitting_number(value, input.dtype)
    if value._array.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    fitting_number(value._array.item(), input.dtype)
    return MaskedFillTensor, value.to(input.dtype), mask


@public(out=False)
def masked_fill(input: Tensor, mask: Tensor, value: Any = None) -> Tensor:
    """`value`, one number, where `mask` holds, else input. Both shapes broadcast.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.masked_fill_.html

    >>> x = torch.tensor([1., -2., 3.])
    >>> x.masked_fill(x < 0, 0.)
    tensor([1., 0., 3.])
    """
    rule, *args = _fill_call("masked_fill", input, mask, value)
    return rule.apply(input, *args)


def masked_fill_(self: Tensor, mask: Tensor, value: Any = None) -> Tensor:
    rule, *args = _fill_call("masked_fill_", self, mask, value)
    into, where = self._array, mask._array
    if where.shape != into.shape:
        _check_fits(into, where)
    if state.recording and (self.requires_grad or (isinstance(value, Tensor) and value.requires_grad)):
        return views.write(self, rule.apply, *args)
    views.check_history(self, False)
    if is_expanded(into):
        warn(_EXPANDED)
    number = args[1][()] if rule is MaskedFill else args[0]._array
    np.copyto(into, number, where=where)
    self._bump()
    return self


_EXPANDED = (
    "Use of masked_fill_ on expanded tensors is deprecated. Please clone() the tensor before performing this "
    "operation. This also applies to advanced indexing e.g. tensor[mask] = scalar"
)


def _check_fits(into: np.ndarray, mask: np.ndarray) -> None:
    """RuntimeError unless `mask` can be broadcast to the shape of `into`."""
    error = broadcast_error((into, mask))
    if error is not None:
        raise error
    joint = np.broadcast_shapes(into.shape, mask.shape)
    if joint != into.shape:
        raise RuntimeError(f"output with shape {list(into.shape)} doesn't match the broadcast shape {list(joint)}")


@public(out="masked_select(): self and result must have the same scalar type")
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements of input where `mask` holds, in order, as a vector. Both shapes broadcast.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.masked_select.html

    >>> x = torch.tensor([[1., -2.], [3., -4.]])
    >>> torch.masked_select(x, x > 0)
    tensor([1., 3.])
    """
    need_tensor("masked_select", "mask", 1, mask)
    if mask._array.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    return MaskedSelect.apply(input, mask)


def _check_scatter(input: Tensor, mask: Tensor, source: Tensor) -> None:
    """The errors of masked_scatter for arguments that do not fit together."""
    for position, (argument, value) in enumerate((("mask", mask), ("source", source)), 1):
        need_tensor("masked_scatter", argument, position, value)
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{input.dtype.legacy} and "
            f"{source.dtype.legacy}"
        )
    if mask.dtype is not bool_:
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.legacy}")
    shape, sides = input._array.shape, mask._array.shape
    times = 1
    if shape != sides:
        error = broadcast_error((mask._array, input._array))
        if error is not None:
            raise error
        times = int(np.prod(np.broadcast_shapes(shape, sides))) // max(mask._array.size, 1)
    if known(mask._array) and int(np.count_nonzero(mask._array)) * times > source._array.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")


@public(out=False)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The first elements of `source`, in order, where `mask` holds, else input. The shapes of input and mask broadcast.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.masked_scatter_.html

    >>> mask = torch.tensor([True, False, True])
    >>> torch.zeros(3).masked_scatter(mask, torch.tensor([1., 2., 3.]))
    tensor([1., 0., 2.])
    """
    _check_scatter(input, mask, source)
    return MaskedScatter.apply(input, source, mask)


def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    if mask._array.shape != self._array.shape:
        mask = expand_to(mask, self._array.shape)
    _check_scatter(self, mask, source)
    if state.recording and (self.requires_grad or source.requires_grad):
        return views.write(self, MaskedScatter.apply, source, mask)
    views.check_writable(self, False)
    views.check_overlap(self._array, source._array)
    lay_out(self._array, mask._array, source._array)
    self._bump()
    return self


for _function in (masked_fill_, masked_scatter_):
    publish_inplace(_function.__name__, _function)
