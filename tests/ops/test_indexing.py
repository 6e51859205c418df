"""x[...]: every kind of index beside PyTorch's, with strides, node names, gradients twice, and errors."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, sample, strided  # noqa: E402

X, V, S, CUBE, EMPTY, HOLLOW = (
    sample((2, 3)),
    sample((3,)),
    sample(()),
    sample((2, 3, 4)),
    sample((0,)),
    sample((2, 0, 3)),
)
TENSORS = [X, V, S, CUBE, EMPTY, HOLLOW]
FULL, MASK = slice(None), X > 0


def ints(*values, dtype=np.int64):
    """The index tensor of these numbers or lists."""
    return np.array(values[0] if len(values) == 1 else values, dtype)


def bools(*values):
    return np.array(values, bool)


def getitem(lib, x, index):
    return x[index]


VIEWS = [
    0, 1, -1, -2, 5, -3, 2**63, 2**70, -(2**63), (), (0,), (0, 0), (-1, -1), (0, 0, 0), (0, 5),
    (0, 0, 0, 0), ..., (...,), (..., 0), (0, ...),
    (..., 0, 0), (0, ..., 0), (..., ...), (..., 5), None, (None,), (None, None), (..., None), (FULL, None), (None, 0),
    (0, None), (None, 5),
    (None, ..., 0, None), (0, None, 0), (FULL, None, 0), (slice(1, None), None, 0), FULL, (FULL,), (FULL, 0), (0, FULL),
    (FULL, FULL), (..., FULL),
    slice(0, 1), slice(1), slice(1, None), slice(-1, None), slice(None, -5), slice(3, 1), slice(0, 0), slice(None, None,
    2), slice(1, None, 3),
    (slice(0, 1), slice(1, 3)), (FULL, slice(None, None, 2)), (slice(1, None), 0), (0, slice(1, 2)),
    (slice(0, 9), 1), slice(None, None, -1),
    slice(None, None, 0),
    (FULL, slice(None, None, -1)), slice("a"), slice(1.5, 2), 1.5, {}, object, (0, "a"), np.int64(1), np.uint8(1),
    np.float32(1), (np.int64(1), 0),
]  # fmt: skip


@pytest.mark.parametrize("index", VIEWS, ids=str)
def test_views(index):
    for x in TENSORS:
        same(getitem, x, index, strides=True, node=True)
        same(getitem, strided(x), index, strides=True, grad=False)


COPIES = [
    ints([0]), ints([0, 1, 1]), ints([-1, -2]), ints([5]), ints([0, 5]), ints([-3]), ints([[0, 1], [1, 1]]), np.zeros(0,
    np.int64), ints(1), ints(-1), ints(5),
    ints([1, 0], dtype=np.int32), ints(1, dtype=np.int32), ints([1], dtype=np.int16), np.ones(1), np.array(1.0),
    np.zeros((2, 0), np.int64),
    bools(True, False), bools(True, False, True), np.array([[True, False]]), MASK, ~MASK & MASK, np.array(True),
    np.array(False), True, False,
    [0], [0, 1], [], [True, False], [-1], [5], range(2), range(0), [0.5], ([0, 1], [1, 2]), ([0, 1],), ([[0, 1]], [0]),
    ([True, False],),
    (FULL, ints([0, 1])), (FULL, ints([0, 0, 2])), (FULL, ints([-1])), (FULL, ints([5])), (ints([0, 1]), ints([1, 0])),
    (ints([0, 1]), 0), (0, ints([0, 1])),
    (ints([0, 1]), ints([0, 5])), (ints([0, 1]), ints([0, 1, 1])), (ints([[0], [1]]), ints([0, 2])),
    (ints([0, 1]), ints([0, 1]), ints([0, 1])),
    (ints([0, 1]), FULL, ints([0, 3])), (FULL, ints([0, 1]), ints([2, 3])), (ints([0, 1]), ints([0, 2]), FULL),
    (ints([0, 1]), None, ints([0, 1])),
    (None, ints([0, 1])), (ints([0, 1]), None), (slice(1, None), None, ints([0, 2])), (slice(None, 1), ints([0, 1])),
    (..., ints([0, 0])), (ints([0]), ...),
    (None, ..., ints([0])), (ints([1]), ..., 0), (0, ..., ints([1])), (True, ints([0])), (ints([0]), True), (False, 0),
    (np.array(True), 0),
    (bools(True, False), 0), (bools(True, False), ints([0, 1])), (bools(True, False), bools(True, False, True)),
    (FULL, bools(True, False, True)),
    (FULL, bools(True, False)), (MASK, 0), (MASK, FULL), (MASK, None), (MASK, ints([0])), (None, MASK), (..., MASK),
    (FULL, [True, False, True]),
    (ints([1, 0]), slice(0, 2), None), (np.int64(0), ints([0])), (ints(0), ints([0, 1])), (ints(0), ints(1)),
    ([0, 1], FULL, None),
]  # fmt: skip


@pytest.mark.parametrize("index", COPIES, ids=str)
def test_copies(index):
    for x in TENSORS:
        same(getitem, x, index, node=True)
        same(getitem, strided(x), index, grad=False)


@pytest.mark.parametrize("lib", [torch, tt], ids=lambda lib: lib.__name__)
@pytest.mark.parametrize("index", [[0, slice(None)], [[0, 1], [1, 2]], [None, 0], [..., 0]], ids=str)
def test_lists_that_mean_tuples(lib, index):
    x = lib.tensor(X.tolist())
    with pytest.warns(UserWarning, match="^Using a non-tuple sequence for multidimensional indexing is deprecated"):
        found = x[index]
    assert found.tolist() == x[tuple(index)].tolist()


@pytest.mark.parametrize("lib", [torch, tt], ids=lambda lib: lib.__name__)
def test_texts_are_no_indices(lib):
    with (
        pytest.warns(UserWarning, match="^Using a non-tuple"),
        pytest.raises(TypeError, match="invalid data type 'str'"),
    ):
        lib.zeros(2)["a"]


@pytest.mark.parametrize(
    "index", [ints([1, 0], dtype=np.uint8), (FULL, ints([1, 0, 1], dtype=np.uint8)), MASK.astype(np.uint8)], ids=str
)
@pytest.mark.parametrize("lib", [torch, tt], ids=lambda lib: lib.__name__)
def test_masks_of_bytes_warn(lib, index):
    x = lib.tensor(X.tolist())
    parts = index if isinstance(index, tuple) else (index,)
    as_mask = tuple(part if isinstance(part, slice) else lib.tensor(part.astype(bool).tolist()) for part in parts)
    as_bytes = tuple(part if isinstance(part, slice) else lib.tensor(part.tolist(), dtype=lib.uint8) for part in parts)
    with pytest.warns(UserWarning, match=r"^indexing with dtype torch\.uint8 is now deprecated"):
        found = x[as_bytes]
    assert found.tolist() == x[as_mask].tolist()


def test_tensors_as_ends_of_slices():
    for index in (
        lambda a, b: slice(a, b),
        lambda a, b: (slice(None), slice(a, None)),
        lambda a, b: slice(a * 1.5, None),
    ):
        same(lambda lib, x, a, b, index=index: x[index(a, b)], X, ints(0), ints(1))


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    for index in (0, (FULL, 1), ints([1, 0, 1]), MASK, (ints([0, 0]), ints([1, 1])), (FULL, ints([1, 1]))):
        same(getitem, sample((2, 3), dtype), index)


def test_a_number_has_no_elements():
    same(lambda lib, x: x[0], S)
    x = tt.tensor(2.5)
    with pytest.warns(UserWarning, match=r"^loss\.data\[0\] is PyTorch 0\.3's way"):
        assert x.data[0] == 2.5


def test_too_many_indices_say_what_the_shape_is():
    with pytest.raises(IndexError, match=r"^too many indices for tensor of dimension 2\n\nThe tensor has the shape"):
        tt.zeros(2, 3)[0, 0, 0]


@pytest.mark.parametrize("index", [ints([0, 1]), MASK, (ints([0, 1]), ints([0, 1]))], ids=str)
def test_an_index_must_not_change_before_backward(index):
    def changed(lib, x, index):
        y = (x * 1)[index]
        (index[0] if isinstance(index, tuple) else index).zero_()
        y.sum().backward()

    same(changed, X, index, unchanged=False)


def test_second_backward_needs_the_index():
    def twice(lib, x, index):
        y = (x * 1)[index].sum()
        y.backward()
        y.backward()

    same(twice, X, ints([0, 1]), unchanged=False)
    same(twice, X, [0, 1], unchanged=False)


def test_iteration_and_unpacking():
    same(lambda lib, x: [row * 2 for row in x], X)
    same(lambda lib, x: list(x), S)
    same(lambda lib, x: x[0] + x[1, 2] * x[-1], X)
