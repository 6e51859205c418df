"""Reductions of arrays of any strides, large enough for several stages, pieces and threads."""

import ctypes
import math
import mmap
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ext.kernel_tools import assert_close, draw, load
from tinytorch.kernels import threads

FUNCTIONS = ["sum", "mean", "variance", "prod", "norm", "largest", "any", "all"]
LONG = [(200_003,), (70_001, 3), (3, 70_001), (300, 500), (40, 50, 90), (2, 600, 130), (9000, 2, 9), (150, 2, 600)]
LONG += [(37, 70_001), (300, 2100)]  # many columns, in rows that are far apart


def compute(family, name, x, axis, keepdims=False):
    if name == "variance":
        return family.var_mean(x, axis, 1, keepdims)[0]
    if name == "norm":
        return family.norm(x, 2, axis, keepdims)
    if name == "largest":
        return family.norm(x, math.inf, axis, keepdims)
    return getattr(family, name)(1 + x / 1e4 if name == "prod" else x, axis, keepdims)


def check(name, x, axis, keepdims=False):
    """The kernel's result beside that of the twin, which computes with a copy in double precision"""
    kernel = compute(load("kernel", "reduce"), name, x, axis, keepdims)
    twin = compute(load("twin", "reduce"), name, np.ascontiguousarray(x).astype(float), axis, keepdims)
    assert kernel.shape == twin.shape
    joined = x.size // max(kernel.size, 1)
    scale = {"sum": joined**0.5 + 1, "prod": 4 * joined**0.5 * (1 + np.abs(twin).max(initial=0)), "norm": joined**0.5}
    if kernel.dtype == bool:
        np.testing.assert_array_equal(kernel, twin)
    else:
        assert_close(kernel, twin.astype(kernel.dtype), ulps=32, scale=max(1, scale.get(name, 4)))


def all_axes(ndim):
    return [None, *range(ndim), *([(0, 2), (0, 1), (1, 2)] if ndim == 3 else [])]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shape", LONG, ids=str)
def test_long_arrays(name, shape):
    x = draw(shape, np.float32)
    for axis in all_axes(len(shape)):
        check(name, x, axis)
        check(name, x.T, axis)


@st.composite
def views(draw_):
    """An array in memory of its own, looked at in another order of axes, backwards, with gaps, repeated"""
    sides = draw_(st.lists(st.sampled_from([1, 2, 3, 7, 33, 70, 300]), min_size=1, max_size=4))
    while math.prod(sides) > 50_000:
        sides.remove(max(sides))
    x = draw(sides or [300], draw_(st.sampled_from([np.float32, np.float64])))
    x = x.transpose(draw_(st.permutations(range(x.ndim))))
    x = x[tuple(slice(None, None, draw_(st.sampled_from([1, 1, -1, 2, 3]))) for _ in range(x.ndim))]
    for axis in range(x.ndim):
        if draw_(st.integers(0, 4)) == 0:
            x = np.broadcast_to(np.take(x, [0], axis), x.shape)
    if x.ndim == 1 and len(x) > 8 and draw_(st.booleans()):  # windows that overlap
        x = np.lib.stride_tricks.sliding_window_view(x, 5)
    return x


@given(st.data())
@settings(max_examples=150)
def test_any_strides(data):
    x = data.draw(views())
    axis = data.draw(st.none() | st.sets(st.integers(0, x.ndim - 1), max_size=x.ndim).map(tuple))
    check(data.draw(st.sampled_from(FUNCTIONS)), x, axis, data.draw(st.booleans()))


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "i4", "i8"])
def test_sums_of_integers_of_any_strides(dtype):
    x = np.random.default_rng(0).integers(0, 2 if dtype == "?" else 100, (70, 33, 200)).astype(dtype)
    for view in (x, x.T, x[:, ::-2], x[..., ::3], np.broadcast_to(x[:, :1], x.shape)):
        for axis in all_axes(3):
            actual = load("kernel", "reduce").sum(view, axis)
            np.testing.assert_array_equal(actual, view.sum(axis, dtype=np.int64), strict=True)


