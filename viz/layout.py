"""Where everything in the drawing of a Graph goes: boxes, arrows, and a frame around each module.

A module's inside is laid out by itself, the innermost first; to what lies around it, it is a box like any other. So
frames are rectangles that never overlap a foreign box. An arrow that crosses a frame is laid in pieces: the module
has a port for it on its border, which is an item in the first or last row inside, and a fixed place to start or
end at outside. layered.py lays out one such level.

Coordinates are points, multiples of a quarter, y grows downwards. What `layout` takes of a Graph is: nodes (id,
group), edges (source, target), groups (id, parent), their order, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tinytorch.viz.graph import Graph
from tinytorch.viz.layered import Arrangement, Item, Link, Point, arrange
from tinytorch.viz.slots import snap

PADDING = 12.0  # between a frame and what is in it
ROOT = ""  # stands for "in no module", as None does in a Graph

Size = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle: its left upper corner, and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """All places: boxes of nodes and frames of groups by id; per edge its points from where the arrow starts to
    where it ends (none for an edge from a node to itself) and the left upper corner of its label."""

    width: float
    height: float
    nodes: dict[str, Box]
    frames: dict[str, Box]
    edges: list[list[Point]]
    labels: list[Point | None]


def layout(
    graph: Graph,
    sizes: Mapping[str, Size],
    *,
    labels: Mapping[int, Size] | None = None,
    titles: Mapping[str, Size] | None = None,
    weak: Collection[int] = (),
) -> Layout:
    """Lay out a graph whose nodes have the given sizes: edges lead down from their sources to their targets.

    labels: the sizes of edges' labels, by the edge's number. titles: the sizes of groups' titles, by id.
    weak: the numbers of edges that need not be straight.

    >>> from tinytorch.viz.graph import Edge, Graph, Node
    >>> graph = Graph([Node("n0", "leaf", "leaf"), Node("n1", "op", "Exp")], [Edge("n0", "n1")])
    >>> places = layout(graph, {"n0": (40, 20), "n1": (60, 20)})
    >>> places.nodes["n1"]
    Box(x=0.0, y=46.0, width=60.0, height=20.0)
    >>> places.edges
    [[(30.0, 20.0), (30.0, 46.0)]]
    """
    labels, titles = labels or {}, titles or {}
    paths = _groups_around(graph)
    levels = _levels(graph, paths)
    for number, edge in enumerate(graph.edges):
        _cut_at_frames(number, edge.source, edge.target, paths, levels)
    inside_out = sorted(levels.values(), key=lambda level: -level.depth)
    extents = {node.id: (snap(sizes[node.id][0]), snap(sizes[node.id][1])) for node in graph.nodes}
    for level in inside_out:
        level.arrange(extents, levels, labels, weak)
        extents[level.id] = level.extent(titles.get(level.id, (0.0, 0.0)))
    return _assemble(graph, levels, inside_out[::-1], extents)


@dataclass
class _Piece:
    """A part of an edge, inside of one level: from one member to another, or to or from a port (None)."""

    edge: int
    source: str | None
    target: str | None


@dataclass
class _Level:
    """The inside of one group, or the whole drawing: members by id, edges' pieces; then their places."""

    id: str
    depth: int
    members: list[str] = field(default_factory=list)
    pieces: list[_Piece] = field(default_factory=list)
    places: Arrangement | None = None
    left: float = 0.0  # where the arrangement lies within the frame
    top: float = 0.0
    ports: dict[int, float] = field(default_factory=dict)  # by edge: the port's x, from the frame's middle

    def arrange(
        self,
        extents: Mapping[str, Size],
        levels: Mapping[str, _Level],
        labels: Mapping[int, Size],
        weak: Collection[int],
    ) -> None:
        """Place the members and ports; those members that are groups have been arranged before."""
        number = {member: k for k, member in enumerate(self.members)}
        items = [Item(*extents[member]) for member in self.members]
        links = []
        for piece in self.pieces:
            ends: list[tuple[int, float | None]] = []
            for member, side in ((piece.source, "top"), (piece.target, "bottom")):
                if member is None:
                    items.append(Item(0.0, 0.0, side))
                    ends.append((len(items) - 1, 0.0))
                else:
                    ends.append((number[member], levels[member].ports[piece.edge] if member in levels else None))
            label = labels.get(piece.edge) if None not in (piece.source, piece.target) else None
            links.append(Link(ends[0][0], ends[1][0], ends[0][1], ends[1][1], label, piece.edge in weak))
        self.places = arrange(items, links)

    def extent(self, title: Size) -> Size:
        """The size of the frame, which has its title at the top; then the ports' places on it are known."""
        assert self.places is not None
        padding = PADDING if self.id != ROOT else 0.0
        inside = self.places.width
        width = max(inside, snap(title[0])) + 2 * padding
        self.left = snap((width - inside) / 2)
        self.top = padding + snap(title[1])
        for piece, path in zip(self.pieces, self.places.paths):
            if piece.source is None:
                self.ports[piece.edge] = self.left + path[0][0] - width / 2
            elif piece.target is None:
                self.ports[piece.edge] = self.left + path[-1][0] - width / 2
        return width, self.places.height + self.top + padding


