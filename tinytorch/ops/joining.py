"""Several tensors as one: cat, stack and the functions built on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import get_default_dtype, result_dtype
from tinytorch.errors import wrap_dim
from tinytorch.ops.elementwise import zeros_like
from tinytorch.ops.squeezing import Unsqueeze, atleast_1d, atleast_2d, atleast_3d
from tinytorch.promotion import cast
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


def joined(arrays: list) -> None:
    """All arrays in the dtype that they promote to; mostly they have one already."""
    first = arrays[0].dtype
    for array in arrays:
        if array.dtype is not first:
            cast(arrays, result_dtype(arrays))
            return


class Cat(Rule):
    """y = the tensors x1, x2, ... behind one another along `dim`,    dxi = the part of dy that came from xi

    A tensor of shape (0,) adds nothing, whatever the shape of the others.
    """

    inputs = None
    promote = joined
    silent = True

    @staticmethod
    def forward(ctx, *tensors, dim):
        shapes = [x.shape for x in tensors]
        if (0,) in shapes and len(max(shapes, key=len)) > 1:
            tensors = tuple([x for x in tensors if x.shape != (0,)])
        ctx.dim, ctx.shapes = dim, shapes
        return kernels.layout.concatenate(tensors, dim)

    @staticmethod
    def backward(ctx, grad):
        before = (slice(None),) * ctx.dim
        parts: list[Any] = []
        end = 0
        for needed, shape in zip(ctx.needs_input_grad, ctx.shapes):
            start = end
            if shape == (0,):
                parts.append(zeros_like(grad.reshape(-1)[:0]) if needed else None)
                continue
            end += shape[ctx.dim]
            parts.append(grad[before + (slice(start, end),)] if needed else None)
        return tuple(parts)


class Stack(Rule):
    """y = the tensors x1, x2, ... along a new dimension `dim`,    dxi = the slice of dy with that number"""

    inputs = None
    promote = joined
    silent = True

    @staticmethod
    def forward(ctx, *tensors, dim):
        ctx.dim = dim
        return kernels.layout.stack(tensors, dim)

    @staticmethod
    def backward(ctx, grad):
        before = (slice(None),) * ctx.dim
        return tuple([grad[before + (i, ...)] if needed else None for i, needed in enumerate(ctx.needs_input_grad)])


def check_list(name: str, tensors: Any, argument: str = "tensors") -> list[Tensor]:
    """`tensors` as a list; TypeError if it is not one of tensors."""
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument '{argument}' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(tensor).__name__}")
    return list(tensors)


@public(method=False, aliases=("concat", "concatenate"))
def cat(tensors: Any, dim: int = 0, *, axis: int | None = None) -> Tensor:
    """The tensors behind one another along a dimension; their other sides must agree, their dtypes are promoted.

    Empty tensors of shape (0,) are left out, whatever the others' shape.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cat.html

    >>> torch.cat([torch.tensor([[1, 2]]), torch.tensor([[3, 4]])], dim=1)
    tensor([[1, 2, 3, 4]])
    """
    tensors = check_list("cat", tensors)
    if axis is not None:
        dim = axis
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    shapes = [tensor._array.shape for tensor in tensors]
    if shapes[0] and shapes.count(shapes[0]) == len(shapes):  # as most often
        return Cat.apply(*tensors, dim=wrap_dim(dim, len(shapes[0])) if shapes[0] != (0,) else 0)
    if () in shapes:
        raise RuntimeError(f"zero-dimensional tensor (at position {shapes.index(())}) cannot be concatenated")
    model = next((shape for shape in shapes if shape != (0,)), None)
    if model is None:
        return Cat.apply(*tensors, dim=0)
    dim = wrap_dim(dim, len(model))
    before, after = model[:dim], model[dim + 1 :]
    for shape in shapes:
        if shape in (model, (0,)):
            continue
        if len(shape) != len(model) or shape[:dim] != before or shape[dim + 1 :] != after:
            raise _cat_error(tensors, dim, model)
    return Cat.apply(*tensors, dim=dim)


def _cat_error(tensors: list, dim: int, model: tuple) -> RuntimeError:
    for number, tensor in enumerate(tensors):
        shape = tensor._array.shape
        if shape == (0,):
            continue
        if len(shape) != len(model):
            return RuntimeError(f"Tensors must have same number of dimensions: got {len(model)} and {len(shape)}")
        for other, (expected, side) in enumerate(zip(model, shape)):
            if other != dim and expected != side:
                return RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {expected} but got size "
                    f"{side} for tensor number {number} in the list."
                )
    raise AssertionError("the shapes agree")


@public(method=False)
def stack(tensors: Any, dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dimension.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.stack.html

    >>> torch.stack([torch.tensor([1, 2]), torch.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    tensors = check_list("stack", tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    shape = tensors[0]._array.shape
    dim = wrap_dim(dim, len(shape) + 1)
    for i, tensor in enumerate(tensors):
        if tensor._array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(tensor._array.shape)} at entry {i}"
            )
    return Stack.apply(*tensors, dim=dim)


@public(method=False, out_name="cat")
def hstack(tensors: Any) -> Tensor:
    """The tensors side by side: along dimension 1, or 0 for vectors.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.hstack.html

    >>> torch.hstack([torch.tensor([1, 2]), torch.tensor([3])])
    tensor([1, 2, 3])
    """
    tensors = atleast_1d(_not_empty("hstack", tensors))
    return cat(tensors, 0 if tensors[0]._array.ndim == 1 else 1)


@public(method=False, out_name="cat")
def vstack(tensors: Any) -> Tensor:
    """The tensors one below the other, vectors as rows.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.vstack.html

    >>> torch.vstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return cat(atleast_2d(_not_empty("vstack", tensors)), 0)


