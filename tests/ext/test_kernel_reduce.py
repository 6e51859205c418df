"""Sums, means, variances, products, norms, any, all: kernel, twin and the formula written out in Python."""

import math
import platform

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import assert_close, both, draw, floats, layouts, load, numbers, outcome

SHAPES = [
    (),
    (1,),
    (5,),
    (31,),
    (32,),
    (33,),
    (1024,),
    (1056,),
    (2100,),
    (3, 4),
    (100, 1),
    (1, 100),
    (2, 3, 4),
    (70, 33),
]
CASES = [
    (shape, axis, keepdims)
    for shape in SHAPES
    for axis in [None, *range(-len(shape), len(shape))]
    for keepdims in (False, True)
]
SEVERAL = [
    ((2, 3, 4, 5), axis) for axis in [(0, 1), (1, 2), (2, 3), (-1, -2), (0, 1, 2), (0, 1, 2, 3), (0, 2), (3, 0), ()]
]
cases = pytest.mark.parametrize("shape, axis, keepdims", CASES, ids=str)
sums = pytest.mark.parametrize("name", ["sum", "mean", "var_mean"])


def rows(x, axis):
    """x with the reduced axes gathered at the end, and the shape of the result with them kept"""
    axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in np.atleast_1d(axis).astype(int))
    rest = [a for a in range(x.ndim) if a not in axes]
    kept = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
    return x.transpose([*rest, *sorted(axes)]).reshape([x.shape[a] for a in rest] + [-1]), kept


def plain(function, x, axis, keepdims):
    """`function` of every row of numbers that belong together, as Python floats"""
    gathered, kept = rows(x, axis)
    flat = gathered.reshape(-1, gathered.shape[-1])
    result = np.array([function([float(v) for v in row]) for row in flat])
    return result.reshape(kept if keepdims else gathered.shape[:-1])


def variance(row):
    center = math.fsum(row) / len(row)
    freedom = len(row) - 1
    return math.fsum((v - center) ** 2 for v in row) / freedom if freedom else math.nan


@both
@floats
@cases
def test_sums(kind, dtype, shape, axis, keepdims):
    family, x = load(kind, "reduce"), draw(shape, dtype)
    scale = np.abs(x).sum()
    total, mean = family.sum(x, axis, keepdims), family.mean(x, axis, keepdims)
    assert total.dtype == mean.dtype == dtype
    assert_close(total, plain(math.fsum, x, axis, keepdims), ulps=4, scale=scale)
    assert_close(mean, plain(lambda row: math.fsum(row) / len(row), x, axis, keepdims), ulps=4, scale=scale)
    var, mean = family.var_mean(x, axis, 1, keepdims)
    assert var.dtype == mean.dtype == dtype
    assert_close(var, plain(variance, x, axis, keepdims), ulps=16, scale=9)
    assert_close(mean, plain(lambda row: math.fsum(row) / len(row), x, axis, keepdims), ulps=4, scale=scale)


@both
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("shape, axis", SEVERAL, ids=str)
def test_several_axes(kind, shape, axis, keepdims):
    family, x = load(kind, "reduce"), draw(shape)
    assert_close(family.sum(x, axis, keepdims), plain(math.fsum, x, axis, keepdims), scale=50)
    mean = plain(lambda row: math.fsum(row) / len(row), x, axis, keepdims)
    assert_close(family.mean(x, axis, keepdims), mean, scale=1)
    assert_close(family.var_mean(x, axis, keepdims=keepdims)[0], plain(variance, x, axis, keepdims), scale=1)


@both
@sums
@pytest.mark.parametrize("axis", [2, -3, (0, 2), (0, 0), (0, -2)], ids=str)
def test_axes_that_do_not_exist_or_repeat(kind, name, axis):
    with pytest.raises(ValueError, match=r"out of bounds|duplicate"):
        getattr(load(kind, "reduce"), name)(draw((2, 3)), axis)


