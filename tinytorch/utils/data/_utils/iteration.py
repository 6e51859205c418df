"""One pass over a DataLoader: in this process, or by worker processes.

Batches are numbered and given to the workers in turn, `prefetch_factor` of them ahead of time for each. A worker
answers in the order in which it was asked, so the main process knows from which of them the next batch will come.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import time
import warnings
import weakref
from collections import deque
from collections.abc import Collection, Iterator
from multiprocessing.connection import wait
from typing import Any

from tinytorch.device import device_count
from tinytorch.utils.data._utils import worker
from tinytorch.utils.data._utils.fetch import Plan
from tinytorch.utils.data._utils.pin_memory import pin_memory
from tinytorch.utils.data.sampler import draw_seed

PATIENCE = 5.0  # seconds that workers get to leave by themselves


class _BaseDataLoaderIter:
    """What both kinds share: the order of the indices and the seed, drawn as PyTorch draws them."""

    def __init__(self, loader: Any):
        self._pins = loader.pin_memory and device_count() > 0
        if loader.pin_memory and not self._pins:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, "
                "then device pinned memory won't be used.",
                stacklevel=5,
            )
        self._plan = Plan(
            loader.dataset, loader._is_stream, loader._auto_collation, loader.collate_fn, loader.drop_last
        )
        self._said_length = loader._said_length
        self._workers: list[_Worker] = []
        self._index_sampler = loader._index_sampler
        self._indices: Iterator = iter(self._index_sampler)
        # Drawn in every case, so that with and without workers the next random number is the same
        self._base_seed = draw_seed(loader.generator)
        self._yielded = 0

    def __iter__(self) -> Iterator:
        return self

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __next__(self) -> Any:
        batch = self._next_data()
        self._yielded += 1
        said = self._said_length
        if said is not None and self._yielded > said:
            text = (
                f"Length of IterableDataset {self._plan.dataset} was reported to be {said}"
                f"(when accessing len(dataloader)), but {self._yielded} samples have been fetched. "
            )
            if self._workers:
                text += (
                    "For multiprocessing data-loading, this could be caused by not properly configuring the "
                    "IterableDataset replica at each worker. Please see "
                    "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
                )
            warnings.warn(text, stacklevel=2)
        return pin_memory(batch) if self._pins else batch

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __reduce__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Fetches each batch when it is asked for."""

    def __init__(self, loader: Any):
        super().__init__(loader)
        if loader.timeout != 0:
            raise AssertionError(
                "_SingleProcessDataLoaderIter requires timeout == 0\n\ntimeout= is how long to wait for a worker."
            )
        self._fetcher = self._plan.start()

    def _next_data(self) -> Any:
        return self._fetcher.fetch(next(self._indices))


class _Worker:
    """A worker process as the main process sees it."""

    def __init__(self, context: Any, plan: Plan, init_fn: Any, numbers: tuple[int, int, int]):
        self.has_more = True  # only a stream ends before the indices do
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=worker.work, args=(plan, init_fn, theirs, self.pipe, numbers), daemon=True
        )
        self.process.start()
        theirs.close()  # now the worker alone has that end: when the worker dies, the pipe ends

    def tell(self, task: Any) -> None:
        with contextlib.suppress(ConnectionError):  # it is dead, which the attempt to read its answer will show
            self.pipe.send(task)

    def answer(self) -> tuple[int, Any]:
        """The next answer; RuntimeError from a worker that died."""
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join(PATIENCE)
            raise RuntimeError(
                f"DataLoader worker (pid(s) {self.process.pid}) exited unexpectedly\n\n"
                f"Its exit code is {self.process.exitcode} (a negative one is the signal that ended it; -9 often means "
                "that memory ran out). With num_workers=0 the error happens in this process, where it can be seen."
            ) from None

    def leave(self, deadline: float) -> None:
        """Wait for the worker, which has been told to stop, and end it when it has not by the deadline."""
        try:
            while self.pipe.poll(max(0.0, deadline - time.monotonic())):
                self.pipe.recv_bytes()  # a batch on its way, which nobody wants
        except (EOFError, OSError):
            pass  # it has left
        self.pipe.close()
        self.process.join(max(0.0, deadline - time.monotonic()))
        for end in (self.process.terminate, self.process.kill):
            if self.process.is_alive():
                end()
                self.process.join(PATIENCE)


