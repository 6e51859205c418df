"""NumPy's ufuncs on the device, beside themselves on the host."""

import numpy as np
import pytest
from scipy import special

from tests.kernels_gpu.beside_twin import check, draw, every_other
from tests.places import PLACE
from tinytorch import kernels
from tinytorch.device import host, put

DTYPES = [np.float32, np.float64, np.float16, np.int64, np.complex64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_ufuncs(dtype):
    x, y = draw((3, 4), dtype, 1), draw((4,), dtype, 2)
    for name in ("add", "subtract", "multiply"):
        check("arithmetic", name, x, y, scale=1)
        check("arithmetic", name, every_other(x), 2, scale=1)
    check("arithmetic", "negative", x)
    check("arithmetic", "apply", np.square, x, scale=1)
    if dtype is not np.int64:  # CuPy has no rule for 1 / 0 of integers
        check("arithmetic", "divide", x, y, scale=1)
    check("arithmetic", "apply_to_two", np.power, abs(x), 2, scale=1)


def test_results_go_where_they_are_wanted():
    x, out = put(draw((3,)), PLACE), put(np.zeros(3), PLACE)
    assert kernels.arithmetic.add(x, x, out) is out
    assert kernels.arithmetic.apply(np.exp, x, out) is out
    np.testing.assert_allclose(host(out), np.exp(draw((3,))), rtol=1e-14)


def test_ufuncs_of_scipy():
    check("arithmetic", "apply", special.gammaln, np.array([1.0, 2.5, 10.0]), scale=10)
    check("arithmetic", "apply_to_two", special.xlogy, np.array([0.0, 2.0]), np.array([0.0, 3.0]))
