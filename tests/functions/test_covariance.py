"""cov and corrcoef: weights, corrections, complex numbers, gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

TIMES, WEIGHTS = np.array([1, 2, 0, 3]), np.array([0.5, 1.0, 2.0, 0.25])
NEAR = {"ulp": 16, "grad_ulp": 1024, "atol": 1e-15}


@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 4), (1, 4), (4, 1), (2, 3, 4), (0,), (0, 3), (3, 0)])
def test_shapes(shape):
    # With one observation or none both warn that nothing is left to divide by.
    same("cov", sample(shape), **NEAR)
    same("corrcoef", sample(shape), **NEAR)
    same("Tensor.cov", strided(sample(shape)), correction=0, **NEAR)


@pytest.mark.parametrize("correction", [0, 1, 2, 4, 5])
def test_weights(correction):
    x = sample((3, 4))
    for weights in ({}, {"fweights": TIMES}, {"aweights": WEIGHTS}, {"fweights": TIMES, "aweights": WEIGHTS}):
        same("cov", x, correction=correction, second=False, **weights, **NEAR)
        same("cov", x[0], correction=correction, grad=False, **weights, **NEAR)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    half = dtype in ("float16", "bfloat16")
    near = {"ulp": 64, "grad_ulp": 2048, "second": not half, "atol": 1e-6 if half else 1e-7}
    same("cov", sample((3, 4), dtype), **near)
    same("corrcoef", sample((3, 4), dtype), **near)


@pytest.mark.parametrize(
    "weights",
    [
        {"fweights": np.ones((2, 2), int)},
        {"fweights": WEIGHTS},
        {"fweights": np.array([1, 2])},
        {"fweights": -TIMES},
        {"aweights": TIMES},
        {"aweights": np.ones((2, 2))},
        {"aweights": WEIGHTS[:2]},
        {"aweights": -WEIGHTS},
        {"fweights": 0 * TIMES},
        {"aweights": 0 * WEIGHTS},
    ],
    ids=str,
)
def test_wrong_weights(weights):
    same("cov", sample((3, 4)), grad=False, **weights)


def test_gradients():
    for dtype in ("float64", "complex128"):
        x = tt.tensor(sample((2, 4), dtype), requires_grad=True)
        for function in (tt.cov, tt.corrcoef):
            assert gradcheck(function, (x,))
            assert gradgradcheck(function, (x,))
