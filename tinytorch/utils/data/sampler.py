"""Samplers: in which order the samples of a dataset are visited.

The orders are PyTorch's for the same seed: which numbers are drawn from which generator is part of a sampler.

Source: https://docs.pytorch.org/docs/2.13/data.html#data-loading-order-and-sampler
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

from tinytorch.functions.from_data import as_tensor, tensor
from tinytorch.functions.sampling import multinomial, randint, randperm
from tinytorch.generator import Generator

T_co = TypeVar("T_co", covariant=True)


def draw_seed(generator: Generator | None = None) -> int:
    """A number of 63 bits, with which another stream of random numbers can be started."""
    return tensor(0).random_(generator=generator).item()


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


class Sampler(Generic[T_co]):
    """Base of all samplers: subclasses write `__iter__`, over indices or over lists of them, and often `__len__`."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ...

    >>> list(torch.utils.data.SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """A random order of all indices; `num_samples` indices, when given; drawn with `replacement`, when asked for.

    More samples than there are indices, without replacement: one random order after the other. Without a generator
    each pass has its own, whose seed comes from the default generator.

    >>> sampler = torch.utils.data.RandomSampler("abcde", generator=torch.Generator().manual_seed(0))
    >>> list(sampler)
    [4, 0, 1, 3, 2]
    """

    BLOCK = 32  # so many indices are drawn at once with replacement

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ):
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            empty = "\n\nThe dataset has no samples." if num_samples is None and not len(data_source) else ""
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={self.num_samples}{empty}"
            )

    @property
    def num_samples(self) -> int:
        """How many indices a pass gives: asked for anew each time, since a dataset may grow."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        generator = Generator().manual_seed(draw_seed()) if self.generator is None else self.generator
        draw = self._with_replacement if self.replacement else self._permuted
        yield from draw(len(self.data_source), generator)

    def _with_replacement(self, n: int, generator: Generator) -> Iterator[int]:
        for start in range(0, self.num_samples, self.BLOCK):
            size = min(self.BLOCK, self.num_samples - start)
            yield from randint(n, (size,), generator=generator).tolist()

    def _permuted(self, n: int, generator: Generator) -> Iterator[int]:
        for _ in range(self.num_samples // n):
            yield from randperm(n, generator=generator).tolist()
        # Drawn even when nothing is left: PyTorch does so, and a second pass of the same generator shows it.
        yield from randperm(n, generator=generator).tolist()[: self.num_samples % n]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in a random order.

    >>> list(torch.utils.data.SubsetRandomSampler([10, 20, 30], torch.Generator().manual_seed(1)))
    [20, 30, 10]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None):
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """`num_samples` indices, index i with a probability proportional to weights[i].

    Weights need not sum up to 1. Without replacement no index comes twice.

    >>> sampler = torch.utils.data.WeightedRandomSampler([0.0, 9.0, 1.0], 6, generator=torch.Generator().manual_seed(0))
    >>> list(sampler)
    [2, 1, 1, 2, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ):
        _check_count("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = as_tensor(weights, dtype=float)
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` indices of another sampler; the last may be shorter, unless it is dropped.

    >>> list(torch.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool):
        _check_count("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
