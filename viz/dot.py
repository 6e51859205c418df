"""DOT text of a graph: boxes with formulas, modules as frames, saved tensors as notes, a legend.

Both directions have the same layout, inputs above and results below. Forward arrows point down and carry data; backward
arrows point up, the way the gradient goes, and carry its shape and size.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import NamedTuple

from tinytorch.viz import wording
from tinytorch.viz.graph import Graph, Group, Node, Saved
from tinytorch.viz.pausing import paused

FONT, CODE = "Helvetica", "Courier"
GREY = "#707070"

Item = tuple[str, str]  # ("node", "group" or "note", its id)


class Kept(NamedTuple):
    """A tensor kept for backward: the node it comes from, where that is known, and the nodes that keep it."""

    origin: str | None
    saved: Saved
    keepers: list[str]


@paused()
def to_dot(graph: Graph, direction: str = "forward", legend: bool = True) -> str:
    """The graph in the DOT language; the same graph gives the same text.

    >>> from tinytorch.viz.graph import Edge, Graph, Node, Summary
    >>> w = Node("n0", "leaf", "leaf", name="w", outputs=(Summary((2,), "float32"),))
    >>> y = Node("n1", "op", "Exp", name="y", formula="y = e^w", outputs=(Summary((2,), "float32"),), is_output=True)
    >>> text = to_dot(Graph([w, y], [Edge("n0", "n1")]), direction="backward")
    >>> [line for line in text.splitlines() if "->" in line]
    ['  n1 -> n0']
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f'direction has to be "forward" or "backward", not {direction!r}')
    backward = direction == "backward"
    key = _legend(graph) if legend else ()
    return "\n".join([*_head(graph, backward), *_boxes(graph, backward), *_arrows(graph, backward), *key, "}", ""])


def quoted(text: str) -> str:
    """Text as a DOT string that shows as it is: it can neither end the string nor mean anything in it.

    >>> print(quoted('"]; x [label="'))
    "\\"]; x [label=\\""
    """
    safe = wording.visible(text, 400).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{safe}"'


def markup(text: str) -> str:
    """Text inside an HTML-like label. An arrow is two signs: small renderers do not know how wide the one letter is."""
    return html.escape(text.replace(wording.ARROW, "->").replace("…", "..."), quote=True)


def _head(graph: Graph, backward: bool) -> Iterator[str]:
    yield "digraph backward {" if backward else "digraph forward {"
    heading = f"<B>{markup(wording.visible(graph.title))}</B>" if wording.visible(graph.title).strip() else ""
    for line in wording.message(graph.error or "", 90):
        heading += ("<BR/>" if heading else "") + f'<FONT POINT-SIZE="11" COLOR="#cc0000">{markup(line)}</FONT>'
    for line in wording.message(graph.note or "", 90):
        heading += ("<BR/>" if heading else "") + f'<FONT POINT-SIZE="11" COLOR="{GREY}">{markup(line)}</FONT>'
    name = f' label=<{heading}> labelloc="t"' if heading else ""
    yield f'  graph [rankdir="{"BT" if backward else "TB"}" fontname="{FONT}" nodesep="0.3" ranksep="0.35"{name}]'
    yield f'  node [shape="box" style="filled,rounded" fontname="{FONT}" fontsize="11" margin="0.12,0.06"]'
    yield f'  edge [fontname="{FONT}" fontsize="9" color="#404040" fontcolor="#2a5d8f" arrowsize="0.7" weight="4"]'


# ---- boxes ---------------------------------------------------------------------------------------------------------


