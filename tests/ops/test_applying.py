"""apply_, map_, map2_ beside PyTorch's."""

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import same, sample, strided  # noqa: E402

X, V = sample((2, 3)), sample((3,))
PLAIN = {"grad": False, "unchanged": False}


@pytest.mark.parametrize(
    "x",
    [X, V, sample(()), sample((0,)), strided(X), sample((2, 3), "int32"), X > 0],
    ids=lambda x: str(x.dtype) + str(x.shape),
)
def test_apply(x):
    same("Tensor.apply_", x, lambda a: a * 2 + 1, **PLAIN)
    same("Tensor.apply_", x, lambda a: 0.7, **PLAIN)


@pytest.mark.parametrize("other", [X, V, sample(()), sample((2,)), sample((3,), "int32"), sample((2, 2, 3))], ids=str)
def test_map(other):
    same("Tensor.map_", X, other, lambda a, b: a - b, **PLAIN)
    same("Tensor.map2_", X, other, V, lambda a, b, c: a - b * c, **PLAIN)


def test_errors():
    same("Tensor.apply_", X, 5, **PLAIN)
    same("Tensor.apply_", X, lambda a: "a", **PLAIN)
    same("Tensor.map_", X, 5, lambda a, b: a, **PLAIN)
    same("Tensor.map_", X, X, 5, **PLAIN)
    same(lambda lib, x: x.apply_(lambda a: a), X)
    same(lambda lib, x: x.detach().map_(x, lambda a, b: a), X, unchanged=False)
