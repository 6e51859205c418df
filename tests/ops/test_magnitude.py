"""abs, sign, sgn, angle and heaviside are PyTorch's, for real and complex numbers."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import COMPLEXES, DTYPES, SHAPES, SPECIAL, same, same_inplace, same_out, sample, strided
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

UNARY = ("abs", "absolute", "sign", "sgn", "angle")
IN_PLACE = ("abs", "absolute", "sign", "sgn")


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    x = sample((2, 3), dtype)
    same(name, x, node=True)
    same(f"Tensor.{name}", strided(x))
    same(name, np.array(x[0, 0]))
    if name in IN_PLACE:
        same_inplace(name, x, node=True)


@pytest.mark.parametrize("name", UNARY)
def test_shapes_and_special_numbers(name):
    for shape in SHAPES:
        same(name, sample(shape))
    for dtype in ("float32", "float64"):
        same(name, SPECIAL.astype(dtype))
    same_out(name, sample((2, 3)), dtypes=("float32",))
    if name != "sign":
        same_out(name, sample((2, 3), "complex128"), dtypes=("float32", "int64"))


@pytest.mark.parametrize("name", ["abs", "sgn", "angle"])
def test_complex_zeros_and_axes(name):
    same(name, np.array([0, 1, -1, 1j, -1j, 3 + 4j]))


def test_the_smallest_integers_and_operators():
    for dtype in ("int8", "int64"):
        same("abs", np.array([np.iinfo(dtype).min, -1, 0], dtype))
    same(lambda lib, x: abs(x), sample((2, 3)), node=True)
    for name in ("abs", "sign", "sgn", "angle"):
        same(name, 1)
        same(name)


@pytest.mark.parametrize("name", ["abs", "sgn", "angle"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_numeric_gradients(name, dtype):
    x = tt.tensor(sample((2, 3), dtype, 0.5, 2), requires_grad=True)
    assert gradcheck(getattr(tt, name), (x,))
    assert gradgradcheck(getattr(tt, name), (x,))


# ---- heaviside -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_heaviside(dtype):
    x = np.array([[-1, 0, 2], [0, 1, 0]]).astype(sample((), dtype).dtype)
    same("heaviside", x, sample((3,), dtype), grad=False)
    if dtype not in COMPLEXES:
        same_inplace("heaviside", x, sample((3,), dtype), grad=False)


def test_heaviside_errors():
    same("heaviside", np.append(SPECIAL, 0.0), np.array(5.0), grad=False)
    for values in (1.0, None, np.ones(3, "float32"), np.ones(3, "complex128"), np.ones(2)):
        same("heaviside", np.zeros(3), values, grad=False)
    x = tt.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="derivative for aten::heaviside is not implemented"):
        tt.heaviside(x, x).sum().backward()
    same_out("heaviside", np.zeros(3), np.ones(3), dtypes=("float32", "int64"), message=False)
