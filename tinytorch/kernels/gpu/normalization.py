"""Layer normalization and its gradients: beside kernels/normalization.py.

Forward is one launch: a team of threads joins the means and squared distances of parts of its row in one walk
(https://doi.org/10.1080/00031305.1983.10483115), and writes the row in a second, whose numbers come from the cache.
"""

from __future__ import annotations

import math
from typing import Any

from tinytorch.device import library
from tinytorch.kernels.arrays import check_same_shape
from tinytorch.kernels.gpu.cuda import MOMENTS, ROWS, cuda, in_order, launch_rows
from tinytorch.kernels.normalization import _axes

Array = Any

PART = 64  # so many rows are added up by one thread, for the gradients of weight and bias
MOST_PARTS = 65535  # as many blocks as CUDA has in that direction

_FORWARD = (
    ROWS
    + MOMENTS
    + """
extern "C" __global__ void layer_norm(const T* x, const T* weight, const T* bias, T* y, T* mean, T* rstd, double eps,
                                      bool weighted, bool biased, long long rows, long long n, long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    x += row * n, y += row * n;
    Moments found = moments_of_row(x, n, 1);
    W r = 1 / sqrt(found.squares / W(n) + W(eps));
    for (long long j = threadIdx.x; j < n; j += blockDim.x) {
        W v = (W(x[j]) - found.mean) * r;
        if (weighted) v *= W(weight[j]);
        if (biased) v += W(bias[j]);
        y[j] = T(v);
    }
    if (threadIdx.x == 0) mean[row] = T(found.mean), rstd[row] = T(r);
}
"""
)

_BACKWARD = (
    ROWS
    + """
// dx = r (h - mean(h) - z mean(h z)),  h = g w,  z = (x - m) r
extern "C" __global__ void layer_norm_backward(const T* grad, const T* x, const T* mean, const T* rstd, const T* weight,
                                               T* dx, bool weighted, long long rows, long long n, long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    grad += row * n, x += row * n, dx += row * n;
    W m = mean[row], r = rstd[row], of_h = 0, of_hz = 0;
    for (long long j = threadIdx.x; j < n; j += blockDim.x) {
        W h = W(grad[j]) * (weighted ? W(weight[j]) : W(1));
        of_h += h;
        of_hz += h * (W(x[j]) - m) * r;
    }
    of_h = total(of_h) / n;
    of_hz = total(of_hz) / n;
    for (long long j = threadIdx.x; j < n; j += blockDim.x) {
        W h = W(grad[j]) * (weighted ? W(weight[j]) : W(1));
        dx[j] = T(r * (h - of_h - (W(x[j]) - m) * r * of_hz));
    }
}

// The sums of g z and of g over `part` rows, for one column each: dw[p, j], db[p, j]
extern "C" __global__ void layer_norm_slopes(const T* grad, const T* x, const T* mean, const T* rstd, W* dw, W* db,
                                             long long rows, long long n, long long part) {
    long long j = (long long)blockIdx.x * blockDim.x + threadIdx.x, first = blockIdx.y * part;
    if (j >= n) return;
    long long end = first + part < rows ? first + part : rows;
    W of_gz = 0, of_g = 0;
    for (long long row = first; row < end; row++) {
        W g = grad[row * n + j];
        of_gz += g * (W(x[row * n + j]) - W(mean[row])) * W(rstd[row]);
        of_g += g;
    }
    dw[blockIdx.y * n + j] = of_gz;
    db[blockIdx.y * n + j] = of_g;
}
"""
)

_layer_norm = cuda("layer_norm", _FORWARD)
_layer_norm_backward, _layer_norm_slopes = cuda("layer_norm_backward", _BACKWARD), cuda("layer_norm_slopes", _BACKWARD)


def layer_norm(
    x: Array, count: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """y = (x - m) r w + b,  m = mean(x),  r = 1 / sqrt(mean((x - m)^2) + eps)  of each row"""
    _axes("layer_norm", x, count, weight, bias)
    cupy, n = library(), math.prod(x.shape[x.ndim - count :])
    sides = x.shape[: x.ndim - count] + (1,) * count
    y, mean, rstd = cupy.empty(x.shape, x.dtype), cupy.empty(sides, x.dtype), cupy.empty(sides, x.dtype)
    if not x.size:
        mean.fill(0)
        rstd.fill(math.nan)
        return y, mean, rstd
    parameters = (_like(x, weight), _like(x, bias))
    arguments = in_order(x), *parameters, y, mean, rstd, float(eps), weight is not None, bias is not None
    launch_rows(_layer_norm, x.dtype, mean.size, n, 1, arguments)
    return y, mean, rstd


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
    """dx = r (h - mean(h) - z mean(h z)),  dw = sum of g z,  db = sum of g,  h = g w,  z = (x - m) r,  g = grad"""
    _axes("layer_norm_backward", x, count, weight)
    check_same_shape("layer_norm_backward", grad, x)
    cupy, shape = library(), x.shape[x.ndim - count :]
    n, rows = math.prod(shape), mean.size
    statistics = in_order(mean.astype(x.dtype, copy=False)), in_order(rstd.astype(x.dtype, copy=False))
    operands = in_order(grad.astype(x.dtype, copy=False)), in_order(x), *statistics
    dx = dw = db = None
    if need_x:
        dx = cupy.empty(x.shape, x.dtype)
        if x.size:
            arguments = *operands, _like(x, weight), dx, weight is not None
            launch_rows(_layer_norm_backward, x.dtype, rows, n, 1, arguments)
    if need_weight or need_bias:
        part = max(PART, -(-rows // MOST_PARTS))
        parts = -(-rows // part)
        wide = x.dtype if x.dtype.name == "float64" else "float32"
        sums = cupy.empty((2, parts, n), wide)
        if sums.size:
            blocks = -(-n // 128), parts
            _layer_norm_slopes(x.dtype, blocks, (128,), (*operands, sums[0], sums[1], rows, n, part))
        dw, db = sums.sum(1).astype(x.dtype, copy=False).reshape(2, *shape)
    return dx, dw if need_weight else None, db if need_bias else None


def _like(x: Array, parameter: Array | None) -> Array:
    """What the kernel gets as weight or bias; x, which it will not read as such, where there is none."""
    return x if parameter is None else in_order(parameter.astype(x.dtype, copy=False))
