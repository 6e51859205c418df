"""What the NumPy twins share: half-precision numbers computed in float32, results that are arrays, checks of shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.device import known, near

# A NumPy array, or one of CuPy's: NumPy's functions hand those to CuPy.
Array = Any


def widen(x: Array) -> Array:
    """x itself, or x as float32 where it holds floating numbers of 16 bits or fewer: float16 and bfloat16."""
    if x.itemsize > 2:
        return x
    return x.astype(np.float32) if x.dtype.kind in "fV" else x  # "V" is bfloat16's kind, which NumPy does not know


def is_half(x: Array) -> bool:
    """Does it hold floating numbers of 16 bits: float16 or bfloat16?"""
    return x.dtype.itemsize == 2 and x.dtype.kind in "fV"


def narrow(y: Array, x: Array) -> Array:
    """y in the dtype of x, the inverse of widen; an array even where NumPy gave a scalar."""
    if isinstance(y, np.generic):
        return np.asarray(y, dtype=x.dtype)
    return y if y.dtype == x.dtype else y.astype(x.dtype)


def full(shape: tuple[int, ...], value: Any, dtype: Any, like: Array | None = None) -> Array:
    """A new array filled with `value`, made where `like` is. (CuPy refuses what NumPy's full makes of `like`.)

    >>> full((2,), 7, np.float32)
    array([7., 7.], dtype=float32)
    """
    y = np.empty(shape, dtype, like=None if like is None else near(like))
    fill(y, value)
    return y


def fill(x: Array, value: Any) -> None:
    """Write a number everywhere; all threads fill a large array.

    >>> x = np.zeros(2)
    >>> fill(x, 7)
    >>> x
    array([7., 7.])
    """
    if known(x):
        kernels.layout.fill(x, np.asarray(value, x.dtype))
    else:
        x.fill(value)


def eye(rows: int, columns: int, k: int, dtype: Any, like: Array) -> Array:
    """1 at the places (i, i + k), 0 elsewhere, made where `like` is. (CuPy refuses what NumPy's eye makes of `like`.)

    >>> eye(2, 3, 1, int, np.zeros(0)).tolist()
    [[0, 1, 0], [0, 0, 1]]
    """
    there = near(like)
    if there is None:
        return np.eye(rows, columns, k, dtype)
    return (np.arange(k, rows + k, like=there)[:, None] == np.arange(columns, like=there)).astype(dtype)


def beside(x: Array, value: Any) -> Any:
    """A number in the dtype of x, as functions of x take it: an array; beside a GPU's array a scalar of NumPy's.

    >>> beside(np.zeros(2, np.float32), 1)
    array(1., dtype=float32)
    """
    number = np.array(value, x.dtype)
    return number if isinstance(x, (np.ndarray, np.generic)) else number[()]


def places_along(index: Array, axis: int, x: Array) -> tuple[Array, ...]:
    """The key of the places x[..., index[..., i, ...], ...]; IndexError for an index that is not from 0 to x's side.

    >>> x = np.array([[1, 2], [3, 4]])
    >>> x[places_along(np.array([[1, 1], [1, 0]]), 1, x)].tolist()
    [[2, 2], [4, 3]]
    """
    if known(index):
        bad = index[(index < 0) | (index >= x.shape[axis])]
        if bad.size:
            raise IndexError(f"index {bad.flat[0]} is out of bounds for dimension {axis} with size {x.shape[axis]}")
    places = [np.arange(n, like=index).reshape((n,) + (1,) * (index.ndim - i - 1)) for i, n in enumerate(index.shape)]
    places[axis] = index
    return tuple(places)


def in_memory_order(array: Array) -> Array:
    """A view of the array whose axes run as its memory does, the last one fastest."""
    if array.flags.c_contiguous:
        return array
    if any(stride == 0 and side > 1 for stride, side in zip(array.strides, array.shape)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    return array.transpose(sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis])))


def check_same_shape(name: str, *arrays: Array) -> None:
    """ValueError unless all arrays have one shape."""
    shapes = [x.shape for x in arrays]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"{name} needs arrays of one shape, got {' and '.join(map(str, shapes))}")


def accumulate(ufunc: np.ufunc, x: Array, axis: int, reverse: bool = False) -> Array:
    """`ufunc` joined with what came before, along `axis`: integers as int64, the rest with twice its precision."""
    is_integer = x.dtype.kind in "biu"
    wide = np.int64 if is_integer else _WIDER.get(x.dtype.char, np.float32)
    y = x.astype(wide, order="C")
    from_the_start = np.flip(y, axis) if reverse else y
    scan(ufunc, from_the_start, axis, True)  # in place: twice as quick as with a dtype=
    return y.astype(x.dtype if not is_integer else wide, copy=False)


def scan(ufunc: np.ufunc, x: Array, axis: int, in_place: bool = False) -> Array:
    """`ufunc` joined with what came before, along `axis`; into x itself if `in_place`

    On a GPU, whose ufuncs cannot do that, in log2(n) rounds: in each a place takes in as many more as it already has.

    >>> scan(np.maximum, np.array([1, 3, 2]), 0).tolist()
    [1, 3, 3]
    """
    if known(x):
        return ufunc.accumulate(x, axis, out=x if in_place else None)
    y = x if in_place else x.copy()
    before, step = (slice(None),) * axis, 1
    while step < x.shape[axis]:
        later, earlier = (*before, slice(step, None)), (*before, slice(None, -step))
        y[later] = ufunc(y[later], y[earlier])
        step *= 2
    return y


_WIDER = {"f": np.float64, "d": np.float64, "F": np.complex128, "D": np.complex128}  # those of 16 bits: float32
