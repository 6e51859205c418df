"""Checks and measures tinytorch on a machine with an NVIDIA GPU and CuPy, in less than ten minutes. Installs nothing.

    python -m tests.gpu                                   the documents' GPU listings, the suites of tests, the table
    python -m tests.gpu --table --markdown build/gpu.md   the table alone, also as Markdown for docs/benchmarks.md
    python -m tests.gpu --suite                           listings and suites alone
    python -m tests.gpu --quick                           a look: few computations, one suite
    python -m tests.gpu --double                          toy sizes on the double of CuPy: does the script work?

The table times tinytorch beside PyTorch's CUDA build, where that is installed, on the same GPU in the same run:
training steps (eager and as CUDA graphs), matrix products, reductions, softmax and elementwise operations, with what
bounds them and how many kernels they launch. A cross marks what is above its reach. What was found is kept in the
folder build/gpu while the script runs: logs of the suites, and the table's lines as JSON.

Exit code: 0; 1 when a listing, a test or a row of the table failed; 2 when there is no CuPy or no GPU; 3 when nothing
failed, but the time was up before everything had run.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOUBLE = ROOT / "tests" / "double"
FOR_LISTINGS, FOR_TABLE, FOR_SUITES = 0.15, 0.4, 1.0  # shares of the time that is left when a part begins
RESERVE = 20  # seconds to stop what runs and to write the report


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", action="store_true", help="the documents' GPU listings and the suites of tests")
    parser.add_argument("--table", action="store_true", help="the table of times")
    parser.add_argument("--quick", action="store_true", help="a look: fewer and smaller computations, one suite")
    parser.add_argument("--only", metavar="TEXT", default="", help="lines of the table whose name contains TEXT")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the table as Markdown")
    parser.add_argument("--minutes", metavar="N", type=float, default=9.5, help="stop after so long (default: 9.5)")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, default=ROOT / "build" / "gpu", help="logs, table.json")
    parser.add_argument("--double", action="store_true", help="toy sizes on tests/double instead of a GPU")
    options = parser.parse_args(arguments)
    if options.markdown and not options.markdown.absolute().parent.is_dir():
        parser.error(f"there is no folder {options.markdown.absolute().parent}")
    if not (options.suite or options.table):
        options.suite = options.table = True
    for name in ("tqdm", "pytest"):
        if importlib.util.find_spec(name) is None:
            parser.error(f"{name} is needed: pip install '.[bench]'")
    return options


class Clock:
    """How much of the time is left"""

    def __init__(self, minutes: float):
        self.start = perf_counter()
        self.end = self.start + 60 * minutes - RESERVE

    def left(self) -> float:
        return self.end - perf_counter()

    def spent(self) -> float:
        return perf_counter() - self.start

    def shares(self, count: int) -> Iterator[float]:
        """For `count` programs, one after the other: each may take what is left, less a tenth for each that follows."""
        for behind in reversed(range(count)):
            yield self.left() * 0.9**behind


def run_suites(options: argparse.Namespace, clock: Clock, devices: int) -> list[Any]:
    """The outcomes of listings and suites, printed as they come."""
    from tests.gpu import suite

    folders = suite.SMOKE if options.quick or options.double else suite.FOLDERS
    parts = itertools.chain(
        [suite.listings(devices, options.keep, clock.left() * FOR_LISTINGS)],
        suite.suites(folders, options.keep, clock.shares(len(folders))),
    )
    outcomes = []
    for outcome in parts:
        mark = "failed" if outcome.failed else "passed" if outcome.finished else "unfinished"
        print(f"{mark:11}{outcome.name}: {outcome.text}", flush=True)
        if outcome.failed and outcome.log:
            print(f"{'':11}see {outcome.log}", flush=True)
        outcomes.append(outcome)
    return outcomes


def measure(options: argparse.Namespace, clock: Clock, until: float) -> tuple[list, dict, list[str], int]:
    """(rows, ceilings, what failed, how many tasks were left when the time was up)"""
    from tqdm import tqdm

    import tinytorch
    from tests.gpu import clock as gpu
    from tests.gpu import machine, report, tasks
    from tinytorch.device import library

    sizes = tasks.TOY if options.double else tasks.QUICK if options.quick else tasks.FULL
    libs = {report.MINE: tinytorch} | ({report.PYTORCH: machine.reference()[0]} if machine.reference()[0] else {})
    limits = gpu.ceilings(library(), tinytorch, 16 if options.double else 16384)
    room = tinytorch.cuda.mem_get_info()[0]
    chosen = [task for task in tasks.tasks(sizes) if options.only in task.name]
    rows: list[Any] = []
    failures: list[str] = []
    left = 0
    with tqdm(chosen, desc="table", leave=False) as progress:
        for index, task in enumerate(progress):
            seconds = until - perf_counter()
            if seconds < 0:
                left += 1
                continue
            if task.memory * len(libs) > 0.8 * room:
                failures.append(f"{task.group}: {task.name}: left out, too large for the {room / 2**30:.0f} GiB here")
                continue
            progress.set_postfix_str(f"{task.group}: {task.name}"[:60])
            try:
                calls = gpu.rows_of(task, libs)
                work = {who: gpu.launches(calls[who]) for who in libs}
                budget = 0.0 if options.double else min(1.0, seconds / (len(chosen) - index)) / 2
                found = gpu.times(task, libs, calls, budget, 0.0 if options.double else gpu.TURN)
                rows.append(report.row(task, found, work, limits))
            except gpu.Failed as failure:
                failures.append(str(failure))
            calls = {}
            gpu.free(libs)
            kept = [report.as_dict(each) for each in rows]
            (options.keep / "table.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return rows, limits, failures, left


def main(arguments: Sequence[str]) -> int:
    options = options_of(arguments)
    if options.double:
        paths = [str(DOUBLE), *filter(None, [os.environ.get("PYTHONPATH")])]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
        sys.path.insert(0, str(DOUBLE))
    from tests.gpu import machine, report

    try:
        found = machine.describe()
    except machine.Missing as problem:
        print(f"tests.gpu: {problem}", file=sys.stderr)
        return 2
    import tinytorch

    print("\n".join(f"{key:10}{value}" for key, value in found.items()), flush=True)
    options.keep.mkdir(parents=True, exist_ok=True)
    clock = Clock(options.minutes)
    failures: list[str] = []
    unfinished = False
    if options.table:
        share = FOR_TABLE if options.suite else 1
        rows, limits, failures, left = measure(options, clock, perf_counter() + clock.left() * share)
        unfinished = left > 0
        about = report.about(found, limits, clock.spent())
        print("\n" + report.text(rows, about), flush=True)
        if options.markdown:
            options.markdown.write_text(report.markdown(rows, about), encoding="utf-8")
        if left:
            print(f"tests.gpu: the time was up before {left} lines of the table", file=sys.stderr)
        failures += [] if rows or failures else ["no line of the table was measured"]
    if options.suite:
        print()
        outcomes = run_suites(options, clock, tinytorch.cuda.device_count())
        failures += [f"{outcome.name}: {outcome.text}" for outcome in outcomes if outcome.failed]
        unfinished |= any(not outcome.finished for outcome in outcomes)
    for failure in failures:
        print(f"tests.gpu: failed: {failure}", file=sys.stderr)
    return 1 if failures else 3 if unfinished else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
