"""Losses and their gradients on the device, beside their twins."""

import numpy as np
import pytest

from tests.kernels_gpu.beside_twin import FLOATS, check, draw, transposed

NAMES = ("bce_with_logits", "mse", "smooth_l1", "huber")
dtypes = pytest.mark.parametrize("dtype", [*FLOATS, np.dtype(np.float16)], ids=str)


def parameters(name):
    return [()] if name in ("bce_with_logits", "mse") else [(1.0,), (0.3,)]


@dtypes
@pytest.mark.parametrize("name", NAMES)
def test_losses(name, dtype):
    for shape in [(), (0,), (3, 5)]:
        for more in parameters(name):
            check("loss", name, draw(shape, dtype, 1, odd=True), draw(shape, dtype, 2), *more, scale=1)
    check("loss", name, transposed(draw((3, 5), dtype, 1)), draw((3, 5), dtype, 2), *more, scale=1)


@dtypes
@pytest.mark.parametrize("name", NAMES)
def test_sums_and_means(name, dtype):
    for reduction in ("sum", "mean"):
        for shape in [(), (0,), (3, 5), (20, 30)]:
            for more in parameters(name):
                check("loss", name, draw(shape, dtype, 1), draw(shape, dtype, 2), *more, reduction, scale=600)
    check("loss", name, transposed(draw((3, 5), dtype, 1)), draw((3, 5), dtype, 2), *more, "sum", scale=16)
    check("loss", name, draw((5, 5000), dtype), draw((5, 5000), dtype, 2), *more, "mean", scale=16)


@dtypes
@pytest.mark.parametrize("name", NAMES)
def test_gradients(name, dtype):
    x, target = draw((3, 5), dtype, 1, odd=True), draw((3, 5), dtype, 2)
    for more in parameters(name):
        for grad in (np.array(0.7, dtype), draw((3, 5), dtype, 3)):
            check("loss", f"{name}_backward", grad, x, target, *more, scale=1)
    with pytest.raises(ValueError, match="needs arrays of one shape"):
        check("loss", f"{name}_backward", draw((3, 1), dtype), x, target, *more)
