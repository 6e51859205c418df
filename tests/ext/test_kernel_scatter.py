"""index_add, scatter_add and scatter: kernel, twin and loops in Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import LAYOUTS, WRITABLE, assert_close, both, draw, load
from tinytorch.kernels import threads

DTYPES = [np.float32, np.float64, np.int64, np.int32, np.float16]
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


def plain_index_add(out, axis, index, source, alpha=1):
    out = out.copy()
    for i, place in enumerate(index):
        np.moveaxis(out, axis, 0)[place] += out.dtype.type(alpha) * np.moveaxis(source, axis, 0)[i]
    return out


def plain_scatter_add(out, axis, index, source):
    out = out.copy()
    for place in np.ndindex(index.shape):
        to = list(place)
        to[axis] = index[place]
        out[tuple(to)] += source[place]
    return out


def plain_scatter(out, axis, index, source):
    out, source = out.copy(), np.broadcast_to(source, index.shape)
    for place in np.ndindex(index.shape):
        to = list(place)
        to[axis] = index[place]
        out[tuple(to)] = source[place]
    return out


def small_numbers(shape, dtype, seed=0):
    """Quarters, or whole numbers, whose sums are exact in every dtype: the order of additions does not matter."""
    x = np.random.default_rng(seed).integers(-20, 20, shape)
    return (x / 4 if np.dtype(dtype).kind == "f" else x).astype(dtype)


@both
@dtypes
@pytest.mark.parametrize(
    "shape, axis", [((7,), 0), ((4, 3), 0), ((4, 3), 1), ((4, 3), -1), ((2, 5, 3), 1), ((3, 1), 0)], ids=str
)
@pytest.mark.parametrize("count", [0, 1, 3, 40])
@pytest.mark.parametrize("alpha", [1, -2])
def test_index_add(kind, dtype, shape, axis, count, alpha):
    out = small_numbers(shape, dtype)
    index = np.random.default_rng(1).integers(0, shape[axis], count)
    source = small_numbers([count if a == axis % len(shape) else n for a, n in enumerate(shape)], dtype, seed=2)
    expected = plain_index_add(out, axis, index, source, alpha)
    assert load(kind, "scatter").index_add(out, axis, index, source, alpha) is None
    np.testing.assert_array_equal(out, expected, strict=True)


@both
@dtypes
@pytest.mark.parametrize(
    "shape, axis", [((7,), 0), ((4, 3), 0), ((4, 3), 1), ((4, 3), -1), ((2, 5, 3), 1), ((3, 1), 0)], ids=str
)
@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_scatter_add(kind, dtype, shape, axis, count):
    out = small_numbers(shape, dtype)
    source = small_numbers([count if a == axis % len(shape) else n for a, n in enumerate(shape)], dtype, seed=2)
    index = np.random.default_rng(1).integers(0, shape[axis], source.shape)
    expected = plain_scatter_add(out, axis, index, source)
    assert load(kind, "scatter").scatter_add(out, axis, index, source) is None
    np.testing.assert_array_equal(out, expected, strict=True)


@both
@pytest.mark.parametrize("dtype", [*DTYPES, np.bool_, np.uint8, np.complex64, np.complex128], ids=lambda d: d.__name__)
@pytest.mark.parametrize("shape, axis", [((7,), 0), ((4, 3), 0), ((4, 3), -1), ((2, 5, 3), 1), ((3, 1), 0)], ids=str)
@pytest.mark.parametrize("count", [0, 1, 3, 40])
@pytest.mark.parametrize("one", [False, True], ids=["a number each", "one number"])
def test_scatter(kind, dtype, shape, axis, count, one):
    out = small_numbers(shape, dtype)
    sides = [count if a == axis % len(shape) else n for a, n in enumerate(shape)]
    index = np.random.default_rng(1).integers(0, shape[axis], sides)
    source = np.asarray(3, dtype) if one else small_numbers(sides, dtype, seed=2)
    expected = plain_scatter(out, axis, index, source)
    assert load(kind, "scatter").scatter(out, axis, index, source) is None
    np.testing.assert_array_equal(out, expected, strict=True)


@pytest.mark.parametrize(
    "shape, count, axis", [((600, 200), 300, 1), ((600, 200), 600, 0), ((2, 120000), 1, 0)], ids=str
)
def test_threads_make_no_difference(shape, count, axis):
    """Places named more than once belong to one thread, which goes in index order."""
    family, random = load("kernel", "scatter"), np.random.default_rng(0)
    sides = tuple(count if a == axis else n for a, n in enumerate(shape))
    index, source, one = random.integers(0, shape[axis], sides), draw(sides), random.integers(0, shape[axis], count)
    before, found = threads.get_num_threads(), []
    try:
        for number in (1, 2, 3):
            threads.set_num_threads(number)
            outs = [np.zeros(shape) for _ in range(3)]
            family.scatter(outs[0], axis, index, source)
            family.scatter_add(outs[1], axis, index, source)
            family.index_add(outs[2], axis, one, source, 0.1)
            found.append(outs)
            wrong = index.copy()
            wrong[-1, -1] = shape[axis]
            for function in (family.scatter, family.scatter_add):
                with pytest.raises(
                    IndexError, match=f"^index {shape[axis]} is out of bounds for dimension {axis} with"
                ):
                    function(np.zeros(shape), axis, wrong, source)
    finally:
        threads.set_num_threads(before)
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@both
def test_scatter_add_of_a_part(kind):
    """index may be smaller than source, and than out along the other axes"""
    out, source = small_numbers((4, 5), np.float32), small_numbers((6, 4), np.float32, seed=1)
    index = np.array([[3, 0, 1], [3, 3, 2], [0, 0, 0], [1, 1, 1], [2, 0, 2]])
    expected = plain_scatter_add(out, 0, index, source)
    load(kind, "scatter").scatter_add(out, 0, index, source)
    np.testing.assert_array_equal(out, expected)


@both
@pytest.mark.parametrize("bad", [3, -1, 2**40])
def test_places_that_do_not_exist(kind, bad):
    family, out = load(kind, "scatter"), np.zeros((2, 3))
    with pytest.raises(IndexError, match=r"^index out of range in self$"):
        family.index_add(out, 1, np.array([0, bad]), np.ones((2, 2)))
    for function in (family.scatter_add, family.scatter):
        with pytest.raises(IndexError, match=f"^index {bad} is out of bounds for dimension 1 with size 3$"):
            function(out, -1, np.array([[0, 1], [2, bad]]), np.ones((2, 2)))
    assert not out.any()


@both
def test_shapes_that_do_not_fit(kind):
    family, out = load(kind, "scatter"), np.zeros((2, 3))
    for index, source in [((2,), (2, 3)), ((2,), (3, 2)), ((2, 2), (2, 2)), ((2,), (2,)), ((), (2, 1))]:
        with pytest.raises(ValueError, match="does not fit"):
            family.index_add(out, 1, np.zeros(index, np.int64), np.ones(source))
    for index, source in [((2, 4), (2, 3)), ((3, 2), (3, 2)), ((2,), (2, 2)), ((2, 2), (2,))]:
        with pytest.raises(ValueError, match="does not fit"):
            family.scatter_add(out, 1, np.zeros(index, np.int64), np.ones(source))
        with pytest.raises(ValueError, match="does not fit"):
            family.scatter(out, 1, np.zeros(index, np.int64), np.ones(source))
    for axis in (2, -3):
        with pytest.raises(ValueError, match="axis"):
            family.index_add(out, axis, np.zeros(2, np.int64), np.ones((2, 2)))
        with pytest.raises(ValueError, match="axis"):
            family.scatter_add(out, axis, np.zeros((2, 2), np.int64), np.ones((2, 2)))
        with pytest.raises(ValueError, match="axis"):
            family.scatter(out, axis, np.zeros((2, 2), np.int64), np.ones((2, 2)))


@both
def test_memory_that_may_not_be_written(kind):
    family, out = load(kind, "scatter"), np.zeros((2, 3))
    out.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        family.index_add(out, 0, np.zeros(1, np.int64), np.ones((1, 3)))
    with pytest.raises(ValueError, match="read-only"):
        family.scatter_add(out, 0, np.zeros((1, 3), np.int64), np.ones((1, 3)))
    with pytest.raises(ValueError, match="read-only"):
        family.scatter(out, 0, np.zeros((1, 3), np.int64), np.ones((1, 3)))


@both
def test_a_source_that_shares_memory_is_read_first(kind):
    family = load(kind, "scatter")
    memory = np.arange(6.0)
    family.index_add(memory[:4], 0, np.array([3, 2, 1, 0]), memory[2:])
    assert memory.tolist() == [5, 5, 5, 5, 4, 5]
    memory = np.arange(6.0)
    family.scatter_add(memory[:4], 0, np.array([3, 2, 1, 0]), memory[2:])
    assert memory.tolist() == [5, 5, 5, 5, 4, 5]


@both
def test_nan_and_inf(kind):
    out = np.zeros(3)
    load(kind, "scatter").index_add(out, 0, np.array([0, 1, 1, 0]), np.array([np.nan, np.inf, -np.inf, 1]))
    np.testing.assert_array_equal(out, [np.nan, np.nan, 0])


@given(st.data())
def test_like_twin(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    count = data.draw(st.integers(0, 6))
    dtype = data.draw(st.sampled_from([np.float32, np.float64, np.int64]))
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    inner = tuple(count if a == axis % len(shape) else n for a, n in enumerate(shape))
    lay_out = WRITABLE[data.draw(st.sampled_from(sorted(WRITABLE)))]
    lay_in = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))]
    start, source = small_numbers(shape, dtype), lay_in(small_numbers(inner, dtype, seed=1))
    integers = data.draw(st.sampled_from([np.int64, np.int32]))
    one = random.integers(0, shape[axis], count).astype(integers)
    many = random.integers(0, shape[axis], inner).astype(integers)
    results = []
    for kind in ("kernel", "twin"):
        family, added, scattered, written = load(kind, "scatter"), lay_out(start), lay_out(start), lay_out(start)
        family.index_add(added, axis, one, source)
        family.scatter_add(scattered, axis, many, source)
        family.scatter(written, axis, many, source)
        results.append((added, scattered, written))
    for actual, expected in zip(*results):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.torch
@both
def test_like_torch(kind):
    torch = pytest.importorskip("torch")
    table, index, grad = draw((10, 4)), np.random.default_rng(0).integers(0, 10, 50), draw((50, 4), seed=1)
    weight = torch.from_numpy(table).requires_grad_()
    torch.nn.functional.embedding(torch.from_numpy(index), weight).backward(torch.from_numpy(grad))
    out = np.zeros((10, 4))
    load(kind, "scatter").index_add(out, 0, index, grad)
    assert_close(out, weight.grad.numpy(), scale=10)
    many = np.random.default_rng(1).integers(0, 10, (50, 4))
    expected = torch.from_numpy(table.copy()).scatter_add_(0, torch.from_numpy(many), torch.from_numpy(grad))
    load(kind, "scatter").scatter_add(table, 0, many, grad)
    assert_close(table, expected.numpy(), scale=10)
