"""Running sums, products and extremes: values, places, dtypes and both gradients as in PyTorch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_inplace, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402
from tinytorch.ops.cumulative import Recurrence, Shift  # noqa: E402

NAN, INF = float("nan"), float("inf")
NAMES = ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp")
CASES = [((), 0), ((), -1), ((1,), 0), ((0,), 0), ((6,), -1), ((3, 4), 0), ((3, 4), 1), ((2, 3, 5), 1), ((0, 3), 0),
         ((0, 3), 1), ((3, 4), 2), ((3, 4), -3)]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_along_a_dim(name, shape, dim):
    same(name, sample(shape), dim, node=True, atol=1e-15)
    same(f"Tensor.{name}", strided(sample(shape)), dim=dim, atol=1e-15)
    same(name, input=sample(shape), axis=dim, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    if (name, dtype[:7]) == ("logcumsumexp", "complex"):
        return  # below: PyTorch's imaginary part has another branch
    same(name, sample((3, 4), dtype), 0, ulp=4, grad_ulp=256)


@pytest.mark.parametrize("name", NAMES)
def test_a_dim_is_needed(name):
    same(name, sample(), message=False)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", ["int32", "uint8", "float16", "float64", "complex64"])
@pytest.mark.parametrize("source", ["bool", "int64", "float32"])
def test_dtype_argument(name, dtype, source):
    same(name, sample((3, 4), source), 1, dtype=np.dtype(dtype), grad=False)


def test_out_and_in_place():
    x = sample((2, 3), "float32")
    for name in ("cumsum", "cumprod"):
        same_out(name, x, 0, dtypes=("float64", "int32"))
        same_inplace(name, sample((2, 3)), 0, node=True)
        same_inplace(name, sample((2, 3), "uint8"), 1)
    same_out("cummax", x, 0)
    same_out("logcumsumexp", x, 0)


@pytest.mark.parametrize("zeros", [(), (0,), (2,), (1, 3), (0, 1, 2, 3)])
def test_cumprod_with_zeros(zeros):
    x = sample((3, 4))
    x[:, list(zeros)] = 0
    same("cumprod", x, 1)
    same("cumprod", x.astype(np.complex128) * (1 + 1j), 1)


@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_ties_and_nan(name):
    same(name, np.array([1, 3, 3, 2, 1, 4.0, 4]), 0)
    same(name, np.array([1, 3, NAN, 2, NAN, INF, -INF]), 0)
    same(name, np.array([[1, 0, 1], [0, 0, 1]]), 1)


def test_logcumsumexp_far_apart():
    same("logcumsumexp", np.array([700.0, -700, 3, 800, 800]), 0, atol=1e-13)
    same("logcumsumexp", np.array([-INF, -INF, 1.0]), 0, second=False)
    same("logcumsumexp", np.array([1.0, -INF, 2.0]), 0, second=False)
    same("logcumsumexp", np.array([1.0, INF, NAN]), 0, grad=False)


def test_logcumsumexp_of_complex_numbers():
    x = sample((5,), "complex128")
    same(lambda lib, x: lib.logcumsumexp(x, 0).exp(), x, ulp=32)


@pytest.mark.host
def test_precision():
    """The CPU adds float32 in double precision; a GPU in float32, as PyTorch's does."""
    x = np.random.default_rng(0).uniform(0, 1, (100_000,)).astype(np.float32)
    same("cumsum", x, 0, ulp=1, grad=False)
    same("logcumsumexp", x[:1000], 0, grad=False)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3, 8, 13])
def test_the_recurrence(length, reverse):
    a, b = sample((2, length)), sample((2, length), seed=1)
    expected, last = np.zeros_like(b), np.zeros(2)
    for i in reversed(range(length)) if reverse else range(length):
        last = expected[:, i] = b[:, i] + a[:, i] * last
    x, y = (tt.tensor(each, requires_grad=True) for each in (a, b))
    np.testing.assert_allclose(Recurrence.apply(x, y, 1, reverse).detach().numpy(), expected, rtol=1e-13)
    for rule in (lambda x, y: Recurrence.apply(x, y, 1, reverse), lambda x, y: Shift.apply(x * y, 1, 1, reverse)):
        assert gradcheck(rule, (x, y))
        assert gradgradcheck(rule, (x, y))


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_gradients(name, dtype):
    x = tt.tensor(sample((2, 4), dtype), requires_grad=True)
    assert gradcheck(lambda x: getattr(tt, name)(x, 1), (x,))
    assert gradgradcheck(lambda x: getattr(tt, name)(x, 1), (x,))
