"""Sums, means and products: every call form, dtype and shape as in PyTorch, twice differentiated."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402

NAN = float("nan")
SHAPES = [(), (1,), (0,), (4,), (2, 3), (0, 3), (3, 0), (2, 3, 5)]
DIMS = [((2, 3), 0), ((2, 3), -1), ((2, 3), (0, 1)), ((2, 3, 5), (0, -1)), ((2, 3, 5), [1]), ((2, 3), ()), ((2, 3), []),
        ((), 0), ((), -1), ((), ()), ((0, 3), 0), ((0, 3), 1), ((2, 0, 3), (0, 1)), ((2, 3), None)]  # fmt: skip
MANY = ("sum", "mean", "nansum", "nanmean")
ONE_DIM = [case for case in DIMS if isinstance(case[1], int)]


@pytest.mark.parametrize("name", [*MANY, "prod"])
@pytest.mark.parametrize("shape", SHAPES)
def test_of_everything(name, shape):
    same(name, sample(shape), node=True, ulp=8)
    same(f"Tensor.{name}", strided(sample(shape)), ulp=8)


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize(("shape", "dim"), DIMS)
def test_over_dims(name, shape, dim):
    x = sample(shape)
    same(name, x, dim, ulp=8, node=dim is not None)
    same(name, x, dim=dim, keepdim=True, ulp=8, node=True)
    same(f"Tensor.{name}", strided(x), axis=dim, keepdims=True, ulp=8)


@pytest.mark.parametrize(("shape", "dim"), ONE_DIM)
def test_prod_along_a_dim(shape, dim):
    x = sample(shape)
    same("prod", x, dim, ulp=8, node=True)
    same("prod", x, dim, True, ulp=8)
    same("Tensor.prod", strided(x), dim=dim, keepdim=True, ulp=8)


@pytest.mark.parametrize("name", [*MANY, "prod"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    x = sample((3, 4), dtype)
    same(name, x, ulp=8, grad_ulp=200)
    same(name, x, 0, ulp=8, grad_ulp=200)


@pytest.mark.parametrize("name", ["sum", "mean", "nansum", "prod"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("source", ["bool", "uint8", "int64", "float32"])
def test_dtype_argument(name, dtype, source):
    x = sample((3, 4), source)
    if (name, dtype) == ("nansum", "complex64"):
        return
    grad = np.dtype(dtype).kind == "f"
    same(name, x, dtype=np.dtype(dtype), ulp=8, grad=grad)
    same(name, x, 1, dtype=np.dtype(dtype), ulp=8, grad=grad)


@pytest.mark.parametrize("name", ["sum", "prod"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "complex64"])
@pytest.mark.parametrize("dim", [(), (0,)])
def test_too_large_is_inf_without_a_warning(name, dtype, dim):
    large = 6e4 if dtype == "float16" else 3e38
    found, expected = (getattr(lib.full((70,), large, dtype=getattr(lib, dtype)), name)(*dim) for lib in (tt, torch))
    np.testing.assert_array_equal(np.asarray(found.tolist()), np.asarray(expected.tolist()))


@pytest.mark.parametrize("name", ["sum", "mean", "prod"])
def test_dtype_is_no_node_of_its_own(name):
    x = tt.ones(2, 3, requires_grad=True)
    y = getattr(x, name)(0, dtype=tt.float64)
    assert y.grad_fn.name() == f"{name.title()}Backward1" and y.grad_fn.next_functions[0][0].variable is x


@pytest.mark.parametrize("name", ["sum", "prod"])
def test_out(name):
    same_out(name, sample((2, 3), "float32"), 0, dtypes=("float64", "int64", "float16"))
    same_out(name, sample((2, 3), "int64"), 0, dtypes=("float32", "int8"))
    same(
        lambda lib, x, y: getattr(lib, name)(x, 0, dtype=lib.float32, out=y),
        sample((2, 3), "float32"),
        np.zeros(3),
        grad=False,
    )


def test_out_of_mean_and_nansum():
    same_out("nansum", sample((2, 3), "float32"), 0, dtypes=("float64", "float16"))
    same_out("mean", sample((2, 3), "float32"), 0, dtypes=("float64", "int64"))
    same_out("nanmean", sample((2, 3), "float32"), 0, message=False)  # PyTorch's is about nansum there


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("dim", [2, -3, (0, 0), (0, -2), (0, 5), 1.0, "a"])
def test_wrong_dims(name, dim):
    same(name, sample(), dim, message=not isinstance(dim, (float, str)))


@pytest.mark.parametrize("dim", [2, -3, (0, 1), 1.0])
def test_wrong_dims_of_prod(dim):
    same("prod", sample(), dim, message=isinstance(dim, int))


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_keepdim_must_be_a_bool(name):
    same(f"Tensor.{name}", sample(), 0, 1)


@pytest.mark.parametrize("name", [*MANY, "prod"])
@pytest.mark.parametrize("x", [3, [1.0, 2.0]])
def test_no_tensor(name, x):
    same(name, x, message=name != "nanmean")


@pytest.mark.parametrize("name", MANY)
def test_nan_and_inf(name):
    x = np.array([[1.0, NAN, 3.0], [NAN, NAN, NAN], [np.inf, 1, -np.inf], [np.inf, np.inf, 1]])
    same(name, x)
    same(name, x, 1)


@pytest.mark.parametrize("zeros", [(), (1,), (1, 4), (0, 2, 3)])
def test_prod_with_zeros(zeros):
    x = sample((2, 5))
    x[0, list(zeros)] = 0
    same("prod", x, 1)
    same("prod", x[0])
    same("prod", x + 1j * x, 1)
    same("prod", x)


def test_prod_of_one_zero():
    same("prod", np.zeros(()))
    same("prod", np.zeros(1), 0)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sum(),
        lambda x: x.sum((0, 2), True),
        lambda x: x.mean(1),
        lambda x: x.nansum(1),
        lambda x: x.prod(),
        lambda x: x.prod(1),
        lambda x: (x * tt.tensor([[[0.0], [1], [0]], [[1], [0], [1]]], dtype=tt.float64)).prod(1),
    ],
)
@pytest.mark.parametrize("dtype", [tt.float64, tt.complex128])
def test_gradients(function, dtype):
    if dtype is tt.complex128:
        x = tt.tensor(sample((2, 3, 2), "complex128"), requires_grad=True)
        if function.__code__.co_names[0] == "nansum":
            pytest.skip("nansum takes no complex numbers")
    else:
        x = tt.tensor(sample((2, 3, 2)), requires_grad=True)
    assert gradcheck(function, (x,))
    assert gradgradcheck(function, (x,))


@pytest.mark.parametrize("shape", [(1_000_003,), (100_003, 3), (3, 100_003), (1000, 1000)])
@pytest.mark.parametrize("dim", [0, -1, None])
def test_sums_of_many_numbers_are_as_precise_as_pytorchs(shape, dim):
    x = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    exact = x.astype(np.float64).sum(dim)
    for view in (x, x.T.copy().T):
        theirs = torch.from_numpy(view)
        error = np.abs(tt.from_numpy(view).sum(dim).numpy() - exact).max()
        assert error <= 2 * np.abs(theirs.sum(dim).numpy() - exact).max() + 1e-7 * exact.max()
