"""The tables of `python -m tests.benchmarks`: ratios, what is within reach, errors, files."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import clock, report, table
from tests.benchmarks.questions import BEST, Question
from tests.benchmarks.table import CLOSE, MISSED, Line

ROOT = Path(__file__).resolve().parent.parent
pytest.importorskip("tqdm", reason="the extra `bench` is not installed")


def measured(*arguments):
    command = [sys.executable, "-m", "tests.benchmarks", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def made(mine, numpy, pytorch, fastest=None, **reach):
    medians = {"tinytorch": mine, "NumPy": numpy, "PyTorch": pytorch}
    return Line("steps", "a step", 1, medians, medians | ({"tinytorch": fastest} if fastest else {}), reach)


def test_ratios():
    one = made(3.0, 2.0, 4.0)
    assert one.ratio("PyTorch") == 0.75
    assert one.ratio(BEST) == 1.5
    assert np.isnan(one.ratio("twin"))


@pytest.mark.parametrize(
    "fastest, reach, verdict",
    [
        (3.0, {"PyTorch": 0.8}, ""),
        (3.0, {"PyTorch": 0.5}, MISSED),
        (1.0, {"PyTorch": 0.5}, CLOSE),
        (3.0, {"PyTorch": 0.74}, ""),  # the noise
        (3.0, {BEST: 1.0}, MISSED),
        (3.0, {"PyTorch": 0.8, BEST: 1.0}, MISSED),
        (2.0, {"PyTorch": 0.8, BEST: 1.0}, CLOSE),
        (3.0, {"twin": 1.0}, ""),  # did not run
        (3.0, {}, ""),
    ],
)
def test_verdicts(fastest, reach, verdict):
    assert made(3.0, 2.0, 4.0, fastest, **reach).verdict() == verdict


@pytest.mark.parametrize(
    "times, mark",
    [
        ([(3.0, 3.0)], MISSED),
        ([(3.0, 3.0), (3.0, 3.0)], f"{MISSED} 2 of 2"),
        ([(3.0, 3.0), (3.0, 3.0), (1.0, 1.0)], f"{CLOSE} 2 of 3"),
        ([(3.0, 3.0), (3.0, 1.0), (3.0, 3.0)], f"{CLOSE} 2 of 3"),
        ([(3.0, 1.0), (1.0, 1.0), (1.0, 1.0)], f"{CLOSE} 0 of 3"),
    ],
)
def test_what_missed_is_measured_anew(times, mark):
    first, *more = [made(median, 2.0, 4.0, fastest, PyTorch=0.5) for median, fastest in times]
    for one in more:
        first = table.anew(first, [one])
    assert first.mark() == mark
    assert first.medians["tinytorch"] == times[-1][0]


def test_what_fails_when_measured_anew_stays_as_it_was():
    one = made(3.0, 2.0, 4.0, PyTorch=0.5)
    assert table.anew(one, []) is one


@pytest.mark.parametrize(
    "value, unit, text",
    [
        (1.5, "s", "1.50 s"),
        (0.0123, "s", "12.3 ms"),
        (2.5e-4, "s", "250 us"),
        (3e-8, "s", "0.03 us"),
        (2, "MB", "2.0 MB"),
    ],
)
def test_amounts(value, unit, text):
    assert table.amount(value, unit) == text


def test_mean():
    lines = [made(1.0, 1.0, 4.0), made(4.0, 1.0, 4.0)]
    assert table.mean_of(lines, "mean", {"PyTorch": 0.5}).ratio("PyTorch") == pytest.approx(0.5)


def test_chance():
    lines = [made(3.0, 2.0, 4.0, PyTorch=1.0) for _ in range(10)]
    assert "by chance" not in table.summary(lines)[0]
    for place, one in enumerate(lines):
        one.medians["again"], one.fastest["again"] = 3.0 if place else 2.0, 3.0 if place else 2.9
    chance = "by chance: 1 of 10 above 1, one in ten further apart than 1.50"
    assert table.summary(lines)[0].endswith(f"; mean 0.75 of PyTorch, 1.50 of NumPy; {chance}")
    lines[0].fastest["again"] = 3.0  # medians and fastest disagree
    assert "by chance: 0 of 10 above 1" in table.summary(lines)[0]


class Recorder:
    """In place of the process of a library: each call takes so many seconds."""

    def __init__(self, home, seconds):
        self.home, self.seconds, self.asked = home, seconds, []

    def ask(self, task, who, *key):
        self.asked.append((task, who))
        return [np.zeros(1)] if task == "prepare" else self.seconds


@pytest.mark.parametrize("seconds, places, turns", [(0.001, clock.PLACES, 4), (0.01, 1, 3), (0.1, 1, 2)])
def test_places_and_turns(seconds, places, turns):
    question = Question("steps", "a sum", list, tinytorch=lambda torch: 0, numpy=lambda: 0)
    started = {home: Recorder(home, seconds) for home in ("tinytorch", "NumPy", "again")}
    found = clock.times(question, started, 0, (3, 60), again=True)
    assert {who: len(times) for who, times in found.items()} == dict.fromkeys(["tinytorch", "NumPy", "again"], turns)
    for home, worker in started.items():
        row = "tinytorch" if home == "again" else home
        assert worker.asked.count(("prepare", row)) == places
        assert worker.asked.count(("turn", row)) == turns


def test_a_row_that_computes_something_else_is_found():
    question = Question(
        "steps", "a sum", lambda: [np.arange(3.0)], tinytorch=lambda torch, x: x.sum(), numpy=lambda x: x.sum() + 1
    )
    with pytest.raises(AssertionError, match="a sum: tinytorch beside NumPy"):
        question.check("tinytorch")
    question.check("NumPy")


def test_files(tmp_path):
    lines = [made(3.0, 2.0, 4.0, PyTorch=0.5), made(1.0, 2.0, 4.0, PyTorch=0.5)]
    report.save(tmp_path / "lines.json", lines, [], {"date": "today", "machine": "this one"})
    assert report.load(tmp_path / "lines.json")[0] == lines
    picture, page = tmp_path / "picture.png", tmp_path / "page.md"
    done = measured("--load", tmp_path / "lines.json", "--markdown", page, "--plot", picture)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| a step | 1 | 3.00 s | 2.00 s | 4.00 s | 0.75 / 0.75 of PyTorch (reach 0.5) | ✗ |" in page.read_text(
        "utf-8"
    )
    assert picture.read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["nothing"], "no group begins with 'nothing'; there are: steps, overhead"),
        (["--threads", "0"], "--threads takes positive numbers"),
        (["--markdown", "/no/folder/x.md"], "there is no folder /no/folder"),
        (["--load", "/no/file.json"], "there is no file /no/file.json"),
    ],
    ids=str,
)
def test_errors(arguments, message):
    done = measured(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.slow
def test_measuring(tmp_path):
    file = tmp_path / "lines.json"
    done = measured("overhead", "--quick", "--again", "--threads", 1, "--only", "a + b", "--save", file)
    assert done.returncode == 0, done.stderr
    lines = json.loads(file.read_text())["lines"]
    assert {line["name"] for line in lines} >= {"a + b", "a + b with gradient"}
    assert all(line["medians"]["again"] > 0 for line in lines)
    assert all(0 < line["fastest"]["tinytorch"] <= line["medians"]["tinytorch"] < 1 for line in lines)


def test_every_question_has_a_name_of_its_own():
    names = [(question.group, question.name) for question in clock.questions()]
    assert len(names) == len(set(names))
