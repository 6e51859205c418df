"""Places of boxes, arrows and frames: nothing overlaps, arrows lead down, frames hold what is theirs."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from tinytorch.viz.graph import Edge, Graph, Group, Node
from tinytorch.viz.layout import Box, layout
from tinytorch.viz.slots import snap

from tests.viz import samples

# ---- random graphs -------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw, modules=True, circles=False):
    """Nodes in forward order, edges from earlier to later ones (or anywhere), modules in each other."""
    groups = [
        Group(f"g{k}", f"m{k}", "", None if k == 0 else draw(st.sampled_from([None, *(f"g{j}" for j in range(k))])))
        for k in range(draw(st.integers(0, 4)) if modules else 0)
    ]
    count = draw(st.integers(1, 12))
    inside = st.sampled_from([None, *(group.id for group in groups)])
    nodes = [Node(f"n{k}", "op", "Op", group=draw(inside)) for k in range(count)]
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = []
    for a, b in draw(st.lists(pairs, max_size=20)):
        if circles or a < b:
            edges.append(Edge(f"n{a}", f"n{b}"))
    return Graph(nodes, edges, groups)


@st.composite
def drawings(draw, **how):
    """(graph, sizes, sizes of labels, sizes of titles)"""
    graph = draw(graphs(**how))
    size = st.tuples(st.integers(4, 200).map(float), st.integers(4, 80).map(float))
    labels = st.dictionaries(st.integers(0, max(len(graph.edges) - 1, 0)), size) if graph.edges else st.just({})
    return (
        graph,
        {node.id: draw(size) for node in graph.nodes},
        draw(labels),
        {group.id: draw(size) for group in graph.groups},
    )


def placed(drawing):
    graph, sizes, labels, titles = drawing
    return layout(graph, sizes, labels=labels, titles=titles)


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def holds(frame: Box, box: Box) -> bool:
    return (
        frame.x <= box.x
        and frame.y <= box.y
        and box.x + box.width <= frame.x + frame.width
        and box.y + box.height <= frame.y + frame.height
    )


def ancestors(graph: Graph, group: str | None) -> list[str]:
    parents = {each.id: each.parent for each in graph.groups}
    found = []
    while group is not None:
        found.append(group)
        group = parents[group]
    return found


# ---- what holds for all of them ------------------------------------------------------------------------------------


@given(drawings(circles=True))
def test_boxes_and_labels_do_not_overlap(drawing):
    graph, _, labels, _ = drawing
    places = placed(drawing)
    boxes = list(places.nodes.values())
    for number, corner in enumerate(places.labels):
        if corner is not None:
            boxes.append(Box(*corner, *labels[number]))
    assert all(apart(one, other) for one, other in itertools.combinations(boxes, 2))
    for number, edge in enumerate(graph.edges):
        assert (places.labels[number] is not None) == (number in labels and edge.source != edge.target)


@given(drawings(circles=True))
def test_frames_hold_their_nodes_and_no_others(drawing):
    graph = drawing[0]
    places = placed(drawing)
    around = {node.id: ancestors(graph, node.group) for node in graph.nodes}
    assert set(places.frames) == {group for path in around.values() for group in path}
    for name, frame in places.frames.items():
        for node in graph.nodes:
            box = places.nodes[node.id]
            assert holds(frame, box) if name in around[node.id] else apart(frame, box)
        for other, inner in places.frames.items():
            if other != name and name in ancestors(graph, other):
                assert holds(frame, inner)
            elif other not in ancestors(graph, name):
                assert apart(frame, inner)


@given(drawings(circles=True))
def test_everything_is_on_the_paper_in_quarters_of_points(drawing):
    places = placed(drawing)
    paper = Box(0, 0, places.width, places.height)
    for box in [*places.nodes.values(), *places.frames.values()]:
        assert holds(paper, box)
        assert all(snap(value) == value for value in (box.x, box.y, box.width, box.height))
    for points in places.edges:
        assert all(0 <= x <= places.width and 0 <= y <= places.height for x, y in points)


@given(drawings(modules=False))
def test_without_modules_all_edges_lead_down(drawing):
    graph = drawing[0]
    places = placed(drawing)
    for edge, points in zip(graph.edges, places.edges):
        source, target = places.nodes[edge.source], places.nodes[edge.target]
        assert source.y + source.height < target.y
        assert all(y < later for (_, y), (_, later) in itertools.pairwise(points))


@given(drawings(circles=True))
def test_edges_run_from_box_to_box(drawing):
    graph = drawing[0]
    places = placed(drawing)
    for edge, points in zip(graph.edges, places.edges):
        if edge.source == edge.target:
            assert points == []
            continue
        for (x, y), name in ((points[0], edge.source), (points[-1], edge.target)):
            box = places.nodes[name]
            assert box.x <= x <= box.x + box.width
            assert y in (box.y, box.y + box.height)


@given(drawings(modules=False))
def test_edges_avoid_foreign_boxes(drawing):
    """They bend between rows: a point within a box's height is not within its width."""
    graph = drawing[0]
    places = placed(drawing)
    for edge, points in zip(graph.edges, places.edges):
        for name, box in places.nodes.items():
            if name not in (edge.source, edge.target):
                for (x, y), (later, below) in itertools.pairwise(points):
                    if x == later and y < box.y + box.height and below > box.y:
                        assert not box.x < x < box.x + box.width


