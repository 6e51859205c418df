"""Exchange with NumPy, DLPack and other libraries, compared with PyTorch's."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES
from tests.functions.beside import outcome, same, torch

pytestmark = pytest.mark.host

NUMPY = [
    lambda lib, x: x.numpy(),
    lambda lib, x: x.t().numpy(),
    lambda lib, x: x[:, 1:].numpy(),
    lambda lib, x: x.expand(2, 2, 3).numpy(),
    lambda lib, x: x.numpy(force=True),
    lambda lib, x: x.numpy(force=False),
    lambda lib, x: x.numpy(force=1),
    lambda lib, x: x.detach().numpy(),
    lambda lib, x: (x * 2).numpy(),
    lambda lib, x: x.bfloat16().numpy(),
    lambda lib, x: x.bool().numpy(),
    lambda lib, x: x[0, 0].numpy(),
    lambda lib, x: np.asarray(x),
    lambda lib, x: np.array(x),
    lambda lib, x: np.array(x, dtype=np.float64),
    lambda lib, x: np.asarray(x, dtype=np.int32),
    lambda lib, x: np.array([x[0, 0], x[0, 1]]),
    lambda lib, x: np.array([x[0].tolist(), [1, 2, 3]]),
    lambda lib, x: np.stack([x, x]),
    lambda lib, x: np.concatenate([x, np.zeros((1, 3), np.float32)]),
    lambda lib, x: np.mean(np.asarray(x)),
    lambda lib, x: np.allclose(x, x),
    lambda lib, x: np.array_equal(x, x),
    lambda lib, x: np.testing.assert_allclose(x, x),
    lambda lib, x: np.shape(x),
    lambda lib, x: np.ndim(x),
    lambda lib, x: x / np.float64(2),
    lambda lib, x: np.float64(2) * x,
    lambda lib, x: np.float32(2) - x,
    lambda lib, x: np.int64(2) + x,
    lambda lib, x: x ** np.float32(2),
    lambda lib, x: x > np.float64(1),
    lambda lib, x: np.float64(1) < x,
    lambda lib, x: np.exp(x),
    lambda lib, x: np.maximum(x, 1),
    lambda lib, x: np.isnan(x),
    lambda lib, x: x.__array__(),
    lambda lib, x: x.__array__(np.float64),
    lambda lib, x: x.__array_priority__,
    lambda lib, x: np.ones((3, 2), np.float32) @ x,
    lambda lib, x: [5, 6][np.asarray(x[0, 0]).astype(int)],
    lambda lib, x: np.linspace(0, 1, 3)[x[0].long().abs() % 3],
    lambda lib, x: np.arange(4)[x.bool()[0].tolist() + [True]],
]


@pytest.mark.parametrize("form", NUMPY)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_numpy(form, requires_grad):
    same(lambda lib: form(lib, lib.tensor([[1.0, -2.0, 3.0], [0.0, 5.0, 4.0]], requires_grad=requires_grad)))


OPERATORS = [
    lambda a, x: a + x,
    lambda a, x: x + a,
    lambda a, x: a - x,
    lambda a, x: x * a,
    lambda a, x: a / x,
    lambda a, x: a**x,
    lambda a, x: a > x,
    lambda a, x: x >= a,
    lambda a, x: a == x,
]


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators_between_arrays_and_tensors(operator):
    """A tensor, which remembers its history: PyTorch refuses some of these and loses the gradient of others."""
    a, b = np.arange(4, dtype=np.float32).reshape(2, 2) + 1, np.array([[1.0, -2], [3, 4]], np.float32)
    x = tt.tensor(b, requires_grad=True)
    result = operator(a, x)
    assert isinstance(result, tt.Tensor)
    np.testing.assert_allclose(result.detach().numpy(), operator(a, b), rtol=1e-6)
    assert result.requires_grad is (result.dtype is tt.float32)


def test_numpy_shares_memory():
    x = tt.zeros(2, 3)
    view = x.t().numpy()
    view[0, 1] = 5
    x[0, 0] = 7
    assert x.tolist() == [[7, 0, 0], [5, 0, 0]]
    assert np.asarray(x)[0, 0] == 7
    assert view.flags.writeable


# ---- DLPack ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [name for name in DTYPES if name != "bfloat16"])
def test_dlpack_in_all_directions(dtype):
    ours = tt.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(tt, dtype)).t()
    theirs = torch.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(torch, dtype)).t()
    for came in (
        torch.from_dlpack(ours),
        tt.from_dlpack(theirs),
        np.from_dlpack(ours),
        tt.from_dlpack(np.asarray(ours)),
    ):
        assert came.tolist() == theirs.tolist()
        assert str(came.dtype).removeprefix("torch.") == dtype
    from_torch, from_ours = tt.from_dlpack(theirs), torch.from_dlpack(ours)
    assert from_torch.data_ptr() == theirs.data_ptr()
    assert from_ours.data_ptr() == ours.data_ptr()
    assert from_torch.stride() == theirs.stride() == from_ours.stride()


def test_dlpack_shares_memory():
    ours = tt.zeros(3)
    theirs = torch.from_dlpack(ours)
    theirs[0] = 5
    ours[1] = 6
    assert ours.tolist() == theirs.tolist() == [5, 6, 0]


DLPACK = [
    lambda lib: lib.utils.dlpack.from_dlpack(lib.utils.dlpack.to_dlpack(lib.arange(3))),
    lambda lib: lib.from_dlpack(lib.to_dlpack(lib.arange(3))),
    lambda lib: lib.from_dlpack(np.arange(6.0).reshape(2, 3).T),
    lambda lib: lib.from_dlpack(np.arange(3), copy=True),
    lambda lib: lib.from_dlpack(lib.ones(2), device="cpu"),
    lambda lib: lib.from_dlpack(lib.ones(2, requires_grad=True)),
    lambda lib: lib.ones(2, requires_grad=True).__dlpack__(),
    lambda lib: tuple(map(int, lib.ones(2).__dlpack_device__())),
    lambda lib: type(lib.ones(2).__dlpack__()).__name__,
    lambda lib: lib.ones(2).__dlpack__(stream=3),
    lambda lib: lib.from_dlpack([1, 2]),
]


@pytest.mark.parametrize("call", DLPACK)
def test_dlpack(call):
    same(call)


def test_a_capsule_is_used_once():
    def call(lib):
        capsule = lib.to_dlpack(lib.arange(3))
        lib.from_dlpack(capsule)
        return lib.from_dlpack(capsule)

    (ours, text), (theirs, expected) = outcome(call, tt)[1], outcome(call, torch)[1]
    assert ours == theirs == "RuntimeError" and text.split("\n")[0] == expected.split("\n")[0]


# ---- other libraries -------------------------------------------------------------------------------------------------


def test_pandas():
    pandas = pytest.importorskip("pandas")
    x = tt.arange(6.0).reshape(3, 2)
    frame = pandas.DataFrame(x, columns=["a", "b"])
    assert frame["b"].tolist() == [1, 3, 5]
    assert pandas.Series(x[:, 0]).sum() == 6
    assert tt.tensor(frame.to_numpy()).tolist() == x.tolist()


def test_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    x = tt.arange(10.0).reshape(10, 1)
    model = linear_model.LinearRegression().fit(x, 2 * x[:, 0] + 1)
    assert tt.allclose(tt.from_numpy(model.predict(x)).float(), 2 * x[:, 0] + 1, atol=1e-4)


def test_matplotlib():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    x = tt.linspace(0, 1, 5)
    figure, axes = pyplot.subplots()
    (line,) = axes.plot(x, x**2)
    axes.scatter(x, x)
    axes.imshow(tt.rand(3, 3))
    axes.hist(x)
    assert line.get_ydata()[-1] == 1
    pyplot.close(figure)