@both
@pytest.mark.parametrize(
    "shape, axis, result", [((0,), None, ()), ((3, 0), 1, (3,)), ((3, 0), 0, (0,)), ((0, 2), 1, (0,))]
)
def test_nothing_has_a_sum(kind, shape, axis, result):
    family, x = load(kind, "reduce"), np.zeros(shape, np.float32)
    np.testing.assert_array_equal(family.sum(x, axis), np.zeros(result, np.float32), strict=True)
    for undefined in (family.mean(x, axis), *family.var_mean(x, axis)):
        np.testing.assert_array_equal(undefined, np.full(result, np.nan, np.float32), strict=True)


@both
@floats
@pytest.mark.parametrize("length", [3, 40, 1500])
@pytest.mark.parametrize("axis", [0, 1])
def test_odd_numbers(kind, dtype, length, axis):
    """infinities add up as IEEE has it"""
    family = load(kind, "reduce")
    table = [  # what stands at place 1 and at the last one: the sum
        ((math.nan, math.inf), math.nan),
        ((math.inf, math.inf), math.inf),
        ((-math.inf, 5), -math.inf),
        ((math.inf, -math.inf), math.nan),
    ]
    x = np.zeros((len(table), length), dtype)
    for i, (ends, _) in enumerate(table):
        x[i, 1], x[i, -1] = ends
    x = np.ascontiguousarray(x.T) if axis == 0 else x
    np.testing.assert_array_equal(family.sum(x, axis), [row[1] for row in table])


@both
@pytest.mark.parametrize("correction", [0, 1, 2, 4, 5, 0.5])
@pytest.mark.parametrize("axis", [0, 1])
def test_correction(kind, correction, axis):
    x = draw((4, 4))
    center = x.mean(axis, keepdims=True)
    expected = ((x - center) ** 2).sum(axis) / np.float64(max(0, 4 - correction))
    assert_close(load(kind, "reduce").var_mean(x, axis, correction)[0], expected)


@both
@floats
def test_a_large_mean_does_not_spoil_the_variance(kind, dtype):
    x = (draw(3000, np.float64) + 1000).astype(dtype)
    expected = variance([float(v) for v in x])
    assert abs(load(kind, "reduce").var_mean(x)[0] / expected - 1) < 30 * np.finfo(dtype).eps


@both
@pytest.mark.parametrize("shape, axis", [((1 << 20,), 0), ((1 << 18, 3), 0), ((3, 1 << 18), 1)], ids=str)
@pytest.mark.parametrize("numbers", ["all 0.1", "uniform", "alternating"])
def test_accuracy_of_long_sums(kind, shape, axis, numbers):
    """The error grows with the runs of additions, four levels of them, not with n: see _ext/cascade.pxi."""
    x = np.full(shape, 0.1, np.float32)
    if numbers != "all 0.1":
        x = np.random.default_rng(0).random(shape, np.float32)
    if numbers == "alternating":
        x.reshape(-1)[::2] *= -1
    rows = np.moveaxis(x, axis, -1).astype(float).reshape(-1, x.shape[axis])
    exact = np.array([math.fsum(row) for row in rows])
    additions = 4 * 2 ** (math.ceil(math.log2(x.shape[axis])) // 4 + 1)
    bound = additions * np.finfo(np.float32).eps / 2 * np.abs(rows).sum(1)
    assert (np.abs(load(kind, "reduce").sum(x, axis) - exact) <= bound).all()


@pytest.mark.torch
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the width of a row is that of AVX2")
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_sums_are_pytorch_s_to_the_bit(dtype, mean):
    torch = pytest.importorskip("torch")
    family = load("kernel", "reduce")
    compute = family.mean if mean else family.sum
    sides = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 129, 512, 1000, 4097]
    shapes = [(n,) for n in sides] + [(n, m) for n in (1, 3, 9, 64, 300) for m in (1, 2, 5, 8, 33, 70)] + [(3, 20, 7)]
    for shape in shapes:
        x = draw(shape, dtype)
        for axis in (None, *range(x.ndim)):
            tensor = torch.from_numpy(x)
            expected = (tensor.mean if mean else tensor.sum)(*([] if axis is None else [axis])).numpy()
            assert np.array_equal(compute(x, axis), expected), (shape, axis)


