"""A graph with some nodes replaced by others: its edges and steps follow."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from tinytorch.viz.graph import Edge, Graph, Node, Step


def replaced(
    graph: Graph, into: Mapping[str, str], nodes: Mapping[str, Node], without: Collection[int] = frozenset()
) -> Graph:
    """A new graph in which `into` says what becomes of nodes: nodes of that id, which `nodes` may give anew.

    Edges between two nodes that became one vanish, so do those whose number is in `without`; of several that became the
    same, one stays. A step that happens inside of a new node does so unseen.
    """
    kept = [nodes.get(node.id, node) for node in graph.nodes if into.get(node.id, node.id) == node.id]
    edges: list[Edge] = []
    numbers: dict[int, int] = {}
    places: dict[tuple, int] = {}
    for number, edge in enumerate(graph.edges):
        source, target = into.get(edge.source, edge.source), into.get(edge.target, edge.target)
        if source == target or number in without:
            continue
        moved = (source, target) != (edge.source, edge.target) or source in nodes or target in nodes
        key: tuple = (source, target, 0 if source in nodes else edge.output_nr) if moved else (number,)
        if key in places:
            known = edges[places[key]]
            known.needs_grad = known.needs_grad or edge.needs_grad
            known.grad = None  # several gradients have gone the same way
        else:
            places[key] = len(edges)
            edges.append(dataclasses.replace(edge, source=source, target=target))
        numbers[number] = places[key]
    used = {group for node in kept for group in [node.group] if group}
    parents = {group.id: group.parent for group in graph.groups}
    for name in list(used):
        above = parents.get(name)
        while above is not None and above not in used:
            used.add(above)
            above = parents.get(above)
    return Graph(
        [_links(node, into) for node in kept],
        edges,
        [group for group in graph.groups if group.id in used],
        _steps(graph.steps, into, numbers),
        graph.title,
        graph.error,
        graph.note,
    )


def levels(graph: Graph) -> dict[str, int]:
    """How many modules each module lies in."""
    parents = {group.id: group.parent for group in graph.groups}
    found: dict[str, int] = {}
    for name in parents:
        path, above = [], name
        while above is not None and above not in found:
            path.append(above)
            above = parents.get(above)
        level = -1 if above is None else found[above]
        for inner in reversed(path):
            level += 1
            found[inner] = level
    return found


def _links(node: Node, into: Mapping[str, str]) -> Node:
    """The node with its saved tensors linked to what now stands for their origins."""
    if not any(saved.node in into for saved in node.saved):
        return node
    links = [dataclasses.replace(kept, node=into.get(kept.node or "", kept.node)) for kept in node.saved]
    return dataclasses.replace(node, saved=tuple(links))


def _steps(steps: list[Step], into: Mapping[str, str], numbers: Mapping[int, int]) -> list[Step]:
    result: list[Step] = []
    new = set(into.values())
    for step in steps:
        node = into.get(step.node, step.node)
        flows = tuple(
            dataclasses.replace(flow, edge=numbers[flow.edge]) for flow in step.outgoing if flow.edge in numbers
        )
        ready = tuple(dict.fromkeys(into.get(name, name) for name in step.ready))
        changed = dataclasses.replace(step, node=node, outgoing=flows, ready=ready)
        before = result[-1] if result else None
        if step.kind == "accumulate" and node != step.node and not flows:
            continue  # a parameter inside of a box
        if before is not None and before.kind == step.kind and before.node == node and node in new:
            result[-1] = dataclasses.replace(
                before,
                outgoing=before.outgoing + flows,
                frees=before.frees or step.frees,
                ready=ready,
                error=before.error or step.error,
            )
        else:
            result.append(changed)
    return result
