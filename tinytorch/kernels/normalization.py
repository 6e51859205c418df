"""Layer normalization in NumPy, with its gradients: twins of _ext/normalization.pyx.

A row is what the last `count` axes of x hold. Half precision is computed in float32 and rounded once at the end.
"""

from __future__ import annotations

import numpy as np

from tinytorch.kernels.arrays import Array, check_same_shape, narrow, widen


def layer_norm(
    x: Array, count: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """y = (x - m) r w + b,  m = mean(x),  r = 1 / sqrt(mean((x - m)^2) + eps)  of each row

    weight w and bias b have the shape of a row. Returns y, and m and r with the last `count` axes of length 1, for the
    gradients.

    >>> y, m, r = layer_norm(np.array([[1.0, 3.0]]), 1, eps=0.0)
    >>> y.tolist(), m.tolist(), r.tolist()
    ([[-1.0, 1.0]], [[2.0]], [[1.0]])
    """
    axes = _axes("layer_norm", x, count, weight, bias)
    wide = widen(x)
    if x.size:
        mean = wide.mean(axes, np.float64, keepdims=True)
        rstd = 1 / np.sqrt(np.square(wide - mean).mean(axes, keepdims=True) + eps)
        mean, rstd = mean.astype(wide.dtype), rstd.astype(wide.dtype)
    else:
        sides = x.shape[: x.ndim - count] + (1,) * count
        mean, rstd = np.zeros(sides, wide.dtype), np.full(sides, np.nan, wide.dtype)
    y = (wide - mean) * rstd
    if weight is not None:
        y = y * widen(weight)
    if bias is not None:
        y = y + widen(bias)
    return narrow(y, x), narrow(mean, x), narrow(rstd, x)


def layer_norm_backward(
    grad: Array,
    x: Array,
    count: int,
    mean: Array,
    rstd: Array,
    weight: Array | None = None,
    need_x: bool = True,
    need_weight: bool = True,
    need_bias: bool = True,
) -> tuple[Array | None, Array | None, Array | None]:
    """dx = r (h - mean(h) - z mean(h z)),  dw = sum of g z,  db = sum of g,  h = g w,  z = (x - m) r,  g = grad

    mean m and rstd r are those of layer_norm. None for what is not asked for.
    """
    axes = _axes("layer_norm_backward", x, count, weight)
    check_same_shape("layer_norm_backward", grad, x)
    upper, r = widen(grad), widen(rstd)
    z = (widen(x) - widen(mean)) * r
    around = tuple(range(x.ndim - count))
    dx = dw = db = None
    if need_x and not x.size:
        dx = np.zeros_like(x)
    elif need_x:
        h = upper if weight is None else upper * widen(weight)
        dx = narrow(r * (h - h.mean(axes, keepdims=True) - z * (h * z).mean(axes, keepdims=True)), x)
    if need_weight:
        dw = narrow((upper * z).sum(around, np.float64), x)
    if need_bias:
        db = narrow(upper.sum(around, np.float64), x)
    return dx, dw, db


def _axes(name: str, x: Array, count: int, *parameters: Array | None) -> tuple[int, ...]:
    """The axes of a row; ValueError where x has fewer, or where a parameter does not have the shape of a row."""
    if not 0 < count <= x.ndim:
        raise ValueError(f"{name}: rows of {count} axes in an array of {x.ndim}")
    for parameter in parameters:
        if parameter is not None and parameter.shape != x.shape[x.ndim - count :]:
            raise ValueError(f"{name}: {parameter.shape} is not the shape of the rows of {x.shape}")
    return tuple(range(x.ndim - count, x.ndim))
