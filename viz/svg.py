"""An SVG picture of a graph in our own layout: nothing has to be installed for it.

It says the same as DOT's, in the same words and colours. The layout does not depend on the direction: data flows down,
and with direction="backward" the arrows point up, the way of the gradient. The text sets no styles and no ids, so that
several pictures can stand in one notebook.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from xml.sax.saxutils import escape

from tinytorch.viz import wording
from tinytorch.viz.dot import kept_tensors
from tinytorch.viz.graph import Edge, Graph, Group, Node, Saved
from tinytorch.viz.layered import Point
from tinytorch.viz.layout import Box, Layout, layout
from tinytorch.viz.metrics import width

SANS, CODE = "Helvetica", "Courier"
FAMILIES = {SANS: "Helvetica, Arial, 'Liberation Sans', sans-serif", CODE: "Courier, 'Courier New', monospace"}
BLACK, GREY, RED, BLUE = "#000000", "#707070", "#cc0000", "#2a5d8f"
LINE, PALE = "#404040", "#a0a0a0"
MARGIN = 10.0  # around the whole picture
AROUND = (11.0, 6.0)  # around the text of a box: to the sides, above and below
HEAD = (6.0, 2.75)  # an arrow's head: its length and half its width


class Style(NamedTuple):
    """How a piece of text looks, and how high its line is."""

    font: str
    size: float
    colour: str
    height: float
    bold: bool = False


TITLE = Style(SANS, 12, BLACK, 16, bold=True)
FORMULA = Style(CODE, 11, BLACK, 14)
PLAIN = Style(SANS, 10, BLACK, 13)
SMALL = Style(SANS, 9, GREY, 12)
ALARM = Style(SANS, 10, RED, 13)
NOTE = Style(SANS, 9, BLACK, 11.5)
FLOW = Style(SANS, 9, BLUE, 12)
HEADING = Style(SANS, 14, BLACK, 20, bold=True)
FRAME = Style(SANS, 10, BLACK, 15)
FRAME_NAME = Style(SANS, 10, BLACK, 15, bold=True)

Row = list[tuple[str, Style]]  # a line of text, in pieces


def to_svg(graph: Graph, direction: str = "forward", legend: bool = True) -> str:
    """The graph as SVG text; the same graph gives the same text.

    >>> from tinytorch.viz.graph import Graph, Node
    >>> print(to_svg(Graph([Node("n0", "leaf", "leaf", name="w")])).splitlines()[2])
    <rect width="240" height="85" fill="#ffffff"/>
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f'direction has to be "forward" or "backward", not {direction!r}')
    backward = direction == "backward"
    rows = _rows_of_all(graph, backward)
    drawn, keepers = _with_notes(graph, rows)
    texts = _flows(graph, backward)
    titles = {group.id: _frame_title(group) for group in graph.groups}
    places = layout(
        drawn,
        {name: _extent(lines) for name, lines in rows.items()},
        labels={number: (width(text, FLOW.size) + 10, FLOW.height) for number, text in texts.items()},
        titles={name: (_row_width(row), FRAME.height - 4) for name, row in titles.items()},
        weak=range(len(graph.edges), len(drawn.edges)),
    )
    heading = _heading(graph)
    above = sum(row[0][1].height for row in heading) + (8 if heading else 0)
    key = wording.legend(graph) if legend else []
    across = max([places.width, *(_row_width(row) for row in heading), *(220.0 for _ in key[:1])]) + 2 * MARGIN
    legend_top = MARGIN + above + places.height + 14
    down = legend_top + 15 * len(key) + MARGIN / 2
    move = f"translate({_number(MARGIN + (across - 2 * MARGIN - places.width) / 2)},{_number(MARGIN + above)})"
    right, bottom = _number(across), _number(down)
    size = f'width="{right}" height="{bottom}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {right} {bottom}" role="img">',
            f"<title>{_safe(graph.title) or 'graph'}</title>",
            f'<rect {size} fill="#ffffff"/>',
            *_lines(heading, across / 2, MARGIN),
            f'<g transform="{move}">',
            *(_rectangle(frame, "module", 6) for frame in places.frames.values()),
            *_arrows(drawn, len(graph.edges), places, backward),
            *(_frame_text(titles[name], frame) for name, frame in places.frames.items()),
            *_labels(texts, places),
            *(_box(node, rows[node.id], places.nodes[node.id]) for node in graph.nodes),
            *(_note(saved, rows[name], places.nodes[name]) for name, saved in keepers.items()),
            "</g>",
            *_legend(key, legend_top),
            "</svg>\n",
        ]
    )


