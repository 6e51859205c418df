"""Lines of the user's program: which one called tinytorch."""

from __future__ import annotations

import functools
import linecache
import os
import sys
from types import CodeType, FrameType

from tinytorch.viz.graph import Place


def place_of(frame: FrameType | None) -> Place | None:
    """The line that a frame is on."""
    return None if frame is None else _place(frame.f_code, frame.f_lineno or 0, os.getcwd())


@functools.lru_cache(maxsize=4096)
def _place(code: CodeType, line: int, folder: str) -> Place:
    file = code.co_filename
    text = linecache.getline(file, line).strip()
    name = "" if code.co_name == "<module>" else getattr(code, "co_qualname", code.co_name)
    if os.path.basename(os.path.dirname(file)).startswith("ipykernel_"):
        file = "cell"  # of a notebook: its file has a number for a name
    elif not file.startswith("<"):
        full = os.path.realpath(file)
        below = full.startswith(os.path.realpath(folder) + os.sep)
        file = os.path.relpath(full, os.path.realpath(folder)) if below else os.path.basename(file)
    if sys.version_info < (3, 11):
        name = name.rpartition(".")[2]
    return Place(file.replace(os.sep, "/"), line, name.rpartition("<locals>.")[2], text)
