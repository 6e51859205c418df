"""histc, histogram, bincount: counts, edges, weights and errors as PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, sample, strided  # noqa: E402

NAN, INF = float("nan"), float("inf")
EDGES = np.array([-1.0, 0, 0.5, 2])


# ---- histc -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bins": 4},
        {"bins": 3, "min": -1},
        {"bins": 5, "min": -1, "max": 1},
        {"min": 2, "max": 2},
        {"min": 1.5, "max": -1},
        {"bins": 0},
        {"bins": -3},
        {"min": -INF, "max": 1},
        {"max": NAN},
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", [(), (7,), (3, 4), (0,)])
def test_histc(shape, options):
    same("histc", sample(shape), grad=False, **options)
    same("Tensor.histc", strided(sample(shape, "float32")), grad=False, **options)


def test_histc_by_position():
    same("histc", sample((20,)), 4, -1, 1, grad=False)
    same("histc", np.array([1.0, 1, 1]), 4, grad=False)
    same("histc", np.array([1.0, NAN, 2]), 4, 0, 3, grad=False)
    same("histc", np.array([1.0, NAN, 2]), 4, grad=False, message=False)  # PyTorch's tells the sign of the nan
    same("histc", np.linspace(0, 1, 101), 10, 0, 1, grad=False)
    same("histc", np.linspace(0, 1, 101, dtype=np.float32), 10, 0, 1, grad=False)


@pytest.mark.parametrize("dtype", DTYPES)
def test_histc_dtypes(dtype):
    same("histc", sample((9,), dtype, 0, 3), 3, 0, 3, grad=False)


def test_histc_out():
    for dtype in (np.float32, np.float64):
        out = np.zeros(3, dtype)
        same(lambda lib, x, out: lib.histc(x, 3, out=out), sample((9,), "float32"), out, grad=False, unchanged=False)


def test_nothing_has_a_gradient():
    x = tt.tensor(sample((4,)), requires_grad=True)
    assert not tt.histogram(x, 3).hist.requires_grad


# ---- histogram -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("density", [False, True])
@pytest.mark.parametrize("bins", [1, 4, 7, EDGES, EDGES[:1], EDGES[None]], ids=str)
def test_histogram(bins, density):
    for shape in ((7,), (3, 4)):
        same("histogram", sample(shape), bins, density=density, grad=False, ulp=32)
        same("histogram", sample(shape), bins, weight=sample(shape, seed=1), density=density, grad=False, ulp=32)


@pytest.mark.parametrize(
    "options",
    [
        {"range": (-1.0, 1.0)},
        {"range": (1.0, 1.0)},
        {"range": (1.0, 0.0)},
        {"range": (0.0, INF)},
        {"weight": np.ones(3)},
    ],
    ids=str,
)
def test_histogram_options(options):
    same("histogram", sample((7,)), 4, grad=False, **options)
    same("Tensor.histogram", sample((7,), "float32"), bins=4, grad=False, **options)


@pytest.mark.parametrize("dtype", DTYPES)
def test_histogram_dtypes(dtype):
    same("histogram", sample((5,), dtype), 3, grad=False)
    same("histogram", sample((5,)), sample((4,), dtype), grad=False)


def test_histogram_refuses():
    for bins in (0, -1):
        same("histogram", sample((5,)), bins, grad=False)
    same("histogram", sample((0,)), 3, grad=False)
    same("histogram", np.array([1.0, NAN]), 3, grad=False)
    same("histogram", np.ones(3), 4, grad=False)
    same("histogram", sample((5,)), np.ones(0), grad=False)


def test_the_named_tuple():
    assert repr(tt.histogram(tt.tensor([1.0, 2.0]), 2)) == repr(torch.histogram(torch.tensor([1.0, 2.0]), 2))


# ---- bincount --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "float32", "bool", "complex64"])
def test_bincount(dtype):
    x = np.array([0, 3, 1, 3]).astype(dtype)
    same("bincount", x, grad=False)
    same("bincount", x, minlength=6, grad=False)
    same("Tensor.bincount", strided(x), np.array([0.5, 1, 2, 4]), grad=False)


@pytest.mark.parametrize("weights", ["float32", "float64", "float16", "int32", "bool"])
def test_bincount_weights(weights):
    same("bincount", np.array([0, 3, 1, 3]), sample((4,), weights), grad=False)


@pytest.mark.parametrize(
    "args",
    [
        (np.array([[1]]),),
        (np.array([-1]),),
        (np.array([1]), np.ones(2)),
        (np.array([], int),),
        (np.array(1),),
        (np.array([1]), None, -1),
        (np.array([], int), None, 3),
        (np.array([1]), np.ones((1, 1))),
    ],
    ids=str,
)
def test_bincount_refuses(args):
    same("bincount", *args, grad=False)


def test_bincount_has_no_derivative():
    with pytest.raises(RuntimeError, match="derivative for aten::bincount is not implemented"):
        tt.bincount(tt.tensor([1]), tt.ones(1, requires_grad=True)).sum().backward()
