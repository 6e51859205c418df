"""Division with a remainder is PyTorch's: signs, zero divisors, integers of all widths, numbers, operators."""

import operator

import numpy as np
import pytest

from tests.differential import (
    BROADCASTS,
    COMPLEXES,
    DTYPES,
    INTEGERS,
    SPECIAL,
    same,
    same_inplace,
    same_out,
    sample,
    strided,
)

pytestmark = pytest.mark.torch

NAMES = ["floor_divide", "remainder", "fmod"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("left", "right"), BROADCASTS)
def test_broadcasting(name, left, right):
    x, y = sample(left, low=-9, high=9), sample(right, low=0.5, high=3, seed=1)
    same(name, x, y, grad=name != "floor_divide", node=True)
    same(name, strided(x), -strided(y), grad=name != "floor_divide")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_pairs_of_dtypes(name, left, right):
    if "float16" in (left, right) and {left, right} & {*COMPLEXES}:
        return  # complex32 in PyTorch
    x, y = sample((2, 3), left, -9, 9), sample((2, 3), right, 1, 4, seed=1)
    same(name, x, y, grad=name != "floor_divide")
    same(name, x, np.array(y[0, 0]), grad=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers(name, dtype):
    x = sample((2, 3), dtype, 1, 9)
    for number in (2, 2.5, -3, 0.3, True, 0, 0.0):
        same(name, x, number, grad=name != "floor_divide", node=True)
        if dtype != "bool" or number != 0:  # which of the two errors comes first?
            same_inplace(name, x, number, grad=name != "floor_divide")
        if name != "fmod":
            same(name, number, x, grad=False)


@pytest.mark.parametrize("mode", ["floor", "trunc", "round"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_rounded_div(mode, dtype):
    x, y = sample((2, 3), dtype, -9, 9), sample((2, 3), dtype, 1, 4, seed=1)
    for other in (y, 2, 2.5, -3, 0.3):
        same("div", x, other, rounding_mode=mode, node=True)
        same_inplace("div", x, other, rounding_mode=mode)
    if dtype in ("float64", "int64") and mode != "round":
        same_out("div", x, y, rounding_mode=mode, dtypes=("float32", "int64"))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_all_signs_and_zero(dtype):
    low = 0 if dtype == "uint8" else -8
    x, y = (grid.astype(dtype) for grid in np.meshgrid(np.arange(low, 9), np.arange(low, 9)))
    nonzero = y != 0
    for name in NAMES:
        same(name, x[nonzero], y[nonzero])
        same(name, x, y)
    for mode in ("floor", "trunc"):
        same("div", x[nonzero], y[nonzero], rounding_mode=mode)
        same("div", x, y, rounding_mode=mode)
    for name in ("gcd", "lcm"):
        same(name, x, y)
        same_inplace(name, x, y)
        same_out(name, x, y, dtypes=("int64", "float32", "bool"))


def test_special_numbers():
    x, y = np.meshgrid(SPECIAL, SPECIAL)
    for name in NAMES:
        same(name, x, y, grad=False)
    for mode in ("floor", "trunc"):
        same("div", x, y, rounding_mode=mode)


def test_gcd_and_lcm_refuse():
    for name in ("gcd", "lcm"):
        for dtype in ("float32", "bool", "complex64"):
            same(name, sample((3,), dtype), sample((3,), dtype))
        same(f"Tensor.{name}", sample((3,), "int64"), 2)


@pytest.mark.parametrize("function", [operator.floordiv, operator.mod, divmod])
def test_operators(function):
    for other in (sample((3,), low=0.5), 2, 2.5, "x", None):
        for x in (sample((2, 3), low=0.5), sample((2, 3), "int64", 1, 4)):
            same(lambda lib, x, y: function(x, y), x, other, grad=False)
            if not isinstance(other, (str, np.ndarray)):  # a string is formatted by %
                same(lambda lib, x, y: function(y, x), x, other, grad=False)
    for change in (operator.ifloordiv, operator.imod):
        same(lambda lib, x, change=change: change(x.clone(), 2), sample((2, 3), low=0.5), grad=False)


@pytest.mark.parametrize("name", NAMES)
def test_out(name):
    # PyTorch's message speaks of aten::floor_divide.
    dtypes = ("float32", "int64")
    same_out(name, sample((2, 3), low=-9), sample((3,), low=0.5), dtypes=dtypes, message=name != "floor_divide")


def test_what_pytorch_cannot_differentiate():
    for call in (lambda lib, x: (x // 2).sum().backward(), lambda lib, x: (5 % x).sum().backward()):
        same(lambda lib, x, call=call: call(lib, x.detach().requires_grad_()), sample((3,)), grad=False)
