"""Products of many matrices are PyTorch's: best order, powers, errors."""

import warnings
from itertools import pairwise

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES, same, same_out, sample, torch
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

with warnings.catch_warnings():  # PyTorch's chain_matmul warns, once, that it is deprecated
    warnings.simplefilter("ignore")
    torch.chain_matmul(torch.ones(1, 1), torch.ones(1, 1))
    torch.chain_matmul(torch.ones(1, 1), torch.ones(1, 1), out=torch.ones(1, 1))

SUMS = {"atol": 1e-5, "ulp": 32}


@pytest.mark.parametrize("sides", [(2, 3), (2, 3, 4), (2, 3, 4, 5), (5, 1, 6, 2, 3), (1, 0, 2), (0, 2, 3)])
def test_chain_matmul(sides):
    matrices = [sample(pair, seed=i) for i, pair in enumerate(pairwise(sides))]
    same("chain_matmul", *matrices, **SUMS)
    if len(matrices) > 1:
        same("linalg.multi_dot", matrices, grad=False, **SUMS)


@pytest.mark.parametrize(
    "shapes",
    [[(3,), (3, 4)], [(2, 3), (3,)], [(3,), (3,)], [(3,), (3, 4), (4,)], [(2, 3)], [(2, 3), (2, 4)],
     [(2, 3), (3,), (3, 4)], [(2, 2, 3), (3, 4)], [(2, 3), (3, 4, 5)], []],
)  # fmt: skip
def test_multi_dot(shapes):
    same("linalg.multi_dot", [sample(shape, seed=i) for i, shape in enumerate(shapes)], grad=False, **SUMS)


def test_errors_of_chain_matmul():
    same("chain_matmul")
    same("chain_matmul", sample((2, 3)), sample((2, 4)))
    same("chain_matmul", sample((2, 3)), sample((3,)))
    same("chain_matmul", sample((2, 3)), sample((3, 4), "float32"), grad=False)
    same_out("chain_matmul", sample((2, 3)), sample((3, 4)), dtypes=("float32",), message=False, **SUMS)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 8, -1, -2, -3])
def test_matrix_power(n):
    same("matrix_power", sample((3, 3)) + 3 * np.eye(3), n, grad=n != 0, grad_ulp=1024, **SUMS)
    same("Tensor.matrix_power", sample((2, 3, 3)) + 3 * np.eye(3), n, grad=n != 0, grad_ulp=1024, **SUMS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_dtypes_of_powers(dtype, n):
    half = {"atol": 0.1} if dtype in ("float16", "bfloat16") else SUMS
    same("matrix_power", sample((2, 2), dtype), n, grad=n != 0, second=False, **half)


def test_errors_of_powers():
    for x, n in ((sample((2, 3)), 2), (sample((2,)), 2), (sample((2, 2)), 1.5), (sample((2, 2), "int64"), -1)):
        same("matrix_power", x, n)
    same_out("matrix_power", sample((2, 2)), 3, dtypes=("float32",), message=False, **SUMS)


def test_numeric_gradients():
    args = [tt.tensor(sample(shape), requires_grad=True) for shape in ((2, 3), (3, 4), (4, 2))]
    assert gradcheck(tt.chain_matmul, args)
    assert gradgradcheck(tt.chain_matmul, args)
    assert gradcheck(lambda x: x.matrix_power(3), (tt.tensor(sample((3, 3)), requires_grad=True),))
