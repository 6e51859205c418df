"""Products of matrices and vectors are PyTorch's: dtypes, empty sides, layouts, batches, errors, gradients."""

import itertools

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import COMPLEXES, DTYPES, same, same_out, sample, strided
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

SHAPES = {
    "mm": [((2, 3), (3, 4)), ((1, 1), (1, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0))],
    "bmm": [((2, 3, 4), (2, 4, 5)), ((0, 3, 4), (0, 4, 5)), ((2, 3, 0), (2, 0, 5)), ((1, 1, 1), (1, 1, 1))],
    "mv": [((2, 3), (3,)), ((0, 3), (3,)), ((2, 0), (0,)), ((1, 1), (1,))],
    "dot": [((3,), (3,)), ((0,), (0,)), ((1,), (1,))],
    "vdot": [((3,), (3,)), ((0,), (0,))],
    "outer": [((3,), (4,)), ((0,), (4,)), ((3,), (0,))],
    "ger": [((3,), (4,))],
    "matmul": [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)),
        ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)), ((0, 2, 3), (3, 4)), ((5, 2, 0), (0, 4)), ((2, 0, 2, 3), (3, 0)), ((0,), (0, 3)),
    ],
}  # fmt: skip
CASES = [(name, *shapes) for name, pairs in SHAPES.items() for shapes in pairs]
FIRST = [(name, *pairs[0]) for name, pairs in SHAPES.items()] + [
    ("matmul", (5, 2, 3), (3, 4)),
    ("matmul", (3,), (3, 4)),
]
SUMS = {"atol": 1e-6, "ulp": 16}  # what cancels in a sum has few exact digits


@pytest.mark.parametrize(("name", "left", "right"), CASES)
def test_shapes_and_layouts(name, left, right):
    x, y = sample(left), sample(right, seed=1)
    # PyTorch multiplies a matrix by a batch as one product, transposed.
    same(name, x, y, node=(len(left), len(right)) != (2, 3) and left != (1, 2, 3), **SUMS)
    same(f"Tensor.{name}", strided(x), strided(y), **SUMS)
    same(name, np.asfortranarray(x), np.asfortranarray(y), **SUMS)
    same(name, x.astype("complex128") * 1j, y.astype("complex128"), **SUMS)


@pytest.mark.parametrize(("name", "left", "right"), FIRST)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, left, right, dtype):
    half = {"atol": 0.02} if dtype in ("float16", "bfloat16") else SUMS
    same(name, sample(left, dtype), sample(right, dtype, seed=1), node=True, **half)


@pytest.mark.parametrize(("name", "left", "right"), FIRST)
def test_dtypes_that_differ(name, left, right):
    for first, second in itertools.permutations(("float32", "float64", "int64", "bool"), 2):
        if {first, second} != {"int64", "bool"}:
            same(name, sample(left, first), sample(right, second, seed=1), grad=False)


WRONG = [(), (1,), (3,), (4,), (2, 3), (3, 2), (4, 5), (2, 3, 4), (3, 4, 5), (2, 4, 3), (1, 2, 3, 4)]


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "ger"])
def test_shapes_that_do_not_fit(name):
    for left, right in itertools.product(WRONG, WRONG):
        if name != "mv" or left:
            same(name, sample(left, "float32"), sample(right, "float32"), grad=False, atol=1e-5)
    for other in (1, None, "x", [[1.0]]):
        same(name, sample((2, 3)), other)


@pytest.mark.parametrize(("name", "left", "right"), [case for case in FIRST[:-2] if case[0] != "ger"])
def test_out(name, left, right):
    same_out(
        name, sample(left), sample(right, seed=1), dtypes=("float32",), message=name not in ("outer", "matmul"), **SUMS
    )


def test_the_operator():
    x, y = sample((2, 3)), sample((3, 4), seed=1)
    same(lambda lib, x, y: x @ y, x, y, **SUMS)
    same(lambda lib, x, y: y.__rmatmul__(x), x, y, **SUMS)
    for other in (1, [[1.0]], None):
        same(lambda lib, x, other: x @ other, x, other)


@pytest.mark.parametrize(("name", "left", "right"), FIRST)
@pytest.mark.parametrize("dtype", ["float64", COMPLEXES[1]])
def test_numeric_gradients(name, left, right, dtype):
    x, y = tt.tensor(sample(left, dtype), requires_grad=True), tt.tensor(sample(right, dtype), requires_grad=True)
    assert gradcheck(getattr(tt, name), (x, y))
    assert gradgradcheck(getattr(tt, name), (x, y))


def test_infinities_and_nan():
    x = np.array([[np.inf, 1.0], [np.nan, 0.0]])
    same("mm", x, np.array([[1.0, 0.0], [2.0, 3.0]]), second=False)
