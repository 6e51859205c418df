"""index_add, index_copy, index_fill, index_reduce: values, gradients twice, in place, errors as PyTorch's."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import DTYPES, same, same_inplace, same_out, sample, strided  # noqa: E402
from tests.ops.test_gathering import CUBE, EMPTY, HOLLOW, NONE, S, V, X, ints  # noqa: E402

ROWS = sample((2, 3), seed=4)
ADD = [(X, 0, ints([1, 1]), ROWS), (X, 0, ints([1, 0]), ROWS), (X, 0, ints([1, 1], dtype=np.int32), ROWS),
       (X, 1, ints([2, 0]), sample((2, 2))),
       (X, -1, ints([2]), sample((2, 1))), (CUBE, 1, ints([2, 2, 0]), sample((2, 3, 4), seed=2)),
       (V, 0, ints([1, 1, 0, 2]), sample((4,))),
       (X, 0, ints(1), sample((1, 3))), (S, 0, ints(0), sample((), seed=1)), (X, 0, NONE, sample((0, 3))),
       (HOLLOW, 0, ints([1]), sample((1, 0, 3)))]  # fmt: skip
ADD_ERRORS = [
    (X, 0, ints([1, 1], dtype=np.int16), ROWS), (X, 0, ints([1, 2]), ROWS), (X, 0, ints([1, -1]), ROWS),
    (X, 1, ints([1, 3]), sample((2, 2))),
    (V, 0, ints([1, 3]), sample((2,))), (V, 0, ints([1, -1]), sample((2,))), (X, 0, ints([1, 1]), sample((2, 2))),
    (X, 0, ints([1, 1]), sample((1, 3))), (X, 0, ints([1, 1]), V), (X, 0, ints([[1, 1]]), ROWS), (X, 0, ints(1), ROWS),
    (X, 0, ints([1, 1]), ROWS.astype(np.float32)), (X, 2, ints([1, 1]), ROWS), (X, 1, ints([1, 1]), V),
    (S, 0, ints([0, 0]), sample((2,))),
    (S, 0, ints([0]), sample((1,))), (S, 0, ints(1), S), (S, 0, ints([0, 0]), S), (V, 0, ints([0]), S),
    (V, 0, ints(0), S),
    (V, 0, ints([0, 1]), S),
]  # fmt: skip


@pytest.mark.parametrize("args", [*ADD, *ADD_ERRORS], ids=str)
def test_index_add(args):
    same("index_add", *args, node=args[0].ndim > 0)
    same("Tensor.index_add", strided(args[0]), *args[1:-1], strided(args[-1]))


@pytest.mark.parametrize("args", [each for each in ADD if each[0].ndim], ids=str)
def test_index_add_in_place(args):
    same_inplace("index_add", *args)
    same_inplace("index_add", *args, alpha=-0.5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("alpha", [1, 2])
def test_index_add_dtypes(dtype, alpha):
    same("index_add", sample((2, 3), dtype), 0, ints([1, 1]), sample((2, 3), dtype, seed=1), alpha=alpha)


def test_index_add_forms():
    same("index_add", X, dim=0, index=ints([1, 1]), source=ROWS, alpha=0.5)
    same("index_add", X.astype(np.int64), 0, ints([1, 1]), ROWS.astype(np.int64), alpha=2.5)
    same("Tensor.index_add", X, 0, ints([1, 1]), 5.0)
    same_out("index_add", X, 0, ints([1, 1]), ROWS)
    same(lambda lib, x, i, y: x.clone().index_add_(0, i, y), S, ints(0), S)
    same(lambda lib, x, i: x.index_add_(0, i, x), V, ints([0, 1, 2]), grad=False, unchanged=False)


COPY = [(X, 0, ints([1, 0]), ROWS), (X, 0, ints([1]), sample((1, 3))), (X, 1, ints([2, 0]), sample((2, 2))),
        (CUBE, -2, ints([2, 0]), sample((2, 2, 4))),
        (V, 0, ints([1]), S), (V, 0, ints(1), S), (V, 0, ints(1), sample((1,))), (X, 0, ints(1), sample((1, 3))),
        (S, 0, ints(0), S),
        (S, 0, ints([0]), sample((1,))), (X, 0, NONE, sample((0, 3))), (HOLLOW, 0, ints([1, 1]), HOLLOW),
        (HOLLOW, 0, ints([1, 5]), HOLLOW)]  # fmt: skip
COPY_ERRORS = [
    (X, 0, ints([1, 1], dtype=np.int32), ROWS), (X, 0, ints([1, 2]), ROWS), (X, 0, ints([1, -1]), ROWS),
    (X, 0, ints([1, 1]), sample((2, 2))),
    (X, 0, ints([1, 1]), sample((1, 3))), (X, 0, ints([1, 1]), V), (X, 0, ints([1]), S), (V, 0, ints([1, 2]), S),
    (S, 0, ints(1), S),
    (X, 0, ints([[1, 1]]), ROWS), (X, 0, ints([1, 1]), ROWS.astype(np.float32)), (X, 3, ints([1, 1]), ROWS),
]  # fmt: skip


@pytest.mark.parametrize("args", [*COPY, *COPY_ERRORS], ids=str)
def test_index_copy(args):
    grad = (
        args[0] is not HOLLOW or args[2].max() < 2
    )  # where nothing is copied PyTorch looks at indices only in backward
    same("index_copy", *args, node=args[0].ndim == args[-1].ndim > 0, grad=grad)
    same("Tensor.index_copy", strided(args[0]), *args[1:-1], strided(args[-1]), grad=grad)


@pytest.mark.parametrize("args", [each for each in COPY if each[0].ndim and each[0].size], ids=str)
def test_index_copy_in_place(args):
    same_inplace("index_copy", *args)


def test_index_copy_forms():
    same("index_copy", X, 0, ints([1, 1]), ROWS, grad=False)
    same("Tensor.index_copy", X, 0, ints([1]), 3.0)
    same_out("index_copy", X, 0, ints([1, 0]), ROWS)
    same(lambda lib, x, i, y: x.clone().index_copy_(0, i, y), S, ints([0, 0]), sample((2,)), grad=False)


FILL = [(X, 0, ints([1, 1]), 3), (X, 0, ints([1, -1]), 3.5), (X, 1, ints([2, 0]), True), (CUBE, 1, ints([0]), -1),
        (X, 0, ints(1), 3),
        (S, 0, ints([0]), 3), (S, 0, ints(0), 3), (X, 0, NONE, 3), (EMPTY, 0, NONE, 3),
        (X, 0, ints([1, 1]), np.array(3.5)),
        (X, 1, ints([2, -1, 2]), np.array(2, np.int64)), (X, 0, ints(1), np.array(2, np.float32)),
        (S, 0, ints([0]), np.array(2.0))]  # fmt: skip
FILL_ERRORS = [
    (X, 0, ints([1, 2]), 3), (X, 0, ints([1, -3]), 3), (X, 1, ints([1, 3]), 3), (X, 0, ints([1], dtype=np.int32), 3),
    (X, 0, np.ones(1), 3),
    (X, 0, ints([[1]]), 3), (X, 0, ints(1), 1j), (X, 0, ints(1), np.array(1j)), (X, 0, ints(1), np.ones(1)),
    (S, 0, ints([1]), 3), (X, 5, ints([1]), 3),
    (X.astype(np.int32), 0, ints(1), 2**40), (X.astype(np.int32), 0, ints(1), 3.5),
    (X.astype(np.int32), 0, ints(1), np.array(3.5)),
]  # fmt: skip


@pytest.mark.parametrize("args", [*FILL, *FILL_ERRORS], ids=str)
def test_index_fill(args):
    grad = args[0].dtype == float  # PyTorch refuses a value with a gradient for integers
    same("index_fill", *args, node=args[0].ndim > 0, grad=grad)
    same("Tensor.index_fill", strided(args[0]), *args[1:], grad=grad)


@pytest.mark.parametrize("args", [each for each in FILL if each[0].ndim], ids=str)
def test_index_fill_in_place(args):
    same_inplace("index_fill", *args)


def test_index_fill_forms():
    same("index_fill", X, dim=0, index=ints([1]), value=3)
    same("Tensor.index_fill", X, 0, ints([1]), "3")
    same(lambda lib, x, i: x.clone().index_fill_(0, i, 2.0), S, ints([0]))


@pytest.fixture
def beta():
    """PyTorch warns once that index_reduce is in beta; have it done."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.ones(1).index_reduce(0, torch.tensor([0]), torch.ones(1), "prod")


