"""What could be wrong with the site as it was built: links, languages, and what a browser would fetch."""

from __future__ import annotations

import html.parser
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path


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


def check(site: Path) -> Iterator[str]:
    """What is wrong with the site as it was built."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        links = Links()
        text = path.read_text(encoding="utf-8")
        links.feed(text)
        for style in re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL):
            links.fetched += css_addresses(style)
        found[path] = links
    for path in sorted(site.rglob("*.css")):
        for address in css_addresses(path.read_text(encoding="utf-8")):
            if elsewhere(address):
                yield f"{path.relative_to(site)} fetches {address}"
    for path in sorted(site.rglob("*.svg")):
        for address in re.findall(
            r"(?:xlink:href|href|src)=\"([^\"#][^\"]*)\"",
            path.read_text(encoding="utf-8"),
        ):
            if elsewhere(address):
                yield f"{path.relative_to(site)} fetches {address}"
    english, chinese = (
        {path.relative_to(site / lang) for path in found if site / lang in path.parents}
        for lang in ("en", "zh")
    )
    for missing in sorted(english ^ chinese):
        yield f"{missing} is there in one language only"
    for path, links in found.items():
        where = path.relative_to(site)
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
