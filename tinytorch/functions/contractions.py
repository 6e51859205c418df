"""Products summed over paired dimensions: tensordot, inner; and the Kronecker product, which sums over none."""

from __future__ import annotations

import math
from typing import Any

from tinytorch.arguments import wrong_type
from tinytorch.errors import wrap_dim
from tinytorch.ops.matmul import check_tensors
from tinytorch.ops.shape import UnsafeView
from tinytorch.public import public
from tinytorch.tensor import Tensor

_OUT_DTYPE = (
    "tensordot: Expected the output tensor to have dtype {wanted.legacy}, but got an output tensor with dtype "
    "{given.legacy}"
)


@public(method=False, out=_OUT_DTYPE)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Products summed over the last `dims` dimensions of a and the first of b, or over the two lists in `dims`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tensordot.html

    >>> torch.tensordot(torch.ones(2, 3, 4), torch.ones(3, 4, 5), dims=2).shape
    torch.Size([2, 5])
    """
    dims_a, dims_b = _pairs(a, b, dims)
    if len(dims_a) != len(dims_b):
        raise RuntimeError("both dimension lists should have same length")
    if a.dtype is not b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    dims_a = [wrap_dim(d, a._array.ndim) for d in dims_a]
    dims_b = [wrap_dim(d, b._array.ndim) for d in dims_b]
    for d_a, d_b in zip(dims_a, dims_b):
        size_a, size_b = a.shape[d_a], b.shape[d_b]
        if size_b == 1:
            a = a.sum(d_a, keepdim=True, dtype=a.dtype)
        elif size_a == 1:
            b = b.sum(d_b, keepdim=True, dtype=b.dtype)
        elif size_a != size_b:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {size_a} in dim {d_a} and second has size "
                f"{size_b} in dim {d_b}"
            )
    free_a = [d for d in range(a._array.ndim) if d not in dims_a]
    free_b = [d for d in range(b._array.ndim) if d not in dims_b]
    rows, columns = [a.shape[d] for d in free_a], [b.shape[d] for d in free_b]
    inner_size = math.prod(a.shape[d] for d in dims_a)
    left = a.permute(free_a + dims_a).reshape(math.prod(rows), inner_size)
    right = b.permute(dims_b + free_b).reshape(inner_size, math.prod(columns))
    return left.mm(right).reshape(rows + columns)


def _pairs(a: Tensor, b: Tensor, dims: Any) -> tuple[list[int], list[int]]:
    """The dimensions of a and those of b that `dims` stands for."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a._array.ndim, b._array.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        return list(range(-dims, 0)), list(range(dims))
    dims_a, dims_b = dims
    for position, (name, value) in enumerate((("dims_self", dims_a), ("dims_other", dims_b)), start=3):
        if not isinstance(value, (list, tuple)):
            raise wrong_type("tensordot", name, position, "tuple of ints", value)
    return list(dims_a), list(dims_b)


def _out_of_inner(input: Tensor, other: Tensor) -> bool | str:
    """What inner demands of out=: with a single number it is a product, whose result may be cast."""
    return _OUT_DTYPE if input._array.ndim and other._array.ndim else True


@public(out=_out_of_inner)
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The dot products along the last dimensions of both.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.inner.html

    >>> torch.inner(torch.tensor([1., 2., 3.]), torch.tensor([0., 2., 1.]))
    tensor(7.)
    """
    check_tensors("inner", input=input, other=other)
    if not input._array.ndim or not other._array.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, dims=([-1], [-1]))


@public()
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of `input` times the whole of `other`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.kron.html

    >>> torch.kron(torch.tensor([1, 10]), torch.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    check_tensors("kron", input=input, other=other)
    rank = max(input._array.ndim, other._array.ndim)
    x_shape = (1,) * (rank - input._array.ndim) + tuple(input.shape)
    y_shape = (1,) * (rank - other._array.ndim) + tuple(other.shape)
    x = input.reshape([side for size in x_shape for side in (size, 1)])
    y = other.reshape([side for size in y_shape for side in (1, size)])
    return UnsafeView.apply(x * y, tuple([a * b for a, b in zip(x_shape, y_shape)]))
