"""Products of matrices, and products added to something: kernel, twin and three loops in Python."""

import math
import subprocess
import sys
import threading
import tracemalloc
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import LAYOUTS, assert_close, both, draw, every_other, floats, load, outcome, transposed
from tinytorch.kernels import threads

SHAPES = [
    ((1, 1), (1, 1)),
    ((4, 3), (3, 2)),
    ((15, 1), (1, 1)),
    ((100, 2), (2, 1)),
    ((2, 100), (100, 1)),
    ((8, 8), (8, 8)),
    ((9, 8), (8, 8)),
    ((1, 600), (600, 1)),
    ((64, 100), (100, 10)),
    ((3,), (3,)),
    ((4, 3), (3,)),
    ((3,), (3, 4)),
    ((64, 64), (64, 64)),
    ((1, 300), (300, 70)),
    ((70, 300), (300,)),
    ((17, 1), (1, 33)),
    ((30, 700), (700, 40)),
    ((4, 20), (20, 8)),
    ((7, 100), (100, 31)),
    ((13, 50), (50, 57)),
    ((9, 33), (33, 100)),
]
EMPTY = [((0, 3), (3, 2)), ((3, 0), (0, 2)), ((3, 2), (2, 0)), ((0,), (0,)), ((0, 0), (0, 0)), ((2, 0), (0,))]


@pytest.fixture(autouse=True, scope="module", params=["tiles", "panels", "blas"])
def way(request):
    """All tests run in each way of computing that processors with AVX-512 have, and as everywhere else."""
    try:
        compute_by = import_module("tinytorch._ext.matmul")._compute_by
    except ImportError:  # not built: only the twins are tested, which know no ways
        if request.param != "tiles":
            pytest.skip("the kernels are not built")
        yield request.param
        return
    compute_by(request.param)
    yield request.param
    compute_by(None)


def plain(a, b):
    left, right = np.atleast_2d(a), b if b.ndim == 2 else b[:, None]
    product = [[math.fsum(float(x) * float(y) for x, y in zip(row, column)) for column in right.T] for row in left]
    return np.array(product).reshape(np.matmul(a, b).shape)


@both
@floats
@pytest.mark.parametrize("a, b", SHAPES, ids=str)
def test_product(kind, dtype, a, b):
    a, b = draw(a, dtype), draw(b, dtype, seed=1)
    product = load(kind, "matmul").matmul(a, b)
    assert type(product) is np.ndarray
    assert product.dtype == dtype
    assert_close(product, plain(a, b), ulps=4, scale=np.abs(a).max() * np.abs(b).max() * a.shape[-1])


@both
@pytest.mark.parametrize("a, b", EMPTY, ids=str)
def test_nothing(kind, a, b):
    a, b = np.zeros(a, np.float32), np.zeros(b, np.float32)
    product = load(kind, "matmul").matmul(a, b)
    np.testing.assert_array_equal(product, np.asarray(np.matmul(a, b)), strict=True)


@both
@pytest.mark.parametrize(
    "a, b", [((2, 3), (2, 3)), ((3,), (2,)), ((2, 3), (2,)), ((), (2,)), ((2,), ()), ((2, 2, 3), (2, 2, 3))]
)
def test_shapes_that_do_not_fit(kind, a, b):
    with pytest.raises(ValueError):
        load(kind, "matmul").matmul(np.zeros(a), np.zeros(b))


@both
def test_batches_and_other_dtypes(kind):
    matmul = load(kind, "matmul").matmul
    assert_close(matmul(draw((5, 2, 3)), draw((3, 2), seed=1)), np.matmul(draw((5, 2, 3)), draw((3, 2), seed=1)))
    assert matmul(np.eye(2, dtype=np.int32), np.eye(2, dtype=np.int32)).dtype == np.int32
    assert matmul(np.eye(2, dtype=np.float32), np.eye(2)).dtype == np.float64
    assert matmul(np.eye(2, dtype=np.float16), np.eye(2, dtype=np.float16)).dtype == np.float16
    assert matmul(np.array([1j]), np.array([1j])) == -1


