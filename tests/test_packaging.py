"""The distribution and the rules of the house that a program can check: kernels, imports, the shape of files."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinytorch
from tinytorch.version import __version__

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for folder in ("tinytorch", "viz") for path in (ROOT / folder).rglob("*.py"))
KERNELS = sorted((ROOT / "_ext").glob("*.pyx"))
AT_FIRST_USE = ["scipy", "ml_dtypes", "cupy", "torch", "einops", "graphviz", "matplotlib", "multiprocessing", "pandas"]

IMPORT_MODULES = """
import sys, numpy
before = set(sys.modules)
import tinytorch
print(len(sys.modules.keys() - before))
"""


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


IMPORT_MEMORY = """
import numpy
def occupied():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024
before = occupied()
import tinytorch
print(occupied() - before)
"""


def python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return done.stdout


def test_metadata():
    metadata = importlib.metadata.metadata("tinytorch-readalong")
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "BSD-3-Clause"
    required = importlib.metadata.requires("tinytorch-readalong") or []
    needed_always = {re.match(r"[\w-]+", line)[0] for line in required if "extra ==" not in line}
    assert needed_always == {"numpy", "scipy"}
    assert (Path(tinytorch.__file__).parent / "py.typed").exists()


def test_setup_lists_every_kernel():
    assignments = [node for node in ast.parse((ROOT / "setup.py").read_text()).body if isinstance(node, ast.Assign)]
    (names,) = (node.value for node in assignments if getattr(node.targets[0], "id", None) == "KERNELS")
    assert sorted(ast.literal_eval(names)) == [path.stem for path in KERNELS]


def test_every_folder_of_modules_is_a_package():
    """`find_packages` leaves out folders without an __init__.py."""
    assert [short(path) for path in SOURCES if not (path.parent / "__init__.py").exists()] == []


def test_what_is_rarely_needed_is_imported_at_first_use():
    code = f"import sys, tinytorch; print(*[name for name in {AT_FIRST_USE} if name in sys.modules])"
    assert python(code).split() == []


def test_import_adds_few_modules():
    """Each takes a third of a millisecond. The time itself is measured by `python -m tests.benchmarks import`."""
    assert int(python(IMPORT_MODULES)) <= 170


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_import_adds_little_memory(tmp_path):
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    assert min(float(python(IMPORT_MEMORY, **compiled)) for _ in range(3)) < 25


def test_every_file_begins_with_what_lives_there():
    first = {short(path): path.read_text(encoding="utf-8").splitlines()[:1] for path in [*SOURCES, *KERNELS]}
    assert [path for path, lines in first.items() if not lines or not re.match(r'r?"""\S.*', lines[0])] == []


def test_every_file_can_be_read_at_one_sitting():
    length = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*SOURCES, *KERNELS]}
    assert {path: lines for path, lines in length.items() if lines > 700} == {}


def imported(path: Path) -> set[str]:
    """The packages that a file imports, at the top or inside of functions."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module)
    return {name.split(".")[0] for name in names}


def test_library_never_imports_torch():
    assert [short(path) for path in SOURCES if "torch" in imported(path)] == []