def _boxes(graph: Graph, backward: bool) -> Iterator[str]:
    """Every node inside the frames of its modules."""
    kept = kept_tensors(graph)
    turns = _turns(graph) if backward else {}
    groups = {group.id: group for group in graph.groups}
    nodes = {node.id: node for node in graph.nodes}
    for indent, kind, name in in_frames(graph, kept):
        if kind == "group":
            yield f"{indent}subgraph cluster_{name} {{"
            yield f"{indent}  {_frame(groups[name], backward)}"
        elif kind == "end":
            yield f"{indent}}}"
        else:
            yield indent + (_box(nodes[name], turns.get(name)) if kind == "node" else _note(name, kept[name].saved))
    for name, (origin, _, keepers) in kept.items():
        yield from _strings(name, origin, keepers, backward)


def in_frames(graph: Graph, kept: dict[str, Kept]) -> Iterator[tuple[str, str, str]]:
    """(indentation, "group", "node", "note" or "end", id): frames opened, what lies in them, and closed again.

    A stack holds the open frames: modules may lie deep.
    """
    children, top = contents(graph, kept)
    stack = [("", iter(top))]
    while stack:
        indent = "  " * min(len(stack), 20)
        group, items = stack[-1]
        for kind, name in items:
            yield indent, kind, name
            if kind == "group":
                stack.append((name, iter(children[name])))
                break
        else:
            stack.pop()
            if stack:
                yield "  " * min(len(stack), 20), "end", group


def contents(graph: Graph, kept: dict[str, Kept]) -> tuple[dict[str, list[Item]], list[Item]]:
    """(what lies directly in each module, what lies in none), in the order of the forward pass; no empty modules."""
    parents = {group.id: group.parent for group in graph.groups}
    children: dict[str, list[Item]] = {}
    top: list[Item] = []
    notes: dict[str, list[str]] = {}
    for name, (_, _, keepers) in kept.items():
        notes.setdefault(keepers[0], []).append(name)
    for node in graph.nodes:
        for item in [("node", node.id), *(("note", name) for name in notes.get(node.id, ()))]:
            group = node.group
            while group is not None and group not in children:
                children[group] = [item]
                item, group = ("group", group), parents[group]
            (top if group is None else children[group]).append(item)
    return children, top


def _frame(group: Group, backward: bool) -> str:
    name, kind = wording.visible(group.name, 40).strip(), wording.visible(group.label, 60).strip()
    count = f" <B>{wording.TIMES}{group.count}</B>" if group.count > 1 else ""
    text = (f"<B>{markup(name)}</B>  " if name else "") + markup(kind) + count
    fill, line = wording.COLOURS["module"]
    return (
        f'graph [label=<{text.strip() or "module"}> labelloc="{"b" if backward else "t"}" labeljust="l" '
        f'fontname="{FONT}" fontsize="10" style="rounded,filled" fillcolor="{fill}" color="{line}" '
        f"tooltip={quoted(f'{group.name} {group.label}')}]"
    )


def _box(node: Node, turn: int | None) -> str:
    look = wording.look(node)
    fill, border = wording.COLOURS[look]
    more = ' style="filled,rounded,dashed"' if node.kind == "cut" else ""
    more += ' penwidth="2"' if look == "error" else ""
    rows = [f"<B>{markup(wording.title(node))}</B>"]
    if turn is not None:
        rows[0] += f'<FONT POINT-SIZE="9" COLOR="{GREY}">  backward {turn}</FONT>'
    where, formula = wording.place(node), wording.formula(node)
    for line in wording.lines(node):
        if line == formula.strip():
            rows.append(f'<FONT FACE="{CODE}">{markup(line)}</FONT>')
        elif line == where:
            rows.append(f'<FONT POINT-SIZE="9" COLOR="{GREY}">{markup(line)}</FONT>')
        else:
            rows.append(f'<FONT POINT-SIZE="10">{markup(line)}</FONT>')
    tip = quoted(_tip(node))
    return f'{node.id} [label=<{"<BR/>".join(rows)}> fillcolor="{fill}" color="{border}"{more} tooltip={tip}]'


