"""DataLoader with worker processes: PyTorch's order, seeds and error texts, and no process left behind."""

import gc
import itertools
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tinytorch as tt  # noqa: E402
from tests.utils.data.both import outcome, plain, same  # noqa: E402
from tests.utils.data.test_dataset import pairs, table  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    # from Python 3.12 on forking warns of the threads of the BLAS library; a machine may have a single core
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create 2 worker processes:UserWarning"),
]


@pytest.fixture(autouse=True)
def no_process_is_left():
    before = open_files()
    yield
    if multiprocessing.active_children() or open_files() > before:
        gc.collect()  # an exception's traceback may be what still holds an iterator
    assert multiprocessing.active_children() == []
    assert open_files() <= before + 2  # what multiprocessing and PyTorch open once and keep


def open_files():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def of_function(lib, count, function):
    """A dataset of the function's values."""

    class Computed(lib.utils.data.Dataset):
        def __getitem__(self, index):
            return function(index)

        def __len__(self):
            return count

    return Computed()


OPTIONS = {
    "one worker": {"num_workers": 1, "batch_size": 3},
    "two workers": {"num_workers": 2, "batch_size": 3},
    "shuffled": {"num_workers": 2, "batch_size": 4, "shuffle": True},
    "kept": {"num_workers": 2, "batch_size": 2, "shuffle": True, "persistent_workers": True},
    "far ahead": {"num_workers": 2, "batch_size": 1, "prefetch_factor": 9, "drop_last": True},
    "samples": {"num_workers": 2, "batch_size": None, "shuffle": True},
    "a batch sampler": {"num_workers": 2, "batch_sampler": [[3, 1], [0], [2, 2, 2]]},
    "with a timeout": {"num_workers": 1, "timeout": 60},
}


@pytest.mark.parametrize("options", OPTIONS)
def test_batches_and_random_numbers_over_epochs(options):
    def program(lib):
        lib.manual_seed(21)
        data = table(lib, [(i, lib.full((2,), float(i)), {"name": str(i)}) for i in range(10)])
        loader = lib.utils.data.DataLoader(data, **OPTIONS[options])
        return [(list(loader), lib.rand(2)) for _ in range(2)]

    same(program)


def test_own_generator():
    def program(lib):
        g = lib.Generator().manual_seed(5)
        loader = lib.utils.data.DataLoader(range(20), 6, shuffle=True, num_workers=2, generator=g)
        return [(list(loader), lib.rand(1, generator=g)) for _ in range(2)]

    same(program)


@pytest.mark.parametrize("keep", [False, True])
def test_each_worker_has_pytorchs_random_numbers(keep):
    """torch, random and NumPy are seeded from the epoch's base seed and the worker's id."""

    def program(lib):
        def numbers(index):
            here = lib.utils.data.get_worker_info()
            return [
                here.id, here.num_workers, here.seed, lib.initial_seed(), len(here.dataset), here.worker_method,
                lib.rand(2), random.random(), np.random.rand(), np.random.randint(1000),
            ]  # fmt: skip

        lib.manual_seed(13)
        data = of_function(lib, 8, numbers)
        options = {"num_workers": 2, "batch_size": None, "persistent_workers": keep}
        loader = lib.utils.data.DataLoader(data, collate_fn=lambda sample: sample, **options)
        return [list(loader), lib.rand(1), list(loader), lib.utils.data.get_worker_info()]

    same(program)


def test_workers_compute_with_one_thread_and_init_fn_is_called_in_them():
    def program(lib):
        def init(worker):
            np.random.seed(worker)

        data = of_function(lib, 4, lambda index: (lib.get_num_threads(), np.random.randint(10**6)))
        return list(lib.utils.data.DataLoader(data, num_workers=2, worker_init_fn=init))

    same(program)


def test_structure_and_dtypes_travel():
    def program(lib):
        sample = {
            "half": lib.ones(2, dtype=lib.float16), "bytes": b"ab", "none": lib.zeros(0, 3), "scalar": lib.tensor(True),
            "strided": lib.arange(6).reshape(2, 3).t(), "array": np.arange(3), "big": lib.arange(300_000),
        }  # fmt: skip
        data = of_function(lib, 3, lambda index: sample)
        return list(lib.utils.data.DataLoader(data, batch_size=2, num_workers=1))

    same(program)


class Sharded:
    """Numbers shared out between the workers, of which each reads its part: worker 0 more than worker 1."""

    def __new__(cls, lib, parts):
        class Stream(lib.utils.data.IterableDataset):
            def __iter__(self):
                here = lib.utils.data.get_worker_info()
                return iter(parts[here.id] if here else itertools.chain(*parts))

        return Stream()


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("batch_size", [None, 2])
def test_streams(keep, batch_size):
    parts = [[0, 1, 2, 3, 4, 5], [10, 11, 12, 13]]

    def program(lib):
        options = {"batch_size": batch_size, "num_workers": 2, "persistent_workers": keep}
        loader = lib.utils.data.DataLoader(Sharded(lib, parts), **options)
        return [list(loader) for _ in range(2)]

    same(program)


