"""Binary cross-entropy, squared error and its robust relatives: kernel, twin and the formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import assert_close, both, draw, floats, layouts, load, numbers
from tinytorch import kernels
from tinytorch.kernels import threads

SHAPES = [(), (1,), (0,), (3, 0), (100, 1), (64, 10), (1025,)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
NAMES = {"bce_with_logits": (), "mse": (), "smooth_l1": (0.5,), "huber": (0.5,)}  # parameters after x and target


def targets(shape, dtype):
    return np.random.default_rng(2).random(shape).astype(dtype)


@both
@floats
@shapes
def test_losses(kind, dtype, shape):
    family, x, t = load(kind, "loss"), draw(shape, dtype), targets(shape, dtype)
    wide, target = x.astype(np.longdouble), t.astype(np.longdouble)
    sigmoid = 1 / (1 + np.exp(-wide))
    bce = -(target * np.log(sigmoid) + (1 - target) * np.log(1 - sigmoid))
    d = np.abs(wide - target)
    for actual, expected in [
        (family.bce_with_logits(x, t), bce),
        (family.mse(x, t), (wide - target) ** 2),
        (family.smooth_l1(x, t, 0.5), np.where(d < 0.5, d * d, d - 0.25)),
        (family.huber(x, t, 0.5), np.where(d <= 0.5, d * d / 2, d / 2 - 0.125)),
    ]:
        assert actual.dtype == dtype
        assert_close(actual, np.asarray(expected, np.float64), scale=max(1, np.abs(expected).max(initial=0)))


@both
@floats
@pytest.mark.parametrize("size", [0, 1, 5, 1000, 70_001, 131_071, 131_072, 400_003])
@pytest.mark.parametrize("name", NAMES)
def test_sums_and_means(kind, dtype, size, name):
    """To the bit what the same kind of reduce makes of the losses, by any number of threads"""
    family, x, t = load(kind, "loss"), draw((size,), dtype), targets((size,), dtype)
    reduce = load(kind, "reduce") if kind == "kernel" else kernels.reduce  # a twin adds with what there is
    losses = getattr(family, name)(x, t, *NAMES[name])
    before = threads.get_num_threads()
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            for reduction in ("sum", "mean"):
                with np.errstate(invalid="ignore"):  # 0 / 0
                    actual = getattr(family, name)(x, t, *NAMES[name], reduction)
                    expected = getattr(reduce, reduction)(losses)
                assert actual.shape == ()
                np.testing.assert_array_equal(actual, expected, strict=kind == "kernel")
    finally:
        threads.set_num_threads(before)


@both
@floats
@shapes
@pytest.mark.parametrize("one", [False, True], ids=["a grad each", "one grad"])
def test_gradients(kind, dtype, shape, one):
    family, x, t = load(kind, "loss"), draw(shape, dtype), targets(shape, dtype)
    grad = np.asarray(0.5, dtype) if one else draw(shape, dtype, seed=1)
    wide = x.astype(np.float64)
    bce = (1 / (1 + np.exp(-wide)) - t) * grad
    for actual, expected in [
        (family.bce_with_logits_backward(grad, x, t), bce),
        (family.mse_backward(grad, x, t), 2 * grad * (wide - t)),
        (family.smooth_l1_backward(grad, x, t, 0.5), grad * np.clip(2 * (wide - t), -1, 1)),
        (family.huber_backward(grad, x, t, 0.5), grad * np.clip(wide - t, -0.5, 0.5)),
    ]:
        assert actual.dtype == dtype
        assert_close(actual, expected, ulps=4, scale=max(1, np.abs(expected).max(initial=0)))


@both
@floats
def test_small_losses_keep_their_digits(kind, dtype):
    """log(1 + e^-x) for large x is e^-x, not 0."""
    x = np.linspace(0, 80, 2001).astype(dtype)
    exact = np.log1p(np.exp(-x.astype(np.longdouble))).astype(np.float64)
    assert_close(load(kind, "loss").bce_with_logits(x, np.ones_like(x)), exact, ulps=4)


@both
@floats
@pytest.mark.parametrize(
    "x, t, loss, gradient",
    [
        (1000, 1, 0, 0),
        (1000, 0, 1000, 1),
        (-1000, 0, 0, 0),
        (-1000, 1, 1000, -1),
        (np.inf, 0, np.inf, 1),
        (np.inf, 1, np.nan, 0),  # 0 * inf, in PyTorch too
        (-np.inf, 1, np.nan, -1),
        (-np.inf, 0, np.nan, 0),
        (np.nan, 1, np.nan, np.nan),
        (1, np.nan, np.nan, np.nan),
    ],
)
def test_extremes(kind, dtype, x, t, loss, gradient):
    family, x, t = load(kind, "loss"), np.full(40, x, dtype), np.full(40, t, dtype)
    np.testing.assert_array_equal(family.bce_with_logits(x, t), np.full(40, loss, dtype), strict=True)
    actual = family.bce_with_logits_backward(np.asarray(1, dtype), x, t)
    np.testing.assert_array_equal(actual, np.full(40, gradient, dtype), strict=True)


@both
@pytest.mark.parametrize("name", NAMES)
def test_shapes_that_do_not_fit(kind, name):
    family, x = load(kind, "loss"), np.zeros((2, 3))
    with pytest.raises(ValueError, match="one shape"):
        getattr(family, name)(x, np.zeros(3), *NAMES[name])
    for grad, target in [((2, 3), (3,)), ((3,), (2, 3)), ((1,), (2, 3))]:
        with pytest.raises(ValueError, match="one shape"):
            getattr(family, name + "_backward")(np.zeros(grad), x, np.zeros(target), *NAMES[name])


@both
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_computed_in_single(kind, name):
    family, x, t = load(kind, "loss"), draw(50, np.float16), targets(50, np.float16)
    how = NAMES[name]
    wide = getattr(family, name)(x.astype(np.float32), t.astype(np.float32), *how)
    np.testing.assert_array_equal(getattr(family, name)(x, t, *how), wide.astype(np.float16), strict=True)
    assert getattr(family, name + "_backward")(x, x, t, *how).dtype == np.float16


@layouts
@pytest.mark.parametrize("name", NAMES)
def test_layouts_make_no_difference(layout, name):
    x, t, grad = draw((4, 6)), targets((4, 6), np.float64), draw((4, 6), seed=1)
    family, twin = load("kernel", "loss"), load("twin", "loss")
    laid = [layout(array) for array in (grad, x, t)]
    how, backward = NAMES[name], name + "_backward"
    assert_close(getattr(family, name)(*laid[1:], *how), getattr(twin, name)(x, t, *how))
    assert_close(getattr(family, backward)(*laid, *how), getattr(twin, backward)(grad, x, t, *how), scale=5)
    for before, after in zip((grad, x, t), laid):
        np.testing.assert_array_equal(before, after)


@given(st.data())
def test_like_twin(data):
    x = data.draw(numbers())
    native = x.dtype.newbyteorder("=").type
    t = data.draw(numbers(x.shape, native))
    grad = data.draw(numbers(x.shape, native) | numbers((), native))
    family, twin = load("kernel", "loss"), load("twin", "loss")
    for name, how in NAMES.items():
        for suffix, args in [("", (x, t, *how)), ("_backward", (grad, x, t, *how))]:
            actual, expected = getattr(family, name + suffix)(*args), getattr(twin, name + suffix)(*args)
            assert actual.dtype.type is expected.dtype.type
            assert_close(actual, expected, ulps=16, scale=10)


@pytest.mark.torch
@both
@floats
def test_like_torch(kind, dtype):
    torch = pytest.importorskip("torch")
    family, x, t = load(kind, "loss"), draw(100, dtype), targets(100, dtype)
    x[:4] = np.nan, np.inf, -np.inf, 500
    theirs = torch.from_numpy(x.copy()).requires_grad_()
    for name, function in [
        ("bce_with_logits", torch.nn.functional.binary_cross_entropy_with_logits),
        ("mse", torch.nn.functional.mse_loss),
        ("smooth_l1", lambda *args, **how: torch.nn.functional.smooth_l1_loss(*args, beta=0.5, **how)),
        ("huber", lambda *args, **how: torch.nn.functional.huber_loss(*args, delta=0.5, **how)),
    ]:
        losses, how = function(theirs, torch.from_numpy(t), reduction="none"), NAMES[name]
        (gradient,) = torch.autograd.grad(losses.sum(), theirs)
        assert_close(getattr(family, name)(x, t, *how), losses.detach().numpy(), scale=np.float64(5))
        one = np.asarray(1, dtype)
        assert_close(getattr(family, name + "_backward")(one, x, t, *how), gradient.numpy(), scale=5)


@pytest.mark.parametrize("name", NAMES)
def test_threads_make_no_difference(name):
    """Long arrays are split among threads, whose parts do not end at whole blocks."""
    family, x, t, grad = load("kernel", "loss"), draw(150021), targets(150021, np.float64), draw(150021, seed=1)
    how, one, found = NAMES[name], np.asarray(0.5), []
    before = threads.get_num_threads()
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            backward = getattr(family, name + "_backward")
            found.append([getattr(family, name)(x, t, *how), backward(grad, x, t, *how), backward(one, x, t, *how)])
    finally:
        threads.set_num_threads(before)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
