"""EmbeddingBag is PyTorch's: bags by rows and by offsets, sums, means, maxima, padding, weights, errors."""

import pytest

from tests.autograd.stories import failure, story

BAGS = [([[1, 2, 1], [4, 4, 0]], None), ([1, 2, 1, 4, 1], [0, 2, 2]), ([3], [0, 1]), ([], [0, 0])]
OPTIONS = [
    {},
    {"padding_idx": 1},
    {"max_norm": 1.0},
    {"include_last_offset": True},
]  # scale_grad_by_freq: PyTorch 2.13 takes other rows' frequencies


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("bags", BAGS, ids=str)
@story
def test_embedding_bag(lib, mode, options, bags):
    input, offsets = bags
    if options == {"include_last_offset": True} and offsets is not None:
        offsets = [*offsets[:-1], len(input)]
    lib.manual_seed(5)
    table = lib.nn.EmbeddingBag(6, 3, mode=mode, **options)
    yield repr(table), table.weight, table.padding_idx
    y = table(lib.tensor(input, dtype=lib.long), None if offsets is None else lib.tensor(offsets))
    yield y.detach(), table.weight
    (y * (lib.arange(y.numel(), dtype=lib.float32).view_as(y) + 1)).sum().backward()
    yield table.weight.grad


@story
def test_weights_and_pretrained_tables(lib):
    table = lib.nn.EmbeddingBag.from_pretrained(lib.arange(12.0).view(4, 3), mode="sum", padding_idx=2)
    weights = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = table(lib.tensor([0, 2, 3]), lib.tensor([0, 1]), weights)
    y.sum().backward()
    yield repr(table), table.weight.requires_grad, y.detach(), weights.grad


@pytest.mark.host  # a GPU's numbers are not looked at
@story
def test_errors(lib):
    bag, table, i = lib.nn.functional.embedding_bag, lib.ones(4, 3), lib.tensor([0, 1, 2])
    yield failure(bag, i, table)
    yield failure(bag, i.view(1, 3), table, lib.tensor([0]))
    yield failure(bag, i.view(1, 1, 3), table)
    for offsets in ([1, 2], [0, 7], [[0, 2]], [0.0]):
        yield failure(bag, i, table, lib.tensor(offsets))
    offsets = lib.tensor([0])
    yield failure(bag, i, table, offsets, mode="min")
    yield failure(bag, i + 5, table, offsets)
    yield failure(bag, i.float(), table, offsets)
    yield failure(bag, i, table, offsets, padding_idx=9)
    yield failure(bag, i, table, offsets, per_sample_weights=lib.ones(3))
    yield failure(bag, i, table, offsets, per_sample_weights=lib.ones(2), mode="sum")
    yield failure(lib.nn.EmbeddingBag, 3, 2, padding_idx=3)
