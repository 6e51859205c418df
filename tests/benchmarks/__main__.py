"""Times tinytorch beside NumPy and PyTorch, and kernels beside their twins, and prints tables with the ratios.

    python -m tests.benchmarks                                  everything, at 1 and at 2 threads: a few minutes
    python -m tests.benchmarks steps matmul --threads 1         two groups at one thread
    python -m tests.benchmarks --quick                          a look: few and short rounds, no large arrays
    python -m tests.benchmarks --again --confirm 2 --markdown docs/benchmarks.md --plot docs/benchmarks.png

Each line of a table is a question (one computation on one size). The ratio is the first row's time divided by a
rival's, of the medians and of the fastest rounds; a cross marks a question whose both ratios to one rival are above the
reach that it was given, a tilde one where they disagree. With --confirm 2 what misses is measured twice more, in new
processes: a cross and "3 of 3" stand where it missed each time. Exit code: 0, or 1 when a row fails or rows do not
compute the same.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tests.benchmarks import clock, report, table
from tests.benchmarks.questions import Question
from tests.benchmarks.steps import STEPS, two_layers_function
from tests.benchmarks.table import Line

FIRST = ["steps", "overhead", "matmul", "reductions", "reads", "elementwise"]  # then the others, and last
SPECIAL = {"threads": "two_threads", "memory": "memory", "import": "imports"}  # measured by programs of their own
MEAN_OF = [make.__name__ for make in STEPS if make is not two_layers_function]
SECONDS = {"steps": 1.0, "overhead": 0.4}  # of rounds for each question
OTHERWISE, QUICK = 0.06, 0.03
ROUNDS, FEW = (3, 60), (3, 5)
SPREAD = 5  # so many questions of each group are a look


class Wrong(Exception):
    """What the person at the terminal asked for cannot be done"""


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help="groups whose names begin so; all when none is named (see --list)"
    )
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], metavar="N", help="default: 1 2")
    parser.add_argument("--quick", action="store_true", help="less than a minute: some small questions of each group")
    parser.add_argument("--again", action="store_true", help="the first rows a second time: what is chance?")
    parser.add_argument("--confirm", type=int, default=0, metavar="N", help="N times more what misses its reach")
    parser.add_argument("--only", metavar="TEXT", default="", help="questions whose name contains TEXT")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the tables with machine and versions")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="draw the ratios (PNG or SVG; needs matplotlib)")
    parser.add_argument("--save", metavar="FILE", type=Path, help="keep the measurements (JSON)")
    parser.add_argument("--load", metavar="FILE", type=Path, help="take the measurements from there, measure nothing")
    parser.add_argument("--list", action="store_true", help="print the questions, measure nothing")
    options = parser.parse_args(arguments)
    if min(options.threads) < 1:
        parser.error("--threads takes positive numbers")
    if options.confirm < 0:
        parser.error("--confirm takes no negative number")
    for file in (options.markdown, options.plot, options.save):
        if file and not file.absolute().parent.is_dir():
            parser.error(f"there is no folder {file.absolute().parent}")
    return options


def check(options: argparse.Namespace) -> None:
    """Before minutes are spent: is everything there that will be needed?"""
    needed = {"pytest": "", "tqdm": ""} | ({"matplotlib": " to draw a plot"} if options.plot else {})
    for name, purpose in needed.items():
        if importlib.util.find_spec(name) is None:
            raise Wrong(f"{name} is needed{purpose}: pip install '.[bench]'")
    if options.load and not options.load.exists():
        raise Wrong(f"there is no file {options.load}")
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed here: its rows are left out", file=sys.stderr)


def spread(questions: list, count: int) -> list:
    """At most `count` of them, evenly spaced"""
    count = min(count, len(questions))
    return [questions[place * len(questions) // count] for place in range(count)]


def groups_of(options: argparse.Namespace, everything: Sequence[Question]) -> list[str]:
    """The groups that were named, or all, in the order of the tables"""
    names = list(dict.fromkeys([*FIRST, *(question.group for question in everything), *SPECIAL]))
    if not options.groups:
        return names
    for word in options.groups:
        if not any(name.startswith(word) for name in names):
            raise Wrong(f"no group begins with {word!r}; there are: {', '.join(names)}")
    return [name for name in names if name.startswith(tuple(options.groups))]


def chosen(options: argparse.Namespace) -> tuple[list[str], list[Question]]:
    """(the groups, the questions), in the order of the tables"""
    everything = clock.questions()
    groups = groups_of(options, everything)
    found = []
    for group in groups:
        members = [question for question in everything if question.group == group and options.only in question.name]
        if options.quick:
            members = spread([question for question in members if not question.large], SPREAD)
        found += members
    return groups, found


def measure(options: argparse.Namespace) -> tuple[list[Line], list[str]]:
    """(the lines of all tables, what failed)"""
    lines: list[Line] = []
    failures: list[str] = []
    groups, selected = chosen(options)
    special = [group for group in groups if group in SPECIAL and not options.only]
    for threads in options.threads:
        found, failed = side_by_side(selected, threads, options)
        if threads == options.threads[0]:  # to the rest the number of threads does not matter
            found += by_programs(special, threads, options)
        for _ in range(options.confirm):
            missed = [one for one in found if one.verdict()]
            questions, programs = which(missed, selected, special)
            more, failed_now = side_by_side(questions, threads, options)
            more += by_programs(programs, threads, options)
            found = [table.anew(one, more) if one in missed else one for one in found]
            failed += failed_now
        lines += found + means(found, threads)
        failures += failed
    order = {name: place for place, name in enumerate(groups)}
    places = {(one.group, one.name): place for place, one in reversed(list(enumerate(lines)))}
    lines.sort(key=lambda one: (order[one.group], places[one.group, one.name], one.threads))
    return lines, failures


def which(lines: Sequence[Line], questions: Sequence[Question], groups: Sequence[str]) -> tuple[list, list]:
    """(the questions, the groups with programs of their own) that these lines are of"""
    names = {(one.group, one.name) for one in lines}
    found = {one.group for one in lines}
    return [q for q in questions if (q.group, q.name) in names], [group for group in groups if group in found]


def side_by_side(
    questions: Sequence[Question], threads: int, options: argparse.Namespace
) -> tuple[list[Line], list[str]]:
    """(a line for each question, what failed), measured in new processes"""
    from tqdm import tqdm

    lines: list[Line] = []
    failures: list[str] = []
    with clock.workers(threads) as started, tqdm(questions, desc=table.count(threads), leave=False) as progress:
        for question in progress:
            progress.set_postfix_str(f"{question.group}: {question.name}"[:60])
            budget = QUICK if options.quick else SECONDS.get(question.group, OTHERWISE)
            rounds = FEW if options.quick else ROUNDS
            try:
                found = clock.times(question, started, budget, rounds, options.again)
            except clock.Failed as failure:
                failures.append(f"{failure} ({table.count(threads)})")
                continue
            lines.append(table.line(question, threads, found))
    return lines, failures


def by_programs(groups: Sequence[str], threads: int, options: argparse.Namespace) -> list[Line]:
    """The lines of groups that are measured by programs of their own"""
    from tqdm import tqdm

    lines: list[Line] = []
    for group in tqdm(groups, desc=f"{table.count(threads)}: processes", leave=False, disable=not groups):
        lines += import_module(f"tests.benchmarks.{SPECIAL[group]}").measure(threads, options.quick)
    return lines


def means(lines: Sequence[Line], threads: int) -> list[Line]:
    """The mean over the training steps, which has a reach of its own"""
    steps = [one for one in lines if one.group == "steps" and one.threads == threads]
    six = [one for one in steps if one.name in MEAN_OF]
    return [table.mean_of(six, "geometric mean of six", {"PyTorch": 0.5})] if len(six) == len(MEAN_OF) else []


def main(arguments: Sequence[str]) -> int:
    options = options_of(arguments)
    try:
        check(options)
        if options.list:
            groups, selected = chosen(options)
            for question in selected:
                print(f"{question.group}: {question.name}  ({', '.join(question.rows())})")
            print(*(f"{group}: measured by a program of its own" for group in groups if group in SPECIAL), sep="\n")
            return 0
        start = time.perf_counter()
        if options.load:
            lines, failures, about = report.load(options.load)
        else:
            lines, failures = measure(options)
            how = " --quick" * options.quick + " --again" * options.again
            how += f" --confirm {options.confirm}" if options.confirm else ""
            about = report.about(how, time.perf_counter() - start)
        print(report.text(lines, about))
        if options.save:
            report.save(options.save, lines, failures, about)
        if options.markdown:
            options.markdown.write_text(report.markdown(lines, about, options.plot), encoding="utf-8")
        if options.plot:
            from tests.benchmarks import plot

            plot.draw(lines, about, options.plot)
    except Wrong as problem:
        print(f"benchmarks: {problem}", file=sys.stderr)
        return 2
    for failure in failures:
        print(f"benchmarks: failed: {failure}", file=sys.stderr)
    return 1 if failures or not lines else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
