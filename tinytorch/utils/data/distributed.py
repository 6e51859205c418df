"""DistributedSampler: each of several processes that train together visits its own part of a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized

from tinytorch.functions.sampling import randperm
from tinytorch.generator import Generator
from tinytorch.utils.data.sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index from `rank` on, of an order that all processes share.

    The order depends on `seed` and on the epoch: call `set_epoch` in each. All parts get the same size, by repeating
    indices from the start or, with drop_last, by leaving out the last ones. ValueError for a rank that is none of
    0 to num_replicas - 1; RuntimeError without num_replicas or rank, since tinytorch has no torch.distributed to ask.

    Source: https://docs.pytorch.org/docs/2.13/data.html#torch.utils.data.distributed.DistributedSampler

    >>> [list(torch.utils.data.DistributedSampler("abcde", 2, rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ):
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "Requires distributed package to be available\n\n"
                "tinytorch has no torch.distributed: pass num_replicas= and rank=."
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        count = len(dataset)
        self.num_samples = count // num_replicas if drop_last else math.ceil(count / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        indices = list(range(count))
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            indices = randperm(count, generator=generator).tolist()
        return iter([indices[i % count] for i in range(self.rank, self.total_size, self.num_replicas)])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next pass belongs to: it gets another order."""
        self.epoch = epoch
