"""Truth values and bits are PyTorch's: dtypes, numbers, shifts beyond the width, operators, in-place forms."""

import operator

import numpy as np
import pytest

from tests.differential import BROADCASTS, DTYPES, INTEGERS, SHAPES, same, same_inplace, same_out, sample, strided

pytestmark = pytest.mark.torch

LOGICAL = ["logical_and", "logical_or", "logical_xor"]
BITWISE = ["bitwise_and", "bitwise_or", "bitwise_xor"]
SHIFTS = ["bitwise_left_shift", "bitwise_right_shift"]


@pytest.mark.parametrize("name", LOGICAL + BITWISE + SHIFTS)
@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_pairs_of_dtypes(name, left, right):
    x, y = sample((4, 5), left, 0, 3), sample((4, 5), right, 0, 3, seed=1)
    if np.dtype(x.dtype).kind in "fcV":
        x[0] = 0
    same(name, x, y, second=False)
    if {left, right} <= {*INTEGERS, "bool"} or (name in LOGICAL and x.dtype.kind != "c" != y.dtype.kind):
        same_inplace(name, x, y, grad=False)


@pytest.mark.parametrize("name", BITWISE + SHIFTS + LOGICAL)
@pytest.mark.parametrize("dtype", [*INTEGERS, "bool", "float32"])
def test_numbers(name, dtype):
    x = sample((4, 5), dtype, 0, 9)
    for number in (0, 1, 3, True, False, 1.5, -1):
        if number == -1 and dtype == "uint8" and name in SHIFTS:
            continue
        same(name, x, number, grad=False)
        same(name, number, x, grad=False, message=name not in LOGICAL)


@pytest.mark.parametrize("name", BITWISE + LOGICAL)
@pytest.mark.parametrize(("left", "right"), BROADCASTS)
def test_broadcasting(name, left, right):
    same(name, sample(left, "int64"), sample(right, "int64", seed=1))
    same(name, strided(sample(left, "bool")), strided(sample(right, "bool", seed=1)))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_shifts_by_any_number_of_places(dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    x = np.array([low, high, 0, 1, 5, high // 3], dtype)
    for places in (0, 1, 6, 7, 8, 15, 16, 31, 32, 63, 64, 100, -1):
        for name in SHIFTS:
            if places >= 0 or dtype != "uint8":
                same(name, x, places)
                same(name, x, np.full(6, places).astype(dtype))


@pytest.mark.parametrize("name", ["logical_not", "bitwise_not"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_negations(name, dtype):
    for shape in SHAPES:
        same(name, sample(shape, dtype))
    same_inplace(name, sample((2, 3), dtype), grad=False)


def test_out():
    for name in (*LOGICAL, *BITWISE, *SHIFTS):
        same_out(name, sample((2, 3), "int64", 0, 4), sample((3,), "int64", 0, 4), dtypes=("float32", "bool", "int32"))
    same_out("logical_not", sample((2, 3)), dtypes=("float32", "bool"))
    same_out("bitwise_not", sample((2, 3), "int64"), dtypes=("float32", "bool"))


@pytest.mark.parametrize("function", [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift])
def test_operators(function):
    for x in (sample((2, 3), "int64", 0, 4), sample((2, 3), "bool"), sample((2, 3))):
        for other in (sample((3,), "int64", 0, 4), 1, True, "x", None):
            same(lambda lib, x, y: function(x, y), x, other)
            if not isinstance(other, np.ndarray):
                same(lambda lib, x, y: function(y, x), x, other)


@pytest.mark.parametrize("change", [operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift])
def test_in_place_operators(change):
    for x in (sample((2, 3), "int64", 0, 4), sample((2, 3), "bool")):
        for other in (sample((3,), "int64", 0, 4), 1, True, "x"):
            same(lambda lib, x, y: change(x, y), x, other, unchanged=False)


def test_invert():
    for dtype in DTYPES:
        same(lambda lib, x: ~x, sample((2, 3), dtype))


def test_an_in_place_logical_keeps_the_history():
    same_inplace("logical_and", sample((3,)), sample((3,)), node=True)
    same_inplace("logical_not", sample((3,)), node=True)
