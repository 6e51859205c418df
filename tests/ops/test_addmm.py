"""addmm, its relatives and linear are PyTorch's: factors, broadcasting, dtypes, errors, in-place forms, gradients."""

import itertools

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import COMPLEXES, DTYPES, same, same_inplace, same_out, sample, strided
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

# name: (shapes of the factors, shape of the product)
PRODUCTS = {
    "addmm": ((2, 3), (3, 4), (2, 4)),
    "addmv": ((2, 3), (3,), (2,)),
    "addr": ((2,), (3,), (2, 3)),
    "baddbmm": ((2, 3, 4), (2, 4, 5), (2, 3, 5)),
    "addbmm": ((2, 3, 4), (2, 4, 5), (3, 5)),
}
NAMES = tuple(PRODUCTS)
SUMS = {"atol": 1e-6, "ulp": 16}


def arguments(name, dtype="float64", shape=None):
    left, right, product = PRODUCTS[name]
    return sample(product if shape is None else shape, dtype), sample(left, dtype, seed=1), sample(right, dtype, seed=2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("beta", "alpha"), [(1, 1), (2, 1), (0, 1), (1, 0), (0.5, -1.5), (True, 3), (0, 0)])
def test_factors(name, beta, alpha):
    if name == "addr" and beta is True:
        beta = 1.0
    same(name, *arguments(name), beta=beta, alpha=alpha, node=True, **SUMS)
    same(f"Tensor.{name}", *map(strided, arguments(name)), beta=beta, alpha=alpha, **SUMS)
    same_inplace(name, *arguments(name), beta=beta, alpha=alpha, node=True, **SUMS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    half = {"atol": 0.05, "grad": False} if dtype in ("float16", "bfloat16") else SUMS
    for factors in ({}, {"beta": 2, "alpha": 3}, {"beta": 0.5, "alpha": 2.7}, {"beta": 1j}, {"alpha": 1j}):
        same(name, *arguments(name, dtype), **factors, **half)


@pytest.mark.parametrize("name", NAMES)
def test_dtypes_that_differ(name):
    for dtypes in itertools.product(("float32", "float64", "int64"), repeat=3):
        args = [each.astype(dtype) for each, dtype in zip(arguments(name), dtypes)]
        same(name, *args, grad=False, **SUMS)


@pytest.mark.parametrize("name", NAMES)
def test_what_broadcasts_and_what_does_not(name):
    for shape in (
        (),
        (1,),
        (2,),
        (3,),
        (4,),
        (5,),
        (1, 4),
        (2, 1),
        (3, 5),
        (1, 1, 5),
        (2, 3, 5),
        (2, 2, 2),
        (1, 1, 1, 1),
    ):
        same(name, *arguments(name, shape=shape), **SUMS)
    c, x, y = arguments(name)
    same(name, np.full((), np.nan), x, y, beta=0, grad=False, **SUMS)
    for wrong in ((4,), (3, 2), (2, 3), (4, 3), (3, 4, 2), (2, 2, 5)):
        if name.endswith("bmm") and len(wrong) < 3:  # which of several errors is named first differs
            continue
        same(name, c, sample(wrong), y, grad=False)
        same(name, c, x, sample(wrong), grad=False)


@pytest.mark.parametrize("name", NAMES)
def test_empty_sides(name):
    left, right, product = PRODUCTS[name]
    if name != "addr":
        inner = [tuple(0 if i == len(left) - 1 else side for i, side in enumerate(left))]
        inner += [tuple(0 if i == max(len(right) - 2, 0) else side for i, side in enumerate(right))]
        same(name, sample(product), *map(sample, inner), beta=2)
    same("addr", sample((0, 3)), sample((0,)), sample((3,)))


@pytest.mark.parametrize("name", NAMES)
def test_in_place_and_out(name):
    args = arguments(name)
    if name != "addbmm":  # which resizes the tensor
        same_inplace(name, arguments(name, shape=(1,) * len(PRODUCTS[name][2]))[0], *args[1:], message=name != "addr")
    same_out(name, *args, dtypes=("float32",), **SUMS)
    for position in range(1, 3):
        wrong = list(args)
        wrong[position] = 2.0
        same(name, *wrong)
    if name in ("addmv", "addr"):
        same(name, *args, beta="a")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", COMPLEXES[1]])
def test_numeric_gradients(name, dtype):
    args = [tt.tensor(each, requires_grad=True) for each in arguments(name, dtype)]
    factors = {"beta": 2, "alpha": 0.5} if dtype == "float64" else {"beta": 1 + 1j, "alpha": 2j}
    assert gradcheck(lambda *a: getattr(tt, name)(*a, **factors), args)
    assert gradgradcheck(lambda *a: getattr(tt, name)(*a, **factors), args)


# ---- linear ----------------------------------------------------------------------------------------------------------

LINEAR = "nn.functional.linear"


@pytest.mark.parametrize("shape", [(2, 3), (3,), (5, 2, 3), (1, 1, 1, 3), (0, 3), (2, 0, 3)])
@pytest.mark.parametrize("bias", [None, (4,), (1,)])
def test_linear(shape, bias):
    b = () if bias is None else (sample(bias, seed=2),)
    same(LINEAR, sample(shape), sample((4, 3), seed=1), *b, node=True, **SUMS)
    same(LINEAR, strided(sample(shape)), strided(sample((4, 3), seed=1)), *b, **SUMS)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_of_linear(dtype):
    half = {"atol": 0.02} if dtype in ("float16", "bfloat16") else SUMS
    for shape in ((2, 3), (5, 2, 3)):
        x, w, b = sample(shape, dtype), sample((4, 3), dtype, seed=1), sample((4,), dtype, seed=2)
        same(LINEAR, x, w, b, **half)
        same(LINEAR, x, w, **half)


def test_errors_of_linear():
    for x, w, b in itertools.product(((), (3,), (2, 3), (2, 2, 3), (2, 4)), ((3,), (4, 3), (4, 3, 2), (3, 4)),
                                     (None, (4,), (3,), (2, 4), (1, 2, 4), ())):  # fmt: skip
        if len(x) != 2 and b is not None and len(b) != 1:
            continue  # here PyTorch adds the bias in place
        bias = () if b is None else (sample(b),)
        same(LINEAR, sample(x), sample(w), *bias, grad=False, **SUMS)
    for dtypes in itertools.product(("float32", "float64"), repeat=3):
        x, w, b = (sample(shape, dtype) for shape, dtype in zip(((2, 3), (4, 3), (4,)), dtypes))
        same(LINEAR, x, w, b, grad=False, **SUMS)
        same(LINEAR, x, w, grad=False, **SUMS)
    same(LINEAR, 1, sample((4, 3)))
    same(LINEAR, sample((4, 3)), 1)


def test_numeric_gradients_of_linear():
    args = [tt.tensor(sample(shape), requires_grad=True) for shape in ((2, 3), (4, 3), (4,))]
    assert gradcheck(tt.nn.functional.linear, args)
    assert gradgradcheck(tt.nn.functional.linear, args)
