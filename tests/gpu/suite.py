"""The documents' listings and the suites of tests, run on the GPU in processes of their own, each with a time limit."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTINGS = ROOT.parent / "shared" / "listings"
FOLDERS = (
    "tests/cuda", "tests/kernels_gpu", "tests/autograd", "tests/optim", "tests/nn", "tests/functions", "tests/ops",
)  # fmt: skip
SMOKE = ("tests/optim/test_sgd.py",)
PROCESSES = 4


@dataclass
class Outcome:
    """What became of one program of the suite"""

    name: str
    text: str  # its last line, or why it did not run
    failed: bool
    finished: bool
    log: Path | None = None


def needing_a_gpu(devices: int) -> list[str]:
    """The names of the listings that say `# needs: cuda`, of those for which there are enough GPUs."""
    found = []
    for path in sorted(LISTINGS.glob("[0-9]*.py")):
        head = re.match(r"(#.*\n)*", path.read_text(encoding="utf-8"))
        needs = re.search(r"^# needs: (.*cuda.*)$", head[0] if head else "", re.MULTILINE)
        if needs:
            several = re.match(r"\d+", needs[1])
            if int(several[0] if several else 1) <= devices:
                found.append(path.name)
    return found


def listings(devices: int, logs: Path, limit: float) -> Outcome:
    """The GPU's listings, by the checker that lies beside them."""
    if not LISTINGS.is_dir():
        return Outcome("listings", "the documents' listings are not beside this checkout", False, True)
    names = needing_a_gpu(devices)
    if not names:
        return Outcome("listings", "none of them needs a GPU", False, True)
    return run("listings", [str(LISTINGS / "check.py"), "-v", *names], logs, limit)


def suites(folders: Sequence[str], logs: Path, limits: Iterator[float]) -> Iterator[Outcome]:
    """pytest on one folder after the other; `limits` says how many seconds each may take."""
    parallel = ["-n", str(PROCESSES)] if importlib.util.find_spec("xdist") else []
    for folder in folders:
        options = ["-m", "pytest", folder, "-q", "--tb=short", "-p", "no:cacheprovider"]
        if (ROOT / folder).exists():
            yield run(folder, options + (parallel if (ROOT / folder).is_dir() else []), logs, next(limits))


def run(name: str, arguments: Sequence[str], logs: Path, limit: float) -> Outcome:
    """Run a Python program, its output into a log; after `limit` seconds it is interrupted and gives its summary."""
    if limit <= 0:
        return Outcome(name, "not run: the time was up", False, False)
    log = logs / (re.sub(r"\W+", "_", name) + ".log")
    environment = dict(os.environ, TINYTORCH_TEST_DEVICE="cuda")
    finished = True
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            finished = False
            stop(process)
    last = (log.read_text(encoding="utf-8").strip().splitlines() or ["it printed nothing"])[-1].strip("= ")
    text = last if finished else f"interrupted after {limit:.0f} s: {last}"
    return Outcome(
        name, text, (finished and process.returncode != 0) or bool(re.search(r"[1-9]\d* failed", last)), finished, log
    )


def stop(process: subprocess.Popen) -> None:
    """Interrupt it as Ctrl-C would, so that it reports what it has; end it if it does not come to that."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
