"""Negative log-likelihoods of classes in NumPy, with their gradient: twins of _ext/nll.pyx.

x holds log-probabilities (N, C, ...), or (C,) of one prediction; target holds class numbers (N, ...) of integers. A
target that equals `ignore_index` counts for nothing; IndexError for any other that is negative or not below C.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.kernels.arrays import Array, narrow, widen


def nll(x: Array, target: Array, weight: Array | None = None, ignore_index: int = -100) -> Array:
    """l_i = -w[t_i] x[i, t_i]  with t = target, w = weight (1 where there is none)

    >>> nll(np.array([[-1.0, -2.0], [-3.0, -4.0]]), np.array([1, -100])).tolist()
    [2.0, 0.0]
    """
    valid, classes, axis = _classes("nll", x.shape, target, ignore_index)
    if not x.size:
        return np.zeros(target.shape, x.dtype)
    losses = -np.take_along_axis(x, np.expand_dims(classes, axis), axis).reshape(target.shape)
    if weight is not None:
        losses = losses * _factors(weight, valid, classes)
    return np.where(valid, losses, np.zeros((), x.dtype)).astype(x.dtype, copy=False)


def nll_sum(x: Array, target: Array, weight: Array | None = None, ignore_index: int = -100) -> tuple[Array, Array]:
    """(sum l_i, sum w[t_i]),  ignored classes left out; half precision is added in float32

    >>> [total.tolist() for total in nll_sum(np.array([[-1.0, -2.0], [-3.0, -4.0]]), np.array([1, 0]))]
    [5.0, 2.0]
    """
    valid, classes, _ = _classes("nll_sum", x.shape, target, ignore_index)
    total = widen(nll(x, target, weight, ignore_index)).sum()
    divisor = widen(valid.astype(x.dtype) if weight is None else _factors(weight, valid, classes)).sum()
    return narrow(np.asarray(total), x), np.asarray(divisor, x.dtype)


def nll_backward(
    grad: Array,
    shape: tuple[int, ...],
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    divisor: Any = None,
) -> Array:
    """dx[i, t_i] = -w[t_i] g_i / divisor,  0 elsewhere;  g = grad, `shape` is that of x, divisor 1 if None

    >>> nll_backward(np.array(1.0), (2, 3), np.array([2, 0]), divisor=2).tolist()
    [[0.0, 0.0, -0.5], [-0.5, 0.0, 0.0]]
    """
    valid, classes, axis = _classes("nll_backward", shape, target, ignore_index)
    if grad.shape not in ((), target.shape):
        raise ValueError(f"nll_backward: grad {grad.shape} is neither () nor {target.shape}")
    slopes = -(widen(grad) if divisor is None else widen(grad) / np.asarray(divisor, widen(grad).dtype))
    if weight is not None:
        slopes = _factors(weight, valid, classes) * slopes
    slopes = np.where(valid, slopes, np.zeros((), slopes.dtype)).astype(grad.dtype)
    out = np.zeros(shape, grad.dtype)
    if out.size:
        np.put_along_axis(out, np.expand_dims(classes, axis), np.expand_dims(slopes, axis), axis)
    return out


def _classes(name: str, shape: tuple[int, ...], target: Array, ignore_index: int) -> tuple[Array, Array, int]:
    """(which targets count, the classes with 0 in place of what does not, the axis of the classes), or an error"""
    axis = 1 if len(shape) > 1 else 0
    if not shape or target.shape != shape[:axis] + shape[axis + 1 :]:
        raise ValueError(f"{name}: targets {target.shape} do not fit log-probabilities {tuple(shape)}")
    valid = target != ignore_index
    bad = target[valid & ((target < 0) | (target >= shape[axis]))]
    if bad.size:
        raise IndexError(f"Target {bad.flat[0]} is out of bounds.")
    return valid, np.where(valid, target, 0), axis


def _factors(weight: Array, valid: Array, classes: Array) -> Array:
    """The weights of the classes that count, 0 for the others."""
    return (
        np.where(valid, weight[classes], np.zeros((), weight.dtype))
        if weight.size
        else np.zeros(classes.shape, weight.dtype)
    )