# ---- what is written -----------------------------------------------------------------------------------------------


def _rows_of_all(graph: Graph, backward: bool) -> dict[str, list[Row]]:
    """The text of every node's box."""
    turns: dict[str, int] = {}
    if backward:
        for step in graph.steps:
            if step.kind == "backward":
                turns.setdefault(step.node, len(turns) + 1)
    return {node.id: _rows(node, turns.get(node.id)) for node in graph.nodes}


def _rows(node: Node, turn: int | None) -> list[Row]:
    first: Row = [(wording.title(node), TITLE)]
    if turn is not None:
        first.append((f"  backward {turn}", SMALL))
    formula, place = wording.formula(node).strip(), wording.place(node)
    alarms = wording.message(node.error or "")
    rows = [first]
    for line in wording.lines(node):
        style = FORMULA if line == formula else SMALL if line == place else ALARM if line in alarms else PLAIN
        rows.append([(line, style)])
    return rows


def _flows(graph: Graph, backward: bool) -> dict[int, str]:
    """What is written on edges, by their numbers."""
    flows = {flow.edge: flow for step in graph.steps if step.kind == "backward" for flow in step.outgoing}
    texts = {}
    for number, edge in enumerate(graph.edges):
        text = wording.flowing(edge, backward)
        flow = flows.get(number)
        if backward and edge.needs_grad and flow is not None and flow.expected > 1:
            text = f"{text} {flow.arrived}/{flow.expected}".strip()
        if text:
            texts[number] = text
    return texts


def _with_notes(graph: Graph, rows: dict[str, list[Row]]) -> tuple[Graph, dict[str, Saved]]:
    """The graph with a node for each saved tensor, between where it comes from and all that keep it.

    Their texts are added to `rows`; the second result has the saved tensors by the ids of those nodes."""
    boxes = {node.id: node for node in graph.nodes}
    notes: dict[str, Saved] = {}
    nodes, edges = list(graph.nodes), list(graph.edges)
    for name, kept in kept_tensors(graph).items():
        notes[name] = kept.saved
        rows[name] = [[(line, NOTE)] for line in wording.saved_lines(kept.saved)]
        nodes.append(Node(name, "saved", "", group=boxes[kept.keepers[0]].group))
        if kept.origin in boxes:
            edges.append(Edge(kept.origin, name))
        edges += [Edge(name, keeper) for keeper in kept.keepers if keeper != kept.origin]
    return replace(graph, nodes=nodes, edges=edges), notes


def _heading(graph: Graph) -> list[Row]:
    """The title, and what backward raised where no node is to blame."""
    title = wording.visible(graph.title).strip()
    rows: list[Row] = [[(title, HEADING)]] if title else []
    known = any(node.error for node in graph.nodes)  # then the message stands there
    return rows if known else rows + [[(line, ALARM)] for line in wording.message(graph.error or "")]


def _frame_title(group: Group) -> Row:
    name, kind = wording.visible(group.name, 40).strip(), wording.visible(group.label, 60).strip()
    row: Row = [(name, FRAME_NAME), (f"  {kind}", FRAME)] if name else [(kind or "module", FRAME)]
    return [*row, (f" {wording.TIMES}{group.count}", FRAME_NAME)] if group.count > 1 else row


# ---- how it looks --------------------------------------------------------------------------------------------------


def _row_width(row: Row) -> float:
    return sum(width(text, style.size, style.font, style.bold) for text, style in row)


def _extent(rows: list[Row]) -> tuple[float, float]:
    """The size of a box with this text, in whole points."""
    across = max(_row_width(row) for row in rows) + 2 * AROUND[0]
    return float(int(across) + 1), sum(row[0][1].height for row in rows) + 2 * AROUND[1]


def _lines(rows: list[Row], middle: float, top: float) -> Iterator[str]:
    """Rows of text, centred."""
    for row in rows:
        height, size = row[0][1].height, row[0][1].size
        yield _text(row, middle, top + (height + 0.7 * size) / 2, "middle")
        top += height


def _text(row: Row, x: float, y: float, anchor: str = "start") -> str:
    pieces = "".join(_piece(text, style) for text, style in row)
    return f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}" xml:space="preserve">{pieces}</text>'


def _piece(text: str, style: Style) -> str:
    bold = ' font-weight="bold"' if style.bold else ""
    return (
        f'<tspan font-family="{FAMILIES[style.font]}" font-size="{_number(style.size)}" fill="{style.colour}"{bold}>'
        f"{escape(text)}</tspan>"
    )


def _safe(text: str) -> str:
    return escape(wording.visible(text, 400).strip())


