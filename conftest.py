"""What every docstring example finds without importing it: `torch` is tinytorch, `np` is NumPy."""

import numpy as np
import pytest

import tinytorch


@pytest.fixture(autouse=True, scope="session")
def names_for_doctests(doctest_namespace):
    doctest_namespace["torch"] = tinytorch
    doctest_namespace["np"] = np
