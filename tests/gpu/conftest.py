"""These tests need a device, a GPU or the double of CuPy; of those that count what the double counts, the double."""

from pathlib import Path

import pytest

from tests.places import DEVICE, own_numbers
from tinytorch.device import library

ANYWHERE = ("test_gpu.py",)  # starts processes of its own


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if DEVICE == "cpu" and item.path.parent == here and item.path.name not in ANYWHERE:
            item.add_marker(pytest.mark.skip(reason="computes on a GPU or its double: TINYTORCH_TEST_DEVICE=cuda"))


@pytest.fixture(autouse=True)
def numbers_of_the_gpu():
    """Elsewhere the CPU draws for the GPU, so that its numbers can be compared with PyTorch's on the CPU."""
    with own_numbers():
        yield


@pytest.fixture
def double():
    """What the double counts: launches, synchronisations, uploads; a real CuPy does not."""
    cupy = library()
    if not hasattr(cupy, "_double"):
        pytest.skip("CuPy's double counts launches and waits, a GPU does not")
    return cupy._double
