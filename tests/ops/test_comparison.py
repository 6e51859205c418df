"""Comparisons are PyTorch's: dtypes meet first, foreign things are unequal, in-place forms cut gradients."""

import operator

import numpy as np
import pytest

from tests.differential import (
    BROADCASTS,
    COMPLEXES,
    DTYPES,
    SHAPES,
    SPECIAL,
    same,
    same_inplace,
    same_out,
    sample,
    strided,
)

pytestmark = pytest.mark.torch

PAIRS = ["eq", "ne", "lt", "le", "gt", "ge"]
ALIASES = ["not_equal", "less", "less_equal", "greater", "greater_equal"]
QUESTIONS = ["isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "signbit"]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_pairs_of_dtypes(name, left, right):
    if "float16" in (left, right) and {left, right} & {*COMPLEXES}:
        return  # complex32 in PyTorch
    x, y = sample((4, 5), left, -3, 3), sample((4, 5), right, -3, 3, seed=1)
    same(name, x, y, second=False)
    same(name, x, np.array(y[0, 0]), grad=False)


@pytest.mark.parametrize("name", PAIRS + ALIASES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_and_in_place_forms(name, dtype):
    x = sample((4, 5), dtype, -3, 3)
    for number in (1, 0.5, -1, True, 2.0):
        same(name, x, number)
    same(f"Tensor.{name}", x, x.copy())
    same_inplace(name, x, 1, node=True)
    same_inplace(name, x, sample((5,), dtype, -3, 3), node=True)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(("left", "right"), BROADCASTS)
def test_broadcasting(name, left, right):
    same(name, sample(left, "int64"), sample(right, "int64", seed=1))
    same(name, strided(sample(left)), strided(sample(right, seed=1)))


@pytest.mark.parametrize("name", PAIRS)
def test_special_numbers_and_out(name):
    x, y = np.meshgrid(SPECIAL, SPECIAL)
    same(name, x, y)
    same(name, SPECIAL, float("nan"))
    same_out(name, sample((2, 3)), sample((3,)), dtypes=("bool", "int64", "float32", "complex64"))


@pytest.mark.parametrize("function", [getattr(operator, name) for name in PAIRS])
def test_operators(function):
    for x in (sample((2, 3)), sample((2, 3), "int64")):
        for other in (1, 0.5, "x", None, [1, 2], (1, 2), object):
            same(lambda lib, x, y=other: function(x, y), x, message=False)
            same(lambda lib, x, y=other: function(y, x), x, message=False)
        same(lambda lib, x, y: function(x, y), x, sample((3,)))


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_questions(name, dtype):
    x = sample((2, 3), dtype)
    if dtype in ("float16", "bfloat16", "float32", "float64"):
        same(name, SPECIAL.clip(-1e4, 1e4).astype(x.dtype))
    if dtype in COMPLEXES:
        x[0] = [np.nan + 1j, complex(0, np.inf), complex(-np.inf, 0)]
    same(name, x)
    same(f"Tensor.{name}", strided(x))


@pytest.mark.parametrize("name", QUESTIONS)
def test_questions_of_all_shapes(name):
    for shape in SHAPES:
        same(name, sample(shape))
    if name in ("isposinf", "isneginf", "signbit"):
        same_out(name, sample((2, 3)), dtypes=("bool", "float32", "int64"))
