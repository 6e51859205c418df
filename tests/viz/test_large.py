"""Graphs of 100,000 nodes become text in seconds, and nothing recurses; large models stay readable."""

import sys
import time

import pytest
from tinytorch.viz.diff import diff
from tinytorch.viz.dot import to_dot
from tinytorch.viz.fold import fold
from tinytorch.viz.graph import Edge, Graph, Group, Node
from tinytorch.viz.mermaid import to_mermaid
from tinytorch.viz.store import from_json, to_json
from tinytorch.viz.text import to_text

import tinytorch as tt
from tests.viz.samples import chain
from tinytorch import viz

COUNT = 100_000


@pytest.fixture(scope="module")
def long():
    return chain(COUNT)


@pytest.mark.parametrize("write", [to_dot, to_mermaid, to_text, to_json], ids=lambda write: write.__name__)
def test_100_000_nodes_become_text_in_seconds(long, write):
    start = time.process_time()
    text = write(long)
    assert time.process_time() - start < 10
    assert text.count("\n") >= COUNT


def test_100_000_nodes_fold_are_read_and_compared(long):
    start = time.process_time()
    folded = fold(long)
    assert len(folded.nodes) < 6 and max(node.count for node in folded.nodes) > COUNT - 5
    assert from_json(to_json(long)) == long
    assert not diff(long, long)
    assert time.process_time() - start < 60


def test_a_leaf_that_all_use_and_a_node_that_uses_all():
    count = 20_000
    nodes = [Node("n0", "leaf", "leaf", name="w")]
    nodes += [Node(f"n{i}", "op", "Sin") for i in range(1, count)] + [Node(f"n{count}", "op", "Stack")]
    edges = [Edge("n0", f"n{i}") for i in range(1, count)] + [Edge(f"n{i}", f"n{count}", 0, i) for i in range(1, count)]
    graph = Graph(nodes, edges)
    for write in (to_dot, to_mermaid, to_text, to_json):
        assert write(graph).count("\n") >= count
    assert len(fold(graph).nodes) <= 60


def test_modules_may_lie_in_each_other_deeper_than_python_recurses():
    depth = 3 * sys.getrecursionlimit()
    groups = [Group(f"g{i}", f"m{i}", f"Deep{i}", f"g{i - 1}" if i else None) for i in range(depth)]
    nodes = [Node(f"n{i}", "op", "Sin", group=f"g{i}") for i in range(depth)]
    graph = Graph(nodes, [Edge(f"n{i}", f"n{i + 1}") for i in range(depth - 1)], groups)
    for write in (to_dot, to_mermaid, to_text):
        assert write(graph).count("\n") > depth
    assert from_json(to_json(graph)) == graph
    assert len(fold(graph).nodes) <= 60
    assert len(fold(graph, depth=5).nodes) == 6


def test_a_real_chain_of_operations():
    x = tt.ones(2, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y.sin()
    start = time.process_time()
    drawing = viz.draw(y.sum())
    assert len(drawing.graph.nodes) == 20_002
    assert len(str(drawing).splitlines()) < 10
    assert drawing.json.count("\n") > 20_000
    assert time.process_time() - start < 20