@given(drawings(circles=True))
def test_the_same_graph_has_the_same_places(drawing):
    assert placed(drawing) == placed(drawing)


# ---- single cases --------------------------------------------------------------------------------------------------


def chain(*sizes):
    graph = Graph(
        [Node(f"n{k}", "op", "Op") for k in range(len(sizes))],
        [Edge(f"n{k}", f"n{k + 1}") for k in range(len(sizes) - 1)],
    )
    return graph, {f"n{k}": size for k, size in enumerate(sizes)}


def test_an_empty_graph_has_no_size():
    places = layout(Graph(), {})
    assert (places.width, places.height, places.nodes) == (0, 0, {})


def test_a_chain_is_straight():
    graph, sizes = chain((40, 20), (100, 30), (60, 20), (10, 10))
    places = layout(graph, sizes)
    assert {box.x + box.width / 2 for box in places.nodes.values()} == {50}
    assert all(x == 50 for points in places.edges for x, _ in points)


def test_a_weight_stands_right_above_its_operation():
    graph, sizes = chain((40, 20), (40, 20), (40, 20), (40, 20))
    graph.nodes.append(Node("w", "leaf", "leaf"))
    graph.edges.append(Edge("w", "n3"))
    places = layout(graph, sizes | {"w": (40, 20)})
    assert places.nodes["w"].y == places.nodes["n2"].y


def test_two_uses_of_one_box_are_two_arrows():
    graph = Graph([Node("n0", "leaf", "leaf"), Node("n1", "op", "Mul")], [Edge("n0", "n1"), Edge("n0", "n1")])
    one, two = layout(graph, {"n0": (80, 20), "n1": (80, 20)}).edges
    assert one != two and one[0][0] < two[0][0]


def test_arrows_do_not_cross_where_they_need_not():
    graph = Graph(
        [Node(name, "op", "Op") for name in ("a", "b", "c", "d")],
        [Edge("a", "d"), Edge("b", "c")],
    )
    places = layout(graph, dict.fromkeys("abcd", (40.0, 20.0)))
    assert (places.nodes["a"].x < places.nodes["b"].x) == (places.nodes["d"].x < places.nodes["c"].x)


def test_a_frame_is_as_wide_as_its_title():
    graph = Graph([Node("n0", "op", "Op", group="g0")], [], [Group("g0", "layer", "Linear")])
    frame = layout(graph, {"n0": (10, 10)}, titles={"g0": (200, 12)}).frames["g0"]
    assert frame.width >= 200


def test_groups_that_are_their_own_parents_are_no_endless_loop():
    groups = [Group("g0", "a", "", "g1"), Group("g1", "b", "", "g0")]
    places = layout(Graph([Node("n0", "op", "Op", group="g0")], [], groups), {"n0": (10, 10)})
    assert holds(places.frames["g0"], places.nodes["n0"])


def test_deep_modules_and_long_chains_do_not_recurse():
    count = 1500
    groups = [Group(f"g{k}", "m", "", f"g{k - 1}" if k else None) for k in range(count)]
    graph, sizes = chain(*[(10.0, 10.0)] * count)
    graph.nodes[-1].group = f"g{count - 1}"
    graph.groups = groups
    assert len(layout(graph, sizes).frames) == count


def test_the_main_line_is_straight():
    """Operations stand in line below each other; what hangs on them stands aside."""
    graph = samples.two_layer()
    places = layout(graph, {node.id: (100.0, 40.0) for node in graph.nodes})
    middles = [places.nodes[node.id].x for node in graph.nodes if node.kind == "op"]
    assert max(middles) - min(middles) <= 1
