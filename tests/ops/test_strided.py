"""as_strided, unfold, diagonal and what is built on them: regular places in memory, overlapping ones included."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES, same, same_out, sample, strided
from tests.ops.viewing import same_error, same_reshaping, same_view

pytestmark = pytest.mark.torch

AS_STRIDED = [
    # shape of x, size, stride, storage offset
    ((12,), (3, 4), (4, 1), None),
    ((12,), (4, 3), (1, 4), 0),
    ((12,), (3, 4), (1, 2), 2),
    ((12,), (2, 2, 2), (1, 1, 1), 0),
    ((12,), (3,), (0,), 5),
    ((12,), (), (), 7),
    ((3, 4), (2, 2), (4, 1), 1),
    ((3, 4), (0, 2), (4, 1), 1),
    ((12,), (13,), (1,), None),
    ((12,), (2,), (1,), 11),
    ((12,), (2,), (-1,), None),
    ((12,), (-2,), (1,), None),
    ((12,), (2, 2), (1,), None),
    ((12,), (2,), (1,), -1),
    ((), (1,), (1,), None),
    ((), (2,), (0,), None),
]


@pytest.mark.parametrize(("shape", "size", "stride", "offset"), AS_STRIDED)
def test_as_strided(shape, size, stride, offset):
    x = sample(shape)
    full = 0 not in size
    same("as_strided", x, size, stride, offset, node=True, strides=full, second=full)
    same(lambda lib, x: x[1:].as_strided(size, stride, offset) if x.ndim else x, x, strides=full, second=full)
    same(lambda lib, x: x.as_strided(size=size, stride=stride, storage_offset=offset), x, second=full)


def test_as_strided_of_views():
    """The storage is that of the base, also beyond the view's own elements."""
    x = sample((3, 4))
    for look in (lambda x: x.t(), lambda x: x[1], lambda x: x[:, 1:3], lambda x: x[1:, ::2], lambda x: x.diagonal()):
        same(lambda lib, x, look=look: look(x * 1).as_strided((2, 3), (2, 1)), x, node=True)
        same(lambda lib, x, look=look: look(x * 1).as_strided((2, 3), (3, 2), 1), x, node=True)
    same(lambda lib, x: x.expand(2, 3).as_strided((4,), (0,)), sample((1, 3)))


@pytest.mark.parametrize("shape", [(), (1,), (5,), (4, 6), (0, 3)])
@pytest.mark.parametrize(
    "args", [(0, 2, 1), (0, 3, 2), (-1, 1, 1), (0, 0, 1), (0, 1, 5), (0, 9, 1), (0, -1, 1), (0, 1, 0), (2, 1, 1)]
)
def test_unfold(shape, args):
    same_view("Tensor.unfold", sample(shape), *args)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2), (2, 3, 4), (0, 3), (3,), ()])
@pytest.mark.parametrize(
    "args", [(), (1,), (-1,), (5,), (-5,), (0, 1, 0), (1, -1, -2), (0, 0, 0), (0, 0, 3), (-1, 0, -1)]
)
def test_diagonal(shape, args):
    same_view("diagonal", sample(shape), *args)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (0,), (2, 1)])
@pytest.mark.parametrize("args", [(), (1,), (-2,), (0, 0, 1), (1, 0, -1), (0, 1, 0), (0, 0, 0), (0, 5, 0)])
def test_diag_embed(shape, args):
    same("diag_embed", sample(shape), *args, node=True)


@pytest.mark.parametrize("shape", [(3,), (3, 3), (2, 4), (0,), (0, 2), (2, 2, 2), ()])
@pytest.mark.parametrize("offset", [0, 1, -1, 3])
def test_diag(shape, offset):
    same("diag", sample(shape), offset)
    same("diagflat", sample(shape), offset)


def test_diag_out():
    same_out("diag", sample((3, 3)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    x = sample((3, 4), dtype)
    for name, args in (("diagonal", ()), ("as_strided", ((2, 3), (3, 1))), ("Tensor.unfold", (1, 2, 2))):
        same(name, x, *args)
    same("diag_embed", x)
    same("diag", x)


SCATTERS = [
    # name, shape of x, shape of src, arguments
    ("select_scatter", (3, 4), (4,), (0, 1)),
    ("select_scatter", (3, 4), (3,), (1, -1)),
    ("select_scatter", (3, 4), (3,), (0, 1)),
    ("select_scatter", (3, 4), (4,), (0, 3)),
    ("slice_scatter", (4, 3), (2, 3), (0, 1, 3)),
    ("slice_scatter", (4, 3), (2, 3), (0, None, None, 2)),
    ("slice_scatter", (4, 3), (4, 3), ()),
    ("slice_scatter", (4, 3), (1, 3), (0, -1)),
    ("slice_scatter", (4, 3), (2, 2), (0, 1, 3)),
    ("diagonal_scatter", (3, 3), (3,), ()),
    ("diagonal_scatter", (3, 4), (3,), (1,)),
    ("diagonal_scatter", (3, 3, 2), (3, 2), (0, 2, 1)),
    ("diagonal_scatter", (3, 3), (2,), ()),
    ("as_strided_scatter", (12,), (2, 3), ((2, 3), (3, 1))),
    ("as_strided_scatter", (12,), (2, 3), ((2, 3), (4, 1), 2)),
    ("as_strided_scatter", (12,), (3,), ((2,), (1,))),
]


@pytest.mark.parametrize(("name", "shape", "part", "args"), SCATTERS)
def test_a_part_replaced(name, shape, part, args):
    x, src = sample(shape), sample(part, seed=1)
    if name == "as_strided_scatter":
        same(name, x, src, *args, grad=False)  # for the gradient see below
        return
    same(name, x, src, *args)
    same(name, strided(x), strided(src), *args)


def test_gradient_of_as_strided_scatter():
    """PyTorch's has x's gradient where x was replaced, and zeros elsewhere: here it is that of the kept elements."""
    x, src = tt.zeros(5, requires_grad=True), tt.zeros(2, requires_grad=True)
    y = tt.as_strided_scatter(x, src, (2,), (2,), 1)
    (y * tt.arange(1, 6)).sum().backward()
    assert x.grad.tolist() == [1, 0, 3, 0, 5]
    assert src.grad.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [((2, 2), (3, 1), 0), ((3,), (2,), 1), ((6,), (1,), None), ((7,), (1,), 0), ((1,), (-1,), 0)],
)
def test_as_strided_in_place(size, stride, offset):
    same_reshaping("as_strided_", np.arange(6.0), size, stride, offset)


ERRORS = [
    ("as_strided", (sample((4,)), 2, (1,)), {"message": False}),
    ("Tensor.as_strided", (sample((4,)), 2, (1,)), {}),
    ("Tensor.as_strided", (sample((4,)), (2.5,), (1,)), {}),
    ("Tensor.as_strided", (sample((4,)), (2,), 1), {}),
    ("Tensor.unfold", (sample((4,)), 0, 1.5, 1), {}),
    ("Tensor.unfold", (sample((4,)), 0, 1), {"message": False}),
    ("Tensor.diagonal", (sample((4, 4)), 0.5), {}),
    ("diagonal", (3,), {}),
    ("diag", (3,), {}),
    ("diag_embed", (3,), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), ERRORS)
def test_errors(name, args, options):
    same_error(name, *args, **options)
