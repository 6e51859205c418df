"""Elements in another order, or several times: flip, roll, rot90, repeat, tile, repeat_interleave. All of them copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.arguments import no_such_form, wrong_type
from tinytorch.autograd.rule import Rule
from tinytorch.errors import wrap_dim
from tinytorch.ops.gathering import IndexSelect
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


def integers(function: str, argument: str, args: tuple, named: Any, position: int = 1) -> tuple[int, ...]:
    """The integers of a method's call f(2, 3) or f((2, 3)) or f(argument=(2, 3)); TypeError for anything else."""
    if named is not None:
        if not isinstance(named, (tuple, list)):
            raise wrong_type(function, argument, None, "tuple of ints", named)
        args = tuple(named)
    elif len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    elif not args:
        raise TypeError(f'{function}() missing 1 required positional arguments: "{argument}"')
    elif isinstance(args[0], (tuple, list)):
        raise TypeError(f"{function}() takes 1 positional argument but {len(args)} were given")
    for value in args:
        if not isinstance(value, (int, np.integer)) and not (isinstance(value, Tensor) and value._array.size == 1):
            raise wrong_type(function, argument, position, "tuple of ints", value)
    return tuple([int(value) for value in args])


def several(function: str, argument: str, value: Any) -> tuple[int, ...]:
    """The integers of a function's argument that has to be a tuple of them."""
    if not isinstance(value, (tuple, list)):
        raise wrong_type(function, argument, 2, "tuple of ints", value)
    return integers(function, argument, (value,), None, 2)


# ---- flip, roll, rot90 -----------------------------------------------------------------------------------------------


class Flip(Rule):
    """y[i] = x[n - 1 - i] along dims,    dx = dy flipped back"""

    @staticmethod
    def forward(ctx, x, dims):
        ctx.dims = dims
        return x[tuple([slice(None, None, -1 if dim in dims else None) for dim in range(x.ndim)]) or ...].copy()

    @staticmethod
    def backward(ctx, grad):
        return Flip.apply(grad, ctx.dims)


class Roll(Rule):
    """y[i + shift mod n] = x[i] along dims,    dx = dy rolled back"""

    @staticmethod
    def forward(ctx, x, shifts, dims):
        ctx.shifts, ctx.dims = shifts, dims
        return np.roll(x, shifts, dims or None) if x.size else x.copy()

    @staticmethod
    def backward(ctx, grad):
        return Roll.apply(grad, tuple([-shift for shift in ctx.shifts]), ctx.dims)


class Rot90(Rule):
    """y = x turned by k right angles, from the first of the two dims towards the second,    dx = dy turned back"""

    @staticmethod
    def forward(ctx, x, k, dims):
        ctx.k, ctx.dims = k, dims
        return np.rot90(x, k, dims).copy()

    @staticmethod
    def backward(ctx, grad):
        return Rot90.apply(grad, -ctx.k, ctx.dims)


