"""The largest and the smallest numbers and their places: kernel, twin and the formula written out in Python."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import LAYOUTS, both, draw, floats, load, numbers, outcome
from tests.ext.test_kernel_reduce import CASES, SEVERAL, plain
from tinytorch.kernels import threads

cases = pytest.mark.parametrize("shape, axis, keepdims", CASES, ids=str)
extremes = pytest.mark.parametrize("name", ["amax", "amin", "max_with_indices", "min_with_indices"])
PLACES = ["max_with_indices", "min_with_indices", "argmax", "argmin"]
KINDS = [np.float32, np.float64, np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_]


@both
@floats
@cases
def test_extremes(kind, dtype, shape, axis, keepdims):
    family, x = load(kind, "extrema"), draw(shape, dtype).round(1)  # rounded, so that some are equal
    for name, function in [("max", max), ("min", min)]:
        expected = plain(function, x, axis, keepdims)
        place = plain(lambda row, function=function: row.index(function(row)), x, axis, keepdims)
        only = getattr(family, "a" + name)(x, axis, keepdims)
        values, places = getattr(family, name + "_with_indices")(x, axis, keepdims)
        np.testing.assert_array_equal(getattr(family, "arg" + name)(x, axis, keepdims), places, strict=True)
        assert only.dtype == values.dtype == dtype
        assert places.dtype == np.int64
        np.testing.assert_array_equal(only, expected.astype(dtype), strict=True)
        np.testing.assert_array_equal(values, expected.astype(dtype), strict=True)
        np.testing.assert_array_equal(places, place.astype(np.int64), strict=True)


@both
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("shape, axis", SEVERAL, ids=str)
def test_several_axes(kind, shape, axis, keepdims):
    family, x = load(kind, "extrema"), draw(shape)
    np.testing.assert_array_equal(family.amin(x, axis, keepdims), plain(min, x, axis, keepdims), strict=True)
    np.testing.assert_array_equal(family.amax(x, axis, keepdims), plain(max, x, axis, keepdims), strict=True)


@both
@extremes
@pytest.mark.parametrize("shape, axis", [((0,), None), ((0,), 0), ((3, 0), 1), ((0, 3), 0), ((3, 0), None)], ids=str)
def test_nothing_has_no_extreme(kind, name, shape, axis):
    with pytest.raises(ValueError):
        getattr(load(kind, "extrema"), name)(np.zeros(shape), axis)


@both
@floats
@pytest.mark.parametrize("length", [3, 40, 1500, 5000])
@pytest.mark.parametrize("axis", [0, 1])
def test_odd_numbers(kind, dtype, length, axis):
    """nan wins over all, the first of them"""
    family = load(kind, "extrema")
    table = [  # what stands at place 1 and at the last one: max and its place, min and its place
        ((math.nan, math.inf), (math.nan, 1), (math.nan, 1)),
        ((math.inf, math.nan), (math.nan, length - 1), (math.nan, length - 1)),
        ((math.nan, math.nan), (math.nan, 1), (math.nan, 1)),
        ((math.inf, math.inf), (math.inf, 1), (0, 0)),
        ((-math.inf, 5), (5, length - 1), (-math.inf, 1)),
        ((math.inf, -math.inf), (math.inf, 1), (-math.inf, length - 1)),
    ]
    x = np.zeros((len(table), length), dtype)
    for i, (ends, *_) in enumerate(table):
        x[i, 1], x[i, -1] = ends
    x = np.ascontiguousarray(x.T) if axis == 0 else x
    for name, column in [("max", 1), ("min", 2)]:
        values, places = [row[column][0] for row in table], [row[column][1] for row in table]
        np.testing.assert_array_equal(getattr(family, "a" + name)(x, axis), values)
        actual = getattr(family, name + "_with_indices")(x, axis)
        np.testing.assert_array_equal(actual[0], values)
        np.testing.assert_array_equal(actual[1], places)


@both
@floats
@pytest.mark.parametrize("more", [-1, 0, 1, 17])
@pytest.mark.parametrize("start", [0, 1])
def test_more_than_a_cache_holds(kind, dtype, more, start):
    """From 2 MB on lines of memory are read one by one; start: where the first one is cut"""
    family, x = load(kind, "extrema"), draw(((2 << 20) // dtype(0).itemsize + more + start,), dtype)[start:]
    x[[0, -1, 12345]] = -7, 9, 0  # the numbers of `draw` lie between
    assert (family.amax(x), family.argmax(x)) == (9, x.size - 1)
    assert (family.amin(x), family.argmin(x)) == (-7, 0)
    assert (family.amax(-x), family.amin(-x)) == (7, -9)
    assert family.amax(np.full_like(x, -np.inf)) == -np.inf
    for place in (0, 7, 8, x.size // 2, x.size - 1):
        y = x.copy()
        y[place] = np.nan
        assert math.isnan(family.amax(y))
        assert math.isnan(family.amin(y))
        assert family.argmax(y) == place


@both
@pytest.mark.parametrize("dtype", KINDS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("length", [31, 32, 33, 64, 100, 4095, 4097])
@pytest.mark.parametrize("rows", [31, 32, 33, 70])
def test_many_short_rows(kind, dtype, length, rows):
    family = load(kind, "extrema")
    x = np.random.default_rng(rows * length).integers(-100, 100, (rows, length + 3)).astype(dtype)[:, :length]
    for name, function in (("amax", max), ("amin", min)):
        expected = np.array([function(row) for row in x.tolist()]).astype(dtype)
        np.testing.assert_array_equal(getattr(family, name)(x, 1), expected, strict=True)
        np.testing.assert_array_equal(getattr(family, name)(x.T, 0), expected, strict=True)
        np.testing.assert_array_equal(getattr(family, name)(x.T), expected.dtype.type(function(expected)))
        places = [row.index(function(row)) for row in x.tolist()]
        assert getattr(family, "arg" + name[1:])(x, 1).tolist() == places


@both
@floats
@pytest.mark.parametrize("place", [0, 31, 32, 59])
def test_a_nan_in_one_of_many_short_rows(kind, dtype, place):
    family, x = load(kind, "extrema"), draw((40, 60), dtype)
    x[5, place] = np.nan
    x[6, place] = np.inf
    x[7] = -np.inf
    for name, function in (("amax", max), ("amin", min)):
        expected = np.array([np.nan if i == 5 else function(row.tolist()) for i, row in enumerate(x)], dtype)
        np.testing.assert_array_equal(getattr(family, name)(x, 1), expected, strict=True)
        places = [place if i == 5 else row.tolist().index(function(row.tolist())) for i, row in enumerate(x)]
        assert getattr(family, "arg" + name[1:])(x, 1).tolist() == places


@both
@pytest.mark.parametrize("dtype", KINDS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("step", [1, 2, 3, -1])
@pytest.mark.parametrize("length", [33, 64, 100, 300, 2048, 2049])
def test_many_rows_whose_numbers_lie_apart(kind, dtype, step, length):
    family = load(kind, "extrema")
    x = np.random.default_rng(length).integers(-100, 100, (19, length * abs(step))).astype(dtype)[:, ::step]
    if np.dtype(dtype).kind == "f":
        x[3, length // 2 :] = np.nan
    for name in ("max", "min"):
        expected = getattr(x, name)(1)
        np.testing.assert_array_equal(getattr(family, "a" + name)(x, 1), expected, strict=True)
        np.testing.assert_array_equal(getattr(family, "arg" + name)(x, 1), getattr(x, "arg" + name)(1), strict=True)


@both
@pytest.mark.parametrize("dtype", KINDS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("rows, columns", [(2, 63), (8, 8), (37, 5)], ids=str)
def test_many_pieces_of_few_columns(kind, dtype, rows, columns):
    family = load(kind, "extrema")
    x = np.random.default_rng(rows).integers(-9, 9, (600, rows, columns + 1)).astype(dtype)[..., :columns]
    if x.dtype.kind == "f":
        x[7, rows // 2, 3] = x[7, rows - 1, 3] = x[599, 1, columns - 1] = np.nan
        x[8] = np.inf
    for array in (x, x.T, x[::-1], x[:, ::-1]):
        for name in ("argmax", "argmin"):
            np.testing.assert_array_equal(getattr(family, name)(array, 1), getattr(np, name)(array, 1), strict=True)


@both
@floats
@pytest.mark.parametrize("same", [np.inf, -np.inf, np.nan])
def test_all_the_same(kind, dtype, same):
    family, x = load(kind, "extrema"), np.full((3, 300), same, dtype)
    for axis, name in itertools.product((None, 0, 1), PLACES[2:]):
        assert not getattr(family, name)(x, axis).any()
    for name in ("amax", "amin"):
        np.testing.assert_array_equal(getattr(family, name)(x, 0), np.full(300, same, dtype), strict=True)


@both
def test_the_sign_of_zero_stays(kind):
    family = load(kind, "extrema")
    for length in (1, 40):
        x = np.full(length, -0.0)
        assert math.copysign(1, family.amax(x)) == math.copysign(1, family.amin(x)) == -1


@both
@pytest.mark.parametrize("dtype", KINDS[2:], ids=lambda dtype: dtype.__name__)
def test_the_ends_of_the_integers(kind, dtype):
    family = load(kind, "extrema")
    low, high = (0, 1) if dtype is np.bool_ else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    x = np.array([[high, low, 1] * 100, [low] * 300, [high] * 300]).astype(dtype)
    assert family.amax(x, 1).tolist() == [high, low, high]
    assert family.amin(x, 1).tolist() == [low, low, high]
    assert family.argmax(x, 1).tolist() == [0, 0, 0]
    assert family.argmin(x, 1).tolist() == [1, 0, 0]
    values, places = family.min_with_indices(x, 0)
    assert values.dtype == dtype
    assert values.tolist() == [low] * 300
    assert places.tolist() == [1, 0, 1] * 100


@both
def test_half_precision(kind):
    family, x = load(kind, "extrema"), draw((40, 30), np.float16)
    values, places = family.max_with_indices(x, 1)
    np.testing.assert_array_equal(values, x.max(1), strict=True)
    np.testing.assert_array_equal(places, x.argmax(1), strict=True)


def expanded(x):
    """x with its first numbers everywhere along the last axis, which has a step of 0"""
    return np.broadcast_to(x[..., :1], x.shape) if x.ndim else x


def permuted(x):
    """x whose axes lie in memory in an order that is neither C's nor Fortran's"""
    order = np.roll(range(x.ndim), 1)
    return x.transpose(order).copy().transpose(np.argsort(order)) if x.ndim else x


@pytest.fixture(params=[1, 2, 3], ids="{0} threads".format)
def some_threads(request):
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    yield
    threads.set_num_threads(before)


@pytest.mark.parametrize("layout", [*LAYOUTS.values(), expanded, permuted], ids=[*LAYOUTS, "expanded", "permuted"])
@pytest.mark.parametrize(
    "shape", [(300_000,), (3, 100_000), (100_000, 3), (700, 500), (60, 70, 80), (2, 2, 90, 700)], ids=str
)
def test_large_arrays(shape, layout, some_threads):
    """Parts of rows, rows and columns that threads share: with equal numbers, of which the first counts"""
    kernel, twin = load("kernel", "extrema"), load("twin", "extrema")
    for dtype in (np.float32, np.int8):
        x = layout((draw(shape, np.float32) * 20).round().astype(dtype))
        several = itertools.chain.from_iterable(itertools.combinations(range(x.ndim), k) for k in (2, 3))
        for axis in (None, *range(x.ndim), *several):
            np.testing.assert_array_equal(kernel.amax(x, axis), twin.amax(x, axis), strict=True)
            for name in PLACES[1:3] if type(axis) is not tuple else ():
                for a, b in zip(*(np.atleast_2d(getattr(family, name)(x, axis)) for family in (kernel, twin))):
                    np.testing.assert_array_equal(a, b, strict=True)


@given(st.data())
def test_kernel_and_twin_agree(data):
    x = data.draw(numbers())
    dtype = data.draw(st.sampled_from(KINDS))
    if dtype not in (np.float32, np.float64):
        with np.errstate(all="ignore"):
            x = np.asarray(np.nan_to_num(x * 3)).astype(dtype)
    x = data.draw(st.sampled_from([expanded, permuted, *LAYOUTS.values()]))(np.asarray(x))
    name = data.draw(st.sampled_from(["amax", "amin", *PLACES]))
    axes = st.integers(-4, 3)
    axis = data.draw(st.none() | axes | st.lists(axes, max_size=3).map(tuple))
    args = (x, axis, data.draw(st.booleans()))
    actual = outcome(getattr(load("kernel", "extrema"), name), *args)
    expected = outcome(getattr(load("twin", "extrema"), name), *args)
    if isinstance(expected, type):
        assert actual is expected
        return
    for a, b in zip(actual, expected) if isinstance(expected, tuple) else [(actual, expected)]:
        np.testing.assert_array_equal(a, b, strict=True)


@pytest.mark.torch
@both
@pytest.mark.parametrize("axis", [0, 1])
def test_extremes_like_torch(kind, axis):
    torch = pytest.importorskip("torch")
    x = draw((40, 50), np.float32).round(1)
    x[3, 4] = x[7, 4] = x[3, 8] = np.nan
    for name in ("max", "min"):
        values, places = getattr(torch, name)(torch.from_numpy(x), axis)
        ours = getattr(load(kind, "extrema"), name + "_with_indices")(x, axis)
        np.testing.assert_array_equal(ours[0], values.numpy())
        np.testing.assert_array_equal(ours[1], places.numpy())
