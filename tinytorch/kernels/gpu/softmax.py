"""Softmax, log-softmax, logsumexp and their gradients, a launch each: beside kernels/softmax.py.

The largest number m of a row and the sum of e^(x - m) are found in one walk: where a larger number turns up, the sum so
far is scaled to it. A second walk, whose numbers come from the cache, writes the results.
https://arxiv.org/abs/1805.02867
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.device import library
from tinytorch.kernels.arrays import check_same_shape
from tinytorch.kernels.gpu.cuda import ROWS, cuda, in_order, launch_rows, rows_of
from tinytorch.kernels.gpu.reduce import side_by_side
from tinytorch.kernels.softmax import logsumexp as logsumexp_in_steps

Array = Any
Axis = int | tuple[int, ...] | None

_ONLINE = (
    ROWS
    + """
// m = max(x) and s = sum of e^(x - m) of some numbers of a row
struct Powers {
    W m, s;

    __device__ Powers from(int distance) const {
        return {__shfl_xor_sync(0xffffffff, m, distance), __shfl_xor_sync(0xffffffff, s, distance)};
    }
};

// The factor that takes e^(x - from) to e^(x - to); of infinities that are the same: 1
__device__ W scale(W from, W to) { return from == to ? W(1) : exp(from - to); }

__device__ Powers join(Powers a, Powers b) {
    W m = a.m > b.m ? a.m : b.m;
    return {m, a.s * scale(a.m, m) + b.s * scale(b.m, m)};
}

__device__ Powers powers_of_row(const T* x, long long n, long long inner) {
    Powers found = {W(-INFINITY), W(0)};
    for (long long j = threadIdx.x; j < n; j += blockDim.x) {
        W v = x[j * inner];
        if (v > found.m) {
            found.s = found.s * exp(found.m - v) + 1;
            found.m = v;
        } else {
            found.s += scale(v, found.m);  // of nan: nan
        }
    }
    return joined(found, join);
}

// Where the largest number is infinite, e^(x - m) is nan for it, and so is the sum.
__device__ W sum_of(Powers found) { return found.s + (found.m - found.m); }

extern "C" __global__ void softmax(const T* x, T* y, long long rows, long long n, long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    x += START(row), y += START(row);
    Powers row_powers = powers_of_row(x, n, inner);
    W sum = sum_of(row_powers);
    for (long long j = threadIdx.x; j < n; j += blockDim.x)
        y[j * inner] = T(exp(W(x[j * inner]) - row_powers.m) / sum);
}

extern "C" __global__ void log_softmax(const T* x, T* y, long long rows, long long n, long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    x += START(row), y += START(row);
    Powers row_powers = powers_of_row(x, n, inner);
    W logarithm = log(sum_of(row_powers));
    for (long long j = threadIdx.x; j < n; j += blockDim.x)
        y[j * inner] = T(W(x[j * inner]) - row_powers.m - logarithm);
}

extern "C" __global__ void logsumexp(const T* x, T* y, long long rows, long long n, long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    Powers row_powers = powers_of_row(x + START(row), n, inner);
    if (threadIdx.x == 0) y[row] = T(row_powers.m + log(row_powers.s));
}

extern "C" __global__ void softmax_backward(const T* grad, const T* y, T* dx, long long rows, long long n,
                                            long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    grad += START(row), y += START(row), dx += START(row);
    W sum = 0;
    for (long long j = threadIdx.x; j < n; j += blockDim.x) sum += W(grad[j * inner]) * W(y[j * inner]);
    sum = total(sum);
    for (long long j = threadIdx.x; j < n; j += blockDim.x)
        dx[j * inner] = T(W(y[j * inner]) * (W(grad[j * inner]) - sum));
}

extern "C" __global__ void log_softmax_backward(const T* grad, const T* y, T* dx, long long rows, long long n,
                                                long long inner) {
    long long row = my_row();
    if (row >= rows) return;
    grad += START(row), y += START(row), dx += START(row);
    W sum = 0;
    for (long long j = threadIdx.x; j < n; j += blockDim.x) sum += W(grad[j * inner]);
    sum = total(sum);
    for (long long j = threadIdx.x; j < n; j += blockDim.x)
        dx[j * inner] = T(W(grad[j * inner]) - exp(W(y[j * inner])) * sum);
}
"""
)


def softmax(x: Array, axis: int = -1) -> Array:
    """softmax(x)_j = e^(x_j - m) / sum_k e^(x_k - m)  along `axis`, with m = max(x)"""
    return _along(_softmax, axis, x)


def log_softmax(x: Array, axis: int = -1) -> Array:
    """log_softmax(x)_j = (x_j - m) - log(sum_k e^(x_k - m))  along `axis`, with m = max(x)"""
    return _along(_log_softmax, axis, x)


def softmax_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    """dx = y * (dy - sum(dy * y))  along `axis`, with y = softmax(x) and dy = grad"""
    check_same_shape("softmax_backward", grad, y)
    return _along(_softmax_backward, axis, grad.astype(y.dtype, copy=False), y)


def log_softmax_backward(grad: Array, y: Array, axis: int = -1) -> Array:
    """dx = dy - e^y * sum(dy)  along `axis`, with y = log_softmax(x) and dy = grad"""
    check_same_shape("log_softmax_backward", grad, y)
    return _along(_log_softmax_backward, axis, grad.astype(y.dtype, copy=False), y)


def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """log(sum_k e^(x_k - m)) + m  over `axis`, with m = max(x) where that is finite, else 0; -inf of no numbers"""
    span = side_by_side(x, axis)
    if span is None or x.dtype.kind == "c":
        return logsumexp_in_steps(x, axis, keepdims)
    first, behind = span
    shape = x.shape[:first] + ((1,) * (behind - first) if keepdims else ()) + x.shape[behind:]
    y = library().empty(shape, x.dtype)
    n, inner = math.prod(x.shape[first:behind]), math.prod(x.shape[behind:])
    launch_rows(_logsumexp, x.dtype, y.size, n, inner, (in_order(x), y))
    return y


def _along(kernel: Any, axis: int, *operands: Array) -> Array:
    """The result of a kernel that writes as many numbers as it reads, row by row along the axis."""
    x = operands[0]
    y = library().empty(x.shape, x.dtype)
    if x.size:
        if not -max(1, x.ndim) <= axis < max(1, x.ndim):
            raise np.exceptions.AxisError(axis, x.ndim)
        rows, n, inner = rows_of(x.shape or (1,), axis % max(1, x.ndim))
        launch_rows(kernel, x.dtype, rows, n, inner, (*map(in_order, operands), y))
    return y


_softmax, _log_softmax, _logsumexp, _softmax_backward, _log_softmax_backward = (
    cuda(name, _ONLINE) for name in ("softmax", "log_softmax", "logsumexp", "softmax_backward", "log_softmax_backward")
)
