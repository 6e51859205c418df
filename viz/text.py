"""The graph as a tree for the terminal: results at the root, what they were computed from below them.

A node that is used more than once is written out where it comes first, and by its number later on. Where the tree gets
too deep to read it goes on at the left edge, so even a chain of 100,000 operations takes a line each.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tinytorch.viz import wording
from tinytorch.viz.graph import Edge, Graph, Node
from tinytorch.viz.pausing import paused

DEEPEST = 24
WIDEST = 60  # columns begin here at the latest
COLOURS = {"op": "1", "box": "1;36", "leaf": "1;34", "data": "33", "cut": "31", "output": "1;32", "error": "1;31"}
PALE, RED = "2", "31"


class Line(NamedTuple):
    """A line of the tree: branches, then columns."""

    branches: str
    title: str
    look: str
    columns: tuple[str, ...]  # shapes, formula, remarks, place


@paused()
def to_text(graph: Graph, colour: bool = False, direction: str = "forward", width: int | None = None) -> str:
    """The tree, in colours if asked for, lines cut at `width` columns if given.

    `direction="backward"` adds each operation's turn in backward and the gradient that came for its result.

    >>> from tinytorch.viz.graph import Edge, Graph, Node, Summary
    >>> w = Node("n0", "leaf", "leaf", name="w", outputs=(Summary((2,), "float32"),))
    >>> y = Node("n1", "op", "Exp", name="y", formula="y = e^w", outputs=(Summary((2,), "float32"),), is_output=True)
    >>> print(to_text(Graph([w, y], [Edge("n0", "n1")])), end="")
    Exp   (2,) float32  y = e^w
    └─ w  (2,) float32  leaf
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f'direction has to be "forward" or "backward", not {direction!r}')
    lines = list(_lines(graph, direction == "backward"))
    first = max((min(_width(line.branches + line.title), WIDEST) for line in lines), default=0)
    second = max((min(_width(line.columns[0]), WIDEST) for line in lines), default=0)
    result = [_painted([(part, "1;31")], colour, width) for part in wording.message(graph.error or "", 100)]
    result += [_painted([(part, PALE)], colour, width) for part in wording.message(graph.note or "", 100)]
    for line in lines:
        shapes, formula, remarks, place = line.columns
        parts = [(line.branches, PALE), (line.title, COLOURS[line.look])]
        parts.append((" " * (first - _width(line.branches + line.title)) + "  " + shapes, ""))
        rest = [(formula, ""), (remarks, RED if line.look in ("error", "cut") else ""), (place, PALE)]
        gap = " " * (second - _width(shapes)) + "  "
        for text, code in rest:
            if text:
                parts += [(gap, ""), (text, code)]
                gap = "  "
        result.append(_painted(parts, colour, width))
    return "\n".join([*result, ""])


def _painted(parts: list[tuple[str, str]], colour: bool, width: int | None) -> str:
    """Texts with their colours as one line of at most so many columns."""
    left = width if width else 1 << 30
    done = []
    for text, code in parts:
        if _width(text) > left:
            while _width(text) >= left > 0:
                text = text[:-1]
            text, left = (text + "…", 0) if left > 0 else ("", 0)
        left -= _width(text)
        done.append(f"\x1b[{code}m{text}\x1b[0m" if colour and code and text else text)
    return "".join(done).rstrip()


def _width(text: str) -> int:
    """Columns in a terminal: Chinese letters take two, accents that are letters of their own none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text
    )


def _lines(graph: Graph, backward: bool) -> Iterator[Line]:
    nodes = {node.id: node for node in graph.nodes}
    below: dict[str, list[Edge]] = {node.id: [] for node in graph.nodes}
    used = set()
    for edge in graph.edges:
        below[edge.target].append(edge)
        used.add(edge.source)
    uses = _uses(graph)
    modules = {group.id: wording.visible(group.name or group.label) + wording.times(group) for group in graph.groups}
    turns = {step.node: turn for turn, step in _last_first(graph)} if backward else {}
    roots = [node.id for node in graph.nodes if node.is_output]
    roots += [node.id for node in reversed(graph.nodes) if node.id not in used and not node.is_output]
    tops = set(roots)
    waiting, shown = deque(roots), set()
    while waiting:
        root = waiting.popleft()
        if root in shown:
            continue
        # (id, the branches before it, the branches before what lies below it)
        stack = [(root, "", "")]
        while stack:
            name, branches, inner = stack.pop()
            if name in shown:
                node = nodes[name]
                yield Line(branches, _title(node, uses), "data", (f"(see {name} above)", "", "", ""))
                continue
            children = list(dict.fromkeys(edge.source for edge in below[name]))
            if len(inner) >= 3 * DEEPEST and children:
                yield Line(branches, _title(nodes[name], uses), "data", (f"(see {name} below)", "", "", ""))
                waiting.append(name)
                continue
            shown.add(name)
            node = nodes[name]
            title = _title(node, uses, force=not branches and name not in tops)
            remarks = [_remarks(node, turns), f"in {modules[node.group]}" if node.group and node.kind == "op" else ""]
            yield _line(node, branches, title, ", ".join(part for part in remarks if part))
            for number, child in reversed(list(enumerate(children))):
                last = number == len(children) - 1
                stack.append((child, inner + ("└─ " if last else "├─ "), inner + ("   " if last else "│  ")))


def _uses(graph: Graph) -> set[str]:
    """The nodes that are named by their number: those with more than one user."""
    users: dict[str, str] = {}
    several = set()
    for edge in graph.edges:
        if users.setdefault(edge.source, edge.target) != edge.target:
            several.add(edge.source)
    return several


def _last_first(graph: Graph) -> list:
    return list(reversed(list(enumerate((step for step in graph.steps if step.kind == "backward"), 1))))


def _title(node: Node, uses: set[str], force: bool = False) -> str:
    return wording.title(node) + (f" {node.id}" if node.id in uses or force else "")


def _line(node: Node, branches: str, title: str, remarks: str) -> Line:
    formula = "" if node.kind in ("leaf", "data") else wording.formula(node).strip()
    return Line(branches, title, wording.look(node), (wording.shapes(node), formula, remarks, wording.place(node)))


def _remarks(node: Node, turns: dict[str, int]) -> str:
    parts = [node.kind] if node.kind in ("leaf", "data") else []
    parts += [wording.values(output) for output in node.outputs[:1]]
    if node.kind == "leaf" and node.grad is not None:
        parts.append(f"grad {wording.gradient(node.grad) or wording.shape(node.grad)}")
    if node.id in turns:
        came = "" if node.grad is None else wording.gradient(node.grad)
        parts.append(f"backward {turns[node.id]}" + (f": gradient {came}" if came else ""))
    parts += [wording.visible(node.note or ""), "backward failed here" if node.error else ""]
    return ", ".join(part.strip() for part in parts if part.strip())
