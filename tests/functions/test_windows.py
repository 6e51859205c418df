"""Windows of signal processing: PyTorch's numbers for every length, dtype and parameter."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import same  # noqa: E402

NAMES = ("hann_window", "hamming_window", "blackman_window", "bartlett_window", "kaiser_window")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 7, 64, -1])
def test_lengths(name, length):
    atol = 1e-6 if name == "kaiser_window" else 2e-7  # its argument is a large number's rounded root
    same(name, length, atol=atol)
    same(name, length, False, atol=atol)
    same(name, length, periodic=True, dtype=np.dtype("float64"), atol=4e-16, ulp=8)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int64", "complex64", "bool"])
def test_dtypes(name, dtype):
    from tests.differential import EPS, numpy_dtype

    same(name, 9, dtype=numpy_dtype(dtype), atol=2 * EPS.get(dtype, 0), ulp=8)


def test_parameters():
    for alpha, beta in ((0.5, 0.5), (0.25, 0.75), (1.0, 0.0)):
        same("hamming_window", 9, True, alpha, beta, atol=2e-7)
        same("hamming_window", 9, periodic=False, alpha=alpha, beta=beta, atol=2e-7)
    for beta in (0.0, 1.0, 12.0, 50.0):
        same("kaiser_window", 9, True, beta, ulp=64)
        same("kaiser_window", 9, periodic=False, beta=beta, ulp=64)


@pytest.mark.parametrize("name", NAMES)
def test_requires_grad(name):
    same(lambda lib: getattr(lib, name)(4, requires_grad=True).requires_grad)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_lengths(name):
    same(name, 2.5, message=False)
    same(name, "3", message=False)
