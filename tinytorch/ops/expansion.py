"""Repeated without copying: expand and the broadcast functions; and its counterpart, sum_to_size."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import wrong_type
from tinytorch.errors import broadcast_error
from tinytorch.ops.shape import ViewRule, sizes
from tinytorch.public import public
from tinytorch.tensor import Size, Tensor


class Expand(ViewRule):
    """y = x repeated along dimensions of size 1,    dx = dy summed over them (which the engine does)"""

    @staticmethod
    def forward(ctx, x, shape):
        if x.shape == shape:
            return kernels.layout.alias(x)
        y, new = kernels.layout.broadcast(x, shape), len(shape) - x.ndim
        if not x.size:  # NumPy's own way, which gives a read-only array
            y = kernels.layout.restride(x, shape, y.strides)
        return _as_if_dense(y, new) if x.ndim and 1 in shape[:new] else y

    @staticmethod
    def backward(ctx, grad):
        return grad


def _as_if_dense(y: np.ndarray, new: int) -> np.ndarray:
    """`y` with the strides that PyTorch gives its `new` first dimensions where their side is 1."""
    strides = list(y.strides)
    for dim in range(new - 1, -1, -1):
        strides[dim] = strides[dim + 1] * y.shape[dim + 1] if y.shape[dim] == 1 else 0
    return kernels.layout.restride(y, y.shape, tuple(strides))


def expand_to(input: Tensor, target: tuple[int, ...]) -> Tensor:
    """`input` expanded to the sizes `target`, where -1 keeps a side; PyTorch's errors where that does not fit."""
    shape = input._array.shape
    extra = len(target) - len(shape)
    if extra < 0:
        raise RuntimeError(
            f"expand({input.dtype.tensor_name}{{{list(shape)}}}, size={list(target)}): the number of sizes "
            f"provided ({len(target)}) must be greater or equal to the number of dimensions in the tensor "
            f"({len(shape)})"
        )
    resolved = list(target)
    for dim in range(len(target) - 1, -1, -1):
        wanted = target[dim]
        if dim < extra:
            if wanted < 0:
                if wanted < -1 or not shape:
                    raise RuntimeError("numel: integer multiplication overflow\n\nA size is negative.")
                raise RuntimeError(
                    f"The expanded size of the tensor ({wanted}) isn't allowed in a leading, non-existing dimension "
                    f"{dim}"
                )
        elif wanted == -1:
            resolved[dim] = shape[dim - extra]
        elif wanted != shape[dim - extra] and shape[dim - extra] != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted}) must match the existing size ({shape[dim - extra]}) at "
                f"non-singleton dimension {dim}.  Target sizes: {list(target)}.  Tensor sizes: {list(shape)}"
            )
        elif wanted < 0:
            raise RuntimeError("numel: integer multiplication overflow\n\nA size is negative.")
    return Expand.apply(input, tuple(resolved))


@public(function=False, out=False)
def expand(self: Tensor, *shape: Any, size: Any = None, implicit: bool = False) -> Tensor:
    """A view with sides of 1 repeated to larger ones, and new dimensions in front; -1 keeps a side.

    Several elements then share one place in memory: clone() before writing into the result.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.expand.html

    >>> torch.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    return expand_to(self, sizes(shape if size is None else (size,), "expand"))


@public(function=False, out=False)
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor expanded to the shape of `other`.

    >>> torch.tensor([1, 2]).expand_as(torch.zeros(3, 2)).shape
    torch.Size([3, 2])
    """
    return expand_to(self, other._array.shape)


@public(method=False, out=False)
def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """`input` expanded to the shape `size`, a view.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.broadcast_to.html

    >>> torch.broadcast_to(torch.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    if not isinstance(size, (tuple, list)):
        raise wrong_type("broadcast_to", "size", 2, "tuple of ints", size)
    return expand_to(input, sizes((size,), "broadcast_to", position=2))


def _broadcast_to_method(self: Tensor, *shape: Any, size: Any = None) -> Tensor:
    """This tensor expanded to a shape, x.broadcast_to(2, 3) or x.broadcast_to((2, 3)): see `torch.broadcast_to`."""
    return expand_to(self, sizes(shape if size is None else (size,), "broadcast_to"))


Tensor.broadcast_to = _broadcast_to_method  # type: ignore[attr-defined]


@public(method=False, out=False)
def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors expanded to the shape that they broadcast to.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.broadcast_tensors.html

    >>> a, b = torch.broadcast_tensors(torch.zeros(3, 1), torch.zeros(2))
    >>> a.shape, b.shape
    (torch.Size([3, 2]), torch.Size([3, 2]))
    """
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(tensor).__name__}")
    arrays = [tensor._array for tensor in tensors]
    try:
        shape = np.broadcast_shapes(*[array.shape for array in arrays])
    except ValueError:
        raise broadcast_error(arrays) or RuntimeError("the shapes do not broadcast") from None
    return tuple([tensor if tensor._array.shape == shape else Expand.apply(tensor, shape) for tensor in tensors])


@public(method=False, out=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.broadcast_shapes.html

    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    result: list[int] = []
    for number, shape in enumerate(shapes):
        sides = (shape,) if isinstance(shape, int) else tuple(shape)
        result = [1] * (len(sides) - len(result)) + result
        for back in range(1, len(sides) + 1):
            side = sides[-back]
            if side < 0:
                raise ValueError("Attempting to broadcast a dimension with negative length!")
            if side != 1 and result[-back] not in (1, side):
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {side} at {-back}! Mismatching argument at index "
                    f"{number} had {sides}; but expected shape should be broadcastable to {result}"
                )
            if side != 1:
                result[-back] = side
    return Size(result)


# ---- the way back ----------------------------------------------------------------------------------------------------


@public(function=False, out=False)
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions that broadcasting from the shape `size` would add or stretch.

    RuntimeError if a tensor of shape `size` could not be expanded to this one's.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.sum_to_size.html

    >>> torch.ones(2, 3).sum_to_size(2, 1)
    tensor([[3.],
            [3.]])
    """
    if not size:
        raise TypeError('sum_to_size() missing 1 required positional arguments: "size"')
    shape, target = self._array.shape, sizes(size, "sum_to_size")
    extra = len(shape) - len(target)
    if extra < 0 or any(wanted not in (1, side) for wanted, side in zip(target, shape[extra:])):
        raise RuntimeError(f"size {{{list(target)}}} is not expandable to size {{{list(shape)}}}.")
    if not target:
        return self.sum()  # a sum of integers is one of int64, even of a single one
    dims = [dim for dim, side in enumerate(shape) if dim < extra or target[dim - extra] != side]
    total = self.sum(dims, keepdim=True) if dims else self
    return total.view(target) if extra else total
