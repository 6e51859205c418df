"""How elements lie in memory: `torch.strided`, `torch.contiguous_format`, `torch.channels_last`, and strides.

Strides are counted in elements here, as PyTorch counts them; NumPy counts bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class layout:
    """The way in which a tensor is stored. Every tensor here is `torch.strided`.

    >>> torch.zeros(2).layout
    torch.strided
    """

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format:
    """In which order the dimensions of a new tensor lie in memory.

    >>> torch.zeros(1, 2, 3, 4).contiguous(memory_format=torch.channels_last).stride()
    (24, 1, 8, 2)
    """

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")  # the last dimension has the smallest steps
preserve_format = memory_format("preserve_format")  # as the source
channels_last = memory_format("channels_last")  # (N, C, H, W) with C innermost
channels_last_3d = memory_format("channels_last_3d")

NAMES = {each.name: each for each in (strided, contiguous_format, preserve_format, channels_last, channels_last_3d)} | {
    "layout": layout,
    "memory_format": memory_format,
    "legacy_contiguous_format": contiguous_format,
}  # what torch. has


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a contiguous tensor; an empty dimension counts as 1.

    >>> from tinytorch.formats import contiguous_strides
    >>> contiguous_strides((2, 3, 4)), contiguous_strides((3, 0))
    ((12, 4, 1), (1, 1))
    """
    strides = []
    step = 1
    for side in reversed(shape):
        strides.append(step)
        step *= max(side, 1)
    return tuple(reversed(strides))


def strides_of(array: np.ndarray) -> tuple[int, ...]:
    """The strides of an array; NumPy gives empty arrays none, so theirs are those of a contiguous tensor."""
    if not array.size:
        return contiguous_strides(array.shape)
    size = array.itemsize
    return tuple([stride // size for stride in array.strides])


def empty_in(order: Any, shape: tuple[int, ...], kind: np.dtype, like: Any = None) -> np.ndarray:
    """A new array of memory format `order` (not preserve_format), made where `like` is."""
    rank = _CHANNELS_LAST_RANK.get(order)
    if rank is None:
        return np.empty(shape, kind, like=like)
    check_rank(order, len(shape))
    last = np.empty((shape[0], *shape[2:], shape[1]), kind, like=like)  # (N, H, W, C) in memory, seen as (N, C, H, W)
    return last.transpose(0, rank - 1, *range(1, rank - 1))


def empty_like_array(array: np.ndarray, kind: np.dtype) -> np.ndarray:
    """A new array without gaps whose dimensions lie in memory in the order of `array`'s (preserve_format)."""
    if 0 not in array.strides:
        return np.empty_like(array, kind, "K")
    order = memory_order(array)
    made = np.empty([array.shape[dim] for dim in order], kind, like=array)
    return made.transpose(sorted(range(array.ndim), key=order.__getitem__))


def memory_order(array: np.ndarray) -> list[int]:
    """The dimensions from the one with the largest steps to the innermost; a repeated one (step 0) stays where it is.

    An insertion sort, because comparing with step 0 is undecided: this way the result is PyTorch's.
    """
    order = list(reversed(range(array.ndim)))
    for i in range(1, len(order)):
        moving = i
        for other in reversed(range(i)):
            inner, outer = array.strides[order[other]], array.strides[order[moving]]
            if inner and outer:
                if inner < outer:
                    break
                if inner > outer or array.shape[order[other]] > array.shape[order[moving]]:
                    order[other], order[moving] = order[moving], order[other]
                    moving = other
    return order[::-1]


def check_rank(order: Any, ndim: int) -> None:
    """RuntimeError, PyTorch's, unless tensors of `ndim` dimensions can have this memory format."""
    rank = _CHANNELS_LAST_RANK.get(order)
    if rank is not None and ndim != rank:
        raise RuntimeError(f"required rank {rank} tensor to use {order.name} format")


def is_contiguous_in(order: Any, array: np.ndarray) -> bool:
    """Do the elements lie without gaps in this memory format?"""
    rank = _CHANNELS_LAST_RANK.get(order)
    if rank is None:
        return array.flags.c_contiguous
    return array.ndim == rank and array.transpose(0, *range(2, rank), 1).flags.c_contiguous


_CHANNELS_LAST_RANK = {channels_last: 4, channels_last_3d: 5}
