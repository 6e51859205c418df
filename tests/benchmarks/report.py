"""The report: tables for a terminal and for docs/benchmarks.md, with machine and versions, and a file of the lines."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.benchmarks import table
from tests.benchmarks.table import Line

ROOT = Path(__file__).resolve().parents[2]
TITLES = {
    "steps": "Training steps",
    "overhead": "What a call costs",
    "matmul": "Matrix products",
    "reductions": "Reductions",
    "reads": "Reductions of 16M numbers beside reading the memory",
    "elementwise": "Elementwise operations on large tensors",
    "kernels": "Kernels on small arrays",
    "threads": "Two Python threads",
    "memory": "Peak memory of a training step",
    "import": "Importing",
}
LONG = 24  # tables of more lines are folded


def about(how: str, seconds: float) -> dict[str, str]:
    """Machine and versions"""
    versions = [f"{name} {version(name)}" for name in ("numpy", "torch", "scipy", "cython")]
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "machine": f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "versions": f"Python {platform.python_version()}, {', '.join(versions)}, tinytorch {commit()}",
        "run": f"`python -m tests.benchmarks{how}`, {seconds:.0f} s",
    }


def version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """The processor's name, and the widest SIMD instructions that it has"""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(part.split(":", 1) for part in reversed(text.replace("\t", "").splitlines()) if ":" in part)
    flags = fields.get("flags", "").split()
    simd = next((name for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "")
    return f"{fields.get('model name', platform.machine()).strip()}{', ' + simd if simd else ''}"


def commit() -> str:
    """The version from git, with a plus sign where files differ from it"""
    try:
        head = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return version("tinytorch-readalong")
    return head + ("+" if changed.strip() else "")


def title(group: str) -> str:
    return TITLES.get(group, group.capitalize())


def by_group(lines: Sequence[Line]) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for one in lines:
        groups.setdefault(one.group, []).append(one)
    return groups


def text(lines: Sequence[Line], about: dict[str, str]) -> str:
    parts = ["\n".join(f"{key:10}{value}" for key, value in about.items())]
    for group, members in by_group(lines).items():
        parts.append(f"{title(group)}\n\n{table.text_table(members)}")
    parts.append("\n".join(table.summary(lines)))
    return "\n\n".join(parts)


def markdown(lines: Sequence[Line], about: dict[str, str], plot: Path | None) -> str:
    parts = [HEAD.strip(), "\n".join(f"- {key}: {value}" for key, value in about.items())]
    if plot:
        parts.append(f"![the ratios as bars]({plot.name})")
    parts.append("## Summary\n\n" + "\n".join(f"- {line}" for line in table.summary(lines)))
    for group, members in by_group(lines).items():
        body = markdown_table(members)
        if len(members) > LONG:
            worst = sorted((one for one in members if one.verdict()), key=table.excess, reverse=True)
            if worst:
                shown = markdown_table(worst[:LONG])
                more = f", the {LONG} farthest from it" if len(worst) > LONG else ""
                parts.append(f"## {title(group)}\n\nNot within reach{more}:\n\n{shown}")
            else:
                parts.append(f"## {title(group)}\n\nAll within reach.")
            parts.append(f"<details><summary>All {len(members)} lines</summary>\n\n{body}\n\n</details>")
        else:
            parts.append(f"## {title(group)}\n\n{body}")
    return "\n\n".join(parts) + "\n"


HEAD = """
# Benchmarks

tinytorch beside NumPy and PyTorch, and kernels beside their NumPy twins, as `python -m tests.benchmarks` prints them.

How it is measured: every library computes in a process of its own, started with the same number of threads
(`OMP_NUM_THREADS`, `OPENBLAS_NUM_THREADS`, `MKL_NUM_THREADS`, `set_num_threads`). The processes take turns of a few
milliseconds; whose turn it is not stands still (SIGSTOP). In one process they would disturb each other: after a product
OpenBLAS's threads wait busily for longer than a turn, and PyTorch's 512 x 512 product, 1.3 ms alone, takes 2 to 16 ms
beside them. Each has its main thread on the last core and its other threads on the others: on a shared machine a core
can be slowed to half its speed for seconds. Small arrays are made anew three times: where they lie decides how much of
them a cache holds. At least one call goes before those that are timed: without it the last cache held more of one
process's 64 MB than of another's, and the same sum took 3.9 ms in the first process and 3.1 in the last. Results are
compared before anything is timed. A ratio is the first row's time divided by a rival's: of the medians over all turns,
then of the fastest turns. *best* is the faster one of NumPy and PyTorch. "(reach 0.5)" is the bound that the project
has set itself; ✗ marks a question whose both ratios to one rival are more than 2 % above it, ~ one where a single ratio
is. What missed was measured anew, in other processes: "✗ 3 of 3" missed each time, "~ 1 of 3" once; the numbers are the
last measurement's.

What is chance? With --again, the row *again* is the first one once more, in a process of its own. "By chance" in the
summary counts the questions whose first row is more than 2 % slower than itself, by medians and by fastest turns: so
many of the ✗ at a reach of 1 mean nothing.
"""


def markdown_table(lines: Sequence[Line]) -> str:
    rows = [who for who in table.ORDER if any(who in one.medians for one in lines)]
    head = ["question", "threads", *rows, "ratio of medians / of fastest", ""]
    text = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (1 + len(rows))}---|---|"]
    for one in lines:
        cells = [table.amount(one.medians[who], one.unit) if who in one.medians else "" for who in rows]
        text.append(f"| {one.name} | {one.threads} | {' | '.join(cells)} | {table.ratios(one)} | {one.mark()} |")
    return "\n".join(text)


def save(file: Path, lines: Sequence[Line], failures: list[str], about: dict[str, str]) -> None:
    content: dict[str, Any] = {"about": about, "failures": failures, "lines": [one.as_dict() for one in lines]}
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")


def load(file: Path) -> tuple[list[Line], list[str], dict[str, str]]:
    content = json.loads(file.read_text(encoding="utf-8"))
    return [Line(**one) for one in content["lines"]], content["failures"], content["about"]
