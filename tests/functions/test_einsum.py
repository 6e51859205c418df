"""einsum and bilinear are PyTorch's: every kind of subscript, broadcasting, errors, gradients."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES, same, sample, strided
from tinytorch.autograd import gradcheck, gradgradcheck

pytestmark = pytest.mark.torch

SUMS = {"atol": 1e-6, "ulp": 32}
SIZES = {"i": 2, "j": 3, "k": 4, "l": 5, "b": 2, "A": 3}

FITTING = (
    "ij,jk->ik", "ij,jk", "ij,jk->", "ij->ji", "ij->i", "ij->", "ij", "ji", "bij,bjk->bik", "bij,bjk->ik",
    "i,i", "i,j->ij", "i,i->i", "ij,ij->ij", "ij,kj->ik", "ij,jk,kl->il", "ij,jk,kl", "bi,bj,bk->ijk",
    "ij,i->j", "Aj,jA->A", "i,->i", ",->", "->", "", "ijk,jil->kl", "ijk->kij", " i j , j k -> k i ",
    "ij,ji,i->i", "i,j,k->", "ij,k->jki",
)  # fmt: skip


def operands(equation):
    terms = equation.replace(" ", "").split("->")[0].split(",")
    return [sample(tuple(SIZES[letter] for letter in term), seed=i) for i, term in enumerate(terms)]


@pytest.mark.parametrize("equation", FITTING)
def test_letters(equation):
    same("einsum", equation, *operands(equation), **SUMS)
    same("einsum", equation, *map(strided, operands(equation)), **SUMS)
    same("einsum", equation, operands(equation), grad=False, **SUMS)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [("ii", [(3, 3)]), ("ii->i", [(3, 3)]), ("iij->j", [(3, 3, 2)]), ("iji,j->i", [(3, 2, 3), (2,)]),
     ("iii->i", [(2,) * 3]), ("...ij,...jk->...ik", [(2, 2, 3), (3, 4)]), ("...,...->...", [(2, 1), (3,)]),
     ("i...->...", [(2, 3)]), ("...i->i...", [(2, 3)]), ("...", [(2, 3)]),
     ("...i,...i->...", [(4, 1, 3), (2, 3)]), ("i...,i...->i", [(2, 3), (2, 1)]), ("...ij->...ji", [(2, 3)]),
     ("i...j,j->i...", [(2, 4, 3), (3,)]), ("i->...i", [(2,)]), ("...i", [(3, 2)]),
     ("ij,ij->ij", [(2, 3), (1, 3)]), ("ij,ij->", [(2, 3), (2, 1)]),
     ("ij,ij,ij->ij", [(2, 3), (2, 1), (1, 3)]), ("ij,jk->ik", [(2, 0), (0, 3)]),
     ("ij,jk->ik", [(0, 2), (2, 3)]), ("ij,ij->i", [(2, 0), (2, 0)])],
)  # fmt: skip
def test_diagonals_ellipses_and_sides_of_1(equation, shapes):
    same("einsum", equation, *[sample(shape, seed=i) for i, shape in enumerate(shapes)], **SUMS)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [("ij,jk->ik", [(2, 3), (4, 4)]), ("ij,jk->ik", [(2, 3)]), ("ij->ij", [(2, 3), (2, 3)]),
     ("ijk->ij", [(2, 3)]), ("i...jkl->ij", [(2, 3)]), ("i->ii", [(2,)]), ("i->k", [(2,)]), ("i!->i", [(2,)]),
     ("i->i!", [(2,)]), ("i-i", [(2,)]), ("i.->i", [(2,)]), ("i..j->i", [(2,)]), ("...i...->i", [(2,)]),
     ("...i->......i", [(2,)]), ("i->i..", [(2,)]), ("ii", [(3, 2)]), ("i", []), ("", []),
     ("i.j,j", [(2, 3)]), ("ij,jk", [(2, 3)] * 3),
     ("ij,jk->ik->i", [(2, 3), (3, 4)]), ("...i,...i", [(2, 3), (4, 3)])],
)  # fmt: skip
def test_errors(equation, shapes):
    same("einsum", equation, *[sample(shape, seed=i) for i, shape in enumerate(shapes)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("equation", ["i,i->i", "i,i", "ij,jk->ik", "i->", "i,j->ij"])
def test_dtypes(dtype, equation):
    half = {"atol": 0.02} if dtype in ("float16", "bfloat16") else SUMS
    args = [sample(each.shape, dtype, seed=i) for i, each in enumerate(operands(equation))]
    same("einsum", equation, *args, **half)


def test_lists_of_numbers():
    x, y = sample((2, 3)), sample((3, 4), seed=1)
    same("einsum", x, [0, 1], y, [1, 2], [0, 2], **SUMS)
    same("einsum", x, [30, 1], y, [1, 51], **SUMS)
    same("einsum", x, [..., 1], y, [1, 2], [..., 2], **SUMS)
    same("einsum", x, [0, 52])
    same("einsum", x, [0, -1])
    same("einsum", 1, x)
    same("einsum", "ij,jk", x, 1)


@pytest.mark.parametrize("equation", ["ij,jk->ik", "ij,jk,kl->il", "i,j->ij", "bij,bjk->ik"])
def test_numeric_gradients(equation):
    args = [tt.tensor(each, requires_grad=True) for each in operands(equation)]
    assert gradcheck(lambda *a: tt.einsum(equation, *a), args)
    assert gradgradcheck(lambda *a: tt.einsum(equation, *a), args)


BILINEAR = "nn.functional.bilinear"


@pytest.mark.parametrize("batch", [(2,), (), (2, 4), (0,)])
def test_bilinear(batch):
    x, y, w = sample((*batch, 3)), sample((*batch, 4), seed=1), sample((5, 3, 4), seed=2)
    same(BILINEAR, x, y, w, **SUMS)
    same(BILINEAR, x, y, w, sample((5,), seed=3), **SUMS)


def test_errors_of_bilinear():
    for shapes in (((2, 3), (4,), (5, 3, 4)), ((2, 3), (3, 4), (5, 3, 4)), ((2, 3), (2, 4), (5, 2, 4)),
                   ((2, 3), (2, 4), (5, 3, 3)), ((2, 3), (2, 4), (5, 3, 4), (4,))):  # fmt: skip
        same(BILINEAR, *map(np.ones, shapes))
