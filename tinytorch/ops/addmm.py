"""Products added to something: addmm and its relatives, and linear, the layer y = x W^T + b."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import wrong_type
from tinytorch.autograd import views
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import BOOL, FLOAT, float32, from_numpy, result_dtype
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.elementwise import conj
from tinytorch.ops.expansion import Expand
from tinytorch.ops.matmul import (
    ADDMV_DTYPES,
    Bmm,
    Mm,
    Mv,
    by_columns,
    check_batches,
    check_tensors,
    dtypes_error,
    in_order_of,
    product,
    refuse_bool,
    shapes_error,
)
from tinytorch.ops.shape import UnsafeView
from tinytorch.ops.transposition import T, Transpose
from tinytorch.promotion import fitting_number, to_common
from tinytorch.public import public, publish_inplace
from tinytorch.tensor import Tensor

# ---- rules -----------------------------------------------------------------------------------------------------------


class Addmm(Rule):
    """z = beta c + alpha x @ y,    dc = beta dz,    dx = alpha dz @ y^T,    dy = alpha x^T @ dz"""

    silent = True
    inputs = 3

    @staticmethod
    def forward(ctx, c, mat1, mat2, beta, alpha):
        need_c, need_x, need_y = ctx.needs_input_grad[:3]
        if need_c or need_x or need_y:
            ctx.save_for_backward(mat1 if need_y else None, mat2 if need_x else None)
            ctx.beta, ctx.alpha, ctx.by_columns = beta, alpha, by_columns(mat2)
        return _sum(beta, c, alpha, mat1, mat2)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        dc = _scaled(ctx.beta, grad) if ctx.needs_input_grad[0] else None
        scaled = _scaled(ctx.alpha, grad)
        dx = None if y is None else Mm.apply(scaled, conj(y).T)
        return dc, dx, None if x is None else in_order_of(ctx.by_columns, x, scaled)


class Addmv(Rule):
    """z = beta c + alpha A @ v,    dc = beta dz,    dA = alpha dz v^T,    dv = alpha A^T @ dz"""

    inputs = 3

    @staticmethod
    def forward(ctx, c, mat, vec, beta, alpha):
        _, need_mat, need_vec = ctx.needs_input_grad[:3]
        ctx.save_for_backward(mat if need_vec else None, vec if need_mat else None)
        ctx.beta, ctx.alpha = beta, alpha
        return _sum(beta, c, alpha, mat, vec)

    @staticmethod
    def backward(ctx, grad):
        mat, vec = ctx.saved_tensors
        scaled = _scaled(ctx.alpha, grad)
        d_mat = None if vec is None else scaled.reshape((-1, 1)) * conj(vec)
        d_vec = None if mat is None else Mv.apply(conj(mat).T, scaled)
        return _scaled(ctx.beta, grad) if ctx.needs_input_grad[0] else None, d_mat, d_vec


class Addr(Rule):
    """z = beta c + alpha x y^T,    dc = beta dz,    dx = alpha dz @ y,    dy = alpha dz^T @ x"""

    inputs = 3
    promote = to_common

    @staticmethod
    def forward(ctx, c, vec1, vec2, beta, alpha):
        _, need_x, need_y = ctx.needs_input_grad[:3]
        ctx.save_for_backward(vec1 if need_y else None, vec2 if need_x else None)
        ctx.beta, ctx.alpha = beta, alpha
        if c.dtype.kind == "b":
            return bool(beta) & c | bool(alpha) & np.multiply.outer(vec1, vec2)
        return narrow(_combined(beta, widen(c), alpha, np.multiply.outer(widen(vec1), widen(vec2))), c)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        scaled = _scaled(ctx.alpha, grad)
        dx = None if y is None else Mv.apply(scaled, conj(y))
        dy = None if x is None else Mv.apply(scaled.T, conj(x))
        return _scaled(ctx.beta, grad) if ctx.needs_input_grad[0] else None, dx, dy


class Baddbmm(Rule):
    """z = beta c + alpha x @ y for batches,    dc = beta dz,    dx = alpha dz @ y^T,    dy = alpha x^T @ dz"""

    inputs = 3

    @staticmethod
    def forward(ctx, c, batch1, batch2, beta, alpha):
        _, need_x, need_y = ctx.needs_input_grad[:3]
        ctx.save_for_backward(batch1 if need_y else None, batch2 if need_x else None)
        ctx.beta, ctx.alpha = beta, alpha
        return _sum(beta, c, alpha, batch1, batch2)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        scaled = _scaled(ctx.alpha, grad)
        dx = None if y is None else Bmm.apply(scaled, Transpose.apply(conj(y), 1, 2))
        dy = None if x is None else Bmm.apply(Transpose.apply(conj(x), 1, 2), scaled)
        return _scaled(ctx.beta, grad) if ctx.needs_input_grad[0] else None, dx, dy


class Addbmm(Rule):
    """z = beta c + alpha sum_b x_b @ y_b,    dc = beta dz,    dx_b = alpha dz @ y_b^T,    dy_b = alpha x_b^T @ dz"""

    inputs = 3

    @staticmethod
    def forward(ctx, c, batch1, batch2, beta, alpha):
        _, need_x, need_y = ctx.needs_input_grad[:3]
        ctx.save_for_backward(batch1 if need_y else None, batch2 if need_x else None)
        ctx.beta, ctx.alpha, ctx.count = beta, alpha, len(batch1)
        total = product(batch1, batch2).sum(0, dtype=batch1.dtype if batch1.dtype.kind in "iu" else None)
        return _combined(beta, c, alpha, total)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        scaled = _scaled(ctx.alpha, grad)
        every = Expand.apply(scaled, (ctx.count, *scaled.shape))
        dx = None if y is None else Bmm.apply(every, Transpose.apply(conj(y), 1, 2))
        dy = None if x is None else Bmm.apply(Transpose.apply(conj(x), 1, 2), every)
        return _scaled(ctx.beta, grad) if ctx.needs_input_grad[0] else None, dx, dy


def _sum(beta: Any, c: Any, alpha: Any, x: Any, y: Any) -> Any:
    """beta c + alpha x @ y; half precision is rounded after the product and after the sum"""
    if x.dtype.char in "fd":
        return kernels.matmul.addmm(c, x, y, beta, alpha)
    return _combined(beta, c, alpha, product(x, y))


def _combined(beta: Any, c: Any, alpha: Any, z: Any) -> Any:
    """beta c + alpha z, into the memory of z; beta = 0 ignores c, nan and inf included."""
    if alpha != 1:
        z *= alpha
    if beta:
        z += c if beta == 1 else beta * c
    return z


def _scaled(factor: Any, grad: Any) -> Any:
    return grad if factor == 1 else grad * conj(factor)


def _check_same_dtype(c: Any, y: Any) -> None:
    if c.dtype is not y.dtype:
        first, second = from_numpy(c.dtype).legacy, from_numpy(y.dtype).legacy
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {first} and {second}")


def _check_factors(x: Any, y: Any) -> None:
    """RuntimeError unless the matrices x and y have one dtype; NotImplementedError for bools."""
    if x.dtype is not y.dtype:
        first, second = from_numpy(x.dtype), from_numpy(y.dtype)
        raise RuntimeError(
            f"mat1 and mat2 must have the same dtype, but got {first.legacy} and {second.legacy}\n\nMatrix products do "
            f"not convert, and these are of {first} and {second}. An array of NumPy is float64: make it .float()."
        )
    refuse_bool(x, "addmm_impl_cpu_")


def _check_expands(c: Any, shape: tuple) -> None:
    """RuntimeError unless an array of c's shape broadcasts to `shape`."""
    extra = len(shape) - c.ndim
    if extra < 0:
        raise RuntimeError(
            f"expand(torch.{from_numpy(c.dtype).legacy}Tensor{{{list(c.shape)}}}, size={list(shape)}): the number of "
            f"sizes provided ({len(shape)}) must be greater or equal to the number of dimensions in the tensor "
            f"({c.ndim})"
        )
    for dim in range(len(shape) - 1, -1, -1):
        side = c.shape[dim - extra] if dim >= extra else 1
        if side not in (1, shape[dim]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[dim]}) must match the existing size ({side}) at "
                f"non-singleton dimension {dim}.  Target sizes: {list(shape)}.  Tensor sizes: {list(c.shape)}"
            )


