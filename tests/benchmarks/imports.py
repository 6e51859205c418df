"""What does importing cost, in time and memory, once NumPy is there?"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.table import Line

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import json, sys, time
import numpy

def occupied():
    try:
        lines = open("/proc/self/status").read().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6

before, start = occupied(), time.perf_counter()
__import__(sys.argv[1])
print(json.dumps([time.perf_counter() - start, occupied() - before]))
"""
LIMITS = (0.05, 25.0)  # seconds, MB


def imported(module: str, folder: str) -> tuple[float, float]:
    """Seconds and MB that one import takes in a new process; files are compiled into `folder` once"""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
    command = [sys.executable, "-c", CODE, module]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    seconds, size = json.loads(done.stdout)
    return seconds, size


def measure(threads: int, quick: bool) -> list[Line]:
    """Two lines: time and memory"""
    modules = {"tinytorch": "tinytorch"} | ({"PyTorch": "torch"} if importlib.util.find_spec("torch") else {})
    runs: dict[str, list[tuple[float, float]]] = {who: [] for who in modules}
    with tempfile.TemporaryDirectory() as folder:
        for module in modules.values():
            imported(module, folder)  # compiles the files
        for _ in range(2 if quick else 7):
            for who, module in modules.items():
                runs[who].append(imported(module, folder))
    lines = []
    for place, (name, unit) in enumerate((("time beyond NumPy", "s"), ("memory beyond NumPy", "MB"))):
        medians, fastest = (
            {who: function(run[place] for run in found) for who, found in runs.items()} | {"limit": LIMITS[place]}
            for function in (statistics.median, min)
        )
        if medians["tinytorch"]:  # there is no /proc everywhere
            lines.append(Line("import", name, threads, medians, fastest, {"limit": 1}, unit))
    return lines
