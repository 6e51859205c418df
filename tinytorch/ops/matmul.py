"""Products of matrices and vectors: mm, bmm, mv, dot, matmul and the operator @."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import BOOL, from_numpy
from tinytorch.errors import broadcast_error
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.elementwise import conj, publish_operators
from tinytorch.ops.shape import UnsafeView
from tinytorch.ops.transposition import Transpose
from tinytorch.public import public
from tinytorch.tensor import Tensor


def product(x: Any, y: Any) -> Any:
    """x @ y of arrays; half precision is multiplied in single and rounded once, as PyTorch does."""
    if x.dtype.char in "fd":
        return kernels.matmul.matmul(x, y)
    return narrow(kernels.matmul.matmul(widen(x), widen(y)), x)


def by_columns(y: Any) -> bool:
    """Does the matrix lie in memory column by column, as a transposed one does?"""
    down, right = y.strides
    return down == y.itemsize and right > down


def in_order_of(columns: bool, x: Any, grad: Any) -> Any:
    """dy = x^T @ dz, the gradient of y in z = x @ y, column by column where y was: a weight's gradient lies like it."""
    return Mm.apply(grad.T, conj(x)).T if columns else Mm.apply(conj(x).T, grad)


class Mm(Rule):
    """z = x @ y,    dx = dz @ y^T,    dy = x^T @ dz"""

    silent = True
    inputs = 2

    @staticmethod
    def forward(ctx, x, mat2):
        need = ctx.needs_input_grad
        if need[0] or need[1]:
            ctx.save_for_backward(x if need[1] else None, mat2 if need[0] else None)
            ctx.by_columns = by_columns(mat2)
        return product(x, mat2)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        dx = None if y is None else Mm.apply(grad, conj(y).T)
        return dx, None if x is None else in_order_of(ctx.by_columns, x, grad)


class Bmm(Rule):
    """z[b] = x[b] @ y[b],    dx = dz @ y^T,    dy = x^T @ dz    (for every b)"""

    silent = True
    inputs = 2

    @staticmethod
    def forward(ctx, x, mat2):
        need_x, need_y = ctx.needs_input_grad[:2]
        ctx.save_for_backward(x if need_y else None, mat2 if need_x else None)
        return product(x, mat2)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        dx = None if y is None else Bmm.apply(grad, Transpose.apply(conj(y), 1, 2))
        return dx, None if x is None else Bmm.apply(Transpose.apply(conj(x), 1, 2), grad)


class Mv(Rule):
    """z = A @ v,    dA = dz v^T,    dv = A^T @ dz"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, vec):
        need_x, need_v = ctx.needs_input_grad[:2]
        ctx.save_for_backward(x if need_v else None, vec if need_x else None)
        return product(x, vec)

    @staticmethod
    def backward(ctx, grad):
        x, v = ctx.saved_tensors
        dx = None if v is None else grad.reshape((-1, 1)) * conj(v)
        return dx, None if x is None else Mv.apply(conj(x).T, grad)


class Dot(Rule):
    """z = sum_i x_i y_i,    dx = dz y,    dy = dz x"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, tensor):
        need_x, need_y = ctx.needs_input_grad[:2]
        ctx.save_for_backward(x if need_y else None, tensor if need_x else None)
        return product(x, tensor)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return None if y is None else grad * conj(y), None if x is None else grad * conj(x)


class Vdot(Rule):
    """z = sum_i conj(x_i) y_i,    dx = conj(dz) y,    dy = dz x"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, other):
        ctx.save_for_backward(x, other)
        return product(conj(x), other)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        need_x, need_y = ctx.needs_input_grad
        return conj(grad) * y if need_x else None, grad * x if need_y else None


# ---- checks ----------------------------------------------------------------------------------------------------------


def check_tensors(name: str, **arguments: Any) -> None:
    """TypeError where an argument that has to be a tensor is none."""
    for position, (argument, value) in enumerate(arguments.items(), 1):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(value).__name__}"
            )


def shapes_error(x: Any, y: Any) -> RuntimeError:
    """For matrices whose inner sides differ."""
    return RuntimeError(
        f"mat1 and mat2 shapes cannot be multiplied ({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})\n\n"
        f"The rows of the first matrix have {x.shape[1]} numbers, the columns of the second {y.shape[0]}: they have to "
        "be as many. Is one of them transposed (.t()), or the layer made for inputs of another size?"
    )


def dtypes_error(x: Any, y: Any) -> RuntimeError:
    """For matrices of different dtypes."""
    first, second = from_numpy(x.dtype), from_numpy(y.dtype)
    return RuntimeError(
        f"expected m1 and m2 to have the same dtype, but got: {first.c_name} != {second.c_name}\n\n"
        "Matrix products do not convert. NumPy makes float64 numbers and torch.tensor([1, 2]) int64 ones: "
        "convert with .float(), or from the start with dtype=torch.float32."
    )


def refuse_bool(x: Any, name: str) -> None:
    """PyTorch has no matrix product of bools."""
    if from_numpy(x.dtype).category == BOOL:
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")


ADDMV_DTYPES = "addmv input tensors must have the same dtype, but got {}, {}, and {}"
_DOT_DTYPE = "result dtype {given.legacy} does not match input dtype {wanted.legacy}"

# ---- functions -------------------------------------------------------------------------------------------------------


@public(out="same")
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of the matrices `input` (n, m) and `mat2` (m, p), of shape (n, p).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.mm.html

    >>> torch.mm(torch.tensor([[1., 2.]]), torch.tensor([[3.], [4.]]))
    tensor([[11.]])
    """
    return _mm(input, mat2)


