"""Draws the ratios as horizontal bars: left of 1 the first row is faster than its rival, right of it slower."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.questions import BEST
from tests.benchmarks.report import by_group, title
from tests.benchmarks.table import Line, count

COLOURS = ["#4878a8", "#e0883c", "#5fa06a", "#9a6fb0"]  # one for each number of threads
PANELS = ["steps", "overhead", "matmul", "reductions", "elementwise", "layer norm", "optimizer", "memory"]
RIVAL = {"matmul": BEST, "reductions": BEST}
NAMES = {BEST: "the better one of NumPy and PyTorch"}


def bars(group: str, lines: Sequence[Line]) -> dict[str, dict[int, tuple[float, float, float]]]:
    """Label -> number of threads -> (lowest, geometric mean, highest ratio); long tables are joined"""
    rival = RIVAL.get(group, "PyTorch")
    found: dict[str, dict[int, list[float]]] = {}
    for one in lines:
        ratio = one.ratio(rival)
        if ratio > 0 and not math.isnan(ratio):
            found.setdefault(label(group, one.name), {}).setdefault(one.threads, []).append(ratio)
    return {
        name: {threads: (min(x), statistics.geometric_mean(x), max(x)) for threads, x in each.items()}
        for name, each in found.items()
    }


def label(group: str, name: str) -> str:
    if group == "reductions":  # "sum of 64 x 1000, axis all, sliced": a bar for each function and size
        function, _, rest = name.partition(" of ")
        return f"{function}, {'16M' if rest.startswith('256') else 'small'}"
    if group == "matmul":  # "float32 64x64; 64x64: a @ b": a bar for each dtype and shape
        return name.partition(": ")[0].replace("x", " x ")
    return name.partition(":")[0].replace("_", " ") if group in ("steps", "memory") else name


def draw(lines: Sequence[Line], about: dict[str, str], file: Path) -> None:
    """Write the picture; its format is that of the file's ending."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    groups = {name: bars(name, members) for name, members in by_group(lines).items() if name in PANELS}
    groups = {name: each for name, each in groups.items() if each}
    columns = arrange(groups)
    heights = [sum(rows(groups[name]) for name in column) for column in columns]
    figure = pyplot.figure(figsize=(7.2 * len(columns), 0.17 * max(heights) + 0.8), layout="constrained")
    grid = figure.add_gridspec(1, len(columns))
    for place, column in enumerate(columns):
        inner = grid[place].subgridspec(len(column), 1, height_ratios=[rows(groups[name]) for name in column])
        for row, name in enumerate(column):
            panel(figure.add_subplot(inner[row]), name, groups[name], limits(name, by_group(lines)[name]))
    head = "Time (memory) of tinytorch divided by its rival's; within reach is left of red"
    figure.suptitle(f"{head}. {about['machine']}, {about['date']}", fontsize=11)
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def rows(each: dict) -> int:
    """The height of a panel, in lines of text"""
    return sum(len(by_threads) for by_threads in each.values()) + 7


def arrange(groups: dict[str, dict]) -> list[list[str]]:
    """The panels in two columns of about equal height"""
    columns: list[list[str]] = [[], []]
    heights = [0, 0]
    for name in sorted(groups, key=lambda name: -rows(groups[name])):
        shorter = heights.index(min(heights))
        columns[shorter].append(name)
        heights[shorter] += rows(groups[name])
    return [sorted(column, key=PANELS.index) for column in columns if column]


def limits(group: str, lines: Sequence[Line]) -> dict[str, float]:
    """Label -> the reach it was given"""
    rival = RIVAL.get(group, "PyTorch")
    return {label(group, one.name): one.reach[rival] for one in lines if rival in one.reach}


def panel(axes, group: str, each: dict[str, dict[int, tuple[float, float, float]]], reach: dict[str, float]) -> None:
    """One group: a bar from 1 to the mean ratio, a thin line from the lowest to the highest, a red one at the reach"""
    threads = sorted({number for by_threads in each.values() for number in by_threads})
    place, ticks, names = 0.0, [], []
    for name, by_threads in each.items():
        ticks.append(place + (len(by_threads) - 1) / 2)
        names.append(name)
        for number, (low, mean, high) in sorted(by_threads.items()):
            colour = COLOURS[threads.index(number) % len(COLOURS)]
            axes.barh(place, mean - 1, left=1, height=0.85, color=colour)
            if high > low:
                axes.plot([low, high], [place, place], color="black", linewidth=0.7)
            place += 1
        if name in reach:
            axes.plot([reach[name]] * 2, [place - len(by_threads) - 0.5, place - 0.5], color="#cc3333", linewidth=1.4)
        place += 0.5
    axes.set_xscale("log")
    lowest = min(low for each_ in each.values() for low, _, _ in each_.values())
    highest = max(high for each_ in each.values() for _, _, high in each_.values())
    axes.set_xlim(min(0.45, lowest / 1.1), max(1.6, highest * 1.1))
    shown = [x for x in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if axes.get_xlim()[0] <= x <= axes.get_xlim()[1]]
    axes.set_xticks(shown, [f"{x:g}" for x in shown], fontsize=8)
    axes.minorticks_off()
    axes.set_yticks(ticks, names, fontsize=8)
    axes.set_ylim(place - 0.5, -1)
    axes.axvline(1, color="black", linewidth=1)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    rival = RIVAL.get(group, "PyTorch")
    axes.set_title(f"{title(group)}, share of {NAMES.get(rival, rival)}", fontsize=10, loc="left")
    handles = [axes.barh(0, 0, left=1, color=COLOURS[i % len(COLOURS)]) for i in range(len(threads))]
    axes.legend(handles, [count(number) for number in threads], fontsize=8, loc="best", frameon=False)
