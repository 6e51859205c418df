"""Copies: kernel and twin, in every layout, by one thread and by several."""

import numpy as np
import pytest

from tests.ext.kernel_tools import LAYOUTS, both, draw, load
from tinytorch.kernels import threads


@both
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4), (300, 1001)], ids=str)
def test_copy(kind, layout, shape):
    x, before = layout(draw(shape)), threads.get_num_threads()
    try:
        for count in (1, 3):
            threads.set_num_threads(count)
            y = load(kind, "layout").copy(x)
            np.testing.assert_array_equal(y, x)
            assert (y.shape, y.dtype) == (x.shape, x.dtype)
            assert y.flags.c_contiguous and y.flags.writeable and not np.shares_memory(x, y)
    finally:
        threads.set_num_threads(before)


@both
@pytest.mark.parametrize("dtype", ["?", "u1", "f2", "c16", "M8[s]", "U2", "O"])
def test_copy_of_any_dtype(kind, dtype):
    x = np.zeros((2, 3), dtype)
    x[1, 1] = 1
    np.testing.assert_array_equal(load(kind, "layout").copy(x), x, strict=True)
