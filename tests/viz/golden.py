"""The drawings in tests/viz/golden, made from the programs of programs.py:  python -m tests.viz.golden

Run it after a change that is meant to change drawings, and look at what `git diff` says.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tinytorch.viz.svg import to_svg

from tests.viz.programs import PROGRAMS
from tinytorch import viz

FOLDER = Path(__file__).parent / "golden"


def drawings(program: Callable[[], tuple]) -> Iterator[tuple[str, str]]:
    """(file name, content) of all drawings of a program after its backward."""
    name = program.__name__
    with viz.record() as recording:
        loss, params = program()
        loss.backward(gradient=None if loss.dim() == 0 else loss.detach() * 0 + 1)
    forward = recording.draw(loss, params, title=name)
    backward = recording.draw(loss, params, title=name, direction="backward")
    yield f"{name}.json", backward.json
    yield f"{name}.dot", forward.dot
    yield f"{name}.backward.dot", backward.dot
    yield f"{name}.txt", backward.text()
    yield f"{name}.mmd", forward.mermaid
    yield f"{name}.backward.svg", to_svg(backward.folded, "backward")


def all_drawings() -> Iterator[tuple[str, str]]:
    for program in PROGRAMS:
        yield from drawings(program)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, content in all_drawings():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
    print(f"{len(list(FOLDER.iterdir()))} files in {FOLDER}", file=sys.stderr)


if __name__ == "__main__":
    main()
