"""The interactive page: one self-contained .html that works from disk, without a network and without a server.

page-assets/page.html is the skeleton; the style, the scripts (in the order of SCRIPTS, as one module) and the graph as
JSON are put into it. A Content-Security-Policy lets exactly that style and that script run, known by their hashes, and
forbids every request, so that no text of the user's can do harm.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from pathlib import Path

from tinytorch.viz.graph import Graph
from tinytorch.viz.store import to_json

FOLDER = Path(__file__).parent / "page-assets"
# In reading order: texts and small tools; the graph; where its boxes go; how it is drawn; what one can do with it.
SCRIPTS = (
    "words", "elements", "graph", "folding", "slots", "layered", "layout", "boxes", "drawing", "view", "details",
    "states", "player", "search", "main",
)  # fmt: skip


def page(
    graph: Graph,
    *,
    direction: str = "forward",
    title: str | None = None,
    depth: int | None = None,
    start_at_player: bool = False,
) -> str:
    """The page of a graph: zoom, search, details, collapsible modules, and a player of the graph's steps.

    direction: "forward" (arrows follow the data) or "backward" (they follow the gradient); the page has a switch.
    title: what stands on top; the graph's own title otherwise.
    depth: how many open modules may lie in each other at first; None: as many as are readable.
    start_at_player: open at the first step rather than at the whole graph.

    >>> from tinytorch.viz.graph import Graph, Node
    >>> page(Graph([Node("n0", "leaf", "leaf", name="</script>")])).count("</script>")
    3
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f'direction has to be "forward" or "backward", got {direction!r}')
    title = graph.title if title is None else title
    settings = {"title": title, "direction": direction, "depth": depth, "player": start_at_player}
    style = _asset("page.css")
    script = "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    parts = {
        "policy": f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'",
        "title": html.escape(_allowed(title)),
        "style": style,
        "settings": _in_script(json.dumps(settings)),
        "graph": to_json(graph),  # leaves <, > and & out
        "script": script,
    }
    # What stands between two @@ is the name of a part; what a part contains is not looked at again.
    pieces = _asset("page.html").split("@@")
    return "".join(parts[piece] if number % 2 else piece for number, piece in enumerate(pieces)) + "\n"


def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8").strip()


def _digest(text: str) -> str:
    """The name under which a Content-Security-Policy allows this very text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _in_script(text: str) -> str:
    """JSON that can neither end the script element that it stands in nor open a comment there."""
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _allowed(text: str) -> str:
    """Text without what an HTML file cannot contain: control characters and halves of surrogate pairs."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip() or "tinytorch"
