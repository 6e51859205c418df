"""Programs as anybody writes them for PyTorch print the same under `python -m tinytorch`.

Each program of this folder runs unmodified in a process of its own, with the real PyTorch and with tinytorch. The two
texts must be equal; numbers with a decimal point may differ by float32's rounding. Addresses are not compared.
"""

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NOT_PROGRAMS = {"conftest", "reference", "test_programs"}
PROGRAMS = sorted(path for path in HERE.glob("*.py") if path.stem not in NOT_PROGRAMS)

RELATIVE, ABSOLUTE = 1e-3, 2e-4  # what 4 printed digits and a few hundred float32 steps leave

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the programs under PyTorch are forked"),
]

NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=e[-+]?\d))(?:e[-+]?\d+)?")


@pytest.fixture(scope="session")
def reference(request, tmp_path_factory) -> dict[str, tuple[int, str]]:
    """What the programs chosen for this run do under PyTorch: exit status and text."""
    calls = [
        item.callspec for item in request.session.items if item.path == Path(__file__) and hasattr(item, "callspec")
    ]
    chosen = [call.params["program"] for call in calls]
    folder = tmp_path_factory.mktemp("torch")
    command = [sys.executable, str(HERE / "reference.py"), str(folder), *map(str, chosen)]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    statuses = dict(line.split() for line in done.stdout.splitlines())
    return {name: (int(code), (folder / f"{name}.txt").read_text("utf-8")) for name, code in statuses.items()}


def environment() -> dict[str, str]:
    """One thread, no display, and text in UTF-8."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONUTF8": "1"}


def neutral(text: str) -> str:
    """The text without what differs from run to run: addresses, and the spaces that align numbers."""
    return re.sub(r"[ \t]+", " ", re.sub(r"\b0x[0-9a-f]+", "0x...", text))


def same(expected: str, printed: str) -> bool:
    """Is one line like the other, numbers within the tolerance?"""
    words, other = NUMBER.split(expected), NUMBER.split(printed)
    if words != other:
        return False
    pairs = zip(map(float, NUMBER.findall(expected)), map(float, NUMBER.findall(printed)))
    return all(abs(a - b) <= max(ABSOLUTE, RELATIVE * abs(a)) for a, b in pairs)


def difference(expected: str, printed: str) -> list[str]:
    """The lines that differ; lines whose numbers are close enough count as equal."""
    old, new = neutral(expected).splitlines(), neutral(printed).splitlines()
    if len(old) == len(new):
        new = [a if same(a, b) else b for a, b in zip(old, new)]
    return list(difflib.unified_diff(old, new, "PyTorch", "tinytorch", lineterm="", n=1))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program(program, reference, tmp_path):
    command = [sys.executable, "-m", "tinytorch", str(program)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    status, expected = reference[program.stem]
    assert status == 0, f"the program fails under PyTorch:\n{expected}"
    assert done.returncode == 0, done.stderr
    assert not (lines := difference(expected, done.stdout)), "\n".join(lines)


def test_the_comparison_sees_differences():
    assert same("loss 0.12345 at step 3", "loss 0.12346 at step 3")
    assert same("tensor([1.0000e+04, nan])", "tensor([1.0001e+04, nan])")
    assert not same("loss 0.1234", "loss 0.1244")
    assert not same("step 3", "step 4")
    assert not same("tensor([1.])", "tensor([nan])")
    assert not same("tensor([1., 2.])", "tensor([1., 2.], dtype=torch.float64)")
    assert difference("a\nb\n", "a\n")
    assert not difference("<X at 0x7f01>\n", "<X  at 0x7f02>\n")
