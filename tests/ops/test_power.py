"""Powers and roots are PyTorch's: special exponents, integers, zero bases, numbers on either side, in-place forms."""

import operator

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import (
    BROADCASTS,
    COMPLEXES,
    DTYPES,
    FLOATS,
    INTEGERS,
    SHAPES,
    SPECIAL,
    same,
    same_inplace,
    same_out,
    sample,
    strided,
)

pytestmark = pytest.mark.torch

EXPONENTS = (0, 1, 2, 3, 4, -1, -2, -3, 0.5, -0.5, 2.0, 3.0, 2.5, -1.5, 0.3, True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_a_number_as_exponent(dtype, exponent):
    x = sample((2, 3), dtype, 0.5, 2) if dtype in FLOATS + COMPLEXES else sample((2, 3), dtype, 0, 4)
    same(operator_on(exponent), x, node=True, grad_ulp=256)
    same("pow", np.array(x[0, 0]), exponent, node=True, grad_ulp=256)
    same_inplace("pow", x, exponent, grad_ulp=256)


def operator_on(exponent):
    return lambda lib, x: x**exponent


@pytest.mark.parametrize("exponent", [1 + 2j, 2j])
def test_a_complex_exponent(exponent):
    for dtype in ("float32", "float64", "complex64", "complex128", "int64"):
        same("pow", sample((2, 3), dtype, 1, 2), exponent, ulp=16, grad_ulp=512)
        same("pow", exponent, sample((2, 3), dtype, 1, 2), ulp=16, grad_ulp=512)


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_special_bases(exponent):
    same("pow", SPECIAL, exponent)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("base", [0, 1, -1, 2, 0.0, 0.5, 2.5, -1.5, True])
def test_a_number_as_base(dtype, base):
    x = sample((2, 3), dtype, -2, 2) if dtype in FLOATS + COMPLEXES else sample((2, 3), dtype, 0, 4)
    if base is True and dtype in FLOATS + COMPLEXES:
        return  # an internal assertion of PyTorch's backward fails
    if base == 0 and dtype in COMPLEXES:
        return  # inf or nan, as the C library likes
    same(lambda lib, x: base**x, x, node=True, ulp=16, grad_ulp=256)


@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_pairs_of_dtypes(left, right):
    if {"float16", "bfloat16"} & {left, right} and {*COMPLEXES} & {left, right}:
        return
    if right == "bool" and left in FLOATS + COMPLEXES:
        return  # PyTorch's backward subtracts from a bool tensor and fails
    x, y = sample((2, 3), left, 1, 3), sample((2, 3), right, 1, 3, seed=1)
    x[x == 0] = y[y == 0] = 1  # there PyTorch's gradients depend on how 0 - 1 wraps around
    # The logarithm of an integer has single precision in PyTorch.
    precision = {"atol": 1e-5} if left in (*INTEGERS, "bool") else {"grad_ulp": 256}
    same("pow", x, y, node=True, ulp=16, **precision)


@pytest.mark.parametrize(("left", "right"), BROADCASTS)
def test_broadcasting(left, right):
    same("pow", sample(left, low=0.5), sample(right, seed=1), node=True, grad_ulp=256)
    same("pow", strided(sample(left, low=0.5)), strided(sample(right, seed=1)), grad_ulp=256)


def test_pairs_of_special_numbers():
    x, y = np.meshgrid(SPECIAL[np.abs(SPECIAL) != 1e30], SPECIAL)
    same("pow", x, y, second=False, ulp=16)


def test_integers():
    for dtype in INTEGERS:
        base = np.array([0, 1, 2, 3, 5, 11], dtype)
        same("pow", base, np.array([0, 3, 7, 2, 9, 40], dtype))
        same("pow", base, 9)
        if dtype != "uint8":
            same("pow", -base, np.array([-1, -3, -2, 2, -1, 1], dtype))
            same("pow", np.array([-1, -1, 1], dtype), np.array([-3, -2, -1], dtype))
        same("pow", base, -1)
        same("pow", base, 1.5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_float_power(dtype):
    x = sample((2, 3), dtype, 1, 3)
    for exponent in (2, 0.5, -1, 1j, sample((3,), dtype, 1, 3, seed=1)):
        same("float_power", x, exponent, grad_ulp=256)
        same_inplace("float_power", x, exponent, grad_ulp=256)
    same("float_power", 2.5, x, grad_ulp=256)


@pytest.mark.parametrize("name", ["sqrt", "rsqrt", "square"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_roots_and_squares(name, dtype):
    x = sample((2, 3), dtype, 0.5, 3)
    same(name, x, node=True)
    same(f"Tensor.{name}", strided(x))
    same_inplace(name, x, node=True)


@pytest.mark.parametrize("name", ["sqrt", "rsqrt", "square"])
def test_roots_and_squares_of_all_shapes(name):
    for shape in SHAPES:
        same(name, sample(shape, low=0.5))
        # PyTorch's message for square speaks of pow.
        same_out(name, sample(shape, low=0.5), dtypes=("float32", "int64"), message=name != "square")
    same(name, SPECIAL)


def test_out_and_operators():
    same_out("pow", sample((2, 3)), 2, dtypes=("float32", "int64"))
    same_out("pow", sample((2, 3), low=0.5), sample((3,)), dtypes=("float32", "int64"))
    for exponent in (2, 0.5, sample((3,)), "x", None):
        same(lambda lib, x, y: operator.ipow(x.clone(), y), sample((2, 3), low=0.5), exponent, grad_ulp=256)
        same(lambda lib, x, y: x**y, sample((2, 3), low=0.5), exponent, grad_ulp=256)
    same(lambda lib, x: "x" ** x, sample((2, 3)))


def test_a_square_saves_one_tensor():
    x = tt.tensor([1.0, 2.0], requires_grad=True)
    assert [saved is x for saved in (x**2).grad_fn._saved] == [True]
