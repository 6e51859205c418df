"""The vector product of vectors with three numbers: cross."""

from __future__ import annotations

import numpy as np

from tinytorch.autograd.rule import Elementwise
from tinytorch.dtypes import from_numpy
from tinytorch.errors import warn, wrap_dim
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.elementwise import conj
from tinytorch.ops.matmul import check_tensors
from tinytorch.public import public
from tinytorch.tensor import Tensor


class LinalgCross(Elementwise):
    """z = x cross y: z1 = x2 y3 - x3 y2 and so on in a circle,    dx = y cross dz,    dy = dz cross x"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, y, dim):
        need_x, need_y = ctx.needs_input_grad[:2]
        ctx.save_for_backward(x if need_y else None, y if need_x else None)
        ctx.dim = dim
        a, b = np.moveaxis(widen(x), dim, 0), np.moveaxis(widen(y), dim, 0)
        parts = [a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)]
        return narrow(np.stack(parts, axis=dim), x)

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        dx = None if y is None else LinalgCross.apply(conj(y), grad, ctx.dim)
        return dx, None if x is None else LinalgCross.apply(grad, conj(x), ctx.dim)


@public(out="same")
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along `dim`, whose size is 3; the other dimensions broadcast. Without dim: the first such one.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cross.html

    >>> torch.cross(torch.tensor([1., 0., 0.]), torch.tensor([0., 1., 0.]), dim=0)
    tensor([0., 0., 1.])
    """
    check_tensors("cross", input=input, other=other)
    if dim is None:
        warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or "
            "simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross "
            "in a future release."
        )
        if 3 not in input.shape:
            raise RuntimeError("no dimension of size 3 in input")
        dim = input.shape.index(3)
    return linalg_cross(input, other, dim)


def linalg_cross(input: Tensor, other: Tensor, dim: int = -1) -> Tensor:
    """The vector product along `dim`, whose size is 3; the other dimensions broadcast.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.cross.html

    >>> from tinytorch.ops.cross import linalg_cross
    >>> linalg_cross(torch.tensor([1., 0., 0.]), torch.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
    """
    x, y = input._array, other._array
    if x.ndim != y.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    at = wrap_dim(dim, x.ndim)
    if x.shape[at] != 3 or y.shape[at] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {x.shape[at]} and {y.shape[at]}"
        )
    if x.dtype is not y.dtype:
        raise RuntimeError(f"expected scalar type {from_numpy(x.dtype).legacy} but found {from_numpy(y.dtype).legacy}")
    if x.dtype.kind == "b":
        raise NotImplementedError("\"cross\" not implemented for 'Bool'")
    return LinalgCross.apply(input, other, at)
