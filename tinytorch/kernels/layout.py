"""The memory of an array seen with other sides and strides; copies, joins and fills: twins of _ext/layout.pyx."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.kernels.memory import address, show


def alias(array: Any) -> Any:
    """Another array object for the same elements.

    >>> x = np.zeros(2)
    >>> alias(x) is x, np.shares_memory(alias(x), x)
    (False, True)
    """
    return array[...]


def restride(array: Any, shape: tuple, strides: tuple, shift: int = 0) -> np.ndarray:
    """The memory of `array`, seen with other sides and strides (in bytes), `shift` bytes from its first element.

    Nothing is checked: the caller knows that the memory is there.

    >>> restride(np.arange(6.0)[2:], (2, 2), (8, 8), -16).tolist()
    [[0.0, 1.0], [1.0, 2.0]]
    """
    if not isinstance(array, np.ndarray):
        return show(array, array.dtype, shape, strides, shift)
    whole = _Memory(array, shape, strides, address(array) + shift)
    view = np.asarray(whole)
    return view if view.dtype is array.dtype else view.view(array.dtype)


class _Memory:
    """What NumPy asks an object for that lends its memory; it holds on to the array that owns it."""

    def __init__(self, array: np.ndarray, shape: tuple, strides: tuple, start: int):
        self.owner = array
        # bfloat16 has no letter of its own
        kind = array.dtype.str if array.dtype.kind != "V" else f"<u{array.itemsize}"
        readonly = not array.flags.writeable
        self.__array_interface__ = {
            "data": (start, readonly),
            "shape": shape,
            "strides": strides,
            "typestr": kind,
            "version": 3,
        }


def broadcast(array: Any, shape: tuple[int, ...]) -> Any:
    """`array` repeated to `shape` by strides of 0: a view that can be written to. ValueError where shapes do not fit.

    Eight times as fast as np.broadcast_to for the small contiguous arrays that backward deals in.
    """
    if array.shape == shape:
        return array
    extra = len(shape) - array.ndim
    if extra < 0 or not array.size:
        return np.broadcast_to(array, shape)
    strides = [0] * extra
    for side, stride, wanted in zip(array.shape, array.strides, shape[extra:]):
        if side == wanted:
            strides.append(stride)
        elif side == 1:
            strides.append(0)
        else:
            raise ValueError(f"cannot broadcast {array.shape} to {shape}")
    if type(array) is np.ndarray and array.flags.c_contiguous:
        return np.ndarray(shape, array.dtype, array, 0, tuple(strides))
    return restride(array, shape, tuple(strides))


def copy(array: Any) -> Any:
    """The elements of `array` in memory of their own, row by row.

    >>> copy(np.array([[1, 2], [3, 4]]).T).tolist()
    [[1, 3], [2, 4]]
    """
    return array.copy()


def concatenate(arrays: tuple, axis: int) -> Any:
    """The arrays behind one another along an axis (from 0 on), in C order; ValueError where they do not fit.

    >>> concatenate((np.zeros((1, 2)), np.ones((2, 2))), 0).tolist()
    [[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]
    """
    y = np.concatenate(arrays, axis)
    return y if y.flags.c_contiguous else y.copy()


def stack(arrays: tuple, axis: int) -> Any:
    """The arrays, which have one shape, behind one another along a new axis, in C order; ValueError for other shapes.

    >>> stack((np.zeros(2), np.ones(2)), 1).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    y = np.stack(arrays, axis)
    return y if y.flags.c_contiguous else y.copy()


def assign(array: Any, values: Any) -> None:
    """array[...] = values

    >>> x = np.zeros(2)
    >>> assign(x, np.array([1.0, 2.0]))
    >>> x
    array([1., 2.])
    """
    array[...] = values


def fill(array: Any, value: Any) -> None:
    """Write `value`, an array of one number of the same dtype, into every element.

    >>> x = np.ones(3)
    >>> fill(x, np.array(7.0))
    >>> x
    array([7., 7., 7.])
    """
    array[...] = value
