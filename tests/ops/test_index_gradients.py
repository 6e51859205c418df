"""gradcheck and gradgradcheck in float64 of every rule that reads or writes elements by index, mask or order."""

import numpy as np
import pytest

import tinytorch as tt
from tinytorch.autograd import gradcheck, gradgradcheck

RNG = np.random.default_rng(7)


def leaf(*shape):
    """Distinct numbers, none near 0 or another one: reductions to an extreme have no ties nearby."""
    count = int(np.prod(shape))
    numbers = RNG.permutation(count) / 7 + 0.3 + RNG.random(count) / 20
    return tt.tensor(numbers.reshape(shape), requires_grad=True)


def ints(*values):
    return tt.tensor(values[0] if len(values) == 1 else list(values))


ROWS, COLUMNS = ints(0, 0, -1), ints(1, 1, 2)
TWICE = ints([[0, 0], [2, 1]])
MASK = tt.tensor([[True, False, True], [False, False, True]])


def written(index):
    def write(x, v):
        y = x * 1
        y[index] = v
        return y

    return write


READ = {
    "x[indices]": (lambda x: x[ROWS], leaf(2, 3)),
    "x[rows, columns]": (lambda x: x[ROWS, COLUMNS], leaf(2, 3)),
    "x[:, indices]": (lambda x: x[:, COLUMNS], leaf(2, 3)),
    "x[i, :, j]": (lambda x: x[ROWS, :, COLUMNS], leaf(2, 2, 3)),
    "x[mask]": (lambda x: x[MASK], leaf(2, 3)),
    "x[mask rows, 1]": (lambda x: x[tt.tensor([True, False]), 1:], leaf(2, 3)),
    "x[0, 1:]": (lambda x: x[0, 1:], leaf(2, 3)),
    "gather": (lambda x: x.gather(1, TWICE), leaf(2, 3)),
    "gather of a number": (lambda x: x.gather(0, ints(0, 0)), leaf()),
    "take": (lambda x: x.take(ints(5, -6, 5)), leaf(2, 3)),
    "take_along_dim": (lambda x: x.take_along_dim(ints([[1, 1]]), 1), leaf(2, 3)),
    "index_select": (lambda x: x.index_select(1, ints(2, 0, 2)), leaf(2, 3)),
    "masked_select": (lambda x: x.masked_select(MASK[0]), leaf(2, 3)),
    "flip": (lambda x: x.flip(0, 1), leaf(2, 3)),
    "roll": (lambda x: x.roll((1, -2), (0, 1)), leaf(2, 3)),
    "roll as a vector": (lambda x: x.roll(2), leaf(2, 3)),
    "rot90": (lambda x: x.rot90(3, (1, 0)), leaf(2, 3)),
    "repeat": (lambda x: x.repeat(2, 1, 3), leaf(2, 3)),
    "repeat_interleave": (lambda x: x.repeat_interleave(ints(1, 2), 0), leaf(2, 3)),
    "tril": (lambda x: x.tril(1), leaf(2, 3, 3)),
    "triu": (lambda x: x.triu(-1), leaf(3, 3)),
    "trace": (lambda x: x.trace(), leaf(2, 3)),
    "fill_diagonal_": (lambda x: (x * 1).fill_diagonal_(2.0, wrap=True), leaf(5, 2)),
    "masked_fill": (lambda x: x.masked_fill(MASK, 2.0), leaf(2, 3)),
    "scatter of a number": (lambda x: x.scatter(1, TWICE, 2.0), leaf(2, 3)),
    "index_fill": (lambda x: x.index_fill(1, ints(0, -1), 2.0), leaf(2, 3)),
}  # fmt: skip
WRITE = {
    "x[indices] = v": (written(ints(1, 0)), leaf(2, 3), leaf(3)),
    "x[rows, columns] = v": (written((ints(0, 1), ints(1, 1))), leaf(2, 3), leaf(2)),
    "x[mask] = v": (written(MASK), leaf(2, 3), leaf(3)),
    "x[0] = v": (written(0), leaf(2, 3), leaf(3)),
    "x[:, 1] = number": (written((slice(None), 1)), leaf(2, 3), leaf()),
    "index_put": (lambda x, v: x.index_put((ints(0, 1),), v), leaf(2, 3), leaf(2, 3)),
    "index_put accumulate": (lambda x, v: x.index_put((ROWS, COLUMNS), v, True), leaf(2, 3), leaf(3)),
    "put": (lambda x, v: x.put(ints(0, -1), v), leaf(2, 3), leaf(2)),
    "put accumulate": (lambda x, v: x.put(ints(0, -1, 0), v, True), leaf(2, 3), leaf(3)),
    "scatter": (lambda x, v: x.scatter(1, ints([[0, 1], [2, 0]]), v), leaf(2, 3), leaf(2, 2)),
    "scatter of a part": (lambda x, v: x.scatter(1, ints([[0, 1]]), v), leaf(2, 3), leaf(2, 3)),
    "scatter_add": (lambda x, v: x.scatter_add(1, TWICE, v), leaf(2, 3), leaf(2, 2)),
    "scatter_add_": (lambda x, v: (x * 1).scatter_add_(1, TWICE, v), leaf(2, 3), leaf(2, 2)),
    "index_add": (lambda x, v: x.index_add(1, ints(2, 2), v, alpha=-0.5), leaf(2, 3), leaf(2, 2)),
    "index_copy": (lambda x, v: x.index_copy(0, ints(1), v), leaf(2, 3), leaf(1, 3)),
    "index_fill tensor": (lambda x, v: x.index_fill(1, ints(0, 0, 2), v), leaf(2, 3), leaf()),
    "masked_fill tensor": (lambda x, v: x.masked_fill(MASK, v), leaf(2, 3), leaf()),
    "masked_fill broadcast": (lambda x, v: x.masked_fill(MASK, v), leaf(3), leaf()),
    "masked_scatter": (lambda x, v: x.masked_scatter(MASK, v), leaf(2, 3), leaf(2, 2)),
    "where": (lambda x, v: tt.where(MASK, x, v), leaf(2, 3), leaf(3)),
}  # fmt: skip


def reduced(name, reduce, include_self):
    index = TWICE if name == "scatter_reduce" else ints(2, 2)
    return lambda x, v: getattr(x, name)(1, index, v, reduce, include_self=include_self)


REDUCE = {
    f"{name} {reduce} {include_self}": (reduced(name, reduce, include_self), leaf(2, 3), leaf(2, 2))
    for name, reductions in (("scatter_reduce", ("sum", "prod", "mean", "amax", "amin")),
                             ("index_reduce", ("prod", "mean", "amax", "amin")))
    for reduce in reductions
    for include_self in (True, False)
}  # fmt: skip
CASES = {**READ, **WRITE, **REDUCE}


@pytest.mark.parametrize("name", CASES)
def test_gradients(name):
    function, *inputs = CASES[name]
    assert gradcheck(function, tuple(inputs))
    assert gradgradcheck(function, tuple(inputs))


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("zeros", [[0.0, 2, 3], [0.0, 0, 3]], ids=str)
def test_products_with_zeros(zeros, include_self):
    src = tt.tensor(zeros, dtype=tt.float64, requires_grad=True)

    def function(x, v):
        return x.scatter_reduce(0, ints(0, 0, 1), v, "prod", include_self=include_self)

    assert gradcheck(function, (leaf(2), src))
    if zeros.count(0) == 1:
        assert gradgradcheck(function, (leaf(2), src))
