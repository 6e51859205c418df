"""equal, isclose, allclose: PyTorch's answers and errors."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import DTYPES, same, sample, strided  # noqa: E402

NAN, INF = float("nan"), float("inf")
X = np.array([1.0, 2, NAN, INF, -INF, 0, 1e-9, 1e10])
BOTH = np.array([1 + 2j, complex(INF, 1), complex(NAN, 0), complex(1, NAN), complex(-INF, INF)])
Y = np.array([1.0 + 1e-7, 2.1, NAN, INF, INF, -0.0, 0, 1e10 + 1])


@pytest.mark.parametrize("name", ["isclose", "allclose"])
@pytest.mark.parametrize("options", [{}, {"equal_nan": True}, {"rtol": 0.1}, {"atol": 1.0}, {"rtol": 0, "atol": 0},
                                     {"rtol": -1}, {"atol": -1.5}, {"rtol": NAN}], ids=str)  # fmt: skip
def test_close(name, options):
    same(name, X, Y, grad=False, **options)
    same(name, X[:2], Y[:2], grad=False, **options)
    same(f"Tensor.{name}", strided(X), Y, grad=False, **options)
    same(name, X.astype(np.float32), Y.astype(np.float32), grad=False, **options)
    same(name, BOTH, BOTH.copy(), grad=False, **options)
    same(name, BOTH, BOTH + 1e-7, grad=False, **options)


@pytest.mark.parametrize("name", ["isclose", "allclose"])
def test_by_position(name):
    same(name, X, Y, 0.1, 0.1, True, grad=False)


@pytest.mark.parametrize("name", ["isclose", "allclose", "equal"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    x = sample((2, 3), dtype)
    same(name, x, x, grad=False)
    same(name, x, sample((2, 3), dtype, seed=1), grad=False)
    same(name, x, sample((2, 3), "float32"), grad=False)


@pytest.mark.parametrize("name", ["isclose", "allclose", "equal"])
@pytest.mark.parametrize(
    ("first", "second"), [((2, 3), (3,)), ((2, 3), (2, 1)), ((), (2,)), ((0,), (0,)), ((2, 3), (2,)), ((0, 3), (0,))]
)
def test_shapes(name, first, second):
    same(name, sample(first), sample(second), grad=False)


def test_equal():
    same("equal", np.array([1.0, NAN]), np.array([1.0, NAN]), grad=False)
    same("equal", np.array([0.0]), np.array([-0.0]), grad=False)
    same("equal", np.array([1, 2]), np.array([1.0, 2.0]), grad=False)
    same("Tensor.equal", np.array([1, 2]), np.array([[1, 2]]), grad=False)


@pytest.mark.parametrize("name", ["isclose", "allclose", "equal"])
@pytest.mark.parametrize("args", [(1.0, 1.0), (X, 1.0), (1.0, X), (X,)], ids=["numbers", "second", "first", "missing"])
def test_no_tensors(name, args):
    same(name, *args, grad=False)