def _number(value: float) -> str:
    """Two digits after the point at most: 12, 12.25."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _rectangle(box: Box, look: str, corner: float, more: str = "") -> str:
    fill, border = wording.COLOURS[look]
    return (
        f'<rect x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" '
        f'height="{_number(box.height)}" rx="{_number(corner)}" fill="{fill}" stroke="{border}"{more}/>'
    )


def _box(node: Node, rows: list[Row], box: Box) -> str:
    look = wording.look(node)
    more = ' stroke-dasharray="5,3"' if node.kind == "cut" else ' stroke-width="2"' if look == "error" else ""
    return "\n".join(
        [
            f"<g><title>{_safe(_tip(node))}</title>",
            _rectangle(box, look, 3 if node.kind in ("leaf", "data") else 7, more),
            *_lines(rows, box.x + box.width / 2, box.y + AROUND[1]),
            "</g>",
        ]
    )


def _tip(node: Node) -> str:
    """What shows under the pointer: the backward node's name, the gradients' formulas, the line of code."""
    parts = [node.backward, *node.gradients, node.where.code.strip() if node.where else None]
    return "; ".join(part for part in parts if part) or wording.title(node)


def _note(saved: Saved, rows: list[Row], box: Box) -> str:
    more = ' stroke-dasharray="3,2" fill-opacity="0.35"' if saved.freed else ""
    return "\n".join(
        [
            f"<g><title>kept for backward: {_safe(saved.name)}</title>",
            _rectangle(box, "saved", 1, more),
            *_lines(rows, box.x + box.width / 2, box.y + AROUND[1]),
            "</g>",
        ]
    )


def _frame_text(title: Row, box: Box) -> str:
    """A frame's title, with a rim in the frame's colour: arrows may run through it."""
    rim = f'stroke="{wording.COLOURS["module"][0]}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
    return f"<g {rim}>{_text(title, box.x + 8, box.y + 14)}</g>"


def _labels(texts: dict[int, str], places: Layout) -> Iterator[str]:
    for number, text in texts.items():
        corner = places.labels[number]
        if corner is not None:
            yield _text([(text, FLOW)], corner[0] + 5, corner[1] + 9)


def _arrows(drawn: Graph, arrows: int, places: Layout, backward: bool) -> Iterator[str]:
    """Edges with heads, dashed where no gradient goes; after so many `arrows`, the dotted lines of saved tensors."""
    failed = backward and any(node.error for node in drawn.nodes)
    for number, (edge, points) in enumerate(zip(drawn.edges, places.edges)):
        if not points:
            continue
        if number >= arrows:
            style = f'stroke="{wording.COLOURS["saved"][1]}" stroke-dasharray="1.5,3"'
            yield f'<path d="{_path(points)}" fill="none" {style}/>'
            continue
        flows = edge.needs_grad and not (failed and edge.grad is None)
        colour, dashes = (LINE, "") if flows else (PALE, ' stroke-dasharray="4,3"')
        if backward and not flows:
            head = ""
        else:
            points, head = _headed(points[::-1] if backward else points, colour)
        yield f'<path d="{_path(points)}" fill="none" stroke="{colour}"{dashes}/>{head}'


def _headed(points: list[Point], colour: str) -> tuple[list[Point], str]:
    """The points of an arrow without the length of its head, and the head."""
    (x, y), before = points[-1], points[-2]
    length, half = HEAD if y >= before[1] else (-HEAD[0], HEAD[1])
    base = y - length
    corners = " ".join(f"{_number(a)},{_number(b)}" for a, b in ((x, y), (x - half, base), (x + half, base)))
    return [*points[:-1], (x, base)], f'<polygon points="{corners}" fill="{colour}"/>'


def _path(points: list[Point]) -> str:
    """Straight down within rows, bent between them, upright at every point."""
    x, y = points[0]
    parts = [f"M{_number(x)},{_number(y)}"]
    for next_x, next_y in points[1:]:
        if next_x == x:
            parts.append(f"V{_number(next_y)}")
        else:
            middle = _number((y + next_y) / 2)
            parts.append(f"C{_number(x)},{middle} {_number(next_x)},{middle} {_number(next_x)},{_number(next_y)}")
        x, y = next_x, next_y
    return "".join(parts)


def _legend(key: list[tuple[str, str]], top: float) -> Iterator[str]:
    for number, (look, meaning) in enumerate(key):
        y = top + 15 * number
        more = ' stroke-dasharray="5,3"' if look == "cut" else ""
        yield _rectangle(Box(MARGIN, y, 22, 11), look, 2, more)
        yield _text([(meaning, SMALL)], MARGIN + 29, y + 9)
