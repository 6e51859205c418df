"""Softmax and its kin on the device, beside their twins."""

import numpy as np
import pytest

from tests.kernels_gpu.beside_twin import FLOATS, check, draw, every_other, transposed

dtypes = pytest.mark.parametrize("dtype", [*FLOATS, np.dtype(np.float16)], ids=str)
# rows for one thread, a warp and blocks of two sizes, along axes in front, in the middle and at the end
PLACES = [((5, 3), 0), ((5, 3), 1), ((2, 40, 3), 1), ((), 0), ((7,), -1), ((3, 0), 0), ((0, 3), 1), ((131, 2), 1)]
LONG = [((2, 1500), 1), ((1500, 2), 0), ((1, 9000), 1)]


@dtypes
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_forward_and_backward(name, dtype):
    for shape, axis in PLACES:
        check("softmax", name, draw(shape, dtype), axis, ulps=8, scale=4)
        y = -abs(draw(shape, dtype, 1))
        check("softmax", f"{name}_backward", draw(shape, dtype, 2), y, axis, ulps=16, scale=8)
    for layout in (transposed, every_other):
        x = layout(draw((4, 6), dtype))
        check("softmax", name, x, 1, ulps=8, scale=4)
        check("softmax", f"{name}_backward", draw((4, 6), dtype, 1), x, 0, ulps=16, scale=8)
    repeated = np.broadcast_to(np.ones((), dtype), (4, 6))
    check("softmax", f"{name}_backward", repeated, draw((4, 6), dtype, 1), 1, ulps=16, scale=8)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_long_rows(name):
    for shape, axis in LONG:
        check("softmax", name, draw(shape, np.float32), axis, ulps=8, scale=16)
        y = -abs(draw(shape, np.float32, 1)) - 5
        check("softmax", f"{name}_backward", draw(shape, np.float32, 2), y, axis, ulps=64, scale=16)


@dtypes
def test_numbers_without_end(dtype):
    inf, nan = np.inf, np.nan
    rows = [[-inf, 1, 2], [1, -inf, -inf], [-inf, -inf, -inf], [inf, 1, 2], [1, inf, inf], [nan, 1, inf], [1, nan, 2]]
    x = np.array(rows, dtype)
    for shape, axis in [((7, 3), 1), ((3, 7), 0)]:
        for name in ("softmax", "log_softmax", "logsumexp"):
            check("softmax", name, x if shape == x.shape else np.ascontiguousarray(x.T), axis)


@dtypes
def test_logsumexp(dtype):
    for shape, axis in PLACES:
        check("softmax", "logsumexp", draw(shape, dtype), axis, scale=4)
    x = draw((3, 4, 5), dtype)
    for axis in [None, 0, (1, 2), (0, 1), (0, 2), (-1, -2), ()]:
        for keepdims in (False, True):
            check("softmax", "logsumexp", x, axis, keepdims, scale=4)
    check("softmax", "logsumexp", transposed(draw((4, 6), dtype)), (0, 1), scale=4)


def test_logsumexp_of_complex_numbers():
    check("softmax", "logsumexp", draw((3, 4), np.complex64), 1, scale=4)


def test_arguments_that_do_not_fit():
    with pytest.raises(ValueError, match="needs arrays of one shape"):
        check("softmax", "softmax_backward", draw((3, 4)), draw((3, 1)))
    with pytest.raises(np.exceptions.AxisError):
        check("softmax", "softmax", draw((3, 4)), 2)
