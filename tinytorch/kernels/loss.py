"""Losses of two arrays of one shape, number by number, in NumPy with their gradients: twins of _ext/loss.pyx.

float16 and bfloat16 are computed in float32 and rounded once at the end. In the gradients `grad` has the shape of x, or
is one number (a 0-dimensional array) for all, as after a sum or a mean. `reduction` "none" gives the losses one by one,
"sum" adds them, "mean" divides the sum by how many.
"""

from __future__ import annotations

import numpy as np

from tinytorch import kernels
from tinytorch.kernels.arrays import Array, check_same_shape, narrow, widen


def bce_with_logits(x: Array, target: Array, reduction: str = "none") -> Array:
    """(1 - t) x - log_sigmoid(x)  with  log_sigmoid(x) = min(x, 0) - log(1 + e^-|x|),  t = target

    The binary cross-entropy of sigmoid(x), written so that no power overflows.

    >>> bce_with_logits(np.array([0.0, 800.0]), np.array([1.0, 0.0])).round(4).tolist()
    [0.6931, 800.0]
    """
    check_same_shape("bce_with_logits", x, target)
    logits, t = widen(x), widen(target)
    log_sigmoid = np.minimum(logits, 0) - np.log1p(np.exp(-np.abs(logits)))
    return joined(narrow((1 - t) * logits - log_sigmoid, x), reduction)


def bce_with_logits_backward(grad: Array, x: Array, target: Array) -> Array:
    """dx = g * (sigmoid(x) - t)  with g = grad, t = target"""
    check_same_shape("bce_with_logits_backward", x, target, *_unless_one(grad))
    logits = widen(x)
    power = np.exp(-np.abs(logits))
    sigmoid = np.where(logits > 0, 1, power) / (1 + power)
    return narrow((sigmoid - widen(target)) * widen(grad), x)


def mse(x: Array, target: Array, reduction: str = "none") -> Array:
    """(x - t)^2  with t = target

    >>> mse(np.array([1.0, 2.0]), np.array([3.0, 2.0])).tolist()
    [4.0, 0.0]
    """
    check_same_shape("mse", x, target)
    return joined(narrow(np.square(widen(x) - widen(target)), x), reduction)


def mse_backward(grad: Array, x: Array, target: Array) -> Array:
    """dx = 2 g (x - t), and dt = -dx,  with g = grad, t = target"""
    check_same_shape("mse_backward", x, target, *_unless_one(grad))
    return narrow(2 * widen(grad) * (widen(x) - widen(target)), x)


def smooth_l1(x: Array, target: Array, beta: float, reduction: str = "none") -> Array:
    """d^2 / (2 beta) if |d| < beta else |d| - beta / 2  with d = x - t, t = target

    >>> smooth_l1(np.array([0.5, 3.0]), np.zeros(2), 1.0).tolist()
    [0.125, 2.5]
    """
    check_same_shape("smooth_l1", x, target)
    size = np.abs(widen(x) - widen(target))
    losses = np.where(size < beta, 0.5 * size * size / beta, size - 0.5 * beta).astype(size.dtype)
    return joined(narrow(losses, x), reduction)


def smooth_l1_backward(grad: Array, x: Array, target: Array, beta: float) -> Array:
    """dx = g * (d / beta clamped to [-1, 1]), and dt = -dx,  with g = grad, d = x - t"""
    check_same_shape("smooth_l1_backward", x, target, *_unless_one(grad))
    return narrow(((widen(x) - widen(target)) / beta).clip(-1, 1) * widen(grad), x)


def huber(x: Array, target: Array, delta: float, reduction: str = "none") -> Array:
    """d^2 / 2 if |d| <= delta else delta (|d| - delta / 2)  with d = x - t, t = target

    >>> huber(np.array([0.5, 3.0]), np.zeros(2), 2.0).tolist()
    [0.125, 4.0]
    """
    check_same_shape("huber", x, target)
    size = np.abs(widen(x) - widen(target))
    losses = np.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta)).astype(size.dtype)
    return joined(narrow(losses, x), reduction)


def huber_backward(grad: Array, x: Array, target: Array, delta: float) -> Array:
    """dx = g * (d clamped to [-delta, delta]), and dt = -dx,  with g = grad, d = x - t"""
    check_same_shape("huber_backward", x, target, *_unless_one(grad))
    return narrow((widen(x) - widen(target)).clip(-delta, delta) * widen(grad), x)


def joined(losses: Array, reduction: str) -> Array:
    """The losses, their sum or their mean"""
    if reduction == "none":
        return losses
    return kernels.reduce.mean(losses) if reduction == "mean" else kernels.reduce.sum(losses)


def _unless_one(grad: Array) -> tuple[Array, ...]:
    """(grad,) to be checked as well, or nothing where it is one number for all"""
    return (grad,) if grad.shape else ()
