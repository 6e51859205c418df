"""The kernels' third column runs where there is a GPU or CuPy's double: TINYTORCH_TEST_DEVICE=cuda."""

from pathlib import Path

import numpy as np
import pytest

from tests.places import DEVICE


def pytest_collection_modifyitems(items):
    for item in items:
        if DEVICE == "cpu" and Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.skip(reason="the third column of kernels needs TINYTORCH_TEST_DEVICE=cuda"))


@pytest.fixture(autouse=True, scope="package")
def silence():
    with np.errstate(all="ignore"):
        yield
