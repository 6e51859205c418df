"""scatter_reduce: every reduction, ties, zeros and nan, gradients twice, errors as PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_inplace, same_out, sample, strided  # noqa: E402
from tests.ops.test_gathering import CUBE, EMPTY, NONE, S, V, X, ints  # noqa: E402

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
SRC = sample((2, 2), seed=5)
INDEX = ints([[0, 0], [2, 1]])
CASES = [(X, 1, INDEX, SRC), (X, 0, ints([[1, 1, 0], [1, 0, 0]]), sample((2, 3), seed=1)),
         (V, 0, ints([2, 2, 2, 0]), sample((4,), seed=2)),
         (CUBE, 1, np.ones((2, 5, 3), np.int64), sample((2, 5, 3))), (S, 0, ints([0, 0]), sample((2,))),
         (S, 0, ints(0), sample(())),
         (V, 0, ints(1), sample(()))]  # fmt: skip


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("args", CASES, ids=str)
def test_values_and_gradients(args, reduce, include_self):
    same("scatter_reduce", *args, reduce, include_self=include_self, node=True, atol=1e-14)
    same("Tensor.scatter_reduce", strided(args[0]), *args[1:], reduce=reduce, include_self=include_self, grad=False)


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_in_place(reduce, include_self):
    same_inplace("scatter_reduce", X, 1, INDEX, SRC, reduce, include_self=include_self)


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype, reduce, include_self):
    same(
        "scatter_reduce",
        sample((2, 3), dtype),
        1,
        INDEX,
        sample((2, 2), dtype, seed=1),
        reduce,
        include_self=include_self,
        second=False,
    )


NAN, INF = float("nan"), float("inf")
SPECIAL = [
    ([1.0, 1, 2], [1.0, 1, 2, 0]),
    ([0.0, 0, 2], [0.0, 0, 2, 0]),
    ([NAN, 1, 2], [1.0, NAN, 0, INF]),
    ([INF, -INF, 0], [-INF, 3, 1, NAN]),
]


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize(("x", "src"), SPECIAL, ids=str)
def test_ties_and_specials(x, src, reduce, include_self):
    same("scatter_reduce", np.array(x), 0, ints([0, 0, 1, 1]), np.array(src), reduce, include_self=include_self,
    second=False,
         grad=reduce != "prod" or np.isfinite(x + src).all())  # fmt: skip


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("src", [[0.0, 2, 3, 4], [1.0, 2, 0, 4]], ids=str)
def test_product_with_a_zero_twice(src, include_self):
    same("scatter_reduce", V, 0, ints([0, 0, 0, 1]), np.array(src), "prod", include_self=include_self, atol=1e-14)


def test_product_with_two_zeros_once_only():
    src = tt.tensor([0.0, 0.0], requires_grad=True)
    y = tt.ones(1).scatter_reduce(0, tt.tensor([0, 0]), src, "prod")
    (grad,) = tt.autograd.grad(y.sum(), src, create_graph=True)
    assert grad.tolist() == [0, 0]
    with pytest.raises(
        RuntimeError, match=r"^scatter_reduce\(\): Double backward is unsupported for src when >1 zeros"
    ):
        grad.sum().backward()


def test_nothing_to_reduce():
    for reduce in REDUCTIONS:
        same("scatter_reduce", X, 1, NONE, sample((2,)), reduce, grad=False)
        same("scatter_reduce", EMPTY, 0, NONE, sample((0,)), reduce)


def test_errors():
    same("scatter_reduce", X, 1, INDEX, SRC, "median")
    same("Tensor.scatter_reduce", X, 1, INDEX, 3.0, "sum")
    same("scatter_reduce", X, 1, INDEX + 1, SRC, "sum")
    same("scatter_reduce", X, 1, INDEX, SRC.astype(np.int64), "sum")
    same("scatter_reduce", X, 1, INDEX * 1.0, SRC, "sum")
    same("scatter_reduce", X, 1, INDEX, SRC[:1], "sum")
    same_out("scatter_reduce", X, 1, INDEX, SRC, "sum")
