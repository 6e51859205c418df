"""var, std, var_mean, std_mean: all call forms, corrections, dtypes, precision and gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

NAN, INF = float("nan"), float("inf")
METHODS = ("var", "std")
NAMES = (*METHODS, "var_mean", "std_mean")
DIMS = [
    ((2, 3), 0),
    ((2, 3), -1),
    ((2, 3), (0, 1)),
    ((2, 3, 5), (0, -1)),
    ((2, 3, 5), [1]),
    ((2, 3), ()),
    ((2, 3), None),
    ((4, 1), 0),
]
NEAR = {"ulp": 8, "atol": 1e-15}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(2,), (5,), (2, 3), (2, 3, 5)])
def test_of_everything(name, shape):
    same(name, sample(shape), node=True, **NEAR)
    same(name, strided(sample(shape)), correction=0, node=True, **NEAR)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("shape", "dim"), DIMS)
def test_over_dims(name, shape, dim):
    x, near = sample(shape), {**NEAR, "atol": 1e-12, "grad": dim != ()}  # PyTorch's gradient for dim=() is infinite
    same(name, x, dim, node=True, **near)
    same(name, x, dim=dim, keepdim=True, correction=0, **near)
    same(name, strided(x), axis=dim, keepdims=True, **near)
    if dim is not None:
        same(name, x, dim, False, True, **near)
        same(name, x, dim=dim, unbiased=True, **near)


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    x = sample((3, 4))
    same(f"Tensor.{name}", x, **NEAR)
    same(f"Tensor.{name}", x, 1, False, True, **NEAR)
    same(f"Tensor.{name}", x, dim=(0, 1), correction=2, keepdim=True, **NEAR)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "options",
    [
        {"unbiased": False},
        {"unbiased": True},
        {"correction": 0},
        {"correction": 2.5},
        {"correction": None},
        {"dim": None, "unbiased": False},
    ],
    ids=str,
)
def test_corrections(name, options):
    same(name, sample((2, 3)), **options, **NEAR)


@pytest.mark.parametrize("name", NAMES)
def test_unbiased_alone(name):
    same(name, sample((2, 3)), False, **NEAR)
    same(name, sample((2, 3)), True, **NEAR)
    same(name, sample((2, 3)), 1, False, correction=1, message=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((), {}),
        ((1,), {}),
        ((0,), {}),
        ((0, 3), {"dim": 0}),
        ((0, 3), {"dim": 1}),
        ((3, 1), {"dim": 1}),
        ((), {"correction": 0}),
        ((2,), {"correction": 2}),
        ((2,), {"correction": 3}),
        ((0, 3), {"dim": 1, "correction": 0}),
        ((1,), {"correction": 0}),
    ],
)
def test_too_few_numbers(name, shape, options):
    """There is a warning, and it is the same; the results are those that come with it."""
    same(name, sample(shape), second=False, **options)

    def quietly(lib, x):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(lib, name)(x, **options)

    same(quietly, sample(shape), second=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    half = dtype in ("float16", "bfloat16")
    same(name, sample((3, 4), dtype), 0, ulp=16, grad_ulp=512, atol=0 if half else 1e-7, second=not half)
    same(name, sample((3, 4), dtype), ulp=16, grad_ulp=512, atol=0 if half else 1e-7, second=not half)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("x", [[NAN, 1.0, 2.0], [3.0, 3.0, 3.0], [1e8, 1e8 + 1, 1e8 + 2]], ids=str)
def test_unusual_numbers(name, x):
    same(name, np.array(x), second=False)


def test_infinity():
    for name in METHODS:  # the mean beside them is nan in PyTorch, inf here
        same(name, np.array([INF, 1.0, 2.0]), second=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", [2, -3, (0, 0), (0, 5), "a"])
def test_wrong_dims(name, dim):
    same(name, sample(), dim, message=dim != "a")


def test_no_tensor():
    for name in NAMES:
        same(name, 3, message=False)


def test_out():
    for name in METHODS:
        same_out(name, sample((2, 3), "float32"), 1, dtypes=("int64",))


@pytest.mark.parametrize("shape", [(100_003,), (1000, 100)])
@pytest.mark.parametrize("dim", [0, -1])
def test_precision(shape, dim):
    x = (1000 + np.random.default_rng(0).standard_normal(shape)).astype(np.float32)
    same("var_mean", x, dim, ulp=32, grad=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("dim", [None, 0, (0, 1)])
def test_gradients(name, dtype, dim):
    x = tt.tensor(sample((3, 4), dtype), requires_grad=True)
    assert gradcheck(lambda x: getattr(tt, name)(x, dim), (x,))
    assert gradgradcheck(lambda x: getattr(tt, name)(x, dim), (x,))