@both
def test_nan_and_inf(kind):
    a = np.array([[np.nan, 1], [np.inf, 1], [np.inf, -np.inf], [np.inf, 0]])
    np.testing.assert_array_equal(
        load(kind, "matmul").matmul(a, np.array([[1.0, 0], [1, 1]])),
        [[np.nan, np.nan], [np.inf, np.nan], [np.nan, np.nan], [np.inf, np.nan]],
    )


@given(st.data(), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_like_twin_in_any_layout(data, m, k, n):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    a = data.draw(st.sampled_from([draw((m, k), dtype), draw(k, dtype), np.broadcast_to(dtype(2), (m, k))]))
    b = data.draw(st.sampled_from([draw((k, n), dtype), draw(k, dtype), draw((k + 1, n), dtype)]))
    a = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))](a)
    b = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))](b)
    before = a.copy(), b.copy()
    actual = outcome(load("kernel", "matmul").matmul, a, b)
    expected = outcome(load("twin", "matmul").matmul, a, b)
    if isinstance(expected, type):
        assert actual is expected
    else:
        assert actual.dtype.type is expected.dtype.type
        assert_close(actual, expected, scale=10)
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])


SUMMANDS = [(), (1,), (7,), (5, 1), (5, 7), (1, 7)]


@both
@floats
@pytest.mark.parametrize("beta, alpha", [(1, 1), (0, 1), (0.5, -2), (1, 0), (0, 0)])
@pytest.mark.parametrize("c", SUMMANDS, ids=str)
def test_sum(kind, dtype, c, beta, alpha):
    c, a, b = draw(c, dtype), draw((5, 3), dtype, 1), draw((3, 7), dtype, 2)
    for left, right in [(a, b), (np.tile(a, (1, 30)), np.tile(b, (30, 1)))]:
        actual = load(kind, "matmul").addmm(c, left, right, beta, alpha)
        expected = beta * c + alpha * plain(left, right)
        assert type(actual) is np.ndarray
        assert actual.dtype == dtype
        assert_close(actual, expected.astype(dtype), scale=1 + left.shape[1] * np.abs(a).max() * np.abs(b).max())


@both
@pytest.mark.parametrize(
    "c, a, b",
    [
        ((6,), (6, 4), (4,)), ((1,), (6, 4), (4,)), ((), (4,), (4,)), ((5,), (4,), (4, 5)),
        ((3, 1, 5), (3, 6, 4), (3, 4, 5)), ((5,), (3, 6, 4), (3, 4, 5)), ((3, 6, 1), (3, 6, 4), (4, 5)),
        ((6, 5), (6, 4), (3, 4, 5)), ((3, 1), (4,), (3, 4, 5)), ((1, 6), (3, 6, 4), (4,)),
    ],
    ids=str,
)  # fmt: skip
def test_sum_of_vectors_and_batches(kind, c, a, b):
    c, a, b = draw(c), draw(a, seed=1), draw(b, seed=2)
    assert_close(load(kind, "matmul").addmm(c, a, b, 2, 3), 2 * c + 3 * np.matmul(a, b), scale=50)


@both
@pytest.mark.parametrize("c", [(2,), (4, 1), (1, 2, 3), (3, 3)], ids=str)
def test_sums_that_do_not_fit(kind, c):
    with pytest.raises(ValueError):
        load(kind, "matmul").addmm(np.zeros(c), np.zeros((2, 4)), np.zeros((4, 3)))


@both
@pytest.mark.parametrize("sides", [(2, 3, 2), (40, 30, 20)])
def test_factors_of_0_ignore_even_nan(kind, sides):
    m, k, n = sides
    addmm, nan = load(kind, "matmul").addmm, np.full((m, k), np.nan)
    np.testing.assert_array_equal(
        addmm(np.full(n, np.nan), np.ones((m, k)), np.ones((k, n)), beta=0), np.full((m, n), k)
    )
    np.testing.assert_array_equal(addmm(np.ones(n), nan, np.ones((k, n)), alpha=0), np.ones((m, n)))
    np.testing.assert_array_equal(addmm(nan[:, :1], nan, np.ones((k, n)), 0, 0), np.zeros((m, n)))


