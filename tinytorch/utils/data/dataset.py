"""Datasets: tables of samples by number, streams of samples, and what is made of them by joining and splitting.

Source: https://docs.pytorch.org/docs/2.13/data.html
"""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from tinytorch.functions.sampling import randperm
from tinytorch.generator import Generator, default_generator
from tinytorch.tensor import Tensor

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """A table of samples: subclasses write `__getitem__(index)` and, nearly always, `__len__`.

    A subclass may also write `__getitems__(indices)`, which returns the list of those samples: DataLoader then asks
    for a whole batch at once. `a + b` is both tables, one after the other.

    >>> class Squares(torch.utils.data.Dataset):
    ...     def __getitem__(self, index):
    ...         return index ** 2
    ...     def __len__(self):
    ...         return 4
    >>> list(torch.utils.data.DataLoader(Squares(), batch_size=2))
    [tensor([0, 1]), tensor([4, 9])]
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[T_co]) -> ConcatDataset[T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """A stream of samples: subclasses write `__iter__`, and `__len__` if the length is known.

    With several workers each has a copy of the dataset, and each reads all of it: split the work by
    `torch.utils.data.get_worker_info()`, in `__iter__` or in DataLoader's `worker_init_fn`. `a + b` is one stream
    after the other.

    >>> class Countdown(torch.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         return iter([3, 2, 1])
    >>> list(torch.utils.data.DataLoader(Countdown(), batch_size=2))
    [tensor([3, 2]), tensor([1])]
    """

    def __add__(self, other: Dataset[T_co]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is (a[i], b[i], ...), for tensors with the same first dimension; AssertionError if they differ in it.

    >>> data = torch.utils.data.TensorDataset(torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([0, 1]))
    >>> data[1], len(data)
    ((tensor([3., 4.]), tensor(1)), 2)
    """

    def __init__(self, *tensors: Tensor):
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            lengths = ", ".join(str(tensor.size(0)) for tensor in tensors)
            raise AssertionError(
                f"Size mismatch between tensors\n\nTheir first dimensions, one entry a sample, are {lengths}."
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].size(0)


class StackDataset(Dataset[Any]):
    """Sample i is made of sample i of each dataset: a tuple of them, or a dict when they are given by name.

    Raises ValueError for datasets of different lengths, for a mixture of both forms, and for none.

    >>> stack = torch.utils.data.StackDataset(number=range(3), letter="abc")
    >>> stack[1]
    {'number': 1, 'letter': 'b'}
    """

    def __init__(self, *args: Any, **kwargs: Any):
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, but both "
                "types are given."
            )
        parts = list(args or kwargs.values())
        if not parts:
            raise ValueError("At least one dataset should be passed")
        self._length = len(parts[0])
        if any(len(part) != self._length for part in parts):
            lengths = ", ".join(str(len(part)) for part in parts)
            raise ValueError(f"Size mismatch between datasets\n\nTheir lengths are {lengths}.")
        self.datasets = args or kwargs

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: part[index] for name, part in self.datasets.items()}
        return tuple(part[index] for part in self.datasets)

    def __getitems__(self, indices: list) -> list:
        if isinstance(self.datasets, dict):
            columns = [_column(part, indices) for part in self.datasets.values()]
            return [dict(zip(self.datasets, row)) for row in zip(*columns)]
        return list(zip(*[_column(part, indices) for part in self.datasets]))

    def __len__(self) -> int:
        return self._length


def _column(dataset: Any, indices: list) -> list:
    """The samples of these indices, asked for at once where the dataset knows how."""
    if not callable(getattr(dataset, "__getitems__", None)):
        return [dataset[index] for index in indices]
    samples = dataset.__getitems__(indices)
    if len(samples) != len(indices):
        raise ValueError(f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(samples)}")
    return samples


class ConcatDataset(Dataset[T_co]):
    """Several tables, one below the other; AssertionError for none and for streams.

    >>> both = torch.utils.data.ConcatDataset(["abc", "de"])
    >>> [both[i] for i in range(len(both))]
    ['a', 'b', 'c', 'd', 'e']
    """

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset\n\nFor streams there is ChainDataset.")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """The number of samples up to and including each dataset."""
        return list(itertools.accumulate(len(dataset) for dataset in sequence))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: int) -> T_co:
        if idx < 0:
            if -idx > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            idx += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, idx)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][idx - before]


class ChainDataset(IterableDataset[Any]):
    """Several streams, one after the other; AssertionError for anything else, when its turn comes.

    Source: https://docs.pytorch.org/docs/2.13/data.html#torch.utils.data.ChainDataset
    """

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = datasets

    def _streams(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for stream in self._streams():
            yield from stream

    def __len__(self) -> int:
        return sum(len(stream) for stream in self._streams())


class Subset(Dataset[T_co]):
    """The samples of a dataset at the given indices, in their order.

    >>> list(torch.utils.data.Subset("abcde", [4, 0, 0]))
    ['e', 'a', 'a']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]):
        self.dataset = dataset
        self.indices = indices
        own = type(self)
        if own.__getitem__ is not Subset.__getitem__ and own.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{own.__name__} overrides __getitem__ but not __getitems__. When subclassing Subset and overriding "
                "__getitem__, you must also override __getitems__ to ensure DataLoader works correctly with your "
                "custom logic. A simple implementation:\n\n"
                "def __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> list:
        there = [self.indices[i] for i in indices]
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.dataset.__getitems__(there)
        return [self.dataset[i] for i in there]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = default_generator
) -> list[Subset[T]]:
    """Split a dataset at random into parts of the given lengths, or of the given fractions of it.

    Fractions have to sum up to 1. Each is rounded down to whole samples; those left over go to the parts one by one,
    from the first on. Raises ValueError when lengths do not add up to the dataset's.

    Source: https://docs.pytorch.org/docs/2.13/data.html#torch.utils.data.random_split

    >>> train, test = torch.utils.data.random_split(range(10), [0.7, 0.3], torch.Generator().manual_seed(42))
    >>> train.indices, list(test)
    ([2, 6, 1, 8, 4, 5, 0], [9, 3, 7])
    """
    count = len(dataset)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _whole_parts(count, lengths)
        for i, length in enumerate(lengths):
            if length == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=2
                )
    if sum(lengths) != count:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset!\n\n"
            f"The lengths {list(lengths)} add up to {sum(lengths)}; the dataset has {count} samples."
        )
    parts: Any = lengths  # whole numbers now
    indices = randperm(sum(parts), generator=generator).tolist()
    return [Subset(dataset, indices[end - size : end]) for end, size in zip(itertools.accumulate(parts), parts)]


def _whole_parts(count: int, fractions: Sequence[float]) -> list[int]:
    """`count` samples divided by fractions that sum up to 1."""
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1")
    parts = [math.floor(count * fraction) for fraction in fractions]
    for i in range(count - sum(parts)):
        parts[i % len(parts)] += 1
    return parts
