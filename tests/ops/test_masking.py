"""masked_fill, masked_select, masked_scatter: broadcasting, gradients twice, in place, errors as PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_inplace, same_out, sample, strided  # noqa: E402

X, V, S, CUBE, EMPTY = sample((2, 3)), sample((3,)), sample(()), sample((2, 3, 4)), sample((0, 3))
MASK, ROW, COLUMN = X > 0, np.array([True, False, True]), np.array([[True], [False]])
WRONG, YES = np.array([True, False]), np.array(True)
PAIRS = [(X, MASK), (X, ROW), (X, COLUMN), (X, YES), (V, MASK), (S, MASK), (S, YES), (CUBE, CUBE > 0),
         (CUBE, WRONG[:, None, None]),
         (EMPTY, ROW), (X, ~MASK & MASK), (sample((2, 1)), ROW), (X, WRONG), (V, WRONG)]  # fmt: skip


@pytest.mark.parametrize(
    "value", [5.5, -1, True, float("-inf"), np.array(2.5), np.array(3), np.array(3, np.float32)], ids=str
)
@pytest.mark.parametrize(("x", "mask"), PAIRS)
def test_masked_fill(x, mask, value):
    same("masked_fill", x, mask, value, node=True)
    same("Tensor.masked_fill", strided(x), strided(mask), value)


@pytest.mark.parametrize(("x", "mask"), PAIRS)
def test_masked_fill_in_place(x, mask):
    same_inplace("masked_fill", x, mask, 5.5)
    same_inplace("masked_fill", x, mask, np.array(5.5))


@pytest.mark.parametrize(
    "value", [5, 5.5, 2**40, 1j, 1e39, 1e9, -1e9, float("inf"), float("nan"), np.array(4.5), np.array(4j)], ids=str
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_masked_fill_dtypes(dtype, value):
    if dtype in ("int32", "int64", "int8", "int16", "uint8") and value != value:
        return  # PyTorch's conversion of nan to an integer is undefined
    same("masked_fill", sample((2, 3), dtype), MASK, value, grad=False)


def test_masked_fill_errors():
    for mask in (X, MASK.astype(np.uint8), [True]):
        same("Tensor.masked_fill", X, mask, 5)
        same("Tensor.masked_fill_", X, mask, 5, unchanged=False, grad=False)
    for value in ("5", np.ones(1), None):
        same("Tensor.masked_fill", X, MASK, value, message=value is not None)
    same("masked_fill", X, mask=MASK, value=5)


@pytest.mark.parametrize("lib", [torch, tt], ids=lambda lib: lib.__name__)
def test_masked_fill_of_an_expanded_tensor(lib):
    x = lib.zeros(3)
    with pytest.warns(UserWarning, match="^Use of masked_fill_ on expanded tensors is deprecated"):
        x.expand(2, 3).masked_fill_(lib.tensor([True, False, True]), 1.0)
    assert x.tolist() == [1, 0, 1]


@pytest.mark.parametrize(("x", "mask"), PAIRS)
def test_masked_select(x, mask):
    same("masked_select", x, mask, node=True)
    same("Tensor.masked_select", strided(x), mask=strided(mask))


@pytest.mark.parametrize("dtype", DTYPES)
def test_masked_select_dtypes(dtype):
    same("masked_select", sample((2, 3), dtype), MASK)


def test_masked_select_errors_and_out():
    same("masked_select", X, X)
    same("masked_select", X, MASK.astype(np.uint8))
    same("Tensor.masked_select", X, [True])
    same_out("masked_select", X, MASK, dtypes=("float32",))


SOURCE = sample((2, 4), seed=1)


@pytest.mark.parametrize("source", [SOURCE, SOURCE.reshape(-1), sample((3, 2, 4)), sample((1,)), sample((0,))])
@pytest.mark.parametrize(("x", "mask"), PAIRS)
def test_masked_scatter(x, mask, source):
    same("masked_scatter", x, mask, source, node=True)
    if np.broadcast_shapes(x.shape, x.shape) == x.shape and mask.size <= x.size and mask is not WRONG:
        same_inplace("masked_scatter", x, mask, source)


def test_masked_scatter_errors():
    same("masked_scatter", X, MASK, SOURCE.astype(np.int64))
    same("masked_scatter", X, X, SOURCE)
    same("Tensor.masked_scatter", X, MASK, 5.0)
    same("Tensor.masked_scatter_", X, WRONG, SOURCE, unchanged=False, grad=False)
    for dtype in DTYPES:
        same("masked_scatter", sample((2, 3), dtype), MASK, sample((6,), dtype))