def _flip(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    ndim = input._array.ndim
    found = tuple([wrap_dim(dim, ndim) for dim in dims])
    for at, dim in enumerate(found):
        if dim in found[:at]:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
    return Flip.apply(input, found if ndim else ())


@public(method=False, out=False)
def flip(input: Tensor, dims: Any) -> Tensor:
    """The elements in reverse order along the dims; a copy, since tensors cannot be walked backwards.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.flip.html

    >>> torch.flip(torch.tensor([[1, 2], [3, 4]]), (0,))
    tensor([[3, 4],
            [1, 2]])
    """
    return _flip(input, several("flip", "dims", dims))


def _flip_method(self: Tensor, *dim: int, dims: Any = None) -> Tensor:
    """The elements in reverse order along the dims, x.flip(0, 1) or x.flip((0, 1)): see `torch.flip`."""
    return _flip(self, integers("flip", "dims", dim, dims))


@public(out=False)
def fliplr(input: Tensor) -> Tensor:
    """The columns (dimension 1) in reverse order.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.fliplr.html

    >>> torch.fliplr(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return Flip.apply(input, (1,))


@public(out=False)
def flipud(input: Tensor) -> Tensor:
    """The rows (dimension 0) in reverse order.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.flipud.html

    >>> torch.flipud(torch.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """
    if not input._array.ndim:
        raise RuntimeError("Input must be >= 1-d.")
    return Flip.apply(input, (0,))


@public(out=False)
def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """The elements moved on by `shifts` along dims, those beyond the end coming back in front.

    Without dims the tensor is read as a vector.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.roll.html

    >>> torch.roll(torch.tensor([1, 2, 3]), 1), torch.roll(torch.tensor([[1, 2], [3, 4]]), 1, 0)
    (tensor([3, 1, 2]), tensor([[3, 4],
            [1, 2]]))
    """
    shifts = integers("roll", "shifts", (shifts,), None)
    dims = integers("roll", "dims", (dims,), None, 2)
    if not shifts:
        raise RuntimeError("`shifts` required")
    if len(dims) != len(shifts) and (dims or len(shifts) > 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    ndim = input._array.ndim
    if not input._array.size:
        return Roll.apply(input, shifts, ())
    if dims and not ndim:
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    return Roll.apply(input, shifts, tuple([wrap_dim(dim, ndim) for dim in dims]))


@public(out=False)
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """input turned k times by 90 degrees in the plane of two dims, from the first towards the second.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.rot90.html

    >>> torch.rot90(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    if not isinstance(k, (int, np.integer)) or isinstance(k, bool):
        raise wrong_type("rot90", "k", 1, "int", k)
    dims = integers("rot90", "dims", (tuple(dims),), None, 2)
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    ndim = input._array.ndim
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    plane = tuple([wrap_dim(dim, ndim) for dim in dims])
    if plane[0] == plane[1]:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    return Rot90.apply(input, int(k) % 4, plane)


# ---- repeat and tile -------------------------------------------------------------------------------------------------


class Repeat(Rule):
    """y = copies of x behind one another along every dimension,    dx = the sum of dy over the copies"""

    @staticmethod
    def forward(ctx, x, repeats):
        ctx.shape, ctx.repeats = x.shape, repeats
        return np.tile(x, repeats) if repeats else x.copy()

    @staticmethod
    def backward(ctx, grad):
        shape = (1,) * (len(ctx.repeats) - len(ctx.shape)) + ctx.shape
        split = [
            side for times, each in zip(ctx.repeats, shape) for side in (times, each)
        ]  # each dimension as (copy, place)
        grad = grad.reshape(tuple(split)).sum(axis=tuple(range(0, len(split), 2))) if split else grad
        return grad.reshape(ctx.shape)


def _repeat(input: Tensor, repeats: tuple[int, ...]) -> Tensor:
    shape = input._array.shape
    if len(repeats) < len(shape):
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor\n\n"
            f"The tensor has {len(shape)} dimensions, {len(repeats)} were given. tile() takes missing ones to be 1."
        )
    if any(times < 0 for times in repeats):
        sides = [times * side for times, side in zip(repeats, (1,) * (len(repeats) - len(shape)) + shape)]
        bad = next((side for side in sides if side < 0), None)
        if bad is not None:
            raise RuntimeError(f"Trying to create tensor with negative dimension {bad}: {sides}")
    return Repeat.apply(input, repeats)


@public(function=False, out=False)
def repeat(self: Tensor, *repeat: int, repeats: Any = None) -> Tensor:
    """Copies of a tensor behind one another: x.repeat(2, 3) is twice as long in dimension 0, thrice in dimension 1.

    More numbers than dimensions add dimensions in front.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.repeat.html

    >>> torch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    return _repeat(self, integers("repeat", "repeats", repeat, repeats))


def _tile(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    return _repeat(input, (1,) * (input._array.ndim - len(dims)) + dims)


@public(method=False, out=False)
def tile(input: Tensor, dims: Any) -> Tensor:
    """Copies of a tensor behind one another, as np.tile: missing numbers in front count as 1.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tile.html

    >>> torch.tile(torch.tensor([[1, 2], [3, 4]]), (2,))
    tensor([[1, 2, 1, 2],
            [3, 4, 3, 4]])
    """
    return _tile(input, several("tile", "dims", dims))


def _tile_method(self: Tensor, *dim: int, dims: Any = None) -> Tensor:
    """Copies of this tensor behind one another: see `torch.tile`."""
    return _tile(self, integers("tile", "dims", dim, dims))


Tensor.flip, Tensor.tile = _flip_method, _tile_method  # type: ignore[attr-defined]


# ---- repeat_interleave -----------------------------------------------------------------------------------------------


_FORMS = (
    "(Tensor repeats, int dim = None, *, SymInt output_size = None)",
    "(SymInt repeats, int dim = None, *, SymInt output_size = None)",
)


def _repeated(repeats: np.ndarray, output_size: int | None) -> np.ndarray:
    """0 repeats[0] times, 1 repeats[1] times, ...: the places that repeat_interleave takes."""
    if repeats.dtype.kind not in "iu" or repeats.dtype.itemsize < 4:
        name = wrap(repeats).dtype.legacy
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{name}'")
    if repeats.size and repeats.min() < 0:
        raise RuntimeError("repeats can not be negative")
    if output_size is not None and output_size != repeats.sum():
        raise RuntimeError("allocated size does not match required size")
    return np.repeat(np.arange(repeats.size, like=repeats), repeats)


def _interleave(input: Tensor, repeats: Any, dim: int | None, output_size: int | None) -> Tensor:
    if dim is None:
        input, dim = input.reshape(-1), 0
    shape = input._array.shape
    if isinstance(repeats, Tensor):
        times = repeats._array
        if times.ndim > 1:
            raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
        if not shape:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        dim = wrap_dim(dim, len(shape))
        if times.size == 1:
            times = np.broadcast_to(times.reshape(-1), (shape[dim],))
        elif times.size != shape[dim]:
            raise RuntimeError(
                f"repeats must have the same size as input along dim, but got repeats.size(0) = {times.size} and "
                f"input.size({dim}) = {shape[dim]}"
            )
        return IndexSelect.apply(input, wrap(_repeated(times, output_size)), dim)
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if not shape:
        wrap_dim(dim, 0)
        raise IndexError("Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    dim = wrap_dim(dim, len(shape))
    if output_size is not None and output_size != shape[dim] * repeats:
        raise RuntimeError(
            f"repeat_interleave: Invalid output_size, expected {shape[dim] * repeats} but got {output_size}"
        )
    copies = input.unsqueeze(dim + 1).expand(*shape[: dim + 1], repeats, *shape[dim + 1 :])
    return copies.clone(memory_format=_contiguous()).view(*shape[:dim], shape[dim] * repeats, *shape[dim + 1 :])


def _contiguous() -> Any:
    from tinytorch.formats import contiguous_format

    return contiguous_format


@public(method=False, out=False)
def repeat_interleave(
    input: Any = None, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Every element (every slice of `dim`) `repeats` times, one after another; repeats is a number or a vector of them.

    With one vector alone: 0 repeats[0] times, 1 repeats[1] times, and so on.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.repeat_interleave.html

    >>> x = torch.tensor([[1, 2], [3, 4]])
    >>> torch.repeat_interleave(x, 2), torch.repeat_interleave(x, torch.tensor([1, 2]), dim=0)
    (tensor([1, 1, 2, 2, 3, 3, 4, 4]), tensor([[1, 2],
            [3, 4],
            [3, 4]]))
    """
    if input is None or repeats is None:
        counts = repeats if input is None else input
        if not isinstance(counts, Tensor) or dim is not None:
            raise no_such_form(
                "repeat_interleave", tuple([each for each in (input, repeats) if each is not None]), {}, _FORMS
            )
        if counts._array.ndim != 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
        return wrap(_repeated(counts._array, output_size).astype(counts._array.dtype, copy=False))
    return _interleave_method(input, repeats, dim, output_size=output_size)


def _interleave_method(
    self: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Every element (every slice of `dim`) `repeats` times: see `torch.repeat_interleave`."""
    if isinstance(repeats, bool) or not isinstance(repeats, (Tensor, int)):
        named = {} if dim is None else {"dim": dim}
        raise no_such_form("repeat_interleave", () if repeats is None else (repeats,), named, _FORMS)
    return _interleave(self, repeats, dim, output_size)


Tensor.repeat_interleave = _interleave_method  # type: ignore[attr-defined]
