"""Products added to something: addmm and its relatives, and linear, the layer y = x W^T + b."""

from __future__ import annotations

from typing import Any

from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import from_numpy
from tinytorch.ops.arithmetic import conj
from tinytorch.ops.matmul import Bmm, Mm, Mv, bmm, check_batches, check_tensors, dtypes_error, product, shapes_error
from tinytorch.ops.transposition import Transpose
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Addmm(Rule):
    """z = beta c + alpha x @ y,    dc = beta dz,    dx = alpha dz @ y^T,    dy = alpha x^T @ dz"""

    inputs = 3

    @staticmethod
    def forward(ctx, c, mat1, mat2, beta, alpha):
        _, need_x, need_y = ctx.needs_input_grad[:3]
        ctx.save_for_backward(mat1 if need_y else None, mat2 if need_x else None)
        ctx.beta, ctx.alpha = beta, alpha
        z = product(mat1, mat2)
        if alpha != 1:
            z *= alpha
        if beta:  # beta = 0 ignores c, nan and inf included
            z += c if beta == 1 else beta * c
        return z

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        dc = (grad if ctx.beta == 1 else grad * ctx.beta) if ctx.needs_input_grad[0] else None
        scaled = grad if ctx.alpha == 1 else grad * ctx.alpha
        dx = None if y is None else Mm.apply(scaled, conj(y).T)
        return dc, dx, None if x is None else Mm.apply(conj(x).T, scaled)


class Addmv(Rule):
    """z = beta c + alpha A @ v,    dc = beta dz,    dA = alpha dz v^T,    dv = alpha A^T @ dz"""

    inputs = 3

    @staticmethod
    def forward(ctx, c, mat, vec, beta, alpha):
        ctx.save_for_backward(mat, vec)
        ctx.beta, ctx.alpha = beta, alpha
        z = product(mat, vec) * alpha
        return z + beta * c if beta else z

    @staticmethod
    def backward(ctx, grad):
        mat, vec = ctx.saved_tensors
        need_c, need_mat, need_vec = ctx.needs_input_grad
        scaled = grad * ctx.alpha
        d_mat = scaled.reshape((-1, 1)) * conj(vec) if need_mat else None
        return grad * ctx.beta if need_c else None, d_mat, Mv.apply(conj(mat).T, scaled) if need_vec else None


class Baddbmm(Rule):
    """z = beta c + alpha x @ y for batches,    dc = beta dz,    dx = alpha dz @ y^T,    dy = alpha x^T @ dz"""

    inputs = 3

    @staticmethod
    def forward(ctx, c, batch1, batch2, beta, alpha):
        ctx.save_for_backward(batch1, batch2)
        ctx.beta, ctx.alpha = beta, alpha
        z = product(batch1, batch2) * alpha
        return z + beta * c if beta else z

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_c, need_x, need_y = ctx.needs_input_grad
        scaled = grad * ctx.alpha
        dx = Bmm.apply(scaled, Transpose.apply(conj(y), 1, 2)) if need_x else None
        dy = Bmm.apply(Transpose.apply(conj(x), 1, 2), scaled) if need_y else None
        return grad * ctx.beta if need_c else None, dx, dy


class Linear(Rule):
    """y = x W^T + b for rows x,    dx = dy W,    dW = dy^T x,    db = dy summed over the rows

    The transposed weight is read where it lies: no copy. The node has the name of PyTorch's addmm, which does the same.
    """

    inputs = 3
    name = "AddmmBackward0"

    @staticmethod
    def forward(ctx, bias, x, weight):
        _, need_x, need_w = ctx.needs_input_grad[:3]
        ctx.save_for_backward(x if need_w else None, weight if need_x else None)
        y = product(x, weight.T)
        y += bias
        return y

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        dx = None if weight is None else Mm.apply(grad, conj(weight))
        dw = None if x is None else Mm.apply(grad.T, conj(x))
        return grad, dx, dw  # b was broadcast over the rows: the engine sums its gradient over them


class LinearWithoutBias(Rule):
    """y = x W^T for rows x,    dx = dy W,    dW = dy^T x"""

    inputs = 2
    name = "MmBackward0"

    @staticmethod
    def forward(ctx, x, weight):
        need_x, need_w = ctx.needs_input_grad[:2]
        ctx.save_for_backward(x if need_w else None, weight if need_x else None)
        return product(x, weight.T)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        dx = None if weight is None else Mm.apply(grad, conj(weight))
        return dx, None if x is None else Mm.apply(grad.T, conj(x))


def _check_same_dtype(c: Any, y: Any) -> None:
    if c.dtype is not y.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {from_numpy(c.dtype).legacy} and {from_numpy(y.dtype).legacy}"
        )


