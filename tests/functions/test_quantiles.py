"""quantile and nanquantile: every interpolation, nan, several q, both gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

NAN, INF = float("nan"), float("inf")
NAMES = ("quantile", "nanquantile")
HOW = ("linear", "lower", "higher", "midpoint", "nearest")
MANY = np.array([0.0, 0.2, 0.5, 1.0])
WITH_NAN = np.array([[1.0, NAN, 3, 2], [NAN, NAN, NAN, NAN], [4, 2, INF, 1], [NAN, 5, 6, 1]])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("q", [0, 0.3, 0.5, 1.0])
def test_one(name, how, q):
    for shape in ((), (1,), (7,), (3, 4)):
        same(name, sample(shape), q, interpolation=how)
    same(name, sample((3, 4)), q, 0, interpolation=how)
    same(f"Tensor.{name}", strided(sample((3, 4))), q, dim=1, keepdim=True, interpolation=how)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("shape", "dim"), [((7,), None), ((3, 4), None), ((3, 4), 0), ((3, 4), -1), ((2, 3, 4), 1), ((), 0)]
)
def test_several(name, how, shape, dim):
    for keepdim in (False, True):
        same(name, sample(shape), MANY, dim, keepdim, interpolation=how, second=False)
        same(name, sample(shape), np.array(0.4), dim, keepdim, interpolation=how, second=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", HOW)
def test_nan(name, how):
    for q in (0.4, MANY):
        same(name, WITH_NAN, q, interpolation=how, grad=False)
        same(name, WITH_NAN, q, 1, interpolation=how, grad=False)
        same(name, WITH_NAN, q, 0, interpolation=how, grad=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    same(name, sample((5,), dtype), 0.3, grad_ulp=128)
    same(name, sample((5,), dtype), MANY, grad=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "args",
    [(1.5,), (-0.1,), (np.array([0.5, 2.0]),), (np.array([[0.5]]),), (0.5, 3), ("0.5",), (np.array([NAN]),)],
    ids=str,
)
def test_refuses(name, args):
    message = not isinstance(args[0], str)
    same(name, sample(), *args, grad=False, message=message)
    same(name, sample((0,)), *args, grad=False, message=message)


def test_refuses_an_interpolation():
    same("quantile", sample(), 0.5, interpolation="cubic")


def test_out():
    same_out("quantile", sample(), 0.5, 0, dtypes=("float32",), message=False)  # another function's error in PyTorch


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", HOW)
def test_gradients(name, how):
    x, q = (tt.tensor(array, requires_grad=True) for array in (sample((3, 4)), np.array([0.15, 0.6])))
    inputs = (x, q) if how == "linear" else (x,)

    def function(x, q=None):
        return getattr(tt, name)(x, tt.tensor([0.15, 0.6], dtype=tt.float64) if q is None else q, 1, interpolation=how)

    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs)
