"""The lines of the tables: times of all rows, ratios to the first one's rivals, and whether they are within reach."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.benchmarks.questions import BEST

AGAIN = "again"
ORDER = ["kernel", "tinytorch", AGAIN, "twin", "NumPy", "PyTorch", "limit"]
ORDER += ["together", "in turn", "PyTorch together", "PyTorch in turn"]
MISSED, CLOSE = "✗", "~"
NOISE = 1.02  # two rows that do the very same differ by so much now and then


@dataclass
class Line:
    """What one question came to at one number of threads"""

    group: str
    name: str
    threads: int
    medians: dict[str, float]  # row -> time or memory, the one that is asked about first
    fastest: dict[str, float]
    reach: dict[str, float] = field(default_factory=dict)
    unit: str = "s"  # s or MB
    earlier: list[str] = field(default_factory=list)  # what became of it each time that it was measured before

    @property
    def first(self) -> str:
        return next(iter(self.medians))

    def ratio(self, rival: str, values: Mapping[str, float] | None = None) -> float:
        """The first row's share of the rival's time; nan where the rival did not run"""
        values = self.medians if values is None else values
        rivals = ["NumPy", "PyTorch"] if rival == BEST else [rival]
        best = min((values[who] for who in rivals if who in values), default=math.nan)
        return values[self.first] / best if best else math.nan

    def rivals(self) -> list[str]:
        """Whom it is compared with: those of the reach first"""
        others = [who for who in self.medians if who not in (self.first, AGAIN)]
        return list(dict.fromkeys([*self.reach, *(others if not self.reach else [])]))

    def verdict(self) -> str:
        """ "" within reach, MISSED, or CLOSE where medians and fastest rounds disagree, or the measurements do"""
        found = {*self.earlier, self.verdict_now()}
        return found.pop() if len(found) == 1 else CLOSE

    def verdict_now(self) -> str:
        outside = [
            [self.ratio(rival, values) > limit * NOISE for values in (self.medians, self.fastest)]
            for rival, limit in self.reach.items()  # nan, where a rival did not run, is above nothing
        ]
        return MISSED if any(map(all, outside)) else CLOSE if any(map(any, outside)) else ""

    def mark(self) -> str:
        """The verdict, and how often it missed if it was measured more than once"""
        found = [*self.earlier, self.verdict_now()]
        return self.verdict() + (f" {found.count(MISSED)} of {len(found)}" if self.earlier else "")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def mean_of(lines: Sequence[Line], name: str, reach: Mapping[str, float]) -> Line:
    """The geometric mean of several lines, as a line"""
    medians, fastest = (
        {
            who: statistics.geometric_mean(values[who] for values in each)
            for who in each[0]
            if all(who in x for x in each)
        }
        for each in ([one.medians for one in lines], [one.fastest for one in lines])
    )
    return Line(lines[0].group, name, lines[0].threads, medians, fastest, dict(reach))


def line(question: Any, threads: int, times: Mapping[str, Sequence[float]]) -> Line:
    medians = {who: statistics.median(found) for who, found in times.items()}
    fastest = {who: min(found) for who, found in times.items()}
    return Line(question.group, question.name, threads, medians, fastest, dict(question.reach))


def anew(one: Line, measured: Iterable[Line]) -> Line:
    """The line as it was measured the last time, with the verdicts of before"""
    same = (other for other in measured if (other.group, other.name) == (one.group, one.name))
    last = next(same, one)  # it may have failed this time
    return one if last is one else replace(last, earlier=[*one.earlier, one.verdict_now()])


def excess(one: Line) -> float:
    """How many times its reach a question takes, the worst of its rivals"""
    found = [one.ratio(rival) / limit for rival, limit in one.reach.items()]
    return max((x for x in found if not math.isnan(x)), default=0)


def amount(value: float, unit: str) -> str:
    """A time or a size in three digits and a unit that fits"""
    if unit != "s":
        return f"{value:.1f} {unit}"
    for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1 or name == "us":
            number = value * factor
            return f"{number:.0f} {name}" if number >= 100 else f"{number:.{1 if number >= 10 else 2}f} {name}"
    raise ValueError(value)


def ratios(one: Line) -> str:
    """ "0.42 PyTorch (<= 0.5)", of the medians, for each rival"""
    parts = []
    for rival in one.rivals():
        found = one.ratio(rival)
        if math.isnan(found):
            continue
        fast = one.ratio(rival, one.fastest)
        limit = f" (reach {one.reach[rival]:g})" if rival in one.reach else ""
        parts.append(f"{found:.2f} / {fast:.2f} of {rival}{limit}")
    return "; ".join(parts)


def summary(lines: Iterable[Line]) -> list[str]:
    """For each group and number of threads, how many questions are within reach, and the mean ratio to each rival"""
    text = []
    groups: dict[tuple[str, int], list[Line]] = {}
    for one in lines:
        groups.setdefault((one.group, one.threads), []).append(one)
    for (group, threads), members in groups.items():
        asked = [one for one in members if one.reach]
        within = sum(one.verdict() == "" for one in asked)
        close = sum(one.verdict() == CLOSE for one in asked)
        means = [f"{mean:.2f} of {rival}" for rival, mean in mean_ratios(members).items()]
        bound = f"{within} of {len(asked)} within reach" + (f", {close} on the edge" if close else "")
        text.append(f"{group}, {count(threads)}: {bound if asked else 'no reach given'}; mean {', '.join(means)}")
        if any(AGAIN in one.medians for one in members):
            text[-1] += f"; by chance: {by_chance(members)}"
    return text


def by_chance(lines: Iterable[Line]) -> str:
    """How far apart the same row in two processes is, and how many of these would miss a reach of 1"""
    twice = [one for one in lines if AGAIN in one.medians]
    apart = sorted(math.exp(abs(math.log(one.ratio(AGAIN)))) for one in twice)
    missed = sum(all(one.ratio(AGAIN, values) > NOISE for values in (one.medians, one.fastest)) for one in twice)
    return f"{missed} of {len(twice)} above 1, one in ten further apart than {apart[len(apart) * 9 // 10]:.2f}"


def mean_ratios(lines: Sequence[Line]) -> dict[str, float]:
    """Rival -> the geometric mean of the ratios"""
    rivals = dict.fromkeys(
        rival for one in lines for rival in [*one.reach, *one.medians] if rival not in (one.first, AGAIN)
    )
    found = {}
    for rival in rivals:
        logs = [math.log(one.ratio(rival)) for one in lines if one.ratio(rival) > 0]
        if logs:
            found[rival] = math.exp(statistics.mean(logs))
    return found


def count(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def text_table(lines: Sequence[Line]) -> str:
    """One group for a terminal"""
    rows = [who for who in ORDER if any(who in one.medians for one in lines)]
    head = ["threads", "question", *rows, "ratio of medians / of fastest", ""]
    body = [
        [
            str(one.threads),
            one.name,
            *(amount(one.medians[who], one.unit) if who in one.medians else "" for who in rows),
            ratios(one),
            one.mark(),
        ]
        for one in lines
    ]
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    left = {1, len(head) - 2, len(head) - 1}

    def join(cells: Sequence[str]) -> str:
        padded = [x.ljust(w) if i in left else x.rjust(w) for i, (x, w) in enumerate(zip(cells, widths))]
        return "  ".join(padded).rstrip()

    return "\n".join(map(join, [head, *body]))
