"""nonzero, argwhere, nonzero_static, unravel_index beside PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402

TENSORS = [np.array([[0.0, 1, 2], [3, 0, 5]]), np.array([0, 0]), np.array([True, False, True]), np.array(1.5),
           np.array(0), sample((2, 0, 3)),
           sample((0,)), np.array([np.nan, 0.0, -0.0, np.inf]), np.array([0, 1j]), sample((2, 3, 4)) > 0]  # fmt: skip


@pytest.mark.parametrize("x", TENSORS, ids=str)
def test_places(x):
    same("nonzero", x)
    same("nonzero", strided(x), as_tuple=True)
    same("Tensor.nonzero", strided(x), as_tuple=False)
    same("argwhere", x)
    same("Tensor.argwhere", strided(x))


@pytest.mark.parametrize("x", TENSORS, ids=str)
@pytest.mark.parametrize(
    "options", [{"size": 2}, {"size": 7}, {"size": 0}, {"size": 3, "fill_value": -5}, {"size": -1}], ids=str
)
def test_nonzero_static(x, options):
    same("nonzero_static", x, **options)
    same("Tensor.nonzero_static", x, **options)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    same("nonzero", sample((2, 3), dtype))


def test_out_and_errors():
    x = TENSORS[0]
    same_out("nonzero", x, dtypes=("int32",))
    same("nonzero", x, as_tuple=1)
    same("nonzero", [1])
    same("nonzero", x, True, message=False)


def ints(values, dtype=np.int64):
    return np.array(values, dtype)


UNRAVEL = [(ints(5), (2, 3)), (ints([5, 1]), (2, 3)), (ints([[5, 1]]), [2, 3]), (ints([[5, 1]]), 7), (ints([6]),
           (2, 3)), (ints([-1]), (2, 3)),
           (np.ones(1), (2, 3)), (ints([1]), (2, -3)), (ints([1]), (2, 3.5)), (ints([1]), "a"), (ints([1], np.int32),
           (2, 3)),
           (ints([1], np.uint8), (2, 3)), (ints([True], bool), (2, 3)), (ints([0]), ()), (np.zeros(0, np.int64),
           (2, 3)),
           (ints([23, 4]), (2, 3, 4))]  # fmt: skip


@pytest.mark.parametrize("args", UNRAVEL, ids=str)
def test_unravel_index(args):
    same("unravel_index", *args)
