"""Times the rows of a question in turns, each library in a process of its own that stands still while others compute.

Why processes: after a product OpenBLAS's threads go on waiting busily for many milliseconds, those of OpenMP for a few.
In one process PyTorch's 512 x 512 product takes 1.3 ms when it is alone and 2 to 16 ms when NumPy's products come in
between, and NumPy's suffer too. So tinytorch, NumPy and PyTorch each get a process, started with the same number of
threads; whose turn it is not is stopped (SIGSTOP), its waiting threads with it. A turn is a few milliseconds: what
else the machine does hits all rows alike. And each process has its main thread on the last core and its other threads
on the others: a neighbour on a shared machine may slow one core to half its speed for seconds, and whoever computes on
another would seem twice as fast; two threads that wake up on one core take milliseconds to part.

Arrays that a cache could hold are made anew between the turns, PLACES times: where in memory they happen to lie decides
how much of them it does hold. The sum of two vectors of 4 MB takes 80 us in one place and 400 us in another.

At least one call goes before those that are timed. Three processes that read 64 MB in turns share a large last cache
unevenly: the same sum took 3.9 ms in the first of them and 3.1 in the last, one call later it took the same in both.

The row `again` is the first one in a second process: what sets these two apart is chance.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from tests.benchmarks.questions import Question

HOME = {
    "kernel": "tinytorch",
    "tinytorch": "tinytorch",
    "limit": "NumPy",
    "twin": "NumPy",
    "NumPy": "NumPy",
    "PyTorch": "PyTorch",
    "again": "again",
}
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
TURN = 0.004  # seconds that a turn should last
LONG = 0.05  # of calls that take so long, two turns will do
WARM = 0.001  # seconds of calls before the clock starts: threads wake up, caches fill
PLACES = 3  # in memory, for arrays of calls that take less than a turn
SAMPLE = 20_000  # so many numbers of every result are compared


class Failed(Exception):
    """A row could not be computed: its name and its error, for the person at the terminal"""


def questions() -> list[Question]:
    """The questions of all files of this folder, always in the same order"""
    found: list[Question] = []
    for path in sorted(Path(__file__).parent.glob("test_bench_*.py")):
        found += getattr(import_module(f"tests.benchmarks.{path.stem}"), "QUESTIONS", [])
    return found


# In a worker


def serve(pipe: Connection, home: str, threads: int) -> None:
    """Answer the parent: ("prepare", who, group, name) with samples of results, ("turn", who) with seconds per call."""
    die_with_parent()
    if home != "NumPy":
        import_module("torch" if home == "PyTorch" else "tinytorch").set_num_threads(threads)
    asked = {(question.group, question.name): question for question in questions()}
    calls: dict[str, tuple[Callable, int]] = {}
    held = None
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    with np.errstate(all="ignore"):
        while True:
            try:
                task, who, *key = pipe.recv()
            except EOFError:  # the parent is through
                return
            try:
                if task == "prepare":
                    unpin(cores)
                    if key != held:
                        held = key
                        calls.clear()  # frees the memory of the question before
                    question = asked[tuple(key)]
                    answer: Any = [sample(x) for x in question.outcome(who)]
                    call = question.row(who, question.arguments())
                    calls[who] = call, calls_in_a_turn(call)
                    pin_threads(cores)
                else:
                    answer = turn(*calls[who])
            except Exception as error:  # whatever it is, the parent reports it
                answer = Failed(f"{type(error).__name__}: {error}")
            pipe.send(answer)


def die_with_parent() -> None:
    """A process that is stopped would otherwise outlive a parent that is killed."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def pin_threads(cores: set[int]) -> None:
    """This thread to the last of the cores, all others of this process to the others. The first core has more of the
    system's own work to do."""
    if not hasattr(os, "sched_setaffinity"):
        return
    last = {max(cores)}
    for name in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):  # threads may end
            os.sched_setaffinity(int(name), last if int(name) == os.getpid() else cores - last or last)


