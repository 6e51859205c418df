"""Reductions, extrema, scans, products and layer normalization on the device, beside their twins."""

import math

import numpy as np
import pytest

from tests.kernels_gpu.beside_twin import check, draw, every_other, transposed

FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
AXES = [None, 0, 1, -1, (0, 1), (1, 2), (0, 2), (-1, 0), ()]
SHAPES = [(3, 4, 5), (40, 3, 2), (0, 3, 2), (2, 0, 3)]


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int32, np.bool_, np.complex64])
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "any", "all"])
def test_reductions(name, dtype):
    if name == "mean" and np.dtype(dtype).kind in "ib":
        return
    for shape in SHAPES:
        for axis in AXES:
            check("reduce", name, draw(shape, dtype), axis, scale=64, ulps=8)
    check("reduce", name, transposed(draw((4, 5), dtype)), 1, True, scale=16)
    check("reduce", name, np.asarray(draw((), dtype)))


@FLOATS
def test_var_mean(dtype):
    for shape in SHAPES[:2]:
        for axis in AXES[:-1]:
            for correction, keepdims in [(1, False), (0, True), (7, False)]:
                check("reduce", "var_mean", draw(shape, dtype), axis, correction, keepdims, scale=8, ulps=8)
    check("reduce", "var_mean", every_other(draw((4, 5), dtype)), 0, scale=8)
    check("reduce", "var_mean", draw((3000,), dtype) + dtype(10), scale=20, ulps=16)
    check("reduce", "var_mean", draw((2, 0), dtype), 1)


def test_var_mean_of_one_long_row():
    check("reduce", "var_mean", draw((70000,), np.float32), scale=8)


@FLOATS
def test_norms(dtype):
    for p in (2, 1, 0, 3, math.inf, -math.inf):
        for axis in [None, 0, (0, 1), (0, 2)]:
            check("reduce", "norm", draw((3, 4, 5), dtype), p, axis, scale=16, ulps=8)
    check("reduce", "norm", transposed(draw((3, 4), dtype)), 2, 1, True, scale=8)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8, np.bool_])
def test_extrema(dtype):
    for x in [draw((3, 4, 5), dtype), transposed(draw((6, 5), dtype)), every_other(draw((6, 5), dtype))]:
        for name in ("amax", "amin"):
            for axis in [None, 0, -1, (0, 1)]:
                check("extrema", name, x, axis, True)
        for name in ("max_with_indices", "min_with_indices", "argmax", "argmin"):
            for axis in [None, 0, 1, -1]:
                for keepdims in (False, True):
                    check("extrema", name, x, axis, keepdims)
    check("extrema", "max_with_indices", np.asarray(draw((), dtype)))
    check("extrema", "argmin", np.ones((2, 3000), dtype), 1)


def test_extrema_of_numbers_without_end():
    nan, inf = np.nan, np.inf
    x = np.array([[1, nan, 2, nan], [inf, 1, inf, 0], [-inf, 1, -inf, 0], [-inf] * 4, [inf] * 4])
    for name in ("max_with_indices", "min_with_indices", "argmax", "argmin", "amax", "amin"):
        check("extrema", name, x, 1)
        check("extrema", name, x.T.copy(), 0)


def test_extremes_of_nothing():
    for name in ("amax", "max_with_indices", "argmax"):
        with pytest.raises(ValueError):
            check("extrema", name, draw((2, 0)), 1)
        check("extrema", name, draw((0, 2)), 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int32, np.bool_, np.complex64])
def test_scans(dtype):
    for name in ("cumsum", "cumprod"):
        for axis in (0, 1, -1):
            for reverse in (False, True):
                check("cumulative", name, draw((3, 4, 5), dtype), axis, reverse, scale=16)
        check("cumulative", name, transposed(draw((3, 4), dtype)), 1, scale=16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.complex64, np.int64])
def test_products(dtype):
    pairs = [
        ((3, 4), (4, 5)),
        ((4,), (4, 5)),
        ((3, 4), (4,)),
        ((4,), (4,)),
        ((2, 3, 4), (4, 5)),
        ((2, 3, 4), (2, 4, 5)),
    ]
    for a, b in [*pairs, ((2, 1, 3, 4), (3, 4, 5)), ((3, 0), (0, 4)), ((0, 3, 4), (4, 5)), ((2, 3, 0), (0, 5))]:
        check("matmul", "matmul", draw(a, dtype), draw(b, dtype, 1), scale=32)
    check("matmul", "matmul", transposed(draw((3, 4), dtype)), every_other(draw((4, 5), dtype)), scale=32)
    for c in [(5,), (3, 5), (), (3, 1)]:
        for beta, alpha in [(1, 1), (0, 1), (2, 0), (2, 3)]:
            check("matmul", "addmm", draw(c, dtype), draw((3, 4), dtype), draw((4, 5), dtype), beta, alpha, scale=64)
    for name, *arguments in [("matmul", (3, 4), (3, 4)), ("addmm", (7,), (3, 4), (4, 5))]:
        with pytest.raises(ValueError):
            check("matmul", name, *(draw(shape, dtype) for shape in arguments))


def test_a_factor_of_0_ignores_nan():
    nan = np.full((2, 2), np.nan)
    check("matmul", "addmm", nan, np.ones((2, 2)), np.ones((2, 2)), 0)
    check("matmul", "addmm", np.ones((2, 2)), nan, nan, 1, 0)


@FLOATS
def test_layer_norm(dtype):
    for shape, count in [((6, 5), 1), ((2, 3, 4), 2), ((5,), 1), ((3, 2000), 1), ((0, 3), 1), ((130, 3), 1)]:
        x, grad, row = draw(shape, dtype), draw(shape, dtype, 1), shape[len(shape) - count :]
        w, b = draw(row, dtype, 2), draw(row, dtype, 3)
        for parameters in [(w, b), (None, None), (w, None), (None, b)]:
            check("normalization", "layer_norm", x, count, *parameters, scale=8)
        sides = shape[: len(shape) - count] + (1,) * count
        m, r = np.asarray(draw(sides, dtype) / 4).astype(dtype), np.abs(draw(sides, dtype)) + dtype(0.5)
        for weight in (w, None):
            check(
                "normalization", "layer_norm_backward", grad, x, count, m, r, weight, scale=512 if len(x) > 99 else 64
            )
        check("normalization", "layer_norm_backward", grad, x, count, m, r, w, True, False, False, scale=64)
    check("normalization", "layer_norm", transposed(draw((4, 5), dtype)), 1, scale=8)
    with pytest.raises(ValueError, match="is not the shape of the rows"):
        check("normalization", "layer_norm", draw((4, 5), dtype), 1, draw((4,), dtype))
