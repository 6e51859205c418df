"""squeeze, unsqueeze and atleast_1d, 2d, 3d: dimensions of size 1 that go and come."""

import pytest

from tests.differential import DTYPES, same, sample
from tests.ops.viewing import same_error, same_reshaping, same_view

pytestmark = pytest.mark.torch

SHAPES = ((), (1,), (3,), (1, 3), (1, 3, 1), (2, 1, 3, 1), (1, 1), (0, 1), (2, 3))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dim", [(), (0,), (-1,), (1,), ((0, -1),), ((0, 2),), ((),), ((0, 0),), (2,), ([1],)])
def test_squeeze(shape, dim):
    same_view("squeeze", sample(shape), *dim)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dim", [0, 1, -1, -2, 2, -3, 5])
def test_unsqueeze(shape, dim):
    same_view("unsqueeze", sample(shape), dim)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    same_view("squeeze", sample((1, 3), dtype))
    same_view("unsqueeze", sample((2, 3), dtype), 1)


@pytest.mark.parametrize("shape", [(1, 3, 1), (2, 3), (), (0, 1)])
def test_in_place(shape):
    for name, args in (
        ("squeeze_", ()),
        ("squeeze_", (0,)),
        ("squeeze_", (-1,)),
        ("squeeze_", (4,)),
        ("squeeze_", ((0, -1),)),
        ("unsqueeze_", (0,)),
        ("unsqueeze_", (-1,)),
        ("unsqueeze_", (7,)),
    ):
        same_reshaping(name, sample(shape), *args)


@pytest.mark.parametrize("name", ["atleast_1d", "atleast_2d", "atleast_3d"])
def test_at_least(name):
    for shape in ((), (3,), (2, 3), (2, 3, 4), (0,)):
        same_view(name, sample(shape))
    x, y = sample(()), sample((2, 3))
    same(name, x, y, node=True)
    same(name, (x, y), node=True)
    same(name, [x])
    same_error(name, 3, message=False)


def test_keywords():
    same("squeeze", sample((1, 3)), dim=0)
    same("unsqueeze", sample((1, 3)), dim=-1)
    same(lambda lib, x: lib.squeeze(input=x), sample((1, 3)))
    same_error("unsqueeze", sample((1, 3)))
    same_error("squeeze", 3, message=False)
    same_error("unsqueeze", 3, 0)
