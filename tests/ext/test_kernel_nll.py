"""Negative log-likelihoods of classes: kernel, twin, loops in Python and PyTorch's sums to the bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import LAYOUTS, both, draw, floats, load, outcome

SHAPES = [(5,), (1, 3), (4, 3), (0, 3), (70, 10), (3, 4, 5), (2, 3, 2, 2), (2, 3, 0)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def classes_for(shape, seed=0):
    axis = 1 if len(shape) > 1 else 0
    return np.random.default_rng(seed).integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])


def plain_nll(x, target, weight, ignored):
    """The formula, place by place: the losses and the weights"""
    axis = 1 if x.ndim > 1 else 0
    losses, weights = np.zeros(target.shape, x.dtype), np.zeros(target.shape, x.dtype)
    for place in np.ndindex(target.shape):
        t = target[place]
        if t != ignored:
            weights[place] = 1 if weight is None else weight[t]
            losses[place] = -x[(*place[:axis], t, *place[axis:])] * weights[place]
    return losses, weights


@both
@floats
@shapes
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [-100, 1])
def test_the_formula(kind, dtype, shape, weighted, ignored):
    family, x, target = load(kind, "nll"), draw(shape, dtype), np.asarray(classes_for(shape))
    weight = np.arange(1, shape[1 if len(shape) > 1 else 0] + 1).astype(dtype) if weighted else None
    losses, weights = plain_nll(x, target, weight, ignored)
    np.testing.assert_array_equal(family.nll(x, target, weight, ignored), losses, strict=True)
    total, divisor = family.nll_sum(x, target, weight, ignored)
    assert (total.shape, total.dtype, divisor.shape, divisor.dtype) == ((), dtype, (), dtype)
    np.testing.assert_allclose(total, losses.sum(), rtol=1e-5)
    assert divisor == weights.sum()
    for grad in (np.asarray(0.5, dtype), np.asarray(draw(target.shape, dtype, seed=1))):
        found = family.nll_backward(grad, shape, target, weight, ignored, divisor=2)
        assert (found.shape, found.dtype) == (shape, dtype)
        expected = np.zeros(shape, dtype)
        axis = 1 if len(shape) > 1 else 0
        for place in np.ndindex(target.shape):
            if target[place] != ignored:
                one = grad if grad.ndim == 0 else grad[place]
                expected[(*place[:axis], target[place], *place[axis:])] = -weights[place] * (one / 2)
        np.testing.assert_array_equal(found, expected)


@both
@pytest.mark.parametrize("bad", [3, -1, 2**40])
def test_classes_that_do_not_exist(kind, bad):
    family, target = load(kind, "nll"), np.array([0, bad, 2])
    message = f"^Target {bad} is out of bounds.$"
    for call in (
        lambda: family.nll(np.zeros((3, 3)), target),
        lambda: family.nll_sum(np.zeros((3, 3)), target),
        lambda: family.nll_backward(np.zeros(()), (3, 3), target),
    ):
        with pytest.raises(IndexError, match=message):
            call()
    assert family.nll(np.ones((3, 3)), target, None, bad)[1] == 0


@both
@pytest.mark.parametrize("x, target", [((3, 3), (2,)), ((3, 3), (3, 1)), ((3,), (1,)), ((), ()), ((2, 3, 4), (2, 3))])
def test_shapes_that_do_not_fit(kind, x, target):
    family, classes = load(kind, "nll"), np.zeros(target, np.int64)
    for call in (
        lambda: family.nll(np.zeros(x), classes),
        lambda: family.nll_sum(np.zeros(x), classes),
        lambda: family.nll_backward(np.zeros(()), x, classes),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            call()
    with pytest.raises(ValueError, match="is neither"):
        family.nll_backward(np.zeros(2), (3, 3), np.zeros(3, np.int64))


@both
def test_half_precision_is_added_in_single(kind):
    family, x = load(kind, "nll"), np.full((5000, 2), -1, np.float16)
    total, divisor = family.nll_sum(x, np.zeros(5000, np.int64))
    assert total == divisor == np.float16(5000)
    assert total.dtype == divisor.dtype == np.float16


@given(st.data())
def test_like_twin(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4)))
    dtype = data.draw(st.sampled_from([np.float32, np.float64, np.float16]))
    layout = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))]
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    axis = 1 if len(shape) > 1 else 0
    x = layout(draw(shape, dtype))
    sides = shape[:axis] + shape[axis + 1 :]
    target = layout(np.asarray(random.integers(-1, shape[axis] + data.draw(st.integers(0, 1)), sides)))
    target = target.astype(data.draw(st.sampled_from([np.int64, np.int32])), copy=False)
    weight = data.draw(st.sampled_from([None, layout(draw((shape[axis],), dtype, seed=1))]))
    grad = data.draw(st.sampled_from([np.asarray(1.5, dtype), np.asarray(layout(draw(sides, dtype, seed=2)))]))
    for name, args in [
        ("nll", (x, target, weight, -1)),
        ("nll_sum", (x, target, weight, -1)),
        ("nll_backward", (grad, shape, target, weight, -1, 3.0)),
    ]:
        found, expected = (outcome(getattr(load(kind, "nll"), name), *args) for kind in ("kernel", "twin"))
        if isinstance(expected, type):
            assert found is expected
            continue
        for a, b in zip(found, expected) if isinstance(expected, tuple) else [(found, expected)]:
            assert (a.shape, a.dtype.type) == (b.shape, b.dtype.type)
            np.testing.assert_allclose(a, b, rtol=1e-5 if dtype != np.float16 else 2e-3, atol=1e-6)


@pytest.mark.torch
@floats
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(7, 3), (64, 10), (5000, 3), (3, 4, 50, 40)], ids=str)
def test_sums_are_pytorchs_to_the_bit(dtype, shape, weighted):
    torch = pytest.importorskip("torch")
    family, x, target = load("kernel", "nll"), draw(shape, dtype), classes_for(shape)
    weight = draw((shape[1],), dtype, seed=3) if weighted else None
    tensors = [None if each is None else torch.from_numpy(each) for each in (x, target, weight)]
    total, divisor = family.nll_sum(x, target, weight, 1)
    for reduction, found in [("sum", total), ("mean", total / divisor)]:
        expected = torch.nn.functional.nll_loss(*tensors, ignore_index=1, reduction=reduction)
        assert found == expected.numpy()
