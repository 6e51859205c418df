"""Trigonometric functions are PyTorch's: dtypes, special numbers, complex numbers, gradients, in-place forms, out=."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import (
    BROADCASTS,
    COMPLEXES,
    DTYPES,
    INTEGERS,
    SHAPES,
    SPECIAL,
    same,
    same_inplace,
    same_out,
    sample,
    strided,
)

# name -> the interval that numbers are drawn from, inside of which the function is smooth
UNARY = {
    "sin": (-2, 2), "cos": (-2, 2), "tan": (-1, 1), "asin": (-0.9, 0.9), "acos": (-0.9, 0.9), "atan": (-2, 2),
    "sinc": (0.5, 2), "deg2rad": (-90, 90), "rad2deg": (-2, 2),
}  # fmt: skip
BINARY = ("atan2", "hypot")
REAL = ("deg2rad", "rad2deg")


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    x = sample((2, 3), dtype, *UNARY[name])
    precision = {"ulp": 16, "grad_ulp": 256} if dtype in COMPLEXES else {}
    same(name, x, node=True, **precision)
    same(f"Tensor.{name}", strided(x), **precision)
    same_inplace(name, x, node=True, **precision)


@pytest.mark.torch
@pytest.mark.parametrize("name", UNARY)
def test_shapes_special_numbers_and_out(name):
    for shape in SHAPES:
        x = sample(shape, "float64", *UNARY[name])
        same(name, x)
        same_out(name, x, dtypes=("float32", "float16", "int64"))
    # Near 0 the second derivative of sinc is lost to cancellation, in PyTorch too.
    same(name, SPECIAL, second=name != "sinc")
    same(name, SPECIAL.astype("float32"), second=name != "sinc")


@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name in UNARY if name not in REAL])
def test_complex_numbers_all_around(name):
    x = sample((40,), "complex128", -3, 3)
    same(name, x, ulp=64, grad_ulp=1024)
    same(name, x.astype("complex64"), ulp=64, grad_ulp=1024)


@pytest.mark.torch
@pytest.mark.parametrize("alias", ["arcsin", "arccos", "arctan", "arctan2"])
def test_aliases(alias):
    x = (sample((2, 3), low=-0.9, high=0.9),) * (2 if alias == "arctan2" else 1)
    same(alias, *x, node=True)
    same(f"Tensor.{alias}", *x)
    same_inplace(alias, *x)


@pytest.mark.torch
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("left", DTYPES)
def test_pairs_of_dtypes(name, left):
    for right in DTYPES:
        x, y = sample((2, 3), left, 1, 3), sample((2, 3), right, 1, 3, seed=1)
        # PyTorch computes -x of the input itself: that fails for bools, and wraps around for uint8. And where a bool is
        # 0 the slopes of half precision are too small to be told from rounding.
        same(name, x, y, node=True, grad=left not in ("uint8", "bool") and right not in ("uint8", "bool"))
    same_inplace(name, x, x)


@pytest.mark.torch
@pytest.mark.parametrize("name", BINARY)
def test_broadcasting_special_numbers_and_out(name):
    for left, right in BROADCASTS:
        same(name, sample(left), sample(right, seed=1))
        same(name, strided(sample(left)), strided(sample(right, seed=1)))
    same(name, *np.meshgrid(SPECIAL, SPECIAL), second=False)
    same_out(name, sample((2, 3)), sample((3,)), dtypes=("float32", "int64"))
    same_inplace(name, sample((2, 3)), sample((3,)))
    same_inplace(name, sample((3,)), sample((2, 3)))


@pytest.mark.torch
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_wrong_arguments(name):
    for wrong in (0.5, [0.5], None, "x"):
        same(lambda lib, wrong: getattr(lib, name)(wrong), wrong)
        same(lambda lib, x, wrong: getattr(lib, name)(x, wrong), sample(), wrong, message=name in BINARY)
    if name in BINARY:
        same(name, sample((2,)), sample((3,)))
        same(name, sample((2,)))
        same(f"Tensor.{name}", sample((2,)), 1)
    same_inplace(name, np.ones(3, INTEGERS[-1]), *([np.ones(3)] if name in BINARY else []))


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
@pytest.mark.parametrize("dtype", [tt.float64, tt.complex128])
def test_derivatives(name, dtype):
    if dtype is tt.complex128 and name in (*REAL, *BINARY):
        return
    numbers = [0.3, -0.7, 0.6] if dtype is tt.float64 else [0.3 - 0.5j, -0.7 + 0.2j, 0.6 + 0.4j]
    inputs = [tt.tensor(numbers, dtype=dtype, requires_grad=True)]
    if name in BINARY:
        inputs.append(tt.tensor([0.5, 0.8, -0.4], dtype=dtype, requires_grad=True))
    assert tt.autograd.gradcheck(getattr(tt, name), inputs)
    assert tt.autograd.gradgradcheck(getattr(tt, name), inputs)


def test_the_angle_at_the_origin_has_no_slope():
    y, x = (tt.zeros(2, requires_grad=True) for _ in range(2))
    tt.atan2(y, x).sum().backward()
    assert y.grad.tolist() == x.grad.tolist() == [0, 0]
