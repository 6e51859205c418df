"""Distances of tensors and of all pairs of rows: PyTorch's values, errors and gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import same, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

INF = float("inf")
ORDERS = [0, 0.5, 1, 1.5, 2, 3, INF]


@pytest.mark.parametrize("p", [*ORDERS, -1, -INF])
@pytest.mark.parametrize(("first", "second"), [((2, 3), (2, 3)), ((2, 3), (3,)), ((), (4,)), ((1,), (1,))])
def test_dist(p, first, second):
    grad = p != 0  # PyTorch fails there
    same("dist", sample(first), sample(second, seed=1), p, node=True, grad=grad, atol=1e-14)
    same("Tensor.dist", strided(sample(first)), sample(second, seed=1), p=p, grad=grad, atol=1e-14)


@pytest.mark.parametrize("second", ["float32", "float64", "int64", "complex64"])
@pytest.mark.parametrize("first", ["float16", "float32", "int64"])
def test_dist_dtypes(first, second):
    grad = second != "complex64" or first == "int64"  # PyTorch fails for a real and a complex tensor
    same(
        "dist", sample((4,), first), sample((4,), second, seed=1), 3, grad=grad, second=first != "float16", grad_ulp=512
    )


def test_dist_refuses():
    same("dist", sample((3,)), sample((2,)))
    same("dist", sample((3,)), 1)
    same("dist", sample((0,)), sample((0,)), INF)
    same("dist", sample((2,)), sample((2,)))  # no distance: no direction either


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((3, 4), (5, 4)),
        ((2, 3, 4), (2, 1, 4)),
        ((5, 1, 2, 3), (2, 6, 3)),
        ((0, 3), (2, 3)),
        ((4, 0), (2, 0)),
        ((3, 4), (0, 4)),
        ((4, 1), (2, 1)),
    ],
)
def test_cdist(p, first, second):
    # PyTorch cannot differentiate its backward: the second gradients are checked below.
    same("cdist", sample(first), sample(second, seed=1), p, second=False)
    same("cdist", strided(sample(first)), sample(second, seed=1), p=p, grad=False)


@pytest.mark.parametrize(
    "mode", ["use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist", "?"]
)
def test_cdist_by_multiplication(mode):
    x, y = sample((30, 4)), sample((2, 26, 4), seed=1)
    same("cdist", x, y, 2, mode, ulp=2.0**20, grad_ulp=2.0**20, second=False)
    same("cdist", x, x, compute_mode=mode, grad=False, atol=1e-7)


@pytest.mark.parametrize(
    ("first", "second"), [((3, 4), (5, 3)), ((3,), (2, 3)), ((2, 3), (3,)), ((5, 4, 3), (2, 6, 3))]
)
def test_cdist_refuses_shapes(first, second):
    same("cdist", sample(first), sample(second))


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64", "complex64", "bool"])
def test_cdist_dtypes(dtype):
    same("cdist", sample((2, 3), dtype), sample((4, 3), dtype, seed=1), second=False)
    same("cdist", sample((2, 3)), sample((4, 3), dtype))


def test_cdist_refuses_orders():
    same("cdist", sample(), sample(), -1)
    same("cdist", sample(), sample(), "2")


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (0, 3), (3, 0), (2, 1)])
def test_pdist(p, shape):
    same("pdist", sample(shape), p, node=True, second=False, grad=0 not in shape)  # PyTorch's backward crashes


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64"])
def test_pdist_refuses(dtype):
    same("pdist", sample((3, 2), dtype), second=False)
    same("pdist", sample((3,)))
    same("pdist", sample((3, 2)), -1)


@pytest.mark.parametrize("p", [0.5, 1, 2, 3, INF])
def test_gradients(p):
    x, y = (tt.tensor(sample((3, 4), seed=seed), requires_grad=True) for seed in (0, 1))
    assert gradgradcheck(lambda x: tt.pdist(x, p), (x,))
    functions = [lambda x, y: tt.dist(x, y, p), lambda x, y: tt.cdist(x, y, p)]
    if p == 2:
        functions.append(lambda x, y: tt.cdist(x, y, p, "use_mm_for_euclid_dist"))
    for function in functions:
        assert gradcheck(function, (x, y))
        assert gradgradcheck(function, (x, y))


def test_the_distance_of_a_row_to_itself_has_no_gradient():
    x = tt.tensor(sample((30, 3)), requires_grad=True)
    tt.cdist(x, x.detach(), compute_mode="donot_use_mm_for_euclid_dist").diagonal().sum().backward()
    assert np.all(x.grad.numpy() == 0)


# ---- vectors beside each other ---------------------------------------------------------------------------------------

SIDES = [((2, 3), (2, 3)), ((2, 3), (3,)), ((4, 2, 3), (2, 1)), ((3,), (3,)), ((2, 0), (2, 0)), ((2, 3), (2, 2))]


@pytest.mark.parametrize(("first", "second"), [*SIDES, ((), ())])
def test_pairwise_distance(first, second):
    x, y = sample(first), sample(second, seed=1)
    same("pairwise_distance", x, y, node=True, atol=1e-14)
    same("pairwise_distance", strided(x), y, 3, 0.0, True, atol=1e-14)
    same("pairwise_distance", x, y, p=1, eps=0.1, keepdim=True, atol=1e-14)
    same("pairwise_distance", x, x, grad=False)


@pytest.mark.parametrize(("first", "second"), SIDES)
def test_cosine_similarity(first, second):
    for dim in (-1, 0, 1):
        same("cosine_similarity", sample(first), sample(second, seed=1), dim, node=True, atol=1e-14)
    same("cosine_similarity", strided(sample(first)), sample(second, seed=1), 0, eps=2.0, atol=1e-14)


@pytest.mark.parametrize("name", ["pairwise_distance", "cosine_similarity"])
def test_vectors_of_other_dtypes(name):
    x = sample((2, 3))
    for dtype in ("float32", "float16", "int64", "complex64"):
        near = {"ulp": 16, "second": False, "grad_ulp": 1024, "grad": dtype != "complex64"}
        same(name, sample((2, 3), dtype), sample((2, 3), dtype, seed=1), **near)
        if dtype != "complex64" or name == "cosine_similarity":
            same(name, x, sample((2, 3), dtype, seed=1), **near)
    same(name, x, 3)
    same(name, x, x * 0, second=False)


def test_vectors_of_length_zero_have_no_angle():
    same("cosine_similarity", np.zeros((2, 3)), sample((2, 3)))
    same("cosine_similarity", np.full((2, 3), 1e-10), sample((2, 3)), second=False)
