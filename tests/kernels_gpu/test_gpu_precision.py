"""In which precision float32 matrices are multiplied on the device."""

import pytest

import tinytorch as tt
from tinytorch.device import library


@pytest.fixture(autouse=True)
def as_before():
    before = tt.get_float32_matmul_precision()
    yield
    tt.set_float32_matmul_precision(before)


def test_tf32_is_allowed_and_forbidden():
    x = tt.ones(2, 2, device="cuda")
    kind = library()._core.get_compute_type
    for precision, expected in [("high", 7), ("highest", 1), ("medium", 7)]:
        tt.set_float32_matmul_precision(precision)
        assert (x @ x).tolist() == [[2, 2], [2, 2]]
        assert (kind("float32"), kind("complex64"), kind("float64")) == (expected, expected, 1)