def _factor(function: str, name: str, value: Any, x: Any) -> Any:
    """beta or alpha as a number that arrays like x are multiplied with; integers are multiplied with integers."""
    if x.dtype.char in "fd" and (type(value) is int or type(value) is float):
        return value
    if not isinstance(value, (int, float, complex)):
        raise wrong_type(function, name, None, "Number", value)
    to = from_numpy(x.dtype)
    if to.category == FLOAT and to.itemsize == 2 and function not in ("addmv", "addr"):
        to = float32
    return fitting_number(value, to).item()


def _in_place(plain: Callable) -> Callable:
    """The in-place form of a function that adds a product to its first argument, which must have its shape."""

    def fitting(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        result = plain(self, *args, **kwargs)
        if result._array.shape != self._array.shape:
            raise RuntimeError(
                f"Bad in-place call: input tensor size {list(self.shape)} and output tensor size {list(result.shape)} "
                "should match"
            )
        return result

    def change(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return views.write(self, fitting, *args, **kwargs)

    return change


# ---- functions -------------------------------------------------------------------------------------------------------


@public(out="same")
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); `input` broadcasts to the product's shape.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addmm.html

    >>> torch.addmm(torch.tensor([10., 20.]), torch.ones(1, 3), torch.ones(3, 2))
    tensor([[13., 23.]])
    """
    check_tensors("addmm", input=input, mat1=mat1, mat2=mat2)
    x, y = mat1._array, mat2._array
    if x.ndim != 2 or y.ndim != 2:
        which, ndim = ("mat1", x.ndim) if x.ndim != 2 else ("mat2", y.ndim)
        raise RuntimeError(f"{which} must be a matrix, got {ndim}-D tensor")
    if x.shape[1] != y.shape[0]:
        raise shapes_error(x, y)
    _check_same_dtype(input._array, y)
    _check_factors(x, y)
    _check_expands(input._array, (x.shape[0], y.shape[1]))
    return Addmm.apply(input, mat1, mat2, _factor("addmm", "beta", beta, x), _factor("addmm", "alpha", alpha, x))


@public(out="same")
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addmv.html

    >>> torch.addmv(torch.ones(2), torch.ones(2, 3), torch.ones(3))
    tensor([4., 4.])
    """
    check_tensors("addmv", input=input, mat=mat, vec=vec)
    c, x, v = input._array, mat._array, vec._array
    if c.ndim > 1 or x.ndim != 2 or v.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {c.ndim}, {x.ndim}, {v.ndim}")
    if x.shape[1] != v.shape[0] or c.shape not in ((), (1,), (x.shape[0],)):
        raise RuntimeError(f"size mismatch, got input ({c.size}), mat ({x.shape[0]}x{x.shape[1]}), vec ({v.shape[0]})")
    if x.dtype is not v.dtype or c.dtype is not v.dtype:
        raise RuntimeError(ADDMV_DTYPES.format(*[from_numpy(each.dtype).legacy for each in (c, x, v)]))
    refuse_bool(x, "addmv_impl_cpu")
    return Addmv.apply(input, mat, vec, _factor("addmv", "beta", beta, x), _factor("addmv", "alpha", alpha, x))


@public()
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2); the dtypes are promoted.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addr.html

    >>> torch.addr(torch.zeros(2, 2), torch.tensor([1., 2.]), torch.tensor([1., 10.]))
    tensor([[ 1., 10.],
            [ 2., 20.]])
    """
    check_tensors("addr", input=input, vec1=vec1, vec2=vec2)
    for name, tensor in (("vec1", vec1), ("vec2", vec2)):
        if tensor._array.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {tensor._array.ndim}-D")
    _check_expands(input._array, (vec1._array.size, vec2._array.size))
    to = result_dtype([input._array, vec1._array, vec2._array])
    for name, value in (("beta", beta), ("alpha", alpha)):
        if to.category < FLOAT and isinstance(value, (float, complex)):
            raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
        if to.category > BOOL and isinstance(value, bool):
            raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
    sample = np.empty(0, to.numpy)
    return Addr.apply(input, vec1, vec2, _factor("addr", "beta", beta, sample), _factor("addr", "alpha", alpha, sample))


@public(out="same")
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), matrix by matrix.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.baddbmm.html

    >>> torch.baddbmm(torch.ones(1), torch.ones(2, 1, 3), torch.ones(2, 3, 1)).flatten()
    tensor([4., 4.])
    """
    check_tensors("baddbmm", input=input, batch1=batch1, batch2=batch2)
    c, x, y = input._array, batch1._array, batch2._array
    if x.ndim == y.ndim == 3:
        _check_expands(c, (x.shape[0], x.shape[1], y.shape[2]))
    check_batches(x, y)
    if c.dtype is not x.dtype:
        names = [from_numpy(each.dtype).c_name for each in (c, x, y)]
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {names[0]}, batch1: {names[1]}, batch2: {names[2]}"
        )
    if x.dtype is not y.dtype:
        raise RuntimeError(f"expected scalar type {from_numpy(x.dtype).legacy} but found {from_numpy(y.dtype).legacy}")
    refuse_bool(x, "baddbmm")
    return Baddbmm.apply(
        input, batch1, batch2, _factor("baddbmm", "beta", beta, x), _factor("baddbmm", "alpha", alpha, x)
    )


