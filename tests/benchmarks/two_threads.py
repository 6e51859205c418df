"""Do two Python threads that train two models take less time than one thread that trains both?"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter

from tests.benchmarks import nets
from tests.benchmarks.table import Line

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 9
SIZES = {
    "128 x 256 -> 256 -> 10": (128, [256, 256, 10]),
    "256 x 512 -> 1024 -> 1024 -> 10": (256, [512, 1024, 1024, 10]),
    "256 x 512 -> 2048 -> 2048 -> 10": (256, [512, 2048, 2048, 10]),
}


def repeat(step: Callable, count: int) -> Callable:
    def steps() -> None:
        for _ in range(count):
            step()

    return steps


def together(tasks: list[Callable]) -> float:
    """Seconds until each, in a thread of its own, is through"""
    threads = [threading.Thread(target=task) for task in tasks]
    start = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return perf_counter() - start


def in_turn(tasks: list[Callable]) -> float:
    start = perf_counter()
    for task in tasks:
        task()
    return perf_counter() - start


def compare(library: str, name: str) -> tuple[list[float], list[float]]:
    """Seconds for a step of both models: (together, in turn), each round"""
    lib = import_module(library)
    lib.set_num_threads(1)
    models = [nets.mlp(lib, *SIZES[name], "Adam") for _ in range(2)]
    in_turn(models)
    count = max(1, round(0.05 / in_turn(models)))
    tasks = [repeat(step, count) for step in models]
    together(tasks)
    rounds = [(together(tasks) / count, in_turn(tasks) / count) for _ in range(ROUNDS)]
    return [a for a, _ in rounds], [b for _, b in rounds]


def measure(threads: int, quick: bool) -> list[Line]:
    """A line for each size, at one thread for each operation"""
    if threads != 1:
        return []
    lines = []
    for name in list(SIZES)[1:2] if quick else SIZES:
        times = {}
        for library, who in (("tinytorch", ""), ("torch", "PyTorch ")):
            if importlib.util.find_spec(library) is None:
                continue
            command = [sys.executable, "-m", "tests.benchmarks.two_threads", library, name]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            times[f"{who}together"], times[f"{who}in turn"] = json.loads(done.stdout)
        medians, fastest = (
            {who: function(found) for who, found in times.items()} for function in (statistics.median, min)
        )
        lines.append(Line("threads", f"a step of two models, {name}", threads, medians, fastest, {"in turn": 1}))
    return lines


if __name__ == "__main__":
    print(json.dumps(compare(sys.argv[1], sys.argv[2])))
