"""The tree for the terminal, and the same graphs as Mermaid."""

import re

import pytest
from tinytorch.viz.graph import Edge, Graph, Group, Node
from tinytorch.viz.mermaid import to_mermaid
from tinytorch.viz.text import to_text

from tests.viz.samples import chain, error_graph, gpt, module_net, odd_names, two_layer


def test_a_tree():
    lines = to_text(two_layer()).splitlines()
    assert [line.partition("  (")[0].rstrip() for line in lines] == [
        "Sum",
        "└─ Pow",
        "   └─ Sub",
        "      ├─ MatMul",
        "      │  ├─ Clamp",
        "      │  │  └─ MatMul",
        "      │  │     ├─ x",
        "      │  │     └─ w1",
        "      │  └─ w2",
        "      └─ y",
    ]
    assert lines[5].split("  ")[-2:] == ["h = x @ w1", "train.py:8"]
    assert lines[7].endswith("(1000, 100) float32                          leaf, grad norm 3242")
    assert len({line.index("(") for line in lines}) == 1  # one column


def test_backward_adds_turns_and_gradients():
    text = to_text(two_layer(), direction="backward")
    assert "backward 1: gradient 1." in text.splitlines()[0]
    assert "backward 6: gradient norm 91.2" in text
    with pytest.raises(ValueError, match="direction has to be"):
        to_text(two_layer(), direction="up")


def test_a_node_used_twice_is_written_out_once():
    lines = to_text(module_net()).splitlines()
    assert sum("pred" in line and "n9" in line for line in lines) == 1
    assert any(line.endswith("(see n9 above)") for line in lines)
    assert any("gradient stops here: detach" in line for line in lines)


def test_the_error_stands_above_and_marks_its_node():
    lines = to_text(error_graph()).splitlines()
    assert lines[0].startswith("RuntimeError: one of the variables needed")
    assert any("Exp" in line and "backward failed here" in line for line in lines)


def test_a_deep_tree_goes_on_at_the_edge():
    lines = to_text(chain(100)).splitlines()
    assert max(len(line) for line in lines) < 140
    below = [re.search(r"see (n\d+) below", line)[1] for line in lines if "below" in line]
    starts = [line.split()[1] for line in lines if line.startswith("Sin n")]
    assert below == starts != []
    assert len(lines) == 100 + len(below)


@pytest.mark.parametrize("width", [1, 20, 60])
def test_lines_end_at_the_width(width):
    for make in (two_layer, error_graph, module_net):
        for line in to_text(make(), width=width).splitlines():
            assert len(line) <= width


def test_colours_only_if_asked_for():
    assert "\x1b" not in to_text(odd_names())
    painted = to_text(two_layer(), colour=True)
    assert "\x1b[1;34mw1\x1b[0m" in painted
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == to_text(two_layer())


def test_mermaid_has_every_node_and_edge():
    for make in (two_layer, module_net, error_graph, gpt):
        graph = make()
        text = to_mermaid(graph)
        assert len(re.findall(r"^ +n\d+\(", text, re.MULTILINE)) == len(graph.nodes)
        assert len(re.findall(r"^ +n\d+ (?:-->|-\.->) n\d+$", text, re.MULTILINE)) == len(graph.edges)
    backward = to_mermaid(two_layer(), "backward")
    assert backward.startswith("flowchart BT\n") and '  n2 -->|"(1000, 100) norm 3242"| n1\n' in backward
    assert "  n7 -.- n6\n" in backward
    with pytest.raises(ValueError, match="direction has to be"):
        to_mermaid(two_layer(), "up")


def test_mermaid_frames_are_closed():
    text = to_mermaid(module_net())
    assert text.count("subgraph ") == 5 == len(re.findall(r"^ +end$", text, re.MULTILINE))
    assert text.index("subgraph g1") < text.index("n3(") < text.index("subgraph g2")


def test_a_frame_that_stands_for_several_says_for_how_many():
    nodes = [Node("n0", "leaf", "leaf", name="x"), Node("n1", "op", "Mul", group="g0", is_output=True)]
    graph = Graph(nodes, [Edge("n0", "n1")], [Group("g0", "repeated", "the same again", count=12)])
    assert "in repeated ×12" in to_text(graph)
