"""layer_norm, native_layer_norm, rms_norm: PyTorch's values, statistics, both gradients and errors."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

CASES = [((4,), (4,)), ((1, 1), (1,)), ((3, 5), (5,)), ((3, 5), (3, 5)), ((2, 3, 5), (3, 5)), ((2, 3, 40), (40,))]
cases = pytest.mark.parametrize(("shape", "row"), CASES)
PARAMETERS = [(True, True), (True, False), (False, True), (False, False)]


def given(row, dtype="float64", weight=True, bias=True):
    """weight and bias of a row, or None"""
    return [sample(row, dtype, seed=seed) if there else None for seed, there in ((1, weight), (2, bias))]


@cases
@pytest.mark.parametrize(("weight", "bias"), PARAMETERS)
def test_layer_norm(shape, row, weight, bias):
    # the second gradient of a row of one number is 0, by cancellation
    arguments = given(row, weight=weight, bias=bias)
    same("layer_norm", sample(shape), row, *arguments, node=True, atol=1e-13, grad_ulp=512)
    same("nn.functional.layer_norm", strided(sample(shape)), list(row), *arguments, eps=0.1, atol=1e-13, grad_ulp=512)


@pytest.mark.parametrize(("weight", "bias"), PARAMETERS)
def test_native_layer_norm(weight, bias):
    arguments = given((3, 5), weight=weight, bias=bias)
    same("native_layer_norm", sample((2, 3, 5)), (3, 5), *arguments, 1e-5, grad=False, atol=1e-14)
    x = tt.ones(2, 3, requires_grad=True)
    y, mean, rstd = tt.native_layer_norm(x, (3,), None, None, 1e-5)
    assert (y.requires_grad, mean.requires_grad, rstd.requires_grad) == (True, False, False)
    assert y.grad_fn.name() == "NativeLayerNormBackward0"
    assert y.grad_fn._saved_normalized_shape == (3,)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weight", [True, False])
def test_dtypes(dtype, weight):
    single = "float16" if dtype == "float16" else dtype
    arguments = given((5,), single, weight, weight)
    same("layer_norm", sample((3, 5), dtype), (5,), *arguments, second=False, atol=1e-2 if "16" in dtype else 1e-6)
    same("rms_norm", sample((3, 5), dtype), (5,), arguments[0], second=False, atol=1e-2 if "16" in dtype else 1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("other", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(("weight", "bias"), PARAMETERS[:3])
def test_weights_of_another_dtype(dtype, other, weight, bias):
    arguments = given((5,), other, weight, bias)
    atol = 1e-2 if "16" in dtype else 1e-6
    # PyTorch's backward fails for a bias of float32 alone
    grad = weight or dtype == other
    same("layer_norm", sample((3, 5), dtype), (5,), *arguments, grad=grad, second=False, atol=atol)
    same("native_layer_norm", sample((3, 5), dtype), (5,), *arguments, 1e-5, grad=False, atol=1e-2)


@pytest.mark.parametrize("shape, row", [((0, 4), (4,)), ((3, 0), (0,)), ((0,), (0,))])
def test_of_nothing(shape, row):
    same("native_layer_norm", sample(shape), row, *given(row), 1e-5, grad=False)
    same("layer_norm", sample(shape), row, *given(row), second=False)
    same("rms_norm", sample(shape), row, second=False)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_odd_numbers_stay_in_their_row(special):
    x = sample((3, 40), "float32")
    x[1, 7] = special
    same("layer_norm", x, (40,), grad=False, atol=1e-6)


def test_large_means_cost_no_digits():
    """The variance is that of the differences from the mean, not a difference of squares."""
    x = (1e4 + sample((3, 4000), "float32")).astype(np.float32)
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(1, keepdims=True)) / np.sqrt(exact.var(1, keepdims=True) + 1e-5)
    found = tt.nn.functional.layer_norm(tt.from_numpy(x), (4000,))
    np.testing.assert_allclose(found.numpy(), exact, atol=2e-3)  # the mean itself is rounded to 1e-3 / 2


@pytest.mark.parametrize("shape, row", [((3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,))])
@pytest.mark.parametrize(("weight", "bias"), PARAMETERS)
def test_gradcheck(shape, row, weight, bias):
    x, *arguments = [
        None if each is None else tt.tensor(each, requires_grad=True)
        for each in (sample(shape), *given(row, weight=weight, bias=bias))
    ]
    assert gradcheck(lambda x, w, b: tt.layer_norm(x, row, w, b), (x, *arguments))
    assert gradgradcheck(lambda x, w, b: tt.layer_norm(x, row, w, b), (x, *arguments))


@pytest.mark.parametrize("shape, row", [((3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,))])
@pytest.mark.parametrize("eps", [None, 0.1])
def test_rms_norm(shape, row, eps):
    weight = given(row)[0]
    same("rms_norm", sample(shape), row, node=True, atol=1e-14, grad_ulp=512)
    same("nn.functional.rms_norm", strided(sample(shape)), row, weight, eps, node=True, atol=1e-13, grad_ulp=512)


ERRORS = [
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3), 3),
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3), "3"),
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3), (3.0,)),
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3), ()),
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3), (2,)),
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3), (5, 2, 3)),
    lambda lib, name: getattr(lib, name)(lib.tensor(1.0), (1,)),
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3), (3,), lib.ones(2)),
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3), (3,), 1.0),
    lambda lib, name: getattr(lib, name)([1.0], (1,)),
    lambda lib, name: getattr(lib, name)(lib.ones(2, 3).long(), (3,)),
]


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
@pytest.mark.parametrize("call", ERRORS)
def test_errors(name, call):
    same(lambda lib: call(lib, name))


def test_more_errors():
    same(lambda lib: lib.layer_norm(lib.ones(2, 3).double(), (3,), lib.ones(3).double(), lib.ones(3)))
    same(lambda lib: lib.layer_norm(lib.ones(2, 3), (3,), lib.ones(3), lib.ones(1, 3)))
    same(lambda lib: lib.layer_norm(lib.ones(2, 3), (3,), eps="small"))
