"""torch.cuda on the double of CuPy, in a process of its own: here, where nobody has asked for a GPU, there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import DEVICE


@pytest.mark.slow
@pytest.mark.skipif(DEVICE != "cpu", reason="these tests run on a device already")
def test_cuda():
    options = ["-q", "--tb=short", "-m", "not slow", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "tests/cuda", *options]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], env=dict(os.environ, TINYTORCH_TEST_DEVICE="cuda"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
