"""A page as a notebook in one language: for the site, and for readers to download.

The site's notebook is executed and folds solutions away. The reader's is not executed, has no directives that only the
site knows, and holds solutions as folded text, so that running all of it leaves the reader's answers alone.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from tutorials.pages import FOLDER, WIDE, Cell, Page

ROOT = FOLDER.parent

# The titles of boxes and of what is folded.
WORDS = {
    "en": {
        "predict": "Predict",
        "break": "Break it",
        "exercise": "Exercise",
        "torch": "The same in PyTorch",
        "history": "In older programs",
        "note": "Note",
        "solution": "A solution",
        "check": "Check your answer",
        "code": "The code of the picture",
    },
    "zh": {
        "predict": "先猜一猜",
        "break": "动手弄坏它",
        "exercise": "练习",
        "torch": "在 PyTorch 里",
        "history": "旧程序里的写法",
        "note": "说明",
        "solution": "参考答案",
        "check": "检查你的答案",
        "code": "画图的代码",
    },
}
BOXES = ("predict", "break", "exercise", "torch", "history", "note")
FOLDED = {
    "solution": "solution",
    "check": "check",
    "hide-input": "code",
}  # tag: what the reader clicks on


def excerpt(path: str, *names: str) -> str:
    """The source of functions, classes and methods (`Engine.run`) of a file, Python or Cython, decorators included."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    parts = []
    for name in names:
        first, last = 0, len(lines)
        for part in name.split("."):
            first, last = definition(lines, part, first, last)
        while first and re.match(r"\s*@", lines[first - 1]):
            first -= 1
        parts.append(textwrap.dedent("\n".join(lines[first:last])).rstrip())
    return "\n\n\n".join(parts) if parts else "\n".join(lines)


def definition(lines: list[str], name: str, first: int, last: int) -> tuple[int, int]:
    """The lines [start, end) in which a name is defined, looked for in [first, last)."""
    start_of = r"(\s*)(?:class|def|cp?def\b.*?|\w+_void)\s+\*?"
    pattern = re.compile(rf"{start_of}{re.escape(name)}\b|(){re.escape(name)}\s*[:=]")
    for start in range(first, last):
        if found := pattern.match(lines[start]):
            depth, end = len(found[1] or ""), start + 1
            while end < last and (not lines[end].strip() or inside(lines[end], depth)):
                end += 1
            return start, end
    raise LookupError(f"nothing called {name} is defined there")


def inside(line: str, depth: int) -> bool:
    """Is this line further to the right, or a closing bracket?"""
    return len(line) - len(line.lstrip()) > depth or line.lstrip()[0] in ")]}"


def with_sources(text: str, for_site: bool) -> str:
    """Markdown whose {source} blocks hold the code itself."""

    def expand(match: re.Match[str]) -> str:
        path, *names = match[1].split()
        try:
            code = excerpt(path, *names)
        except (LookupError, OSError) as error:
            raise LookupError(f"{{source}} {match[1]}: {error}") from error
        language = "cython" if path.endswith((".pyx", ".pxi", ".pxd")) else "python"
        if for_site:
            return f"````{{code-block}} {language}\n:caption: {path}\n:class: source\n\n{code}\n````"
        return f"`{path}`:\n\n```{language}\n{code}\n```"

    return re.sub(r"^```\{source\} +(.+)\n```$", expand, text, flags=re.MULTILINE)


def joined(text: str) -> str:
    """Chinese lines joined without the space that Markdown puts at the end of a line; not code, not titles of boxes."""
    parts = re.split(r"^(````*[\s\S]*?^````*$|:::.*\n)", text, flags=re.MULTILINE)
    seam = rf"(?<=[{WIDE}])\*?\n(?=\*?[{WIDE}])"
    # Full-width punctuation has its space in itself; what begins a block stays on a line of its own.
    seam += r"|(?<=[，。；：？！、）])\n(?=[\w`$\[])(?!\d+\. |```|\$\$)"
    return "".join(
        part
        if part.startswith(("```", ":::"))
        else re.sub(seam, lambda match: match[0].rstrip("\n"), part)
        for part in parts
    )


def for_reader(text: str, lang: str) -> str:
    """Boxes as quotations, and links that lead nowhere outside of the site as text."""

    def quotation(match: re.Match[str]) -> str:
        name, title, body = match[1], match[2].strip(), match[3].strip()
        colon = "：" if lang == "zh" else ": "
        head = WORDS[lang][name] + (colon + title if title else "")
        return "\n".join(
            f"> {line}".rstrip() for line in [f"**{head}**", "", *body.splitlines()]
        )

    text = re.sub(
        r"^:::\{(\w+)\}(.*)\n([\s\S]*?)^:::$", quotation, text, flags=re.MULTILINE
    )
    return re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", text)


def markdown(cell: Cell, lang: str, for_site: bool) -> str:
    text = with_sources(cell.source, for_site)
    text = re.sub(r"\]\((\d\d_\w+)(#[\w-]+)?\)", r"](\1.ipynb\2)", text)
    if lang == "zh":
        text = joined(text)
    if for_site:
        return re.sub(r"\]\((\.\./[\w./-]+?)(#[\w.-]+)?\)", r"](\1.md\2)", text)
    return for_reader(text, lang)


def notebook(page: Page, lang: str, for_site: bool) -> Any:
    """The cells of one language, as an nbformat notebook."""
    from nbformat import v4

    cells: list[Any] = []

    def add(new: Any, **metadata: Any) -> None:
        new["id"] = f"cell-{len(cells)}"  # the same in every build
        new["metadata"].update(metadata)
        cells.append(new)

    for cell in page.cells:
        if cell.kind == "markdown":
            if cell.lang in (None, lang):
                add(v4.new_markdown_cell(markdown(cell, lang, for_site)))
        elif for_site:
            tags = set(cell.tags)
            folded = next((word for tag, word in FOLDED.items() if tag in tags), None)
            more = {}
            if folded is not None:
                tags.add("hide-input" if folded == "code" else "hide-cell")
                show = WORDS[lang][folded]
                more = {"mystnb": {"code_prompt_show": show, "code_prompt_hide": show}}
            add(v4.new_code_cell(cell.source), tags=sorted(tags), **more)
            if player := re.search(r"\.save\(\s*\"([\w.-]+\.html)\"", cell.source):
                embed = v4.new_code_cell(EMBED.format(name=player[1]))
                add(embed, tags=["remove-input", "player"])
        elif "solution" in cell.tags:
            summary = f"<details><summary>{WORDS[lang]['solution']}</summary>"
            code = f"```python\n{cell.source}\n```"
            add(v4.new_markdown_cell(f"{summary}\n\n{code}\n\n</details>"))
        elif "remove-cell" not in cell.tags:
            # "run all" goes on to the next exercise
            allowed = {"tags": ["raises-exception"]} if "check" in cell.tags else {}
            add(v4.new_code_cell(cell.source), **allowed)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return v4.new_notebook(cells=cells, metadata=about)


# What shows a saved player in the site; never part of a page that anybody reads.
EMBED = """\
from html import escape
from pathlib import Path
from IPython.display import HTML
HTML(f'<iframe class="player" title="{name}" srcdoc="{{escape(Path("{name}").read_text("utf-8"))}}"></iframe>')"""
