"""copysign, nextafter, ldexp, frexp and nan_to_num are PyTorch's: special numbers, dtypes, gradients."""

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
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

PAIRS = ("copysign", "nextafter", "ldexp")
# The second derivative of copysign is 0, which PyTorch computes as the difference of two equal numbers.
ROUNDED = {"copysign": {"second": False}}
GRID = np.meshgrid(SPECIAL, SPECIAL)

# ---- copysign, nextafter, ldexp --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_shapes_of_pairs(name):
    for left, right in BROADCASTS:
        same(name, sample(left), sample(right, seed=1), node=True, **ROUNDED.get(name, {}))
        same(f"Tensor.{name}", strided(sample(left)), strided(sample(right, seed=1)), **ROUNDED.get(name, {}))
    same_inplace(name, sample((2, 3)), sample((3,), seed=1), node=True, **ROUNDED.get(name, {}))
    same(name, sample((2, 3)), sample((2, 4)))
    for other in (None, "x"):
        same(name, sample((2, 3)), other)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_dtypes_of_pairs(name, left, right):
    if {"float16", "bfloat16"} & {left, right} and {*COMPLEXES} & {left, right}:
        return
    x, y = sample((2, 3), left, -3, 3), sample((2, 3), right, -3, 3, seed=1)
    if name == "ldexp":  # PyTorch's gradient has the precision of the exponent, and 2^-1 is 0 in integers
        if {left, right} <= {"float64", "int64"}:
            same(name, x, abs(y), node=True)
        if not {*COMPLEXES} & {left, right} or left == right:
            same(name, x, y, node=True, grad=False)
    else:
        same(name, x, y, node=True, **ROUNDED.get(name, {}))
        same(name, x, np.array(y[0, 0]), grad=False)


def test_special_numbers():
    for dtype in ("float32", "float64"):
        x, y = (each.astype(dtype) for each in GRID)
        same("copysign", x, y, second=False)
        same("nextafter", x, y)
        same(lambda lib, x, y: lib.signbit(lib.copysign(x, y)), x, y, grad=False)
    same("nextafter", np.array([0.0, -0.0, 1.0], "float16"), np.array([1.0, -1.0, np.inf], "float16"))
    same("ldexp", SPECIAL, np.array([0, 1, -1, 5, -2000, 2000, 3, -3, 2, 1, 1, 1, 1, 1]), grad=False)
    same("ldexp", np.array([1e-30, 1.0, 1e30], "float32"), np.array([200, 200, -200]), grad=False)


@pytest.mark.parametrize("sign", [1, -1, 0.0, -0.0, -2.5, True])
@pytest.mark.parametrize("dtype", [d for d in DTYPES if d not in COMPLEXES])
def test_the_sign_of_a_number(sign, dtype):
    same("copysign", sample((2, 3), dtype), sign, node=True, second=False)
    if dtype in FLOATS:
        same_inplace("copysign", sample((2, 3), dtype), sign, second=False)


def test_pairs_into_out():
    same_out("copysign", sample((2, 3)), sample((3,)), dtypes=("float32", "int64"))
    same_out("nextafter", sample((2, 3)), sample((3,)), dtypes=("float32", "int64"))
    same_out("ldexp", sample((2, 3)), sample((3,)))
    for dtype in INTEGERS:
        same_inplace("ldexp", sample((3,), dtype), sample((3,), dtype))


@pytest.mark.parametrize("name", ["copysign", "ldexp"])
def test_numeric_gradients(name):
    x, y = (tt.tensor(sample((2, 3), low=0.5, seed=i), requires_grad=True) for i in range(2))
    assert gradcheck(getattr(tt, name), (x, y))
    assert gradgradcheck(getattr(tt, name), (x, y))


# ---- frexp -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_frexp(dtype):
    same("frexp", sample((2, 3), dtype, -9, 9), node=True)
    same("Tensor.frexp", strided(sample((2, 3), dtype, -9, 9)))


def test_frexp_of_special_numbers():
    for dtype in ("float32", "float64"):
        same("frexp", SPECIAL.astype(dtype), grad=False)
    for shape in SHAPES:
        same("frexp", sample(shape))
    same_out("frexp", sample((2, 3)))
    x = np.array([3.0])
    same("frexp", x, out=(np.zeros(1, "float32"), np.zeros(1, "int32")))


# ---- nan_to_num ------------------------------------------------------------------------------------------------------

REPLACEMENTS = ((), (1.0,), (1.0, 2.0, 3.0), (1, None, -3), (0.5, -1.0), (1e300, 1e300, -1e300))


@pytest.mark.parametrize("replacements", REPLACEMENTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_to_num(replacements, dtype):
    if dtype in INTEGERS or dtype == "bool":
        same("nan_to_num", sample((2, 3), dtype), *replacements)
        return
    with np.errstate(all="ignore"):
        x = SPECIAL.astype(sample((), dtype).dtype)
    same("nan_to_num", x, *replacements, node=True)
    same("Tensor.nan_to_num", x, **dict(zip(("nan", "posinf", "neginf"), replacements)))
    same_inplace("nan_to_num", x, *replacements, grad=dtype not in COMPLEXES)


def test_nan_to_num_arguments():
    x = np.array([np.nan, 1.0])
    for wrong in ("a", 1j, [1]):
        same("nan_to_num", x, nan=wrong)
        same("nan_to_num", x, posinf=wrong)
    same_out("nan_to_num", x, dtypes=("float32",))
    same("nan_to_num", np.array([complex(np.nan, np.inf), complex(-np.inf, 2)]), second=False)
    for shape in SHAPES:
        same("nan_to_num", sample(shape))
