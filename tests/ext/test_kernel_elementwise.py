"""Activations and their gradients, add_scaled: kernel, twin and the formula."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import WRITABLE, assert_close, both, draw, floats, layouts, load, numbers
from tinytorch.kernels import threads

SHAPES = [(), (1,), (0,), (3, 0), (100, 1), (64, 10), (1025,)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


@both
@floats
@shapes
@pytest.mark.parametrize("alpha", [1, -1, 0.1, 0])
def test_add_scaled(kind, dtype, shape, alpha):
    y, x = draw(shape, dtype), draw(shape, dtype, seed=1)
    expected = y.astype(np.float64) + float(dtype(alpha)) * x
    assert load(kind, "elementwise").add_scaled(y, alpha, x) is None
    assert_close(y, expected, ulps=2, scale=np.abs(expected).max() if expected.size else 1)


@both
def test_add_scaled_broadcasts(kind):
    y = np.zeros((2, 3))
    load(kind, "elementwise").add_scaled(y, 2, np.arange(3.0))
    assert y.tolist() == [[0, 2, 4], [0, 2, 4]]
    with pytest.raises(ValueError):
        load(kind, "elementwise").add_scaled(np.zeros(3), 2, y)


@both
@pytest.mark.parametrize("alpha", [1, 2])
def test_add_scaled_to_memory_that_x_shares(kind, alpha):
    add_scaled = load(kind, "elementwise").add_scaled
    memory = np.arange(5.0)
    add_scaled(memory, alpha, memory)
    assert memory.tolist() == [n * (1 + alpha) for n in range(5)]
    memory = np.arange(5.0)
    add_scaled(memory[1:], alpha, memory[:-1])
    assert memory.tolist() == [0] + [n + alpha * (n - 1) for n in range(1, 5)]


@both
def test_add_scaled_keeps_the_dtype_of_y(kind):
    add_scaled = load(kind, "elementwise").add_scaled
    for y in (np.ones(2, np.float16), np.ones(2, np.int64), np.ones(2, np.complex64)):
        dtype = y.dtype
        add_scaled(y, 2, np.ones(2, y.dtype))
        assert y.dtype == dtype
        assert y.tolist() == [3, 3]
    y = np.ones(2, np.complex64)
    add_scaled(y, 1j, np.ones(2, np.complex64))
    assert y.tolist() == [1 + 1j, 1 + 1j]
    y = np.ones(2, np.float32)
    add_scaled(y, 0.5, np.ones(2, np.float64))
    assert y.tolist() == [1.5, 1.5]


@both
def test_memory_that_may_not_be_written(kind):
    y = np.zeros(3)
    y.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        load(kind, "elementwise").add_scaled(y, 1, np.ones(3))


@pytest.mark.parametrize("kind, ulps", [("kernel", 1.3), ("twin", 3)])
def test_exp(kind, ulps):
    """From where it rounds to 0, by way of subnormal numbers, to where it is infinite; 1.3 where nothing is fused"""
    x = np.concatenate([np.linspace(-105, 89.5, 200_001), np.linspace(-1e-3, 1e-3, 101)]).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    ours = load(kind, "elementwise").exp(x)
    assert ours.dtype == np.float32
    infinite = exact > np.finfo(np.float32).max
    np.testing.assert_array_equal(np.isinf(ours), infinite)
    unit = np.spacing(exact[~infinite].astype(np.float32)).astype(np.float64)
    assert (np.abs(ours[~infinite] - exact[~infinite]) / unit).max() <= ulps
    assert (ours[x < -104] == 0).all()


@both
@floats
def test_exp_of_extremes(kind, dtype):
    x = np.array([-np.inf, -1e30, -0.0, 0.0, 1e30, np.inf, np.nan, -np.nan], dtype)
    y = load(kind, "elementwise").exp(x)
    np.testing.assert_array_equal(y, np.array([0, 0, 1, 1, np.inf, np.inf, np.nan, np.nan], dtype), strict=True)


@pytest.mark.parametrize("kind, ulps", [("kernel", 1), ("twin", 4)])
def test_log(kind, ulps):
    """Numbers from end to end of the exponents, subnormal ones too, and all on either side of 1"""
    bits = np.concatenate([np.arange(1, 0x7F800000, 9973), 0x3F800000 + np.arange(-70_000, 70_001)])
    x = bits.astype(np.uint32).view(np.float32)
    exact = np.log(x.astype(np.float64))
    ours = load(kind, "elementwise").log(x)
    assert ours.dtype == np.float32
    assert (ours[x == 1] == 0).all()
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    assert (np.abs(ours - exact) / unit).max() <= ulps


@both
@floats
def test_log_of_extremes(kind, dtype):
    with np.errstate(all="ignore"):
        tiny = np.finfo(dtype).smallest_subnormal
        x = np.array([0.0, -0.0, -tiny, -1, -np.inf, np.inf, np.nan, -np.nan, 1, np.finfo(dtype).max, tiny], dtype)
        y = load(kind, "elementwise").log(x)
    nan, inf = np.nan, np.inf
    np.testing.assert_array_equal(y[:9], np.array([-inf, -inf, nan, nan, nan, inf, nan, nan, 0], dtype), strict=True)
    np.testing.assert_allclose(y[9:], [math.log(np.finfo(dtype).max), math.log(tiny)], rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name, unusual", [("exp", 88.5), ("exp", np.nan), ("log", 0.0), ("log", np.inf)])
def test_unusual_numbers_change_no_others(name, unusual):
    """A batch of numbers with an unusual one is computed in another way, to the same results"""
    function, x = getattr(load("kernel", "elementwise"), name), np.abs(draw(2000, np.float32)) + np.float32(1e-3)
    expected = function(x)
    for places in ([0], [700], [511, 512], [1999]):
        mixed = x.copy()
        mixed[places] = unusual
        np.testing.assert_array_equal(np.delete(function(mixed), places), np.delete(expected, places))


@pytest.mark.parametrize("name", ["exp", "log"])
@both
def test_exp_and_log_written_into_memory(kind, name):
    exp, x = getattr(load(kind, "elementwise"), name), np.abs(draw((3, 4), np.float32)) + np.float32(0.1)
    expected, memory = exp(x), np.zeros((3, 8), np.float32)
    for out in (np.zeros_like(x), np.zeros((3, 4)), np.zeros((4, 3), np.float32).T, memory[:, ::2]):
        assert exp(x, out) is out
        np.testing.assert_allclose(out, expected, rtol=1e-6)
    assert not memory[:, 1::2].any()
    assert exp(x, x) is x
    np.testing.assert_allclose(x, expected, rtol=1e-6)
    line = np.abs(draw(13, np.float32)) + np.float32(0.1)
    expected = exp(line[:-1])
    exp(line[:-1], line[1:])
    np.testing.assert_allclose(line[1:], expected, rtol=1e-6)


@both
@floats
def test_sigmoid(kind, dtype):
    """Within 4 units in the last place from one end of the exponents to the other"""
    edge = -math.log(np.finfo(dtype).tiny) - 1
    x = np.concatenate([np.linspace(-edge, edge, 4001), np.linspace(-5, 5, 4001), [0.0, -0.0]]).astype(dtype)
    exact = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    assert_close(load(kind, "elementwise").sigmoid(x), exact.astype(np.float64), ulps=4)


@both
@floats
def test_sigmoid_of_extremes(kind, dtype):
    x = np.array([-np.inf, -1e30, 1e30, np.inf, np.nan], dtype)
    np.testing.assert_array_equal(
        load(kind, "elementwise").sigmoid(x), np.array([0, 0, 1, 1, np.nan], dtype), strict=True
    )


@both
@floats
@shapes
def test_sigmoid_backward(kind, dtype, shape):
    grad, y = draw(shape, dtype), draw(shape, dtype, seed=1)
    expected = grad.astype(np.float64) * (1 - y) * y
    actual = load(kind, "elementwise").sigmoid_backward(grad, y)
    assert actual.dtype == dtype
    assert_close(actual, expected, scale=20)


@both
def test_half_precision_is_computed_in_single(kind):
    family, x = load(kind, "elementwise"), draw(50, np.float16)
    y = family.sigmoid(x)
    np.testing.assert_array_equal(y, family.sigmoid(x.astype(np.float32)).astype(np.float16), strict=True)
    assert family.sigmoid_backward(x, y).dtype == np.float16


@both
def test_shapes_that_do_not_fit(kind):
    with pytest.raises(ValueError, match="one shape"):
        load(kind, "elementwise").sigmoid_backward(np.zeros(3), np.zeros((3, 1)))


@layouts
def test_layouts_make_no_difference(layout):
    x, grad = draw((4, 6)), draw((4, 6), seed=1)
    family, twin = load("kernel", "elementwise"), load("twin", "elementwise")
    laid = layout(x)
    assert_close(family.sigmoid(laid), twin.sigmoid(x))
    assert_close(family.sigmoid_backward(layout(grad), laid), twin.sigmoid_backward(grad, x))
    np.testing.assert_array_equal(laid, x)
    y, expected = grad.copy(), grad.copy()
    family.add_scaled(y, 0.5, laid)
    twin.add_scaled(expected, 0.5, x)
    assert_close(y, expected, scale=5)


@given(st.data())
def test_like_twin(data):
    x = data.draw(numbers())
    grad = data.draw(numbers(x.shape, x.dtype.newbyteorder("=").type))
    lay_out = WRITABLE[data.draw(st.sampled_from(sorted(WRITABLE)))]
    results = []
    for kind in ("kernel", "twin"):
        family, y = load(kind, "elementwise"), lay_out(np.ascontiguousarray(grad).reshape(grad.shape))
        family.add_scaled(y, 0.5, x)
        results.append((y, family.sigmoid(x), family.sigmoid_backward(grad, x)))
    for actual, expected in zip(*results):
        assert_close(actual, expected, ulps=16, scale=5)


@pytest.mark.torch
@both
@floats
def test_like_torch(kind, dtype):
    torch = pytest.importorskip("torch")
    family, x = (
        load(kind, "elementwise"),
        np.concatenate([draw(100, dtype), [np.nan, np.inf, -np.inf, 80, -80]]).astype(dtype),
    )
    theirs = torch.from_numpy(x).requires_grad_()
    y = torch.sigmoid(theirs)
    y.backward(torch.full_like(y, 2))
    assert_close(family.sigmoid(x), y.detach().numpy())
    assert_close(family.sigmoid_backward(np.full_like(x, 2), y.detach().numpy()), theirs.grad.numpy())


# ---- activations and their gradients ---------------------------------------------------------------------------------

# functions of x, and gradients of dy and x or y, with the arguments that follow
FORWARD = [
    ("silu", ()), ("gelu", ()), ("gelu_tanh", ()), ("erf", ()), ("erfc", ()), ("normal_cdf", ()),
    ("leaky_relu", (0.1,)), ("clamp", (-0.5, 1.0)), ("clamp", (-math.inf, 0.0)), ("clamp", (1.0, -1.0)),
    ("clamp", (math.nan, 1.0)),
]  # fmt: skip
BACKWARD = [
    ("tanh_backward", ()), ("silu_backward", ()), ("gelu_backward", ()), ("gelu_tanh_backward", ()),
    ("relu_backward", ()), ("leaky_relu_backward", (0.1,)), ("clamp_backward", (-0.5, 1.0)),
]  # fmt: skip
ODD = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e30, -1e30, 0.5, -0.5, 1.0]


@floats
@pytest.mark.parametrize("name, arguments", FORWARD)
def test_activations_are_the_twins(dtype, name, arguments):
    x = np.concatenate([np.linspace(-15, 15, 70_001), ODD]).astype(dtype)
    actual, expected = (getattr(load(kind, "elementwise"), name)(x, *arguments) for kind in ("kernel", "twin"))
    assert actual.dtype == dtype
    size = np.maximum(np.nan_to_num(np.abs(x), posinf=1), 1)
    assert_close(actual / size, expected / size, ulps=8, scale=1)


@floats
@pytest.mark.parametrize("name, arguments", BACKWARD)
def test_gradients_are_the_twins(dtype, name, arguments):
    x = np.concatenate([np.linspace(-15, 15, 70_001), ODD]).astype(dtype)
    grad = draw(x.shape, dtype)
    actual, expected = (getattr(load(kind, "elementwise"), name)(grad, x, *arguments) for kind in ("kernel", "twin"))
    assert actual.dtype == dtype
    size = np.maximum(np.nan_to_num(x * x, posinf=1), 1) if name == "tanh_backward" else dtype(1)
    assert_close(actual / size, expected / size, ulps=8, scale=8)


@floats
def test_the_error_function_is_exact(dtype):
    """erf within 1 unit in the last place, erfc and Phi within 5, from end to end"""
    mpmath = pytest.importorskip("mpmath")
    x = np.concatenate([np.linspace(-27, 27, 301), np.linspace(-2, 2, 301), 10.0 ** np.arange(-30, 0, 3)]).astype(dtype)
    exact = {
        "erf": [mpmath.erf(float(each)) for each in x],
        "erfc": [mpmath.erfc(float(each)) for each in x],
        "normal_cdf": [mpmath.ncdf(float(each)) for each in x],
    }
    for name, expected in exact.items():
        actual = getattr(load("kernel", "elementwise"), name)(x)
        for a, b in zip(actual, expected):
            allowed = (1 if name == "erf" else 5) * np.spacing(dtype(abs(float(b))))
            assert abs(mpmath.mpf(float(a)) - b) <= allowed, (name, a, b)


def test_the_error_function_in_single_precision():
    """From subnormal numbers to where erf is 1, all numbers on both sides of 1; 1.4 where nothing is fused"""
    special = pytest.importorskip("scipy.special")
    bits = np.concatenate([np.arange(0, 0x40900000, 9973), 0x3F800000 + np.arange(-200_000, 200_001)])
    x = bits.astype(np.uint32).view(np.float32)
    exact = special.erf(x.astype(np.float64))
    for sign in (1, -1):
        ours = load("kernel", "elementwise").erf(sign * x)
        assert ours.dtype == np.float32
        unit = np.spacing(np.minimum(exact, 1 - 2.0**-24).astype(np.float32)).astype(np.float64)
        assert (np.abs(ours - sign * exact) / unit).max() <= 1.4


@pytest.mark.parametrize("name, arguments", [("exp", ()), ("log", ()), ("sigmoid", ()), *FORWARD])
@layouts
def test_activations_of_any_layout(layout, name, arguments):
    x = np.abs(draw((4, 6))) if name == "log" else draw((4, 6))
    laid = layout(x)
    family = load("kernel", "elementwise")
    assert_close(getattr(family, name)(laid, *arguments), getattr(family, name)(x, *arguments), scale=8)
    np.testing.assert_array_equal(laid, x)


@pytest.mark.parametrize("name, arguments", [("sigmoid_backward", ()), *BACKWARD])
@layouts
def test_gradients_of_any_layout(layout, name, arguments):
    x, grad = draw((4, 6)), draw((4, 6), seed=1)
    function = getattr(load("kernel", "elementwise"), name)
    expected = function(grad, x, *arguments)
    for actual in (
        function(layout(grad), layout(x), *arguments),
        function(grad, layout(x), *arguments),
        function(layout(grad), x, *arguments),
    ):
        assert_close(actual, expected, scale=8)


@pytest.mark.parametrize("name, arguments", [("sigmoid_backward", ()), *BACKWARD])
@floats
@pytest.mark.parametrize("shape", [(3, 5), (300, 700)], ids=str)
def test_gradients_that_repeat_themselves(dtype, shape, name, arguments):
    """The gradient of a sum is one number, or a row or column, in every place"""
    function, x = getattr(load("kernel", "elementwise"), name), draw(shape, dtype)
    for small in (draw((), dtype), draw(shape[1:], dtype), draw((shape[0], 1), dtype)):
        grad = np.broadcast_to(small, shape)
        np.testing.assert_array_equal(function(grad, x, *arguments), function(grad.copy(), x, *arguments), strict=True)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, np.complex64])
def test_dtypes_that_are_left_to_the_twin(dtype):
    for name in ("sigmoid", "silu", "gelu"):
        x = np.arange(4).astype(dtype)
        try:
            expected = getattr(load("twin", "elementwise"), name)(x)
        except TypeError:
            continue
        actual = getattr(load("kernel", "elementwise"), name)(x)
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_threads_make_no_difference():
    x, grad = draw(300_001), draw(300_001, seed=1)
    power, positive = x.astype(np.float32), np.abs(x).astype(np.float32)
    family, before, results = load("kernel", "elementwise"), threads.get_num_threads(), []
    for count in (1, 2, 3):
        threads.set_num_threads(count)
        results.append((family.exp(power), family.log(positive), family.erf(power)))
        results[-1] += family.gelu(x), family.gelu_backward(grad, x), family.relu_backward(grad, x)
    threads.set_num_threads(before)
    for one, other in itertools.pairwise(results):
        for a, b in zip(one, other):
            np.testing.assert_array_equal(a, b)
