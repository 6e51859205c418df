"""softmax, log_softmax, logsumexp: PyTorch's values, also near the limits of the dtypes, and both gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

NAN, INF = float("nan"), float("inf")
CASES = [
    ((), 0),
    ((), -1),
    ((), 1),
    ((1,), 0),
    ((0,), 0),
    ((6,), -1),
    ((3, 4), 0),
    ((3, 4), 1),
    ((2, 3, 5), 1),
    ((0, 3), 0),
    ((0, 3), 1),
    ((3, 0), 1),
    ((3, 4), 2),
    ((3, 4), -3),
]
BOTH = ("softmax", "log_softmax")


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_along_a_dim(name, shape, dim):
    same(name, sample(shape), dim, node=True, atol=1e-15)
    same(f"Tensor.{name}", strided(sample(shape)), dim=dim, atol=1e-15)
    same(name, input=sample(shape), axis=dim, atol=1e-15)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    same(name, sample((3, 4), dtype), 0, atol=1e-15)
    same(name, sample((3, 4), dtype), 1, atol=1e-15)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32"])
@pytest.mark.parametrize("source", ["float64", "float32", "float16", "int64"])
def test_dtype_argument(name, dtype, source):
    # Half precision with a dtype: PyTorch differentiates a rounded copy.
    ulp = 2.0**14 if source == "float16" else 64
    same(name, sample((3, 4), source), 1, np.dtype(dtype), grad_ulp=ulp, atol=1e-6, second=False)
    same(name, sample((3, 4), source), 1, dtype=np.dtype(dtype), grad=False)


@pytest.mark.parametrize("name", BOTH)
def test_a_dim_is_needed(name):
    same(name, sample(), message=False)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    "x", [[-INF, -INF], [INF, 1.0], [-INF, 1.0], [NAN, 1.0], [1000.0, -1000.0], [0.0, 1e-30]], ids=str
)
def test_at_the_limits(name, x):
    for dtype in (np.float32, np.float64):
        same(name, np.array(x, dtype), 0, second=False)
        same(name, np.array([x], dtype), 0, second=False)


def test_out():
    for name in BOTH:
        same_out(name, sample((2, 3), "float32"), 1, dtypes=("float64",))
    same_out("logsumexp", sample((2, 3), "float32"), 1)


@pytest.mark.parametrize(
    ("shape", "dim"), [*CASES, ((2, 3), (0, 1)), ((2, 3, 4), (0, -1)), ((2, 3), (0, 0)), ((2, 3), [1])]
)
def test_logsumexp(shape, dim):
    same("logsumexp", sample(shape), dim, node=True)
    same("logsumexp", sample(shape), dim=dim, keepdim=True)
    same("Tensor.logsumexp", strided(sample(shape)), dim)


@pytest.mark.parametrize("dtype", DTYPES)
def test_logsumexp_dtypes(dtype):
    same("logsumexp", sample((3, 4), dtype), 0, grad_ulp=128)


@pytest.mark.parametrize(
    "x", [[-INF, -INF], [INF, INF], [INF, -INF], [INF, 1.0], [NAN, 1.0], [1000.0, 1000.0], [-1e4, -1e4]], ids=str
)
def test_logsumexp_at_the_limits(x):
    same("logsumexp", np.array(x), 0, second=False)


def test_logsumexp_needs_a_dim():
    same("logsumexp", sample(), message=False)
    same("logsumexp", sample(), None)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("dim", [0, 1])
def test_gradients(dtype, dim):
    x = tt.tensor(sample((2, 3), dtype), requires_grad=True)
    functions = [tt.logsumexp] if dtype == "complex128" else [tt.softmax, tt.log_softmax, tt.logsumexp]
    for function in functions:
        assert gradcheck(lambda x, f=function: f(x, dim), (x,))
        assert gradgradcheck(lambda x, f=function: f(x, dim), (x,))
