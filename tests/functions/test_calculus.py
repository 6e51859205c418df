"""Differences, derivatives and integrals of samples as in PyTorch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

SHAPES = [(5,), (2, 4), (3, 2, 4), (1,), (0,), (2, 0)]


# ---- diff ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 3, 9, -1])
@pytest.mark.parametrize("shape", [*SHAPES, ()])
def test_diff(shape, n):
    same("diff", sample(shape), n)
    same("Tensor.diff", strided(sample(shape)), n=n, dim=0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_diff_dtypes(dtype):
    same("diff", sample((2, 4), dtype))
    same("diff", sample((2, 4), dtype), 2, 0)


def test_diff_with_more_at_the_ends():
    x = sample((2, 4))
    same("diff", x, prepend=sample((2, 1)), append=sample((2, 3)))
    same("diff", x, 2, 0, sample((1, 4)))
    same("diff", x, prepend=sample((2,)))
    same("diff", x, append=sample((3, 1)))
    same("diff", x, axis=0, append=x)
    same("diff", x, dim=2)
    same_out("diff", x)


# ---- integrals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["trapezoid", "trapz", "cumulative_trapezoid"])
@pytest.mark.parametrize("shape", SHAPES)
def test_integrals(name, shape):
    y = sample(shape)
    same(name, y)
    same(name, y, dx=0.5, dim=-1)
    same(name, strided(y), sample(shape[-1:], seed=1))
    same(name, y, x=sample(shape, seed=1))
    same(name, y, dim=0)


@pytest.mark.parametrize("name", ["trapezoid", "cumulative_trapezoid"])
def test_integrals_of_other_arguments(name):
    y = sample((2, 4))
    same(name, y, sample((2,), seed=1), dim=0)
    same(name, y, sample((3,)))
    same(name, y, sample((4,)), dx=2, message=False)
    same(name, y, dim=2)
    same(name, np.ones(()))
    same(name, 1.0)
    same(name, sample((2, 3, 4)), sample((3, 4), seed=1), dim=1)
    for dtype in ("bool", "int64", "float16", "complex64"):
        same(name, sample((4,), dtype), second=dtype != "float16")
        same(name, y, sample((4,), dtype), grad=False)


# ---- derivatives -----------------------------------------------------------------------------------------------------

TIMES = np.array([0.0, 1, 3, 3.5])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("spacing", [0.5, 2, -1.0])
@pytest.mark.parametrize(
    ("shape", "dim"), [((4,), None), ((3, 4), None), ((3, 4), 1), ((3, 3, 4), (2, 0)), ((3, 4), ()), ((3,), -1)]
)
def test_gradient(shape, dim, spacing, order):
    same("gradient", sample(shape), dim=dim, spacing=spacing, edge_order=order, atol=1e-14)
    same("gradient", strided(sample(shape)), dim=dim, edge_order=order, atol=1e-14)


@pytest.mark.parametrize("order", [1, 2])
def test_gradient_at_given_places(order):
    x = sample((3, 4))
    same("gradient", x, spacing=[TIMES[:3], TIMES], edge_order=order, atol=1e-13)
    same("gradient", x, spacing=(TIMES,), dim=1, edge_order=order, atol=1e-14)
    same("gradient", x, spacing=[TIMES, TIMES[:3]], dim=(1, 0), edge_order=order, atol=1e-14)
    same("gradient", x, spacing=[0.5, 2.0], edge_order=order, atol=1e-13)
    same("gradient", x, spacing=np.array(2.0), edge_order=order, grad=False, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "int32", "uint8", "complex64", "bool"])
def test_gradient_dtypes(dtype):
    same("gradient", sample((4,), dtype), second=dtype != "float16")
    same("gradient", sample((4,), dtype), spacing=2, grad=False)


@pytest.mark.parametrize(
    "options",
    [
        {"edge_order": 3},
        {"dim": (0, 0)},
        {"dim": 5},
        {"spacing": [1.0]},
        {"spacing": [1.0, 2.0, 3.0]},
        {"spacing": [1.0], "dim": (0, 1)},
        {"spacing": [TIMES]},
        {"spacing": [TIMES[None], TIMES]},
        {"dim": 0, "edge_order": 2},
    ],
    ids=str,
)
def test_gradient_refuses(options):
    same("gradient", sample((2, 4)), **options)


def test_gradient_needs_two_samples():
    same("gradient", sample((1,)))
    same("gradient", sample((0,)))
    same("gradient", sample())
    same("gradient", sample(), spacing="1", message=False)
    same("gradient", [1.0])


def test_gradients_of_the_derivatives():
    x, t = tt.tensor(sample((4,)), requires_grad=True), tt.tensor(TIMES, requires_grad=True)
    for function in (lambda x, t: tt.gradient(x, spacing=[t], edge_order=2), lambda x, t: tt.trapezoid(x, t)):
        assert gradcheck(function, (x, t))
        assert gradgradcheck(function, (x, t))


def test_a_parabola_is_differentiated_exactly():
    t = tt.tensor([0.0, 0.5, 2.0, 3.0], dtype=tt.float64)
    (slope,) = tt.gradient(t * t, spacing=[t], edge_order=2)
    np.testing.assert_allclose(slope.numpy(), 2 * t.numpy(), rtol=1e-13)
