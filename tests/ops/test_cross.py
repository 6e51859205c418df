"""The vector product is PyTorch's along any dimension, also where others broadcast."""

import warnings

import pytest

import tinytorch as tt
from tests.differential import COMPLEXES, DTYPES, assert_equal, same, same_out, sample, strided, torch
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch


SUMS = {"atol": 1e-6}  # the differences of products may cancel


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    same("cross", sample((2, 3), dtype), sample((2, 3), dtype, seed=1), dim=1, node=True, **SUMS)
    same("Tensor.cross", strided(sample((2, 3), dtype)), strided(sample((2, 3), dtype, seed=1)), -1, **SUMS)


@pytest.mark.parametrize(
    ("left", "right", "dim"),
    [((3,), (3,), 0), ((3, 2), (3, 2), 0), ((2, 3, 4), (2, 3, 4), -2), ((2, 3, 1), (1, 3, 4), 1), ((0, 3), (0, 3), 1),
     ((2, 4), (2, 4), 1), ((3, 3), (3, 2), 1), ((3,), (1, 3), 0), ((2, 3), (4, 3), 1), ((3, 3), (3, 3), 2)],
)  # fmt: skip
def test_shapes(left, right, dim):
    same("cross", sample(left), sample(right, seed=1), dim=dim, **SUMS)


def test_dtypes_that_differ_and_out():
    same("cross", sample((3,)), sample((3,), "float32"), dim=0)
    same("cross", sample((3,)), 1, dim=0)
    same_out("cross", sample((2, 3)), sample((2, 3), seed=1), dim=1, dtypes=("float32",), message=False)


def test_without_a_dim_the_first_of_size_3_is_taken_with_a_warning():
    x, y = sample((2, 3, 3)), sample((2, 3, 3), seed=1)
    with pytest.warns(UserWarning, match=r"Using torch.cross without specifying the dim arg is deprecated\.\nPlease"):
        found = tt.cross(tt.tensor(x), tt.tensor(y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = torch.cross(torch.tensor(x), torch.tensor(y))
    assert_equal(found, expected, atol=1e-15)
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="no dimension of size 3 in input"):
        tt.cross(tt.ones(2, 2), tt.ones(2, 2))


@pytest.mark.parametrize("dtype", ["float64", COMPLEXES[1]])
def test_numeric_gradients(dtype):
    x, y = (
        tt.tensor(sample((2, 3, 1), dtype), requires_grad=True),
        tt.tensor(sample((1, 3, 2), dtype), requires_grad=True),
    )
    assert gradcheck(lambda x, y: tt.cross(x, y, dim=1), (x, y))
    assert gradgradcheck(lambda x, y: tt.cross(x, y, dim=1), (x, y))
