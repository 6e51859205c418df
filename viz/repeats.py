"""What repeats in a graph, found and drawn once: layers of equal shape, the turns of a loop.

The operations are looked at in the order in which they ran. A repeat is a stretch of them that comes k times in a row,
each time with the same labels, shapes and modules, fed in the same way: from within, from the turn before, or by what
feeds all turns. The first turn stays and says "×k"; the arrows from turn to turn are left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from tinytorch.viz.graph import Edge, Graph, Group, Node, Summary
from tinytorch.viz.replacing import levels, replaced

ROUNDS = 6
WORK = 10_000_000  # comparisons in a round at most: of long graphs only shorter repeats are found


class Stretch(NamedTuple):
    """Operations start, start + 1, ...: `turns` turns of `length` each."""

    start: int
    length: int
    turns: int

    @property
    def saved(self) -> int:
        return self.length * (self.turns - 1)

    @property
    def end(self) -> int:
        return self.start + self.length * self.turns


def fold_repeats(graph: Graph, limit: int = 0) -> Graph:
    """The graph with repeats drawn once, the greatest first, until it has no more than `limit` nodes.

    >>> from tinytorch.viz.graph import Edge, Graph, Node
    >>> chain = Graph([Node(f"n{i}", "op", "Sin") for i in range(9)], [Edge(f"n{i}", f"n{i + 1}") for i in range(8)])
    >>> [(node.label, node.count) for node in fold_repeats(chain).nodes]
    [('Sin', 1), ('Sin', 8)]

    The first one is not fed by another, so it stays apart.
    """
    for _ in range(ROUNDS):
        if len(graph.nodes) <= limit:
            break
        before = len(graph.nodes)
        graph = _Round(graph).folded()
        if len(graph.nodes) == before:
            break
    return graph


class _Round:
    """One pass over a graph: all repeats that do not overlap."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = {node.id: node for node in graph.nodes}
        self.ops = [node for node in graph.nodes if node.kind not in ("leaf", "data")]
        self.position = {node.id: number for number, node in enumerate(self.ops)}
        self.inputs: dict[str, list[tuple[int, Edge]]] = {node.id: [] for node in graph.nodes}
        self.users: dict[str, set[str]] = {}
        for number, edge in enumerate(graph.edges):
            self.inputs[edge.target].append((number, edge))
            self.users.setdefault(edge.source, set()).add(edge.target)
        self.groups = {group.id: group for group in graph.groups}
        self.level = levels(graph)
        self.inwards = sorted(self.groups, key=lambda name: -self.level[name])  # inner modules before outer ones
        self.sizes = self._sizes(self.ops)
        self.into: dict[str, str] = {}  # node of a later turn -> the same node of the first turn
        self.without: set[int] = set()  # edges from turn to turn
        self.changed: dict[str, Node] = {}
        self.regrouped: dict[str, Group] = {}
        self.added: list[Group] = []

    def folded(self) -> Graph:
        done = np.zeros(len(self.ops) + 1, bool)
        for stretch in self._candidates():
            if not done[stretch.start : stretch.end].any() and self._fold(stretch):
                done[stretch.start : stretch.end] = True
        if not self.into and not self.changed:
            return self.graph
        groups = [self.regrouped.get(group.id, group) for group in self.graph.groups] + self.added
        graph = dataclasses.replace(self.graph, groups=groups)
        return replaced(graph, self.into, self.changed, self.without)

    # ---- finding ---------------------------------------------------------------------------------------------------

    def _candidates(self) -> list[Stretch]:
        """Possible repeats, those that spare most nodes first."""
        kinds = np.array(self._kinds())
        near, far = self._sources()
        count = len(kinds)
        found = []
        for length in range(1, min(count // 2, max(8, WORK // max(count * near.shape[1], 1))) + 1):
            same = kinds[length:] == kinds[:-length]
            if not same.any():
                continue
            equal = (near[length:] == near[:-length]) | (far[length:] == far[:-length])
            same &= equal.all(axis=1)
            edges = np.flatnonzero(np.diff(np.concatenate(([0], same.view(np.int8), [0]))))
            for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist()):
                turns = (stop - start) // length + 1
                if turns > 1:
                    slack = stop - start - (turns - 1) * length
                    found += [Stretch(start + shift, length, turns) for shift in range(min(slack, length - 1, 8) + 1)]
        return sorted(found, key=lambda stretch: (-stretch.saved, stretch.length, stretch.start))

    def _kinds(self) -> list[int]:
        """A number for what an operation looks like; equal ones have the same."""
        numbers: dict[tuple, int] = {}
        paths: dict[str | None, tuple] = {None: ()}
        for group in self.graph.groups:
            path, above = [], group.parent
            if above not in paths:
                above = None
            path = [group.label] if len(paths[above]) > 40 else [*paths[above], group.label]
            paths[group.id] = tuple(path)
        result = []
        for node in self.ops:
            shapes = tuple((output.shape, output.dtype) for output in node.outputs)
            feeding = tuple(
                (edge.input_nr, edge.output_nr, edge.needs_grad, self._shape(edge)) for _, edge in self.inputs[node.id]
            )
            flags = (node.error is not None, node.note, node.count)
            look = (node.kind, node.label, shapes, feeding, flags, paths.get(node.group))
            result.append(numbers.setdefault(look, len(numbers)))
        return result

    def _shape(self, edge: Edge) -> tuple:
        """Of leaves and data their shape is part of the look, not which ones they are."""
        source = self.nodes[edge.source]
        if source.kind not in ("leaf", "data"):
            return ()
        return (source.kind, source.is_output, tuple((output.shape, output.dtype) for output in source.outputs))

    def _sources(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each operation's first inputs come from: how many operations before it, and which one that is."""
        width = min(max((len(edges) for edges in self.inputs.values()), default=0), 8) or 1
        near = np.zeros((len(self.ops), width), np.int64)
        far = np.zeros((len(self.ops), width), np.int64)
        for row, node in enumerate(self.ops):
            for column, (_, edge) in enumerate(self.inputs[node.id][:width]):
                place = self.position.get(edge.source)
                if place is not None:
                    near[row, column], far[row, column] = row - place, place + 1
        return near, far

    # ---- folding ---------------------------------------------------------------------------------------------------

    def _fold(self, stretch: Stretch) -> bool:
        """Fold this repeat, if its turns are equal in every respect."""
        turns = [
            self.ops[first : first + stretch.length] for first in range(stretch.start, stretch.end, stretch.length)
        ]
        leaves = self._leaves(turns)
        modules = None if leaves is None else self._modules(turns)
        if leaves is None or modules is None:
            return False
        turn_of = {node.id: number for number, turn in enumerate(turns) for node in turn}
        alike = {name: like for name, like in leaves.items() if name == like or self.users[name] <= turn_of.keys()}
        for turn in turns:
            for node in turn:
                for number, edge in self.inputs[node.id]:
                    from_turn = turn_of.get(edge.source, turn_of[node.id])
                    if from_turn != turn_of[node.id] or leaves.get(edge.source, edge.source) != alike.get(
                        edge.source, edge.source
                    ):
                        self.without.add(number)
        for turn in turns[1:]:
            self.into.update((node.id, first.id) for node, first in zip(turn, turns[0]))
        self.into.update((name, first) for name, first in alike.items() if name != first)
        self._mark(turns, modules, alike)
        return True

    def _modules(self, turns: list[list[Node]]) -> dict[str, str] | None:
        """Which module of the first turn each module of the later ones is like; None where they differ in shape."""
        found: dict[str, str] = {}
        if not self.groups:
            return found
        for turn in turns[1:]:
            mine: dict[str, str] = {}
            back: dict[str, str] = {}
            for node, first in zip(turn, turns[0]):
                ours, theirs = node.group, first.group
                while ours != theirs:
                    if ours is None or theirs is None or ours in found:
                        return None
                    if mine.setdefault(ours, theirs) != theirs or back.setdefault(theirs, ours) != ours:
                        return None
                    ours, theirs = self.groups[ours].parent, self.groups[theirs].parent
            inside = self._sizes(turn)
            if any(inside[name] != self.sizes[name] for name in mine):
                return None  # a module that goes on outside of the turn
            found.update(mine)
        inside = self._sizes(turns[0])
        return None if any(inside[name] != self.sizes[name] for name in found.values()) else found

    def _sizes(self, ops: list[Node]) -> dict[str, int]:
        """How many of these operations lie in each module."""
        sizes: dict[str, int] = {}
        for node in ops:
            if node.group is not None:
                sizes[node.group] = sizes.get(node.group, 0) + 1
        for name in self.inwards if len(ops) == len(self.ops) else self._around(sizes):
            above = self.groups[name].parent
            if above is not None and name in sizes:
                sizes[above] = sizes.get(above, 0) + sizes[name]
        return sizes

    def _around(self, names: Iterable[str]) -> list[str]:
        """These modules and all that they lie in, inner ones first."""
        found: set[str] = set()
        for name in names:
            above: str | None = name
            while above is not None and above not in found:
                found.add(above)
                above = self.groups[above].parent
        return sorted(found, key=lambda name: -self.level[name])

    def _leaves(self, turns: list[list[Node]]) -> dict[str, str] | None:
        """Which leaf of the first turn each leaf of the others is like, itself where all turns share it."""
        found: dict[str, str] = {}
        for turn in turns:
            for node, first in zip(turn, turns[0]):
                for (_, ours), (_, theirs) in zip(self.inputs[node.id], self.inputs[first.id]):
                    if ours.source in self.position or theirs.source in self.position:
                        continue
                    if found.setdefault(ours.source, theirs.source) != theirs.source:
                        return None
        return found

    def _mark(self, turns: list[list[Node]], modules: dict[str, str], leaves: dict[str, str]) -> None:
        """The first turn says how often there is one like it: on its module, on a frame around it, or on each box."""
        first, count = turns[0], len(turns)
        folded = set(modules.values())
        ranges: dict[str, str] = {}
        for name, like in modules.items():
            ranges[like] = name
        outermost = {node.id: self._outermost(node.group, folded) for node in first}
        own = {like for name, like in leaves.items() if name != like}  # leaves of which every turn has one
        outermost |= {name: self._outermost(self.nodes[name].group, folded) for name in own}
        for place, node in enumerate(first):
            self.changed[node.id] = _merged([turn[place] for turn in turns])
        for name in own:
            self.changed[name] = _merged([self.nodes[other] for other, like in leaves.items() if like == name])
        frames = dict.fromkeys(outermost.values())
        around = {self.groups[frame].parent if frame else self.nodes[name].group for name, frame in outermost.items()}
        together = len(frames) > 1 or (None in frames and len(first) > 1)
        if together and len(around) == 1:
            (parent,) = around
            self.added.append(Group(f"g{len(self.groups) + len(self.added)}", "", "repeated", parent, count))
        for name, frame in outermost.items():
            if together and len(around) == 1:
                if frame is None:
                    self.changed[name].group = self.added[-1].id
            elif frame is None:
                self.changed[name].count *= count
        for frame in frames:
            if frame is not None:
                group = self.groups[frame]
                times, parent = (1, self.added[-1].id) if together and len(around) == 1 else (count, group.parent)
                label = span(group.name, self.groups[ranges[frame]].name)
                self.regrouped[frame] = dataclasses.replace(group, name=label, count=group.count * times, parent=parent)

    def _outermost(self, name: str | None, folded: set[str]) -> str | None:
        """The outermost of the folded modules around a node."""
        result = None
        while name is not None:
            if name in folded:
                result = name
            name = self.groups[name].parent
        return result


def _merged(alike: list[Node]) -> Node:
    """One node for many: what is known of all of them."""
    first = alike[0]
    return dataclasses.replace(
        first,
        name=next((node.name for node in alike if node.is_output), None)
        or _common([node.name for node in alike], first.kind in ("leaf", "data")),
        outputs=tuple(_outline(summary) for summary in first.outputs),
        inputs=tuple(_outline(summary) for summary in first.inputs),
        formula=first.formula if all(node.formula == first.formula for node in alike) else None,
        gradients=first.gradients if all(node.gradients == first.gradients for node in alike) else (),
        where=first.where if all(node.where == first.where for node in alike) else None,
        saved=(),
        grad=None,
        is_output=any(node.is_output for node in alike),
    )


def _common(names: list[str | None], is_tensor: bool) -> str | None:
    """A name for several; results that have no name of their own in common have none."""
    if is_tensor or all(name and "." in name for name in names):
        return starred(names)
    return names[0] if len(set(names)) == 1 else None


def _outline(summary: Summary) -> Summary:
    return Summary(summary.shape, summary.dtype)


def span(first: str | None, last: str | None) -> str:
    """ "blocks.0 … blocks.11", or one name where they are equal."""
    return (first or "") if first == last else f"{first} … {last}"


def starred(names: list[str | None]) -> str | None:
    """A name for many: a star stands where they differ.

    >>> starred(["blocks.0.weight", "blocks.1.weight"]), starred(["x", "x"]), starred(["x0", "x1", "x2"])
    ('blocks.*.weight', 'x', 'x0 … x2')
    """
    known = list(dict.fromkeys(names))
    if len(known) == 1 or None in known:
        return known[0] if len(known) == 1 else None
    parts = [(name or "").split(".") for name in known]
    if len({len(part) for part in parts}) > 1 or len(parts[0]) == 1:
        return span(known[0], known[-1])
    return ".".join(pieces[0] if len(set(pieces)) == 1 else "*" for pieces in zip(*parts))
