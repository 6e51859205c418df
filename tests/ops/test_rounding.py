"""floor, ceil, round, trunc and frac are PyTorch's: halves, signs of zero, decimals, integers, dtypes without them."""

import numpy as np
import pytest

from tests.differential import DTYPES, SHAPES, SPECIAL, same, same_inplace, same_out, sample, strided

pytestmark = pytest.mark.torch

NAMES = ("floor", "ceil", "round", "trunc", "fix", "frac")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, dtype):
    x = sample((2, 5), dtype, -4, 4)
    same(name, x, node=True)
    same(f"Tensor.{name}", strided(x))
    same(name, np.array(x[0, 0]))
    same_inplace(name, x, node=True)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_special_numbers_and_out(name):
    for shape in SHAPES:
        same(name, sample(shape, low=-4, high=4))
    halves = np.arange(-3, 3.5, 0.5)
    for dtype in ("float32", "float64"):
        for x in (SPECIAL, halves):
            same(lambda lib, x: getattr(lib, name)(x), x.astype(dtype))
            same(lambda lib, x: lib.signbit(getattr(lib, name)(x)), x.astype(dtype)[:-1])
    same_out(name, sample((2, 3)), dtypes=("float32", "int64"))
    if name != "fix":
        same(name, 1.5)


@pytest.mark.parametrize("decimals", [0, 1, 2, 3, -1, -2, 10, None])
@pytest.mark.parametrize("dtype", DTYPES)
def test_decimals(decimals, dtype):
    named = {} if decimals is None else {"decimals": decimals}
    x = sample((2, 5), dtype, -99, 99)
    same("round", x, **named, node=True)
    same_inplace("round", x, **named)
    if dtype == "float64":
        same("round", np.array([0.25, 0.35, 2.675, 15.0, 25.0, -0.05, 1e300, np.inf, np.nan]), **named)
        same_out("round", x, **named, dtypes=("float32",))