def _mm(input: Tensor, mat2: Tensor) -> Tensor:
    if not isinstance(mat2, Tensor) or not isinstance(input, Tensor):
        check_tensors("mm", input=input, mat2=mat2)
    left, right = input, mat2
    x, y = left._array, right._array
    rows, columns, dtype = x.shape, y.shape, x.dtype  # each question to an array takes some time
    if len(rows) != 2:
        raise RuntimeError("self must be a matrix")
    if len(columns) != 2:
        raise RuntimeError("mat2 must be a matrix")
    if rows[1] != columns[0]:
        raise shapes_error(x, y)
    if dtype is not y.dtype:
        raise dtypes_error(x, y)
    if dtype.kind == "b":
        refuse_bool(x, "addmm_impl_cpu_")
    return Mm.apply(input, mat2)


@public(out="same")
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of the matrices in two batches: (b, n, m) and (b, m, p) give (b, n, p).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.bmm.html

    >>> torch.bmm(torch.ones(2, 1, 3), torch.ones(2, 3, 1)).flatten()
    tensor([3., 3.])
    """
    if not isinstance(mat2, Tensor) or not isinstance(input, Tensor):
        check_tensors("bmm", input=input, mat2=mat2)
    x, y = input._array, mat2._array
    check_batches(x, y)
    refuse_bool(x, "bmm")
    if x.dtype is not y.dtype:
        expected, found = from_numpy(x.dtype), from_numpy(y.dtype)
        raise RuntimeError(f"expected scalar type {expected.legacy} but found {found.legacy}")
    return Bmm.apply(input, mat2)


def check_batches(x: Any, y: Any) -> None:
    """RuntimeError unless x is (b, n, m) and y is (b, m, p)."""
    if x.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if y.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if x.shape[0] != y.shape[0] or x.shape[2] != y.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{x.shape[0]}, {x.shape[2]}] but got: "
            f"[{y.shape[0]}, {y.shape[1]}]."
        )


@public(out=ADDMV_DTYPES.format("{given.legacy}", "{wanted.legacy}", "{wanted.legacy}"))
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of the matrix `input` (n, m) and the vector `vec` (m), of shape (n).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.mv.html

    >>> torch.mv(torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([1., 10.]))
    tensor([21., 43.])
    """
    if not isinstance(vec, Tensor) or not isinstance(input, Tensor):
        check_tensors("mv", input=input, vec=vec)
    x, v = input._array, vec._array
    if x.ndim != 2 or v.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {x.ndim}, {v.ndim}")
    if x.shape[1] != v.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({x.shape[0]}), mat ({x.shape[0]}x{x.shape[1]}), vec ({v.shape[0]})"
        )
    if x.dtype is not v.dtype:
        vector, matrix = from_numpy(v.dtype).legacy, from_numpy(x.dtype).legacy
        raise RuntimeError(ADDMV_DTYPES.format(vector, matrix, vector))
    refuse_bool(x, "addmv_impl_cpu")
    return Mv.apply(input, vec)


def _check_vectors(input: Tensor, other: Tensor) -> None:
    x, y = input._array, other._array
    if x.ndim != 1 or y.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {x.ndim}D and {y.ndim}D tensors")
    if x.dtype is not y.dtype:
        first, second = from_numpy(x.dtype).legacy, from_numpy(y.dtype).legacy
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {first} and {second}")
    if x.shape != y.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{x.size}] and src [{y.size}] to have the same number of "
            f"elements, but got {x.size} and {y.size} elements respectively"
        )
    refuse_bool(x, "dot")


