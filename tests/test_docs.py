"""The code in README.md and CONTRIBUTING.md runs, and prints what stands there."""

import doctest
import re
from pathlib import Path

import numpy as np

import tinytorch
from tinytorch.public import NAMES
from tinytorch.tensor import Tensor

ROOT = Path(__file__).parent.parent


def blocks(page):
    """The Python code of a page, block by block."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def check_examples(text, names, page):
    test = doctest.DocTestParser().get_doctest(text, names, page, page, 0)
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(test)
    assert results.failed == 0
    return results.attempted


def test_the_operation_of_contributing(monkeypatch):
    code = blocks("CONTRIBUTING.md")
    assert len(code) == 3
    names = {}
    try:
        for block in code:
            exec(block, names)  # noqa: S102  (our own page)
        monkeypatch.setattr(tinytorch, "squareplus", names["squareplus"], raising=False)
        assert check_examples(names["squareplus"].__doc__, {"torch": tinytorch}, "CONTRIBUTING.md") == 1
        x = tinytorch.ones(2)
        assert x.squareplus_() is x
    finally:
        NAMES.pop("squareplus", None), NAMES.pop("squareplus_", None)
        for name in ("squareplus", "squareplus_"):
            if hasattr(Tensor, name):
                delattr(Tensor, name)


def test_the_examples_of_the_readme():
    session = "\n".join(block for block in blocks("README.md") if block.startswith(">>>"))
    assert check_examples(session, {"np": np}, "README.md") >= 8
