"""Datasets, samplers, collate functions, splits, concatenation, iterable datasets and errors of torch.utils.data."""

import random
from collections import namedtuple

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
    random_split,
)

torch.manual_seed(5)
random.seed(5)
np.random.seed(5)


class Words(Dataset):
    texts = ["a small sentence", "words", "the longest sentence of them all", "two words", "one more of these"]

    def __init__(self, transform=None):
        vocab = sorted({w for t in self.texts for w in t.split()})
        self.ids = {w: i + 1 for i, w in enumerate(vocab)}
        self.transform = transform

    def __len__(self):
        return len(self.texts)

    def __getitem__(self, index):
        ids = torch.tensor([self.ids[w] for w in self.texts[index].split()])
        return (self.transform(ids) if self.transform else ids), len(ids)


def collate(batch):
    ids, lengths = zip(*sorted(batch, key=lambda b: -b[1]))
    padded = pad_sequence(ids, batch_first=True, padding_value=0)
    return padded, torch.tensor(lengths), padded.ne(0)


for ids, lengths, mask in DataLoader(Words(), batch_size=2, collate_fn=collate):
    print(ids, lengths, mask.sum(1))
for ids, lengths, _ in DataLoader(Words(lambda t: t.flip(0)), batch_size=3, shuffle=True, collate_fn=collate):
    print(ids, lengths)


class ByLength(Sampler):
    def __init__(self, source):
        self.source = source

    def __iter__(self):
        return iter(sorted(range(len(self.source)), key=lambda i: self.source[i][1]))

    def __len__(self):
        return len(self.source)


print([n for _, n in DataLoader(Words(), sampler=ByLength(Words()), batch_size=None)])
Point = namedtuple("Point", "x y")
items = [
    {"p": Point(i, float(i) / 2), "name": f"n{i}", "arr": np.arange(2) * i, "nested": [i, (i, True)]} for i in range(4)
]
batch = next(iter(DataLoader(items, batch_size=3)))
print(batch)
print(default_collate([1.5, 2.5]), default_collate([np.float32(1), np.float32(2)]), default_collate(["a", "b"]))
try:
    default_collate([torch.ones(2), torch.ones(3)])
except RuntimeError as e:
    print(str(e).splitlines()[0])
try:
    default_collate([object(), object()])
except TypeError as e:
    print(str(e).split(";")[0][:60])

ds = TensorDataset(torch.arange(10), torch.arange(10) ** 2)
a, b, c = random_split(ds, [6, 3, 1], generator=torch.Generator().manual_seed(1))
print(a.indices, b.indices, c[0], len(ds), ds[2:4], ds[-1])
print([len(p) for p in random_split(range(10), [0.5, 0.25, 0.25])], list(Subset(ds, [3, 7])))
both = ConcatDataset([a, c]) + Subset(ds, [0])
print(len(both), both[6], both[-1])
gen = torch.Generator().manual_seed(42)
loader = DataLoader(ds, batch_size=4, shuffle=True, generator=gen, drop_last=True)
print(len(loader), [x.tolist() for x, _ in loader], [x.tolist() for x, _ in loader])
print([x.tolist() for x, _ in DataLoader(ds, batch_size=4, sampler=SubsetRandomSampler([1, 3, 5, 7]))])
print(
    list(BatchSampler(SequentialSampler(range(7)), 3, drop_last=False)),
    list(BatchSampler(RandomSampler(range(5)), 2, True)),
)
print(list(RandomSampler(range(3), replacement=True, num_samples=6)), len(RandomSampler(range(3))))
print([x.tolist() for x, _ in DataLoader(ds, batch_sampler=BatchSampler(SequentialSampler(ds), 6, False))])


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return (torch.tensor([i, i * i]) for i in range(self.n))


print([x.tolist() for x in DataLoader(Stream(5), batch_size=2)])
loader = DataLoader(ds, batch_size=3)
print(loader.batch_size, loader.dataset is ds, type(loader.sampler).__name__, loader.num_workers, loader.drop_last)
it = iter(loader)
print(next(it)[0], next(it)[1], sum(1 for _ in it))
for wrong in (
    lambda: DataLoader(ds, batch_size=2, shuffle=True, sampler=SequentialSampler(ds)),
    lambda: DataLoader(Stream(2), shuffle=True),
    lambda: DataLoader(ds, batch_size=0),
    lambda: TensorDataset(torch.ones(2), torch.ones(3)),
    lambda: random_split(ds, [5, 4]),
    lambda: len(Stream(2)),
    lambda: DataLoader(ds, num_workers=-1),
    lambda: RandomSampler(ds, num_samples=-1),
    lambda: next(iter(DataLoader([None, None], batch_size=2))),
):
    try:
        print(wrong())
    except (ValueError, AssertionError, TypeError) as e:
        print(type(e).__name__, str(e).splitlines()[0][:90] if str(e) else "")
for epoch in range(2):
    for i, (x, y) in enumerate(DataLoader(ds, batch_size=5, shuffle=True, num_workers=0)):
        print(epoch, i, x.sum().item(), y.float().mean().item())
