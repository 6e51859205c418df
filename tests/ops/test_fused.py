"""lerp, addcmul and addcdiv are PyTorch's: weights and factors, dtypes, errors, gradients."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import COMPLEXES, DTYPES, FLOATS, INTEGERS, same, same_inplace, same_out, sample, strided
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

TRIPLES = (((2, 3), (2, 3), (2, 3)), ((3,), (2, 1), (2, 3)), ((), (3,), ()), ((2, 0), (1,), (2, 1)), ((), (), ()))


def triple(shapes, dtype="float64"):
    return [sample(shape, dtype, 0.5, 2, seed=i) for i, shape in enumerate(shapes)]


# ---- lerp ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weight", [0, 1, 0.3, 0.5, 0.9, 2, -1.5, 1j, 1e300, True])
def test_a_number_as_weight(dtype, weight):
    x, y = sample((2, 3), dtype), sample((2, 3), dtype, seed=1)
    rounding = {"atol": 1e-6} if dtype == "float32" else {}  # the sum cancels
    same("lerp", x, y, weight, node=True, grad=weight is not True, **rounding)
    same("lerp", strided(x), np.array(y[0, 0]), weight, grad=False, **rounding)
    if dtype in FLOATS and isinstance(weight, float):
        same_inplace("lerp", x, y, weight, node=True, **rounding)


@pytest.mark.parametrize("shapes", TRIPLES)
def test_a_tensor_as_weight(shapes):
    for dtype in (*FLOATS, *COMPLEXES, "int64"):
        same("lerp", *triple(shapes, dtype), node=True)
    same("lerp", *triple(shapes)[:2], 0.3, node=True)
    same("Tensor.lerp", *[strided(each) for each in triple(shapes)])
    same_inplace("lerp", np.ones((2, 3)), *triple(((3,), (2, 1))))


def test_lerp_arguments():
    x, y = sample((2, 3)), sample((2, 3), seed=1)
    for weight in (np.array(0.3, "float32"), np.ones(3, "float32"), "a", None, np.ones(2)):
        same("lerp", x, y, weight, grad=False)
    for end in (np.ones(3, "float32"), np.ones(3, "int64"), np.ones(2)):
        same("lerp", x, end, 0.3)
    same("lerp", input=x, end=y, weight=0.3)
    same_out("lerp", x, y, 0.3, dtypes=("float32", "int64"))


def test_numeric_gradients_of_lerp():
    x, y, w = (tt.tensor(each, requires_grad=True) for each in triple(((2, 3), (3,), (2, 1))))
    assert gradcheck(tt.lerp, (x, y, w))
    assert gradgradcheck(tt.lerp, (x, y, w))


# ---- addcmul, addcdiv ------------------------------------------------------------------------------------------------

NAMES = ("addcmul", "addcdiv")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [1, 2, 0.5, -1.5, True, 1j])
def test_factors(name, dtype, value):
    args = triple(((2, 3),) * 3, dtype)
    same(name, *args, value=value, node=True, grad=value is not True)
    same_inplace(name, *args, value=value, grad=value is not True)
    if value == 1:
        same(name, *args)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shapes", TRIPLES)
def test_shapes(name, shapes):
    same(name, *triple(shapes), value=0.5, node=True)
    same(f"Tensor.{name}", *[strided(each) for each in triple(shapes)])


@pytest.mark.parametrize("name", NAMES)
def test_mixed_dtypes(name):
    for dtypes in (
        ("float32", "float64", "float32"), ("int64", "float32", "int64"), ("int64", "int64", "float32"),
        ("float32", "int64", "int64"), ("complex64", "float32", "float32"), ("float32", "bool", "bool"),
        ("bool", "bool", "bool"), ("float16", "float32", "float16"), ("uint8", "int8", "int16"),
    ):  # fmt: skip
        args = [sample((2, 3), dtype, 1, 3, seed=i) for i, dtype in enumerate(dtypes)]
        same(name, *args, value=2, grad=False)  # PyTorch's own backward fails for some
        same_inplace(name, *args, grad=False)


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_out(name):
    x, y, z = triple(((2, 3),) * 3)
    for args in ((2, z), (y, 2.0), (y, "a"), (y, np.ones(2)), (np.ones(2), z)):
        same(name, x, *args)
    for value in ("a", None, 1e400, 1j):
        same(name, x, y, z, value=value)
    same(name, x.astype("float32"), y.astype("float32"), z.astype("float32"), value=1e300)
    same_out(name, x, y, z, dtypes=("float32", "int64"))
    zeros = np.array([0.0, -0.0, np.inf, np.nan])
    same(name, zeros, zeros[::-1], zeros, second=False)


@pytest.mark.parametrize("name", NAMES)
def test_numeric_gradients(name):
    args = [tt.tensor(each, requires_grad=True) for each in triple(((2, 3), (3,), (2, 1)))]
    assert gradcheck(lambda *a: getattr(tt, name)(*a, value=0.5), args)
    assert gradgradcheck(lambda *a: getattr(tt, name)(*a, value=0.5), args)


def test_integers_are_cut_off():
    for dtype in INTEGERS:
        same("addcmul", *[sample((3,), dtype, 1, 3, seed=i) for i in range(3)], value=1.7)
