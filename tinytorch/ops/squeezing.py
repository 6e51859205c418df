"""Dimensions of size 1 come and go: squeeze, unsqueeze, atleast_1d and its relatives."""

from __future__ import annotations

from typing import Any

from tinytorch import kernels
from tinytorch.errors import wrap_dim
from tinytorch.ops.shape import View, ViewRule, publish_reshaping
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Squeeze(ViewRule):
    """y = x without the dimensions `dims`, which are of size 1,    dx = dy in x's shape"""

    @staticmethod
    def forward(ctx, x, dims):
        ctx.shape = x.shape
        return x.squeeze(dims) if dims else x[...]

    @staticmethod
    def backward(ctx, grad):
        return grad.reshape(ctx.shape)


class SqueezeDim(Squeeze):
    """Squeeze of one dimension"""

    name = "SqueezeBackward1"


class SqueezeDims(Squeeze):
    """Squeeze of the dimensions of a list"""

    name = "SqueezeBackward2"


def _squeezing(input: Tensor, dim: Any, rules: tuple) -> tuple:
    """The rule for squeeze(dim), one of the three, and the dimensions that go."""
    shape = input._array.shape
    if dim is None:
        return rules[0], tuple([d for d, side in enumerate(shape) if side == 1])
    if isinstance(dim, (tuple, list)):
        dims = [wrap_dim(d, len(shape)) for d in dim]
        for d in dims:
            if dims.count(d) > 1:
                raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        return rules[2], tuple([d for d in dims if shape and shape[d] == 1])
    dim = wrap_dim(dim, len(shape))
    return rules[1], (dim,) if shape and shape[dim] == 1 else ()


@public(out=False)
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """A view without the dimensions of size 1: all of them, or those among `dim` (one or several).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.squeeze.html

    >>> x = torch.zeros(1, 3, 1)
    >>> x.squeeze().shape, x.squeeze(0).shape
    (torch.Size([3]), torch.Size([3, 1]))
    """
    rule, dims = _squeezing(input, dim, (Squeeze, SqueezeDim, SqueezeDims))
    return rule.apply(input, dims)


class Unsqueeze(ViewRule):
    """y = x with a new dimension of size 1 before `dim`,    dx = dy in x's shape"""

    @staticmethod
    def forward(ctx, x, dim):
        ctx.shape = shape = x.shape
        step = x.strides[dim] * shape[dim] if dim < x.ndim else x.itemsize
        wanted, strides = (*shape[:dim], 1, *shape[dim:]), (*x.strides[:dim], step, *x.strides[dim:])
        if x.flags.c_contiguous:
            y = x.reshape(wanted)  # quicker than restride
            if y.strides == strides:
                return y
        return kernels.layout.restride(x, wanted, strides)

    @staticmethod
    def backward(ctx, grad):
        return grad.reshape(ctx.shape)


@public(out=False)
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A view with a new dimension of size 1 at `dim`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.unsqueeze.html

    >>> torch.tensor([1, 2]).unsqueeze(1)
    tensor([[1],
            [2]])
    """
    return Unsqueeze.apply(input, wrap_dim(dim, input._array.ndim + 1))


# The in-place forms change this tensor's own shape. PyTorch numbers their nodes on from those of the other forms.


class SqueezeInPlace(Squeeze):
    """Squeeze of this tensor itself"""

    name = "SqueezeBackward3"


class SqueezeDimInPlace(Squeeze):
    """Squeeze of one dimension of this tensor itself"""

    name = "SqueezeBackward4"


class SqueezeDimsInPlace(Squeeze):
    """Squeeze of several dimensions of this tensor itself"""

    name = "SqueezeBackward5"


class UnsqueezeInPlace(Unsqueeze):
    """Unsqueeze of this tensor itself"""

    name = "UnsqueezeBackward1"


def _squeeze_(self: Tensor, dim: Any = None) -> tuple:
    return _squeezing(self, dim, (SqueezeInPlace, SqueezeDimInPlace, SqueezeDimsInPlace))


def _unsqueeze_(self: Tensor, dim: int) -> tuple:
    return UnsqueezeInPlace, wrap_dim(dim, self._array.ndim + 1)


publish_reshaping("squeeze_", _squeeze_)
publish_reshaping("unsqueeze_", _unsqueeze_)


# ---- at least so many dimensions -------------------------------------------------------------------------------------


def _at_least(name: str, tensors: tuple, one: Any) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        return tuple([one(tensor) for tensor in tensors[0]])
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"{name}() received an invalid combination of arguments - got ({type(tensor).__name__}), but expected "
                "one of:\n * (Tensor input)\n * (tuple of Tensors tensors)"
            )
    return one(tensors[0]) if len(tensors) == 1 else tuple([one(tensor) for tensor in tensors])


@public(method=False, out=False)
def atleast_1d(*tensors: Any) -> Any:
    """Each tensor with at least one dimension.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.atleast_1d.html

    >>> torch.atleast_1d(torch.tensor(3))
    tensor([3])
    """
    return _at_least("atleast_1d", tensors, lambda x: x if x._array.ndim else View.apply(x, (1,)))


@public(method=False, out=False)
def atleast_2d(*tensors: Any) -> Any:
    """Each tensor with at least two dimensions: a vector becomes a row.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.atleast_2d.html

    >>> torch.atleast_2d(torch.tensor([1, 2]))
    tensor([[1, 2]])
    """

    def one(x: Tensor) -> Tensor:
        ndim = x._array.ndim
        return x if ndim > 1 else Unsqueeze.apply(x, 0) if ndim else View.apply(x, (1, 1))

    return _at_least("atleast_2d", tensors, one)


@public(method=False, out=False)
def atleast_3d(*tensors: Any) -> Any:
    """Each tensor with at least three dimensions: a vector (n,) becomes (1, n, 1), a matrix (n, m) becomes (n, m, 1).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.atleast_3d.html

    >>> torch.atleast_3d(torch.zeros(2)).shape
    torch.Size([1, 2, 1])
    """

    def one(x: Tensor) -> Tensor:
        ndim = x._array.ndim
        if ndim > 2:
            return x
        if ndim == 2:
            return Unsqueeze.apply(x, 2)
        return Unsqueeze.apply(Unsqueeze.apply(x, 0), 2) if ndim else View.apply(x, (1, 1, 1))

    return _at_least("atleast_3d", tensors, one)
