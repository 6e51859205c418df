"""select, narrow, split, chunk, unbind and their relatives: parts of a tensor as PyTorch cuts and names them."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES, same, sample, torch
from tests.ops.viewing import same_error, same_view

pytestmark = pytest.mark.torch

VIEWS = [
    # name, shape of x, arguments
    ("select", (2, 3, 4), (1, 2)),
    ("select", (2, 3, 4), (-1, -4)),
    ("select", (2, 3), (0, 2)),
    ("select", (2, 3), (0, -3)),
    ("select", (2, 3), (2, 0)),
    ("select", (), (0, 0)),
    ("select", (0, 3), (0, 0)),
    ("narrow", (4, 3), (0, 1, 2)),
    ("narrow", (4, 3), (-1, -2, 2)),
    ("narrow", (4, 3), (0, 4, 0)),
    ("narrow", (4, 3), (0, 1, 4)),
    ("narrow", (4, 3), (0, 5, 0)),
    ("narrow", (4, 3), (0, -5, 1)),
    ("narrow", (4, 3), (0, 1, -1)),
    ("narrow", (4, 3), (2, 0, 1)),
    ("narrow", (), (0, 0, 1)),
    ("split", (5, 3), (2,)),
    ("split", (5, 3), (1, 1)),
    ("split", (5, 3), (7,)),
    ("split", (5, 3), (0,)),
    ("split", (0, 3), (0,)),
    ("split", (0, 3), (2,)),
    ("split", (5, 3), (-1,)),
    ("split", (5, 3), ([2, 3],)),
    ("split", (5, 3), ((1, 0, 4),)),
    ("split", (5, 3), ([2, 2],)),
    ("split", (5, 3), ([6, -1],)),
    ("split", (5, 3), (2, 2)),
    ("split", (), (2,)),
    ("Tensor.split", (5, 3), (2,)),
    ("Tensor.split", (5, 3), ([1, 2], 1)),
    ("split_with_sizes", (5, 3), ([2, 3],)),
    ("split_with_sizes", (5, 3), ([2, 4],)),
    ("split_with_sizes", (5, 3), ([1, 2], -1)),
    ("chunk", (5, 3), (2,)),
    ("chunk", (5, 3), (4,)),
    ("chunk", (5, 3), (9,)),
    ("chunk", (5, 3), (2, 1)),
    ("chunk", (0, 3), (3,)),
    ("chunk", (5, 3), (0,)),
    ("chunk", (5, 3), (2, 2)),
    ("chunk", (), (1,)),
    ("unbind", (2, 3), ()),
    ("unbind", (2, 3), (1,)),
    ("unbind", (2, 3), (-1,)),
    ("unbind", (2, 0), ()),
    ("unbind", (0, 2), ()),
    ("unbind", (2, 3), (2,)),
    ("unbind", (), ()),
    ("tensor_split", (7, 2), (3,)),
    ("tensor_split", (7, 2), (9,)),
    ("tensor_split", (7, 2), ((1, 4),)),
    ("tensor_split", (7, 2), ((-3, 9, 2),)),
    ("tensor_split", (7, 2), ((),)),
    ("tensor_split", (7, 2), (2, 1)),
    ("tensor_split", (7, 2), (0,)),
    ("tensor_split", (7, 2), (np.array(3),)),
    ("tensor_split", (7, 2), (np.array([2, 5]),)),
    ("tensor_split", (7, 2), (np.array([[2, 5]]),)),
    ("tensor_split", (7, 2), (np.array(3, np.int32),)),
    ("tensor_split", (), (1,)),
    ("hsplit", (4, 6), (3,)),
    ("hsplit", (6,), (3,)),
    ("hsplit", (4, 6), ((1, 4),)),
    ("hsplit", (4, 6), (4,)),
    ("hsplit", (4, 6), (0,)),
    ("hsplit", (), (1,)),
    ("vsplit", (4, 6), (2,)),
    ("vsplit", (4, 6), ([1, 3],)),
    ("vsplit", (4, 6), (3,)),
    ("vsplit", (6,), (3,)),
    ("dsplit", (2, 3, 4), (2,)),
    ("dsplit", (2, 3, 4), ((1, 2),)),
    ("dsplit", (2, 3, 4), (3,)),
    ("dsplit", (2, 3), (1,)),
    ("unsafe_chunk", (5, 3), (2,)),
    ("unsafe_split", (5, 3), (2,)),
    ("unsafe_split_with_sizes", (5, 3), ([2, 3],)),
]


@pytest.mark.parametrize(("name", "shape", "args"), VIEWS)
def test_views(name, shape, args):
    same_view(name, sample(shape), *args)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    for name, args in (("select", (0, 1)), ("narrow", (0, 1, 2)), ("split", (2,)), ("unbind", (1,))):
        same_view(name, sample((4, 3), dtype), *args)


def test_narrow_with_a_tensor_as_start():
    x = sample((4, 3))
    for start in (np.array(1), np.array(-2), np.array(2, np.int32), np.array(1.0), np.array([1])):
        same("narrow", x, 0, start, 2, node=True)


def test_keywords():
    x = sample((4, 6, 2))
    same("select", x, dim=0, index=1)
    same("narrow", x, dim=0, start=1, length=2)
    same("split", x, split_size_or_sections=2, dim=1)
    same("Tensor.split", x, split_size=2)
    same("split_with_sizes", x, split_sizes=[1, 3])
    same("chunk", x, chunks=2, dim=1)
    same("unbind", x, dim=1)
    for named in ({"sections": 2}, {"indices": (1, 2)}, {"tensor_indices_or_sections": np.array(2)}):
        same("tensor_split", x, dim=1, **named)
    same("hsplit", x, sections=2)
    same("vsplit", x, indices=(1,))


def test_iteration():
    same(lambda lib, x: tuple(x), sample((2, 3)), node=True)
    same(lambda lib, x: tuple(x), sample(()), grad=False)
    same(lambda lib, x: [a + b for a, b in x], sample((3, 2)))


ERRORS = [
    ("select", (sample((2, 3)), 0), {}),
    ("Tensor.select", (sample((2, 3)), 0, 1.5), {}),
    ("Tensor.narrow", (sample((2, 3)), 0, 1.5, 1), {}),
    ("Tensor.narrow", (sample((2, 3)), 0, 0, None), {}),
    ("Tensor.chunk", (sample((2, 3)), 1.5), {}),
    ("Tensor.unbind", (sample((2, 3)), "a"), {"message": False}),
    ("split", (sample((2, 3)), 1.5), {"message": False}),
    ("unbind", (3,), {}),
    ("chunk", (3, 1), {}),
    ("tensor_split", (sample((2, 3)), 1.5), {"message": False}),
    ("tensor_split", (sample((2, 3)),), {"message": False}),
    ("hsplit", (sample((2, 3)), "a"), {"message": False}),
]


@pytest.mark.parametrize(("name", "args", "options"), ERRORS)
def test_errors(name, args, options):
    same_error(name, *args, **options)


@pytest.mark.parametrize("name", ["split", "chunk", "unbind", "split_with_sizes"])
def test_parts_that_came_together_are_not_written_to(name):
    """PyTorch could not follow that; parts of unsafe_split it does not try to."""

    def write(lib, x):
        parts = getattr(x * 1, name)(*(([1, 1],) if name == "split_with_sizes" else () if name == "unbind" else (1,)))
        parts[0].mul_(2)

    same(write, sample((2, 3)))


def test_unsafe_parts_may_be_written_to():
    for lib in (tt, torch):
        x = lib.ones(4, requires_grad=True)
        first, second = lib.unsafe_split(x * 1, 2)
        first.mul_(3)
        (first.sum() + second.sum()).backward()
        assert x.grad.tolist() == [3, 3, 1, 1]
