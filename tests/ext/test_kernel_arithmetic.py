"""NumPy's loops called directly: every result is that of the ufunc, to the bit, in dtype, shape and order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.ext.kernel_tools import LAYOUTS, both, draw, floats, load, numbers
from tinytorch.kernels import threads

TWO = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide}
UFUNCS = [np.exp, np.log, np.sqrt, np.tanh, np.isnan, np.signbit, np.absolute]
UFUNCS_OF_TWO = [np.maximum, np.less, np.equal, np.arctan2, np.power, np.hypot, np.logical_and]


@pytest.fixture(autouse=True, params=[1, 2], ids=["1 thread", "2 threads"], scope="module")
def thread_count(request):
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    yield
    threads.set_num_threads(before)


def assert_is(actual, expected):
    """The same array: numbers (and nan), dtype, shape, order in memory"""
    expected = np.asarray(expected)
    assert type(actual) is np.ndarray
    np.testing.assert_array_equal(actual, expected, strict=True)
    assert actual.strides == expected.strides
    if actual.dtype.kind == "f":  # 0.0 and -0.0
        np.testing.assert_array_equal(np.signbit(actual), np.signbit(expected))


SHAPES = [
    ((), ()), ((3,), (3,)), ((4, 3), (4, 3)), ((4, 3), (3,)), ((4, 3), (4, 1)), ((4, 1), (1, 3)), ((1,), (4, 3)),
    ((), (2, 3)), ((2, 5, 4), (5, 1)), ((2, 5, 4), (2, 1, 4)), ((2, 1, 4, 1), (3, 1, 5)), ((0, 3), (3,)),
    ((100, 2), (2,)),
    ((70_000,), (70_000,)), ((300, 400), (400,)), ((300, 400), (300, 1)), ((40, 50, 60), (50, 1)), ((70_000, 2), (2,)),
    ((3, 70_000), (70_000,)), ((9, 2), (2,)), ((67, 10), (10,)), ((37, 1000), (1000,)), ((2, 50, 7), (7,)),
    ((5000, 13), (13,)),
]  # fmt: skip


@both
@floats
@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_two_operands(kind, dtype, name, shapes):
    x, y = draw(shapes[0], dtype), draw(shapes[1], dtype, seed=1)
    function = getattr(load(kind, "arithmetic"), name)
    assert_is(function(x, y), TWO[name](x, y))
    assert_is(function(y, x), TWO[name](y, x))
    out = np.empty(np.broadcast_shapes(*shapes), dtype)
    assert function(x, y, out) is out
    assert_is(out, TWO[name](x, y))


@both
@floats
@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("number", [2, -0.5, 0, 2**24 + 1, 1e300, np.inf, np.nan, True], ids=str)
def test_a_number_as_operand(kind, dtype, name, number):
    function, x = getattr(load(kind, "arithmetic"), name), draw((4, 3), dtype)
    assert_is(function(x, number), TWO[name](x, number))
    assert_is(function(number, x), TWO[name](number, x))
    assert_is(function(x.T, number), TWO[name](x.T, number))


@both
@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i4", "i8", "u8"])
@pytest.mark.parametrize("name", TWO)
def test_whole_numbers(kind, dtype, name):
    function = getattr(load(kind, "arithmetic"), name)
    x = np.arange(-20, 40).reshape(20, 3).astype(dtype)
    y = np.array([-1, 0, 100]).astype(dtype)
    for a, b in [(x, y), (x, x), (y, x[:, :1]), (x, 3), (3, x), (x, 2**24 + 1), (x, 0.5), (x.T, 3)]:
        try:
            expected = TWO[name](a, b)
        except (TypeError, OverflowError) as error:
            with pytest.raises(type(error)):
                function(a, b)
        else:
            assert_is(function(a, b), expected)


@both
def test_powers_of_integers_may_be_errors(kind):
    with pytest.raises(ValueError, match="negative integer powers"):
        load(kind, "arithmetic").apply_to_two(np.power, np.arange(5), np.full(5, -1))


@both
@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16", "i8", "?"])
def test_any_ufunc(kind, ufunc, dtype):
    x = draw((50, 3), np.float64).astype(dtype)
    try:
        expected = ufunc(x), ufunc(x.T)
    except TypeError:
        with pytest.raises(TypeError):
            load(kind, "arithmetic").apply(ufunc, x)
        return
    assert_is(load(kind, "arithmetic").apply(ufunc, x), expected[0])
    assert_is(load(kind, "arithmetic").apply(ufunc, x.T), expected[1])


@both
@pytest.mark.parametrize("ufunc", UFUNCS_OF_TWO, ids=lambda ufunc: ufunc.__name__)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i8", "i2"])
def test_any_ufunc_of_two(kind, ufunc, dtype):
    x, y = np.abs(draw((50, 3))).astype(dtype), np.abs(draw(3, seed=1)).astype(dtype)
    assert_is(load(kind, "arithmetic").apply_to_two(ufunc, x, y), ufunc(x, y))


@both
def test_dtypes_that_are_joined(kind):
    add = load(kind, "arithmetic").add
    for x, y in [(np.float32(1), np.float64(2)), (np.ones(2, np.float32), np.ones(2)), (np.arange(3), np.ones(3))]:
        x, y = np.asarray(x), np.asarray(y)
        assert_is(add(x, y), np.add(x, y))


@both
def test_negative(kind):
    negative = load(kind, "arithmetic").negative
    x = draw((4, 3))
    assert_is(negative(x), -x)
    assert negative(x, x) is x
    assert_is(x, draw((4, 3)) * -1)


@both
def test_results_written_over_operands(kind):
    add = load(kind, "arithmetic").add
    x, y = draw(100_000), draw(100_000, seed=1)
    expected = x + y
    assert add(x, y, x) is x
    assert_is(x, expected)
    memory = np.arange(10.0)
    add(memory[:-1], 1, memory[1:])  # as if the operand had been copied first
    assert memory.tolist() == [0, *range(1, 10)]
    memory = np.arange(10.0)
    add(memory[1:], memory[:-1], memory[:-1])
    assert memory.tolist() == [*range(1, 19, 2), 9]
    memory = np.arange(6.0).reshape(3, 2)
    add(memory, memory[0], memory)  # a row of the result is an operand
    assert memory.tolist() == [[0, 2], [2, 4], [4, 6]]


@both
def test_what_cannot_be_done(kind):
    add = load(kind, "arithmetic").add
    with pytest.raises(ValueError, match="broadcast"):
        add(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="broadcast"):
        add(np.ones(3), np.ones(3), np.ones((2, 2)))
    out = np.ones(3)
    out.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        add(np.ones(3), np.ones(3), out)
    with pytest.raises(TypeError, match="annot cast"):
        add(np.ones(3), np.ones(3), np.ones(3, np.int64))


@given(st.data())
def test_any_two_arrays(data):
    """Shapes that broadcast, any strides, nan and inf"""
    shapes = data.draw(arrays.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4)).input_shapes
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    x, y = (data.draw(numbers(shape, dtype)) for shape in shapes)
    if data.draw(st.booleans()):
        axes = data.draw(st.permutations(range(x.ndim)))
        x = x.transpose(axes)
        if x.ndim == y.ndim:
            y = y.transpose(axes)
    name = data.draw(st.sampled_from(sorted(TWO)))
    function = getattr(load("kernel", "arithmetic"), name)
    try:
        expected = TWO[name](x, y)
    except ValueError:
        with pytest.raises(ValueError):
            function(x, y)
        return
    assert_is(function(x, y), expected)


@given(st.data())
def test_any_array(data):
    x = data.draw(numbers(layouts=LAYOUTS))
    ufunc = data.draw(st.sampled_from(UFUNCS))
    assert_is(load("kernel", "arithmetic").apply(ufunc, x), ufunc(x))


@pytest.mark.parametrize("steps", [(8, 8), (0, 8), (0, 0), (8, 0), (16, 8)], ids=str)
def test_elements_that_lie_at_one_place(steps):
    x = np.lib.stride_tricks.as_strided(np.arange(50.0), (5, 6), steps)
    y = draw((5, 6))
    assert_is(load("kernel", "arithmetic").multiply(x, y), np.multiply(x, y))
    assert_is(load("kernel", "arithmetic").subtract(y, x), np.subtract(y, x))
