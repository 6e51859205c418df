"""Sorting, ranks and modes: PyTorch's values, places, dtypes, errors and gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, FLOATS, INTEGERS, REALS, same, same_out, sample, strided  # noqa: E402
from tinytorch.autograd import gradcheck, gradgradcheck  # noqa: E402
from tinytorch.ops import sorting  # noqa: E402

NAN, INF = float("nan"), float("inf")
CASES = [
    ((), 0),
    ((), -1),
    ((), 1),
    ((1,), 0),
    ((0,), 0),
    ((5,), -1),
    ((3, 4), 0),
    ((3, 4), 1),
    ((2, 3, 5), 1),
    ((0, 3), 0),
    ((0, 3), 1),
    ((3, 0), 0),
    ((3, 4), 2),
    ((3, 4), -3),
]
ODD = [
    np.array([3, NAN, 2, NAN, 3, -INF, INF]),
    np.array([0.0, -0.0, 0.0, -0.0]),
    np.array([[3.0, 1, 2, 1, 3], [1, 1, 1, 1, 1]]),
]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_sort(shape, dim, descending):
    x = sample(shape)
    same("sort", x, dim, descending, node=True)
    same("Tensor.sort", strided(x), stable=True, dim=dim, descending=descending)
    same("argsort", x, dim, descending)
    same("argsort", x, dim=dim, stable=True)


def test_sort_along_the_last_dim_by_default():
    same("sort", sample((3, 4)))
    same("sort", sample((3, 4)), descending=True)
    same("Tensor.argsort", sample((3, 4)))
    same("sort", sample((3, 4)), axis=0)
    same("msort", sample((3, 4)), node=True)
    same("Tensor.msort", sample(()))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "i2", "i4", "i8", "u4", "f2", "f4", "f8"])
def test_many_numbers_with_ties(dtype, dim, descending):
    x = (np.random.default_rng(0).standard_normal((3, 70, 50)) * 4).astype(dtype)
    if x.dtype.kind == "f":
        x = np.round(x)  # which makes -0.0 too
        x[:, ::7] = NAN
        x[:, 1::9] = -NAN
        x[0, 5], x[1, 5] = INF, -INF
    for given in (x, x[:, ::-1].transpose(2, 0, 1)):
        assert given.size >= sorting.MANY
        values, places = torch.from_numpy(given.copy()).sort(dim=dim, descending=descending, stable=True)
        found = tt.from_numpy(given.copy()).transpose(0, 1).contiguous().transpose(0, 1).sort(dim, descending)
        np.testing.assert_array_equal(found.indices.numpy(), places.numpy())
        np.testing.assert_array_equal(found.values.numpy(), values.numpy())
        assert found.values.numpy().tobytes() == values.numpy().tobytes()  # -0.0 is not 0.0


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("x", ODD, ids=str)
def test_equal_elements_and_nan(x, descending):
    same("sort", x, -1, descending)
    same("sort", x.astype(np.float32), -1, descending)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    x = sample((3, 7), dtype)
    same("sort", x, 0)
    same("sort", x, descending=True)
    same("argsort", x)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, "bool", "complex64"])
def test_topk_dtypes(dtype):
    x = sample((3, 4), dtype)
    if dtype in INTEGERS:
        x = np.array([[4, 1, 3, 2], [0, 5, 6, 7]], dtype)
    same("topk", x, 2)


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize(("shape", "dim"), CASES)
@pytest.mark.parametrize("k", [0, 1, 2, 3, -1])
def test_topk(shape, dim, k, largest):
    same("topk", sample(shape), k, dim, largest, node=True)
    same("Tensor.topk", strided(sample(shape)), k=k, dim=dim, largest=largest, sorted=True)


@pytest.mark.parametrize("largest", [False, True])
def test_topk_of_many(largest):
    x = np.random.default_rng(0).permutation(6000).astype(np.float32).reshape(2, 3000)
    x[1, 7] = NAN
    same("topk", x, 5, 1, largest)
    same("topk", x.T.copy(), 5, 0, largest)


def test_topk_prefers_the_first_of_equal_elements():
    for n in (10, 60):
        assert tt.zeros(n).topk(3).indices.tolist() == [0, 1, 2]
        assert tt.topk(tt.tensor([1.0, NAN, 1.0, NAN]), 3).indices.tolist() == [1, 3, 0]


def test_out():
    x = sample((2, 5), "float32")
    same_out("sort", x, 0, dtypes=("float64",))
    same_out("argsort", sample((2, 5), "int32"), stable=True, dim=1)
    same_out("msort", x)
    same_out("topk", x, 2, dtypes=("float64",))
    for name, args in (("median", (0,)), ("nanmedian", (0,)), ("mode", (0,)), ("kthvalue", (1, 0))):
        same_out(name, x, *args, dtypes=("float64",), message=False)


# ---- ranks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["median", "nanmedian"])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (5,), (4,), (2, 3), (0, 3), (2, 3, 4)])
def test_median_of_everything(name, shape):
    second = 0 not in shape  # PyTorch's gradient of nothing has nan for its own
    same(name, sample(shape), node=True, second=second)
    same(f"Tensor.{name}", strided(sample(shape)), second=second)


@pytest.mark.parametrize("name", ["median", "nanmedian", "mode"])
@pytest.mark.parametrize(("shape", "dim"), CASES)
def test_along_a_dim(name, shape, dim):
    same(name, sample(shape), dim, node=True)
    same(name, sample(shape), dim=dim, keepdim=True)
    same(f"Tensor.{name}", strided(sample(shape)), axis=dim, keepdims=True)


@pytest.mark.parametrize(
    "x",
    [
        np.array([1, NAN, 3.0, 2.0]),
        np.array([[NAN, NAN], [1, NAN], [3, 2], [3, 2]]),
        np.array([2.0, 1, 2, 1, 2, 2, 1]),
        np.full(3, NAN),
        np.array([1, 2.0, 2, INF, -INF]),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_median_with_nan_and_ties(name, x):
    same(name, x)
    same(name, x, -1)
    same(name, x, 0, True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_median_dtypes(dtype):
    for name in ("median", "nanmedian"):
        if dtype == "bool" and name == "nanmedian":
            continue  # its error names another kernel
        same(name, sample((3, 4), dtype))
        if dtype in FLOATS:
            same(name, sample((3, 5), dtype), 1)
        else:
            same(lambda lib, x, f=name: getattr(lib, f)(x, 1).values, sample((3, 5), dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_mode_dtypes(dtype):
    same("mode", sample((3, 4), dtype))


def test_mode():
    for x in ([2, 1, 2, 1, 2, 2, 1], [2, 1, 2, 1, 3], [3, 3, 1, 1], [1, 3, 3, 1], [5]):
        same("mode", np.array(x))
        same("mode", np.array([x, x]).T.astype(float), 0)


@pytest.mark.parametrize(("shape", "dim"), CASES)
@pytest.mark.parametrize("k", [0, 1, 3, 9])
def test_kthvalue(shape, dim, k):
    same("kthvalue", sample(shape), k, dim, node=True)
    same("Tensor.kthvalue", strided(sample(shape)), k=k, dim=dim, keepdim=True)


@pytest.mark.parametrize("dtype", [*REALS, "complex64"])
def test_kthvalue_dtypes(dtype):
    same("kthvalue", np.array([[2, 1, 0], [0, 1, 3]]).astype(sample((1,), dtype).dtype), 2)


def test_kthvalue_with_nan():
    for k in (1, 2, 3):
        same("kthvalue", np.array([1, NAN, 3]), k)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sort(1).values,
        lambda x: x.sort(0, True)[0],
        lambda x: x.msort(),
        lambda x: x.topk(2, 1, False).values,
        lambda x: x.median(),
        lambda x: x.nanmedian(1).values,
        lambda x: x.kthvalue(2).values,
        lambda x: x.mode(0, True).values,
        lambda x: x.cummax(1).values,
    ],
)
def test_gradients(function):
    x = tt.tensor(sample((3, 4)), requires_grad=True)
    assert gradcheck(function, (x,))
    assert gradgradcheck(function, (x,))