@pytest.mark.parametrize(
    "parts", [[[0, 1, 2, 3, 4, 5, 6], [10]], [[], [10, 11, 12]], [[], []], [[0], list(range(10, 20))]]
)
def test_streams_of_unequal_length(parts):
    """Each worker's samples in their order; between them PyTorch's order depends on which worker is quicker."""

    def program(lib):
        found = [int(x) for x in lib.utils.data.DataLoader(Sharded(lib, parts), batch_size=None, num_workers=2)]
        return [x for x in found if x < 10], [x for x in found if x >= 10]

    assert [inner for _, inner in same(program)[1]] == parts


class TakesTwo(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


def fail_with(error):
    def fail(index):
        if index == 2:
            raise error
        return index

    return fail


ERRORS = {
    "ValueError": ValueError("three\nlines\nof text"),
    "KeyError": KeyError("k"),
    "IndexError": IndexError(3),
    "StopIteration": StopIteration("early"),
    "UnicodeDecodeError": UnicodeDecodeError("utf-8", b"abc", 0, 1, "no reason"),
    "TakesTwo": TakesTwo(1, 2),
    "FileNotFoundError": FileNotFoundError(2, "no such thing", "name"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_exceptions_are_raised_here_with_the_workers_traceback(name):
    def program(lib):
        loader = lib.utils.data.DataLoader(of_function(lib, 6, fail_with(ERRORS[name])), num_workers=2)
        batches = iter(loader)
        found = [next(batches), next(batches)]
        with pytest.raises(Exception) as caught:
            next(batches)
        lines = str(caught.value).splitlines()
        assert any(line.endswith("in fail") for line in lines)
        found += [type(caught.value).__name__, lines[:2], lines[-1], repr(caught.value).count("\n") > 1]
        return [*found, *batches]  # the other batches come nevertheless

    same(program)


def divide(*args):
    return 1 // 0


class Broken(tt.utils.data.IterableDataset):
    __iter__ = divide


@pytest.mark.parametrize(
    ("dataset", "options"),
    [(range(3), {"collate_fn": divide}), (range(3), {"worker_init_fn": divide}), (Broken(), {})],
    ids=["collate_fn", "worker_init_fn", "__iter__"],
)
def test_exceptions_elsewhere_in_a_worker(dataset, options):
    with pytest.raises(
        ZeroDivisionError, match=r"^Caught ZeroDivisionError in DataLoader worker process 0\.\nOriginal"
    ):
        list(tt.utils.data.DataLoader(dataset, num_workers=1, **options))


def test_what_cannot_be_pickled_is_an_error_and_no_endless_wait():
    local = type("Local", (Exception,), {})
    for function, text in (
        (lambda index: lambda: index, "in DataLoader worker process 0"),
        (fail_with(local()), "Caught Local in"),
    ):
        data = of_function(tt, 3, function)
        with pytest.raises(RuntimeError, match=text):
            list(tt.utils.data.DataLoader(data, num_workers=1, collate_fn=lambda batch: batch[0]))


def die(index):
    if index == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return index


@pytest.mark.parametrize("keep", [False, True])
def test_a_worker_that_dies(keep):
    def program(lib):
        loader = lib.utils.data.DataLoader(of_function(lib, 4, die), num_workers=1, persistent_workers=keep)
        try:
            return list(loader)
        except RuntimeError as error:
            return str(error).partition("\n")[0].translate({ord(digit): None for digit in "0123456789"})

    assert same(program) == "DataLoader worker (pid(s) ) exited unexpectedly"


def test_a_loader_starts_new_workers_after_one_died():
    died = multiprocessing.Value("i", 0)

    def die_once(index):
        if index == 1 and not died.value:
            died.value = 1
            os._exit(3)
        return index

    loader = tt.utils.data.DataLoader(of_function(tt, 3, die_once), None, num_workers=1, persistent_workers=True)
    with pytest.raises(RuntimeError, match="exit code is 3"):
        list(loader)
    assert list(loader) == [0, 1, 2]


def test_timeout():
    def program(lib):
        data = of_function(lib, 4, lambda index: time.sleep(index) or index)
        return list(lib.utils.data.DataLoader(data, batch_size=None, num_workers=1, timeout=0.3))

    assert same(program) == ("RuntimeError", "DataLoader timed out after 0.3 seconds")


def test_no_batch_ahead_is_refused():
    with pytest.raises(AssertionError, match="prefetch_factor must be greater than 0 for MultiProcessing"):
        iter(tt.utils.data.DataLoader(range(4), num_workers=1, prefetch_factor=0))


def test_breaking_off_ends_the_workers_at_once():
    loader = tt.utils.data.DataLoader(of_function(tt, 1000, lambda index: tt.zeros(200_000)), num_workers=2)
    start = time.monotonic()
    for _ in loader:
        break
    assert multiprocessing.active_children() == []
    assert (
        time.monotonic() - start < 4
    )  # the batches that were on their way fill the pipes; nobody waits for a time-out


def test_an_abandoned_epoch_of_workers_that_persist():
    def program(lib):
        lib.manual_seed(1)
        loader = lib.utils.data.DataLoader(range(30), 2, shuffle=True, num_workers=2, persistent_workers=True)
        found = []
        for batch in loader:
            found.append(batch)
            if len(found) == 3:
                break
        return found, list(loader), list(loader), lib.rand(1)

    same(program)


def test_workers_persist_only_if_asked():
    def pids(keep):
        data = of_function(tt, 4, lambda index: os.getpid())
        loader = tt.utils.data.DataLoader(data, batch_size=None, num_workers=2, persistent_workers=keep)
        return {pid for _ in range(3) for pid in loader}

    assert len(pids(True)) == 2
    assert len(pids(False)) == 6


def test_large_indices_and_large_batches_do_not_wait_for_each_other():
    """Both directions of the pipe are full at once: 100,000 indices to the worker, megabytes from it."""

    class Wide(tt.utils.data.Dataset):
        def __getitem__(self, index):
            return index

        def __getitems__(self, indices):
            return indices

        def __len__(self):
            return 800_000

    loader = tt.utils.data.DataLoader(
        Wide(), 100_000, num_workers=1, prefetch_factor=8, collate_fn=lambda batch: tt.zeros(1_000_000) + batch[0]
    )
    assert [int(batch[0]) for batch in loader] == list(range(0, 800_000, 100_000))


def test_batches_as_they_are_ready():
    data = of_function(tt, 6, lambda index: time.sleep(0.4 * (index == 0)) or index)
    options = {"batch_size": None, "num_workers": 2, "in_order": False}
    found = list(tt.utils.data.DataLoader(data, **options))
    assert sorted(found) == list(range(6))
    unequal = Sharded(tt, [[0], list(range(10, 20))])
    assert sorted(tt.utils.data.DataLoader(unequal, **options)) == [0, *range(10, 20)]
    assert found != sorted(found)  # 0, which takes long, does not hold up the others


def test_spawned_workers():
    def program(lib):
        lib.manual_seed(3)
        options = {"shuffle": True, "num_workers": 1, "multiprocessing_context": "spawn"}
        return list(lib.utils.data.DataLoader(pairs(lib), 2, **options))

    same(program)


def test_contexts():
    def program(lib):
        loader = lib.utils.data.DataLoader(range(2), num_workers=1, multiprocessing_context="spawn")
        found = [type(loader.multiprocessing_context).__name__]
        loader.multiprocessing_context = None
        loader.multiprocessing_context = multiprocessing.get_context("fork")
        return [*found, type(loader.multiprocessing_context).__name__]

    same(program)


@pytest.mark.filterwarnings("default:This DataLoader will create:UserWarning")
def test_more_workers_than_cores_are_warned_of():
    def program(lib):
        with pytest.warns(UserWarning) as caught:
            lib.utils.data.DataLoader(range(2), num_workers=10_000)
        return [str(warning.message) for warning in caught]

    same(program)


# ---- the end of the program ------------------------------------------------------------------------------------------

PROGRAM = """
import os, signal, sys, threading, time
import tinytorch as torch
from tinytorch.utils.data import DataLoader, Dataset

class Slow(Dataset):
    def __getitem__(self, index):
        time.sleep({seconds})
        return torch.zeros(100_000)
    def __len__(self):
        return 1000

loader = DataLoader(Slow(), num_workers=2, persistent_workers={keep})
batches = iter(loader)
next(batches)
print(*[each.process.pid for each in batches._workers], flush=True)
{end}
"""

ENDS = {
    "at its end": "",
    "by exit": "sys.exit(3)",
    "by an error": "1 / 0",
    "by Ctrl-C": "os.killpg(0, signal.SIGINT); time.sleep(9)",
    "by Ctrl-C while it waits for a batch": """
threading.Timer(0.3, lambda: os.killpg(0, signal.SIGINT)).start()
for batch in batches:
    pass
""",
    "by a kill": "os.kill(os.getpid(), signal.SIGKILL)",
}


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("end", ENDS)
def test_workers_end_when_the_program_ends(end, keep):
    program = PROGRAM.format(seconds=0.02, keep=keep, end=ENDS[end])
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, start_new_session=True, check=False)
    workers = [int(pid) for pid in done.stdout.split()]
    assert len(workers) == 2
    deadline = time.monotonic() + 10
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_running, workers))
    stories = done.stderr.count("Traceback")
    assert stories == (1 if "error" in end or "Ctrl-C" in end else 0), done.stderr  # the program's own, no worker's


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_outcome_sees_differences():
    """The comparison itself: dtypes, shapes, numbers and kinds of sequences count."""
    assert plain(tt.ones(2)) == plain(torch.ones(2))
    for one, other in ((tt.ones(2), torch.ones(2).double()), (tt.ones(1), torch.ones(())), ([1], (1,)), (1, "1")):
        assert plain(one) != plain(other)
    assert outcome(lambda lib: 1 // 0, tt) != outcome(lambda lib: int("x"), tt)
