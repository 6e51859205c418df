"""gather, take, take_along_dim, index_select: values, gradients twice, dtypes and errors as PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402

X, V, S, EMPTY, HOLLOW = sample((2, 3)), sample((3,)), sample(()), sample((0,)), sample((2, 0, 3))
CUBE = sample((2, 3, 4))
NONE = np.zeros(0, np.int64)


def ints(*values, dtype=np.int64):
    """The index tensor of these numbers or lists."""
    return np.array(values[0] if len(values) == 1 else values, dtype)


GATHER = [
    (X, 1, ints([[0, 1], [2, 2]])), (X, -1, ints([[0], [2]])), (X, 0, ints([[0, 1, 1]])), (X, 0, ints([[1], [1], [0]])),
    (X, 1, ints([[0, 1, 2, 0, 0]])), (CUBE, 1, ints([[[2, 2, 0], [1, 1, 1]]])),
    (CUBE, 0, np.zeros((3, 2, 4), np.int64)),
    (CUBE, 2, ints([[[3], [3]], [[0], [1]]])), (V, 0, ints([2, 2, 0, 1])), (V, 0, ints(1)), (S, 0, ints([0, 0])),
    (S, 0, ints(0)),
    (S, -1, ints(0)), (X, 1, NONE), (X, 1, np.zeros((0, 5), np.int64)), (X, 0, np.zeros((3, 0), np.int64)),
    (EMPTY, 0, NONE),
    (HOLLOW, 1, np.zeros((2, 0, 3), np.int64)), (X, 1, ints([[0, 1]], dtype=np.int32)), (EMPTY, 0, np.zeros(0)),
]  # fmt: skip
GATHER_ERRORS = [
    (X, 1, ints([0, 1])), (X, 1, ints([[0, 3]])), (X, 1, ints([[0, -1]])), (X, 2, ints([[0]])),
    (X, 0, ints([[0, 1, 1, 1]])),
    (X, 1, ints([[0], [0], [0]])), (X, 1, ints([[0]], dtype=np.int16)), (X, 1, np.zeros((1, 1))),
    (X, 1, ints([[1]]) > 0),
    (S, 0, ints(1)), (V, 0, ints(-1)), (V, 0, ints([[1]])), (EMPTY, 0, ints([0])),
    (HOLLOW, 1, np.zeros((2, 1, 3), np.int64)),
    (X, -1, ints([[0, 1, 5]])),
]  # fmt: skip


@pytest.mark.parametrize("args", [*GATHER, *GATHER_ERRORS], ids=str)
def test_gather(args):
    same("gather", *args, node=True)
    same("Tensor.gather", strided(args[0]), *args[1:])


@pytest.mark.parametrize("dtype", DTYPES)
def test_gather_dtypes(dtype):
    same("gather", sample((2, 3), dtype), 1, ints([[0, 0], [2, 1]]))


def test_gather_names_and_out():
    same(lambda lib, x, i: lib.gather(input=x, dim=1, index=i, sparse_grad=False), X, ints([[1], [0]]))
    same_out("gather", X, 1, ints([[0, 1], [2, 2]]))
    same("gather", V, 0, [1], message=False)
    same("Tensor.gather", V, 0, [1])


TAKE = [(X, ints([0, 5, -1, -6])), (X, ints(3)), (X, ints([[1, 2], [3, 3]])), (X, NONE), (EMPTY, NONE),
        (S, ints([0, 0])),
        (X, ints([6])), (X, ints([-7])), (X, ints([1], dtype=np.int32)), (X, np.ones(1)), (EMPTY, ints([0])),
        (CUBE, ints([23, 23, 1]))]  # fmt: skip


@pytest.mark.parametrize("args", TAKE, ids=str)
def test_take(args):
    same("take", *args, node=True)
    same("Tensor.take", strided(args[0]), args[1])


def test_take_out():
    same_out("take", X, ints([0, -1]), dtypes=("float32",))
    same("Tensor.take", X, 2)


ALONG = [(X, ints([1, 2])), (X, ints([[1]]), 1), (X, ints([[1]]), 0), (X, ints([[5]]), 0), (X, ints([[-1]]), 0),
         (X, ints([[2, 0, 1, 1]]), 1), (X, np.zeros((2, 4), np.int64), 1), (X, np.zeros((1, 3), np.int64), -2),
         (CUBE, ints([[[1]]]), 1),
         (sample((1, 3)), np.zeros((2, 3), np.int64), 1), (X, ints([1]), 0), (X, np.ones((1, 1)), 0),
         (X, ints([[1]], dtype=np.int32), 0), (X, ints([[1]]), 3), (X, np.zeros((2, 4), np.int64), 0),
         (S, ints(0), 0)]  # fmt: skip


@pytest.mark.parametrize("args", ALONG, ids=str)
def test_take_along_dim(args):
    same("take_along_dim", *args, node=True)
    same("Tensor.take_along_dim", strided(args[0]), *args[1:])


def test_take_along_dim_sorts():
    same(lambda lib, x: lib.take_along_dim(x, lib.argsort(x, dim=1), dim=1), CUBE)


SELECT = [(X, 0, ints([1, 1, 0])), (X, 0, ints([1, 0], dtype=np.int32)), (X, 0, ints(1)), (X, -1, ints([2, 0, 2, 2])),
          (CUBE, 1, ints([2, 2])),
          (S, 0, ints([0])), (S, 0, ints(0)), (X, 0, NONE), (HOLLOW, 1, NONE), (HOLLOW, 0, ints([1, 1, 1])),
          (V, 0, ints([2, 0])),
          (X, 0, ints([1, -1])), (X, 0, ints([1, 5])), (X, 0, ints([[1]])), (X, 0, np.ones(1)), (X, 2, ints([1])),
          (X, -1, ints([3])),
          (X, -1, ints([-1])), (V, 0, ints([5])), (V, 0, ints([-1])), (S, 0, ints([0, 0])), (S, 0, ints([1])),
          (HOLLOW, 1, ints([0])),
          (HOLLOW, 0, ints([5]))]  # fmt: skip


@pytest.mark.parametrize("args", SELECT, ids=str)
def test_index_select(args):
    same("index_select", *args, node=args[0].ndim > 0)
    same("Tensor.index_select", strided(args[0]), *args[1:])


@pytest.mark.parametrize("dtype", DTYPES)
def test_index_select_dtypes(dtype):
    same("index_select", sample((2, 3), dtype), 1, ints([2, 0, 0]))


def test_index_select_out():
    same_out("index_select", X, 1, ints([2, 0]), dtypes=("float32",))
    same("Tensor.index_select", X, 0, [0])


def test_changed_index_is_noticed():
    def changed(lib, x, index):
        y = lib.gather(x * 1, 0, index)
        index.zero_()
        y.sum().backward()

    same(changed, V, ints([1, 2]), unchanged=False, message=False)
