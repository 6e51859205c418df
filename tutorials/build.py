"""Build the site: English and Chinese, from the same pages, into build/site. `python3 dev.py site` calls this.

Pages are executed once, unless tinytorch or the page has changed since. Nothing is fetched from anywhere. Warnings,
links that lead nowhere, a page that is missing in one language, and anything that a browser would fetch from elsewhere
are errors.
"""

from __future__ import annotations

import argparse
import hashlib
import html.parser
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from tutorials import notebooks, pages

ROOT = pages.FOLDER.parent
SITE = ROOT / "build" / "site"
WORK = ROOT / "build" / "site-work"
SETTINGS = pages.FOLDER / "site"


class SiteFailed(Exception):
    """What is wrong with the site."""


def keep(path: Path, content: str | bytes) -> None:
    """Write a file unless it says so already: Sphinx reads again what is newer."""
    data = content.encode() if isinstance(content, str) else content
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def fingerprint() -> str:
    """A hash of all that the pages' outputs depend on beside the pages."""
    digest = hashlib.sha256()
    for package in ("numpy", "matplotlib", "scikit-learn", "ipykernel"):
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    for folder in ("tinytorch", "_ext", "viz"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (
                ".py",
                ".pyx",
                ".pxi",
                ".so",
                ".pyd",
                ".js",
                ".css",
                ".html",
            ):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def prepare() -> None:
    """The folder that executed pages are kept in; emptied when they might print something else now."""
    stamp = WORK / "fingerprint"
    if not stamp.exists() or stamp.read_text() != fingerprint():
        shutil.rmtree(WORK, ignore_errors=True)
        keep(stamp, fingerprint())
    keep(WORK / "ipython" / "profile_default" / "ipython_kernel_config.py", KERNEL)


# Plots as SVG without dates: sharp at any size, and the same in every build.
KERNEL = """\
c.IPKernelApp.log_level = "ERROR"
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
c.InlineBackend.rc = {"svg.hashsalt": "tinytorch", "figure.figsize": (6.4, 3.6)}
"""


def write_sources(lang: str) -> Path:
    """Everything that Sphinx reads for one language."""
    import nbformat

    from tutorials.site import reference

    folder = WORK / lang
    files: dict[str, str | bytes] = {
        "index.md": (SETTINGS / f"index.{lang}.md").read_bytes()
    }
    words = {"en": "Tutorials", "zh": "教程"}[lang]
    names = pages.names()
    toctree = "\n".join(names)
    intro = (SETTINGS / f"tutorials.{lang}.md").read_text(encoding="utf-8")
    files["tutorials/index.md"] = (
        f"# {words}\n\n{intro}\n\n```{{toctree}}\n:maxdepth: 1\n\n{toctree}\n```\n"
    )
    for name in names:
        page = pages.read(name)
        files[f"tutorials/{name}.ipynb"] = nbformat.writes(
            notebooks.notebook(page, lang, for_site=True)
        )
        files[f"downloads/notebooks/{name}.ipynb"] = nbformat.writes(
            notebooks.notebook(page, lang, for_site=False)
        )
        files[f"downloads/notebooks/{name}.py"] = page.path.read_bytes()
    for document in ("design", "benchmarks"):
        files[f"{document}.md"] = (ROOT / "docs" / f"{document}.md").read_bytes()
    for picture in (ROOT / "docs").glob("*.png"):
        files[picture.name] = picture.read_bytes()
    gallery = ROOT / "viz" / "README.md"
    if gallery.exists():
        files["gallery.md"] = gallery.read_bytes()
        for picture in (ROOT / "viz" / "gallery").glob("*"):
            files[f"gallery/{picture.name}"] = picture.read_bytes()
    files.update(
        {f"reference/{name}": text for name, text in reference.pages(lang).items()}
    )
    for name, content in files.items():
        keep(folder / name, content)
    for path in sorted(folder.rglob("*")):  # pages that are no more
        if path.is_file() and path.relative_to(folder).as_posix() not in files:
            path.unlink()
    return folder


def sphinx(lang: str, draft: bool) -> None:
    """Build one language; Sphinx has said why when it fails."""
    source = write_sources(lang)
    environment = {
        **os.environ,
        "TINYTORCH_SITE_LANGUAGE": lang,
        "TINYTORCH_SITE_SOURCE": str(source),
        "TINYTORCH_SITE_CACHE": str(WORK / "cache"),
        "IPYTHONDIR": str(WORK / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    environment.pop("MPLBACKEND", None)  # the kernel's own: plots belong to their cells
    options = "-q -b html".split() if draft else "-q -W -b html".split()
    folders = [str(source), str(SITE / lang)]
    folders += ["-c", str(SETTINGS), "-d", str(WORK / f"doctrees-{lang}")]
    command = [sys.executable, "-m", "sphinx", *options, *folders]
    if subprocess.call(command, cwd=ROOT, env=environment) != 0:
        raise SiteFailed(f"Sphinx did not build the {lang!r} pages: see above")


# ---- checks


class Links(html.parser.HTMLParser):
    """What a page points to, what it makes a browser fetch, and the places that one can point to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.ids: set[str] = set()
        self.lang = ""

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "html":
            self.lang = found.get("lang", "")
        self.ids.update(found[name] for name in ("id", "name") if name in found)
        if tag in ("a", "link") and "href" in found:
            (
                self.fetched
                if tag == "link" and found.get("rel") != "alternate"
                else self.links
            ).append(found["href"])
        for name in ("src", "srcset", "data", "poster", "xlink:href"):
            if name in found:
                self.fetched.append(found[name])
        if tag == "use" and "href" in found:
            self.fetched.append(found["href"])
        if "style" in found:
            self.fetched += css_addresses(found["style"])
        if "srcdoc" in found:
            inner = Links()
            inner.feed(found["srcdoc"])
            self.fetched += [
                address
                for address in inner.fetched
                if "://" in address or address.startswith("//")
            ]


def css_addresses(text: str) -> list[str]:
    return re.findall(r"url\(\s*['\"]?([^'\")]+)", text) + re.findall(
        r"@import\s+['\"]([^'\"]+)", text
    )


def check() -> Iterator[str]:
    """What is wrong with the site as it was built."""
    found = {}
    for path in sorted(SITE.rglob("*.html")):
        links = Links()
        text = path.read_text(encoding="utf-8")
        links.feed(text)
        for style in re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL):
            links.fetched += css_addresses(style)
        found[path] = links
    for path in sorted(SITE.rglob("*.css")):
        for address in css_addresses(path.read_text(encoding="utf-8")):
            if elsewhere(address):
                yield f"{path.relative_to(SITE)} fetches {address}"
    for path in sorted(SITE.rglob("*.svg")):
        for address in re.findall(
            r"(?:xlink:href|href|src)=\"([^\"#][^\"]*)\"",
            path.read_text(encoding="utf-8"),
        ):
            if elsewhere(address):
                yield f"{path.relative_to(SITE)} fetches {address}"
    english, chinese = (
        {path.relative_to(SITE / lang) for path in found if SITE / lang in path.parents}
        for lang in pages.LANGUAGES
    )
    for missing in sorted(english ^ chinese):
        yield f"{missing} is there in one language only"
    for path, links in found.items():
        where = path.relative_to(SITE)
        lang = where.parts[0] if len(where.parts) > 1 else ""
        if lang and not links.lang.startswith(lang):
            yield f"{where} says that it is in {links.lang!r}"
        for address in links.fetched:
            if elsewhere(address):
                yield f"{where} fetches {address}"
        for address in [*links.links, *links.fetched]:
            parts = urllib.parse.urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (
                (path.parent / urllib.parse.unquote(parts.path)).resolve()
                if parts.path
                else path
            )
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                yield f"{where} leads to {address}, which is not there"
            elif (
                parts.fragment
                and target in found
                and not reachable(parts.fragment, found[target].ids)
            ):
                yield f"{where} leads to {address}, and that page has no such place"


def reachable(fragment: str, ids: set[str]) -> bool:
    return fragment in ids or urllib.parse.unquote(fragment) in ids


def elsewhere(address: str) -> bool:
    """Would a browser need the network for this?"""
    return "://" in address or address.startswith("//")


def build(draft: bool = False) -> None:
    """All of it; raises SiteFailed."""
    wrong = [
        text for name in pages.names() for text in pages.problems(pages.read(name))
    ]
    start = time.monotonic()
    if not wrong or draft:
        prepare()
        for lang in pages.LANGUAGES:
            sphinx(lang, draft)
            print(f"{lang}: {time.monotonic() - start:.0f} s", flush=True)
        keep(SITE / "index.html", (SETTINGS / "index.html").read_bytes())
        wrong += check()
    if wrong and not draft:
        raise SiteFailed("\n".join(wrong))
    count = sum(1 for _ in SITE.rglob("*.html"))
    print(*wrong, f"{SITE / 'index.html'}: {count} pages", sep="\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tutorials.build")
    parser.description = "Build the site into build/site."
    parser.add_argument("--draft", action="store_true", help="in spite of warnings")
    try:
        build(parser.parse_args().draft)
    except SiteFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
