"""pad is PyTorch's: constants and what is inside, negative sides, dtypes, gradients, errors."""

import pytest

from tests.differential import same, sample

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("pad", [(1, 2), (0, 0), (2, 0, 1, 3), (-1, 1), (-3, 2), (1, -2, -1, 0), (), (1, 1) * 3])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "complex128"])
def test_constants(pad, dtype):
    x = sample((3, 4), dtype)
    same("nn.functional.pad", x, pad)
    same("nn.functional.pad", x, pad, value=1)
    same("constant_pad_nd", x, pad)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    "shape, pad",
    [((2, 4), (1, 2)), ((2, 3, 4), (3, 3)), ((2, 3, 4), (1, 1, 2, 0)), ((1, 2, 3, 4), (1, 1, 2, 0)),
     ((2, 3, 3, 4), (1, 1, 2, 0, 1, 1)), ((1, 2, 3, 3, 4), (1, 1, 2, 0, 1, 1)), ((2, 4), (4, 4)), ((2, 4), (5, 0))],
)  # fmt: skip
def test_what_is_inside(mode, shape, pad):
    same("nn.functional.pad", sample(shape), pad, mode)


def test_errors():
    for pad in ((1,), (1, 2, 3), (1, 1) * 3, (-3, -2), (-5, 1)):
        for mode in ("constant", "reflect", "nothing"):
            same("nn.functional.pad", sample((2, 4)), pad, mode, grad=False)
    same("nn.functional.pad", sample((2, 4)), (1, 1), "reflect", 2.0, grad=False)
    same("nn.functional.pad", sample((4,)), (1, 1), "reflect", grad=False)
    same("nn.functional.pad", sample((2, 4)), (1, 1), "mirror", grad=False)
