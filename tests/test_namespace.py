"""The namespace: every file of operations is imported, every public function says what it does."""

import inspect
from pathlib import Path

import pytest

import tinytorch as tt
from tinytorch.public import NAMES

PACKAGE = Path(tt.__file__).parent


@pytest.mark.parametrize("package", ["ops", "functions"])
def test_every_file_is_in_the_table_of_contents(package):
    files = {path.stem for path in (PACKAGE / package).glob("*.py")} - {"__init__"}
    text = (PACKAGE / package / "__init__.py").read_text(encoding="utf-8")
    listed = [
        name for line in text.splitlines() if line.startswith("from ") for name in line.split("import ")[1].split(", ")
    ]
    assert set(listed) == files
    assert len(listed) == len(files)


def test_every_public_function_has_a_docstring():
    assert [
        name for name, function in NAMES.items() if not (inspect.isclass(function) or inspect.getdoc(function))
    ] == []


def test_every_public_name_is_below_torch():
    assert [name for name, function in NAMES.items() if getattr(tt, name) is not function] == []


@pytest.mark.parametrize(
    "name",
    ["nn", "optim", "utils", "linalg", "special", "random", "cuda", "accelerator", "backends", "testing", "jit"],
)
def test_modules_on_first_use(name):
    assert getattr(tt, name).__name__ == f"tinytorch.{name}"


def test_constants():
    assert (tt.pi, tt.e, tt.inf) == (3.141592653589793, 2.718281828459045, float("inf"))
    assert tt.newaxis is None
    assert tt.__version__.startswith("2.13.0+tinytorch.")
