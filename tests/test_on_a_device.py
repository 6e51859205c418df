"""The suites on a device, in processes of their own, since here tests compute on the CPU.

torch.cuda on the double of CuPy; where there is a GPU, `pytest -m gpu`, all suites on it.
"""

import os
import subprocess
import sys

import pytest

from tests.gpu.suite import FOLDERS, ROOT
from tests.places import DEVICE

pytestmark = pytest.mark.skipif(DEVICE != "cpu", reason="these tests run on a device already")


def passes_on_a_device(folder):
    options = ["-q", "--tb=short", "-m", "not slow and not gpu", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", folder, *options], cwd=ROOT,
        env=dict(os.environ, TINYTORCH_TEST_DEVICE="cuda"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_on_the_double():
    passes_on_a_device("tests/cuda")


@pytest.mark.gpu
@pytest.mark.parametrize("folder", FOLDERS)
def test_on_a_gpu(folder):
    passes_on_a_device(folder)
