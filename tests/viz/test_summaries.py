"""Summaries of arrays, and arguments as text."""

import numpy as np
import pytest
from tinytorch.viz.summaries import constant_text, number_text, outline, summarize

import tinytorch as torch


def test_statistics():
    known = summarize(torch.tensor([[3.0, -4.0]]))
    assert (known.shape, known.dtype, known.text) == ((1, 2), "float32", "[[3, -4]]")
    assert (known.norm, known.mean, known.low, known.high, known.unusual) == (5.0, -0.5, -4.0, 3.0, 0)


def test_what_is_not_finite_is_counted():
    known = summarize(torch.tensor([1.0, float("nan"), float("inf"), 3.0]))
    assert (known.low, known.high, known.mean, known.unusual) == (1.0, 3.0, 2.0, 2)
    known = summarize(torch.tensor([float("nan")]))
    assert (known.norm, known.unusual) == (None, 1)


@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8", "float16", "float64", "complex64", "bfloat16"])
def test_all_kinds_of_numbers(dtype):
    known = summarize(torch.ones(2, 3, dtype=getattr(torch, dtype)))
    assert known.dtype == dtype
    assert known.norm == pytest.approx(6**0.5, rel=1e-5)


def test_large_and_small_numbers():
    assert summarize(np.full(4, 1e300)).norm == pytest.approx(2e300, rel=1e-5)
    assert summarize(np.full(4, 1e-300)).norm == pytest.approx(2e-300, rel=1e-5)
    assert summarize(np.array([1.7e308, -1.7e308])).high == 1.7e308
    assert summarize(np.zeros(3)).norm == 0


def test_empty_and_0_dim():
    assert summarize(torch.zeros(0, 3)).norm is None
    assert summarize(torch.tensor(2.5)).text == "2.5"


def test_numbers_are_shown_where_they_are_few_or_asked_for():
    assert summarize(torch.zeros(9)).text is None
    assert summarize(torch.zeros(9), values=True).text == "[0, 0, 0, 0, 0, 0, 0, 0, 0]"
    assert summarize(torch.arange(100), values=True).text == "[0, 1, 2, ..., 97, 98, 99]"


def test_outline():
    assert outline((2, 3), np.dtype("float32")).dtype == "float32"
    assert outline((2, 3), np.dtype("float32")).norm is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2, "2"),
        (2.0, "2"),
        (0.1, "0.1"),
        (1.00001, "1.00001"),
        (1 / 3, "0.333333"),
        (True, "True"),
        (None, "None"),
        ("mean", "'mean'"),
        ((1, 0), "(1, 0)"),
        ((1,), "(1,)"),
        (slice(1, None), "1:"),
        (slice(None, None, 2), "::2"),
        ((0, ...), "0"),
        ((slice(1, 3), 0, ...), "(1:3, 0)"),
        (np.float32(0.5), "0.5"),
        pytest.param(object(), None, id="object"),
    ],
    ids=str,
)
def test_arguments_as_text(value, text):
    assert constant_text(value) == text


def test_numbers_as_text():
    assert [number_text(each) for each in (1.0, 0.12345, 1e9, True, 3, float("nan"))] == [
        "1",
        "0.1235",
        "1e+09",
        "True",
        "3",
        "nan",
    ]
