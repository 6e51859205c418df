"""A worker process: it has a copy of the dataset, and fetches the batches that it is told to fetch.

It talks with the main process over one pipe. What comes from the main process:

    (number, index)   fetch this; the answer is (number, batch), or (number, ENDED) or (number, Failure)
    AGAIN             start the dataset anew: the next epoch of workers that persist
    None              stop. The end of the pipe means the same: the main process is gone

Source: https://docs.pytorch.org/docs/2.13/data.html#multi-process-data-loading
"""

from __future__ import annotations

import queue
import random
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

from tinytorch.generator import default_generator
from tinytorch.kernels.threads import set_num_threads
from tinytorch.utils.data._utils.fetch import Plan

AGAIN = "again"


class ENDED:
    """The answer when a stream has no more samples: this class itself, which no batch can be mistaken for."""


@dataclass(frozen=True)
class WorkerInfo:
    """What `get_worker_info()` tells in a worker."""

    id: int  # 0 to num_workers - 1
    num_workers: int
    seed: int  # of this worker's random numbers: the epoch's base seed + id
    dataset: Any  # this worker's copy
    rng: Any = None  # for PyTorch's workers that are threads, which tinytorch does not have
    worker_method: str | None = "multiprocessing"


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process its id, num_workers, seed and (copy of the) dataset; None in the main process.

    Source: https://docs.pytorch.org/docs/2.13/data.html#torch.utils.data.get_worker_info

    >>> print(torch.utils.data.get_worker_info())
    None
    """
    return _worker_info


class KeyErrorMessage(str):
    """A KeyError shows the repr of its argument: this one's is the text itself, with its line breaks."""

    def __repr__(self) -> str:
        return self


@dataclass(frozen=True)
class Failure:
    """An exception in a worker: its class, and the text with which it is raised anew in the main process."""

    kind: type[Exception]
    text: str

    @classmethod
    def of(cls, error: Exception, worker: int) -> Failure:
        kind = type(error)
        story = "".join(traceback.format_exception(kind, error, error.__traceback__))
        return cls(kind, f"Caught {kind.__name__} in DataLoader worker process {worker}.\nOriginal {story}")

    def reraise(self) -> None:
        text = KeyErrorMessage(self.text) if self.kind is KeyError else self.text
        try:
            error = self.kind(text)
        except Exception:  # a class that is not made from a text alone
            error = RuntimeError(text)
        raise error from None


def work(
    plan: Plan, init_fn: Callable | None, pipe: Connection, others: Connection, numbers: tuple[int, int, int]
) -> None:
    """What a worker process does. `numbers`: its id, how many workers there are, and the epoch's base seed."""
    global _worker_info
    worker, count, base_seed = numbers
    others.close()  # a forked process has the main process's end too; the pipe would never end while that is open
    try:
        set_num_threads(1)
        seed_everything(base_seed, worker)
        _worker_info = WorkerInfo(worker, count, base_seed + worker, plan.dataset)
        serve(plan, init_fn, pipe, worker)
    except (KeyboardInterrupt, ConnectionError):
        return  # Ctrl-C reaches every process: the main one says so. No connection: it is gone


def seed_everything(base_seed: int, worker: int) -> None:
    """The seeds of a worker, PyTorch's: base_seed + worker for torch and Python, four words made of both for NumPy."""
    default_generator.manual_seed(base_seed + worker)
    random.seed(base_seed + worker)
    words = [worker, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(words).generate_state(4))


def serve(plan: Plan, init_fn: Callable | None, pipe: Connection, worker: int) -> None:
    """Answer until the main process says stop."""
    tasks: queue.SimpleQueue = queue.SimpleQueue()
    stopped = threading.Event()
    threading.Thread(target=listen, args=(pipe, tasks, stopped), daemon=True).start()
    fetcher: Any = None
    trouble: Failure | None = None  # why no batch can be fetched
    ended = False

    def start() -> Failure | None:
        nonlocal fetcher
        try:
            fetcher = plan.start()
        except Exception as error:
            return Failure.of(error, worker)
        return None

    try:
        if init_fn is not None:
            init_fn(worker)
    except Exception as error:
        trouble = Failure.of(error, worker)
    trouble = trouble or start()

    while not stopped.is_set() and (task := tasks.get()) is not None:
        if task == AGAIN:
            trouble, ended = start(), False
        elif not ended:
            number, index = task
            answer = trouble
            if answer is None:
                answer = fetch(fetcher, index, plan.is_stream, worker)
                ended = answer is ENDED
            pipe.send_bytes(packed(number, answer, worker))


def listen(pipe: Connection, tasks: queue.SimpleQueue, stopped: threading.Event) -> None:
    """Take in whatever comes, in a thread of its own.

    Else each side could wait for ever: the main process until its task is taken, the worker until its batch is.
    """
    try:
        while (task := pipe.recv()) is not None:
            tasks.put(task)
    except (EOFError, OSError):
        pass  # the main process is gone
    finally:
        stopped.set()
        tasks.put(None)


def fetch(fetcher: Any, index: Any, is_stream: bool, worker: int) -> Any:
    """The batch; or ENDED, or the Failure that happened."""
    try:
        return fetcher.fetch(index)
    except StopIteration as error:
        return ENDED if is_stream else Failure.of(error, worker)
    except Exception as error:
        return Failure.of(error, worker)


def packed(number: int, answer: Any, worker: int) -> Any:
    """The answer as bytes; that of a Failure when a batch, or an exception's class, cannot be pickled."""
    try:
        return ForkingPickler.dumps((number, answer))
    except Exception as error:
        text = answer.text if isinstance(answer, Failure) else Failure.of(error, worker).text
        return ForkingPickler.dumps((number, Failure(RuntimeError, text)))
