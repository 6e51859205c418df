"""tensordot, inner and kron are PyTorch's."""

import numpy as np
import pytest

from tests.differential import DTYPES, same, same_out, sample, strided

pytestmark = pytest.mark.torch

SUMS = {"atol": 1e-6, "ulp": 16}


@pytest.mark.parametrize(
    ("left", "right", "dims"),
    [((2, 3), (3, 4), 1), ((2, 3), (3, 4), 0), ((2, 3, 4), (3, 4, 5), 2), ((2, 3), (3, 4), ([1], [0])), ((), (), 0),
     ((2, 3, 4), (4, 2, 5), ([0, 2], [1, 0])), ((2, 3, 4), (4, 2, 5), ((-1, 0), (0, 1))), ((2, 3), (2, 3), 2),
     ((2, 0), (0, 3), 1), ((0, 2), (2, 3), 1), ((2, 3), (1, 4), ([1], [0])), ((2, 1), (3, 4), ([1], [0]))],
)  # fmt: skip
def test_tensordot(left, right, dims):
    same("tensordot", sample(left), sample(right, seed=1), dims=dims, **SUMS)
    same("tensordot", strided(sample(left)), strided(sample(right, seed=1)), dims, **SUMS)


@pytest.mark.parametrize("dims", [3, -1, ([1], [1]), ([1, 0], [0]), (1, 0), ([5], [0]), ([0], [-3])])
def test_errors_of_tensordot(dims):
    same("tensordot", sample((2, 3)), sample((3, 4)), dims=dims)
    same("tensordot", sample((2, 3)), sample((3, 4), "float32"), dims=1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    half = {"atol": 0.02} if dtype in ("float16", "bfloat16") else SUMS
    x, y = sample((2, 3), dtype), sample((4, 3), dtype, seed=1)
    same("inner", x, y, **half)
    same("kron", x, y, node=True)
    same("tensordot", x, y, dims=([1], [1]), **half)


def test_inner():
    for left, right in (((3,), (3,)), ((2, 3), (3,)), ((2, 5, 3), (4, 3)), ((2, 3), ()), ((), ()), ((2, 0), (3, 0))):
        same("inner", sample(left), sample(right, seed=1), **SUMS)
    for right in (sample((4,)), sample((3,), "float32"), 2, None):
        same("inner", sample((2, 3)), right)


def test_kron():
    for left, right in (((3,), (2,)), ((2, 3), (3,)), ((2, 1, 3), (4, 3)), ((2, 3), ()), ((2, 0), (3, 1)), ((), ())):
        same("kron", sample(left), sample(right, seed=1), node=True)
        same("Tensor.kron", strided(sample(left)), strided(sample(right, seed=1)))
    same("kron", np.array([1, 2]), np.array([0.5, 1.5], "float32"))
    same("kron", sample((2,)), 2)


def test_out():
    same_out("inner", sample((2, 3)), sample((4, 3)), dtypes=("float32",), message=False, **SUMS)
    same_out("tensordot", sample((2, 3)), sample((3, 4)), 1, dtypes=("float32",), message=False, **SUMS)
