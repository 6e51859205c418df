"""Triangles of matrices, a launch each: beside kernels/triangles.py."""

from __future__ import annotations

from typing import Any

from tinytorch.kernels.gpu.formula import formula

Array = Any

_OUTSIDE = """
__device__ bool outside(long long i, long long rows, long long columns, long long diagonal, bool lower) {
    long long row = i / columns % rows, column = i % columns;
    return lower ? column > row + diagonal : column < row + diagonal;
}
"""
_SIDES = "int64 rows, int64 columns, int64 diagonal, bool lower"

_triangle = formula(
    "triangle",
    f"T x, {_SIDES}",
    "T y",
    "y = outside(i, rows, columns, diagonal, lower) ? T(0) : x",
    _OUTSIDE,
)
_keep_triangle = formula(
    "keep_triangle", _SIDES, "T y", "if (outside(i, rows, columns, diagonal, lower)) y = T(0)", _OUTSIDE
)


def triangle(x: Array, diagonal: int = 0, lower: bool = True) -> Array:
    """y_ij = x_ij where j <= i + diagonal (j >= i + diagonal unless `lower`), else 0"""
    return _triangle(x, *_sides(x), diagonal, lower)


def keep_triangle(y: Array, diagonal: int = 0, lower: bool = True) -> None:
    """y = triangle(y) in place; ValueError where y has no matrices."""
    _keep_triangle(*_sides(y), diagonal, lower, y)


def _sides(x: Array) -> tuple[int, int]:
    if x.ndim < 2:
        raise ValueError(f"triangles need arrays of at least 2 dimensions, got {x.ndim}")
    return max(1, x.shape[-2]), max(1, x.shape[-1])
