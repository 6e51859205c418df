"""max, min and their relatives: values, places, ties, nan, empty tensors and gradients as in PyTorch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

NAN, INF = float("nan"), float("inf")
SHAPES = [(), (1,), (0,), (5,), (2, 3), (0, 3), (3, 0), (2, 3, 5)]
ONE_DIM = [((2, 3), 0), ((2, 3), -1), ((2, 3, 5), 1), ((2, 3, 5), -3), ((), 0), ((), -1), ((3,), 0), ((0, 3), 0),
           ((0, 3), 1), ((3, 0), 0), ((2, 3), 2), ((2, 3), -3), ((), 1)]  # fmt: skip
DIMS = [*ONE_DIM, ((2, 3), (0, 1)), ((2, 3, 5), (0, -1)), ((2, 3), ()), ((2, 3), None), ((2, 3), (0, 0)), ((), ()),
        ((0, 3), (0, 1)), ((2, 0, 3), (0, 2)),
        ((3, 0), -1), ((3, 0), (0, -1))]  # fmt: skip
PAIRS = ("max", "min")
TIES = [
    np.array([1.0, 3, 3, 2]),
    np.array([[1.0, 1, 2, 2], [5, 4, 4, 5]]),
    np.zeros((2, 3)),
    np.array([0.0, -0.0, 0.0]),
    np.array([INF, -INF, INF]),
    np.array([NAN, 1, NAN]),
    np.array([[1, NAN, 3], [NAN, NAN, NAN], [INF, NAN, -INF]]),
]


@pytest.mark.parametrize("name", [*PAIRS, "amax", "amin", "aminmax", "argmax", "argmin"])
@pytest.mark.parametrize("shape", SHAPES)
def test_of_everything(name, shape):
    same(name, sample(shape), node=True)
    same(f"Tensor.{name}", strided(sample(shape)))


@pytest.mark.parametrize("name", [*PAIRS, "argmax", "argmin"])
@pytest.mark.parametrize(("shape", "dim"), ONE_DIM)
def test_along_a_dim(name, shape, dim):
    x = sample(shape)
    same(name, x, dim, node=True)
    same(name, x, dim, True)
    same(name, input=x, dim=dim, keepdim=True)
    same(f"Tensor.{name}", strided(x), axis=dim, keepdims=True)


@pytest.mark.parametrize("name", ["amax", "amin"])
@pytest.mark.parametrize(("shape", "dim"), DIMS)
def test_over_dims(name, shape, dim):
    x = sample(shape)
    same(name, x, dim, node=True)
    same(name, x, dim=dim, keepdim=True)
    same(f"Tensor.{name}", strided(x), axis=dim)


@pytest.mark.parametrize(("shape", "dim"), ONE_DIM)
def test_aminmax(shape, dim):
    same("aminmax", sample(shape), dim=dim, node=True)
    same("Tensor.aminmax", strided(sample(shape)), dim=dim, keepdim=True)


@pytest.mark.parametrize("name", [*PAIRS, "amax", "amin", "aminmax", "argmax", "argmin"])
@pytest.mark.parametrize("x", TIES, ids=str)
def test_ties_and_nan(name, x):
    same(name, x)
    dims = {"dim": -1}
    same(name, x, **dims)
    same(name, np.asfortranarray(x), dim=0)
    same(name, x.astype(np.float32), **dims)


@pytest.mark.parametrize("name", [*PAIRS, "amax", "amin", "aminmax", "argmax", "argmin"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    same(name, sample((3, 4), dtype))
    same(name, sample((3, 4), dtype), dim=0)


@pytest.mark.parametrize("name", ["max", "amin", "argmax"])
def test_bfloat16_nan(name):
    same(name, sample((2, 3), "bfloat16") * np.array(NAN).astype(sample((1,), "bfloat16").dtype))


@pytest.mark.parametrize("name", PAIRS)
def test_two_tensors(name):
    x, y = sample((2, 3)), sample((3,), seed=1)
    same(name, x, y, node=True)
    same(name, x, other=y)
    same(f"Tensor.{name}", x, y)
    same_out(name, x, y, message=False)  # the error is about maximum there
    same(name, x, sample((3,), "int64"))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("args", [(1.0,), ((0, 1),), ("a",)], ids=str)
def test_wrong_arguments(name, args):
    same(name, sample(), *args, message=False)


@pytest.mark.parametrize("name", PAIRS)
def test_keepdim_needs_a_dim(name):
    same(name, sample(), keepdim=True, message=False)


def test_out():
    x = sample((2, 3), "float32")
    for name in PAIRS:
        same_out(name, x)
        same_out(name, x, 0, dtypes=("float64", "int64"))
        same_out(name, x, 1, keepdim=True)
    for name in ("amax", "argmin"):
        same_out(name, x, 0, dtypes=("float64", "int32"))
    same_out("aminmax", x, dim=0, dtypes=("float64",))


def test_the_named_tuples():
    x = tt.tensor([[1.0, 5.0], [7.0, 2.0]])
    t = torch.tensor([[1.0, 5.0], [7.0, 2.0]])
    for call in (lambda x: x.max(0), lambda x: x.min(1, keepdim=True), lambda x: x.aminmax(dim=0)):
        assert repr(call(x)) == repr(call(t))
    out = (tt.empty(0), tt.empty(0, dtype=tt.int64))
    result = tt.max(x, 0, out=out)
    assert repr(result).startswith("torch.return_types.max_out(\nvalues=")
    assert result.values is out[0] and result.indices is out[1]
    values, indices = x.max(1)
    assert values.tolist() == [5, 7] and indices.tolist() == [1, 0]


def test_a_place_has_no_gradient():
    x = tt.ones(3, requires_grad=True)
    assert not x.argmax().requires_grad
    assert not x.max(0).indices.requires_grad and x.max(0).values.requires_grad


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.max(),
        lambda x: x.min(1).values,
        lambda x: x.max(0, True)[0],
        lambda x: x.amax((0, 1)),
        lambda x: x.amin(1),
        lambda x: x.aminmax(dim=0),
        lambda x: tt.max(x, x.flip(0)),
    ],
)
def test_gradients(function):
    x = tt.tensor(sample((3, 4)), requires_grad=True)
    assert gradcheck(function, (x,))
    assert gradgradcheck(function, (x,))
