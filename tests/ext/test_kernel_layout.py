"""Copying, joining and filling: kernel and twin, in every layout, by one thread and by several."""

import numpy as np
import pytest

from tests.ext.kernel_tools import LAYOUTS, WRITABLE, both, draw, load
from tinytorch.kernels import threads

shapes = pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4), (300, 1001)], ids=str)


@pytest.fixture(params=[1, 3], ids="{} threads".format)
def count(request):
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    yield
    threads.set_num_threads(before)


@both
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@shapes
@pytest.mark.usefixtures("count")
def test_copy(kind, layout, shape):
    x = layout(draw(shape))
    y = load(kind, "layout").copy(x)
    np.testing.assert_array_equal(y, x)
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    assert y.flags.c_contiguous and y.flags.writeable and not np.shares_memory(x, y)


@both
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 300, 401), (1, 2, 90_000), (0, 3, 2)], ids=str)
@pytest.mark.usefixtures("count")
def test_concatenate_and_stack(kind, layout, axis, shape):
    longer = tuple([side + (dim == axis) for dim, side in enumerate(shape)])
    x, y, z = layout(draw(shape)), layout(draw(longer, seed=1)), draw(shape, seed=2)
    for actual, expected in (
        (load(kind, "layout").concatenate((x, y, z), axis), np.concatenate((x, y, z), axis)),
        (load(kind, "layout").stack((x, z), axis), np.stack((x, z), axis)),
    ):
        np.testing.assert_array_equal(actual, expected, strict=True)
        assert actual.flags.c_contiguous


@both
def test_concatenate_many(kind):
    arrays = tuple([np.full((2, i % 3), i) for i in range(200)])
    np.testing.assert_array_equal(load(kind, "layout").concatenate(arrays, 1), np.concatenate(arrays, 1), strict=True)


@both
@pytest.mark.parametrize("function", ["concatenate", "stack"])
@pytest.mark.parametrize("second", [np.zeros((2, 4)), np.zeros(3), np.zeros((3, 3, 1))], ids=lambda x: str(x.shape))
def test_arrays_that_do_not_fit(kind, function, second):
    with pytest.raises(ValueError):
        getattr(load(kind, "layout"), function)((np.zeros((3, 3)), second), 0)
    with pytest.raises(ValueError):
        getattr(load(kind, "layout"), function)((np.zeros((3, 3)), np.zeros((3, 3))), 3)


@both
@pytest.mark.parametrize("layout", WRITABLE.values(), ids=WRITABLE)
@shapes
@pytest.mark.usefixtures("count")
def test_assign(kind, layout, shape):
    x, y = layout(draw(shape)), layout(draw(shape, seed=1))
    assert load(kind, "layout").assign(x, y) is None
    np.testing.assert_array_equal(x, draw(shape, seed=1))
    np.testing.assert_array_equal(y, draw(shape, seed=1))


@both
@pytest.mark.parametrize("shift", [1, -1])
def test_assign_where_both_share_memory(kind, shift):
    memory = np.arange(100_001.0)
    load(kind, "layout").assign(memory[max(shift, 0) :][:100_000], memory[max(-shift, 0) :][:100_000])
    np.testing.assert_array_equal(memory[max(shift, 0) :][:100_000], np.arange(100_000.0) + max(-shift, 0))


@both
@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "f2", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("value", [0, 1, 77, -0.0])
@pytest.mark.parametrize("n", [0, 1, 5, 4095, 4097, 300_001])
@pytest.mark.usefixtures("count")
def test_fill(kind, dtype, value, n):
    memory, number = np.full(n + 2, 3, dtype), np.array(value, dtype)
    assert load(kind, "layout").fill(memory[1:-1], number) is None
    assert memory[1:-1].tobytes() == number.tobytes() * n  # so that -0.0 is not 0.0
    assert memory[0] == memory[-1] == np.array(3, dtype)


@both
@pytest.mark.parametrize("layout", WRITABLE.values(), ids=WRITABLE)
def test_fill_in_every_layout(kind, layout):
    x = layout(draw((3, 4)))
    load(kind, "layout").fill(x, np.array(2.5, x.dtype))
    np.testing.assert_array_equal(x, np.full((3, 4), 2.5))


@both
@pytest.mark.parametrize("function", ["fill", "assign"])
def test_read_only_memory_is_not_written(kind, function):
    x = np.zeros(4)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        getattr(load(kind, "layout"), function)(x, np.array(1.0))
    assert not x.any()


@both
@pytest.mark.parametrize("dtype", ["?", "u1", "f2", "c16", "M8[s]", "U2", "O"])
def test_copy_of_any_dtype(kind, dtype):
    x = np.zeros((2, 3), dtype)
    x[1, 1] = 1
    np.testing.assert_array_equal(load(kind, "layout").copy(x), x, strict=True)