def unpin(cores: set[int]) -> None:
    """A thread that is made now may run anywhere: it inherits the places of the one that makes it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def sample(x: np.ndarray) -> np.ndarray:
    """Some of the numbers of a result, evenly spread, behind its shape"""
    flat = x.reshape(-1)
    return np.concatenate([x.shape, flat[:: max(1, flat.size // SAMPLE)].astype(np.float64)])


def seconds(call: Callable, count: int) -> float:
    start = perf_counter()
    for _ in range(count):
        call()
    return (perf_counter() - start) / count


def calls_in_a_turn(call: Callable) -> int:
    once = seconds(call, 1)
    if once > 5 * TURN:
        return 1
    once = seconds(call, 1)
    if once < TURN / 4:
        once = seconds(call, max(1, int(TURN / 4 / once)))
    return max(1, round(TURN / once))


def turn(call: Callable, count: int) -> float:
    """Seconds per call, after a while of calls that are not timed, at least one"""
    start = perf_counter()
    call()
    while perf_counter() - start < WARM:
        call()
    return seconds(call, count)


# In the parent


class Worker:
    """The process of one library. It is stopped except while it answers."""

    def __init__(self, home: str, threads: int):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, home, threads), daemon=True)
        self.process.start()
        theirs.close()
        self.home, self.runs = home, True

    def ask(self, *message: Any) -> Any:
        if not self.runs:
            self.signal("SIGCONT")
        self.pipe.send(message)
        try:
            answer = self.pipe.recv()
        except EOFError:
            raise Failed(f"the process of {self.home} died") from None
        self.signal("SIGSTOP")
        self.runs = False
        if isinstance(answer, Failed):
            raise answer
        return answer

    def signal(self, name: str) -> None:
        if hasattr(signal, name):  # not on Windows, where the others keep waiting busily
            os.kill(self.process.pid, getattr(signal, name))

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


@contextlib.contextmanager
def workers(threads: int) -> Iterator[dict[str, Worker]]:
    """A process for each library, made when it is first asked for, with pools of so many threads"""
    before = {name: os.environ.get(name) for name in POOLS}
    os.environ.update(dict.fromkeys(POOLS, str(threads)))
    started = Started(threads)
    try:
        yield started
    finally:
        for worker in started.values():
            worker.end()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


class Started(dict):
    """home -> Worker"""

    def __init__(self, threads: int):
        super().__init__()
        self.threads = threads

    def __missing__(self, home: str) -> Worker:
        self[home] = Worker(home, self.threads)
        return self[home]


def times(
    question: Question, started: dict[str, Worker], budget: float, rounds: tuple[int, int], again: bool = False
) -> dict[str, list[float]]:
    """Row -> seconds per call of each round: at least rounds[0], at most rounds[1], until `budget` seconds are over."""
    rows = question.rows() + ["again"] * again
    found: dict[str, list[float]] = {who: [] for who in rows}
    prepare(question, started, rows)
    take_turns(found, question, started, 0, (1, 1))
    places = PLACES if found[rows[0]][0] < TURN else 1
    least = rounds[0] - 1 if found[rows[0]][0] < LONG else 1
    for place in range(places):
        if place:
            prepare(question, started, rows)
        take_turns(found, question, started, budget / places, (-(-least // places), -(-rounds[1] // places)))
    return found


def prepare(question: Question, started: dict[str, Worker], rows: Sequence[str]) -> None:
    """Let all make their arguments anew, and compare what they compute."""
    results = {}
    for who in rows:
        try:
            results[who] = started[HOME[who]].ask("prepare", asked_as(who, question), question.group, question.name)
        except Failed as error:
            raise Failed(f"{question.group}: {question.name}: {who}: {error}") from None
    compare(question, results)


def take_turns(
    found: dict[str, list[float]],
    question: Question,
    started: dict[str, Worker],
    budget: float,
    rounds: tuple[int, int],
) -> None:
    """At least and at most so many rounds more, until `budget` seconds are over; a slow rival has had its turn."""
    first = next(iter(found))
    start = perf_counter()
    for done in range(1, rounds[1] + 1):
        for who in found:
            if not found[who] or not far_behind(found[who][0], found[first][0]):
                found[who].append(started[HOME[who]].ask("turn", asked_as(who, question)))
        if done >= rounds[0] and perf_counter() - start > budget:
            break


def asked_as(who: str, question: Question) -> str:
    return question.rows()[0] if who == "again" else who


def far_behind(rival: float, mine: float) -> bool:
    """Is one turn enough to know that the rival is slow?"""
    return rival > 0.03 and rival > 4 * mine


def compare(question: Question, results: dict[str, Sequence[np.ndarray]]) -> None:
    """Do all rows compute the same?"""
    last = list(results)[-1]
    for who, found in results.items():
        for a, b in zip(found, results[last]):
            try:
                np.testing.assert_allclose(a, b, rtol=question.rtol, atol=question.atol)
            except AssertionError as error:
                text = " ".join(str(error).split())[:300]
                raise Failed(f"{question.group}: {question.name}: {who} beside {last}: {text}") from None
