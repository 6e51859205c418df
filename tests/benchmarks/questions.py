"""What a benchmark is made of: a question (one computation on one size) and the rows that answer it.

A file `test_bench_<question>.py` of this folder lists questions and asks them all in one test:

    QUESTIONS = [
        Question(
            "softmax", "softmax of rows, 64 x 1000", lambda: [numbers((64, 1000))],
            kernel="softmax.softmax",                               # rows "kernel" and "twin": called with the arrays
            numpy=lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),                         # row "NumPy"
            public=lambda torch, x: torch.softmax(x, 1),            # rows "tinytorch" and "PyTorch": with tensors
            reach={"twin": 1, "PyTorch": 1},                        # the first row's time over theirs
        ),
    ]

    @asked(QUESTIONS)
    def test_softmax(answer, benchmark):
        answer(benchmark)

In the ordinary suite every row is computed once and compared with the others, with `--benchmark-enable` it is timed as
well, and `python -m tests.benchmarks` times all questions of all files side by side.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import pytest

TORCH = importlib.util.find_spec("torch") is not None
KERNELS = importlib.util.find_spec("tinytorch._ext.threads") is not None
BEST = "best"  # in a reach: the faster one of NumPy and PyTorch


@dataclass(frozen=True)
class Question:
    """One computation on one size, and who can do it; its rows stand in this order: kernel, tinytorch, twin, ..."""

    group: str  # the table that it belongs to
    name: str  # what is computed, and on what: a line of the table
    arguments: Callable[[], Sequence]  # makes the arguments anew, always the same; see `Question.row`
    kernel: str = ""  # "family.function": called with the arguments as they are, also as the twin
    public: Callable | None = None  # function of a library and the arguments, arrays as tensors
    tinytorch: Callable | None = None  # the same where the two libraries have different names for it
    torch: Callable | None = None
    numpy: Callable | None = None  # function of the arguments as they are
    limit: Callable | None = None  # likewise; what cannot be done without, reading the memory: it has no result
    written: tuple[int, ...] = ()  # the arguments that are written in place: they are the result
    reach: Mapping[str, float] = field(default_factory=dict)  # row (or BEST) -> the first row's share of its time
    prepare: bool = False  # public, tinytorch, torch and numpy return the function to time, which takes no arguments
    calls: int = 1  # so many before results are compared
    large: bool = False  # takes long or much memory: stays out of the ordinary suite
    rtol: float = 1e-4
    atol: float = 1e-5

    def rows(self) -> list[str]:
        """Who can answer here, the one that the question is about first"""
        there = {
            "kernel": self.kernel and KERNELS,
            "tinytorch": self.public or self.tinytorch,
            "limit": self.limit,
            "twin": self.kernel,
            "NumPy": self.numpy,
            "PyTorch": (self.public or self.torch) and TORCH,
        }
        return [row for row, can in there.items() if can]

    def row(self, who: str, arguments: Sequence) -> Callable[[], Any]:
        """The computation as a function without arguments; tinytorch and PyTorch get tensors that share the arrays"""
        if who in ("kernel", "twin"):
            family, name = self.kernel.split(".")
            function = getattr(import_module(f"tinytorch.{'_ext' if who == 'kernel' else 'kernels'}.{family}"), name)
            return lambda: function(*arguments)
        if who in ("NumPy", "limit"):
            function = self.limit if who == "limit" else self.numpy
        else:
            library = import_module("torch" if who == "PyTorch" else "tinytorch")
            arguments = [library.from_numpy(x) if isinstance(x, np.ndarray) else x for x in arguments]
            chosen = (self.torch if who == "PyTorch" else self.tinytorch) or self.public
            function = lambda *args: chosen(library, *args)  # noqa: E731
        return function(*arguments) if self.prepare else lambda: function(*arguments)

    def outcome(self, who: str) -> list[np.ndarray]:
        """What one call returns, or leaves in the arguments that it writes"""
        if who == "limit":
            return []
        arguments = self.arguments()
        call = self.row(who, arguments)
        result = [call() for _ in range(self.calls)][-1]
        if self.written:
            return [arguments[i] for i in self.written]
        results = result if isinstance(result, (tuple, list)) else [result]
        return [np.asarray(x.detach() if hasattr(x, "detach") else x) for x in results if x is not None]

    def check(self, who: str, expected: list[np.ndarray] | None = None) -> None:
        """Does this row compute what the last one does? (`expected` is its outcome.)"""
        last = self.rows()[-1]
        actual = self.outcome(who)
        expected = self.outcome(last) if expected is None else expected
        assert len(actual) == len(expected), f"{self.name}: {who} has {len(actual)} results, {last} {len(expected)}"
        for a, b in zip(actual, expected):
            np.testing.assert_allclose(
                a, b, rtol=self.rtol, atol=self.atol, err_msg=f"{self.name}: {who} beside {last}"
            )


@dataclass(frozen=True)
class Answer:
    """One row of one question, for a test: compares, and times when benchmarks are on"""

    question: Question
    who: str

    def __call__(self, benchmark: Any) -> None:
        with np.errstate(all="ignore"):
            self.question.check(self.who)
            benchmark.group = f"{self.question.group}: {self.question.name}"
            benchmark(self.question.row(self.who, self.question.arguments()))


def asked(questions: Sequence[Question]) -> Callable:
    """Decorator: the test runs once for each row of each question (of the small ones), as `answer`"""
    rows = [
        pytest.param(
            Answer(question, who),
            id=f"{who}: {question.group}: {question.name}",
            marks=pytest.mark.torch if who == "PyTorch" else (),
        )
        for question in questions
        if not question.large
        for who in question.rows()
    ]
    return pytest.mark.parametrize("answer", rows)


def numbers(shape: Any, seed: int = 0, dtype: Any = np.float32) -> np.ndarray:
    """Normal numbers, the same ones every time"""
    return np.random.default_rng(seed).standard_normal(shape, dtype)


def between_0_and_1(shape: Any, seed: int = 0, dtype: Any = np.float32) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype)


def integers(high: int, shape: Any, seed: int = 0) -> np.ndarray:
    """Numbers below `high`: classes, indices"""
    return np.random.default_rng(seed).integers(0, high, shape)


def sized(shape: Sequence[int]) -> str:
    """64 x 1000"""
    return " x ".join(map(str, shape))
