"""Tensor puzzles: the usual functions from arange, where and broadcasting alone, and numbers in other bases."""

import torch


def arange(i):
    return torch.tensor(range(i))


def where(q, a, b):
    return (q * a) + (~q) * b


def ones(i):
    return where(arange(i) >= 0, 1, 0)


def total(a):
    return a @ ones(a.shape[0])


def outer(a, b):
    return a[:, None] * b[None, :]


def diag(a):
    return a[arange(a.shape[0]), arange(a.shape[0])]


def eye(j):
    return where(arange(j)[:, None] == arange(j), 1, 0)


def triu(j):
    return where(arange(j)[:, None] <= arange(j)[None, :], 1, 0)


def cumsum(a):
    return a @ triu(a.shape[0])


def diff(a, i):
    return a - where(arange(i) > 0, a[arange(i) - 1], 0)


def vstack(a, b):
    return where(arange(2)[:, None] == 0, a[None], b[None])


def roll(a, i):
    return a[(arange(i) + 1) % i]


def flip(a, i):
    return a[i - arange(i) - 1]


def compress(g, v, i):
    return v @ where(g[:, None] & ((cumsum(1 * g) - 1)[:, None] == arange(i)), 1, 0)


def pad_to(a, i, j):
    return a @ where(arange(i)[:, None] == arange(j), 1, 0)


def sequence_mask(values, length):
    return where(arange(values.shape[1])[None, :] < length[:, None], values, 0)


def bincount(a, j):
    return ones(a.shape[0]) @ eye(j)[a]


def scatter_add(values, link, j):
    return values @ eye(j)[link]


def flatten(a, i, j):
    return a[arange(i * j) // j, arange(i * j) % j]


def linspace(i, j, n):
    return i + (j - i) * arange(n) / max(1, n - 1)


def heaviside(a, b):
    return where(a == 0, b, 1 * (a > 0))


def repeat(a, d):
    return ones(d)[:, None] * a[None, :]


def bucketize(v, boundaries):
    return (1 * (v[:, None] >= boundaries[None, :])) @ ones(boundaries.shape[0])


a, b = torch.tensor([3, 1, 4, 1, 5]), torch.tensor([9, 2, 6])
M = torch.arange(9).view(3, 3)
print(ones(3), total(a), outer(a, b), diag(M), eye(3), triu(3), cumsum(a), sep="\n")
print(diff(a, 5), vstack(a, a * 2), roll(a, 5), flip(a, 5), compress(a > 1, a, 5), pad_to(a, 5, 7), pad_to(a, 5, 3))
print(sequence_mask(M + 1, torch.tensor([1, 3, 0])), bincount(torch.tensor([2, 1, 4, 1, 1]), 5))
print(scatter_add(a, torch.tensor([0, 0, 1, 2, 2]), 3), flatten(M, 3, 3), linspace(0.0, 1.0, 5))
print(heaviside(torch.tensor([-1, 0, 2]), torch.tensor([5, 6, 7])), repeat(b, 2), bucketize(a, torch.tensor([2, 4])))

checks = {
    "outer": torch.equal(outer(a, b), torch.outer(a, b)),
    "triu": torch.equal(triu(4), torch.triu(torch.ones(4, 4, dtype=torch.long))),
    "cumsum": torch.equal(cumsum(a), a.cumsum(0)),
    "roll": (roll(a, 5) == torch.roll(a, -1)).all(),
    "flip": bool((flip(a, 5) == a.flip(0)).all()),
    "bincount": torch.bincount(a, minlength=6).equal(bincount(a, 6)),
    "bucketize": torch.equal(bucketize(a, torch.tensor([2, 4])), torch.bucketize(a, torch.tensor([2, 4]), right=True)),
}
print(checks)

# bits, bases and primes
n = torch.arange(8)
print((n[:, None] >> torch.arange(2, -1, -1)) & 1, n ^ (n >> 1), ~n, n | 8, -n // 3, n % 3 - 1, n.bitwise_left_shift(2))
sieve = torch.ones(50, dtype=torch.bool)
sieve[:2] = False
for i in range(2, 8):
    if sieve[i]:
        sieve[i * i :: i] = False
print(sieve.nonzero().flatten(), sieve.nonzero(as_tuple=True)[0].shape, torch.arange(50)[sieve].sum())
print(
    torch.gcd(torch.tensor([12, 18]), torch.tensor([8, 27])),
    torch.lcm(torch.tensor(4), torch.tensor(6)),
    torch.tensor(37).bitwise_and(15),
)
print(
    torch.stack(torch.where(M % 2 == 0), dim=1).tolist(),
    torch.combinations(b),
    torch.tril_indices(3, 3),
    (M[:, :, None] == M[:, None, :]).sum(),
)
