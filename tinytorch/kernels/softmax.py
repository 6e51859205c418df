"""Softmax, log-softmax, logsumexp and cross-entropy in NumPy, with their gradients: twins of _ext/softmax.pyx.

Every function takes any floating dtype; float16 and bfloat16 are computed in float32 and rounded once at the end.
"""

from __future__ import annotations

import numpy as np

from tinytorch.device import as_array
from tinytorch.kernels.arrays import Array, check_same_shape, narrow, widen

Axis = int | tuple[int, ...] | None


def softmax(x: Array, axis: int = -1) -> Array:
    """softmax(x)_j = e^(x_j - m) / sum_k e^(x_k - m)  along `axis`, with m = max(x)

    >>> softmax(np.array([[0.0, 0.0], [1.0, 1.0]])).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    if x.size == 0:
        return np.empty_like(x)
    wide = widen(x)
    powers = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return narrow(powers / powers.sum(axis=axis, keepdims=True), x)


def log_softmax(x: Array, axis: int = -1) -> Array:
    """log_softmax(x)_j = (x_j - m) - log(sum_k e^(x_k - m))  along `axis`, with m = max(x)

    >>> log_softmax(np.array([3.0])).tolist()
    [0.0]
    """
    if x.size == 0:
        return np.empty_like(x)
    wide = widen(x)
    shifted = wide - wide.max(axis=axis, keepdims=True)
    return narrow(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)), x)


def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """log(sum_k e^(x_k - m)) + m  over `axis`, with m = max(x) where that is finite, else 0; -inf of no numbers

    >>> logsumexp(np.array([1000.0, 1000.0])).round(4).tolist()
    1000.6931
    """
    wide = widen(x)
    if x.size == 0:
        y = np.log(wide.sum(axis=axis, keepdims=keepdims))
    else:
        top = as_array(wide.real.max(axis=axis, keepdims=True))
        top = np.where(np.isfinite(top), top, top.dtype.type(0))  # inf - inf would be nan
        y = np.log(np.exp(wide - top).sum(axis=axis, keepdims=keepdims))
        y = y + top.reshape(y.shape)
    return narrow(y, x)


def softmax_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    """dx = y * (dy - sum(dy * y))  along `axis`, with y = softmax(x) and dy = grad"""
    check_same_shape("softmax_backward", grad, y)
    wide, upper = widen(y), widen(grad)
    return narrow(wide * (upper - (upper * wide).sum(axis=axis, keepdims=True)), y)


def log_softmax_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    """dx = dy - e^y * sum(dy)  along `axis`, with y = log_softmax(x) and dy = grad"""
    check_same_shape("log_softmax_backward", grad, y)
    upper = widen(grad)
    return narrow(upper - np.exp(widen(y)) * upper.sum(axis=axis, keepdims=True), y)


def cross_entropy(logits: Array, target: Array, ignore_index: int = -100) -> tuple[Array, Array, int]:
    """loss_i = log(sum_k e^(x_ik - m_i)) - (x_i,t - m_i)  with t = target_i, m_i = max(x_i), x = logits

    logits (N, C), target (N,) of class numbers. Returns the losses (N,), softmax(logits) for the gradient, and the
    number of rows whose class is not `ignore_index`; the loss of an ignored row is 0. IndexError for a class that is
    not below C.

    >>> losses, _, counted = cross_entropy(np.zeros((2, 4)), np.array([3, -100]))
    >>> losses.round(4).tolist(), counted
    ([1.3863, 0.0], 1)
    """
    _, rows, classes = _classes("cross_entropy", logits, target, ignore_index)
    wide = widen(logits)
    if wide.size == 0:
        return np.zeros(logits.shape[:1], logits.dtype), np.empty_like(logits), len(rows)
    shifted = wide - wide.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    totals = powers.sum(axis=1)
    losses = np.zeros_like(totals)
    losses[rows] = np.log(totals[rows]) - shifted[rows, classes]
    return narrow(losses, logits), narrow(powers / totals[:, None], logits), len(rows)


def cross_entropy_backward(grad: Array, probabilities: Array, target: Array, ignore_index: int = -100) -> Array:
    """dx_ij = g_i * (p_ij - [j = target_i]),  0 in ignored rows

    grad g (N,), or one number for all rows; probabilities p (N, C) and target (N,) as in cross_entropy.
    """
    counts, rows, classes = _classes("cross_entropy_backward", probabilities, target, ignore_index)
    if grad.shape not in ((), target.shape):
        raise ValueError(f"cross_entropy_backward: grad {grad.shape} is neither () nor {target.shape}")
    out = widen(probabilities).copy()
    out[rows, classes] -= 1
    out *= widen(grad).reshape(-1, 1)
    out[~counts] = 0
    return narrow(out, probabilities)


def _classes(name: str, logits: Array, target: Array, ignore_index: int) -> tuple[Array, Array, Array]:
    """(which rows count, their numbers, their classes), or the error that the class numbers deserve"""
    if logits.ndim != 2 or target.shape != logits.shape[:1]:
        raise ValueError(f"{name} needs (N, C) and (N,), got {logits.shape} and {target.shape}")
    counts = target != ignore_index
    rows = np.flatnonzero(counts)
    classes = target[rows]
    bad = classes[(classes < 0) | (classes >= logits.shape[1])]
    if bad.size:
        raise IndexError(f"Target {bad[0]} is out of bounds.")
    return counts, rows, classes
