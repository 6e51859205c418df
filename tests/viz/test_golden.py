"""Drawings are the same, byte for byte, in every run: between processes, and compared with stored ones.

The last digit of a sigmoid may differ from one processor to another, so stored numbers may differ by 1 in 10,000.
"""

import hashlib
import math
import os
import re
import subprocess
import sys

import pytest

from tests.viz.golden import FOLDER, drawings
from tests.viz.programs import PROGRAMS

HASHES = """
import hashlib
from tests.viz.golden import all_drawings
from tests.viz.programs import two_layers
from tinytorch import viz
import tinytorch.viz.torchviz
for name, content in all_drawings():
    print(name, hashlib.sha256(content.encode()).hexdigest())
loss, params = two_layers()
print(hashlib.sha256(viz.draw(loss, params, style="torchviz").dot.encode()).hexdigest())
with viz.record() as recording:
    loss, params = two_layers()
    loss.backward()
print(hashlib.sha256(recording.draw(direction="backward").html().encode()).hexdigest())
"""


FRACTION = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


def without_fractions(text: str) -> str:
    return FRACTION.sub("#", text)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_drawings_are_the_stored_ones(program):
    for name, content in drawings(program):
        stored = (FOLDER / name).read_text(encoding="utf-8")
        assert without_fractions(content) == without_fractions(stored), f"{name} changed: python -m tests.viz.golden"
        for ours, theirs in zip(FRACTION.findall(content), FRACTION.findall(stored)):
            assert math.isclose(float(ours), float(theirs), rel_tol=1e-4), name


def test_nothing_else_is_stored():
    wanted = {name for program in PROGRAMS for name, _ in drawings(program)}
    assert {path.name for path in FOLDER.iterdir()} == wanted


def test_two_processes_draw_the_same_bytes():
    printed = []
    for seed in ("1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", HASHES]
        printed.append(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    assert printed[0] == printed[1]
    first = next(drawings(PROGRAMS[0]))
    assert hashlib.sha256(first[1].encode()).hexdigest() in printed[0]
