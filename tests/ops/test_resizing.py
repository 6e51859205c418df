"""resize_, resize_as_, set_ and the deprecated resize: other sides or other memory for a tensor, as PyTorch does it."""

import numpy as np
import pytest

from tests.differential import same, sample, torch

pytestmark = pytest.mark.torch


def resized(name, *args):
    def change(lib, x):
        y = x.clone()
        result = getattr(y, name)(*args)
        assert result is y
        return y, y._version, y.storage_offset(), y.is_contiguous()

    return change


@pytest.mark.parametrize("size", [(3,), (3, 2), (1, 2, 3), (2,), ((2, 2),), (), ((),), (0,), (-1,), (2, -3), (1.5,)])
def test_resize_to_fewer_or_as_many(size):
    same(resized("resize_", *size), sample((2, 3)), grad=False, strides=0 not in size)


def test_resize_to_more():
    def change(lib, x):
        y = x.clone().resize_(4, 3)
        return y.shape, y.flatten()[:6], y.stride()

    same(change, sample((2, 3)), grad=False)


@pytest.mark.parametrize("look", [lambda x: x[1:], lambda x: x.t(), lambda x: x[:, 1]])
def test_of_views(look):
    same(lambda lib, x: (look(x).resize_(2), look(x).resize_(1, 2).storage_offset()), sample((3, 2)), grad=False)


def test_as_another_tensor():
    same(lambda lib, x, y: x.resize_as_(y), sample((2, 3)), sample((3, 2)), grad=False, unchanged=False)
    same(lambda lib, x, y: lib.resize_as_(x, y), sample((2, 3)), sample((3,)), grad=False, unchanged=False)


def test_gradients_refuse_it():
    same(lambda lib, x: (x * 1).resize_(3), sample((2, 3)))


def test_the_deprecated_functions_warn_and_reshape():
    for name, give in (
        ("resize", lambda lib: (3, 2)),
        ("resize", lambda lib: (5,)),
        ("resize_as", lambda lib: (lib.ones(6),)),
    ):
        same(lambda lib, x, n=name, g=give: getattr(x, n)(*g(lib)), sample((2, 3)), grad=False)
        with pytest.warns(UserWarning, match="is deprecated"):
            lib_result = outcome(name, give)
        assert lib_result[0] == lib_result[1]


def outcome(name, give):
    import tinytorch as tt

    found = []
    for lib in (tt, torch):
        try:
            found.append(getattr(lib.arange(6.0).reshape(2, 3), name)(*give(lib)).tolist())
        except RuntimeError as error:
            found.append(str(error).split("\n")[0])
    return found


def test_set():
    x, y = sample((2, 3)), sample((4,), seed=1)
    same(lambda lib, x, y: x.detach().set_(y), x, y, grad=False)
    same(lambda lib, x, y: x.detach().set_(y, 1, (2,), (1,)), x, y, grad=False)
    same(lambda lib, x, y: x.detach().set_(), x, y, grad=False)
    same(lambda lib, x, y: x.detach().set_(y), x, y.astype(np.float32), grad=False)