@public(inplace=True, out="self and mat2 must have the same dtype, but got {given.legacy} and {wanted.legacy}")
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * the sum of the products in the batch.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addbmm.html

    >>> torch.addbmm(torch.zeros(1, 1), torch.ones(2, 1, 3), torch.ones(2, 3, 1))
    tensor([[6.]])
    """
    check_tensors("addbmm", input=input, batch1=batch1, batch2=batch2)
    c, x, y = input._array, batch1._array, batch2._array
    for name, batch in (("batch1", x), ("batch2", y)):
        if batch.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    _check_expands(c, (x.shape[1], y.shape[2]))
    if x.shape[0] != y.shape[0]:
        raise RuntimeError(f"batch1 and batch2 must have same number of batches, got {x.shape[0]} and {y.shape[0]}")
    if x.shape[2] != y.shape[1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for bmm ({x.shape[1]}x{x.shape[2]} and {y.shape[1]}x{y.shape[2]})"
        )
    _check_same_dtype(c, y)
    _check_factors(x, y)
    return Addbmm.apply(input, batch1, batch2, _factor("addbmm", "beta", beta, x), _factor("addbmm", "alpha", alpha, x))


for _plain in (addmm, addmv, baddbmm):
    publish_inplace(f"{_plain.__name__}_", _in_place(_plain), function=_plain.__name__ == "addmv")


def addr_(self: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """self = beta * self + alpha * outer(vec1, vec2)"""
    if self._array.ndim != 2:
        raise RuntimeError(f"2D tensor expected, got {self._array.ndim}D tensor for input")
    return views.write(self, addr, vec1, vec2, beta=beta, alpha=alpha)


publish_inplace("addr_", addr_)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = input @ weight^T + bias, over the last dimension of `input`.

    Shapes: input (*, in), weight (out, in), bias (out), result (*, out).
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.linear.html

    >>> torch.nn.functional.linear(torch.tensor([[1., 2.]]), torch.tensor([[10., 1.]]), torch.tensor([5.]))
    tensor([[17.]])
    """
    if not isinstance(input, Tensor) or not isinstance(weight, Tensor):
        check_tensors("linear", input=input, weight=weight)
    x, w = input._array, weight._array
    if x.ndim != 2 or w.ndim != 2:
        return _linear_of_other_shapes(input, weight, bias)
    if x.shape[1] != w.shape[1]:
        raise shapes_error(x, w.T)
    if bias is None:
        if x.dtype is not w.dtype:
            raise dtypes_error(x, w)
        if x.dtype.kind == "b":
            refuse_bool(x, "addmm_impl_cpu_")
        return Mm.apply(input, T.apply(weight))
    c = bias._array
    if c.dtype is not w.dtype or x.dtype is not w.dtype or x.dtype.kind == "b":
        _check_same_dtype(c, w)
        _check_factors(x, w)
    if c.shape != (w.shape[0],):
        _check_expands(c, (x.shape[0], w.shape[0]))
    return Addmm.apply(bias, input, T.apply(weight), 1, 1)


def _linear_of_other_shapes(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`linear` for a batch of rows, for a single row, and for a weight that is a vector."""
    x, w = input._array, weight._array
    if not x.ndim:
        raise RuntimeError(f"both arguments to linear need to be at least 1D, but they are 0D and {w.ndim}D")
    if w.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {w.ndim}D")
    if w.ndim < 2:
        if bias is not None:
            raise RuntimeError(f"mat2 must be a matrix, got {w.ndim}-D tensor")
        return input.matmul(weight)
    y = linear(input.reshape(math.prod(x.shape[:-1]), x.shape[-1]), weight, bias)
    if bias is not None:
        return y.view(*x.shape[:-1], w.shape[0])
    return UnsafeView.apply(y, (*x.shape[:-1], w.shape[0])) if x.ndim > 1 else y.squeeze_(0)