@both
@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.bool_], ids=lambda dtype: dtype.__name__)
def test_integers_are_added_as_int64(kind, dtype):
    x = np.full((3, 200), 1 if dtype is np.bool_ else 100, dtype)
    family = load(kind, "reduce")
    assert family.sum(x, 1).dtype == np.int64
    assert family.sum(x, 1).tolist() == [x.astype(int)[0].sum()] * 3


@both
def test_half_precision_is_added_in_single(kind):
    family, x = load(kind, "reduce"), np.full(4096, 0.1, np.float16)
    assert family.sum(x).dtype == np.float16
    assert family.sum(x) == np.float16(4096 * float(np.float16(0.1)))
    assert family.mean(x) == np.float16(0.1)


@both
def test_complex_numbers(kind):
    family, x = load(kind, "reduce"), draw((3, 4)) + 1j * draw((3, 4), seed=1)
    assert_close(family.sum(x, 0).imag, x.imag.sum(0))
    assert_close(family.mean(x).real, x.real.mean())


@layouts
def test_layouts_make_no_difference(layout):
    x = draw((5, 6))
    laid, family = layout(x), load("kernel", "reduce")
    for name in ("sum", "mean"):
        for axis in (None, 0, 1):
            assert_close(getattr(family, name)(laid, axis), getattr(load("twin", "reduce"), name)(x, axis), scale=10)
    np.testing.assert_array_equal(laid, x)


@both
@pytest.mark.parametrize("name", ["sum", "mean"])
def test_a_long_column_is_one_row_too(kind, name):
    """A long axis that is not contiguous is added in parts, also when it is the only one."""
    x = draw((300, 3))[:, 1]
    assert_close(getattr(load(kind, "reduce"), name)(x), getattr(np, name)(x.copy()), scale=10)


POWERS = [2, 1, 0, 3, 2.5, 1.7, 0.5, -1, math.inf, -math.inf]


def length(p):
    """The p-norm of a row of Python floats"""
    if math.isinf(p):
        return lambda row: (max if p > 0 else min)(map(abs, row))
    if p == 0:
        return lambda row: sum(v != 0 for v in row)
    return lambda row: math.fsum(abs(v) ** p for v in row) ** (1 / p)


@both
@floats
@pytest.mark.parametrize("p", POWERS)
@pytest.mark.parametrize("shape, axis", [((), None), ((5,), 0), ((70, 33), 0), ((70, 33), 1), ((2100,), None)], ids=str)
def test_norms(kind, dtype, p, shape, axis):
    x = draw(shape, dtype)
    actual = load(kind, "reduce").norm(x, p, axis)
    assert actual.dtype == dtype
    assert_close(actual, plain(length(p), x, axis, False), ulps=64)


@both
@pytest.mark.parametrize("p", POWERS)
def test_norms_of_nan_and_infinity(kind, p):
    x = np.zeros((40, 3), np.float32) + 1
    x[7, 0], x[8, 1] = math.nan, -math.inf
    expected = [
        40 if p == 0 else math.nan,
        40 if p == 0 else 1 if p == -math.inf else math.inf if p > 0 else 39 ** (1 / p),
    ]
    np.testing.assert_allclose(load(kind, "reduce").norm(x, p, 0)[:2], np.array(expected, np.float32), rtol=0.1)


@both
def test_norms_of_half_precision_and_complex_numbers(kind):
    family = load(kind, "reduce")
    half = family.norm(np.full(400, 30, np.float16), 2)
    assert half.dtype == np.float16
    assert half == 600
    assert_close(family.norm(np.array([3 + 4j, 12j]), 2), 13.0)
    assert_close(family.norm(np.array([3 + 4j, 12j]), 1), 17.0)


