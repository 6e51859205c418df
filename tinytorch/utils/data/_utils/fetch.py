"""Fetching: from an index, or a batch of them, to what DataLoader yields. The same in worker processes as without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Plan:
    """What a process has to know to fetch: it travels to each worker."""

    dataset: Any
    is_stream: bool  # an IterableDataset
    batched: bool  # indices come in lists
    collate_fn: Callable[[Any], Any]
    drop_last: bool  # of a stream: a sampler drops its last batch itself

    def start(self) -> MapFetcher | StreamFetcher:
        return StreamFetcher(self) if self.is_stream else MapFetcher(self)


class MapFetcher:
    """Takes samples from a dataset by their indices."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def fetch(self, index: Any) -> Any:
        dataset, collate = self.plan.dataset, self.plan.collate_fn
        if not self.plan.batched:
            return collate(dataset[index])
        at_once = getattr(dataset, "__getitems__", None)
        return collate(at_once(index) if at_once else [dataset[i] for i in index])


class StreamFetcher:
    """Takes the next samples from a stream: of an index only its length counts. StopIteration at the end."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.samples = iter(plan.dataset)
        self.ended = False

    def fetch(self, index: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.plan.batched:
            return self.plan.collate_fn(next(self.samples))
        batch = []
        for _ in index:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.plan.drop_last and len(batch) < len(index)):
            raise StopIteration
        return self.plan.collate_fn(batch)