@given(st.data())
def test_any_sum_like_twin(data):
    """Strided, reversed, repeated, overlapping and read-only operands, on both sides of every size that matters"""
    side = st.sampled_from([0, 1, 2, 5, 15, 16, 17, 40, 70])
    m, k, n, count = data.draw(side), data.draw(side), data.draw(side), data.draw(st.sampled_from([0, 1, 3, 20]))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))

    def operand(shapes, seed):
        x = draw(data.draw(st.sampled_from(shapes)), dtype, seed)
        how = data.draw(st.sampled_from([*sorted(LAYOUTS), "repeated", "overlapping"]))
        if how == "repeated":
            return np.broadcast_to(x[..., :1], x.shape)
        if how == "overlapping" and x.size and x.ndim > 1:
            return np.lib.stride_tricks.sliding_window_view(draw(sum(x.shape), dtype), x.shape[-1])[: x.shape[-2]]
        return LAYOUTS.get(how, np.copy)(x)

    a = operand([(m, k), (count, m, k), (1, m, k)], 1)
    b = operand([(k, n), (count, k, n), (k,)], 2)
    c = operand([(1,), (n,), (m, 1), (m, n), (1, m, n)], 3)
    factors = data.draw(st.sampled_from([(1, 1), (0, 1), (2, -0.5), (1, 0)]))
    for name, *arguments in [("matmul", a, b), ("addmm", c, a, b, *factors)]:
        actual = outcome(getattr(load("kernel", "matmul"), name), *arguments)
        expected = outcome(getattr(load("twin", "matmul"), name), *arguments)
        if isinstance(expected, type):
            assert actual is expected
        else:
            assert actual.dtype.type is expected.dtype.type
            assert_close(actual, expected, scale=10 * (k + 1))


# ---- large products: threads, memory, NumPy's BLAS library -----------------------------------------------------------

LARGE = {"rows": np.copy, "columns": transposed, "every other": every_other, "backwards": LAYOUTS["backwards"]}
large = pytest.mark.parametrize("b", LARGE.values(), ids=LARGE)
also_large = pytest.mark.parametrize("a", LARGE.values(), ids=LARGE)


@pytest.fixture
def as_many_threads():
    before = threads.get_num_threads()
    yield threads.set_num_threads
    threads.set_num_threads(before)


@also_large
@large
@pytest.mark.parametrize("sides", [(600, 530, 60), (60, 530, 600), (600, 530, 6), (3, 60, 100, 70), (700, 800, 1)])
def test_large(a, b, sides, as_many_threads):
    """However many threads share it, a large product is NumPy's"""
    *batch, m, k, n = sides
    a, b, c = a(draw((*batch, m, k))), b(draw((*batch, k, n), seed=1)), draw(n)
    kernel = load("kernel", "matmul")
    expected = np.matmul(a.copy(), b.copy())
    for count in (1, 2, 5):
        as_many_threads(count)
        assert_close(kernel.matmul(a, b), expected, scale=k)
        assert_close(kernel.addmm(c, a, b), c + expected, scale=k)
        np.testing.assert_array_equal(kernel.matmul(a, b), kernel.matmul(a, b))


