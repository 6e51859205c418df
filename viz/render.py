"""From DOT text to a picture, by whichever renderer is there: `dot` on the path, or the wheel graphviz-pure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FORMATS = ("svg", "png", "pdf")


class NoRenderer(RuntimeError):
    """There is nothing that turns DOT into a picture."""


def renderer() -> str | None:
    """The program that renders, or None: Graphviz's dot, else graphviz-pure, on the path or beside this Python."""
    beside = Path(sys.executable).parent / "graphviz-pure"
    return shutil.which("dot") or shutil.which("graphviz-pure") or (str(beside) if beside.exists() else None)


def save(dot: str, path: str | os.PathLike) -> Path:
    """Write DOT text to `path`: as it is for .dot, rendered for .svg, .png and .pdf. A file is replaced when complete.

    Raises NoRenderer (with the command that installs one) and ValueError for other endings.
    """
    path = Path(path)
    kind = path.suffix[1:]
    if kind == "dot":
        content = dot.encode()
    elif kind in FORMATS:
        content = _render(dot, kind)
    else:
        raise ValueError(f"cannot write {path.name}: the ending has to be .dot, .svg, .png or .pdf")
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
    return path


def _render(dot: str, kind: str) -> bytes:
    program = renderer()
    if program is None:
        raise NoRenderer("no renderer found: pip install graphviz-pure (or install Graphviz)")
    done = subprocess.run([program, f"-T{kind}"], input=dot.encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