def _groups_around(graph: Graph) -> dict[str, list[str]]:
    """For every node the groups that it is in, from the outermost (ROOT) to the innermost."""
    parents = {group.id: group.parent for group in graph.groups}
    around: dict[str, list[str]] = {ROOT: [ROOT]}
    for group in graph.groups:
        chain = {group.id: None}  # in order, and quick to look up: one that lies in itself ends it
        parent = group.parent
        while parent in parents and parent not in chain:
            chain[parent] = None
            parent = parents[parent]
        around[group.id] = [ROOT, *reversed(chain)]
    return {node.id: around.get(node.group or ROOT, [ROOT]) for node in graph.nodes}


def _levels(graph: Graph, paths: Mapping[str, list[str]]) -> dict[str, _Level]:
    """The drawing and every group that has nodes in it; a group stands where its first node stands."""
    levels = {ROOT: _Level(ROOT, 0)}
    for node in graph.nodes:
        path = paths[node.id]
        for depth in range(1, len(path)):
            if path[depth] not in levels:
                levels[path[depth]] = _Level(path[depth], depth)
                levels[path[depth - 1]].members.append(path[depth])
        levels[path[-1]].members.append(node.id)
    return levels


def _cut_at_frames(
    number: int, source: str, target: str, paths: Mapping[str, list[str]], levels: Mapping[str, _Level]
) -> None:
    """Give each level that an edge runs through its piece of it."""
    out, into = [*paths[source], source], [*paths[target], target]
    common = 1
    while out[common] == into[common] and out[common] in levels:
        common += 1
    levels[out[common - 1]].pieces.append(_Piece(number, out[common], into[common]))
    for k in range(common, len(out) - 1):
        levels[out[k]].pieces.append(_Piece(number, out[k + 1], None))
    for k in range(common, len(into) - 1):
        levels[into[k]].pieces.append(_Piece(number, None, into[k + 1]))


def _assemble(
    graph: Graph, levels: Mapping[str, _Level], outside_in: list[_Level], extents: Mapping[str, Size]
) -> Layout:
    """From places within each level to places in the drawing."""
    corners: dict[str, Point] = {ROOT: (0.0, 0.0)}
    starts: list[list[list[Point]]] = [[] for _ in graph.edges]  # pieces up to the outermost level, outermost first
    ends: list[list[list[Point]]] = [[] for _ in graph.edges]  # and the others, from there inwards
    labels: list[Point | None] = [None] * len(graph.edges)
    for level in outside_in:
        assert level.places is not None
        x, y = corners[level.id][0] + level.left, corners[level.id][1] + level.top
        for member, (left, top) in zip(level.members, level.places.items):
            corners[member] = (x + left, y + top)
        for piece, path, label in zip(level.pieces, level.places.paths, level.places.labels):
            moved = [(x + left, y + top) for left, top in path]
            (starts if piece.target is None else ends)[piece.edge].append(moved)
            if label is not None:
                labels[piece.edge] = (x + label[0], y + label[1])
    boxes = {name: Box(corner[0], corner[1], *extents[name]) for name, corner in corners.items()}
    return Layout(
        *extents[ROOT],
        {node.id: boxes[node.id] for node in graph.nodes},
        {name: boxes[name] for name in levels if name != ROOT},
        [_joined(starts[k][::-1] + ends[k]) for k in range(len(graph.edges))],
        labels,
    )


def _joined(paths: list[list[Point]]) -> list[Point]:
    """Paths one after the other, without points that repeat the one before."""
    points = [point for path in paths for point in path]
    return [point for k, point in enumerate(points) if k == 0 or point != points[k - 1]]
