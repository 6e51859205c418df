"""pad: numbers put around a tensor, a constant or what is inside (reflect, replicate, circular)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch.autograd.rule import Rule
from tinytorch.device import near, put
from tinytorch.ops.gathering import index_select
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap


class Pad(Rule):
    """y is x with (before, after) more places in each dimension, filled with `value`;  negative ones cut off

    dx = dy padded by (-before, -after): what was added is cut off, what was cut off gets zeros.
    """

    name = "ConstantPadNdBackward0"

    @staticmethod
    def forward(ctx, x, sides, value):
        ctx.sides = sides
        shape = tuple(n + before + after for n, (before, after) in zip(x.shape, sides))
        y = np.zeros(shape, x.dtype, like=near(x))
        if value:
            y.fill(np.asarray(value).astype(x.dtype))
        inside = tuple(slice(max(before, 0), n - max(after, 0)) for n, (before, after) in zip(shape, sides))
        kept = tuple(slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(x.shape, sides))
        y[inside] = x[kept]
        return y

    @staticmethod
    def backward(ctx, grad):
        return Pad.apply(grad, tuple((-before, -after) for before, after in ctx.sides), 0)


@public(method=False)
def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Any = 0) -> Tensor:
    """As `torch.nn.functional.pad` with a constant.

    >>> torch.constant_pad_nd(torch.tensor([1, 2]), (1, 2), 7)
    tensor([7, 1, 2, 7, 7])
    """
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(pad)}while the input has {input.ndim}dimensions."
        )
    sides = _sides(pad, input.ndim)
    if any(n + min(before, 0) + min(after, 0) < 0 for n, (before, after) in zip(input.shape, sides)):
        raise RuntimeError("narrow(): length must be non-negative.")
    return Pad.apply(input, sides, value)


def _sides(pad: Sequence[int], ndim: int) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension; `pad` begins with the last one."""
    given = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    return ((0, 0),) * (ndim - len(given)) + tuple(reversed(given))


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with more places around it: (left, right) of the last dimension, then those of the one before, ...

    mode: "constant" (`value`, 0 by default), "reflect" (mirrored, without the edge), "replicate" (the edge again),
    "circular" (the other end); the last three for the last one to three dimensions of inputs with a channel dimension.
    Negative numbers cut places off.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.pad.html

    >>> torch.nn.functional.pad(torch.tensor([[1., 2.]]), (1, 2))
    tensor([[0., 1., 2., 0., 0.]])
    >>> torch.nn.functional.pad(torch.tensor([[1., 2., 3.]]), (2, 1), mode="reflect")
    tensor([[3., 2., 1., 2., 3., 2.]])
    """
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {input.ndim}"
        )
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if len(pad) not in (2, 4, 6) or input.ndim - len(pad) // 2 not in (1, 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    for dim, (before, after) in enumerate(_sides(pad, input.ndim)):
        if before or after:
            input = index_select(input, dim, wrap(put(_places(mode, input, dim, before, after), input.device)))
    return input


def _places(mode: str, input: Tensor, dim: int, before: int, after: int) -> np.ndarray:
    """Which numbers of input's dimension, in which order, the padded dimension has."""
    n = input.shape[dim]
    if mode == "reflect" and max(before, after) >= n:
        raise RuntimeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {after}) at dimension {dim} of input {list(input.shape)}"
        )
    if mode == "circular" and max(before, after) > n:
        raise RuntimeError("Padding value causes wrapping around more than once.")
    if n + before + after < 1:
        side = "WHD"[input.ndim - 1 - dim]
        raise RuntimeError(f"input ({side}: {n}) is too small. Calculated output {side}: {n + before + after}")
    if mode == "circular":  # places that negative numbers cut off do not come back from the other end
        first, kept = max(-before, 0), n - max(-before, 0) - max(-after, 0)
        return first + np.arange(-max(before, 0), kept + max(after, 0)) % kept
    places = np.arange(-before, n + after)
    if mode == "replicate":
        return places.clip(0, n - 1)
    return n - 1 - np.abs(n - 1 - np.abs(places))
