"""Tests of torch.cuda need a GPU or CuPy's double in its place: TINYTORCH_TEST_DEVICE=cuda."""

from pathlib import Path

import pytest

from tests.places import DEVICE, own_numbers


def pytest_collection_modifyitems(items):
    for item in items:
        if DEVICE == "cpu" and Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.skip(reason="torch.cuda needs TINYTORCH_TEST_DEVICE=cuda"))


@pytest.fixture(autouse=True)
def numbers_of_the_gpu():
    """Elsewhere the CPU draws for the GPU, so that its numbers can be compared with PyTorch's on the CPU."""
    with own_numbers():
        yield