@public(method=False, out_name="cat")
def row_stack(tensors: Any) -> Tensor:
    """`vstack` under another name.

    >>> torch.row_stack([torch.tensor([1, 2]), torch.tensor([3, 4])]).shape
    torch.Size([2, 2])
    """
    return cat(atleast_2d(_not_empty("vstack", tensors)), 0)


@public(method=False, out_name="cat")
def dstack(tensors: Any) -> Tensor:
    """The tensors behind one another along dimension 2.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.dstack.html

    >>> torch.dstack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
    """
    return cat(atleast_3d(_not_empty("dstack", tensors)), 2)


@public(method=False, out_name="cat")
def column_stack(tensors: Any) -> Tensor:
    """The tensors side by side, vectors as columns.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.column_stack.html

    >>> torch.column_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    columns = [_as_column(tensor) for tensor in _not_empty("column_stack", tensors)]
    return hstack(columns)


def _not_empty(name: str, tensors: Any) -> list[Tensor]:
    tensors = check_list(name, tensors)
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


def _as_column(tensor: Tensor) -> Tensor:
    ndim = tensor._array.ndim
    if ndim > 1:
        return tensor
    return Unsqueeze.apply(tensor, 1) if ndim else tensor.reshape(1, 1)


class BlockDiag(Rule):
    """y = a matrix with the matrices x1, x2, ... along its diagonal, 0 elsewhere,    dxi = dy in the place of xi"""

    inputs = None
    promote = joined

    @staticmethod
    def forward(ctx, *matrices):
        places = []
        row = column = 0
        for x in matrices:
            height, width = x.shape
            places.append((slice(row, row + height), slice(column, column + width)))
            row, column = row + height, column + width
        y = np.zeros((row, column), matrices[0].dtype, like=matrices[0])
        for place, x in zip(places, matrices):
            y[place] = x
        ctx.places = places
        return y

    @staticmethod
    def backward(ctx, grad):
        return tuple([grad[place] for place in ctx.places])


@public(method=False, out=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices along its diagonal; vectors count as rows.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.block_diag.html

    >>> torch.block_diag(torch.tensor([[1, 2]]), torch.tensor(3))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    for i, tensor in enumerate(check_list("block_diag", tensors)):
        if tensor._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {tensor._array.ndim} "
                "dimensions"
            )
    if not tensors:
        return wrap(np.zeros((1, 0), get_default_dtype().numpy))
    return BlockDiag.apply(*atleast_2d(tensors))