@public(out=_DOT_DTYPE)
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors' elements.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.dot.html

    >>> torch.dot(torch.tensor([2, 3]), torch.tensor([2, 1]))
    tensor(7)
    """
    if not isinstance(tensor, Tensor) or not isinstance(input, Tensor):
        check_tensors("dot", input=input, tensor=tensor)
    _check_vectors(input, tensor)
    return Dot.apply(input, tensor)


@public(out=_DOT_DTYPE)
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """`dot` with the complex conjugate of `input`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.vdot.html

    >>> torch.vdot(torch.tensor([1j]), torch.tensor([1j]))
    tensor(1.+0.j)
    """
    check_tensors("vdot", input=input, other=other)
    _check_vectors(input, other)
    return Vdot.apply(input, other)


def _out_dtype(input: Tensor, other: Tensor) -> str:
    """What the error about an out= of another dtype says: dot says it in its own words."""
    vectors = input._array.ndim == other._array.ndim == 1
    return "result dtype {given.legacy} does not match input dtype {wanted.legacy}" if vectors else "same"


@public(out=_out_dtype)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product; vectors count as rows or columns, further dimensions in front are batches that broadcast.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.matmul.html

    >>> torch.matmul(torch.ones(10, 3, 4), torch.ones(4, 5)).shape
    torch.Size([10, 3, 5])
    """
    if not isinstance(other, Tensor) or not isinstance(input, Tensor):
        check_tensors("matmul", input=input, other=other)
    x, y = input._array, other._array
    if x.ndim == 2 and y.ndim == 2:
        return _mm(input, other)
    if not x.ndim or not y.ndim:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {x.ndim}D and {y.ndim}D")
    if y.ndim == 1:
        if x.ndim == 1:
            return dot(input, other)
        if x.ndim == 2:
            return mv(input, other)
        return UnsafeView.apply(mv(_rows(input), other), x.shape[:-1])
    if x.ndim == 1:
        if y.ndim == 2:
            return _mm(input.unsqueeze(0), other).squeeze_(0)
        input = input.unsqueeze(0)
    elif y.ndim == 2:  # many rows, one matrix: a single large product
        return UnsafeView.apply(_mm(_rows(input), other), (*x.shape[:-1], y.shape[1]))
    return _batched(input, other, rows=x.shape[-2:-1])


def _rows(input: Tensor) -> Tensor:
    """A batch of matrices as one matrix with all their rows."""
    shape = input._array.shape
    return input.reshape(math.prod(shape[:-1]), shape[-1])


def _batched(input: Tensor, other: Tensor, rows: tuple) -> Tensor:
    """The products in batches that broadcast; `rows`: how many rows the result's matrices have, () for vectors."""
    x, y = input._array.shape, other._array.shape
    if len(x) == len(y) == 3 and x[0] == y[0] and rows and not (input._requires_grad or other._requires_grad):
        return bmm(input, other)  # nobody will ask the graph for the steps between
    try:
        batch = np.broadcast_shapes(x[:-2], y[:-2])
    except ValueError:
        raise broadcast_error([np.empty(x[:-2]), np.empty(y[:-2])]) from None  # type: ignore[misc]
    count = math.prod(batch)
    left = input.expand(*batch, *x[-2:]).reshape(count, *x[-2:])
    right = other.expand(*batch, *y[-2:]).reshape(count, *y[-2:])
    return UnsafeView.apply(bmm(left, right), (*batch, *rows, y[-1]))


@public(aliases=("ger",))
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of an element of `input` (n) and one of `vec2` (m): a matrix (n, m).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.outer.html

    >>> torch.outer(torch.tensor([1., 2.]), torch.tensor([1., 10.]))
    tensor([[ 1., 10.],
            [ 2., 20.]])
    """
    check_tensors("outer", input=input, vec2=vec2)
    for name, tensor in (("self", input), ("vec2", vec2)):
        if tensor._array.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {tensor._array.ndim}-D")
    return input.reshape(-1, 1) * vec2


def _matmul_operator(self: Tensor, other: Any) -> Any:
    if not isinstance(other, Tensor):
        return NotImplemented
    return _mm(self, other) if self._array.ndim == other._array.ndim == 2 else matmul(self, other)


def _reflected_matmul(self: Tensor, other: Any) -> Any:
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


publish_operators(matmul=_matmul_operator, rmatmul=_reflected_matmul)
