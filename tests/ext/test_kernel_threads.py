"""The number of threads: read and set, in NumPy's BLAS library and in what tinytorch remembers."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tinytorch.kernels import threads


@pytest.fixture(autouse=True)
def as_before():
    before = threads._wanted, threads.get_num_threads()
    yield
    threads.set_num_threads(before[1])
    threads._wanted = before[0]


@pytest.mark.parametrize("count", [1, 2, np.int64(1)])
def test_set_and_get(count):
    threads.set_num_threads(count)
    assert threads.get_num_threads() == count
    assert threads.blas_threads() in (count, None)


def test_blas_really_changes():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    for count in (1, 2):
        threads.set_num_threads(count)
        mine = [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if "numpy" in pool["filepath"]]
        assert mine == [count]


@pytest.mark.parametrize(
    "value, message",
    [
        (0, "set_num_threads expects a positive integer"),
        (-1, "set_num_threads expects a positive integer"),
        (1.5, "set_num_threads expects an int, but got float"),
        (True, "set_num_threads expects an int, but got bool"),
        ("2", "set_num_threads expects an int, but got str"),
        (None, "set_num_threads expects an int, but got NoneType"),
    ],
)
def test_errors(value, message):
    with pytest.raises(RuntimeError, match=f"^{message}$"):
        threads.set_num_threads(value)


@pytest.mark.torch
@pytest.mark.parametrize("value", [0, 1.5, True, "2"])
def test_errors_are_pytorchs(value):
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError) as theirs:
        torch.set_num_threads(value)
    with pytest.raises(RuntimeError) as ours:
        threads.set_num_threads(value)
    assert str(ours.value) == str(theirs.value)


def test_environment():
    code = "import tinytorch; print(tinytorch.get_num_threads())"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("OPENBLAS_NUM_THREADS", None)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == "1"


def test_without_a_switch(monkeypatch):
    """A BLAS library that cannot be told: the number is remembered, and starts as the number of cores."""
    monkeypatch.setattr(threads, "_switch", lambda: None)
    monkeypatch.setattr(threads, "_wanted", None)
    monkeypatch.setattr(threads, "_cores", lambda: 5)
    assert threads.blas_threads() is None
    assert threads.get_num_threads() == 5
    threads.set_num_threads(3)
    assert threads.get_num_threads() == 3
