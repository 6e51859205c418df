"""transpose, permute, movedim, t, T, mT, H, mH, adjoint, dim_order: the dimensions in another order."""

import operator

import pytest

from tests.differential import DTYPES, same, sample, strided, torch
from tests.ops.viewing import same_error, same_reshaping, same_view

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def every_warning():
    """PyTorch warns once in a process; here each time, for the comparison."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(before)


VIEWS = [
    # name, shape of x, arguments
    ("t", (), ()),
    ("t", (3,), ()),
    ("t", (2, 3), ()),
    ("t", (2, 3, 4), ()),
    ("transpose", (2, 3), (0, 1)),
    ("transpose", (2, 3, 4), (0, -1)),
    ("transpose", (2, 3, 4), (1, 1)),
    ("transpose", (2, 3, 4), (3, 0)),
    ("transpose", (2, 3, 4), (0, -4)),
    ("transpose", (), (0, -1)),
    ("transpose", (0, 3), (0, 1)),
    ("swapaxes", (2, 3, 4), (0, 2)),
    ("swapdims", (2, 3, 4), (0, 2)),
    ("swapaxes", (2, 3, 4), (0, 3)),
    ("permute", (2, 3, 4), ((2, 0, 1),)),
    ("permute", (2, 3, 4), ((-1, 0, 1),)),
    ("permute", (2, 3, 4), ([1, 0, 2],)),
    ("permute", (2, 3, 4), ((0, 1),)),
    ("permute", (2, 3, 4), ((0, 1, 1),)),
    ("permute", (2, 3, 4), ((0, 1, 3),)),
    ("permute", (), ((),)),
    ("Tensor.permute", (2, 3, 4), (2, 0, 1)),
    ("Tensor.permute", (2, 3, 4), ((2, 0, 1),)),
    ("Tensor.permute", (2, 3, 4), (0, 0, 1)),
    ("Tensor.permute", (), ()),
    ("movedim", (2, 3, 4), (0, -1)),
    ("movedim", (2, 3, 4), ((0, 1), (1, 2))),
    ("movedim", (2, 3, 4), ((2, 0), (0, 1))),
    ("movedim", (2, 3, 4), ([0], [2])),
    ("movedim", (2, 3, 4), ((0, 1), (0,))),
    ("movedim", (2, 3, 4), ((0, 0), (0, 1))),
    ("movedim", (2, 3, 4), ((0, 1), (1, 1))),
    ("movedim", (2, 3, 4), (3, 0)),
    ("movedim", (), (0, 0)),
    ("moveaxis", (2, 3, 4), (0, 2)),
    ("adjoint", (2, 3), ()),
    ("adjoint", (4, 2, 3), ()),
    ("adjoint", (3,), ()),
]


@pytest.mark.parametrize(("name", "shape", "args"), VIEWS)
def test_views(name, shape, args):
    same_view(name, sample(shape), *args)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    for name, args in (("t", ()), ("transpose", (0, 1)), ("permute", ((1, 0),))):
        same_view(name, sample((2, 3), dtype), *args)


@pytest.mark.parametrize("name", ["T", "mT", "H", "mH"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (4, 2, 3), (0, 2)])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_properties(name, shape, dtype):
    for x in (sample(shape, dtype), strided(sample(shape, dtype))):
        # PyTorch's conjugates of complex numbers are lazy views, here they are computed
        lazy = dtype == "complex128" and name in "mH"
        same(lambda lib, x: operator.attrgetter(name)(x), x, strides=x.size > 0 and not lazy, node=not lazy)


def test_adjoint_of_complex_numbers():
    same("adjoint", sample((2, 3), "complex128"))
    same("adjoint", sample((), "complex128"))


@pytest.mark.parametrize(
    ("name", "shape", "args"),
    [
        ("t_", (2, 3), ()),
        ("t_", (3,), ()),
        ("t_", (2, 3, 4), ()),
        ("transpose_", (2, 3, 4), (0, 2)),
        ("transpose_", (2, 3, 4), (0, 3)),
        ("transpose_", (), (0, 0)),
        ("swapaxes_", (2, 3), (0, 1)),
        ("swapdims_", (2, 3), (-1, 0)),
    ],
)
def test_in_place(name, shape, args):
    same_reshaping(name, sample(shape), *args)


def test_keywords():
    x = sample((2, 3, 4))
    same("transpose", x, dim0=0, dim1=1)
    same("swapaxes", x, axis0=0, axis1=1)
    same("swapdims", x, dim0=0, dim1=1)
    same("permute", x, dims=(2, 0, 1))
    same("Tensor.permute", x, dims=(2, 0, 1))
    same("movedim", x, source=0, destination=1)
    same("moveaxis", x, source=(0, 1), destination=(1, 0))


@pytest.mark.parametrize(
    "look",
    [
        lambda x: x,
        lambda x: x.transpose(0, 2),
        lambda x: x.permute(1, 2, 0),
        lambda x: x.expand(2, 2, 1, 3),
        lambda x: x.expand(2, 2, 1, 3).transpose(0, 3),
        lambda x: x[..., 0],
        lambda x: x[0, 0, 0],
        lambda x: x[:, 0],
    ],
)
def test_dim_order(look):
    x = sample((2, 1, 3))
    for check in (False, True, []):
        same(lambda lib, x, c=check: look(x).dim_order(ambiguity_check=c), x, grad=False)
    same(lambda lib, x: look(x).dim_order(ambiguity_check=[lib.contiguous_format]), x, grad=False)


ERRORS = [
    ("t", (3,), {}),
    ("transpose", (sample((2, 3)), 0), {}),
    ("permute", (sample((2, 3)), 0), {}),
    ("permute", (sample((2, 3)), (1.0, 0)), {}),
    ("Tensor.permute", (sample((2, 3)), 1.0, 0), {}),
    ("Tensor.permute", (sample((2, 3)), 1, 0.0), {}),
    ("Tensor.dim_order", (sample((2, 3)),), {"ambiguity_check": 3}),
    ("movedim", (sample((2, 3)), 0), {"message": False}),
    ("transpose", (sample((2, 3)), 0.5, 1), {"message": False}),
]


@pytest.mark.parametrize(("name", "args", "options"), ERRORS)
def test_errors(name, args, options):
    same_error(name, *args, **options)
