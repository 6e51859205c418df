"""The kernels' tests run as the kernels do: without NumPy's warnings about nan and inf."""

import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="package")
def silence():
    with np.errstate(all="ignore"):
        yield
