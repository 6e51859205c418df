"""DataLoader: a dataset, a sampler and a collating function together, iterated over in batches.

What happens in a pass is in _utils/iteration.py, what a worker process does in _utils/worker.py.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.context
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from tinytorch.generator import Generator
from tinytorch.utils.data._utils.collate import default_collate, default_convert
from tinytorch.utils.data._utils.iteration import (
    _BaseDataLoaderIter,
    _MultiProcessingDataLoaderIter,
    _SingleProcessDataLoaderIter,
)
from tinytorch.utils.data._utils.worker import get_worker_info as get_worker_info
from tinytorch.utils.data.dataset import IterableDataset
from tinytorch.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

T_co = TypeVar("T_co", covariant=True)

FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _InfiniteConstantSampler(Sampler):
    """The sampler of a stream, which is asked for its next sample and not for one with a number: None without end."""

    def __iter__(self) -> Iterator:
        while True:
            yield None


class DataLoader(Generic[T_co]):
    """Iterates over a dataset in batches; each `for` is one pass, an epoch.

    batch_size          samples a batch; None: the samples themselves, one by one
    shuffle             a new random order in each epoch, PyTorch's for the same seed
    sampler             the order, as an iterable of indices, instead of shuffle
    batch_sampler       the batches, as an iterable of lists of indices, instead of the three above and drop_last
    num_workers         so many processes fetch the batches ahead of time; the batches come in the same order
    collate_fn          makes a batch of a list of samples: `default_collate`; of one sample without batch_size:
                        `default_convert`
    pin_memory          batches lie in memory that the system does not move, from which a GPU reads while the program
                        goes on (`x.to("cuda", non_blocking=True)`); without a GPU, a warning and nothing else
    drop_last           leave out the last batch if it has fewer samples
    timeout             seconds to wait for a worker before RuntimeError; 0: for ever
    worker_init_fn      called with the worker's id, in the worker, before it fetches anything
    multiprocessing_context  how workers are started: "fork", "spawn", "forkserver", or a context of multiprocessing
    generator           where the order and the workers' seeds come from: by default the default generator
    prefetch_factor     batches fetched ahead of time by each worker: 2
    persistent_workers  keep the workers from one epoch to the next
    in_order            False: batches come as they are ready

    An exception in a worker is raised here, of the same class, with the worker's traceback as its text.
    Worker i has the random seed base_seed + i, where a new base_seed is drawn in each epoch.

    Source: https://docs.pytorch.org/docs/2.13/data.html#torch.utils.data.DataLoader

    >>> data = torch.utils.data.TensorDataset(torch.arange(5), torch.arange(5) ** 2)
    >>> for x, y in torch.utils.data.DataLoader(data, batch_size=2):
    ...     print(x, y)
    tensor([0, 1]) tensor([0, 1])
    tensor([2, 3]) tensor([4, 9])
    tensor([4]) tensor([16])
    """

    _iterator: _MultiProcessingDataLoaderIter | None = None  # of persistent workers
    _is_ready = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable | None = None,
        batch_sampler: Iterable | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        _check_worker_options(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order

        self._is_stream = isinstance(dataset, IterableDataset)
        self._said_length: int | None = None  # what len() said of a stream
        if self._is_stream:
            _check_stream_options(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")

        if sampler is None:
            if self._is_stream:
                sampler = _InfiniteConstantSampler()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.collate_fn = collate_fn or (default_collate if self._auto_collation else default_convert)
        self.persistent_workers = persistent_workers
        self._is_ready = True
        self.check_worker_number_rationality()

    @property
    def multiprocessing_context(self) -> Any:
        """The context of multiprocessing that starts the workers; None: the usual one."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        if context is not None and not self.num_workers:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
                f"num_workers={self.num_workers}"
            )
        if isinstance(context, str):
            methods = multiprocessing.get_all_start_methods()
            if context not in methods:
                raise ValueError(
                    f"multiprocessing_context option should specify a valid start method in {methods!r}, but got "
                    f"multiprocessing_context={context!r}"
                )
            context = multiprocessing.get_context(context)
        if context is not None and not isinstance(context, multiprocessing.context.BaseContext):
            raise TypeError(
                "multiprocessing_context option should be a valid context object or a string specifying the start "
                f"method, but got multiprocessing_context={context}"
            )
        self._multiprocessing_context = context

    def __setattr__(self, name: str, value: Any) -> None:
        if self._is_ready and name in FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        """What says which samples are fetched next: the batch sampler, without one the sampler."""
        return self.batch_sampler if self._auto_collation else self.sampler

    def __iter__(self) -> _BaseDataLoaderIter:
        if not (self.persistent_workers and self.num_workers):
            return self._get_iterator()
        if self._iterator is None or not self._iterator._close.alive:
            self._iterator = self._get_iterator()
        else:
            self._iterator._again(self)
        return self._iterator

    def _get_iterator(self) -> Any:
        if not self.num_workers:
            return _SingleProcessDataLoaderIter(self)
        self.check_worker_number_rationality()
        return _MultiProcessingDataLoaderIter(self)

    def __len__(self) -> int:
        """How many batches a pass has; for a stream with a length, how many there should be."""
        if not self._is_stream:
            return len(self._index_sampler)
        length = self._said_length = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    def check_worker_number_rationality(self) -> None:
        """Warn of more workers than this process has cores."""
        if not self.num_workers:
            return
        bound = hasattr(os, "sched_getaffinity")
        cores = len(os.sched_getaffinity(0)) if bound else os.cpu_count()
        if cores is None:
            suggestion = "DataLoader is not able to compute a suggested max number of worker in current system."
        elif self.num_workers > cores:
            suggestion = (
                f"Our suggested max number of worker in current system is {cores}"
                f"{'' if bound else ' (`cpuset` is not taken into account)'}, which is smaller than what this "
                "DataLoader is going to create."
            )
        else:
            return
        warnings.warn(
            f"This DataLoader will create {self.num_workers} worker processes in total. {suggestion} Please be aware "
            "that excessive worker creation might get DataLoader running slow or even freeze, lower the worker number "
            "to avoid potential slowness/freeze if necessary.",
            stacklevel=2,
        )


def _check_worker_options(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool
) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_stream_options(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    """A stream has its own order."""
    if shuffle not in (False, None):
        name, value = "shuffle", shuffle
    elif sampler is not None:
        name, value = "sampler", sampler
    elif batch_sampler is not None:
        name, value = "batch_sampler", batch_sampler
    else:
        return
    raise ValueError(f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}")
