"""view_copy and its relatives beside PyTorch: the views' elements and gradients, in memory of their own."""

import numpy as np
import pytest

from tests.differential import same, same_out, sample, strided

pytestmark = pytest.mark.torch

COPIES = [
    ("alias_copy", ()),
    ("as_strided_copy", ((2, 2), (1, 3), 1)),
    ("diagonal_copy", (1,)),
    ("expand_copy", ((2, 3, 4),)),
    ("permute_copy", ((1, 0),)),
    ("select_copy", (1, 2)),
    ("slice_copy", (1, 1, 4, 2)),
    ("slice_copy", ()),
    ("split_copy", (2, 1)),
    ("split_with_sizes_copy", ([1, 2],)),
    ("squeeze_copy", ()),
    ("squeeze_copy", (0,)),
    ("squeeze_copy", ((0, 1),)),
    ("t_copy", ()),
    ("transpose_copy", (0, 1)),
    ("unbind_copy", (1,)),
    ("unfold_copy", (1, 2, 1)),
    ("unsqueeze_copy", (1,)),
    ("view_copy", ((4, 3),)),
    ("view_copy", ((5, 3),)),
    ("transpose_copy", (0, 2)),
]


@pytest.mark.parametrize(("name", "args"), COPIES)
def test_copies(name, args):
    same(name, sample((3, 4)), *args, strides=True, node=True)
    if name not in ("as_strided_copy", "view_copy"):
        same(name, strided(sample((3, 4))), *args, strides=True)

    def write(lib, x):
        copies = getattr(lib, name)(x, *args)
        for copy in copies if isinstance(copies, tuple) else (copies,):
            copy.fill_(7)
        return x, [copy._is_view() for copy in (copies if isinstance(copies, tuple) else (copies,))]

    same(write, sample((3, 4)), grad=False)


def test_complex_numbers_as_pairs():
    same("view_as_real_copy", sample((2, 3), "complex128"), node=True)
    same("view_as_complex_copy", sample((3, 2)), grad=False)


def test_without_gradients():
    same("narrow_copy", sample((3, 4)), 1, 0, 2, grad=False)
    same("Tensor.narrow_copy", sample((3, 4)), 1, 0, 2, grad=False)
    same("detach_copy", sample((3, 4)), grad=False)
    same("view_copy", sample((3, 4), "float32"), np.dtype("int32"), grad=False)


def test_out():
    same_out("view_copy", sample((3, 4)), (12,))
    same_out("transpose_copy", sample((3, 4)), 0, 1)
