"""expand, the broadcast functions and sum_to_size: repetition without copies, and its way back."""

import numpy as np
import pytest

from tests.differential import BROADCASTS, DTYPES, same, sample
from tests.ops.viewing import same_error, same_view

pytestmark = pytest.mark.torch

VIEWS = [
    # shape of x, sizes
    ((2, 1), (2, 3)),
    ((2, 1), (-1, 3)),
    ((2, 1), (4, 2, 3)),
    ((2, 1), (4, -1, -1)),
    ((2, 3), (1, 2, 3)),
    ((2, 3), (1, 1, 2, 3)),
    ((2, 3), (2, 1, 2, 3)),
    ((3,), (2, 1, 3)),
    ((1,), (0,)),
    ((1, 3), (0, 3)),
    ((), (2, 3)),
    ((), (1, 1)),
    ((), ()),
    ((2, 3), (2, 3)),
    ((2, 3), (3, 3)),
    ((2, 3), (3,)),
    ((2, 3), (-1, 2, 3)),
    ((2, 3), (-2, 3)),
    ((1, 3), (-2, 3)),
    ((), (-1,)),
    ((0,), (0,)),
    ((0,), (3, 0)),
    ((0,), (3,)),
]


@pytest.mark.parametrize(("shape", "wanted"), VIEWS)
def test_expand(shape, wanted):
    x = sample(shape)
    same_view("Tensor.expand", x, wanted)
    same_view("Tensor.broadcast_to", x, wanted)
    same_view("broadcast_to", x, wanted)
    same(lambda lib, x: x.expand(size=wanted), x)
    if len(wanted) > 1:
        same_view("Tensor.expand", x, *wanted)
        same_view("Tensor.broadcast_to", x, *wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    same_view("Tensor.expand", sample((3, 1), dtype), 2, -1, 2)


@pytest.mark.parametrize(("first", "second"), BROADCASTS)
def test_several_tensors(first, second):
    x, y = sample(first), sample(second, seed=1)
    same(lambda lib, x, y: tuple(lib.broadcast_tensors(x, y)), x, y, node=True, strides=x.size > 0)
    same(lambda lib, x, y: x.expand_as(y), x, y)
    same("broadcast_shapes", first, second)


def test_broadcast_shapes():
    for shapes in ((), ((2,),), (3,), (1, (2, 1)), ((2, 3), (3, 1)), ((2, 3), (4,)), ((2, -1),), ((0,), (1,))):
        same("broadcast_shapes", *shapes, grad=False)


@pytest.mark.parametrize(
    "size", [(2, 1, 4), (1, 1, 4), (3, 4), (1, 4), (4,), (1,), (2, 3, 4), (2, 3), (2, 1, 3), (1, 2, 3, 4), (-1, 3, 4)]
)
def test_sum_to_size(size):
    x = sample((2, 3, 4))
    same("Tensor.sum_to_size", x, size, node=True, strides=True)
    same("Tensor.sum_to_size", x, *size)
    same("Tensor.sum_to_size", sample((2, 3, 4), "int32"), size)


ERRORS = [
    ("Tensor.expand", (sample((2, 1)), 2.0), {}),
    ("Tensor.expand", (sample((2, 1)), 2.0, 3), {}),
    ("Tensor.expand", (sample((2, 1)), 2, "a"), {}),
    ("Tensor.expand", (sample((2, 1)), (2, 3.5)), {}),
    ("broadcast_to", (sample((2, 1)), 3), {}),
    ("broadcast_to", (sample((2, 1)), (2.0, 3)), {}),
    ("broadcast_tensors", (sample((2, 3)), 3), {}),
    ("broadcast_tensors", (sample((2, 3)), sample((2,))), {}),
    ("Tensor.sum_to_size", (sample((2, 3)),), {}),
    ("Tensor.sum_to_size", (sample((2, 3)), 1.5), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), ERRORS)
def test_errors(name, args, options):
    same_error(name, *args, **options)


def test_writing_into_repeated_memory():
    def write(lib, x, how):
        y = x.clone().expand(3, 2)
        how(lib, y)
        return y

    for how in (
        lambda lib, y: y.add_(1),
        lambda lib, y: y.mul_(lib.ones(2, dtype=y.dtype)),
        lambda lib, y: y.fill_(2),
        lambda lib, y: y.zero_(),
        lambda lib, y: y.copy_(lib.ones(2)),
        lambda lib, y: y.__setitem__(0, 1),
        lambda lib, y: y.__setitem__((slice(None), 0), 1),
        lambda lib, y: y.exp_(),
        lambda lib, y: y.copy_(y),
    ):
        same(lambda lib, x, how=how: write(lib, x, how), np.array([1.0, 2.0]), grad=False)