def _check_expands(c: Any, shape: tuple) -> None:
    """RuntimeError unless an array of c's shape broadcasts to `shape`."""
    extra = len(shape) - c.ndim
    for dim in range(len(shape) - 1, -1, -1):
        side = c.shape[dim - extra] if dim >= extra else 1
        if extra < 0 or side not in (1, shape[dim]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[dim]}) must match the existing size ({side}) at non-singleton "
                f"dimension {dim}.  Target sizes: {list(shape)}.  Tensor sizes: {list(c.shape)}"
            )


@public(inplace=True)
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
    if x.dtype is not y.dtype:
        raise dtypes_error(x, y)
    _check_expands(input._array, (x.shape[0], y.shape[1]))
    return Addmm.apply(input, mat1, mat2, beta, alpha)


@public(inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addmv.html

    >>> torch.addmv(torch.ones(2), torch.ones(2, 3), torch.ones(3))
    tensor([4., 4.])
    """
    check_tensors("addmv", input=input, mat=mat, vec=vec)
    c, x, v = input._array, mat._array, vec._array
    if x.ndim != 2 or v.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {c.ndim}, {x.ndim}, {v.ndim}")
    if x.shape[1] != v.shape[0] or c.shape not in ((), (1,), (x.shape[0],)):
        raise RuntimeError(f"size mismatch, got input ({c.size}), mat ({x.shape[0]}x{x.shape[1]}), vec ({v.shape[0]})")
    return Addmv.apply(input, mat, vec, beta, alpha)


@public(inplace=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addr.html

    >>> torch.addr(torch.zeros(2, 2), torch.tensor([1., 2.]), torch.tensor([1., 10.]))
    tensor([[ 1., 10.],
            [ 2., 20.]])
    """
    check_tensors("addr", input=input, vec1=vec1, vec2=vec2)
    _check_expands(input._array, (vec1._array.size, vec2._array.size))
    product_ = vec1.outer(vec2)
    scaled = product_ if alpha == 1 else product_ * alpha
    return scaled + (input if beta == 1 else input * beta) if beta else scaled.expand_as(scaled).clone()


@public(inplace=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), matrix by matrix.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.baddbmm.html

    >>> torch.baddbmm(torch.ones(1), torch.ones(2, 1, 3), torch.ones(2, 3, 1)).flatten()
    tensor([4., 4.])
    """
    check_tensors("baddbmm", input=input, batch1=batch1, batch2=batch2)
    x, y = batch1._array, batch2._array
    check_batches(x, y)
    _check_expands(input._array, (x.shape[0], x.shape[1], y.shape[2]))
    return Baddbmm.apply(input, batch1, batch2, beta, alpha)


@public(inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * the sum of the products in the batch.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.addbmm.html

    >>> torch.addbmm(torch.zeros(1, 1), torch.ones(2, 1, 3), torch.ones(2, 3, 1))
    tensor([[6.]])
    """
    check_tensors("addbmm", input=input, batch1=batch1, batch2=batch2)
    total = bmm(batch1, batch2).sum(0)
    _check_expands(input._array, total._array.shape)
    scaled = total if alpha == 1 else total * alpha
    return scaled + (input if beta == 1 else input * beta) if beta else scaled


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = input @ weight^T + bias, over the last dimension of `input`.

    Shapes: input (*, in), weight (out, in), bias (out), result (*, out).
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.linear.html

    >>> torch.nn.functional.linear(torch.tensor([[1., 2.]]), torch.tensor([[10., 1.]]), torch.tensor([5.]))
    tensor([[17.]])
    """
    x, w = input._array, weight._array
    if w.ndim == 1:
        product_ = input.matmul(weight)
        return product_ if bias is None else product_ + bias
    rows = input if x.ndim == 2 else input.reshape((-1, x.shape[-1]) if x.ndim else (1, 1))
    if rows._array.shape[1] != w.shape[1]:
        raise shapes_error(rows._array, w.T)
    if bias is not None and bias._array.dtype is not w.dtype:
        _check_same_dtype(bias._array, w)
    if x.dtype is not w.dtype:
        if bias is not None:
            raise RuntimeError(
                f"mat1 and mat2 must have the same dtype, but got {from_numpy(x.dtype).legacy} and "
                f"{from_numpy(w.dtype).legacy}\n\nThe input is {from_numpy(x.dtype)}, the layer {from_numpy(w.dtype)}: "
                "convert the input (NumPy makes float64: .float()), or the layer (.double())."
            )
        raise dtypes_error(x, w)
    if bias is None:
        y = LinearWithoutBias.apply(rows, weight)
    else:
        if bias._array.shape != (w.shape[0],):
            _check_expands(bias._array, (rows._array.shape[0], w.shape[0]))
        y = Linear.apply(bias, rows, weight)
    return y if x.ndim == 2 else y.view(*x.shape[:-1], w.shape[0])