def _tip(node: Node) -> str:
    """What shows under the pointer: the backward node's name, the gradients' formulas, the line of code."""
    parts = [node.backward, *node.gradients, node.where.code.strip() if node.where else None]
    return "; ".join(part for part in parts if part) or wording.title(node)


def _turns(graph: Graph) -> dict[str, int]:
    """The place of each operation in the order in which backward ran them."""
    ran = [step.node for step in graph.steps if step.kind == "backward"]
    return {name: turn for turn, name in reversed(list(enumerate(ran, 1)))}


# ---- saved tensors -------------------------------------------------------------------------------------------------


def kept_tensors(graph: Graph) -> dict[str, Kept]:
    """Each saved tensor once, by the name of its note. Without a known origin it belongs to the node that keeps it."""
    found: dict[tuple[str, str, str], Kept] = {}
    several = {node.id for node in graph.nodes if len(node.outputs) > 1}  # of these, the name tells which result it is
    for node in graph.nodes:
        for saved in node.saved:
            which = saved.name.removesuffix("^T") if saved.node in several else ""
            key = ("of", saved.node, which) if saved.node else ("in", node.id, saved.name)
            keepers = found.setdefault(key, Kept(saved.node, saved, [])).keepers
            if node.id not in keepers:
                keepers.append(node.id)
    return {f"s{number}": kept for number, kept in enumerate(found.values())}


def _note(name: str, saved: Saved) -> str:
    fill, border = wording.COLOURS["saved"]
    text = "<BR/>".join(markup(line) for line in wording.saved_lines(saved))
    style = f'fillcolor="{fill}" style="filled"'
    if saved.freed:
        style = f'fillcolor="#fff4e6" style="filled,dashed" fontcolor="{GREY}"'
    return (
        f'{name} [label=<{text}> shape="note" fontsize="9" margin="0.06,0.03" color="{border}" {style} tooltip="saved"]'
    )


def _strings(name: str, origin: str | None, keepers: list[str], backward: bool) -> Iterator[str]:
    """Dotted lines between a note, the nodes that keep the tensor (the first is right below it) and its origin."""
    style = f'style="dotted" dir="none" weight="1" color="{wording.COLOURS["saved"][1]}"'
    first, *others = keepers
    yield f"  {first} -> {name} [{style}]" if backward else f"  {name} -> {first} [{style}]"
    for end in others + ([origin] if origin and origin not in keepers else []):
        yield f'  {name} -> {end} [{style} constraint="false"]'


# ---- arrows --------------------------------------------------------------------------------------------------------


def _arrows(graph: Graph, backward: bool) -> Iterator[str]:
    arrivals = {flow.edge: flow for step in graph.steps if step.kind == "backward" for flow in step.outgoing}
    for number, edge in enumerate(graph.edges):
        settings = []
        text = wording.flowing(edge, backward)
        flow = arrivals.get(number)
        if backward and edge.needs_grad and flow is not None and flow.expected > 1:
            text = f"{text} {flow.arrived}/{flow.expected}".strip()
        if text:
            settings.append(f"label={quoted(text)}")
        if not edge.needs_grad:
            settings.append('style="dashed" color="#a0a0a0"' + (' dir="none"' if backward else ""))
        start, end = (edge.target, edge.source) if backward else (edge.source, edge.target)
        yield f"  {start} -> {end}" + (f" [{' '.join(settings)}]" if settings else "")


def _legend(graph: Graph) -> Iterator[str]:
    rows = [
        f'<TR><TD BGCOLOR="{wording.COLOURS[key][0]}" COLOR="{wording.COLOURS[key][1]}" BORDER="1" WIDTH="24"> </TD>'
        f'<TD ALIGN="LEFT">{markup(meaning)}</TD></TR>'
        for key, meaning in wording.legend(graph)
    ]
    if rows:
        table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="3">{"".join(rows)}</TABLE>'
        yield f'  legend [label=<{table}> shape="plain" style="" fontsize="9" tooltip="legend"]'
