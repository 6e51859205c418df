"""Kernels that read and write where an index says, on the device, beside their twins."""

import numpy as np
import pytest

from tests.kernels_gpu.beside_twin import BFLOAT16, check, draw, every_other, here, there, transposed
from tinytorch import kernels

DTYPES = [np.float32, np.float16, np.int64, np.complex64, np.bool_]
dtypes = pytest.mark.parametrize("dtype", DTYPES)


def index(shape, n, seed=0, kind=np.int64):
    return np.random.default_rng(seed).integers(0, n, shape).astype(kind)


@dtypes
def test_gather(dtype):
    x = draw((4, 5, 6), dtype)
    for axis, shape in [(0, (7, 5, 6)), (1, (4, 2, 3)), (-1, (2, 5, 9)), (2, (0, 5, 6))]:
        check("gather", "gather", x, axis, index(shape, x.shape[axis]))
        check("gather", "gather", transposed(x), axis, every_other(index(shape, x.shape[axis], kind=np.int32)))
    check("gather", "index_select", x, 1, index((3,), 5))
    check("gather", "index_select", transposed(x), -1, index((2, 2), 6))
    check("gather", "index_select", every_other(x), 0, index((2,), 4) - 4, True)
    check("gather", "index_select", x, 0, index((0,), 4))


def test_bag_sum():
    for dtype in (np.float32, np.float16):
        check("gather", "bag_sum", draw((5, 3), dtype), index((4, 6), 5), scale=8)
        check("gather", "bag_sum", draw((5, 3), dtype), index((4, 0), 5))


def test_an_index_out_of_range_reads_and_writes_nothing():
    x, places = there((np.ones(3), np.array([0, 3, -1])))
    np.testing.assert_array_equal(here(kernels.gather.gather(x, 0, places)), [1, 0, 0])
    kernels.scatter.scatter_add(x, 0, places, x * 2)
    kernels.scatter.scatter(x, 0, places + 3, x)
    kernels.scatter.scatter_reduce(x, 0, places - 3, x + 1, "multiply")
    np.testing.assert_array_equal(here(x), [6, 1, 1])


@dtypes
def test_index_add(dtype):
    for axis, count in [(0, 7), (1, 4), (-1, 3), (0, 0)]:
        out = draw((4, 5, 6), dtype)
        shape = list(out.shape)
        shape[axis] = count
        where = index((count,), out.shape[axis])
        for alpha in (1,) if dtype is np.bool_ else (1, 2):
            check("scatter", "index_add", out, axis, where, draw(shape, dtype, 1), alpha, scale=16)
        check("scatter", "index_add", transposed(out), axis, where, transposed(draw(shape, dtype, 1)), scale=16)


@dtypes
def test_scatter(dtype):
    out = draw((4, 5, 6), dtype)
    for axis, shape in [(0, (3, 5, 6)), (1, (4, 2, 3)), (-1, (2, 5, 6))]:
        source = draw((4, 5, 6), dtype, 1)
        check("scatter", "scatter_add", out, axis, index(shape, out.shape[axis]), source, scale=16)
        check("scatter", "scatter_add", every_other(out), axis, index(shape, out.shape[axis]), source, scale=16)
        check("scatter", "scatter", transposed(out), axis, index(shape, out.shape[axis]), np.ones((), dtype))
    places = np.argsort(draw((4, 5, 6)), 1)  # each place once
    check("scatter", "scatter", out, 1, places, draw((4, 5, 6), dtype, 2))


@pytest.mark.parametrize(
    "dtype", [*DTYPES, BFLOAT16, np.float64, np.int8, np.uint8, np.int16, np.int32, np.complex128], ids=str
)
@pytest.mark.parametrize("how", ["multiply", "maximum", "minimum"])
def test_scatter_reduce(how, dtype):
    out = draw((4, 5, 6), dtype, odd=np.dtype(dtype).kind == "f")
    if out.dtype.kind == "c" and how != "multiply":
        with pytest.raises(TypeError, match="no order"):
            check("scatter", "scatter_reduce", out, 0, index((1, 5, 6), 4), out, how)
        return
    for axis, shape in [(0, (3, 5, 6)), (1, (4, 2, 3)), (-1, (2, 5, 6)), (1, (0, 5, 6))]:
        source, places = draw((4, 5, 6), dtype, 1), index(shape, out.shape[axis])
        for laid in (out.copy(), every_other(out), transposed(out)):
            check("scatter", "scatter_reduce", laid, axis, places, source, how, ulps=16)
    flat = np.array([3, 1, 2, 4, 1], dtype)[1:]  # begins in the midst of a word
    check("scatter", "scatter_reduce", flat, 0, index((9,), 4), np.array([1, 2, 0] * 3, dtype), how)