def shut_down(workers: list[_Worker], owner: int) -> None:
    """End these workers; a process forked from their owner has no say in it."""
    if os.getpid() != owner:
        return
    for each in workers:
        each.tell(None)
    deadline = time.monotonic() + PATIENCE
    while workers:
        workers.pop().leave(deadline)


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Workers fetch the batches, some ahead of time.

    The workers end with the last batch, or when nobody has this iterator any more, or when the program ends.
    """

    def __init__(self, loader: Any):
        super().__init__(loader)
        self._count = loader.num_workers
        self._in_order = loader.in_order
        self._limit = loader.prefetch_factor * self._count
        if not self._limit:
            raise AssertionError("prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._timeout = loader.timeout
        self._persistent = loader.persistent_workers
        self._close = weakref.finalize(self, shut_down, self._workers, os.getpid())
        context = loader.multiprocessing_context or multiprocessing
        for i in range(self._count):
            numbers = (i, self._count, self._base_seed)
            self._workers.append(_Worker(context, self._plan, loader.worker_init_fn, numbers))
        self._numbers = itertools.count()  # of batches; it goes on from epoch to epoch
        self._begin()

    def _begin(self) -> None:
        """Start a pass."""
        self._indices = iter(self._index_sampler)
        self._yielded = 0
        self._turns = itertools.cycle(self._workers)
        self._asked: deque[tuple[int, _Worker]] = deque()  # the batches on their way
        for _ in range(self._limit):
            self._ask()

    def _again(self, loader: Any) -> None:
        """Start the next pass of the loader with the same workers."""
        self._said_length = loader._said_length
        for each in self._workers:
            each.has_more = True
            each.tell(worker.AGAIN)
        self._begin()

    def _ask(self) -> None:
        """Have one more batch fetched, if there is one and a worker for it."""
        try:
            index = next(self._indices)
        except StopIteration:
            return
        for each in itertools.islice(self._turns, self._count):
            if each.has_more and (self._in_order or self._has_room(each)):
                number = next(self._numbers)
                each.tell((number, index))
                self._asked.append((number, each))
                return

    def _has_room(self, each: _Worker) -> bool:
        busy_with = sum(one is each for _, one in self._asked)
        return busy_with < self._limit // sum(one.has_more for one in self._workers)

    def _next_data(self) -> Any:
        while self._asked:
            number, each = self._next_asked()
            answer = self._receive(number, each)
            if answer is worker.ENDED:
                each.has_more = False
                self._asked = deque(asked for asked in self._asked if asked[1] is not each)
            self._ask()
            if isinstance(answer, worker.Failure):
                answer.reraise()
            if each.has_more:
                return answer
        if not self._persistent:
            self._close()
        raise StopIteration

    def _next_asked(self) -> tuple[int, _Worker]:
        """What to wait for: the oldest batch, or one that is there already if their order does not matter."""
        if self._in_order:
            return self._asked.popleft()
        ready = self._wait({each.pipe for _, each in self._asked})
        chosen = next(asked for asked in self._asked if asked[1].pipe in ready)
        self._asked.remove(chosen)
        return chosen

    def _wait(self, pipes: Collection) -> list:
        """Those of the pipes that can be read; RuntimeError when there is none in time."""
        ready = wait(pipes, self._timeout or None)
        if not ready:
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
        return ready

    def _receive(self, number: int, each: _Worker) -> Any:
        """The answer of this number; those before it are left over from an epoch that was not finished."""
        try:
            while True:
                if self._timeout:
                    self._wait([each.pipe])
                found, answer = each.answer()
                if found == number:
                    return answer
        except BaseException:  # a worker died, or Ctrl-C came when half a message was read: nothing can follow
            self._close()
            raise
