"""Times the documents' training steps in tinytorch and in PyTorch, in turns, on one thread, and prints the ratios.

    python tests/benchmarks/side_by_side.py [STEP ...]

Every round times a handful of steps in one library and then in the other. What else the machine does slows some rounds
down, in both libraries alike: the ratio is that of the medians, the time is that of the fastest round.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch

import tinytorch

sys.path.insert(0, str(Path(__file__).parent))
from steps import STEPS

ROUNDS, ROUND_SECONDS = 60, 0.02


def time_of(step: Callable, count: int) -> float:
    """Seconds for one step, in the mean of `count`."""
    start = perf_counter()
    for _ in range(count):
        step()
    return (perf_counter() - start) / count


def compare(make: Callable) -> tuple[float, float, float]:
    """The fastest round's microseconds in tinytorch and in PyTorch, and the ratio of the medians."""
    steps = [make(library) for library in (tinytorch, torch)]
    counts = [max(1, round(ROUND_SECONDS / time_of(step, 3))) for step in steps for _ in range(2)][1::2]
    times: tuple[list, list] = ([], [])
    for _ in range(ROUNDS):
        for step, count, found in zip(steps, counts, times):
            found.append(time_of(step, count))
    mine, theirs = times
    return min(mine) * 1e6, min(theirs) * 1e6, statistics.median(mine) / statistics.median(theirs)


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    tinytorch.set_num_threads(1)
    print(f"{'step':26}{'tinytorch':>12}{'PyTorch':>12}{'ratio':>8}   microseconds, one thread")
    for make in STEPS:
        if names and make.__name__ not in names:
            continue
        mine, theirs, ratio = compare(make)
        print(f"{make.__name__:26}{mine:12.1f}{theirs:12.1f}{ratio:8.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
