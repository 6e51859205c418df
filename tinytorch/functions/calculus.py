"""Differences, derivatives and integrals of sampled functions: diff, gradient, trapezoid, cumulative_trapezoid."""

from __future__ import annotations

from typing import Any

from tinytorch.errors import wrap_dim
from tinytorch.ops.joining import cat
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor


def _parts(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """(all but the first, all but the last) along `dim`."""
    length = max(x.shape[dim] - 1, 0)
    return x.narrow(dim, x.shape[dim] - length, length), x.narrow(dim, 0, length)


def _out_dtype(input: Tensor, n: int = 1, *args: Any, **kwargs: Any) -> bool | str:
    """What diff demands of out=: a dtype that differences can be cast to; no difference at all (n = 0) is not cast."""
    return n != 0 or "expected scalar_type {wanted.legacy} but found {given.legacy}"


@public(out=_out_dtype, out_name="sub")
@numpy_names
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along a dimension, taken n times; of bools, whether they differ.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.diff.html

    >>> torch.diff(torch.tensor([1, 3, 2]))
    tensor([ 2, -1])
    """
    ndim = input._array.ndim
    if ndim < 1:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    dim = wrap_dim(dim, ndim)
    for extra in (prepend, append):
        if extra is not None:
            _check_extra(input, extra, dim)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return input.clone()
    pieces = [piece for piece in (prepend, input, append) if piece is not None]
    x = cat(pieces, dim) if len(pieces) > 1 else input
    for _ in range(min(n, x.shape[dim])):
        later, earlier = _parts(x, dim)
        x = later.logical_xor(earlier) if input._array.dtype.kind == "b" else later - earlier
    return x


def _check_extra(input: Tensor, extra: Tensor, dim: int) -> None:
    if extra._array.ndim != input._array.ndim:
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for i, (side, given) in enumerate(zip(input._array.shape, extra._array.shape)):
        if i != dim and side != given:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input except along the "
                f"differencing dimension; input.size({i}) = {side}, but got tensor.size({i}) = {given}"
            )


def _areas(name: str, y: Tensor, x: Tensor | None, dx: Any, dim: int) -> Tensor:
    """Twice the areas of the trapezoids between neighbouring samples."""
    if y._array.dtype.kind == "b" or (x is not None and x._array.dtype.kind == "b"):
        found = "`y`" if x is None else "`x` or `y`"
        raise RuntimeError(f"{name}: received a bool input for {found}, but bool is not supported")
    if not y._array.ndim:
        if name == "cumulative_trapezoid":
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = wrap_dim(dim, y._array.ndim)
    right, left = _parts(y, dim)
    if x is None:
        return (right + left) * dx
    if x._array.ndim == 1:
        if x.shape[0] != y.shape[dim]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = x.reshape([-1 if d == dim else 1 for d in range(y._array.ndim)])
    elif x._array.ndim < y._array.ndim:
        x = x.reshape([1] * (y._array.ndim - x._array.ndim) + list(x.shape))
    x_right, x_left = _parts(x, dim)
    return (x_right - x_left) * (right + left)


def _check_one(name: str, x: Any, dx: Any) -> None:
    if x is not None and dx is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments: x and dx exclude each other")


@public(method=False, out=False)
@numpy_names
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of samples y along a dimension by the trapezoidal rule, at places x or at the distance dx (1).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.trapezoid.html

    >>> torch.trapezoid(torch.tensor([1., 5., 10.]), torch.tensor([0., 1., 3.]))
    tensor(18.)
    """
    _check_one("trapezoid", x, dx)
    if y._array.ndim and y._array.dtype.kind != "b" and y.shape[wrap_dim(dim, y._array.ndim)] == 0:
        return y.detach().sum(dim, dtype=y.dtype)  # an integral over nothing
    return _areas("trapezoid", y, x, 1 if dx is None else dx, dim).sum(dim) / 2


@public(method=False, out=False)
@numpy_names
def trapz(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """`trapezoid` under its older name.

    >>> torch.trapz(torch.tensor([1., 5., 10.]))
    tensor(10.5000)
    """
    return trapezoid(y, x, dx=dx, dim=dim)


@public(method=False, out=False)
@numpy_names
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral from the first sample to each later one, by the trapezoidal rule: as `trapezoid`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cumulative_trapezoid.html

    >>> torch.cumulative_trapezoid(torch.tensor([1., 5., 10.]))
    tensor([ 3.0000, 10.5000])
    """
    _check_one("cumulative_trapezoid", x, dx)
    return _areas("cumulative_trapezoid", y, x, 1 if dx is None else dx, dim).cumsum(dim) / 2


# ---- derivatives -----------------------------------------------------------------------------------------------------


@public(method=False, out=False)
def gradient(input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The derivatives of samples along every dimension (or those in `dim`), estimated from neighbours.

    `spacing` is the distance of the samples, one for all dimensions or a list with one for each; or a list of 1-D
    tensors, the coordinates. Inside, an estimate has an error of second order in the distance; at both ends one of
    order edge_order (1 or 2).
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.gradient.html

    >>> torch.gradient(torch.tensor([0., 1., 4., 9.]), spacing=1.)
    (tensor([1., 2., 4., 5.]),)
    """
    ndim = input._array.ndim
    dims = list(range(ndim)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    if isinstance(spacing, Tensor) and not spacing._array.ndim:
        spacing = spacing.item()
    if isinstance(spacing, (tuple, list)):
        _check_spacing(spacing, dims, dim, ndim)
    elif spacing is None or isinstance(spacing, (int, float, complex)):
        spacing = [1 if spacing is None else spacing] * len(dims)
    else:
        raise TypeError(
            "gradient() received an invalid combination of arguments: spacing is a number, or a list "
            "of numbers or tensors"
        )
    if input._array.dtype.char == "B":
        raise RuntimeError("torch.gradient does not support uint8 input.")
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    wrapped = [wrap_dim(d, ndim) for d in dims]
    for d in wrapped:
        if wrapped.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    for d in wrapped:
        if ndim and input.shape[d] <= edge_order:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    return tuple([_derivative(input, h, d, edge_order) for h, d in zip(spacing, wrapped)])


def _check_spacing(spacing: Any, dims: list, dim: Any, ndim: int) -> None:
    """The errors of a list `spacing` that does not fit the dimensions."""
    if len(spacing) != len(dims):
        if dim is None:
            raise RuntimeError(
                "torch.gradient expected spacing to be unspecified, a scalar, or a list of length "
                "equal to 'self.dim() = "
                f"{ndim}', since dim argument was not given, but got a list of length {len(spacing)}"
            )
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim "
            "arguments to have the same "
            f"length, but got a spacing argument of length {len(spacing)} and a dim argument of length {len(dims)}."
        )
    for each in spacing:
        if isinstance(each, Tensor) and each._array.ndim != 1:
            raise RuntimeError(
                "torch.gradient expected each element of spacing to have one dimension, but got an element with "
                f"{each._array.ndim} dimensions!"
            )


def _derivative(x: Tensor, spacing: Any, dim: int, edge_order: int) -> Tensor:
    """dx/dt along one dimension: by central differences inside, by one-sided ones at the two ends."""
    n = x.shape[dim]
    if isinstance(spacing, Tensor):
        sides = [-1 if d == dim else 1 for d in range(x._array.ndim)]
        steps = (spacing[1:] - spacing[:-1]).reshape(sides)
        before, after = steps.narrow(dim, 0, n - 2), steps.narrow(dim, 1, n - 2)
        first, last = (steps.narrow(dim, i, 1) for i in (0, n - 2))
        weights = (-after / (before * (before + after)), (after - before) / (before * after),
                   before / (after * (before + after)))  # fmt: skip
        left, here, right = (x.narrow(dim, i, n - 2) for i in range(3))
        inside = weights[0] * left + weights[1] * here + weights[2] * right
    else:
        first = last = steps = spacing
        inside = (x.narrow(dim, 2, n - 2) - x.narrow(dim, 0, n - 2)) / (2 * spacing)
    if edge_order == 1:
        start, end = (x.narrow(dim, i + 1, 1) - x.narrow(dim, i, 1) for i in (0, n - 2))
        return cat([start / first, inside, end / last], dim)
    second, before_last = (first, last) if steps is spacing else (steps.narrow(dim, i, 1) for i in (1, n - 3))
    ends = []
    for order, h, g, sign in (((0, 1, 2), first, second, 1), ((n - 1, n - 2, n - 3), last, before_last, -1)):
        # The derivative, at the first of three points, of the parabola through them: distances h and then g apart
        a, b, c = (x.narrow(dim, i, 1) for i in order)
        ends.append((a * (-(2 * h + g) / (h * (h + g))) + b * ((h + g) / (h * g)) - c * (h / (g * (h + g)))) * sign)
    return cat([ends[0], inside, ends[1]], dim)
