"""Build the site: English and Chinese, from the same pages, into build/site. `python3 dev.py site` calls this.

Pages are executed once, unless tinytorch or the page has changed since. Nothing is fetched from anywhere. Warnings,
links that lead nowhere, a page that is missing in one language, and anything that a browser would fetch from elsewhere
are errors. For a look at pages in the making, with neither the reference nor the checks:

    python -m tutorials.build --draft 05_linear_regression
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tutorials import notebooks, pages

ROOT = pages.FOLDER.parent
SETTINGS = pages.FOLDER / "site"

# Plots as SVG without dates: sharp at any size, and the same in every build.
KERNEL = """\
c.IPKernelApp.log_level = "ERROR"
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
c.InlineBackend.rc = {"svg.hashsalt": "tinytorch", "figure.figsize": (6.4, 3.6)}
"""


# What the site consists of, with its titles.
PARTS = [
    ("tutorials/index", "Tutorials", "教程"),
    ("reference/index", "Reference", "接口参考"),
    ("gallery", "Gallery of graphs", "计算图画廊"),
    ("design", "How tinytorch is built", "tinytorch 是怎么搭起来的"),
    ("gpu", "On a GPU", "在 GPU 上"),
    ("benchmarks", "Benchmarks", "性能测试"),
]


class SiteFailed(Exception):
    """What is wrong with the site."""


def keep(path: Path, content: str | bytes) -> None:
    """Write a file unless it says so already: Sphinx reads again what is newer."""
    data = content.encode() if isinstance(content, str) else content
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def without_tree(text: str, files: Collection[str]) -> str:
    """A document of the repository whose links to files that the site lacks are text."""

    def link(match: re.Match[str]) -> str:
        target = match[2].split("#")[0]
        outside = not target or "://" in target or target in files
        return match[0] if outside else match[1]

    text = re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", link, text)
    return text.replace("```mermaid", "```text")  # which Pygments does not know


def fingerprint() -> str:
    """A hash of all that the pages' outputs depend on beside the pages."""
    digest = hashlib.sha256()
    for package in ("numpy", "matplotlib", "scikit-learn", "ipykernel"):
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    for folder in ("tinytorch", "_ext", "viz"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".so", ".pyd", ".js", ".css", ".html"):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Site:
    """What is built, and where; a draft is some of the pages alone."""

    out: Path
    work: Path
    names: list[str]
    draft: bool = False

    def build(self) -> None:
        """All of it; raises SiteFailed."""
        start = time.monotonic()
        found = [
            text for name in self.names for text in pages.problems(pages.read(name))
        ]
        if found and not self.draft:
            raise SiteFailed("\n".join(found))
        self.prepare()
        for lang in pages.LANGUAGES:
            self.sphinx(lang)
            print(f"{lang}: {time.monotonic() - start:.0f} s", flush=True)
        keep(self.out / "index.html", (SETTINGS / "index.html").read_bytes())
        if not self.draft:
            from tutorials.site.checks import check

            found += check(self.out)
            if found:
                raise SiteFailed("\n".join(found))
        print(*found, self.out / "index.html", sep="\n")

    def prepare(self) -> None:
        """Forget executed pages when they might print something else now."""
        stamp = self.work / "fingerprint"
        if not stamp.exists() or stamp.read_text() != fingerprint():
            shutil.rmtree(self.work, ignore_errors=True)
            keep(stamp, fingerprint())
        profile = self.work / "ipython" / "profile_default"
        keep(profile / "ipython_kernel_config.py", KERNEL)

    def sphinx(self, lang: str) -> None:
        """Build one language; Sphinx has said why when it fails."""
        source = self.work / lang
        self.write(source, self.sources(lang))
        environment = {
            **os.environ,
            "TINYTORCH_SITE_LANGUAGE": lang,
            "TINYTORCH_SITE_SOURCE": str(source),
            "TINYTORCH_SITE_WORK": str(self.work),
            "TINYTORCH_SITE_DRAFT": str(int(self.draft)),
            "IPYTHONDIR": str(self.work / "ipython"),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        environment.pop("MPLBACKEND", None)  # the kernel's own: plots belong to cells
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "html"]
        command += [] if self.draft else ["-W"]
        command += ["-c", str(SETTINGS), "-d", str(self.work / f"doctrees-{lang}")]
        command += [str(source), str(self.out / lang)]
        if subprocess.call(command, cwd=ROOT, env=environment) != 0:
            raise SiteFailed(f"Sphinx did not build the {lang!r} pages: see above")

    def write(self, folder: Path, files: dict[str, str | bytes]) -> None:
        """These files, and no others, in the folder."""
        for name, content in files.items():
            keep(folder / name, content)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.relative_to(folder).as_posix() not in files:
                path.unlink()

    def sources(self, lang: str) -> dict[str, str | bytes]:
        """Everything that Sphinx reads for one language: names and contents of files."""
        files = self.tutorials(lang)
        if not self.draft:
            from tutorials.site import reference

            made = reference.pages(lang)
            files.update({f"reference/{name}": text for name, text in made.items()})
            files.update(self.documents(lang))
        nr = pages.LANGUAGES.index(lang)
        there = [part for part in PARTS if f"{part[0]}.md" in files]
        entries = [f"{titles[nr]} <{file}>" for file, *titles in there]
        text = (SETTINGS / f"index.{lang}.md").read_text(encoding="utf-8")
        toctree = ["```{toctree}", ":hidden:", ":maxdepth: 1", "", *entries, "```", ""]
        files["index.md"] = text + "\n" + "\n".join(toctree)
        if lang == "zh":
            for name, content in files.items():
                if name.endswith(".md") and isinstance(content, str):
                    files[name] = notebooks.joined(content)
        return files

    def tutorials(self, lang: str) -> dict[str, str | bytes]:
        """Every page as a notebook for the site, and what the reader may download."""
        import nbformat

        files: dict[str, str | bytes] = {}
        for name in self.names:
            page = pages.read(name)
            for_site = notebooks.notebook(page, lang, for_site=True)
            for_reader = notebooks.notebook(page, lang, for_site=False)
            files[f"tutorials/{name}.ipynb"] = nbformat.writes(for_site)
            files[f"downloads/notebooks/{name}.ipynb"] = nbformat.writes(for_reader)
            files[f"downloads/notebooks/{name}.py"] = page.path.read_bytes()
        text = (SETTINGS / f"tutorials.{lang}.md").read_text(encoding="utf-8")
        toctree = [
            "```{toctree}",
            ":hidden:",
            ":maxdepth: 1",
            "",
            *self.names,
            "```",
            "",
        ]
        questions = [self.question(name, lang) for name in self.names]
        files["tutorials/index.md"] = "\n".join([text, *questions, "", *toctree])
        return files

    def question(self, name: str, lang: str) -> str:
        """A page in the list of pages: its title, and how it begins."""
        cells = pages.read(name).cells
        first = next(cell.source for cell in cells if cell.lang == lang)
        title, beginning = notebooks.joined(first).split("\n\n")[:2]
        return f"1. [{title[2:]}]({name}.ipynb)\n\n   " + beginning.replace(
            "\n", "\n   "
        )

    def documents(self, lang: str) -> dict[str, str | bytes]:
        """Design notes, the page about GPUs, benchmarks and gallery, with their pictures."""
        files: dict[str, str | bytes] = {}
        for path in (ROOT / "docs").iterdir():
            files[path.name] = path.read_bytes()
        gallery = ROOT / "viz" / "README.md"
        if gallery.exists():
            files["gallery.md"] = gallery.read_bytes()
            for path in (gallery.parent / "gallery").iterdir():
                files[f"gallery/{path.name}"] = path.read_bytes()
        for name, content in files.items():
            if name.endswith(".md") and isinstance(content, bytes):
                files[name] = without_tree(content.decode(), files.keys())
        return files


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tutorials.build")
    parser.description = "Build the site into build/site."
    parser.add_argument(
        "--draft",
        nargs="+",
        metavar="PAGE",
        help="these pages alone, in spite of warnings, into build/draft-PAGE",
    )
    options = parser.parse_args()
    folder = ROOT / "build"
    site = Site(folder / "site", folder / "site-work", pages.names())
    if options.draft:
        names = [Path(name).stem for name in options.draft]
        out = folder / f"draft-{names[0]}"
        site = Site(out, folder / f"{out.name}-work", names, draft=True)
    try:
        site.build()
    except SiteFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
