"""where: the kernel gives NumPy's answer to the bit, for any dtypes, shapes and strides."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.ext.kernel_tools import LAYOUTS, WRITABLE, both, draw, floats, load, numbers

SHAPES = [
    ((), (), ()), ((4, 3), (4, 3), (4, 3)), ((4, 3), (4, 3), ()), ((4, 3), (), (4, 3)), ((4, 1), (4, 3), (3,)),
    ((), (4, 3), (4, 1)), ((2, 3, 4), (3, 1), (1,)), ((70_000,), (70_000,), (1,)), ((300, 400), (400,), (300, 1)),
    ((0,), (0,), ()), ((37, 1000), (37, 1000), (1000,)), ((13,), (67, 13), (67, 13)), ((67, 13), (13,), (13,)),
]  # fmt: skip


def assert_is(actual, expected):
    np.testing.assert_array_equal(actual, expected, strict=True)
    assert actual.strides == expected.strides


@both
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i4", "i8", "u1", "?", "c8", "c16"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_shapes_and_dtypes(kind, dtype, shapes):
    condition, x, y = draw(shapes[0]) > 0, draw(shapes[1], seed=1).astype(dtype), draw(shapes[2], seed=2).astype(dtype)
    assert_is(load(kind, "where").where(condition, x, y), np.where(condition, x, y))


@both
@floats
@pytest.mark.parametrize("number", [0, -2.5, np.inf, np.nan, 2**40, True], ids=str)
def test_numbers(kind, dtype, number):
    where, x = load(kind, "where").where, draw((4, 3), dtype)
    assert_is(where(x > 0, x, number), np.where(x > 0, x, number))
    assert_is(where(x > 0, number, x), np.where(x > 0, number, x))


@both
def test_nan_keeps_its_bits(kind):
    x = np.array([0x7FC00001, 0xFFC00002, 0x7F800003], np.uint32).view(np.float32)
    mask = np.array([True, False, True])
    actual = load(kind, "where").where(mask, x, x[::-1])
    assert actual.view(np.uint32).tolist() == [0x7FC00001, 0xFFC00002, 0x7F800003]


@both
def test_dtypes_that_are_joined(kind):
    where, mask = load(kind, "where").where, np.array([True, False])
    for x, y in [(np.ones(2, np.float32), np.zeros(2)), (np.arange(2), np.ones(2)), (np.arange(2, dtype=np.int32), 3)]:
        assert_is(where(mask, x, y), np.where(mask, x, y))
    assert_is(where(np.arange(2), np.ones(2), np.zeros(2)), np.array([0.0, 1.0]))


@both
def test_shapes_that_do_not_fit(kind):
    with pytest.raises(ValueError, match="broadcast"):
        load(kind, "where").where(np.ones(3, bool), np.ones(4), np.ones(4))


@given(st.data())
def test_any_arrays(data):
    shapes = data.draw(arrays.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=4)).input_shapes
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    x, y = (data.draw(numbers(shape, dtype)) for shape in shapes[:2])
    condition = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))](np.asarray(draw(shapes[2]) > 0))
    if data.draw(st.booleans()):
        x, y, condition = x.T, y.T, condition.T
    try:
        expected = np.where(condition, x, y)
    except ValueError:
        with pytest.raises(ValueError):
            load("kernel", "where").where(condition, x, y)
        return
    assert_is(load("kernel", "where").where(condition, x, y), expected)


@both
@pytest.mark.parametrize("layout", WRITABLE.values(), ids=WRITABLE)
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i8"])
@pytest.mark.parametrize("shape", [(), (0,), (7,), (4, 3), (3, 40, 5), (300, 400)], ids=str)
def test_masked_fill(kind, layout, dtype, shape):
    x, mask = layout(draw(shape).astype(dtype)), draw(shape, seed=1) > 0
    for condition in (mask, np.asfortranarray(mask), np.broadcast_to(mask[..., :1], shape)) if shape else (mask,):
        for value in (0, -0.0, 2.5, 0.1, 2**24 + 1, 1e30, np.nan, np.inf) if x.dtype.kind == "f" else (0, 7):
            actual, expected = layout(x), x.copy()
            with np.errstate(over="ignore"):
                assert load(kind, "where").masked_fill(actual, condition, value) is None
                expected[condition] = value
            np.testing.assert_array_equal(actual, expected)


@both
def test_masked_fill_writes_nothing_else(kind):
    """Two threads with masks that have no place in common lose nothing."""
    x, mask = np.zeros(1_000_000, np.float32), np.arange(1_000_000) % 2 == 0
    fill, rounds = load(kind, "where").masked_fill, 20
    workers = [threading.Thread(target=lambda m=m: [fill(x, m, i) for i in range(rounds)]) for m in (mask, ~mask)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (x == rounds - 1).all()


@both
def test_masks_that_do_not_fit(kind):
    for mask in (np.ones(4, bool), np.ones((3, 1), bool), np.ones(2, bool)):
        with pytest.raises(IndexError):
            load(kind, "where").masked_fill(np.zeros((3, 4)) if mask.ndim > 1 else np.zeros(3), mask, 1)
