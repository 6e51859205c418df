"""scatter, scatter_add, put: values, gradients twice, in place, dtypes and errors as PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_inplace, same_out, sample, strided  # noqa: E402
from tests.ops.test_gathering import CUBE, EMPTY, HOLLOW, NONE, S, V, X, ints  # noqa: E402


def ones(*shape, dtype=np.float64):
    return sample(shape, dtype, seed=3)


INDEX = ints([[0, 1], [2, 0]])  # nothing twice
TWICE = ints([[0, 0], [2, 2]])
# what scatter and scatter_add take alike
SCATTER = [
    (X, 1, INDEX, ones(2, 2)), (X, -1, INDEX, ones(2, 2)), (X, 0, ints([[1, 0, 1]]), ones(1, 3)),
    (X, 0, ints([[1, 0, 1]]), ones(2, 3)),
    (CUBE, 1, ints([[[2, 1], [0, 2]]]), ones(1, 2, 2)), (CUBE, 2, ints([[[3, 0]], [[1, 2]]]), ones(2, 1, 2)),
    (V, 0, ints([2, 0]), ones(2)), (V, 0, ints(1), ones()), (S, 0, ints([0]), ones(1)), (S, 0, ints(0), ones()),
    (S, 0, ints(0), ones(1)),
    (X, 1, NONE, ones(2)), (X, 1, np.zeros(0), ones(2)), (EMPTY, 0, NONE, ones(2)),
    (HOLLOW, 0, np.zeros((1, 0, 3), np.int64), ones(2, 0, 3)),
    (X, 1, INDEX.astype(np.int32), ones(2, 2)),
]  # fmt: skip
SCATTER_ERRORS = [
    (X, 1, INDEX, ones(2, 1)), (X, 1, INDEX, ones(2)), (X, 1, INDEX, ones(2, 2, dtype="float32")),
    (X, 1, INDEX * 1.0, ones(2, 2)),
    (X, 1, ints([[0, 3]]), ones(2, 2)), (X, 1, ints([[0, -1]]), ones(2, 2)), (X, 2, INDEX, ones(2, 2)),
    (X, 1, ints([0, 1]), ones(2)),
    (X, 1, ints([[0], [1], [2]]), ones(3, 1)), (X, 0, ints([[0, 1, 1, 1]]), ones(3, 5)), (X, 1, INDEX, ones()),
    (EMPTY, 0, ints([0, 0]), ones(2)), (S, 0, ints(1), ones()), (X, 1, INDEX.astype(np.int16), ones(2, 2)),
]  # fmt: skip


def backward_exists(args):
    """PyTorch has a derivative only for src of the shape of index; ours is checked in test_larger_source."""
    return args[2].shape == args[3].shape or not args[2].size


@pytest.mark.parametrize("name", ["scatter", "scatter_add"])
@pytest.mark.parametrize("args", [*SCATTER, *SCATTER_ERRORS], ids=str)
def test_scatter(name, args):
    grad = backward_exists(args) and args[2].size > 0
    same(name, *args, node=grad, grad=grad)
    same(f"Tensor.{name}", strided(args[0]), args[1], args[2], strided(args[3]), grad=grad)
    if grad:
        same_inplace(name, *args)


@pytest.mark.parametrize("name", ["scatter", "scatter_add"])
def test_several_for_one_place(name):
    same(name, X, 1, TWICE, ones(2, 2), second=name == "scatter_add")
    same(name, CUBE, 0, np.ones((4, 3, 4), np.int64), ones(4, 3, 4))
    same_inplace(name, X, 1, TWICE, ones(2, 2))


@pytest.mark.parametrize("name", ["scatter", "scatter_add"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    same(name, sample((2, 3), dtype), 1, TWICE, ones(2, 2, dtype=dtype))


VALUES = [5, 5.5, True, -1, float("inf"), np.float32(2.5)]


@pytest.mark.parametrize("value", [*VALUES, 2**40, 1j, 1e40])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "bool", "uint8", "complex64"])
def test_scatter_of_a_number(value, dtype):
    same("scatter", sample((2, 3), dtype), 1, TWICE, value, node=True)


def test_forms_of_scatter():
    same("scatter", X, dim=1, index=INDEX, value=7)
    same("scatter", X, dim=1, index=INDEX, src=ones(2, 2))
    same("scatter", X, 1, INDEX, value=np.array(2.0), grad=False)
    same_inplace("scatter", X, 1, INDEX, 7.0)
    same_inplace("scatter", V, 0, ints([1, 1]), 7.0)
    same_inplace("scatter", S, 0, ints(0), 7.0)
    same_out("scatter", X, 1, INDEX, 5.0, dtypes=("float32",))
    same_out("scatter_add", X, 1, INDEX, ones(2, 2))
    same("Tensor.scatter", X, 1, INDEX)
    same("Tensor.scatter", X, 1, [[0]], 5)
    same("Tensor.scatter", X, 1.5, INDEX, 5)
    same("Tensor.scatter_add", X, 1, INDEX, 5.0)


@pytest.mark.parametrize("reduce", ["add", "multiply"])
def test_scatter_with_reduce(reduce):
    same("scatter", X, 1, TWICE, 3.0, reduce=reduce, grad=False)
    same_inplace("scatter", X, 1, TWICE, 3.0, reduce=reduce, grad=False)
    x = tt.tensor([1.0, 2.0], requires_grad=True)
    index = tt.tensor([0, 0])
    with pytest.warns(UserWarning, match=r"^The reduce argument of torch\.scatter with Tensor src is deprecated"):
        y = x.scatter(0, index, tt.tensor([3.0, 4.0]), reduce=reduce)
    assert y.tolist() == ([8, 2] if reduce == "add" else [12, 2])
    with pytest.raises(RuntimeError, match=r"^derivative for aten::scatter is not implemented"):
        y.sum().backward()
    same("scatter", X, 1, TWICE, 3.0, reduce="mean")


def test_larger_source():
    """Elements of src that index leaves out have the gradient 0 (PyTorch's backward fails here)."""
    src = tt.tensor([[1.0, 2, 3], [4, 5, 6]], requires_grad=True)
    y = tt.zeros(2, 3).scatter(1, tt.tensor([[2, 0]]), src)
    assert y.tolist() == [[2, 0, 1], [0, 0, 0]]
    y.sum().backward()
    assert src.grad.tolist() == [[1, 1, 0], [0, 0, 0]]


def test_overlapping_memory_is_refused():
    same(lambda lib, x, i: x.scatter_add_(0, i, x), V, ints([0, 1, 2]), grad=False, unchanged=False)
    same(lambda lib, x, i: x.expand(2, 3).scatter_(1, i, 1.0), V, INDEX, grad=False, unchanged=False)


PUT = [(X, ints([0, 5, -1]), ones(3)), (X, ints([[0, 1]]), ones(2)), (X, ints(0), ones()), (EMPTY, NONE, ones(0)),
       (S, ints([0]), ones(1)),
       (X, ints([0, 6]), ones(2)), (X, ints([0, -7]), ones(2)), (X, ints([0, 1]), ones(3)),
       (X, ints([0, 1]), ones(2, dtype="float32")),
       (X, ints([0, 1], dtype=np.int32), ones(2)), (EMPTY, ints([0]), ones(1)),
       (CUBE, ints([23, 0, 7]), ones(3))]  # fmt: skip


@pytest.mark.parametrize("args", PUT, ids=str)
@pytest.mark.parametrize("accumulate", [False, True])
def test_put(args, accumulate):
    same("put", *args, accumulate, node=True)
    same("Tensor.put", strided(args[0]), *args[1:], accumulate=accumulate)


def test_put_in_place():
    same("put", X, ints([2, 2, 0]), ones(3), accumulate=True)
    same_inplace("put", X, ints([0, -1]), ones(2))
    same_inplace("put", X, ints([2, 2]), ones(2), True)
    same("Tensor.put", X, ints(0), 7.0)
