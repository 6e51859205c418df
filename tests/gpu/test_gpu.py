"""The script for machines with a GPU, `python -m tests.gpu`: its parts, and a run at toy sizes on the double."""

import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.benchmarks.table import MISSED, Line
from tests.gpu import report, suite, tasks
from tests.gpu.__main__ import Clock
from tests.gpu.clock import GRAPH
from tests.gpu.suite import ROOT

pytest.importorskip("tqdm", reason="the extra `bench` is not installed")
CEILINGS = {"bandwidth": 1e12, "float32": 1e13, "TF32": 1e14, "float16": 1e15}


def script(*arguments, **environment):
    command = [sys.executable, "-m", "tests.gpu", *map(str, arguments)]
    settings = {key: value for key, value in os.environ.items() if key != "TINYTORCH_TEST_DEVICE"} | environment
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)


# ---- the whole -------------------------------------------------------------------------------------------------------


def test_the_table_on_the_double(tmp_path):
    done = script("--double", "--table", "--keep", tmp_path / "kept", "--markdown", tmp_path / "table.md")
    assert done.returncode == 0, done.stderr
    count = len(tasks.tasks(tasks.TOY))
    assert f"{count} computations; no PyTorch with CUDA to compare with" in done.stdout
    assert "a double, on the CPU" in done.stdout
    kept = json.loads((tmp_path / "kept" / "table.json").read_text())
    assert len(kept) == count and all(each["launches"]["tinytorch"] >= 1 for each in kept)
    assert sum("tinytorch" + GRAPH in each["line"]["medians"] for each in kept) == 4
    text = (tmp_path / "table.md").read_text()
    assert all(f"### {title}" in text for title in ("Training steps", "Matrix products", "Softmax", "Reductions"))
    assert text.count("\n| ") == count + 5  # and the heads


