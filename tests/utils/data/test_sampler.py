"""Samplers beside PyTorch's: the same order for the same seed, pass after pass, and the same numbers afterwards."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.utils.data.both import same  # noqa: E402

WEIGHTS = [0.1, 0.0, 4.0, 2.5, 1.0, 0.4]

# {what is made: function(torch.utils.data, generator or None)}
SAMPLERS = {
    "sequential": lambda data, g: data.SequentialSampler("abcd"),
    "sequential, empty": lambda data, g: data.SequentialSampler(""),
    "random": lambda data, g: data.RandomSampler(range(10), generator=g),
    "random, fewer": lambda data, g: data.RandomSampler(range(10), num_samples=4, generator=g),
    "random, more": lambda data, g: data.RandomSampler(range(5), num_samples=17, generator=g),
    "random, twice as many": lambda data, g: data.RandomSampler(range(5), num_samples=10, generator=g),
    "random, replaced": lambda data, g: data.RandomSampler(range(5), replacement=True, generator=g),
    "random, many replaced": lambda data, g: data.RandomSampler(range(5), True, 100, generator=g),
    "random, a block replaced": lambda data, g: data.RandomSampler(range(5), True, 64, generator=g),
    "random, large": lambda data, g: data.RandomSampler(range(1000), generator=g),
    "subset": lambda data, g: data.SubsetRandomSampler([5, 1, 9, 2, 2], g),
    "subset of letters": lambda data, g: data.SubsetRandomSampler("abcdef", generator=g),
    "weighted": lambda data, g: data.WeightedRandomSampler(WEIGHTS, 20, generator=g),
    "weighted, one": lambda data, g: data.WeightedRandomSampler(WEIGHTS, 1, generator=g),
    "weighted, not replaced": lambda data, g: data.WeightedRandomSampler(WEIGHTS, 4, replacement=False, generator=g),
    "weighted by an array": lambda data, g: data.WeightedRandomSampler(np.array(WEIGHTS, np.float32), 5, generator=g),
    "batches": lambda data, g: data.BatchSampler(data.RandomSampler(range(10), generator=g), 4, False),
    "batches, the last dropped": lambda data, g: data.BatchSampler(data.RandomSampler(range(10), generator=g), 4, True),
    "batches that fit": lambda data, g: data.BatchSampler(range(8), 4, True),
    "batches of nothing": lambda data, g: data.BatchSampler([], 4, False),
}


@pytest.mark.parametrize("own", [False, True], ids=["default generator", "own generator"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_order_over_three_passes(name, own):
    def program(lib):
        lib.manual_seed(11)
        g = lib.Generator().manual_seed(2147483647) if own else None
        sampler = SAMPLERS[name](lib.utils.data, g)
        passes = [(list(sampler), len(sampler), lib.rand(2)) for _ in range(3)]
        half = iter(sampler)  # a pass that is begun and left
        begun = list(zip(range(2), half))
        return passes, begun, list(sampler), lib.rand(1), None if g is None else lib.rand(1, generator=g)

    same(program)


ERRORS = {
    "nothing to draw from": lambda data: data.RandomSampler([]),
    "a count of 0": lambda data: data.RandomSampler(range(3), num_samples=0),
    "a negative count": lambda data: data.RandomSampler(range(3), num_samples=-1),
    "a count of 1.5": lambda data: data.RandomSampler(range(3), num_samples=1.5),
    "replacement=1": lambda data: data.RandomSampler(range(3), replacement=1),
    "weights in rows": lambda data: data.WeightedRandomSampler([[1.0, 2.0]], 2),
    "a weighted count of 0": lambda data: data.WeightedRandomSampler([1.0], 0),
    "a weighted count of True": lambda data: data.WeightedRandomSampler([1.0], True),
    "weighted replacement=1": lambda data: data.WeightedRandomSampler([1.0], 1, replacement=1),
    "more than there are": lambda data: list(data.WeightedRandomSampler([1.0, 2.0], 3, replacement=False)),
    "batches of 0": lambda data: data.BatchSampler(range(3), 0, False),
    "batches of True": lambda data: data.BatchSampler(range(3), True, False),
    "batches of 2.0": lambda data: data.BatchSampler(range(3), 2.0, False),
    "drop_last=1": lambda data: data.BatchSampler(range(3), 2, 1),
    "an argument for Sampler": lambda data: data.Sampler(range(3)),
    "rank too high": lambda data: data.DistributedSampler(range(3), 2, 2),
    "rank below 0": lambda data: data.DistributedSampler(range(3), 2, -1),
    "no order": lambda data: iter(data.Sampler()),
}


@pytest.mark.parametrize("case", ERRORS)
def test_wrong_arguments(case):
    kind, _ = same(lambda lib: ERRORS[case](lib.utils.data))
    assert kind.endswith("Error")


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
def test_distributed_sampler(shuffle, drop_last):
    def program(lib):
        found = []
        for count in (1, 2, 5, 9, 12):
            for replicas in (1, 2, 5):
                for rank in range(replicas):
                    sampler = lib.utils.data.DistributedSampler(range(count), replicas, rank, shuffle, 4, drop_last)
                    for epoch in (0, 1):
                        sampler.set_epoch(epoch)
                        if not drop_last or count >= replicas:
                            found.append((list(sampler), len(sampler), sampler.total_size))
        return found

    same(program)
