"""flip, roll, rot90, repeat, tile, repeat_interleave: all forms of a call, gradients twice, errors as PyTorch's."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from tests.differential import DTYPES, same, sample, strided  # noqa: E402

X, V, S, CUBE, HOLLOW = sample((2, 3)), sample((3,)), sample(()), sample((2, 3, 4)), sample((2, 0, 3))


@pytest.mark.parametrize("x", [X, V, S, CUBE, HOLLOW], ids=lambda x: str(x.shape))
@pytest.mark.parametrize("dims", [(0,), (1,), (-1,), (0, 1), (1, 0), (), (0, 0), (-1, 1), (2,), (0, -1)])
def test_flip(x, dims):
    same("flip", x, dims, node=True)
    same("flip", x, list(dims))
    same("Tensor.flip", strided(x), dims=dims)
    if dims:
        same("Tensor.flip", strided(x), *dims)


@pytest.mark.parametrize("x", [X, V, S, CUBE, HOLLOW], ids=lambda x: str(x.shape))
def test_flips_of_matrices(x):
    for name in ("fliplr", "flipud"):
        same(name, x, node=True)
        same(f"Tensor.{name}", strided(x))


def test_flip_errors():
    same("flip", X, 0)
    same("Tensor.flip", X)
    same("Tensor.flip", X, 0.5)
    same("Tensor.flip", X, "a")
    same("Tensor.flip", X, dims=0)


ROLLS = [(1,), (-7,), (1, 0), (0, 0), (-1, -1), ((1, 2), (0, 1)), ((1, 1), (0, 0)), ((1,), (1,)), (1, ()), ((1, 2), 0),
         ((1, 2),), (1, (0, 1)),
         (1, 3), ((), ()), (1.5,)]  # fmt: skip


@pytest.mark.parametrize("args", ROLLS, ids=str)
def test_roll(args):
    for x in (X, CUBE, S, HOLLOW):
        same("roll", x, *args, node=True, message=args != (1.5,))
        same("Tensor.roll", strided(x), *args)
    same("roll", X, shifts=1, dims=1)


TURNS = [(), (0,), (1,), (2,), (3,), (4,), (-1,), (1, (1, 0)), (1, (0, -1)), (2, [0, 1]), (1, (0, 0)), (1, (0, 3)),
         (1, (-1, 1)), (1, (0,)),
         (1, (0, 1, 2)), (1.5,)]  # fmt: skip


@pytest.mark.parametrize("args", TURNS, ids=str)
def test_rot90(args):
    for x in (X, CUBE, V, HOLLOW):
        same("rot90", x, *args, node=True, message=args != (1.5,))
        same("Tensor.rot90", strided(x), *args)
    same("rot90", X, k=3, dims=[0, 1])


TIMES = [(2,), (2, 1), (2, 3), (2, 1, 1), (0, 1), (1, 1, 0, 2), (2, -1), (-1,), (0, -1), (1, 2, 3, 1), ()]


@pytest.mark.parametrize("x", [X, V, S, CUBE, HOLLOW], ids=lambda x: str(x.shape))
@pytest.mark.parametrize("times", TIMES, ids=str)
def test_repeat_and_tile(x, times):
    second = 0 not in times  # PyTorch's zeros then have no history
    same("Tensor.repeat", x, times, node=True, second=second)
    same("Tensor.repeat", strided(x), repeats=list(times), second=second)
    same("tile", x, times, node=True, second=second)
    same("Tensor.tile", strided(x), dims=times, second=second)
    if times:
        same("Tensor.repeat", x, *times, second=second)
        same("Tensor.tile", x, *times, second=second)


def test_errors_of_repeat_and_tile():
    same("Tensor.repeat", X)
    same("Tensor.repeat", X, 1.5)
    same("Tensor.repeat", X, (2,), 3)
    same("tile", X, 2)


def ints(*values, dtype=np.int64):
    return np.array(values, dtype)


REPEATS = [(2,), (0,), (2, 0), (2, 1), (2, -1), (ints(1, 2), 0), (ints(1, 2, dtype=np.int32), 0), (ints(0, 3), 0),
           (ints(1, 0, 2), 1), (ints(2),),
           (ints(2), 1), (np.array(2), 1), (ints(1, 2, 3), 0), (ints(1, 2, 3),), (np.array([[1, 2]]), 0),
           (ints(1, -2), 0), (-1,), (2, 2), (True,),
           (1.5,), (np.ones(2), 0), ([1, 2], 0)]  # fmt: skip


@pytest.mark.parametrize("args", REPEATS, ids=str)
def test_repeat_interleave(args):
    repeats, *dim = args
    named = {"dim": dim[0]} if dim else {}
    same("Tensor.repeat_interleave", X, repeats, **named, node=True)
    same("Tensor.repeat_interleave", strided(X), repeats, **named)
    fits = isinstance(repeats, np.ndarray) or type(repeats) is int  # else functions list one argument more than methods
    for x in (HOLLOW, S):
        same("repeat_interleave", x, *args, message=fits)


def test_forms_of_repeat_interleave():
    for counts in (ints(1, 0, 3), ints(1, 0, 3, dtype=np.int32), ints(-1, 0), np.ones(2), np.array([[1]]), ints()):
        same("repeat_interleave", counts)
        same("repeat_interleave", repeats=counts)
    same("repeat_interleave", ints(1, 0, 3), output_size=4)
    same("repeat_interleave", X, 2, dim=1, output_size=6)
    same("repeat_interleave", X, 2, dim=1, output_size=5)
    same("repeat_interleave", X, ints(1, 2), dim=0, output_size=3)
    same("repeat_interleave", X, ints(1, 2), dim=0, output_size=4)
    same("Tensor.repeat_interleave", ints(1, 0, 3))


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    x = sample((2, 3), dtype)
    same("flip", x, (0,))
    same("roll", x, 1)
    same("rot90", x)
    same("tile", x, (2, 2))
    same("repeat_interleave", x, 2)
