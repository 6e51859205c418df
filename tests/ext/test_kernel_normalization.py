"""Layer normalization: kernel, twin and the formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import FLOATS, LAYOUTS, assert_close, both, draw, floats, load, outcome
from tinytorch.kernels import threads

SHAPES = [
    ((1,), 1), ((5,), 1), ((3, 1), 1), ((4, 3), 2), ((7, 31), 1), ((2, 3, 64), 2), ((3, 4100), 1), ((70, 33), 1),
    ((9, 15), 1), ((9, 16), 1),
]  # fmt: skip
shapes = pytest.mark.parametrize(("shape", "count"), SHAPES, ids=str)


def formula(x, count, weight, bias, eps=1e-5):
    axes = tuple(range(x.ndim - count, x.ndim))
    wide = x.astype(np.longdouble)
    mean = wide.mean(axes, keepdims=True)
    rstd = 1 / np.sqrt(wide.var(axes, keepdims=True) + eps)
    y = (wide - mean) * rstd * (1 if weight is None else weight) + (0 if bias is None else bias)
    return [np.asarray(each, np.float64) for each in (y, mean, rstd)]


def gradients(grad, x, count, weight, eps=1e-5):
    _, mean, rstd = formula(x, count, None, None, eps)
    axes, around = tuple(range(x.ndim - count, x.ndim)), tuple(range(x.ndim - count))
    z, g = (x.astype(np.float64) - mean) * rstd, grad.astype(np.float64)
    h = g if weight is None else g * weight
    dx = rstd * (h - h.mean(axes, keepdims=True) - z * (h * z).mean(axes, keepdims=True))
    return dx, (g * z).sum(around), g.sum(around)


@both
@floats
@shapes
@pytest.mark.parametrize(("weighted", "biased"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_formula(kind, dtype, shape, count, weighted, biased):
    family, x, grad = load(kind, "normalization"), draw(shape, dtype), draw(shape, dtype, seed=1)
    weight, bias = (
        draw(shape[-count:], dtype, seed=2 + i) if there else None for i, there in enumerate((weighted, biased))
    )
    found = family.layer_norm(x, count, weight, bias, 1e-5)
    eps = np.finfo(dtype).eps
    for each, expected in zip(found, formula(x, count, weight, bias)):
        assert (each.shape, each.dtype) == (expected.shape, dtype)
        assert_close(each, expected, ulps=16, scale=max(1, np.abs(expected).max()))
    if shape[-1] == 1 and count == 1:
        return  # rounding errors times 1 / sqrt(eps)
    slopes = family.layer_norm_backward(grad, x, count, *found[1:], weight)
    for each, expected in zip(slopes, gradients(grad, x, count, weight)):
        assert (each.shape, each.dtype) == (expected.shape, dtype)
        assert_close(each, expected, ulps=64, scale=max(1, np.abs(expected).max()))
    assert eps < 1e-6


@both
@floats
def test_rows_of_one_number(kind, dtype):
    family, x = load(kind, "normalization"), draw((50, 1), dtype)
    y, mean, rstd = family.layer_norm(x, 1, np.full(1, 3, dtype), np.full(1, 7, dtype))
    np.testing.assert_array_equal(y, 7)
    np.testing.assert_array_equal(mean, x)
    dx, dw, db = family.layer_norm_backward(np.ones_like(x), x, 1, mean, rstd, np.full(1, 3, dtype))
    assert not dx.any()
    assert not dw.any()
    assert db == 50


@both
@pytest.mark.parametrize("needed", list(np.ndindex(2, 2, 2)), ids=str)
def test_only_what_is_asked_for(kind, needed):
    family, x, weight = load(kind, "normalization"), draw((6, 5)), draw(5, seed=1)
    _, mean, rstd = family.layer_norm(x, 1)
    every = family.layer_norm_backward(x, x, 1, mean, rstd, weight)
    found = family.layer_norm_backward(x, x, 1, mean, rstd, weight, *map(bool, needed))
    for each, expected, asked in zip(found, every, needed):
        if asked:
            np.testing.assert_array_equal(each, expected)
        else:
            assert each is None


@both
def test_errors(kind):
    family, x = load(kind, "normalization"), np.ones((2, 3))
    for count in (0, 3, -1):
        with pytest.raises(ValueError, match="axes"):
            family.layer_norm(x, count)
    for shape in ((2,), (1, 3), (), (2, 3)):
        for weight, bias in ((np.ones(shape), None), (None, np.ones(shape))):
            with pytest.raises(ValueError, match="is not the shape of the rows"):
                family.layer_norm(x, 1, weight, bias)
    _, mean, rstd = family.layer_norm(x, 1)
    with pytest.raises(ValueError, match="one shape"):
        family.layer_norm_backward(np.ones((3, 2)), x, 1, mean, rstd)


@both
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,)], ids=str)
def test_of_nothing(kind, shape):
    family, x = load(kind, "normalization"), np.ones(shape)
    y, mean, rstd = family.layer_norm(x, 1)
    assert (y.shape, mean.shape) == (shape, (*shape[:-1], 1))
    assert not mean.any()
    assert np.isnan(rstd).all()
    dx, dw, db = family.layer_norm_backward(y, x, 1, mean, rstd)
    assert (dx.shape, dw.tolist(), db.tolist()) == (shape, [0] * shape[-1], [0] * shape[-1])


@both
def test_half_precision_is_computed_in_single(kind):
    family, x = load(kind, "normalization"), draw((4, 50), np.float16)
    for each, wide in zip(family.layer_norm(x, 1), family.layer_norm(x.astype(np.float32), 1)):
        np.testing.assert_array_equal(each, wide.astype(np.float16), strict=True)


@both
def test_sums_over_many_rows_keep_their_digits(kind):
    family, x = load(kind, "normalization"), draw((100_000, 2), np.float32)
    _, mean, rstd = family.layer_norm(x, 1)
    db = family.layer_norm_backward(np.full_like(x, 0.1), x, 1, mean, rstd)[2]
    assert_close(db, np.full(2, np.float64(np.float32(0.1)) * 100_000), ulps=4)


def test_threads_make_no_difference():
    """Gradients of weights are sums over all rows, in an order that depends on the threads; all else is equal."""
    family, x, weight = load("kernel", "normalization"), draw((901, 100)), draw(100, seed=1)
    before, found = threads.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            y, mean, rstd = family.layer_norm(x, 1, weight, weight)
            found.append([y, mean, rstd, *family.layer_norm_backward(y, x, 1, mean, rstd, weight)])
    finally:
        threads.set_num_threads(before)
    for other in found[1:]:
        for each, expected in zip(other[:4], found[0][:4]):
            np.testing.assert_array_equal(each, expected)
        for each, expected in zip(other[4:], found[0][4:]):
            np.testing.assert_allclose(each, expected, rtol=1e-12, atol=1e-12)


@given(st.data())
def test_like_twin(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=3)))
    count = data.draw(st.integers(1, len(shape)))
    dtype = data.draw(st.sampled_from(FLOATS))
    layout = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))]
    x, grad = layout(draw(shape, dtype)), layout(draw(shape, dtype, seed=1))
    if x.size and data.draw(st.booleans()):
        x = x.copy()
        x.flat[0] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    weight, bias = (
        data.draw(st.sampled_from([None, layout(np.asarray(draw(shape[-count:], dtype, seed=2)))])) for _ in range(2)
    )
    family, twin = load("kernel", "normalization"), load("twin", "normalization")
    expected = outcome(twin.layer_norm, x, count, weight, bias, 0.1)
    found = outcome(family.layer_norm, x, count, weight, bias, 0.1)
    slopes = [outcome(each.layer_norm_backward, grad, x, count, *expected[1:], weight) for each in (family, twin)]
    for actual, wanted in [*zip(found, expected), *zip(*slopes)]:
        assert actual.dtype.type is wanted.dtype.type
        assert_close(actual, wanted, ulps=32, scale=20)
