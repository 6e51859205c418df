"""cat, stack, hstack, block_diag and their like: several tensors as one."""

import numpy as np
import pytest

from tests.differential import DTYPES, same, same_out, sample, strided
from tests.ops.viewing import same_error

pytestmark = pytest.mark.torch


def of(*shapes, dtype="float64"):
    return [sample(shape, dtype, seed=i) for i, shape in enumerate(shapes)]


CAT = [
    # shapes, dim
    (((2, 3), (4, 3)), 0),
    (((2, 3), (2, 1)), 1),
    (((2, 3), (2, 1)), -1),
    (((2, 3),), 0),
    (((2, 3), (0, 3)), 0),
    (((0,), (2, 3)), 1),
    (((2, 3), (0,), (2, 3)), 0),
    (((0,), (0,)), 0),
    (((0,), (0,)), 1),
    (((3,), (2,), (1,)), 0),
    (((2, 0), (2, 3)), 1),
    (((2, 3), (4, 2)), 0),
    (((2, 3), (2, 3, 1)), 0),
    (((2, 3), (3,)), 0),
    (((2, 3), (2, 3)), 2),
    (((2, 3), (2, 3)), -3),
    (((2, 3), ()), 0),
    (((), ()), 0),
    ((), 0),
]


@pytest.mark.parametrize(("shapes", "dim"), CAT)
def test_cat(shapes, dim):
    full = all(0 not in shape for shape in shapes)
    same("cat", of(*shapes), dim, node=True, strides=full)
    same("cat", tuple(of(*shapes)), dim=dim)
    same("cat", [strided(x) for x in of(*shapes)], dim, strides=full)
    same("concat", of(*shapes), axis=dim)
    same("concatenate", of(*shapes), dim)


STACK = [
    (((2, 3), (2, 3)), 0),
    (((2, 3), (2, 3)), 1),
    (((2, 3), (2, 3), (2, 3)), -1),
    (((), ()), 0),
    (((0, 2), (0, 2)), 1),
    (((2, 3),), 2),
    (((2, 3), (2, 1)), 0),
    (((2, 3), (3,)), 0),
    (((2, 3), (2, 3)), 3),
    (((2, 3), (2, 3)), -4),
    ((), 0),
]


@pytest.mark.parametrize(("shapes", "dim"), STACK)
def test_stack(shapes, dim):
    full = all(0 not in shape for shape in shapes)
    same("stack", of(*shapes), dim, node=True, strides=full)
    same("stack", [strided(x) for x in of(*shapes)], dim=dim, strides=full)


@pytest.mark.parametrize("name", ["hstack", "vstack", "row_stack", "dstack", "column_stack"])
@pytest.mark.parametrize(
    "shapes",
    [((), ()), ((3,), (3,)), ((3,), (2,)), ((2, 3), (2, 3)), ((2, 1), (2, 3)), ((2, 3), (3,)), ((2, 3), (2,)), ((),),
     ((2, 3, 1), (2, 3, 1)), ((2, 3, 1), (2, 3)), ()],
)  # fmt: skip
def test_side_by_side(name, shapes):
    same(name, of(*shapes), node=True)


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", ["float32", "int64", "bool", "complex64", "float64", "uint8", "bfloat16"])
def test_dtypes_are_promoted(first, second):
    for name in ("cat", "stack", "hstack"):
        same(name, [sample((2, 2), first), sample((2, 2), second)])
    same("cat", [sample((2, 2), first), sample((0,), second)])
    same("block_diag", sample((2, 2), first), sample((1, 2), second))


@pytest.mark.parametrize(
    "shapes", [((2, 3), (1, 2)), ((3,), (2, 1), ()), ((),), ((0, 2), (2, 0)), ((0,), (2,)), ((2, 2, 2),), ()]
)
def test_block_diag(shapes):
    # A vector without elements is a row of the result, which PyTorch's backward forgets.
    same("block_diag", *of(*shapes), grad=(0,) not in shapes)


def test_out():
    same_out("cat", of((2, 3), (1, 3)), dtypes=("float32",))
    same_out("stack", of((2, 3), (2, 3)))
    for name in ("hstack", "vstack", "dstack", "column_stack"):
        same_out(name, of((2, 3), (2, 3)))


def test_one_tensor_twice():
    same(lambda lib, x: lib.cat([x, x, x[:1]]), sample((2, 3)))
    same(lambda lib, x: lib.stack([x, x.flip(0)]), sample((2, 3)))


ERRORS = [
    ("cat", (sample((2, 3)),), {"message": False}),
    ("cat", ([sample((2, 3)), 3],), {}),
    ("cat", (3,), {"message": False}),
    ("stack", ([sample((2, 3)), 3],), {}),
    ("stack", (3,), {"message": False}),
    ("hstack", (3,), {"message": False}),
    ("hstack", ([3],), {"message": False}),
    ("block_diag", (sample((2, 3)), 3), {}),
    ("cat", (), {}),
    ("stack", (), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), ERRORS)
def test_errors(name, args, options):
    same_error(name, *args, **options)


def test_nothing_is_shared_with_the_parts():
    def write(lib, x):
        y = lib.cat([x])
        y[0] = 7
        return x, y

    same(write, np.arange(3.0), grad=False)