@pytest.fixture
def thread_count():
    before = threads.get_num_threads()
    yield threads.set_num_threads
    threads.set_num_threads(before)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "shape", [(1_500_001,), (1200, 1300), (300_000, 5), (5, 300_000), (60, 70, 400), (30, 70_001)], ids=str
)
def test_results_are_the_same_to_the_bit_for_every_number_of_threads(name, shape, thread_count):
    family, x = load("kernel", "reduce"), draw(shape, np.float32)
    for axis in all_axes(len(shape)):
        thread_count(1)
        expected = compute(family, name, x, axis)
        for count in (2, 3, 7):
            thread_count(count)
            np.testing.assert_array_equal(compute(family, name, x, axis), expected)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_a_row_s_result_does_not_depend_on_its_neighbours(name, dtype):
    family = load("kernel", "reduce")
    for length in (1, 3, 8, 31, 64, 100, 257, 512, 513, 2050):
        x = draw((11, length), dtype)
        together = np.asarray(compute(family, name, x, 1))
        alone = [np.asarray(compute(family, name, x[i : i + 1], 1))[..., 0] for i in range(11)]
        np.testing.assert_array_equal(together, np.stack(alone, axis=-1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_sums_of_short_rows_are_pytorch_s_to_the_bit(dtype):
    torch = pytest.importorskip("torch")
    for length in [*range(1, 140), 255, 256, 300, 511, 512, 513, 1000, 2047, 2048, 4100, 8191, 8192, 9000]:
        x = draw((11, length), dtype)  # eight rows are added in turns, three alone
        expected = torch.from_numpy(x).sum(1).numpy()
        np.testing.assert_array_equal(load("kernel", "reduce").sum(x, 1), expected)


@pytest.mark.parametrize("length", [1, 5, 511, 512, 513, 1000, 1025])
@pytest.mark.parametrize("step", [-2, -1, 1, 2, 3])
def test_any_and_all_find_the_only_one_wherever_it_lies(length, step):
    family = load("kernel", "reduce")
    for place in {0, length // 2, length - 1}:
        whole = np.ones(length * abs(step), bool)  # what lies between the numbers does not count
        x = whole[::step]
        x[:] = False
        assert not family.any(x, 0)
        x[place] = True
        assert family.any(x, 0)
        whole[:] = False
        whole[::step] = True
        assert family.all(whole[::step], 0)
        whole[::step][place] = False
        assert not family.all(whole[::step], 0)


def test_two_python_threads_at_once():
    family, x = load("kernel", "reduce"), draw((700, 900), np.float32)
    expected = [compute(family, name, x, 0) for name in FUNCTIONS]
    wrong = []

    def work():
        for _ in range(20):
            for name, result in zip(FUNCTIONS, expected):
                if not np.array_equal(compute(family, name, x, 0), result):
                    wrong.append(name)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.torch
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_sums_of_transposed_arrays_are_pytorch_s_to_the_bit(dtype):
    torch = pytest.importorskip("torch")
    for shape in [(33, 70), (4, 500), (500, 4), (100, 1), (9, 1000)]:
        x = draw(shape, dtype).T
        for axis in (0, 1):
            expected = torch.from_numpy(x).sum(axis).numpy()
            np.testing.assert_array_equal(load("kernel", "reduce").sum(x, axis), expected)


@pytest.mark.parametrize("name", ["sum", "mean", "variance", "norm", "any"])
def test_results_in_another_order_than_memory_go_to_their_places(name):
    x = draw((40, 60, 200), np.float32)
    for view in (x.T, x.T[::-1], x.T[:, ::-1], x.T[::-1, ::-1, ::-1], x[:, ::2].T, x.transpose(2, 1, 0)[..., ::2]):
        check(name, view, 2)
        check(name, view, 2, True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_sums_of_columns_are_pytorch_s_to_the_bit(dtype):
    torch = pytest.importorskip("torch")
    for n in (1, 15, 16, 17, 33, 64, 100, 300, 1000):
        for columns in (2, 7, 8, 9, 31, 32, 33, 65, 200):  # in a near cache, and larger than it
            x = draw((n, columns), dtype)
            expected = torch.from_numpy(x).sum(0).numpy()
            np.testing.assert_array_equal(load("kernel", "reduce").sum(x, 0), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_a_column_s_sum_does_not_depend_on_how_many_there_are(dtype):
    """More than 2048 columns of rows far apart may be added another way than few: see columns_together."""
    family = load("kernel", "reduce")
    for n, columns in [(16, 70_016), (67, 3040), (300, 2080), (5000, 2080)]:
        x = draw((n, columns), dtype)
        some = [family.sum(np.ascontiguousarray(x[:, i : i + 128]), 0) for i in range(0, columns - 127, 128)]
        np.testing.assert_array_equal(family.sum(x, 0)[: 128 * len(some)], np.concatenate(some))


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("kind", ["far from zero", "rising", "a step", "one apart"])
def test_variances_are_as_accurate_as_numpy_s_two_passes(dtype, kind):
    n = 40_000
    x = {
        "far from zero": draw(n) + 300,
        "rising": np.linspace(-5, 1000, n) + draw(n),
        "a step": np.where(np.arange(n) < 600, 0, 1000) + draw(n) / 100,
        "one apart": np.where(np.arange(n) == 0, 1e4, 1) + draw(n) / 100,
    }[kind].astype(dtype)
    center = math.fsum(x.astype(float)) / n
    exact = math.fsum((v - center) ** 2 for v in x.tolist()) / (n - 1)
    eps = np.finfo(dtype).eps
    for array in (x, x.reshape(-1, 1).repeat(3, 1)[:, 1], np.repeat(x[:, None], 40, 1)):
        ours = load("kernel", "reduce").var_mean(array, 0)[0].reshape(-1)[0]
        numpys = np.var(np.ascontiguousarray(x), ddof=1)
        assert abs(ours / exact - 1) <= max(8 * eps, 2 * abs(numpys / exact - 1))


@pytest.mark.skipif(sys.platform != "linux", reason="pages are locked by the C library's mprotect")
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_nothing_is_read_behind_the_last_number(dtype):
    """Of every other number those between are read as well, but what follows the last may be nobody's memory."""
    pages = mmap.mmap(-1, 3 * mmap.PAGESIZE)
    end = ctypes.addressof(ctypes.c_char.from_buffer(pages)) + 2 * mmap.PAGESIZE
    protect = ctypes.CDLL(None).mprotect
    assert protect(ctypes.c_void_p(end), ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    for n in [*range(1, 140), 255, 256, 257, 480, 512]:
        bytes_ = (2 * n - 1) * np.dtype(dtype).itemsize
        x = np.frombuffer((ctypes.c_char * bytes_).from_address(end - bytes_), dtype)[::2]
        x[:] = draw((n,), np.float64) * 4
        for name in FUNCTIONS if np.issubdtype(dtype, np.floating) else ["any", "all"]:
            check(name, x, None)
    protect(ctypes.c_void_p(end), ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ | mmap.PROT_WRITE)