@also_large
@pytest.mark.parametrize("n", [64, 37, 20, 9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tiles_of_every_height(a, n, dtype):
    """Rows are shared out evenly among tiles of 6 or 8 rows; columns among strips of 4, 2, 1 and half a register"""
    kernel = load("kernel", "matmul")
    b = draw((40, n), dtype, seed=1)
    for m in range(4, 24):
        x = a(draw((m, 40), dtype))
        assert_close(kernel.matmul(x, b), x.astype(float) @ b.astype(float), scale=40)


@also_large
@large
@pytest.mark.parametrize("sides", [(60, 800, 70), (67, 801, 99), (300, 300, 100)])
def test_threads_change_no_digit(a, b, sides, way, as_many_threads):
    """Tiles add up in the same order, however many threads there are: long sums in halves, in blocks of rows"""
    kernel = load("kernel", "matmul")
    if way != "tiles" or not kernel._compute_by("tiles"):
        pytest.skip("OpenBLAS makes no such promise")
    m, k, n = sides
    a, b, c = a(draw((m, k), np.float32)), b(draw((k, n), np.float32, seed=1)), draw(n, np.float32)
    as_many_threads(1)
    product, total = kernel.matmul(a, b), kernel.addmm(c, a, b, 0.5, 2)
    assert_close(product, a.astype(float) @ b.astype(float), scale=k)
    assert_close(total, 0.5 * c + 2 * (a.astype(float) @ b.astype(float)), scale=2 * k)
    for count in (2, 3, 8):
        as_many_threads(count)
        np.testing.assert_array_equal(kernel.matmul(a, b), product)
        np.testing.assert_array_equal(kernel.addmm(c, a, b, 0.5, 2), total)


@also_large
@large
def test_no_operand_is_copied(a, b, way, as_many_threads):
    """Beside the result there are blocks of 2^18 numbers or 3/8 of the operand, one of each for each thread; panels are
    in blocks of 512 KB, or up to 1 MB where a is copied too, 96 rows of it"""
    a, b = a(draw((800, 1300), np.float32)), b(draw((1300, 900), np.float32, seed=1))
    kernel = load("kernel", "matmul")
    for count in (1, 2):
        as_many_threads(count)
        kernel.matmul(a, b)
        tracemalloc.start()
        result = kernel.matmul(a, b)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        in_place = a.flags.forc and b.flags.forc
        numbers = sum(count * max(2**18, x.size * 3 // 8 // count) for x in (a, b) if not x.flags.forc)
        allowed = 10_000 if in_place else numbers * a.itemsize * 17 // 16
        if way == "panels":
            block = 2**19 if a.flags.c_contiguous else 2**20
            allowed = count * (block + 2**18) + 10_000
        assert peak - result.nbytes * 17 // 16 < allowed


def test_the_library_keeps_its_threads(as_many_threads):
    """They are put aside during a product of ours, also when other products and set_num_threads come in between"""
    if threads.blas() is None:
        pytest.skip("NumPy's BLAS library is not one of those that are called directly")
    kernel, a = load("kernel", "matmul"), draw((300, 300))
    as_many_threads(2)
    expected = kernel.matmul(a, a)
    assert threads.blas_threads() == 2
    wrong = []

    def work():
        for _ in range(30):
            if not np.array_equal(kernel.matmul(a, a), expected):
                wrong.append("product")

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for _ in range(20):
        np.matmul(a, a)
    for worker in workers:
        worker.join()
    assert not wrong
    assert threads.blas_threads() == 2

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    as_many_threads(1)
    for worker in workers:
        worker.join()
    assert threads.blas_threads() == 1


def test_without_a_library_numpy_multiplies():
    load("kernel", "matmul")
    code = """
import numpy as np
from tinytorch.kernels import threads
threads.blas = lambda: None
from tinytorch._ext import matmul
a = np.arange(900.0).reshape(30, 30)
assert np.array_equal(matmul.matmul(a, a), a @ a)
assert np.array_equal(matmul.addmm(a, a, a, 2, 1), 2 * a + a @ a)
assert matmul.matmul(a[:2, :2], a[:2, :2]).tolist() == [[30, 31], [930, 991]]
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_import_does_not_look_for_the_library():
    code = """
import tinytorch as torch
from tinytorch.kernels import threads
assert (torch.ones(2, 2) @ torch.ones(2, 2)).sum() == 8
assert threads.blas.cache_info().misses == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True)
