"""Conjugates, real and imaginary parts, pairs and polar coordinates of complex numbers are PyTorch's."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import BROADCASTS, COMPLEXES, DTYPES, SHAPES, same, same_inplace, same_out, sample, strided
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

# ---- conjugates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["conj", "conj_physical", "resolve_conj", "resolve_neg"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_conjugates(name, dtype):
    for shape in SHAPES:
        same(name, sample(shape, dtype), node=name == "conj_physical")
        same(f"Tensor.{name}", strided(sample(shape, dtype)))
    same(name, 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_real_is_its_own_conjugate(dtype):
    x = tt.tensor(sample((2,), dtype)) if dtype != "bfloat16" else tt.ones(2, dtype=tt.bfloat16)
    assert (x.conj() is x) == (x.conj_physical() is x) == (dtype not in COMPLEXES)
    assert x.resolve_conj() is x
    assert x.resolve_neg() is x
    assert not x.conj().is_conj()
    assert not tt.is_neg(x)


@pytest.mark.parametrize("dtype", ["float64", *COMPLEXES])
def test_conjugates_in_place_and_out(dtype):
    same_inplace("conj_physical", sample((2, 3), dtype))
    same_out("conj_physical", sample((2, 3), dtype), message=False)


# ---- parts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["real", "imag", "view_as_real"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_parts(name, dtype):
    for shape in SHAPES:
        same(name, sample(shape, dtype), grad=0 not in shape)  # PyTorch's backward of empty pairs fails
        same(name, strided(sample(shape, dtype)), strides=True, grad=0 not in shape)


@pytest.mark.parametrize("dtype", DTYPES)
def test_pairs_as_complex_numbers(dtype):
    if dtype != "float16":  # complex32 does not exist here
        for shape in ((2,), (3, 2), (3, 1), (2, 3), ()):
            same("view_as_complex", sample(shape, dtype), strides=True)
    same("view_as_complex", sample((2, 3, 4))[..., ::2])
    same("view_as_complex", sample((2, 3)).T)
    same("view_as_complex", sample((3, 3))[:, :2])


def test_writes_into_the_parts():
    for name in ("real", "imag"):
        for value in (np.array([1.0, 2.0]), np.array(3.0)):
            same(write_part, sample((2,), "complex128"), value, name, unchanged=False)


def write_part(lib, z, value, name):
    z = z * 1
    setattr(z, name, value)
    return z


# ---- from two real numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["complex", "polar"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    if dtype != "float16":
        same(name, sample((2, 3), dtype, 0, 2), sample((2, 3), dtype, seed=1), node=True)
    same(name, sample((2,), dtype, 0, 2), sample((2,), "float64"))


@pytest.mark.parametrize("name", ["complex", "polar"])
def test_shapes_and_gradients(name):
    for left, right in BROADCASTS:
        # PyTorch's gradient of polar has the wrong sign for a negative absolute value.
        same(name, sample(left, low=0), sample(right, seed=1), node=True)
        same(name, strided(sample(left, low=0)), strided(sample(right, seed=1)))
    for other in (1.0, None, np.ones(4)):
        same(name, sample((3,)), other)
    x, y = tt.tensor(sample((2, 3)), requires_grad=True), tt.tensor(sample((3,)), requires_grad=True)
    assert gradcheck(getattr(tt, name), (x, y))
    assert gradgradcheck(getattr(tt, name), (x, y))
