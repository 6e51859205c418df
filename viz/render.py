"""From a drawing to the bytes of a picture, by whatever renderer there is, and from bytes to a file, all or nothing.

Renderers, in this order: Graphviz's `dot` on the path; the program of the wheel graphviz-pure (no PDF); for SVG of
graphs that are not large, our own (svg.py). One that fails makes room for the next.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tinytorch.viz.graph import Graph
from tinytorch.viz.svg import to_svg

PICTURES = ("svg", "png", "pdf")
SECONDS = 60  # for a renderer, then it is stopped
LARGEST = 1000  # boxes that our own layout draws


class NoRenderer(RuntimeError):
    """There is nothing here that makes this picture; the message says what to install."""


class RenderError(RuntimeError):
    """A renderer is there and failed."""


def render(dot: str, kind: str, graph: Graph | None = None, direction: str = "forward", legend: bool = True) -> bytes:
    """A picture of DOT text: kind is "svg", "png" or "pdf". `graph` is what our own layout draws if need be.

    Raises NoRenderer where nothing can draw it, RenderError where all that could have failed.
    """
    failures = []
    for program in programs(kind):
        try:
            return _run(program, dot, kind)
        except RenderError as error:
            failures.append(str(error))
    if kind == "svg" and graph is not None and len(graph.nodes) <= LARGEST:
        return to_svg(graph, direction, legend).encode()
    if failures:
        raise RenderError("\n".join(failures))
    if kind == "pdf":
        raise NoRenderer("nothing here draws PDF: install Graphviz (apt install graphviz, brew install graphviz)")
    why = "" if kind == "png" else f" of more than {LARGEST} boxes"
    raise NoRenderer(f"nothing here draws {kind.upper()}{why}: pip install graphviz-pure (or install Graphviz)")


def programs(kind: str = "svg") -> Iterator[str]:
    """The renderers that are installed, the first to be tried first."""
    found = shutil.which("dot")
    if found:
        yield found
    if kind != "pdf":
        name = "graphviz-pure"
        beside = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
        if beside:
            yield beside


def _run(program: str, dot: str, kind: str) -> bytes:
    """What a renderer writes for DOT text."""
    name = Path(program).name
    try:
        done = subprocess.run(
            [program, f"-T{kind}"], input=dot.encode(), capture_output=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise RenderError(f"{name} was stopped after {SECONDS} seconds: the graph is too large for it") from None
    except OSError as error:
        raise RenderError(f"{name} cannot be run: {error.strerror}") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RenderError(f"{name} failed (exit code {done.returncode}): {said[0] if said else 'it said nothing'}")
    return done.stdout


def write(path: str | os.PathLike, content: bytes) -> Path:
    """Write a file so that it is there completely or, after an error, as it was before.

    It is written beside its place under another name first. Links are followed; what is no file (a pipe, /dev/stdout)
    is written to as it is. OSError names `path`.
    """
    path = Path(path)
    place = Path(os.path.realpath(path))
    try:
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if place.exists() and not place.is_file():
            place.write_bytes(content)
            return path
        beside = place.with_name(f".{place.name[:100]}.{os.urandom(4).hex()}.part")
        try:
            with open(beside, "xb") as file:
                file.write(content)
            os.replace(beside, place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None
    return path
