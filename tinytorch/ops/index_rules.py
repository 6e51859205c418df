"""Index and IndexPut, the rules of x[key] and x[key] = value for a key with arrays of indices, and x[key] += value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.rule import Rule
from tinytorch.device import known, near

FULL = slice(None)


class Index(Rule):
    """y = x[key] for arrays of indices,    dx = dy added up in these places

    `indices` are the tensors that the key is made of: they must not be changed before backward.
    """

    @staticmethod
    def forward(ctx, x, key, indices=()):
        ctx.shape, ctx.key = x.shape, key
        ctx.save_for_backward(*indices)
        dim = len(key) - 1
        if key[dim].dtype.kind != "b" and (dim == 0 or (dim == 1 and key[0] is FULL)) and x.flags.c_contiguous:
            return kernels.gather.index_select(x, dim, key[dim], True)  # as x[key], but much quicker
        return x[key]

    @staticmethod
    def backward(ctx, grad):
        _ = ctx.saved_tensors  # for its error where they have been changed
        return AddAt.apply(grad, ctx.shape, ctx.key)


class AddAt(Rule):
    """y = zeros of `shape`, y[key] += x where every mention of a place counts,    dx = dy[key]"""

    name = "IndexPutBackward0"

    @staticmethod
    def forward(ctx, x, shape, key):
        ctx.key = key
        y = np.zeros(shape, x.dtype, like=near(x))
        add_at(y, key, x)
        return y

    @staticmethod
    def backward(ctx, grad):
        return Index.apply(grad, ctx.key)


class IndexPut(Rule):
    """y = x but for y[key] = value (or += value),    dx = dy, 0 in these places (or dy),    dvalue = dy[key]"""

    inputs = 2

    @staticmethod
    def forward(ctx, x, value, key, indices=(), accumulate=False):
        ctx.key, ctx.accumulate, ctx.value_rank = key, accumulate, np.ndim(value)
        ctx.save_for_backward(*indices)
        y = kernels.layout.copy(x)
        if accumulate:
            add_at(y, key, value)
        else:
            y[key] = value
        return y

    @staticmethod
    def backward(ctx, grad):
        _ = ctx.saved_tensors  # for its error where they have been changed
        need_x, need_value = ctx.needs_input_grad
        dx = None
        if need_x:
            dx = grad if ctx.accumulate else IndexPut.apply(grad, 0, ctx.key)
        if not need_value:
            return dx, None
        dvalue = Index.apply(grad, ctx.key)
        if len(dvalue.shape) < ctx.value_rank:  # the value had sides of 1 in front
            dvalue = dvalue.reshape((1,) * (ctx.value_rank - len(dvalue.shape)) + tuple(dvalue.shape))
        return dx, dvalue


def add_at(y: np.ndarray, key: tuple, values: Any) -> None:
    """y[key] += values in place, where a place that is named several times gets all its values.

    The key has full slices around one run of index arrays, or slices between them too, or is a single mask.
    """
    if key[0] is not FULL and key[0].dtype.kind == "b":
        y[key] += values
        return
    first = 0
    while key[first] is FULL:
        first += 1
    last = first
    while last < len(key) and key[last] is not FULL:
        last += 1
    if any(each is not FULL for each in key[last:]) or not y.flags.c_contiguous or 0 in y.shape:
        _add_anywhere(y, key, values)
        return
    sides = y.shape[first:last]
    flat = key[first] if last - first == 1 else flat_places(key[first:last], sides)
    before, after = y.shape[:first], y.shape[last:]
    if values.shape != (result := (*before, *flat.shape, *after)):
        values = kernels.layout.broadcast(values, result).copy()  # the kernel takes no strides of 0
    if flat.ndim != 1 or last - first != 1:
        values = values.reshape(*before, flat.size, *after)
        y = y.reshape(*before, math.prod(sides), *after)
    places = flat.reshape(-1)
    if known(places):
        try:
            kernels.scatter.index_add(y, first, places, values)
            return
        except IndexError:  # some are negative: nothing has been written yet
            pass
    kernels.scatter.index_add(y, first, np.where(places < 0, places + math.prod(sides), places), values)


def _add_anywhere(y: np.ndarray, key: tuple, values: Any) -> None:
    """y[key] += values for any key; on a GPU, whose ufuncs do so for few dtypes, by the kernel."""
    if known(y):
        np.add.at(y, key, values)
    elif y.size:
        total = y if y.flags.c_contiguous else y.copy()
        numbers = np.arange(y.size, like=y).reshape(y.shape)[key]
        values = np.broadcast_to(values, numbers.shape).reshape(-1)
        kernels.scatter.index_add(total.reshape(-1), 0, numbers.reshape(-1), values)
        if total is not y:
            y[...] = total


def flat_places(indices: tuple, sides: tuple) -> np.ndarray:
    """The places (indices[0], indices[1], ...) in dimensions of these sides, which are read as one; none is negative.

    >>> flat_places((np.array([0, 1]), np.array([2, -1])), (2, 3)).tolist()
    [2, 5]
    """
    try:
        return np.ravel_multi_index(indices, sides)
    except ValueError:  # some are negative
        return np.ravel_multi_index(
            tuple([np.where(index < 0, index + side, index) for index, side in zip(indices, sides)]), sides
        )
