"""Activations and their gradients on the device, beside their twins."""

import math

import numpy as np
import pytest

from tests.kernels_gpu.beside_twin import FLOATS, check, draw, every_other, floats, transposed

ONE = ("sigmoid", "silu", "erf", "erfc", "normal_cdf", "gelu", "gelu_tanh")
TWO = (
    *("sigmoid_backward", "tanh_backward", "silu_backward", "gelu_backward", "gelu_tanh_backward"),
    "relu_backward",
)
SHAPES = [(), (0,), (7,), (2, 3, 4)]


@floats
@pytest.mark.parametrize("name", ONE)
def test_of_one_array(name, dtype):
    for shape in SHAPES:
        check("elementwise", name, draw(shape, dtype, odd=True), ulps=8, scale=0.01)
    check("elementwise", name, transposed(draw((3, 4), dtype)), ulps=8, scale=0.01)
    check("elementwise", name, every_other(draw((3, 4), dtype)), ulps=8, scale=0.01)
    check("elementwise", name, np.array([-1000, -100, -20, 20, 100, 1000], dtype), ulps=16, scale=1e-6)


@floats
@pytest.mark.parametrize("name", TWO)
def test_gradients(name, dtype):
    for shape in SHAPES:
        check("elementwise", name, draw(shape, dtype, 1), draw(shape, dtype, 2), ulps=8, scale=0.1)
    check("elementwise", name, every_other(draw((3, 4), dtype)), transposed(draw((3, 4), dtype)), ulps=8, scale=0.1)
    repeated = np.broadcast_to(np.ones((), dtype), (3, 4))
    check("elementwise", name, repeated, draw((3, 4), dtype, odd=True), ulps=8, scale=0.1)


def test_shapes_that_differ_are_refused():
    for name in TWO:
        with pytest.raises(ValueError, match=f"{name} needs arrays of one shape"):
            check("elementwise", name, draw((3,)), draw((3, 1)))


@floats
def test_straight_pieces(dtype):
    x, grad = draw((3, 5), dtype, 1, odd=True), draw((3, 5), dtype, 2)
    check("elementwise", "leaky_relu", x, 0.25)
    check("elementwise", "leaky_relu_backward", grad, x, 0.25)
    for low, high in [(-0.5, 0.5), (0.0, math.inf), (-math.inf, 0.5), (0.5, -0.5), (math.nan, 1.0), (0.0, math.nan)]:
        check("elementwise", "clamp", x, low, high)
        check("elementwise", "clamp_backward", grad, x, low, high)


@pytest.mark.parametrize("dtype", [*FLOATS, np.dtype(np.float16)], ids=str)
def test_add_scaled(dtype):
    for alpha in (1, 2, -0.5):
        for shape in SHAPES:
            check("elementwise", "add_scaled", draw(shape, dtype, 1), alpha, draw(shape, dtype, 2), scale=1)
        check("elementwise", "add_scaled", draw((3, 4), dtype, 1), alpha, draw((4,), dtype, 2), scale=1)
        check("elementwise", "add_scaled", every_other(draw((3, 4), dtype, 1)), alpha, draw((3, 1), dtype), scale=1)


def test_add_scaled_of_integers_complex_numbers_and_other_dtypes():
    check("elementwise", "add_scaled", np.arange(4), 3, np.arange(4))
    check("elementwise", "add_scaled", draw((4,), np.complex64), 2 - 1j, draw((4,), np.complex64, 1), scale=1)
    check("elementwise", "add_scaled", draw((4,), np.float64), 2, draw((4,), np.float32, 1), scale=1)
