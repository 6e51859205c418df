"""Hyperbolic functions are PyTorch's: dtypes, special numbers, complex numbers, gradients, in-place forms, out=."""

import pytest

import tinytorch as tt
from tests.differential import COMPLEXES, DTYPES, SHAPES, SPECIAL, same, same_inplace, same_out, sample, strided

# name -> the interval that numbers are drawn from, inside of which the function is smooth
UNARY = {"sinh": (-2, 2), "cosh": (-2, 2), "tanh": (-2, 2), "asinh": (-2, 2), "acosh": (1.2, 3), "atanh": (-0.9, 0.9)}


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    x = sample((2, 3), dtype, *UNARY[name])
    precision = {"ulp": 16, "grad_ulp": 256} if dtype in COMPLEXES else {}
    same(name, x, node=True, **precision)
    same(f"Tensor.{name}", strided(x), **precision)
    # PyTorch records asinh_, acosh_ and atanh_ but has no derivative for them.
    recorded = {} if name in ("asinh", "acosh", "atanh") else {"node": True}
    same_inplace(name, x, grad=bool(recorded), **recorded, **precision)


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
def test_shapes_special_numbers_and_out(name):
    for shape in SHAPES:
        x = sample(shape, "float64", *UNARY[name])
        same(name, x)
        same_out(name, x, dtypes=("float32", "float16", "int64"))
    same(name, SPECIAL)
    same(name, SPECIAL.astype("float32"))


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
def test_complex_numbers_all_around(name):
    x = sample((40,), "complex128", -3, 3)
    same(name, x, ulp=64, grad_ulp=1024)
    same(name, x.astype("complex64"), ulp=64, grad_ulp=1024)


@pytest.mark.torch
@pytest.mark.parametrize("alias", ["arcsinh", "arccosh", "arctanh"])
def test_aliases(alias):
    x = sample((2, 3), "float64", *UNARY[alias.replace("arc", "a")])
    same(alias, x, node=True)
    same(f"Tensor.{alias}", x)
    same_inplace(alias, x, grad=False)


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
def test_wrong_arguments(name):
    for wrong in (0.5, [0.5], None, "x"):
        same(lambda lib, wrong: getattr(lib, name)(wrong), wrong)
    same_inplace(name, sample((3,), "int64", 1, 2))
    same_inplace(name, sample((3,), "bool"))


@pytest.mark.parametrize("name", ["asinh", "acosh", "atanh"])
def test_inverses_in_place_have_gradients(name):
    low, high = UNARY[name]
    x = tt.tensor([0.6 * low + 0.4 * high, 0.2 * low + 0.8 * high], dtype=tt.float64, requires_grad=True)
    (expected,) = tt.autograd.grad(getattr(tt, name)(x).sum(), x)
    (found,) = tt.autograd.grad(getattr(x.clone(), name + "_")().sum(), x)
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("name", UNARY)
def test_derivatives(name):
    shift = 1 if name == "acosh" else 0
    real = tt.tensor([0.3 + shift, 0.7 + shift, 0.1 + shift], dtype=tt.float64, requires_grad=True)
    complex_ = tt.tensor([0.3 - 0.5j, -0.7 + 0.2j, 0.6 + 0.4j], dtype=tt.complex128, requires_grad=True)
    for x in (real, complex_):
        assert tt.autograd.gradcheck(getattr(tt, name), (x,))
        assert tt.autograd.gradgradcheck(getattr(tt, name), (x,))
