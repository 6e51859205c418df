"""Kernels written in CUDA, compiled for the dtypes that they meet, and what those that walk rows share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.device import library

Array = Any

_NAMES = {
    "float16": "__half", "bfloat16": "__nv_bfloat16", "float32": "float", "float64": "double", "bool": "bool",
    "int8": "signed char", "int16": "short", "int32": "int", "int64": "long long",
    "uint8": "unsigned char", "uint16": "unsigned short", "uint32": "unsigned int", "uint64": "unsigned long long",
}  # fmt: skip
# The run-time compiler does not know these two by itself.
CONSTANTS = """
#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif
#ifndef NAN
#define NAN __int_as_float(0x7fffffff)
#endif
"""
_HEADERS = {"float16": "#include <cuda_fp16.h>\n", "bfloat16": "#include <cuda_bf16.h>\n"}


def cuda(name: str, source: str) -> Callable[[np.dtype, tuple, tuple, tuple], None]:
    """A function (dtype, grid, block, arguments) that runs the kernel `name` of a CUDA source.

    In the source T is the dtype, and W what its numbers are computed with: double for float64, float for the other
    floating ones. A Python int is a long long there, a float a double.
    """

    @functools.cache
    def kernel(dtype: np.dtype) -> Any:
        wide = "double" if dtype.name == "float64" else "float"
        types = f"{_HEADERS.get(dtype.name, '')}typedef {_NAMES[dtype.name]} T;\ntypedef {wide} W;\n"
        return library().RawKernel(types + CONSTANTS + source, name)

    def call(dtype: np.dtype, grid: tuple, block: tuple, arguments: tuple) -> None:
        kernel(dtype)(grid, block, arguments)

    return call


def is_known(dtype: np.dtype) -> bool:
    """Is there a name in CUDA for the dtype? (Not for complex numbers.)"""
    return dtype.name in _NAMES


# ---- rows ------------------------------------------------------------------------------------------------------------
# A team of threads walks one row together, thread k numbers k, k + team, ...: one thread, a warp of 32, or a block.
# Row r has n numbers at START(r), START(r) + inner, ...: `inner` is the product of the sides behind the row's axis.

ROWS = """
#define START(row) ((row) / inner * n * inner + (row) % inner)

// The row of this thread; `return` from the kernel where it is none of `rows`: all threads of a team do, or none.
__device__ long long my_row() {
    return (long long)blockIdx.x * blockDim.y + threadIdx.y;
}

// What `join` makes of the values of all threads of a team; each thread gets it.
template<class V, class Join> __device__ V joined(V value, Join join) {
    if (blockDim.x == 1) return value;
    for (int distance = 16; distance > 0; distance /= 2) value = join(value, value.from(distance));
    if (blockDim.x == 32) return value;
    __shared__ V of_warps[32];
    int warps = blockDim.x / 32;
    __syncthreads();  // somebody may still be reading what a call before this one left here
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = value;
    __syncthreads();
    value = of_warps[0];
    for (int warp = 1; warp < warps; warp++) value = join(value, of_warps[warp]);
    return value;
}

template<class V> struct Sum {
    V value;
    __device__ Sum from(int distance) const { return {__shfl_xor_sync(0xffffffff, value, distance)}; }
};

template<class V> __device__ V total(V value) {
    auto add = [](Sum<V> a, Sum<V> b) { return Sum<V>{a.value + b.value}; };
    return joined(Sum<V>{value}, add).value;
}
"""


def rows_of(shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
    """(rows, n, inner): how many rows run along the axis, their length, and how far apart their numbers lie"""
    n = shape[axis]
    inner = int(np.prod(shape[axis + 1 :], dtype=np.int64))
    outer = int(np.prod(shape[:axis], dtype=np.int64))
    return outer * inner, n, inner


def launch_rows(kernel: Callable, dtype: np.dtype, rows: int, n: int, inner: int, arguments: tuple) -> None:
    """Run a kernel of `rows` rows of n numbers, `arguments` before (rows, n, inner), by teams of a fitting size.

    Rows that lie in memory number by number are read by warps, neighbours by neighbours; of rows that lie crosswise
    neighbouring threads read neighbouring rows. Long rows get blocks, else a few of them would leave the GPU idle.
    """
    if not rows:
        return
    if n > 1024 and (inner == 1 or rows < 4096):
        team, teams = (256, 1) if n < 8192 else (512, 1)
    elif inner == 1:
        team, teams = 32, 4
    else:
        team, teams = 1, 128
    kernel(dtype, (-(-rows // teams),), (team, teams), (*arguments, rows, n, inner))


def in_order(x: Array) -> Array:
    """x itself or a copy whose numbers lie one after the other in C order."""
    return x if x.flags.c_contiguous else x.copy(order="C")


# The mean and the squared distances from it, of numbers that come one by one and of parts that are joined; after ROWS.
# They are counted from the row's first number: of numbers far from 0 the differences have more digits.
MOMENTS = """
struct Moments {
    W mean, squares, count;

    __device__ Moments from(int distance) const {
        return {__shfl_xor_sync(0xffffffff, mean, distance), __shfl_xor_sync(0xffffffff, squares, distance),
                __shfl_xor_sync(0xffffffff, count, distance)};
    }
};

__device__ Moments join_moments(Moments a, Moments b) {
    if (b.count == 0) return a;
    if (a.count == 0) return b;
    W count = a.count + b.count, step = b.mean - a.mean, share = b.count / count;
    return {a.mean + step * share, a.squares + b.squares + step * step * a.count * share, count};
}

__device__ Moments moments_of_row(const T* x, long long n, long long inner) {
    Moments found = {W(0), W(0), W(0)};
    W first = n ? W(x[0]) : W(0);
    if (!isfinite(first)) first = 0;
    for (long long j = threadIdx.x; j < n; j += blockDim.x) {
        W v = W(x[j * inner]) - first, step = v - found.mean;
        found.count += 1;
        found.mean += step / found.count;
        found.squares += step * (v - found.mean);
    }
    found = joined(found, join_moments);
    found.mean += first;
    return found;
}
"""