@both
@floats
@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (70, 33), (8, 1100)], ids=str)
def test_products(kind, dtype, axis, shape):
    x = (1 + draw(shape) / 50).astype(dtype)
    actual = load(kind, "reduce").prod(x, axis)
    assert actual.dtype == dtype
    assert_close(actual, plain(math.prod, x, axis, False), ulps=8 * math.sqrt(x.size))


@both
def test_products_of_integers(kind):
    family = load(kind, "reduce")
    assert family.prod(np.full((2, 30), 2, np.int8), 1).tolist() == [2**30] * 2
    assert family.prod(np.ones(3, bool)).dtype == np.int64
    assert family.prod(np.zeros((0, 2))).tolist() == 1


TRUE = ["?", "i1", "u1", "i2", "i4", "i8", "f2", "f4", "f8", "c8"]


@both
@pytest.mark.parametrize("dtype", TRUE)
@pytest.mark.parametrize("name", ["any", "all"])
def test_any_and_all(kind, dtype, name):
    function, family = {"any": any, "all": all}[name], load(kind, "reduce")
    for shape in [(), (7,), (5000,), (70, 33), (3, 4100)]:
        for rare in (0, 1, 2):  # all alike, one that is different, many
            x = np.full(shape, name == "all", dtype)
            places = np.random.default_rng(1).integers(0, x.size, {0: 0, 1: 1, 2: x.size // 2}[rare])
            x.reshape(-1)[places] = 0 if name == "all" else 2
            for axis in (None, *range(x.ndim)):
                actual = getattr(family, name)(x, axis)
                assert actual.dtype == bool
                np.testing.assert_array_equal(actual, plain(function, x != 0, axis, False), strict=True)


@both
def test_nan_is_true_and_minus_zero_is_not(kind):
    family = load(kind, "reduce")
    for dtype in (np.float16, np.float32, np.float64):
        assert family.any(np.array([0, math.nan], dtype))
        assert family.all(np.array([1, math.nan], dtype))
        assert not family.any(np.array([0, -0.0], dtype))
    assert family.all(np.zeros((0,)))
    assert not family.any(np.zeros((0,)))


@given(st.data())
def test_other_joins_like_twin(data):
    x = data.draw(numbers())
    axes = st.integers(-4, 3)
    axis = data.draw(st.none() | axes | st.lists(axes, max_size=3).map(tuple))
    keepdims = data.draw(st.booleans())
    name = data.draw(st.sampled_from(["prod", "any", "all", "norm"]))
    args = (x, data.draw(st.sampled_from(POWERS)), axis, keepdims) if name == "norm" else (x, axis, keepdims)
    actual = outcome(getattr(load("kernel", "reduce"), name), *args)
    expected = outcome(getattr(load("twin", "reduce"), name), *args)
    if isinstance(expected, type):
        assert actual is expected
        return
    assert actual.dtype == expected.dtype
    if name in ("any", "all"):
        np.testing.assert_array_equal(actual, expected, strict=True)
    else:
        assert_close(actual, expected, ulps=64)


@given(st.data())
def test_like_twin(data):
    x = data.draw(numbers())
    axes = st.integers(-4, 3)
    axis = data.draw(st.none() | axes | st.lists(axes, max_size=3).map(tuple))
    keepdims = data.draw(st.booleans())
    name = data.draw(st.sampled_from(["sum", "mean", "var_mean"]))
    args = (x, axis, 1, keepdims) if name == "var_mean" else (x, axis, keepdims)
    actual = outcome(getattr(load("kernel", "reduce"), name), *args)
    expected = outcome(getattr(load("twin", "reduce"), name), *args)
    if isinstance(expected, type):
        assert actual is expected
        return
    for a, b in zip(actual, expected) if isinstance(expected, tuple) else [(actual, expected)]:
        assert a.dtype == b.dtype
        assert_close(a, b, ulps=64, scale=10)
