"""Losses of two arrays of one shape and their gradients, a launch each, and one for the sum: beside kernels/loss.py."""

from __future__ import annotations

from typing import Any

from tinytorch.kernels.arrays import check_same_shape
from tinytorch.kernels.gpu.formula import formula
from tinytorch.kernels.loss import joined

Array = Any


def bce_with_logits(x: Array, target: Array, reduction: str = "none") -> Array:
    """(1 - t) x - log_sigmoid(x)  with  log_sigmoid(x) = min(x, 0) - log(1 + e^-|x|),  t = target"""
    check_same_shape("bce_with_logits", x, target)
    return joined(_bce_with_logits(x, target), reduction)


def bce_with_logits_backward(grad: Array, x: Array, target: Array) -> Array:
    """dx = g * (sigmoid(x) - t)  with g = grad, t = target"""
    _check("bce_with_logits_backward", grad, x, target)
    return _bce_with_logits_backward(grad, x, target)


def mse(x: Array, target: Array, reduction: str = "none") -> Array:
    """(x - t)^2  with t = target"""
    check_same_shape("mse", x, target)
    return joined(_mse(x, target), reduction)


def mse_backward(grad: Array, x: Array, target: Array) -> Array:
    """dx = 2 g (x - t)  with g = grad, t = target"""
    _check("mse_backward", grad, x, target)
    return _mse_backward(grad, x, target)


def smooth_l1(x: Array, target: Array, beta: float, reduction: str = "none") -> Array:
    """d^2 / (2 beta) if |d| < beta else |d| - beta / 2  with d = x - t, t = target"""
    check_same_shape("smooth_l1", x, target)
    return joined(_smooth_l1(x, target, float(beta)), reduction)


def smooth_l1_backward(grad: Array, x: Array, target: Array, beta: float) -> Array:
    """dx = g * (d / beta clamped to [-1, 1])  with g = grad, d = x - t"""
    _check("smooth_l1_backward", grad, x, target)
    return _smooth_l1_backward(grad, x, target, float(beta))


def huber(x: Array, target: Array, delta: float, reduction: str = "none") -> Array:
    """d^2 / 2 if |d| <= delta else delta (|d| - delta / 2)  with d = x - t, t = target"""
    check_same_shape("huber", x, target)
    return joined(_huber(x, target, float(delta)), reduction)


def huber_backward(grad: Array, x: Array, target: Array, delta: float) -> Array:
    """dx = g * (d clamped to [-delta, delta])  with g = grad, d = x - t"""
    _check("huber_backward", grad, x, target)
    return _huber_backward(grad, x, target, float(delta))


def _check(name: str, grad: Array, x: Array, target: Array) -> None:
    check_same_shape(name, x, target, *((grad,) if grad.shape else ()))


_bce_with_logits = formula(
    "bce_with_logits",
    "T x, U target",
    "T loss",
    "W v = x; loss = (1 - W(target)) * v - ((v < 0 || v != v ? v : W(0)) - log1p(exp(-fabs(v))))",
)
_bce_with_logits_backward = formula(
    "bce_with_logits_backward",
    "G grad, T x, U target",
    "T dx",
    "W v = x; W power = exp(-fabs(v)); dx = ((v > 0 ? W(1) : power) / (1 + power) - W(target)) * W(grad)",
)
_mse = formula("mse", "T x, U target", "T loss", "W d = W(x) - W(target); loss = d * d")
_mse_backward = formula("mse_backward", "G grad, T x, U target", "T dx", "dx = 2 * W(grad) * (W(x) - W(target))")
_smooth_l1 = formula(
    "smooth_l1",
    "T x, U target, float64 beta",
    "T loss",
    "W size = fabs(W(x) - W(target)), b = beta; loss = size < b ? W(0.5) * size * size / b : size - W(0.5) * b",
)
_smooth_l1_backward = formula(
    "smooth_l1_backward",
    "G grad, T x, U target, float64 beta",
    "T dx",
    "W slope = (W(x) - W(target)) / W(beta); dx = (slope < -1 ? W(-1) : slope > 1 ? W(1) : slope) * W(grad)",
)
_huber = formula(
    "huber",
    "T x, U target, float64 delta",
    "T loss",
    "W size = fabs(W(x) - W(target)), d = delta; loss = size <= d ? W(0.5) * size * size : d * (size - W(0.5) * d)",
)
_huber_backward = formula(
    "huber_backward",
    "G grad, T x, U target, float64 delta",
    "T dx",
    "W slope = W(x) - W(target), d = delta; dx = (slope < -d ? -d : slope > d ? d : slope) * W(grad)",
)