@pytest.mark.usefixtures("beta")
@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["prod", "mean", "amax", "amin", "sum"])
@pytest.mark.parametrize("args", [each for each in ADD if each[0].size], ids=str)
def test_index_reduce(args, reduce, include_self):
    grad = args[2].dtype == np.int64  # PyTorch's backward fails for int32
    same("index_reduce", *args, reduce, include_self=include_self, node=True, grad=grad, atol=1e-14)
    same("Tensor.index_reduce", strided(args[0]), *args[1:], reduce=reduce, include_self=include_self, grad=False)


@pytest.mark.usefixtures("beta")
@pytest.mark.parametrize("args", ADD_ERRORS, ids=str)
def test_index_reduce_errors(args):
    if (args[0] is X and args[2].max() < 2) or args[0] is not X:
        same("index_reduce", *args, "prod")


@pytest.mark.usefixtures("beta")
@pytest.mark.parametrize("reduce", ["prod", "mean", "amax", "amin"])
def test_index_reduce_in_place(reduce):
    same_inplace("index_reduce", X, 0, ints([1, 1]), ROWS, reduce)
    same_inplace("index_reduce", X, 0, ints([1, 1]), ROWS, reduce, include_self=False)
    for dtype in ("float32", "int32", "uint8", "float16"):
        same("index_reduce", sample((2, 3), dtype), 0, ints([1, 1]), sample((2, 3), dtype, seed=4), reduce)
