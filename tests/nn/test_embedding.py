"""Embedding is PyTorch's: first values, lookups, padding, long rows, frequencies, pretrained tables, errors."""

import numpy as np
import pytest

from tests.autograd.stories import failure, story
from tests.differential import same, sample

OPTIONS = [
    {}, {"padding_idx": 1}, {"padding_idx": -2}, {"max_norm": 1.0}, {"max_norm": 0.5, "norm_type": 1.0},
    {"scale_grad_by_freq": True}, {"scale_grad_by_freq": True, "padding_idx": 2}, {"max_norm": 1.0, "padding_idx": 3},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("index", [[1, 2, 1, 4, 1], [[0, 1], [2, 2]], [], 3])
@story
def test_embedding(lib, options, index):
    lib.manual_seed(5)
    table = lib.nn.Embedding(6, 3, **options)
    yield repr(table), table.weight, table.padding_idx, table.num_embeddings, table.embedding_dim
    for kind in (lib.int64, lib.int32):
        y = table(lib.tensor(index, dtype=kind))
        yield y, table.weight
        table.zero_grad()
        (y * (lib.arange(y.numel(), dtype=lib.float32).view_as(y) + 1)).sum().backward()
        yield table.weight.grad, lib.rand(1).item()


@story
def test_made(lib):
    nn = lib.nn
    lib.manual_seed(1)
    yield (
        nn.Embedding(4, 2, dtype=lib.float64).weight,
        nn.Embedding(4, 2, device="cpu").weight,
        nn.Embedding(0, 2).weight,
    )
    weight = lib.arange(6.0).view(3, 2)
    table = nn.Embedding.from_pretrained(weight)
    yield table.weight, table.weight.data_ptr() == weight.data_ptr(), repr(table), table(lib.tensor([2, 0]))
    table = nn.Embedding.from_pretrained(weight, freeze=False, padding_idx=-1, max_norm=2.0, scale_grad_by_freq=True)
    yield table.weight, repr(table), nn.Embedding(3, 2, _weight=weight).weight, table.padding_idx
    table = nn.Embedding(3, 2, padding_idx=0)
    yield table.reset_parameters(), table.weight[0], repr(nn.Embedding(3, 2, norm_type=1.0, sparse=True))


@story
def test_refused(lib):
    nn, F = lib.nn, lib.nn.functional
    table = nn.Embedding(4, 2)
    for index in ([4], [-1], [1.0], [True]):
        yield failure(table, lib.tensor(index))
    yield failure(nn.Embedding, 4, 2, padding_idx=4), failure(nn.Embedding, 4, 2, padding_idx=-5)
    yield failure(nn.Embedding, 4, 2, _weight=lib.ones(3, 2)), failure(nn.Embedding.from_pretrained, lib.ones(3))
    yield (
        failure(F.embedding, lib.tensor([0]), lib.ones(3, 2), 3),
        failure(F.embedding, lib.tensor([0]), lib.ones(3, 2), -4),
    )
    yield failure(F.embedding, lib.tensor([0]), lib.ones(3)), failure(table, 1)[0]


@story
def test_long_rows_shorten_in_place(lib):
    lib.manual_seed(5)
    table = lib.nn.Embedding(6, 3, max_norm=0.7)
    version = table.weight._version
    yield table(lib.tensor([1, 1, 2])), table.weight, table.weight._version > version
    weight = lib.ones(3, 2)
    yield lib.nn.functional.embedding(lib.tensor([0, 2]), weight, max_norm=1.0), weight


def test_second_gradients():
    index = np.array([1, 2, 1, 0])
    for padding in (None, 2):

        def looked_up(lib, weight, padding=padding):
            return lib.nn.functional.embedding(lib.tensor(index), weight, padding)

        same(looked_up, sample((4, 3)))


@story
def test_one_hot(lib):
    one_hot = lib.nn.functional.one_hot
    yield (
        one_hot(lib.tensor([2, 0])),
        one_hot(lib.tensor([[1], [0]]), 4),
        one_hot(lib.tensor(1)),
        one_hot(lib.tensor([2, 0]), 3),
    )
    yield one_hot(lib.zeros(0, dtype=lib.int64), 3), one_hot(lib.zeros(2, 0, dtype=lib.int64), 3)
    for args in (([0.5],), ([-1],), ([3], 3), ([], -1), ([3], 0), ([0], -2)):
        values, *rest = args
        index = lib.tensor(values) if values else lib.zeros(0, dtype=lib.int64)
        yield args, failure(one_hot, index, *rest)
    yield failure(one_hot, lib.tensor([1], dtype=lib.int32))
