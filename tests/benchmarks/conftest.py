"""One thread for all rows while pytest times them, as tests/conftest.py has it for PyTorch."""

import pytest

from tinytorch.kernels import threads


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    before = threads.get_num_threads()
    threads.set_num_threads(1)
    yield
    threads.set_num_threads(before)
