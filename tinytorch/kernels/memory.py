"""Where the elements of an array lie in memory, and which other sides and strides would fit them."""

from __future__ import annotations

from typing import Any

import numpy as np


def address(array: Any) -> int:
    """Where in memory, the computer's or a GPU's, the first element is."""
    if isinstance(array, np.ndarray):
        return array.__array_interface__["data"][0]
    return array.data.ptr


def show(memory: Any, dtype: Any, shape: tuple, strides: tuple, start: int) -> Any:
    """The elements that lie in `memory` (bytes, contiguous) from byte `start` on, `strides` bytes apart.

    >>> show(np.arange(6, dtype=np.uint8), np.uint8, (2, 2), (3, 1), 1).tolist()
    [[1, 2], [4, 5]]
    """
    if isinstance(memory, np.ndarray):
        return np.ndarray(shape, dtype, memory, start, strides)
    return type(memory)(shape, dtype, memory.data + start, strides)  # CuPy's takes a pointer instead of the owner


def extent(shape: tuple, strides: tuple, itemsize: int) -> tuple[int, int]:
    """The first byte that the elements occupy, and the one behind the last, counted from element (0, ..., 0)."""
    low, high = 0, itemsize
    for side, stride in zip(shape, strides):
        if side == 0:
            return 0, 0
        if stride < 0:
            low += stride * (side - 1)
        else:
            high += stride * (side - 1)
    return low, high


def is_dense(array: Any) -> bool:
    """Do the elements fill a piece of memory, each lying at a place of its own?"""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return True
    expected = array.itemsize
    for stride, side in sorted((stride, side) for stride, side in zip(array.strides, array.shape) if side != 1):
        if stride != expected:
            return False
        expected *= side
    return True


def overlaps_itself(shape: tuple, strides: tuple) -> bool:
    """May two elements lie at one place? (True also for some unusual strides where none do.)"""
    reach = 0
    for stride, side in sorted((abs(stride), side) for stride, side in zip(strides, shape) if side != 1):
        if stride <= reach:
            return side != 0
        reach += stride * (side - 1)
    return False


def view_strides(shape: tuple, strides: tuple, wanted: tuple, itemsize: int) -> tuple | None:
    """The strides with which the elements can be seen in the shape `wanted` without moving them; None if they cannot.

    Neighbouring dimensions that are evenly spaced form one long dimension; each is cut into sides of `wanted`.
    """
    result = [0] * len(wanted)
    at = len(wanted) - 1
    step = strides[-1] if shape else itemsize
    count = given = 1
    for dim in range(len(shape) - 1, -1, -1):
        count *= shape[dim]
        if dim and (shape[dim - 1] == 1 or strides[dim - 1] == count * step):
            continue  # the next dimension continues this one
        while at >= 0 and (given < count or wanted[at] == 1):
            result[at] = given * step
            given *= wanted[at]
            at -= 1
        if given != count:
            return None
        if dim:
            step = strides[dim - 1]
            count = given = 1
    while at >= 0:  # what is left are sides of 1 before a tensor without dimensions
        result[at] = given * step
        at -= 1
    return tuple(result)


def flat_places(shape: tuple, strides: tuple, start: int, itemsize: int) -> np.ndarray:
    """For every element, how many elements lie before it, counted from byte 0 when the first lies at `start`."""
    places = np.full(shape, start // itemsize, np.int64)
    for dim, (side, stride) in enumerate(zip(shape, strides)):
        places += (np.arange(side) * (stride // itemsize)).reshape((side,) + (1,) * (len(shape) - dim - 1))
    return places
