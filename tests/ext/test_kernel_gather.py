"""gather and index_select: kernel, twin and loops in Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import LAYOUTS, both, draw, load, outcome
from tinytorch.kernels import threads

DTYPES = [np.float32, np.float64, np.int16, np.uint8, np.bool_, np.float16, np.complex64, np.complex128, np.longdouble]
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
SHAPES = [((7,), 0), ((4, 3), 0), ((4, 3), 1), ((4, 3), -1), ((2, 5, 3), 1), ((2, 5, 3), 0), ((3, 1), 0)]
shapes = pytest.mark.parametrize("shape, axis", SHAPES, ids=str)


def elements(shape, dtype):
    return np.random.default_rng(0).integers(0, 100, shape).astype(dtype)


def plain_gather(x, axis, index):
    out = np.zeros(index.shape, x.dtype)
    for place in np.ndindex(index.shape):
        at = list(place)
        at[axis] = index[place]
        out[place] = x[tuple(at)]
    return out


@both
@dtypes
@shapes
@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_gather(kind, dtype, shape, axis, count):
    x = elements(shape, dtype)
    sides = [count if a == axis % len(shape) else n for a, n in enumerate(shape)]
    index = np.random.default_rng(1).integers(0, shape[axis], sides)
    found = load(kind, "gather").gather(x, axis, index)
    np.testing.assert_array_equal(found, plain_gather(x, axis, index), strict=True)


@both
@dtypes
@shapes
@pytest.mark.parametrize("sides", [(), (0,), (1,), (3, 4), (2, 0)], ids=str)
@pytest.mark.parametrize("negative", [False, True])
def test_index_select(kind, dtype, shape, axis, sides, negative):
    x = elements(shape, dtype)
    index = np.asarray(np.random.default_rng(1).integers(-shape[axis] if negative else 0, shape[axis], sides))
    found = load(kind, "gather").index_select(x, axis, index, negative)
    np.testing.assert_array_equal(found, np.take(x, index, axis), strict=True)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 7, 11, 16, 31, 63, 64, 65, 127, 200, 1025])
def test_lines_of_any_width(width):
    """Lines of some bytes are copied without a call, in pieces"""
    x, index = elements((2, 50, width), np.uint8), np.random.default_rng(1).integers(0, 50, 40)
    np.testing.assert_array_equal(load("kernel", "gather").index_select(x, 1, index), x[:, index], strict=True)


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("sides", [(3, 4), (1, 1), (0, 2), (2, 0)], ids=str)
def test_bag_sum(kind, dtype, sides):
    x, index = elements((6, 5), dtype), np.random.default_rng(1).integers(0, 6, sides)
    found = load(kind, "gather").bag_sum(x, index)
    np.testing.assert_array_equal(found, x[index].sum(1).astype(dtype), strict=True)


@both
def test_bags_that_do_not_fit(kind):
    family, x = load(kind, "gather"), np.zeros((2, 3))
    for bad in (2, -1):
        with pytest.raises(IndexError, match=r"^index out of range in self$"):
            family.bag_sum(x, np.array([[0, bad]]))
    for table, index in [((2, 3), (2,)), ((2,), (2, 2)), ((2, 3, 1), (2, 2))]:
        with pytest.raises(ValueError, match="bag_sum needs"):
            family.bag_sum(np.zeros(table), np.zeros(index, np.int64))


@both
def test_gather_of_a_part(kind):
    """index may be smaller than x along the other axes"""
    x, index = elements((4, 5), np.float32), np.array([[3, 0], [1, 3], [3, 2], [0, 0], [1, 1], [2, 2]])
    np.testing.assert_array_equal(load(kind, "gather").gather(x, 0, index), plain_gather(x, 0, index))


@both
@pytest.mark.parametrize("bad", [3, -1, 2**40, -(2**40)])
def test_places_that_do_not_exist(kind, bad):
    family, x = load(kind, "gather"), np.zeros((2, 3))
    for axis, shape in [(1, (2, 2)), (-1, (2, 40))]:
        index = np.zeros(shape, np.int64)
        index[1, 1] = bad
        with pytest.raises(IndexError, match=f"^index {bad} is out of bounds for dimension 1 with size 3$"):
            family.gather(x, axis, index)
    with pytest.raises(IndexError, match=r"^index 2 is out of bounds for dimension 0 with size 2$"):
        family.gather(x, 0, np.array([[0, 1, 0], [1, 0, 2]]))
    with pytest.raises(IndexError, match=r"^index out of range in self$"):
        family.index_select(x, 1, np.array([0, bad]))
    with pytest.raises(IndexError, match=r"^index out of range in self$"):
        family.index_select(x, 1, np.array([0, bad if bad > 0 else bad - 3]), True)
    with pytest.raises(IndexError, match=r"^index out of range in self$"):
        family.index_select(np.zeros((2, 0)), 1, np.array([0]))


@both
def test_shapes_that_do_not_fit(kind):
    family, x = load(kind, "gather"), np.zeros((2, 3))
    for shape in [(3, 2), (2,), (), (2, 2, 2)]:
        with pytest.raises(ValueError, match="does not fit"):
            family.gather(x, 1, np.zeros(shape, np.int64))
    for axis in (2, -3):
        with pytest.raises(ValueError, match="axis"):
            family.gather(x, axis, np.zeros((2, 2), np.int64))
        with pytest.raises(ValueError, match="axis"):
            family.index_select(x, axis, np.zeros(2, np.int64))


@pytest.mark.parametrize("shape, axis", [((600, 200), 1), ((600, 200), 0), ((150001,), 0), ((3, 3, 15000), 1)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.float16, np.complex128])
def test_threads_make_no_difference(shape, axis, dtype):
    family, x, random = load("kernel", "gather"), elements(shape, dtype), np.random.default_rng(0)
    many, one = random.integers(0, shape[axis], shape), random.integers(0, shape[axis], shape[axis])
    before = threads.get_num_threads()
    try:
        for number in (1, 2, 3):
            threads.set_num_threads(number)
            np.testing.assert_array_equal(family.gather(x, axis, many), np.take_along_axis(x, many, axis))
            np.testing.assert_array_equal(family.index_select(x, axis, one), x.take(one, axis))
            rows, bags = elements((100, 64), np.float32), random.integers(0, 100, (301, 16))
            np.testing.assert_array_equal(family.bag_sum(rows, bags), rows[bags].sum(1))
            wrong = many.copy()
            wrong.flat[-1] = -5
            with pytest.raises(IndexError, match=r"^index -5 is out of bounds"):
                family.gather(x, axis, wrong)
    finally:
        threads.set_num_threads(before)


@given(st.data())
def test_like_twin(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=3)))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    dtype = data.draw(st.sampled_from([np.float32, np.int64, np.bool_, np.complex128]))
    layout, other = (LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))] for _ in range(2))
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    sides = tuple(data.draw(st.integers(0, 6)) if a == axis % len(shape) else n for a, n in enumerate(shape))
    integers = data.draw(st.sampled_from([np.int64, np.int32]))
    lowest, above = data.draw(st.integers(-1, 0)), shape[axis] + data.draw(st.integers(0, 1))
    x = layout(draw(shape).astype(dtype))
    many = other(random.integers(lowest, max(above, 1), sides).astype(integers))
    one = other(random.integers(lowest, max(above, 1), data.draw(st.integers(0, 6))).astype(integers))
    negative = data.draw(st.booleans())
    for name, args in [("gather", (x, axis, many)), ("index_select", (x, axis, one, negative))]:
        found, expected = (outcome(getattr(load(kind, "gather"), name), *args) for kind in ("kernel", "twin"))
        if isinstance(expected, type):
            assert found is expected
        else:
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype
