"""tril, triu, trace, fill_diagonal_ beside PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import DTYPES, same, same_inplace, same_out, sample, strided  # noqa: E402

SHAPES = [(2, 3), (3, 2), (3, 3), (2, 3, 4), (2, 0, 3), (0, 3), (3, 0), (1, 1), (3,), (0,), ()]


@pytest.mark.parametrize("name", ["tril", "triu"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("diagonal", [0, 1, -1, 5, -5])
def test_triangles(name, shape, diagonal):
    same(name, sample(shape), diagonal, node=True)
    same(f"Tensor.{name}", strided(sample(shape)), diagonal=diagonal)
    same_inplace(name, sample(shape), diagonal)


@pytest.mark.parametrize("name", ["tril", "triu"])
def test_forms_and_dtypes(name):
    for dtype in DTYPES:
        same(name, sample((3, 3), dtype))
    same(f"Tensor.{name}", sample((3, 3)), 1.5)
    same(name, input=sample((3, 3)), diagonal=1)
    same(name, np.array([[np.nan, np.inf], [-np.inf, np.nan]]), grad=False)
    same_out(name, sample((3, 3)), dtypes=("int32",))
    same(lambda lib, x: getattr(x.clone().T, name + "_")(), sample((2, 3)))


@pytest.mark.parametrize("shape", SHAPES)
def test_trace(shape):
    same("trace", sample(shape), node=True)
    same("Tensor.trace", strided(sample(shape)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_trace_dtypes(dtype):
    same("trace", sample((3, 3), dtype))


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("shape", [(2, 3), (3, 3), (7, 3), (9, 2), (3, 7), (2, 2, 2), (0, 3), (3, 3, 2), (3,)])
def test_fill_diagonal(shape, wrap):
    same(lambda lib, x: x.clone().fill_diagonal_(7, wrap), sample(shape))
    same("Tensor.fill_diagonal_", sample(shape), 7, wrap=wrap, grad=False, unchanged=False)


def test_fill_diagonal_forms():
    x = sample((3, 4))
    for value in (5.5, True, np.array(5.0), np.array(3), np.ones(1), "5"):
        same("Tensor.fill_diagonal_", x, value, grad=False, unchanged=False, message=not isinstance(value, str))
    same("Tensor.fill_diagonal_", x.astype(np.int32), 5.5, unchanged=False)
    same(lambda lib, x: x.clone().T.fill_diagonal_(2.0), x)
