"""Softmax, log-softmax and cross-entropy: kernel, twin and the formula written out in Python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import (
    assert_close,
    both,
    draw,
    every_other,
    floats,
    layouts,
    load,
    numbers,
    outcome,
    sides,
    transposed,
)
from tinytorch.kernels import threads

SHAPES = [(1, 1), (3, 5), (2, 31), (2, 32), (2, 33), (1, 1025), (2, 3, 4), (7,)]
EMPTY = [(0, 3), (3, 0), (0, 0), (0,), (2, 0, 3)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def plain(rows):
    """(softmax, log-softmax) of the last axis, one number after the other"""
    y, log_y = np.empty(rows.shape), np.empty(rows.shape)
    for place in np.ndindex(rows.shape[:-1]):
        row = [float(v) for v in rows[place]]
        powers = [math.exp(v - max(row)) for v in row]
        total = math.fsum(powers)
        y[place] = [p / total for p in powers]
        log_y[place] = [v - max(row) - math.log(total) for v in row]
    return y, log_y


@both
@floats
@shapes
def test_forward(kind, dtype, shape):
    family, x = load(kind, "softmax"), draw(shape, dtype)
    y, log_y = plain(x)
    for actual, expected in [(family.softmax(x), y), (family.log_softmax(x), log_y)]:
        assert actual.dtype == dtype
        assert_close(actual, expected, ulps=16, scale=max(1, np.abs(expected).max()))


@both
@floats
@shapes
def test_backward(kind, dtype, shape):
    family, x, grad = load(kind, "softmax"), draw(shape, dtype), draw(shape, dtype, seed=1)
    y, log_y = (array.astype(dtype) for array in plain(x))
    g = grad.astype(np.float64)
    for actual, expected in [
        (family.softmax_backward(grad, y), y * (g - (g * y).sum(-1, keepdims=True))),
        (family.log_softmax_backward(grad, log_y), g - np.exp(log_y) * g.sum(-1, keepdims=True)),
    ]:
        assert actual.dtype == dtype
        assert_close(actual, expected, ulps=16, scale=np.abs(g).sum(-1).max())


@both
@floats
@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 2), (1, 2), (0, 1), -3], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp(kind, dtype, axis, keepdims):
    x = draw((5, 40, 33), dtype)
    axes = axis if axis is None else tuple(np.atleast_1d(axis).tolist())
    expected = np.log(np.exp(x.astype(np.longdouble)).sum(axes, keepdims=keepdims)).astype(dtype)
    actual = load(kind, "softmax").logsumexp(x, axis, keepdims)
    assert actual.dtype == dtype
    assert_close(actual, expected, ulps=8, scale=np.abs(expected).max())
    assert_close(load(kind, "softmax").logsumexp(x + 1000, axis, keepdims), expected + 1000, ulps=2, scale=1000)


@both
def test_logsumexp_of_odd_numbers(kind):
    inf, nan = np.inf, np.nan
    rows = np.array([[1, inf], [-inf, -inf], [-inf, 3], [inf, -inf], [1, nan], [inf, nan], [-inf, nan]])
    expected = [inf, -inf, 3, inf, nan, nan, nan]
    for x, axis in ((rows, 1), (rows.T.copy(), 0), (np.repeat(rows, 700, 1), 1)):
        actual = load(kind, "softmax").logsumexp(x, axis)
        np.testing.assert_allclose(actual, expected if x.shape[1] < 700 else np.add(expected, np.log(700)))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("shape", [(200_000,), (3, 40_000), (40_000, 3), (300, 400), (20, 60, 70)], ids=str)
@pytest.mark.parametrize("layout", [np.ndarray.copy, transposed, every_other], ids=["plain", "transposed", "sliced"])
def test_large_arrays(layout, shape, count):
    """Long rows, columns, copies of other orders, by several threads"""
    kernel, twin = load("kernel", "softmax"), load("twin", "softmax")
    before = threads.get_num_threads()
    threads.set_num_threads(count)
    try:
        x, grad = layout(draw(shape, np.float32)), layout(draw(shape, np.float32, seed=1))
        for axis in range(x.ndim):
            exact = x.astype(np.float64)  # the twin adds columns number by number
            y, log_y = (twin.softmax(exact, axis).astype(np.float32), twin.log_softmax(exact, axis).astype(np.float32))
            assert_close(kernel.softmax(x, axis), y, ulps=32)
            assert_close(kernel.log_softmax(x, axis), log_y, ulps=4, scale=np.abs(log_y).max())
            assert_close(
                kernel.logsumexp(x, axis), twin.logsumexp(exact, axis).astype(np.float32), ulps=4, scale=np.abs(x).max()
            )
            for name, result in (("softmax_backward", y), ("log_softmax_backward", log_y)):
                expected = getattr(twin, name)(grad.astype(np.float64), result.astype(np.float64), axis).astype(
                    np.float32
                )
                scale = np.abs(grad).sum(axis).max()
                assert_close(getattr(kernel, name)(grad, result, axis), expected, ulps=32, scale=scale)
    finally:
        threads.set_num_threads(before)


FAR = [((1100, 2003), "T"), ((2003, 1100), "back"), ((5000, 430), "T"), ((130, 70, 241), "T"), ((70, 130, 241), "swap")]


@pytest.mark.parametrize("count", [1, 2])
@floats
@pytest.mark.parametrize("shape, order", FAR, ids=str)
def test_far_arrays_are_turned_in_tiles(shape, order, dtype, count):
    """More than a cache holds, its last axis not the one whose numbers are neighbours"""
    kernel, running = load("kernel", "softmax"), load("kernel", "cumulative")
    x = draw(shape, dtype)
    x = x.swapaxes(1, 2) if order == "swap" else x.T[::-1] if order == "back" else x.T
    in_order = np.ascontiguousarray(x)
    before = threads.get_num_threads()
    threads.set_num_threads(count)
    try:
        for axis in range(-1, x.ndim - 1):
            np.testing.assert_array_equal(running.cumsum(x, axis), running.cumsum(in_order, axis))
            for name in ("softmax", "log_softmax"):
                actual, expected = (getattr(kernel, name)(array, axis) for array in (x, in_order))
                assert actual.flags.c_contiguous
                assert_close(actual, expected, ulps=16, scale=np.abs(expected).max())
    finally:
        threads.set_num_threads(before)


@both
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_other_axes(kind, axis):
    family, x, grad = load(kind, "softmax"), draw((3, 4, 5)), draw((3, 4, 5), seed=1)
    y = family.softmax(x, axis)
    assert_close(y, np.moveaxis(family.softmax(np.moveaxis(x, axis, -1).copy()), -1, axis))
    for name in ("softmax_backward", "log_softmax_backward"):
        moved = [np.moveaxis(array, axis, -1).copy() for array in (grad, y)]
        expected = np.moveaxis(getattr(family, name)(*moved), -1, axis)
        assert_close(getattr(family, name)(grad, y, axis), expected, scale=10)


@both
@floats
@pytest.mark.parametrize("n", [1, 15, 16, 17, 128, 129])
@pytest.mark.parametrize("columns", [15, 16, 17, 513])
def test_columns_are_rows_that_stand(kind, dtype, n, columns):
    family, x = load(kind, "softmax"), 5 * draw((2, n, columns), dtype)
    x[0, 0, 3], x[0, n // 2, 4], x[1, :, 5], x[1, 0, 6] = np.nan, np.inf, -np.inf, -np.inf
    x[0, 0, 7] = 15  # a probability near 1
    rows = np.ascontiguousarray(x.transpose(0, 2, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        for name in ("softmax", "log_softmax"):
            actual = getattr(family, name)(x, 1)
            expected = getattr(family, name)(rows, 2).transpose(0, 2, 1)
            assert actual.dtype == dtype
            eps = np.finfo(dtype).eps  # sums are rounded to it, which logarithms near 0 show
            np.testing.assert_allclose(actual, expected, rtol=16 * eps, atol=16 * eps if name == "log_softmax" else 0)


@both
@pytest.mark.parametrize("axis", [3, -4])
def test_axis_out_of_range(kind, axis):
    with pytest.raises(ValueError, match="out of bounds"):
        load(kind, "softmax").softmax(draw((2, 3, 4)), axis)


@both
@pytest.mark.parametrize("shape", EMPTY, ids=str)
def test_nothing(kind, shape):
    family, x = load(kind, "softmax"), np.zeros(shape, np.float32)
    for y in [
        family.softmax(x),
        family.log_softmax(x),
        family.softmax_backward(x, x),
        family.log_softmax_backward(x, x),
    ]:
        assert y.shape == shape
        assert y.dtype == x.dtype


@both
@floats
@pytest.mark.parametrize("length", [2, 40])
@pytest.mark.parametrize(
    "start, softmax, log_softmax",
    [
        ([math.nan, 1], [math.nan, math.nan], [math.nan, math.nan]),
        ([math.inf, 1], [math.nan, math.nan], [math.nan, math.nan]),
        ([-math.inf, -math.inf], [math.nan, math.nan], [math.nan, math.nan]),
        ([-math.inf, 1], [0, 1], [-math.inf, 0]),
        ([1e30, -1e30], [1, 0], [0, -2e30]),
        ([0, -1000], [1, 0], [0, -1000]),
    ],
    ids=str,
)
def test_extremes(kind, dtype, length, start, softmax, log_softmax):
    """The rows of the table, also at the end of a longer row whose other numbers are -inf"""
    family = load(kind, "softmax")
    x = np.array([[-math.inf] * (length - 2) + start], dtype)
    assert_close(family.softmax(x)[0, -2:], np.array(softmax, dtype))
    assert_close(family.log_softmax(x)[0, -2:], np.array(log_softmax, dtype))


@both
@floats
def test_powers_that_underflow(kind, dtype):
    """Between the smallest normal number and 0 lie numbers that softmax still tells apart."""
    info = np.finfo(dtype)
    x = np.array([[0, math.log(info.tiny) - 3, math.log(info.smallest_subnormal) - 3]], dtype)
    y = load(kind, "softmax").softmax(x)[0]
    assert y[0] == 1
    assert abs(y[1] / dtype(np.exp(np.longdouble(x[0, 1]))) - 1) < 1e-3
    assert 0 < y[1] < info.tiny
    assert y[2] == 0


@both
def test_half_precision_is_computed_in_single(kind):
    family, x = load(kind, "softmax"), draw((3, 200), np.float16)
    wide = x.astype(np.float32)
    for name in ("softmax", "log_softmax"):
        y = getattr(family, name)(x)
        assert y.dtype == np.float16
        np.testing.assert_array_equal(y, getattr(family, name)(wide).astype(np.float16))


@layouts
def test_layouts_make_no_difference(layout):
    x, grad = draw((4, 6)), draw((4, 6), seed=1)
    target = np.array([0, 5, 2, 2])
    family, twin = load("kernel", "softmax"), load("twin", "softmax")
    for name, args in [
        ("softmax", (x,)),
        ("log_softmax", (x,)),
        ("softmax_backward", (grad, x)),
        ("log_softmax_backward", (grad, x)),
        ("cross_entropy", (x, target)),
        ("cross_entropy_backward", (grad[:, 0], x, target)),
    ]:
        laid = [layout(array) for array in args]
        expected = getattr(twin, name)(*args)
        actual = getattr(family, name)(*laid)
        for a, b in zip(actual[:2], expected) if name == "cross_entropy" else [(actual, expected)]:
            assert_close(a, b, scale=10)
        for before, after in zip(args, laid):
            np.testing.assert_array_equal(before, after)


@given(numbers(), st.integers(-4, 3))
def test_forward_like_twin(x, axis):
    family, twin = load("kernel", "softmax"), load("twin", "softmax")
    for name in ("softmax", "log_softmax"):
        expected = outcome(getattr(twin, name), x, axis)
        actual = outcome(getattr(family, name), x, axis)
        if isinstance(expected, type):
            assert actual is expected
        else:
            assert actual.dtype == expected.dtype
            assert_close(actual, expected, ulps=16, scale=10)


@given(st.data(), sides, sides)
def test_backward_like_twin(data, rows, columns):
    y = data.draw(numbers((rows, columns), np.float64, odd=False))
    grad = data.draw(numbers((rows, columns), np.float64))
    family, twin = load("kernel", "softmax"), load("twin", "softmax")
    for name in ("softmax_backward", "log_softmax_backward"):
        assert_close(getattr(family, name)(grad, y), getattr(twin, name)(grad, y), ulps=2000, scale=1)


@both
def test_gradients_of_another_shape(kind):
    family = load(kind, "softmax")
    for name in ("softmax_backward", "log_softmax_backward"):
        with pytest.raises(ValueError, match="one shape"):
            getattr(family, name)(np.zeros((2, 3)), np.zeros((3, 2)))


@both
@floats
@pytest.mark.parametrize("rows, columns", [(1, 1), (4, 3), (3, 33), (64, 10)])
def test_cross_entropy(kind, dtype, rows, columns):
    family, x = load(kind, "softmax"), draw((rows, columns), dtype)
    target = np.random.default_rng(0).integers(0, columns, rows)
    target[rows // 2] = -100
    counts = target != -100
    losses, probabilities, counted = family.cross_entropy(x, target)
    y, log_y = plain(x)
    assert losses.dtype == probabilities.dtype == dtype
    assert counted == counts.sum()
    assert_close(probabilities, y, ulps=16, scale=1)
    assert_close(losses, np.where(counts, -log_y[np.arange(rows), target.clip(0)], 0), ulps=16, scale=5)
    grad = draw(rows, dtype, seed=1)
    expected = (y - np.eye(columns)[target.clip(0)]) * grad[:, None] * counts[:, None]
    assert_close(family.cross_entropy_backward(grad, probabilities, target), expected, ulps=16, scale=3)
    one = np.asarray(0.5, dtype)
    expected = (y - np.eye(columns)[target.clip(0)]) * 0.5 * counts[:, None]
    assert_close(family.cross_entropy_backward(one, probabilities, target), expected, ulps=16, scale=3)


@both
def test_cross_entropy_ignores_what_it_is_told_to(kind):
    family, x = load(kind, "softmax"), draw((3, 4))
    target = np.array([1, 7, 1])
    losses, probabilities, counted = family.cross_entropy(x, target, 7)
    assert counted == 2
    assert (losses == 0).tolist() == [False, True, False]
    grad = family.cross_entropy_backward(np.asarray(1.0), probabilities, target, 7)
    assert (grad == 0).all(axis=1).tolist() == [False, True, False]
    losses, _, counted = family.cross_entropy(x, target % 2, 1)
    assert (losses.tolist(), counted) == ([0, 0, 0], 0)


@both
@pytest.mark.parametrize("bad", [4, -1, 2**40])
def test_classes_that_do_not_exist(kind, bad):
    family, x = load(kind, "softmax"), draw((3, 4))
    target = np.array([0, bad, 1])
    with pytest.raises(IndexError, match=f"^Target {bad} is out of bounds.$"):
        family.cross_entropy(x, target)
    with pytest.raises(IndexError, match=f"^Target {bad} is out of bounds.$"):
        family.cross_entropy_backward(np.asarray(1.0), x, target)


@both
@pytest.mark.parametrize("rows, columns", [(0, 3), (0, 0)])
def test_cross_entropy_of_nothing(kind, rows, columns):
    family, x, target = load(kind, "softmax"), np.zeros((rows, columns)), np.zeros(rows, np.int64)
    losses, probabilities, counted = family.cross_entropy(x, target)
    assert (losses.shape, probabilities.shape, counted) == ((rows,), (rows, columns), 0)
    assert family.cross_entropy_backward(np.asarray(1.0), probabilities, target).shape == (rows, columns)


@both
def test_cross_entropy_of_shapes_that_do_not_fit(kind):
    family = load(kind, "softmax")
    for x, target in [((3, 4), (4,)), ((3,), (3,)), ((2, 3, 4), (2,)), ((3, 4), (3, 1))]:
        with pytest.raises(ValueError, match="needs"):
            family.cross_entropy(np.zeros(x), np.zeros(target, np.int64))
    with pytest.raises(ValueError, match="neither"):
        family.cross_entropy_backward(np.zeros(4), np.zeros((3, 4)), np.zeros(3, np.int64))


@given(st.data(), sides, st.integers(1, 40))
def test_cross_entropy_like_twin(data, rows, columns):
    x = data.draw(numbers((rows, columns)))
    target = np.array(data.draw(st.lists(st.integers(0, columns - 1) | st.just(-100), min_size=rows, max_size=rows)))
    target = target.astype(data.draw(st.sampled_from([np.int64, np.int32])))
    family, twin = load("kernel", "softmax"), load("twin", "softmax")
    actual, expected = family.cross_entropy(x, target), twin.cross_entropy(x, target)
    assert actual[2] == expected[2]
    for a, b in zip(actual[:2], expected[:2]):
        assert a.dtype == b.dtype
        assert_close(a, b, ulps=16, scale=10)
    grad = data.draw(st.sampled_from([np.ones(rows, x.dtype), np.asarray(2, x.dtype), np.ones(rows)]))
    args = grad, expected[1], target
    assert_close(family.cross_entropy_backward(*args), twin.cross_entropy_backward(*args), scale=2)


@pytest.mark.torch
@both
@floats
def test_like_torch(kind, dtype):
    torch = pytest.importorskip("torch")
    family = load(kind, "softmax")
    x = draw((64, 10), dtype)
    x[0, 0], x[1, 1], x[2, 2], x[3] = np.nan, np.inf, -np.inf, -np.inf
    theirs = torch.from_numpy(x.copy()).requires_grad_()
    target = np.random.default_rng(0).integers(0, 10, 64)
    y = torch.softmax(theirs, 1)
    log_y = torch.log_softmax(theirs, 1)
    losses = torch.nn.functional.cross_entropy(theirs, torch.from_numpy(target), reduction="none")
    grad = draw((64, 10), dtype, seed=1)
    ours, probabilities, _ = family.cross_entropy(x, target)
    for actual, expected in [
        (family.softmax(x), y),
        (family.log_softmax(x), log_y),
        (ours, losses),
        (
            family.softmax_backward(grad, y.detach().numpy()),
            torch.autograd.grad(y, theirs, torch.from_numpy(grad), retain_graph=True)[0],
        ),
        (
            family.log_softmax_backward(grad, log_y.detach().numpy()),
            torch.autograd.grad(log_y, theirs, torch.from_numpy(grad), retain_graph=True)[0],
        ),
        (
            family.cross_entropy_backward(np.ones(64, dtype), probabilities, target),
            torch.autograd.grad(losses.sum(), theirs)[0],
        ),
    ]:
        assert_close(actual, expected.detach().numpy(), ulps=16, scale=5)
