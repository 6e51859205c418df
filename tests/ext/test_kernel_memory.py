"""The allocator of large arrays: what it keeps, gives out and promises, and that numbers stay where they are."""

import os
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import load
from tinytorch.kernels import cache
from tinytorch.kernels.memory import address

MEGABYTE = 1 << 20
LARGE = 1 << 16


@pytest.fixture(autouse=True)
def installed():
    memory = pytest.importorskip("tinytorch._ext.memory", reason="the kernels are not built")
    limit = memory.state()["limit"]
    if not memory.install(64 * MEGABYTE):
        pytest.skip("somebody else's allocator serves NumPy")
    memory.empty()
    yield memory
    memory.empty()
    if limit:
        memory.install(limit)


def allocated(size):
    """An array of so many bytes that nobody has written to."""
    return np.empty(size, np.uint8)


def test_a_freed_block_is_taken_by_the_next_array_of_its_size():
    x = allocated(MEGABYTE)
    where = address(x)
    del x
    assert cache.state()["kept"] == MEGABYTE
    x = np.ones(MEGABYTE // 8)
    assert address(x) == where
    assert cache.state()["kept"] == 0


def test_the_block_freed_last_is_taken_first():
    x, y = allocated(MEGABYTE), allocated(MEGABYTE)
    where = address(x)
    del y, x
    assert address(allocated(MEGABYTE)) == where


@pytest.mark.parametrize(
    "size, other, taken", [(100_000, 101_000, True), (100_000, 110_000, False), (MEGABYTE, MEGABYTE + 1, False)]
)
def test_sizes_that_share_a_block(size, other, taken):
    x = allocated(size)
    del x
    before = cache.state()["hits"]
    allocated(other)
    assert cache.state()["hits"] - before == taken


def test_no_block_is_a_sixteenth_too_large():
    for size in [LARGE, LARGE + 1, 131_071, 131_072, 131_073, 10**6, 10**7 + 1, 3 * 10**7]:
        before = cache.state()["live"]
        x = allocated(size)
        assert size <= cache.state()["live"] - before < size * 17 / 16, size
        del x
        assert cache.state()["live"] == before


def test_small_arrays_are_none_of_its_business():
    before = cache.state()
    x = allocated(LARGE - 1)
    assert cache.state() == before
    del x
    assert cache.state() == before


@pytest.mark.parametrize("size", [LARGE, 100_001, 1_000_000, 4 * MEGABYTE - 200_000])
def test_blocks_begin_at_lines_of_the_cache(size):
    arrays = [allocated(size) for _ in range(5)]
    assert all(address(array) % 64 == 0 for array in arrays)
    for array in arrays:
        array.fill(7)
    arrays[0].resize(3 * size, refcheck=False)
    assert (arrays[0][:size] == 7).all()
    assert not arrays[0][size:].any()
    arrays[1].resize(size // 2, refcheck=False)
    arrays[2].resize(100, refcheck=False)
    assert (arrays[1] == 7).all()
    assert arrays[2].tolist() == [7] * 100


HEAP = """
import numpy as np
import tinytorch

def occupied():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024

small = []
for turn in range(40):
    if turn == 4:
        before = occupied()
    for size in (1_700_000, 1_500_000):
        result, scratch = np.ones(16 << 20, np.uint8), np.ones(size, np.uint8)
        small += [np.empty(n, np.uint8) for n in range(16, 112, 16)]
        del scratch, result
print(occupied() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux says how much memory is occupied")
@pytest.mark.skipif("ASAN_OPTIONS" in os.environ, reason="the sanitizer keeps what is freed for a while")
def test_what_is_given_back_can_be_had_again():
    """By posix_memalign the heap would grow by 57 MB: small arrays take what it leaves before a block."""
    grown = subprocess.run([sys.executable, "-c", HEAP], capture_output=True, text=True, check=True).stdout
    assert float(grown) < 4


def test_zeros_are_zeros():
    x = np.full(MEGABYTE, 255, np.uint8)
    where = address(x)
    del x
    x = np.zeros(MEGABYTE - 100, np.uint8)
    assert address(x) == where
    assert not x.any()


def test_arrays_that_grow_and_shrink_keep_their_numbers():
    x = np.arange(10_000.0)
    for size in (20_000, 1_000_000, 30_000, 100, 50_000, 50_001):
        common = min(size, x.size)
        expected = x[:common].copy()
        x.resize(size, refcheck=False)
        np.testing.assert_array_equal(x[:common], expected)
        assert not x[10_000:].any()
    assert np.fromiter((i for i in range(300_000)), np.int64).tolist() == list(range(300_000))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(LARGE - 10, 40 * LARGE)), max_size=40))
def test_live_and_kept_together_never_exceed_what_was_live(program):
    """Random programs that put arrays of some size into six variables, each array full of a number of its own"""
    cache.empty()
    variables, before = {}, cache.state()["live"]
    most = before
    for number, (name, size) in enumerate(program):
        variables[name] = None  # the old array is freed first
        variables[name] = np.full(size, number, np.uint8), bytes([number]) * size
        state = cache.state()
        most = max(most, state["live"])
        assert state["most"] == most
        assert state["live"] + state["kept"] <= most
        assert all(bytes(array) == expected for array, expected in variables.values())
    variables.clear()
    assert cache.state()["live"] == before
    cache.empty()
    assert cache.state()["kept"] == 0


def test_no_more_is_kept_than_allowed(installed):
    installed.install(3 * MEGABYTE)
    arrays = [allocated(MEGABYTE) for _ in range(5)]
    where = [address(x) for x in arrays]
    while arrays:
        arrays.pop(0)
        assert cache.state()["kept"] <= 3 * MEGABYTE
    assert [address(x) for x in [allocated(MEGABYTE) for _ in range(3)]] == where[:1:-1]


def test_too_much_is_a_memory_error():
    before = cache.state()["live"]
    for make in (np.empty, np.zeros):
        with pytest.raises((MemoryError, ValueError)):
            make(1 << 60, np.uint8)
    assert cache.state()["live"] == before


def test_python_counts_the_memory():
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        x = allocated(MEGABYTE)
        del x
        x = allocated(MEGABYTE)  # a kept block
        during = tracemalloc.get_traced_memory()[0]
        del x
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert MEGABYTE <= during - before < MEGABYTE + 10_000
    assert after - before < 10_000


def test_threads_do_not_share_blocks():
    wrong, before = [], cache.state()["live"]

    def work(number):
        load("kernel", "elementwise").sigmoid(np.zeros(LARGE))  # this thread's arrays come from the cache from now on
        for size in [LARGE, 2 * LARGE, 5 * LARGE] * 60:
            x, y = np.full(size, number, np.uint8), np.full(size, number + 10, np.uint8)
            if (x != number).any() or (y != number + 10).any():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.state()["live"] == before


def test_kernels_of_other_threads_take_kept_blocks_too():
    sigmoid, x = load("kernel", "elementwise").sigmoid, np.zeros(LARGE)
    y = sigmoid(x)
    del y
    before, found = cache.state()["hits"], []
    thread = threading.Thread(target=lambda: found.append(sigmoid(x)))
    thread.start()
    thread.join()
    assert cache.state()["hits"] == before + 1
    assert (found[0] == 0.5).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_children_of_fork_allocate():
    code = """
import os, numpy as np, threading, tinytorch
def work():
    for i in range(3000):
        np.empty(100_000 + i, np.uint8)
thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
thread.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        x = np.ones(1_000_000)
        os._exit(int(x.sum()) != 1_000_000)
    assert os.waitpid(child, 0)[1] == 0
thread.join()
"""
    run_in_a_new_process("import contextvars\n" + code)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_hooks_of_fork_free_and_allocate():
    """Others' hooks, registered before tinytorch was imported, run first in the child, last before the fork."""
    code = """
import os
held = []
def change():
    held.clear()
    held.append(np.ones(1_000_000))
os.register_at_fork(before=change, after_in_child=change, after_in_parent=change)
import numpy as np, tinytorch
change()
child = os.fork()
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    run_in_a_new_process(code)


def run_in_a_new_process(code, **environment):
    environment = {**{k: v for k, v in os.environ.items() if k != "TINYTORCH_PURE"}, **environment}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=60,
    ).stdout.strip()


@pytest.mark.parametrize(
    "environment, limit",
    [
        ({"TINYTORCH_CACHE_MB": "0"}, "0"),
        ({"TINYTORCH_PURE": "1"}, "0"),
        ({"TINYTORCH_CACHE_MB": "12"}, str(12 * MEGABYTE)),
    ],
)
def test_the_environment_says_how_much_is_kept(environment, limit):
    code = "import tinytorch\nfrom tinytorch.kernels import cache\nprint(cache.state()['limit'])"
    assert run_in_a_new_process(code, **environment) == limit


def test_by_default_a_part_of_the_memory_is_kept():
    code = "import tinytorch\nfrom tinytorch.kernels import cache\nprint(cache.state()['limit'])"
    assert int(run_in_a_new_process(code, TINYTORCH_CACHE_MB="")) >= 16 * MEGABYTE
