"""where: broadcasting, promotion with numbers, gradients twice, errors as PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
from tests.differential import DTYPES, same, same_out, sample, strided  # noqa: E402

X, Y, V = sample((2, 3)), sample((2, 3), seed=1), sample((3,))
MASK = X > 0
OPERANDS = [(X, Y), (X, V), (V, X), (X, sample(())), (sample(()), X), (sample((2, 1)), sample((1, 3))), (X, 0),
            (0.5, X), (1, 2), (1.5, 2),
            (True, False), (True, 2), (X, 1j), (X, True), (X, np.ones(2)),
            (sample((0, 3)), sample((1, 3)))]  # fmt: skip


@pytest.mark.parametrize("condition", [MASK, MASK[0], np.array(True), MASK[:, :1]], ids=["all", "row", "one", "column"])
@pytest.mark.parametrize(("x", "y"), OPERANDS, ids=str)
def test_operands(condition, x, y):
    same("where", condition, x, y, node=True)
    if isinstance(x, np.ndarray):
        same(lambda lib, x, c, y: x.where(c, y), strided(x), strided(condition), y)


@pytest.mark.parametrize("other", ["float64", "float32", "int64", "bool", "complex128", "bfloat16"])
@pytest.mark.parametrize("dtype", [each for each in DTYPES if each != "float16"])  # PyTorch warns of complex32
def test_dtypes(dtype, other):
    grad = ("complex" in dtype) == ("complex" in other)  # PyTorch's backward fails for one real and one complex operand
    same("where", MASK, sample((2, 3), dtype), sample((2, 3), other), grad=grad)
    same("where", MASK, sample((2, 3), dtype), sample((), other), grad=grad)
    same("where", MASK, sample((2, 3), dtype), 1.5 if other == "float64" else 2)


def test_infinite_gradients_stay_where_they_are():
    x = np.array([0.0, 4.0])
    same(lambda lib, x: lib.where(x > 0, x.sqrt() * float("inf"), x), x, second=False)


def test_places():
    for x in (X, MASK, sample(()), sample((0, 2))):
        same("where", x)
        same(lambda lib, x: lib.where(condition=x), x)


def test_errors_and_out():
    same("where", X, X, X)
    same("where", MASK, X, "a")
    same("where", MASK, X)
    same("where", [True], X, X)
    same("where", condition=MASK, input=X, other=0)
    same("where", MASK.astype(np.int64), X, X)
    same_out("where", MASK, X, Y, dtypes=("float32",))


def test_uint8_condition_warns():
    with pytest.warns(UserWarning, match="^where received a uint8 condition tensor"):
        found = tt.where(tt.tensor([1, 0], dtype=tt.uint8), tt.tensor([1, 2]), 0)
    assert found.tolist() == [1, 0]
