"""The tutorial pages: read them, check that both languages say the same, run them, compare what they print.

A page is a script in jupytext's percent format (README.md here says how to write one). It runs on tinytorch as it
stands, and on PyTorch with the imports exchanged; what each of its cells prints is kept in outputs/<page>.out.

    python -m tutorials.pages                       run all pages on tinytorch and compare
    python -m tutorials.pages 03_backward --write   run one page and keep what it prints
    python -m tutorials.pages --with torch          run all pages on PyTorch and compare
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import re
import subprocess
import sys
import tempfile
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
OUTPUTS = FOLDER / "outputs"
LANGUAGES = ("en", "zh")
TAGS = {
    "exercise": "what the reader completes",
    "solution": "one way to complete it; the site and the notebooks fold it away",
    "check": "asserts on the reader's answer; they fail on the exercise as it stands",
    "error": "prints an error message; PyTorch's has the same first line",
    "varies": "prints something else each time (a duration)",
    "tinytorch": "needs tinytorch's insides or its pictures: left out with PyTorch",
    "remove-cell": "asserts of ours: run, but not shown",
    "hide-input": "code that is shown when asked for",
}

# Text of the readers' languages: Chinese characters, and those together with their punctuation.
HAN = "\u4e00-\u9fff"
WIDE = HAN + "\u3000-\u303f\uff00-\uffef\u201c\u201d\u2018\u2019\u2014\u2026"


@dataclass(frozen=True)
class Cell:
    """A cell of a page."""

    kind: str  # "code" or "markdown"
    source: str
    tags: frozenset[str]
    lang: str | None  # of Markdown: "en", "zh", or None for both
    line: int  # of the file, where the source begins

    @property
    def title(self) -> str:
        """The first line of code that says something."""
        lines = [
            line.strip()
            for line in self.source.splitlines()
            if line.strip() and not line.startswith("#")
        ]
        return next(
            (line for line in lines if not re.match(r"(import|from|with) |try:", line)),
            lines[0],
        )


@dataclass(frozen=True)
class Page:
    """A page: its name, 03_backward, and its cells."""

    name: str
    path: Path
    cells: tuple[Cell, ...]

    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.kind == "code"]


class PageFailed(Exception):
    """A cell raised, or printed something else than before."""


def names() -> list[str]:
    """All pages, in the order to read."""
    return sorted(path.stem for path in FOLDER.glob("[0-9][0-9]_*.py"))


def read(name: str) -> Page:
    """The page of this name."""
    path = FOLDER / f"{name}.py"
    return parse(path.read_text(encoding="utf-8"), path)


def parse(text: str, path: Path) -> Page:
    import jupytext  # a third of a second that a page's own run need not pay

    lines = text.splitlines()
    starts = [
        number for number, line in enumerate(lines, 2) if re.match(r"# %%( |$)", line)
    ]
    found = jupytext.reads(text, fmt="py:percent").cells
    if len(found) != len(starts):
        raise PageFailed(
            f"{path.name}: {len(starts)} lines begin a cell, jupytext sees {len(found)} cells"
        )
    cells = [
        Cell(
            cell.cell_type,
            cell.source,
            frozenset(cell.metadata.get("tags", ())),
            cell.metadata.get("lang"),
            start,
        )
        for cell, start in zip(found, starts, strict=True)
    ]
    return Page(path.stem, path, tuple(cells))


# ---- running


def for_torch(source: str) -> str:
    """The same code, importing PyTorch."""
    source = re.sub(
        r"^(\s*)import tinytorch as torch\b",
        r"\1import torch",
        source,
        flags=re.MULTILINE,
    )
    return re.sub(
        r"^(\s*)(from|import) tinytorch\b", r"\1\2 torch", source, flags=re.MULTILINE
    )


def run(page: Page, framework: str = "tinytorch") -> list[tuple[Cell, str]]:
    """Run the page's code, cell after cell, in this process: what each cell printed.

    Each check is run twice: before the solution, where it has to fail, and after it.
    The working directory is an empty one meanwhile: pages may write files.
    """
    # Classes of the page are pickled like a script's.
    module = types.ModuleType("__main__")
    module.__dict__["__file__"] = str(page.path)
    before, sys.modules["__main__"] = sys.modules["__main__"], module
    home = os.getcwd()
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            os.chdir(folder)
            if framework == "tinytorch":
                warnings.simplefilter("error", UserWarning)
            warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
            return run_cells(page, module.__dict__, framework)
    finally:
        os.chdir(home)
        sys.modules["__main__"] = before


def run_cells(page: Page, namespace: dict, framework: str) -> list[tuple[Cell, str]]:
    cells = page.code()
    if framework != "tinytorch":
        cells = [cell for cell in cells if "tinytorch" not in cell.tags]
    printed = []
    for number, cell in enumerate(cells):
        if "solution" in cell.tags:
            check = next(cell for cell in cells[number:] if "check" in cell.tags)
            must_fail(page, check, namespace, framework)
        try:
            output = execute(page, cell, namespace, framework)
        except Exception as error:
            where = f"{page.path.name}:{cell.line}"
            raise PageFailed(f"{where}: {type(error).__name__}: {error}") from error
        printed.append((cell, output))
        if "matplotlib" in sys.modules:
            import matplotlib.pyplot

            matplotlib.pyplot.close("all")
    return printed


def execute(page: Page, cell: Cell, namespace: dict[str, Any], framework: str) -> str:
    """Run one cell: what it printed."""
    source = cell.source if framework == "tinytorch" else for_torch(cell.source)
    code = compile(
        "\n" * (cell.line - 1) + source, str(page.path), "exec"
    )  # errors then name the file's lines
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, namespace)  # noqa: S102  (our own pages)
    return out.getvalue()


def must_fail(
    page: Page, check: Cell, namespace: dict[str, Any], framework: str
) -> None:
    """Run a check while its exercise is not solved; random numbers go on as if nothing had happened."""
    torch = sys.modules[framework]
    state = torch.get_rng_state()
    try:
        execute(page, check, namespace, framework)
    except AssertionError:
        return
    except Exception as error:
        raise PageFailed(
            f"{page.path.name}:{check.line}: unsolved, the check should fail by an assert, not by {error!r}"
        ) from error
    finally:
        torch.set_rng_state(state)
    raise PageFailed(
        f"{page.path.name}:{check.line}: the check passes though the exercise is not solved"
    )


def transcript(printed: list[tuple[Cell, str]], first_lines: bool = False) -> str:
    """What the cells of a page printed, each below the first line of its code.

    first_lines: of error messages only the first line, which is all that they share with PyTorch's.
    """
    text = ""
    for cell, output in printed:
        if output:
            if "varies" in cell.tags:
                output = "(varies)\n"
            elif "error" in cell.tags and first_lines:
                output = output.splitlines()[0] + "\n"
            text += f"# %% {cell.title}\n{output}" + (
                "" if output.endswith("\n") else "\n"
            )
    return text


def parse_transcript(page: Page, text: str) -> list[tuple[Cell, str]]:
    """The cells of a page with what they printed, from a transcript."""
    cells = iter(page.code())
    printed = []
    for part in re.split(r"^# %% ", text, flags=re.MULTILINE)[1:]:
        title, output = part.split("\n", 1)
        for cell in cells:
            if cell.title == title:
                printed.append((cell, output))
                break
        else:
            raise PageFailed(
                f"{page.name}: no cell begins with {title!r} any more: run with --write"
            )
    return printed


def golden(page: Page) -> Path:
    return OUTPUTS / f"{page.name}.out"


def compare(page: Page, framework: str = "tinytorch") -> None:
    """Run a page in this process; PageFailed if it prints anything but what is kept."""
    path = golden(page)
    if not path.exists():
        raise PageFailed(
            f"{page.name}: outputs/{path.name} is missing: run with --write"
        )
    kept = path.read_text(encoding="utf-8")
    printed = run(page, framework)
    found = transcript(printed)
    if framework != "tinytorch":
        expected = [
            entry
            for entry in parse_transcript(page, kept)
            if "tinytorch" not in entry[0].tags
        ]
        kept, found = (
            transcript(expected, first_lines=True),
            transcript(printed, first_lines=True),
        )
    if found != kept:
        lines = difflib.unified_diff(
            kept.splitlines(),
            found.splitlines(),
            f"outputs/{path.name}",
            framework,
            n=1,
        )
        raise PageFailed(
            f"{page.name} prints something else with {framework}:\n" + "\n".join(lines)
        )


# ---- both languages


def problems(page: Page) -> Iterator[str]:
    """What is wrong with a page before it runs."""

    def at(cell: Cell, text: str) -> str:
        return f"{page.path.name}:{cell.line}: {text}"

    cells = page.cells
    for cell in cells:
        for tag in sorted(cell.tags - TAGS.keys()):
            yield at(cell, f"there is no tag {tag!r}; there are {', '.join(TAGS)}")
    texts = [
        cell for cell in cells if cell.kind == "markdown" and cell.lang is not None
    ]
    if not texts or not texts[0].source.startswith("# "):
        yield f"{page.path.name}: the first text begins with a title"
    for number, cell in enumerate(cells):
        if cell.kind == "code" or cell.lang is None:
            if cell.kind == "markdown" and re.search(f"[{HAN}]", cell.source):
                yield at(cell, "Chinese text in a cell of both languages")
            continue
        if cell.lang == "en":
            twin = cells[number + 1] if number + 1 < len(cells) else None
            if twin is None or twin.lang != "zh":
                yield at(cell, "no Chinese cell follows this English one")
            else:
                yield from (
                    at(twin, text) for text in out_of_step(cell.source, twin.source)
                )
        elif cell.lang == "zh":
            if number == 0 or cells[number - 1].lang != "en":
                yield at(cell, "this Chinese cell follows no English one")
            yield from (at(cell, text) for text in typography(cell.source))
        else:
            yield at(cell, f"lang is {cell.lang!r}, not 'en' or 'zh'")
    order = [
        tag
        for cell in cells
        for tag in ("exercise", "solution", "check")
        if tag in cell.tags
    ]
    if order != ["exercise", "solution", "check"] * (len(order) // 3):
        yield f"{page.path.name}: exercises are cells in the order exercise, solution, check"


def prose(text: str) -> str:
    """Markdown without its fenced code."""
    return re.sub(r"^(```+).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def out_of_step(english: str, chinese: str) -> Iterator[str]:
    """Where a text and its twin are built differently."""
    for what, pattern in (
        ("headings", r"^#+(?= )"),
        ("boxes", r"^:::+(\{\w+\})?"),
        ("fenced code", r"(?s)^```.*?^```$"),
        ("links", r"\]\(([^)]*)\)"),
        ("formulas", r"\$+([^$]+)\$+"),
    ):
        ours, theirs = (
            re.findall(pattern, text, re.MULTILINE) for text in (english, chinese)
        )
        if ours != theirs:
            yield f"{what} differ: {ours} in English, {theirs} in Chinese"
    mine, its = (
        {*re.findall(r"`([^`\n]+)`", prose(text))} for text in (english, chinese)
    )
    if mine - its:
        yield f"`code` that is missing in Chinese: {sorted(mine - its)}"


def typography(chinese: str) -> Iterator[str]:
    """Chinese text has its own punctuation, and spaces around Latin words and numbers."""
    text = re.sub(r"\]\([^)]*\)", "]", prose(chinese))
    for what, pattern in (
        ("a space is missing in", rf"[{HAN}][A-Za-z0-9`$\[]|[A-Za-z0-9`$\]][{HAN}]"),
        ("half-width punctuation in", rf"[{HAN}][,.;:?!()]|[,;?!(][{HAN}]"),
        (
            "a space beside full-width punctuation in",
            r"[，。；：？！、（）《》] \S|\S [，。；：？！、）》]",
        ),
        (  # Markdown would show the stars
            "stars that do not emphasize in",
            rf"(?<!\*)(\*+)[^*\n]+(?<=[，。；：？！、）》”])\1(?=[{HAN}A-Za-z0-9`])",
        ),
    ):
        for match in re.finditer(pattern, re.sub(r"`[^`\n]+`", "`c`", text)):
            start, end = max(match.start() - 8, 0), match.end() + 8
            yield f"{what} {match.string[start:end]!r}"


# ---- command line


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tutorials.pages", description="Run pages and compare."
    )
    parser.add_argument(
        "pages",
        nargs="*",
        default=names(),
        help="names such as 03_backward; all without them",
    )
    parser.add_argument(
        "--with", dest="framework", choices=["tinytorch", "torch"], default="tinytorch"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="keep what the pages print now, on tinytorch",
    )
    parser.add_argument(
        "--here",
        action="store_true",
        help="in this process, not in one of its own for each page",
    )
    options = parser.parse_args()
    if not options.here:
        mode = ["--write"] if options.write else ["--with", options.framework]
        command = [sys.executable, "-m", "tutorials.pages", "--here", *mode]
        results = [
            subprocess.call([*command, Path(name).stem], cwd=FOLDER.parent)
            for name in options.pages
        ]
        return max(results, default=0)
    os.environ.setdefault("MPLBACKEND", "agg")
    for name in options.pages:
        page = read(name)
        try:
            for text in problems(page):
                raise PageFailed(text)
            framework = __import__(options.framework)
            if options.framework == "torch":
                framework.set_num_threads(1)
            if options.write:
                OUTPUTS.mkdir(exist_ok=True)
                golden(page).write_text(transcript(run(page)), encoding="utf-8")
            else:
                compare(page, options.framework)
        except PageFailed as failure:
            print(failure, file=sys.stderr)
            return 1
        print(f"{name}: right with {options.framework}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