@pytest.mark.slow
def test_listings_and_a_suite_on_the_double(tmp_path):
    done = script("--double", "--suite", "--keep", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"passed     {suite.SMOKE[0]}: " in done.stdout
    assert len(list(tmp_path.glob("*.log"))) >= 1


def test_without_cupy(tmp_path):
    (tmp_path / "cupy.py").write_text("raise ImportError('not here')")
    done = script("--table", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("tests.gpu: Torch not compiled with CUDA enabled: ") and "not here" in done.stderr


def test_wrong_arguments():
    done = script("--markdown", "no/such/folder/table.md")
    assert done.returncode == 2 and "there is no folder" in done.stderr


# ---- programs with a limit -------------------------------------------------------------------------------------------


def program(tmp_path, text, limit=60):
    return suite.run("a program", ["-c", text], tmp_path, limit)


@pytest.mark.parametrize(
    "text, failed, last",
    [
        ("print('6 passed, 0 failed')", False, "6 passed, 0 failed"),
        ("print('=== 1 failed, 6 passed ===')", True, "1 failed, 6 passed"),
        ("print('broken'); raise SystemExit(1)", True, "broken"),
        ("pass", False, "it printed nothing"),
    ],
)
def test_what_becomes_of_a_program(tmp_path, text, failed, last):
    outcome = program(tmp_path, text)
    assert (outcome.failed, outcome.finished, outcome.text) == (failed, True, last)
    assert outcome.log.exists()


def test_a_program_that_takes_too_long_gives_its_summary(tmp_path):
    text = """import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # in case that what runs the tests has it ignored
try:
    time.sleep(60)
except KeyboardInterrupt:
    print('3 passed')"""
    outcome = program(tmp_path, text, 3)
    assert (outcome.failed, outcome.finished, outcome.text) == (False, False, "interrupted after 3 s: 3 passed")
    assert not program(tmp_path, "pass", 0).finished


def test_the_time_is_shared_out():
    shares = list(Clock(1).shares(3))
    assert shares == sorted(shares) and 0 < shares[0] < shares[-1] <= 40


@pytest.mark.skipif(not suite.LISTINGS.is_dir(), reason="the documents' listings are not beside this checkout")
def test_which_listings_need_a_gpu():
    one, two = suite.needing_a_gpu(1), suite.needing_a_gpu(2)
    assert set(one) < set(two) and all("_gpu_" in name for name in two) and suite.needing_a_gpu(0) == []


# ---- the report ------------------------------------------------------------------------------------------------------


def measured(mine, theirs, reach=1.0, work=None, **facts):
    task = tasks.Task("reductions", "sum", lambda lib: None, reach, **facts)
    found = {"tinytorch": [mine], "PyTorch": [theirs]}
    return report.row(task, found, work or {}, CEILINGS)


def test_what_bounds_a_computation():
    assert measured(1e-3, 1e-3, moved=8 * 10**8).bound == "bandwidth 80%"
    assert measured(1e-3, 1e-3, moved=10**8, flops=9 * 10**9).bound == "arithmetic 90%"
    assert measured(1e-3, 1e-3, flops=9 * 10**9, arithmetic="float16").bound == "launches"
    assert measured(1e-3, 1e-3, moved=10**7, work={"tinytorch": (20, 2e-4)}).bound == "launches, GPU busy 20%"
    assert measured(1e-3, 1e-3, moved=10**7, work={"tinytorch": (20, 9e-4)}).bound == "bandwidth 1%"


def test_verdicts():
    assert measured(1.0, 1.0).line.verdict() == ""
    assert measured(1.2, 1.0).line.verdict() == MISSED
    assert measured(1.2, 1.0, 1.5).line.verdict() == ""


def test_the_graph_is_beside_pytorchs_eager_step():
    seconds = {"tinytorch": 3.0, "tinytorch" + GRAPH: 1.0, "PyTorch": 2.0}
    line = Line("steps", "a step", 1, seconds, seconds, {"PyTorch": 1.5})
    assert report.ratios(line) == "1.50 / 1.50 (reach 1.5); graph 0.50"
    assert list(report.eager(line).medians) == ["tinytorch", "PyTorch"]


def test_texts():
    rows = [measured(2e-3, 1e-3, moved=10**9, work={"tinytorch": (2, 1e-3), "PyTorch": None})]
    about = report.about({"GPU": "a GPU"}, CEILINGS, 12.0)
    assert "copy 1.0 TB/s; products, TFLOP/s: float32 10.0, TF32 100.0, float16 1000.0" in report.text(rows, about)
    assert "| sum | 2.00 ms | 1.00 ms | 2.00 / 2.00 (reach 1) | ✗ | bandwidth 50% | 2 |" in report.markdown(rows, about)


# ---- the tasks -------------------------------------------------------------------------------------------------------


def test_the_tasks_of_a_real_run():
    names = {(task.group, task.name) for task in tasks.tasks(tasks.FULL)}
    kinds = itertools.product(("sum", "mean", "max", "argmax", "var", "logsumexp"), ("16M", "256M"))
    assert {("reductions", f"{kind}, all, {size}") for kind, size in kinds} <= names
    assert {("matmul", f"{kind}, 8192 x 8192") for kind in ("float32", "TF32", "float16")} <= names
    assert ("steps", "MLP 784-4096-4096-10, batch 1024: Adam") in names


def test_arithmetic_of_the_net():
    flops, weights = tasks.flops_of(2, (3, 4, 5))
    assert flops == 2 * 2 * (2 * 12 + 3 * 20) and weights == 12 + 20 + 4 + 5


def test_numbers_are_the_same_in_every_library():
    class Lib:
        float32 = "float32"

        @staticmethod
        def tensor(array):
            return Array(array)

    class Array:
        def __init__(self, array):
            self.array = array

        def cuda(self):
            return self

        def repeat(self, count):
            return Array(np.tile(self.array, count))

        def __getitem__(self, index):
            return Array(self.array[index])

        def reshape(self, *shape):
            return Array(self.array.reshape(shape))

        def to(self, dtype):
            return self.array

    one, other = (tasks.numbers(Lib, 300, 400, shift=shift) for shift in (0, 5))
    assert one.shape == (300, 400) and one.dtype == np.float32
    assert abs(one.mean()) < 0.02 and (one != other).mean() > 0.99
