"""Graphs as DOT text: arrows, frames, notes and the legend."""

import re
import subprocess

import pytest
from tinytorch.viz.dot import to_dot
from tinytorch.viz.graph import Edge, Graph, Node

from tests.viz.samples import SAMPLES, double_use, error_graph, module_net, two_layer


def arrows(text):
    return re.findall(r"^\s*(n\d+) -> (n\d+)", text, re.MULTILINE)


def test_forward_arrows_follow_the_data_and_backward_ones_the_gradient():
    graph = two_layer()
    edges = [(edge.source, edge.target) for edge in graph.edges]
    assert arrows(to_dot(graph)) == edges
    assert arrows(to_dot(graph, "backward")) == [(target, source) for source, target in edges]
    with pytest.raises(ValueError, match="direction has to be"):
        to_dot(graph, "sideways")


def test_backward_arrows_carry_shape_and_size():
    lines = to_dot(two_layer(), "backward").splitlines()
    (line,) = [line for line in lines if line.startswith("  n2 -> n1 ")]
    assert 'label="(1000, 100) norm 3242"' in line
    assert any("n7 -> n6" in line and "dashed" in line and 'dir="none"' in line for line in lines)
    assert 'label="(' not in to_dot(two_layer())


def test_a_leaf_used_twice_says_which_gradient_came_first():
    found = re.findall(r'n1 -> n0 \[label="\(\) 3\. (./.)"\]', to_dot(double_use(), "backward"))
    assert found == ["1/2", "2/2"]


def test_boxes_say_formula_shapes_and_line():
    (box,) = [line for line in to_dot(two_layer()).splitlines() if line.startswith("  n2 [")]
    for words in ("<B>MatMul</B>", "h = x @ w1", "(64, 1000), (1000, 100) -&gt; (64, 100) float32", "train.py:8"):
        assert words in box
    (leaf,) = [line for line in to_dot(two_layer()).splitlines() if line.startswith("  n1 [")]
    assert "<B>w1</B>" in leaf and "grad norm 3242" in leaf and "#b3d9ff" in leaf


def test_modules_are_frames_inside_each_other():
    text = to_dot(module_net())
    assert text.count("subgraph cluster_") == 4
    inside = text[text.index("cluster_g1") : text.index("cluster_g2")]
    assert {"n1", "n2", "n3", "n4"} == set(re.findall(r"^\s+(n\d+) \[", inside, re.MULTILINE))


def test_a_saved_tensor_is_one_note_with_lines_to_its_origin_and_its_keepers():
    text = to_dot(double_use())
    assert text.count('shape="note"') == 1
    assert sorted(re.findall(r"^\s+s0 -> (n\d)", text, re.MULTILINE)) == ["n0", "n1"]
    assert "freed" in to_dot(module_net()) and "freed" not in to_dot(two_layer())


def test_an_error_is_red_and_its_message_is_there():
    text = to_dot(error_graph(), "backward")
    (box,) = [line for line in text.splitlines() if line.startswith("  n1 [")]
    assert "#ffb3b3" in box and "one of the variables needed for gradient computation has been" in box
    assert "RuntimeError: one of the variables" in text


def test_the_legend_lists_what_occurs():
    assert "gradient stops here" in to_dot(module_net()).split("legend")[1]
    assert "gradient stops here" not in to_dot(two_layer())
    assert "legend" not in to_dot(Graph())


def test_the_legend_may_be_left_out():
    with_it, without = to_dot(module_net()), to_dot(module_net(), legend=False)
    assert set(with_it.splitlines()) - set(without.splitlines()) == {with_it.splitlines()[-2]}
    assert "legend" not in without


def test_no_label_begins_with_an_empty_line():
    for make in SAMPLES.values():
        for direction in ("forward", "backward"):
            text = to_dot(make(), direction)
            assert 'label="\\n' not in text and "label=<<BR/>" not in text and "label=<>" not in text


def test_several_outputs_say_which_one_goes_on():
    graph = Graph([Node("n0", "op", "Unbind"), Node("n1", "op", "Exp")], [Edge("n0", "n1", 2)])
    assert 'n0 -> n1 [label="output 2"]' in to_dot(graph)


@pytest.mark.dot
@pytest.mark.parametrize("name", SAMPLES)
def test_graphviz_reads_every_sample_without_a_word(name):
    for direction in ("forward", "backward"):
        text = to_dot(SAMPLES[name](), direction)
        done = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
