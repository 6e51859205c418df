"""Sums, products and quotients are PyTorch's: values, dtypes, errors, gradients, operators and in-place forms."""

import operator

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import (
    BROADCASTS,
    DTYPES,
    SHAPES,
    assert_equal,
    numpy_dtype,
    same,
    same_inplace,
    same_out,
    sample,
    strided,
    torch,
    wrap,
)

pytestmark = pytest.mark.torch

OPERATORS = (operator.add, operator.sub, operator.mul, operator.truediv)
NUMBERS = (2, 2.5, True, 1.5 - 2j, -3, 0.3)


def complex32(*operands):
    """Would PyTorch's result be complex32? It has such a dtype, and few functions for it; NumPy has none."""
    kinds = [np.result_type(operand).kind for operand in operands]
    return "c" in kinds and any(np.result_type(operand).name == "float16" for operand in operands)


@pytest.mark.parametrize("function", ["add", "sub", "mul", "div", "rsub"])
@pytest.mark.parametrize(("left", "right"), BROADCASTS)
def test_broadcasting(function, left, right):
    same(function, sample(left, low=0.5), sample(right, low=0.5, seed=1), node=True)
    same(function, strided(sample(left, low=0.5)), strided(sample(right, low=0.5, seed=1)))


@pytest.mark.parametrize("function", OPERATORS)
@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_pairs_of_dtypes(function, left, right):
    for shapes in (((3,), (3,)), ((3,), ()), ((), (3,)), ((), ())):
        x, y = sample(shapes[0], left, 1, 4), sample(shapes[1], right, 1, 4, seed=1)
        if complex32(x, y) and shapes in (((3,), ()), ((), (3,)), ((), ())):
            continue
        same(lambda lib, x, y: function(x, y), x, y, grad=shapes[1] == (), second=False)


@pytest.mark.parametrize("function", OPERATORS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_on_either_side(function, dtype):
    for number in NUMBERS:
        for shape in ((2, 3), ()):
            x = sample(shape, dtype, 1, 4)
            if complex32(x, number):
                continue
            same(lambda lib, x, y: function(x, y), x, number, node=True)
            same(lambda lib, x, y: function(y, x), x, number, node=True)


@pytest.mark.parametrize("function", OPERATORS)
def test_numpy_operands(function):
    x = sample((2, 3), "float32", 1, 4)
    for other in (np.float32(2.5), np.float64(2.5), np.int64(3)):
        same(lambda lib, x, y: function(x, y), x, other)
    array = sample((2, 3), "float64", 1, 4)
    assert_equal(function(wrap(x), array), function(torch.tensor(x), torch.tensor(array)))
    np.testing.assert_array_equal(function(array, wrap(x))._array, function(array, x))


@pytest.mark.parametrize("function", OPERATORS)
@pytest.mark.parametrize("other", ["x", None, [1, 2], object()], ids=["text", "None", "list", "object"])
def test_foreign_operands(function, other):
    same(lambda lib, x: function(x, other), sample((2,)))
    same(lambda lib, x: function(other, x), sample((2,)))


@pytest.mark.parametrize("name", ["add", "sub"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", [2, 0.3, True, 1j, 0])
def test_alpha(name, dtype, alpha):
    if complex32(np.zeros(1, numpy_dtype(dtype)), alpha):
        return
    x, y = sample((2, 3), dtype), sample((2, 3), dtype, seed=1)
    same(name, x, y, alpha=alpha, node=True, ulp=8)
    same("rsub", x, y, alpha=alpha, node=True, ulp=8)
    same(name, x, 3, alpha=alpha, ulp=8)
    same_inplace(name, x, y, alpha=alpha, ulp=8, node=True)
    if dtype in ("float32", "float64"):
        same_inplace(name, strided(x), y[0], alpha=alpha, ulp=8)
        same_out(name, x, y, alpha=alpha, ulp=8) if not isinstance(alpha, (bool, complex)) else None


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_in_place(name, dtype):
    x = sample((2, 3), dtype, 1, 4)
    for other in (sample((2, 3), dtype, 1, 4, seed=1), sample((3,), "float64", 1, 4), 2, 2.5, 1j, True,
                  sample((2, 2, 3), dtype), sample((4,), dtype), sample((), "float64")):  # fmt: skip
        if complex32(x, other):
            continue
        same_inplace(name, x, other, node=True)
        same_inplace(name, strided(x), other)


@pytest.mark.parametrize("change", [operator.iadd, operator.isub, operator.imul, operator.itruediv])
def test_in_place_operators(change):
    def changed(lib, x, y):
        target = x.clone()
        result = change(target, y)
        assert result is target
        return target

    for other in (sample((2, 3), seed=1), 2, 2.5, sample((3,), "float32"), sample((2, 2, 3)), "x", None):
        same(changed, sample((2, 3)), other)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "true_divide", "subtract", "multiply", "divide"])
def test_out_and_aliases(name):
    x, y = sample((2, 3)), sample((3,), seed=1)
    same_out(name, x, y, dtypes=("float32", "float64", "int64", "complex128"))
    same(f"Tensor.{name}", x, y, node=True)
    same_inplace(name, x, y)


UNARY = ["neg", "negative", "positive", "reciprocal"]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_unary_dtypes(name, dtype):
    same(name, sample((2, 3), dtype, 1, 4), node=True)
    same(f"Tensor.{name}", strided(sample((2, 3), dtype, 1, 4)))
    if name != "positive":
        same_inplace(name, sample((2, 3), dtype, 1, 4))


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", SHAPES)
def test_unary_shapes(name, shape):
    same(name, sample(shape, low=0.5))
    if name != "positive":
        same_inplace(name, sample(shape, low=0.5), node=True)
        same_out(name, sample(shape, low=0.5), dtypes=("int64", "float32"))


def test_unary_operators():
    for call in (operator.neg, operator.pos):
        for dtype in DTYPES:
            same(lambda lib, x, call=call: call(x), sample((3,), dtype))


def test_integers_wrap_around():
    small = np.array([200, 100, 0], np.uint8)
    for call in (lambda x: x + 300, lambda x: x - 201, lambda x: x * 3, lambda x: -x, lambda x: x + (-1)):
        same(lambda lib, x, call=call: call(x), small)
    same(lambda lib, x: x + 2**63, np.array([1, 2]))
    same(lambda lib, x: x * x, np.array([2**62 + 1]))


def test_shapes_that_do_not_fit():
    for name in ("add", "sub", "mul", "div"):
        same(name, sample((2, 3)), sample((2, 4)))
        same(name, sample((2, 3)), sample((4,)))


def test_a_third_tensor_is_out_as_in_pytorch_0_3():
    result = tt.zeros(2)
    assert tt.add(tt.ones(2), tt.ones(2), result) is result
    assert result.tolist() == [2.0, 2.0]


def test_division_at_zero():
    same("div", np.array([1.0, -1.0, 0.0, np.inf]), np.array([0.0, -0.0, 0.0, np.inf]))
    same("reciprocal", np.array([0.0, -0.0, np.inf, np.nan]))