@pytest.mark.parametrize("how", ["maximum", "minimum"])
def test_nan_wins(how):
    for dtype in (np.float32, np.float64, np.float16):
        out, source = np.array([np.nan, 1, 2, -np.inf], dtype), np.array([1, np.nan, 3, np.inf, 3], dtype)
        check("scatter", "scatter_reduce", out, 0, np.array([0, 1, 1, 3, 2]), source, how)


def test_small_integers_are_added():
    for dtype in (np.int8, np.uint8, np.int16, np.int32):
        check("scatter", "index_add", np.arange(3, dtype=dtype), 0, np.array([1, 1]), np.array([2, 3], dtype))


def test_shapes_that_do_not_fit():
    x, places = draw((3, 4)), index((3, 5), 3)
    for name, *arguments in [("gather", 0, places), ("gather", 2, places)]:
        with pytest.raises(ValueError):
            check("gather", name, x, *arguments)
    for name, *arguments in [
        ("index_add", 0, index((3,), 3), x[:2]),
        ("scatter", 0, places, x),
        ("scatter_add", 3, places, x),
        ("scatter_reduce", 0, places, x, "multiply"),
    ]:
        with pytest.raises(ValueError):
            check("scatter", name, x, *arguments)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, BFLOAT16])
@pytest.mark.parametrize("shape", [(5, 3), (3,), (4, 3, 2, 2)])
def test_nll(shape, dtype):
    x = draw(shape, dtype)
    target = index(shape[:1] * (len(shape) > 1) + shape[2:], 3)
    ignored = np.where(target == 1, -100, target)
    weight = np.array([0.5, 1.0, 2.0], dtype)
    for t in (target, ignored):
        for w in (None, weight):
            check("nll", "nll", x, np.asarray(t), w)
            check("nll", "nll_sum", x, np.asarray(t), w, scale=16)
            for grad in (np.array(0.5, dtype), draw(t.shape, dtype, 1)):
                for divisor in (None, np.array(2.0, dtype)):
                    check("nll", "nll_backward", grad, shape, np.asarray(t), w, -100, divisor)
    check("nll", "nll", transposed(x), np.asarray(target), weight, 2)


def test_nll_of_many_and_of_none():
    check("nll", "nll_sum", draw((70000, 2), np.float32), index((70000,), 2), scale=4e4)
    check("nll", "nll_sum", draw((70000, 2), np.float32), index((70000,), 2), np.array([1, 3], np.float32), scale=4e4)
    check("nll", "nll_sum", draw((0, 3), np.float32), index((0,), 3))
    check("nll", "nll", draw((0, 3), np.float32), index((0,), 3))


def test_a_class_out_of_range_gives_nan():
    x, target = there((draw((3, 4), np.float32), np.array([0, 4, -1])))
    assert np.isnan(here(kernels.nll.nll(x, target))).tolist() == [False, True, True]
    assert np.isnan(here(kernels.nll.nll_sum(x, target)[0]))


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.bool_, np.complex64])
def test_triangles(dtype):
    for shape in [(3, 4), (2, 4, 3), (0, 3), (3, 0)]:
        for diagonal in (-1, 0, 2):
            for lower in (False, True):
                check("triangles", "triangle", draw(shape, dtype) + np.ones((), dtype), diagonal, lower)
                check("triangles", "keep_triangle", draw(shape, dtype), diagonal, lower)
    check("triangles", "triangle", transposed(draw((3, 4), dtype)))
    check("triangles", "keep_triangle", every_other(draw((3, 4), dtype)))
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        check("triangles", "triangle", draw((3,), dtype))
