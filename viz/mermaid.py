"""Mermaid text of a graph, for pages that draw it themselves: GitHub, GitLab, Obsidian, many wikis."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tinytorch.viz import wording
from tinytorch.viz.dot import contents, in_frames, kept_tensors
from tinytorch.viz.graph import Graph, Group, Node

# All else is written as a number: quotes, brackets, backticks and # have a meaning in Mermaid, < and & in HTML.
PLAIN = re.compile(r"[^\w .,:=+*/^@()!?'→×…-]")


def to_mermaid(graph: Graph, direction: str = "forward") -> str:
    """The graph as a Mermaid flowchart; the same graph gives the same text.

    >>> from tinytorch.viz.graph import Edge, Graph, Node, Summary
    >>> w = Node("n0", "leaf", "leaf", name="w", outputs=(Summary((2,), "float32"),))
    >>> y = Node("n1", "op", "Exp", name="y", formula="y = e^w", outputs=(Summary((2,), "float32"),))
    >>> print("\\n".join(to_mermaid(Graph([w, y], [Edge("n0", "n1")])).splitlines()[:4]))
    flowchart TB
      n0("<b>w</b><br/>(2,) float32, leaf"):::leaf
      n1("<b>Exp</b><br/>y = e^w<br/>(2,) float32"):::op
      n0 --> n1
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f'direction has to be "forward" or "backward", not {direction!r}')
    backward = direction == "backward"
    lines = [f"flowchart {'BT' if backward else 'TB'}", *_boxes(graph), *_arrows(graph, backward), *_legend(graph)]
    return "\n".join([*lines, ""])


def escaped(text: str) -> str:
    """Text inside a quoted Mermaid label that shows as it is.

    >>> escaped('"]; x["')
    '#34;#93;#59; x#91;#34;'
    """
    return PLAIN.sub(lambda found: f"#{ord(found[0])};", text)


def _boxes(graph: Graph) -> Iterator[str]:
    kept = kept_tensors(graph)
    groups = {group.id: group for group in graph.groups}
    nodes = {node.id: node for node in graph.nodes}
    for indent, kind, name in in_frames(graph, kept):
        if kind == "group":
            yield f'{indent}subgraph {name}["{_frame(groups[name])}"]'
        elif kind == "end":
            yield f"{indent}end"
        elif kind == "node":
            yield indent + _box(nodes[name])
        else:
            text = "<br/>".join(escaped(line) for line in wording.saved_lines(kept[name].saved))
            yield f'{indent}{name}>"{text}"]:::saved'
    for name, (origin, _, keepers) in kept.items():
        for end in dict.fromkeys([*keepers, origin] if origin else keepers):
            yield f"  {name} -.- {end}"


def _frame(group: Group) -> str:
    text = f"{wording.visible(group.name, 40)} {wording.visible(group.label, 60)}".strip() or "module"
    return escaped(text + (f" {wording.TIMES}{group.count}" if group.count > 1 else ""))


def _box(node: Node) -> str:
    lines = [f"<b>{escaped(wording.title(node))}</b>", *(escaped(line) for line in wording.lines(node))]
    return f'{node.id}("{"<br/>".join(lines)}"):::{wording.look(node)}'


def _arrows(graph: Graph, backward: bool) -> Iterator[str]:
    for edge in graph.edges:
        start, end = (edge.target, edge.source) if backward else (edge.source, edge.target)
        text = wording.flowing(edge, backward)
        label = f'|"{escaped(text)}"|' if text else ""
        arrow = "-->" if edge.needs_grad else "-.-" if backward else "-.->"
        yield f"  {start} {arrow}{label} {end}"


def _legend(graph: Graph) -> Iterator[str]:
    rows = [(key, meaning) for key, meaning in wording.legend(graph) if key != "module"]
    if rows:
        yield '  subgraph legend["legend"]'
        yield from (f'    legend_{key}("{escaped(meaning)}"):::{key}' for key, meaning in rows)
        yield "  end"
        frames, _ = contents(graph, {})
        yield f"  class {','.join([*frames, 'legend'])} module"
    for key in [*(key for key, _ in rows), *(["module"] if rows else [])]:
        fill, line = wording.COLOURS[key]
        dashed = ",stroke-dasharray:4" if key == "cut" else ""
        yield f"  classDef {key} fill:{fill},stroke:{line},color:#000000{dashed}"
