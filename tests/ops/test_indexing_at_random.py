"""Random shapes, indices and values: x[...] and x[...] = y beside NumPy and PyTorch, and what gradients flow."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402

SIDES = st.integers(0, 4)
SHAPES = st.lists(SIDES, max_size=4).map(tuple)
ARRAY_SHAPES = st.sampled_from([(), (1,), (2,), (3,), (2, 1), (1, 3), (2, 3), (0,)])


@st.composite
def part(draw, side):
    """One part of an index, for a dimension of length `side`; now and then out of bounds."""
    kind = draw(st.sampled_from(["int", "slice", "full", "none", "array", "mask", "array", "list"]))
    low, high = (-side, side - 1) if side and draw(st.integers(0, 15)) else (-side - 1, side)
    if kind == "int":
        return draw(st.integers(low, high))
    if kind == "slice":
        ends = st.one_of(st.none(), st.integers(-side - 1, side + 1))
        return slice(draw(ends), draw(ends), draw(st.sampled_from([None, 1, 2, 3])))
    if kind == "full":
        return slice(None)
    if kind == "none":
        return None
    if kind == "mask":
        return np.array(draw(st.lists(st.booleans(), min_size=side, max_size=side)), bool)
    if kind == "list":
        return draw(st.lists(st.integers(low, high), max_size=3))
    shape = draw(ARRAY_SHAPES)
    return np.array(draw(st.lists(st.integers(low, high), min_size=6, max_size=6)))[: int(np.prod(shape))].reshape(
        shape
    )


@st.composite
def cases(draw):
    """A shape and an index for it."""
    shape = draw(SHAPES)
    index = []
    for side in shape[: draw(st.integers(0, len(shape)))]:
        index.append(draw(part(side)))
    if draw(st.booleans()):
        index.insert(draw(st.integers(0, len(index))), ...)
    if draw(st.integers(0, 9)) == 0 and len(shape) > 1:  # a mask over two dimensions in front
        index = [draw(st.integers(0, 1)) == np.arange(shape[0] * shape[1]).reshape(shape[:2]) % 2, *index[2:]]
    return shape, tuple(index)


def as_index(lib, index):
    return tuple(lib.tensor(each) if isinstance(each, np.ndarray) else each for each in index)


def outcome(function):
    """What a call gives: an array as nested lists with its shape, or the class and first line of its error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function()
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        return type(error).__name__, str(error).split("\n")[0]
    return tuple(result.shape), result.tolist()


def numbers(shape):
    return np.arange(int(np.prod(shape)), dtype=np.float64).reshape(shape)


@settings(max_examples=250)
@given(cases())
def test_reading(case):
    shape, index = case
    x = numbers(shape)
    found = outcome(lambda: tt.tensor(x)[as_index(tt, index)])
    assert found == outcome(lambda: torch.tensor(x)[as_index(torch, index)])
    if type(found[0]) is tuple and numpy_agrees(x, index):
        y = x[index]
        assert found == (y.shape, y.tolist())


def numpy_agrees(x, index):
    """Does NumPy read the index as PyTorch does?

    Not where an integer or an Ellipsis of no dimensions is beside arrays, which counts as an array or stands between
    them, nor for [], which holds floats; and it looks at indices into nothing.
    """
    arrays = [each for each in index if isinstance(each, (np.ndarray, list))]
    others = any(
        isinstance(each, int) or each is ... or (isinstance(each, np.ndarray) and not each.ndim) for each in index
    )
    return x.size > 0 and all(np.size(each) for each in arrays) and not (arrays and others)


@settings(max_examples=120)
@given(cases())
def test_gradients(case):
    shape, index = case
    grads = []
    for lib in (tt, torch):
        x = lib.tensor(numbers(shape), requires_grad=True)
        try:
            y = (x * 1)[as_index(lib, index)]
        except (IndexError, TypeError, ValueError):
            return
        weights = lib.tensor(numbers(tuple(y.shape)) + 1, requires_grad=True)
        (grad,) = lib.autograd.grad((y * weights).sum(), x, create_graph=True)
        (second,) = lib.autograd.grad((grad * grad).sum(), weights)
        grads.append((grad.tolist(), second.tolist()))
    assert grads[0] == grads[1]


@st.composite
def writes(draw):
    """A shape, an index, and a value: a number, or an array whose shape often fits."""
    shape, index = draw(cases())
    try:
        result = torch.zeros(shape)[as_index(torch, index)].shape
    except (IndexError, TypeError, ValueError):
        result = torch.Size([])
    if draw(st.booleans()):
        return shape, index, draw(st.sampled_from([7, -1.5]))
    sides = tuple(1 if draw(st.integers(0, 4)) == 0 else side for side in result)[draw(st.integers(0, len(result))) :]
    sides = (1,) * draw(st.integers(0, 1)) + sides
    if draw(st.integers(0, 9)) == 0:
        sides = (*sides, 2)
    return shape, index, 100 + numbers(sides)


@settings(max_examples=250)
@given(writes())
def test_writing(case):
    shape, index, value = case

    def write(lib):
        x = lib.tensor(numbers(shape))
        x[as_index(lib, index)] = lib.tensor(value) if isinstance(value, np.ndarray) else value
        return x

    found = outcome(lambda: write(tt))
    assert found == outcome(lambda: write(torch))


@settings(max_examples=120)
@given(writes())
def test_gradients_of_writing(case):
    shape, index, value = case
    found = []
    for lib in (tt, torch):
        x = lib.tensor(numbers(shape), requires_grad=True)
        v = lib.tensor(np.asarray(value, np.float64), requires_grad=True)
        y = x * 2
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                y[as_index(lib, index)] = v * 3
        except (IndexError, RuntimeError, TypeError, ValueError):
            return
        grads = lib.autograd.grad((y * lib.tensor(numbers(shape) + 1)).sum(), (x, v), allow_unused=True)
        found.append([None if grad is None else grad.tolist() for grad in grads])
    assert found[0] == found[1]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(-3, 2), st.integers(-4, 3)), min_size=1, max_size=6), st.booleans())
def test_every_mention_counts(mentions, accumulate):
    """index_put with accumulate is np.add.at; without it is x[rows, columns] = values."""
    rows, columns = np.array(mentions).T
    x, values = numbers((3, 4)), 100.0 + np.arange(len(mentions))
    found = tt.tensor(x).index_put_((tt.tensor(rows), tt.tensor(columns)), tt.tensor(values), accumulate)
    if accumulate:
        np.add.at(x, (rows, columns), values)
    else:
        x[rows, columns] = values
    assert found.tolist() == x.tolist()
