"""view, reshape, flatten, unflatten, ravel: the same elements in another shape, as PyTorch sees and names it."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES, FLOATS, same, sample, strided
from tests.ops.viewing import same_error, same_view

pytestmark = pytest.mark.torch

VIEWS = [
    # name, shape of x, arguments
    ("Tensor.view", (2, 6), (12,)),
    ("Tensor.view", (2, 6), (-1,)),
    ("Tensor.view", (2, 6), (3, -1)),
    ("Tensor.view", (2, 6), ((3, 4),)),
    ("Tensor.view", (2, 6), ([2, 2, 3],)),
    ("Tensor.view", (2, 6), (2, 1, 6)),
    ("Tensor.view", (2, 6), (2, 6)),
    ("Tensor.view", (2, 6), (5,)),
    ("Tensor.view", (2, 6), (5, -1)),
    ("Tensor.view", (2, 6), (-1, -1)),
    ("Tensor.view", (2, 6), (-2, 6)),
    ("Tensor.view", (1, 3), (3,)),
    ("Tensor.view", (3, 1, 2), (3, 2)),
    ("Tensor.view", (), (1,)),
    ("Tensor.view", (), (1, 1)),
    ("Tensor.view", (1, 1), ((),)),
    ("Tensor.view", (0, 3), (3, 0)),
    ("Tensor.view", (0, 3), (-1, 3)),
    ("Tensor.view", (0, 3), (-1, 0)),
    ("Tensor.view", (0, 3), (0,)),
    ("Tensor.reshape", (2, 6), (3, 4)),
    ("Tensor.reshape", (2, 6), (-1,)),
    ("Tensor.reshape", (2, 6), ((2, 2, -1),)),
    ("Tensor.reshape", (2, 6), (7,)),
    ("Tensor.reshape", (2, 6), (-1, -1)),
    ("Tensor.reshape", (2, 6), (-3, 6)),
    ("Tensor.reshape", (), (1, 1)),
    ("Tensor.reshape", (0, 3), (3, 0, 2)),
    ("Tensor.reshape", (0, 3), (-1, 0)),
    ("reshape", (2, 6), ((4, 3),)),
    ("reshape", (2, 6), ((-1,),)),
    ("flatten", (2, 3, 4), ()),
    ("flatten", (2, 3, 4), (1,)),
    ("flatten", (2, 3, 4), (0, 1)),
    ("flatten", (2, 3, 4), (-2, -1)),
    ("flatten", (2, 3, 4), (1, 1)),
    ("flatten", (2, 3, 4), (2, 1)),
    ("flatten", (2, 3, 4), (3,)),
    ("flatten", (), ()),
    ("flatten", (0, 3), ()),
    ("unflatten", (2, 12), (1, (3, 4))),
    ("unflatten", (2, 12), (-1, (3, -1))),
    ("unflatten", (2, 12), (1, (2, 2, 3))),
    ("unflatten", (2, 12), (0, (-1,))),
    ("unflatten", (2, 12), (1, (5, -1))),
    ("unflatten", (2, 12), (1, (5, 2))),
    ("unflatten", (2, 12), (1, (-1, -1))),
    ("unflatten", (2, 12), (2, (1, 2))),
    ("unflatten", (2, 12), (1, ())),
    ("ravel", (2, 3), ()),
    ("ravel", (), ()),
    ("Tensor.contiguous", (2, 3), ()),
]


@pytest.mark.parametrize(("name", "shape", "args"), VIEWS)
def test_views(name, shape, args):
    same_view(name, sample(shape), *args)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    x = sample((2, 6), dtype)
    for name, args in (("Tensor.view", (3, 4)), ("reshape", ((4, 3),)), ("flatten", ()), ("ravel", ())):
        same_view(name, x, *args)


def test_as_another_tensor():
    same(lambda lib, x, y: x.view_as(y), sample((2, 6)), sample((3, 4)), node=True)
    same(lambda lib, x, y: x.view_as(y), sample((2, 6)), sample((3, 5)))
    same(lambda lib, x, y: x.reshape_as(y), strided(sample((2, 6))), sample((3, 4)), node=True)
    same(lambda lib, x, y: x.reshape_as(y), sample((2, 6)), sample((3, 5)))


def test_keywords():
    x = sample((2, 6))
    same("Tensor.view", x, size=(3, 4))
    same("reshape", x, shape=(3, 4))
    same("Tensor.reshape", x, shape=(3, 4))
    same("flatten", x, start_dim=0, end_dim=1)
    same(lambda lib, x: lib.flatten(input=x, start_dim=-1), x)
    same("unflatten", x, dim=1, sizes=(2, 3))
    same("Tensor.unflatten", x, 1, (2, 3))


@pytest.mark.parametrize(
    ("shape", "order", "wanted"),
    [
        ((2, 3, 4), (1, 0, 2), (6, 4)),
        ((2, 3, 4), (1, 0, 2), (3, 2, 2, 2)),
        ((2, 3, 4), (2, 0, 1), (4, 6)),
        ((2, 3, 4), (2, 0, 1), (4, 3, 2)),
        ((2, 1, 4), (1, 2, 0), (4, 2)),
        ((2, 1, 4), (1, 2, 0), (8,)),
        ((1, 1, 4), (2, 1, 0), (2, 2)),
    ],
)
def test_views_of_permuted_tensors(shape, order, wanted):
    for name in ("Tensor.view", "Tensor.reshape"):
        same_view(name, sample(shape).transpose(order), wanted)


def test_views_of_expanded_tensors():
    x = np.lib.stride_tricks.as_strided(sample((3,)), (2, 3), (0, 8))
    for wanted in ((2, 3, 1), (2, 1, 3), (6,)):
        same_view("Tensor.view", x, wanted)
        same_view("Tensor.reshape", x, wanted)


@pytest.mark.parametrize("to", ["float32", "int32", "float16", "int64", "float64", "complex64", "uint8", "complex128"])
@pytest.mark.parametrize("dtype", ["float32", "int64", "int16", "complex64", "bool", "bfloat16"])
def test_bytes_of_another_dtype(dtype, to):
    x = sample((2, 8), dtype, 0, 2)
    for given in (x, x[:, ::2], x.T, x.reshape(4, 4)[:, 1::2], x[:, :1], np.array(x[0, 0])):
        same("Tensor.view", given, np.dtype(to), grad=False, strides=given.ndim > 0)


def test_bytes_share_memory_and_version():
    x = tt.zeros(2, 2)
    y = x.view(tt.int32)
    y[0, 0] = 1065353216
    assert x.tolist() == [[1, 0], [0, 0]]
    assert x._version == y._version == 1


ERRORS = [
    ("Tensor.view", (sample((2, 3)),), {"message": False}),
    ("Tensor.view", (sample((2, 3)), "a"), {"message": False}),
    ("Tensor.view", (sample((2, 3)), 2.0, 3), {"message": False}),
    ("Tensor.view", (strided(sample((2, 3))), 6), {}),
    ("Tensor.reshape", (sample((2, 3)), 2.0), {"message": False}),
    ("reshape", (sample((2, 3)), 6), {}),
    ("reshape", (sample((2, 3)), (2.0, 3)), {}),
    ("reshape", (sample((2, 3)), (7,)), {}),
    ("reshape", (sample((2, 3)),), {}),
    ("reshape", (3, (1,)), {}),
    ("flatten", (3,), {}),
    ("flatten", (sample((2, 3)), -3), {}),
    ("unflatten", (sample((2, 3)), 0), {"message": False}),
    ("unflatten", (sample((2, 6)), 1, 2), {"message": False}),
    ("ravel", (3,), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), ERRORS)
def test_errors(name, args, options):
    same_error(name, *args, **options)


@pytest.mark.parametrize("dtype", FLOATS[:2])
def test_a_copying_reshape_shares_no_memory(dtype):
    x = tt.tensor(sample((2, 3), dtype)).t()
    y = x.reshape(6)
    y[0] = 7
    assert x.max() < 7
    z = tt.zeros(2, 3)
    z.reshape(6)[0] = 7
    assert z.max() == 7
