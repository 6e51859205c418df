"""x[...] = y and index_put beside PyTorch's: broadcasting, conversion, duplicates, overlaps, gradients, errors."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_inplace, sample, strided  # noqa: E402
from tests.ops.test_indexing import COPIES, CUBE, EMPTY, FULL, HOLLOW, MASK, TENSORS, VIEWS, S, V, X, bools, ints  # noqa: E402  # noqa: E402


def setitem(lib, x, index, value):
    """x[index] = value in a copy that is not written to by a failing call (PyTorch may have written a part)."""
    y = x.clone()
    y[index] = value
    return y


@pytest.mark.parametrize("index", [*VIEWS, *COPIES], ids=str)
def test_numbers(index):
    for x in TENSORS:
        same(setitem, x, index, 2.5, second=False)  # where all of x is overwritten PyTorch's zeros have no history
        same(setitem, strided(x), index, 7, grad=False)


ONE, ROW, COLUMN, SQUARE = sample((), seed=9), sample((3,), seed=9), sample((2, 1), seed=9), sample((2, 3), seed=9)
VALUES = [
    ONE,
    ROW,
    COLUMN,
    SQUARE,
    sample((1,)),
    sample((1, 1, 3)),
    sample((2,)),
    sample((0,)),
    sample((0, 3)),
    sample((2, 2)),
    sample((1, 1, 1, 1)),
]


@pytest.mark.parametrize("index", [*VIEWS, *COPIES], ids=str)
def test_tensors(index):
    for value in VALUES:
        same(setitem, X, index, value, second=False)
    same(setitem, CUBE, index, sample((4,)), second=False)


@pytest.mark.parametrize(
    "index", [0, (FULL, 1), slice(1), MASK, ints([0, 1]), (ints([0, 1]), ints([2, 0])), (0, ints([0, 1, 2]))], ids=str
)
def test_second_gradients_and_names(index):
    for value in (ONE, 2.0):
        same(setitem, X, index, value, node=True)
    same(lambda lib, x, index, v: setitem(lib, x * x, index, v * v).exp(), X, index, ONE)


@pytest.mark.parametrize(
    "value",
    [1, 1.5, True, -1, 2**40, 1j, 1e40, float("nan"), "a", None, [1, 2, 3], np.float32(1), np.int64(3), np.bool_(True)],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32", "uint8", "bool", "complex64"])
def test_kinds_of_numbers(dtype, value):
    if value != value and dtype in ("int32", "uint8"):
        return  # PyTorch's conversion of nan to an integer is undefined
    for index in (0, (0, 0), MASK, ints([1]), ...):
        same(setitem, sample((2, 3), dtype), index, value, grad=False)


@pytest.mark.parametrize("other", ["float64", "int64", "bool", "complex64", "float16"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_of_other_dtypes(dtype, other):
    if "complex" in other and "complex" not in dtype:
        return  # PyTorch warns once only
    for index in (0, MASK, ints([1]), (ints([0]), ints([1]))):
        for shape in ((), (3,), (1,)):
            same(setitem, sample((2, 3), dtype), index, sample(shape, other), grad=False)


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_that_hold_often_or_seldom(share, dtype):
    x, mask = sample((40, 50), dtype), np.random.default_rng(0).random((40, 50)) < share
    for value in (0, -0.0, 2.5, 0.1, 2**24 + 1, 1e30, np.nan, np.inf):
        same(lambda lib, x, m, value=value: setitem(lib, x, m, value), x, mask, grad=False)
        same(lambda lib, x, m, value=value: setitem(lib, x.t(), m.t(), value), x, mask, grad=False)
        same(lambda lib, x, m, value=value: setitem(lib, x[:, ::2], m[:, ::2], value), x, mask, grad=False)


def test_numpy_arrays_are_refused():
    def with_array(lib, x):
        x[0] = np.array([1.0, 2, 3])

    same(with_array, X, grad=False)


PROGRAMS = {
    "mask +=": lambda lib, x: x.__setitem__(x > 0, x[x > 0] + 1),
    "mask": lambda lib, x: x.__setitem__(x > 0, x[x > 0] * 2),
    "duplicates": lambda lib, x: x.__setitem__(lib.tensor([0, 0]), x[lib.tensor([0, 0])] + 1),
    "rows from rows": lambda lib, x: x.__setitem__(slice(1, None), x[:-1]),
    "from its own columns": lambda lib, x: x.__setitem__(slice(None), x[:, [2, 1, 0]]),
    "itself": lambda lib, x: x.__setitem__(0, x[0]),
    "itself broadcast": lambda lib, x: x.__setitem__(..., x[0]),
    "view of a view": lambda lib, x: x[0].__setitem__(slice(1, None), 5.0),
    "transposed": lambda lib, x: x.t().__setitem__(0, lib.tensor([8.0, 9.0])),
    "overlapping index": lambda lib, x: x.__setitem__(lib.tensor([1, 0]), x),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name):
    def program(lib, x):
        y = x * 1
        PROGRAMS[name](lib, y)
        return y * y

    same(program, X)
    same(program, X.astype(np.float32), grad=False)


def test_augmented_assignment():
    def program(lib, x):
        y = x * 1
        y[y > 0] += 1
        y[lib.tensor([0, 0])] *= 2
        y[:, 1] -= 3
        y[0, 0] /= 2
        return y

    same(program, X)


def test_expanded_tensors():
    same(lambda lib, x: x.expand(2, 3).__setitem__(0, 1.0), V, grad=False, unchanged=False)
    for lib in (torch, tt):
        x = lib.zeros(3)
        with pytest.warns(UserWarning, match="^Use of index_put_ on expanded tensors is deprecated"):
            x.expand(2, 3)[:, lib.tensor([0])] = 5.0
        assert x.tolist() == [5, 0, 0]


def test_bytes_as_a_mask():
    def with_bytes(lib, x, mask, value):
        x = x.clone()
        x[mask] = value
        return x

    text = "^masked_fill_ only supports boolean masks, but got mask with dtype unsigned char"
    for lib in (torch, tt):
        for value in (1.0, lib.tensor([1.0])):
            with pytest.raises(RuntimeError, match=text):
                with_bytes(lib, lib.zeros(2, 3), lib.ones(2, 3, dtype=lib.uint8), value)


def test_failing_writes_change_nothing():
    x = tt.arange(6.0).view(2, 3)
    for index, value in (
        (tt.tensor([0, 5]), 1.0),
        ((slice(None), tt.tensor([0, 3])), 1.0),
        (tt.tensor([0, 1]), tt.zeros(2)),
        (x > 0, tt.zeros(2)),
    ):
        version = x._version
        with pytest.raises((IndexError, RuntimeError)):
            x[index] = value
        assert x.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert x._version == version


# ---- index_put -------------------------------------------------------------------------------------------------------


PUT = [
    (X, (ints([0, 1]), ints([1, 1])), ONE), (X, (ints([0, 1]), ints([1, 1])), sample((2,))), (X, (ints([0]),), ROW),
    (X, (MASK,), ONE),
    (X, (MASK,), sample((int(MASK.sum()),))), (X, (bools(True, False),), ROW), (X, (ints([-1]),), ROW),
    (CUBE, (ints([0, 1]), ints([2, 0])), sample((2, 4))),
    (X, (ints(0), ints(1)), ONE), (X, [ints([0]), ints([1])], ONE), (V, (ints([[0, 1], [2, 0]]),), ONE),
    (HOLLOW, (ints([0]),), ONE),
    (EMPTY, (np.zeros(0, np.int64),), ONE), (X, (ints([[0], [1]]), ints([0, 2])), sample((2, 2))),
    (X, (ints([0], dtype=np.int32),), ROW),
]  # fmt: skip
PUT_ERRORS = [
    (X, (ints([0]), ints([1])), np.array(9)), (X, (ints([0]), ints([1])), 9.0), (X, (MASK,), sample((7,))),
    (X, (None, ints([0])), ONE),
    (X, (ints([0]), ints([0]), ints([0])), ONE), (X, ints([0]), ONE), (X, (0,), ONE), (X, (ints([5]),), ONE),
    (X, (np.ones(1),), ONE),
    (X, (bools(True, False, True),), ONE), (X, (ints([0, 1, 2]), ints([1, 1])), ONE), (S, (ints([0]),), ONE),
    (HOLLOW, (ints([0]), ints([0])), ONE),
]  # fmt: skip


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("args", [*PUT, *PUT_ERRORS], ids=str)
def test_index_put(args, accumulate):
    same("Tensor.index_put", *args, accumulate, node=True)
    same("Tensor.index_put", strided(args[0]), args[1], args[2], accumulate=accumulate, grad=False)


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("args", [each for each in PUT if each[0].size], ids=str)
def test_index_put_in_place(args, accumulate):
    same_inplace("index_put", *args, accumulate)


ACCUMULATED = [
    (X, (ints([0, 0, 1]),), sample((3, 3))), (X, (ints([0, 0]), ints([1, 1])), sample((2,))),
    (X, (ints([0, -2]), ints([-1, 2])), sample((2,))),
    (CUBE, (ints([1, 1]), ints([0, 0]), ints([2, 2])), sample((2,))),
    (CUBE, (ints([1, 1]), ints([0, 0])), sample((2, 4))),
]  # fmt: skip


@pytest.mark.parametrize("args", ACCUMULATED, ids=str)
def test_every_mention_counts(args):
    same("index_put", *args, accumulate=True)
    same("index_put", *args, True)
    same_inplace("index_put", *args, accumulate=True)
    same("Tensor.index_put", strided(args[0]), *args[1:], accumulate=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_of_index_put(dtype):
    same("index_put", sample((2, 3), dtype), (ints([0, 0]), ints([1, 1])), sample((2,), dtype), accumulate=True)
    same("index_put", sample((2, 3), dtype), (ints([0, 1]),), sample((3,), dtype))
