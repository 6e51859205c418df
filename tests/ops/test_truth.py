"""all, any, count_nonzero: PyTorch's answers and their dtypes."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402

CASES = [
    ((), 0),
    ((), -1),
    ((), 1),
    ((3,), 0),
    ((0,), 0),
    ((2, 3), 0),
    ((2, 3), -1),
    ((2, 3), (0, 1)),
    ((2, 3, 5), (0, -1)),
    ((2, 3), ()),
    ((2, 3), []),
    ((2, 3), None),
    ((2, 3), (0, 0)),
    ((2, 3), 2),
    ((0, 3), 0),
    ((0, 3), 1),
    ((3, 0), (0, 1)),
]


@pytest.mark.parametrize("name", ["all", "any"])
@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_over_dims(name, shape, dim):
    x = sample(shape, "int64", -1, 1)
    same(name, x, dim)
    same(name, x, dim, True)
    same(f"Tensor.{name}", strided(x), axis=dim, keepdims=True)


@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_count_nonzero(shape, dim):
    same("count_nonzero", sample(shape, "int64", -1, 1), dim)
    same("Tensor.count_nonzero", strided(sample(shape, "int64", -1, 1)), dim=dim)


@pytest.mark.parametrize("name", ["all", "any", "count_nonzero"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    x = sample((3, 4), dtype, 0, 1)
    x[0, 0] = x[1] = 0
    same(name, x)
    same(name, x, 0)
    same(name, x, 1)


@pytest.mark.parametrize("name", ["all", "any", "count_nonzero"])
def test_nan_is_true(name):
    same(name, np.array([[float("nan"), 0], [float("nan"), 1]]))
    same(name, np.array([[float("nan"), 0], [float("nan"), 1]]), 0)


@pytest.mark.parametrize("name", ["all", "any"])
def test_out(name):
    same_out(name, sample((2, 3), "bool"), 0, dtypes=("uint8", "float32", "int32"))
    same_out(name, sample((2, 3), "bool"))
