"""maximum, minimum, fmax, fmin and clamp are PyTorch's: ties, nan, bounds of every kind, dtypes, gradients."""

import numpy as np
import pytest

import tinytorch as tt
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
from tinytorch.autograd import gradcheck, gradgradcheck
from tinytorch.ops import magnitude

pytestmark = pytest.mark.torch

PAIRS = ("maximum", "minimum", "fmax", "fmin")
TIES = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 2.0]]), np.array([[1.0, 3.0, 2.0], [-0.0, -1.0, 2.5]])
BOUNDS = ((-1, 1), (0.5, 1.5), (None, 1), (0, None), (1, -1), (-1.5, None), (None, float("inf")))
NAN = float("nan")

# ---- pairs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAIRS)
def test_shapes_ties_and_special_numbers(name):
    for left, right in BROADCASTS:
        same(name, sample(left), sample(right, seed=1), node=True)
        same(f"Tensor.{name}", strided(sample(left)), strided(sample(right, seed=1)))
    same(name, *TIES, node=True)
    x, y = np.meshgrid(SPECIAL, SPECIAL)
    same(name, x, y)
    same(name, x.astype("float32"), y.astype("float32"))
    same(name, sample((2, 3)), sample((2, 4)))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_pairs_of_dtypes(name, left, right):
    if {"float16", "bfloat16"} & {left, right} and {*COMPLEXES} & {left, right}:
        return
    same(name, sample((2, 3), left), sample((2, 3), right, seed=1), node=True)
    same(name, sample((2, 3), left), sample((), right, seed=1))


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_into_out_and_with_wrong_arguments(name):
    same_out(name, sample((2, 3)), sample((3,)), dtypes=("float32", "int64"))
    for other in (1.0, None, "x"):
        same(name, sample((2, 3)), other)
    same(name, sample((2, 3)))
    same(lambda lib, x, y: (lib.max(x, y), lib.min(x, other=y)), *TIES)


@pytest.mark.parametrize("name", PAIRS)
def test_numeric_gradients_of_pairs(name):
    x, y = tt.tensor(sample((2, 3)), requires_grad=True), tt.tensor(sample((3,), seed=1), requires_grad=True)
    assert gradcheck(getattr(tt, name), (x, y))
    assert gradgradcheck(getattr(tt, name), (x, y))


# ---- clamp -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_as_bounds(bounds, dtype):
    x = sample((2, 5), dtype, -3, 3)
    for name in ("clamp", "clip", "Tensor.clamp", "Tensor.clip"):
        same(name, x, *bounds, node=True)
    same("clamp", strided(x), min=bounds[0], max=bounds[1])
    same("clamp", np.array(x[0, 0]), *bounds)


@pytest.mark.parametrize("bounds", [(-1, 1), (None, 1), (0, None)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "uint8"])
def test_in_place(bounds, dtype):
    for name in ("clamp", "clip"):
        same_inplace(name, sample((2, 5), dtype, -3, 3), *bounds, node=True)
    for name, bound in (("clamp_min", bounds[0]), ("clamp_max", bounds[1])):
        if bound is not None:
            same_inplace(name, sample((2, 5), dtype, -3, 3), bound, node=True)


def test_special_numbers_and_bounds():
    for bounds in (
        (-1.0, 1.0),
        (-1.0, None),
        (None, 1.0),
        (NAN, 1.0),
        (0.0, NAN),
        (NAN, None),
        (None, NAN),
        (2.0, 1.0),
        (-0.0, 0.0),
    ):
        for dtype in ("float32", "float64"):
            same("clamp", SPECIAL.astype(dtype), *bounds)
            same("clamp", np.resize(SPECIAL.astype(dtype), 70_001), *bounds)
    same("clamp", np.array([1.0, -1.0, 0.0, 0.5]), -1, 1)  # at the bounds the gradient is 1
    for dtype in ("float32", "float16", "int8", "uint8", "int64"):
        for bounds in ((0, 1e300), (-1, 2), (-1.5, 300), (0, 300), (True, 3), (0, 2**40), (False, None)):
            same("clamp", sample((3,), dtype, -3, 3), *bounds)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (2, 1)), ((), ()), ((1,), (3,))])
def test_tensors_as_bounds(shapes):
    low, high = sample(shapes[0], low=-2, high=0), sample(shapes[1], low=-1, high=2)
    x = sample((2, 3), seed=2)
    for args in ((low, high), (low, None), (None, high)):
        same("clamp", x, *args, node=True)
    same("clamp_min", x, low, node=True)
    same("clamp_max", x, high, node=True)
    for pair in ((TIES[0], TIES[1]), (TIES[1], TIES[0]), (TIES[0], None), (None, TIES[0])):
        same("clamp", TIES[0], *pair)
    x, y = np.meshgrid(SPECIAL, SPECIAL)
    for args in ((y, None), (None, y), (y, np.ones_like(y)), (np.ones_like(y), y)):
        same("clamp", x, *args)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bound", DTYPES)
def test_dtypes_of_tensor_bounds(dtype, bound):
    if {"float16", "bfloat16"} & {dtype, bound} and {*COMPLEXES} & {dtype, bound}:
        return
    x, y = sample((2, 3), dtype), sample((3,), bound, seed=1)
    same("clamp", x, y, None)
    same("clamp", x, None, y)
    same("clamp", x, y, y)
    same("clamp_min", x, y)
    same("clamp_max", x, np.array(y[0]))


def test_mixed_bounds_and_errors():
    x = sample((2, 3))
    for args in ((), (None, None), (0, np.array(1.0)), (np.array(0.0), 1), ("a",), ([1],), (1j,), (np.ones(2),)):
        same("Tensor.clamp", x, *args, grad=False)
    for args in (("a",), (None,), (1j,), (np.array(1j),)):
        same("Tensor.clamp_min", x, *args)
        same("Tensor.clamp_max", x, *args)
    for dtype in COMPLEXES:
        same("clamp_min", sample((2,), dtype), 1)
        same("clamp", sample((2,), dtype), np.ones(2), np.ones(2))
    same("clamp", np.array([True, False]), False, True)


def test_clamp_into_out():
    for args in ((0, 1), (np.zeros(3), None)):
        same_out("clamp", sample((2, 3)), *args, dtypes=("float32", "int64", "complex128"))
    same_out("clamp_min", sample((2, 3)), 0, dtypes=("float32",))
    same_out("clamp_max", sample((2, 3)), 0, dtypes=("float32",))


def test_all_shapes():
    for shape in SHAPES:
        same("clamp", sample(shape), -1, 1)


def test_numeric_gradients_of_clamp():
    x, low, high = (
        tt.tensor(sample((2, 3), low=a, high=b, seed=3), requires_grad=True) for a, b in ((-3, 3), (-2, -1), (1, 2))
    )
    assert gradcheck(tt.clamp, (x, low, high))
    assert gradgradcheck(tt.clamp, (x, low, high))
    assert gradcheck(lambda x: x.clamp(-1, 1), (x,))


def test_the_rule_is_for_others_to_use():
    x = tt.tensor([-1.0, 0.5, 7.0], requires_grad=True)
    y = magnitude.Clamp.apply(x, 0, 6)
    y.sum().backward()
    assert y.tolist() == [0.0, 0.5, 6.0]
    assert x.grad.tolist() == [0.0, 1.0, 0.0]
