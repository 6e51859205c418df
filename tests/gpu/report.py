"""The table of a GPU: times, ratio to PyTorch's, what bounds a computation, kernels per call, as text and Markdown."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from tests.benchmarks import table
from tests.benchmarks.report import by_group, commit, title, version
from tests.benchmarks.table import Line
from tests.gpu.clock import GRAPH
from tests.gpu.tasks import Task

MINE, PYTORCH = "tinytorch", "PyTorch"
ROWS = [MINE, MINE + GRAPH, PYTORCH, PYTORCH + GRAPH]
BOUND = 0.3  # below this share of the ceilings, neither memory nor arithmetic is what a computation waits for


@dataclass
class Row:
    """What a task came to"""

    line: Line
    bound: str
    launches: dict[str, int]  # library -> kernels and copies of one call


def row(
    task: Task,
    found: Mapping[str, Sequence[float]],
    work: Mapping[str, tuple[int, float] | None],
    ceilings: Mapping[str, float],
) -> Row:
    """The times, launches and ceilings of a task as a row of the table."""
    line = table.line(Question(task), 1, found)
    counted = {who: each for who, each in work.items() if each is not None}
    return Row(line, bound(task, line, counted, ceilings), {who: count for who, (count, _) in counted.items()})


class Question:
    """A task, as tests.benchmarks.table looks at it"""

    def __init__(self, task: Task):
        self.group, self.name, self.reach = task.group, task.name, {PYTORCH: task.reach}


def bound(task: Task, line: Line, work: Mapping[str, tuple[int, float]], ceilings: Mapping[str, float]) -> str:
    """What tinytorch waits for: memory or arithmetic with the share of the ceiling that is reached, or launches."""
    mine = line.fastest[MINE]
    shares = {
        "bandwidth": task.moved / ceilings["bandwidth"] / mine,
        "arithmetic": task.flops / ceilings[task.arithmetic] / mine,
    }
    name, share = max(shares.items(), key=lambda each: each[1])
    busy = work.get(MINE, (0, 0.0))[1] / mine
    if share < BOUND and (not busy or busy < 0.7):
        return "launches" + (f", GPU busy {busy:.0%}" if busy else "")
    return f"{name} {share:.0%}"


def about(found: Mapping[str, str], ceilings: Mapping[str, float], seconds: float) -> dict[str, str]:
    """GPU, versions and ceilings"""
    reached = {name: f"{ceilings[name] / 1e12:.1f}" for name in ceilings}
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        **found,
        "versions": f"Python {platform.python_version()}, numpy {version('numpy')}, tinytorch {commit()}",
        "ceilings": f"copy {reached.pop('bandwidth')} TB/s; products, TFLOP/s: "
        + ", ".join(f"{name} {rate}" for name, rate in reached.items()),
        "run": f"`python -m tests.gpu --table`, {seconds:.0f} s",
    }


def columns(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """(head, cells) of a group"""
    shown = [who for who in ROWS if any(who in each.line.medians for each in rows)]
    counted = [who for who in (MINE, PYTORCH) if any(who in each.launches for each in rows)]
    head = ["question", *shown, "ratio of medians / of fastest", "", "bound", *(f"launches, {who}" for who in counted)]
    cells = []
    for each in rows:
        line = each.line
        times = [table.amount(line.medians[who], "s") if who in line.medians else "" for who in shown]
        counts = [str(each.launches.get(who, "")) for who in counted]
        cells.append([line.name, *times, ratios(line), line.verdict(), each.bound, *counts])
    return head, cells


def ratios(line: Line) -> str:
    """ "0.93 / 0.91 (reach 1)"; of the graph to PyTorch's eager step as well"""
    if PYTORCH not in line.medians:
        return ""
    text = f"{line.ratio(PYTORCH):.2f} / {line.ratio(PYTORCH, line.fastest):.2f} (reach {line.reach[PYTORCH]:g})"
    if MINE + GRAPH in line.medians:
        text += f"; graph {line.medians[MINE + GRAPH] / line.medians[PYTORCH]:.2f}"
    return text


def text(rows: Sequence[Row], about: Mapping[str, str]) -> str:
    parts = ["\n".join(f"{key:10}{value}" for key, value in about.items())]
    for group, members in grouped(rows).items():
        head, cells = columns(members)
        widths = [max(len(each[i]) for each in [head, *cells]) for i in range(len(head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(each, widths)).rstrip() for each in [head, *cells]]
        parts.append("\n".join([title(group), "", *lines]))
    parts.append("\n".join(summary(rows)))
    return "\n\n".join(parts)


def markdown(rows: Sequence[Row], about: Mapping[str, str]) -> str:
    """The section for docs/benchmarks.md"""
    parts = [HEAD.strip(), "\n".join(f"- {key}: {value}" for key, value in about.items())]
    parts.append("\n".join(f"- {line}" for line in summary(rows)))
    for group, members in grouped(rows).items():
        head, cells = columns(members)
        lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        lines += [f"| {' | '.join(each)} |" for each in cells]
        parts.append("\n".join([f"### {title(group)}", "", *lines]))
    return "\n\n".join(parts) + "\n"


HEAD = """
## On a GPU

As `python -m tests.gpu --table` prints it. Both libraries compute in one process on one stream and take turns of some
milliseconds, timed with CUDA's events from an idle GPU to an idle GPU; results are compared before anything is timed.
The ratio is tinytorch's time divided by PyTorch's, both eager: of the medians over all turns, then of the fastest. The
reach is 1 where the GPU is busy and 1.5 where launching kernels takes longer than what they do; ✗ marks what misses
it. "graph" is tinytorch's step captured as a CUDA graph beside PyTorch's eager one. *bound* says what tinytorch waits
for: memory or arithmetic, with the share of the ceiling (measured in the same run: a copying kernel, cuBLAS's best
product) that the bytes and operations of the computation come to, or launches.
"""


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups = by_group([each.line for each in rows])
    return {group: [each for each in rows if each.line.group == group] for group in groups}


def summary(rows: Sequence[Row]) -> list[str]:
    """For each group how much is within reach; without PyTorch there is nothing to compare with."""
    beside = [each.line for each in rows if PYTORCH in each.line.medians]
    if not beside:
        return [f"{len(rows)} computations; no PyTorch with CUDA to compare with"]
    return [line.replace(", 1 thread", "") for line in table.summary([eager(line) for line in beside])]


def eager(line: Line) -> Line:
    """The line without the graphs, whose ratio is no verdict"""
    kept = {who: seconds for who, seconds in line.medians.items() if who in (MINE, PYTORCH)}
    return Line(line.group, line.name, 1, kept, {who: line.fastest[who] for who in kept}, line.reach)


def as_dict(each: Row) -> dict[str, Any]:
    return {"line": each.line.as_dict(), "bound": each.bound, "launches": each.launches}
