"""Large graphs made readable: modules as single boxes, and what repeats drawn once ("×12").

`fold(graph)` leaves a graph of up to 60 nodes as it is. Of a larger one it shows as much as fits: first the innermost
modules become boxes, then what lies around them, and so on outwards; what repeats is drawn once. `depth=N` says instead
how many frames may lie in each other: what is deeper is a box.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tinytorch.viz.graph import Graph, Group, Node, Place, Summary
from tinytorch.viz.pausing import paused
from tinytorch.viz.repeats import fold_repeats
from tinytorch.viz.replacing import levels, replaced

LIMIT = 60  # boxes that still make a readable picture
SPRAWLING = 4  # times as many make none at all


@paused()
def fold(graph: Graph, depth: int | None = None, limit: int = LIMIT) -> Graph:
    """A graph with few enough boxes to read; the one that was given stays as it is.

    >>> from tinytorch.viz.graph import Graph, Group, Node
    >>> nodes = [Node("n0", "op", "Addmm", group="g0"), Node("n1", "op", "ReLU")]
    >>> net = Graph(nodes, groups=[Group("g0", "fc", "Linear()")])
    >>> [node.label for node in fold(net).nodes], [node.label for node in fold(net, depth=0).nodes]
    (['Addmm', 'ReLU'], ['Linear', 'ReLU'])
    """
    if depth is not None:
        if depth < 0:
            raise ValueError(f"depth has to be 0 or more, not {depth}")
        return collapse(graph, _deeper(graph, depth))
    if len(graph.nodes) <= limit:
        return graph
    folded = _with_boxes(graph, _innermost(graph), limit)
    if len(folded.nodes) <= limit:
        return folded
    least, most = 1, max(levels(graph).values(), default=0)
    while least <= most:  # the deepest level that fits, by halves: modules may lie deep
        middle = (least + most + 1) // 2
        tried = _with_boxes(graph, _deeper(graph, middle), limit)
        if len(tried.nodes) <= limit:
            folded, least = tried, middle + 1
        else:
            folded = tried if len(tried.nodes) < len(folded.nodes) else folded
            most = middle - 1
    if len(folded.nodes) > SPRAWLING * limit:  # one box for a model says little, but more would be too large
        folded = _with_boxes(graph, _deeper(graph, 0), limit)
    return folded


def _with_boxes(graph: Graph, boxes: Mapping[str, str], limit: int) -> Graph:
    folded = collapse(graph, boxes)
    return folded if len(folded.nodes) <= limit else fold_repeats(folded, limit)


def _innermost(graph: Graph) -> dict[str, str]:
    """The modules that no others lie in, but not whole models."""
    around = {group.parent for group in graph.groups}
    return {name: name for name, level in levels(graph).items() if name not in around and level > 0}


def collapse(graph: Graph, boxes: Mapping[str, str]) -> Graph:
    """Modules as boxes; `boxes` names for a module, and all modules in it, the one that becomes the box.

    A module that was called, left and called again has a box for each call, so that the boxes' arrows never run in a
    circle: a box is a run of operations that follow each other.
    """
    if not boxes:
        return graph
    into, members = _runs(graph, boxes)
    groups = {group.id: group for group in graph.groups}
    numbers: dict[str, int] = {}
    nodes = {}
    for box, names in members.items():
        group = groups[boxes[names[0].group or ""]]
        numbers[group.id] = numbers.get(group.id, 0) + 1
        nodes[box] = _box(box, group, names, numbers[group.id])
    return _described(replaced(graph, into, nodes), nodes, members, graph)


def _deeper(graph: Graph, depth: int) -> dict[str, str]:
    """The modules that lie in `depth` others as boxes, with all that is in them."""
    parents = {group.id: group.parent for group in graph.groups}
    boxes: dict[str, str] = {}
    for name, level in sorted(levels(graph).items(), key=lambda item: item[1]):
        if level >= depth:
            boxes[name] = name if level == depth else boxes[parents[name] or ""]
    return boxes


def _runs(graph: Graph, boxes: Mapping[str, str]) -> tuple[dict[str, str], dict[str, list[Node]]]:
    """(the box of each node that goes into one, the nodes of each box); a box has the id of its first operation."""
    into: dict[str, str] = {}
    members: dict[str, list[Node]] = {}
    last: tuple[str, str] | None = None  # (module, box) of the operation before
    for node in graph.nodes:
        if node.kind in ("leaf", "data"):
            continue
        module = boxes.get(node.group or "")
        if module is None:
            last = None
            continue
        if last is None or last[0] != module:
            last = (module, node.id)
            members[node.id] = []
        into[node.id] = last[1]
        members[last[1]].append(node)
    users: dict[str, set[str]] = {}
    for edge in graph.edges:
        users.setdefault(edge.source, set()).add(into.get(edge.target, ""))
    for node in graph.nodes:  # parameters, where nobody else uses them
        module, using = boxes.get(node.group or ""), users.get(node.id, set())
        if node.kind in ("leaf", "data") and module is not None and len(using) == 1:
            (box,) = using
            if box and boxes[members[box][0].group or ""] == module and not node.is_output:
                into[node.id] = box
                members[box].append(node)
    return into, members


def _box(name: str, group: Group, inside: list[Node], call: int) -> Node:
    """The node that stands for a module's run of operations; inputs and outputs come later, from its edges."""
    operations = sum(node.count for node in inside if node.kind == "op")
    parameters = sum(node.count for node in inside if node.kind == "leaf")
    cuts = sum(node.count for node in inside if node.kind == "cut")
    parts = [(operations, "operation"), (parameters, "parameter"), (cuts, "cut")]
    note = ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in parts if count)
    return Node(
        name,
        "op" if operations else "cut",
        group.label.partition("(")[0].strip() or "module",
        name=group.name or None,
        where=_same(node.where for node in inside if node.where is not None),
        group=group.parent,
        is_output=any(node.is_output for node in inside),
        note=note + (f", call {call}" if call > 1 else ""),
        error=next((node.error for node in inside if node.error), None),
        count=group.count,
    )


def _same(places: Iterable[Place]) -> Place | None:
    """The place that all share, if they do."""
    found = list(dict.fromkeys(places))
    return found[0] if len(found) == 1 else None


def _described(folded: Graph, boxes: dict[str, Node], members: dict[str, list[Node]], before: Graph) -> Graph:
    """The boxes with shapes: what comes in and goes out along their edges."""
    nodes = {node.id: node for node in before.nodes}
    inputs: dict[str, dict[tuple[str, int], Summary | None]] = {name: {} for name in boxes}
    outputs: dict[str, dict[tuple[str, int], Summary | None]] = {name: {} for name in boxes}
    into = {node.id: name for name, inside in members.items() for node in inside}
    for edge in before.edges:
        source, target = into.get(edge.source), into.get(edge.target)
        if source != target:
            summary = edge.summary or _output(nodes[edge.source], edge.output_nr)
            if target:
                inputs[target].setdefault((edge.source, edge.output_nr), summary)
            if source:
                outputs[source].setdefault((edge.source, edge.output_nr), summary)
    for name, box in boxes.items():
        last = [node for node in members[name] if node.kind not in ("leaf", "data")][-1]
        box.inputs = tuple(summary for summary in inputs[name].values() if summary)
        box.outputs = tuple(summary for summary in outputs[name].values() if summary) or last.outputs
        sources = list(outputs[name])
        box.grad = nodes[sources[0][0]].grad if len(sources) == 1 else last.grad if not sources else None
    return folded


def _output(node: Node, number: int) -> Summary | None:
    return node.outputs[number] if number < len(node.outputs) else None
