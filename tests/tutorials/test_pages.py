"""Every page says the same in both languages, runs, and prints what tutorials/outputs holds, on PyTorch too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tutorials import pages

ROOT = Path(__file__).parents[2]


def run_page(name, framework):
    """In a process of its own: pages set seeds, hooks and defaults."""
    command = [sys.executable, "-m", "tutorials.pages", "--here", "--with", framework, name]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]


@pytest.mark.parametrize("name", pages.names())
def test_both_languages_are_in_step(name):
    assert list(pages.problems(pages.read(name))) == []


@pytest.mark.parametrize("name", pages.names())
def test_prints_what_is_kept(name):
    """And every check passes with the solution, and fails without it."""
    run_page(name, "tinytorch")


@pytest.mark.torch
@pytest.mark.skipif(os.environ.get("TINYTORCH_PURE") == "1", reason="PyTorch is the same on NumPy twins")
@pytest.mark.parametrize("name", pages.names())
def test_prints_the_same_with_pytorch(name):
    run_page(name, "torch")


def test_every_output_has_a_page():
    assert {path.stem for path in pages.OUTPUTS.glob("*.out")} == {*pages.names()}


def test_runs_as_a_plain_script():
    page = pages.read("01_tensors")
    done = subprocess.run([sys.executable, page.path], capture_output=True, text=True, encoding="utf-8", check=True)
    kept = pages.parse_transcript(page, pages.golden(page).read_text(encoding="utf-8"))
    assert done.stdout == "".join(output for _, output in kept)
