"""Our own SVG: well-formed whatever the names are, the same every time, and all that a graph says is in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinytorch.viz import wording
from tinytorch.viz.graph import Edge, Graph, Group, Node, Place, Saved, Summary
from tinytorch.viz.metrics import width
from tinytorch.viz.svg import to_svg

from tests.viz import samples

SPACE = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).parents[2]


def parsed(graph: Graph, direction: str = "forward") -> ElementTree.Element:
    return ElementTree.fromstring(to_svg(graph, direction))


def texts(root: ElementTree.Element) -> list[str]:
    """Every line of text; pieces of one line are joined."""
    return ["".join(element.itertext()) for element in root.iter(f"{SPACE}text")]


def outline(root: ElementTree.Element) -> list[tuple]:
    """Tags and attributes' names, less what depends on how long a text is."""
    return [(element.tag, tuple(sorted(element.attrib))) for element in root.iter()]


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("sample", samples.SAMPLES)
def test_every_line_of_every_box_is_there(sample, direction):
    graph = samples.SAMPLES[sample]()
    found = texts(parsed(graph, direction))
    for node in graph.nodes:
        assert any(line.startswith(wording.title(node)) for line in found)
        for line in wording.lines(node):
            assert line in found
    for _, meaning in wording.legend(graph):
        assert meaning in found


def test_backward_arrows_say_what_flows_and_in_which_turn():
    found = texts(parsed(samples.two_layer(), "backward"))
    assert "(64, 100) norm 91.2" in found
    assert "Sum  backward 1" in found and "MatMul  backward 6" in found
    assert not [line for line in texts(parsed(samples.two_layer())) if "backward 1" in line or "norm 91" in line]


def test_a_leaf_that_is_used_twice_says_which_gradient_came_first():
    found = texts(parsed(samples.double_use(), "backward"))
    assert "() 3. 1/2" in found and "() 3. 2/2" in found


def test_arrows_point_down_forward_and_up_backward():
    def heads(direction):
        for polygon in parsed(samples.two_layer(), direction).iter(f"{SPACE}polygon"):
            tip, base, _ = (float(corner.split(",")[1]) for corner in polygon.get("points", "").split())
            yield tip > base

    assert all(heads("forward")) and not any(heads("backward"))


def test_where_backward_failed_no_arrow_goes_on():
    graph = samples.error_graph()
    failed = next(node.id for node in graph.nodes if node.error)
    for edge in graph.edges:
        edge.grad = None if edge.target == failed else edge.summary
    heads = len(list(parsed(graph, "backward").iter(f"{SPACE}polygon")))
    assert heads == sum(edge.grad is not None for edge in graph.edges) < len(graph.edges)
    assert len(list(parsed(graph).iter(f"{SPACE}polygon"))) == len(graph.edges)


def test_a_saved_tensor_is_drawn_once():
    found = texts(parsed(samples.double_use()))
    assert found.count("a") == 1 and "b" not in found


def test_no_ids_and_no_styles_that_could_reach_other_pictures_of_a_page():
    for sample in samples.SAMPLES.values():
        text = to_svg(sample())
        assert not re.search(r"<style|\sid=|\sclass=|\shref=|<script|<a\b", text)


@pytest.mark.parametrize("sample", ["two_layer", "odd_names"])
def test_every_process_draws_the_same(sample):
    code = (
        "import sys; from tests.viz import samples; from tinytorch.viz.svg import to_svg; "
        f"sys.stdout.buffer.write(to_svg(samples.{sample}()).encode())"
    )
    changed = os.environ | {"PYTHONHASHSEED": "7"}
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=changed, cwd=ROOT)
    assert other.stdout.decode() == to_svg(samples.SAMPLES[sample]())


def test_an_empty_graph_and_a_wrong_direction():
    assert parsed(Graph()).tag == f"{SPACE}svg"
    with pytest.raises(ValueError, match="direction has to be"):
        to_svg(Graph(), "sideways")


# ---- names are any text --------------------------------------------------------------------------------------------


def named(name: str, error: str | None = None) -> Graph:
    """A graph with this name wherever there is one."""
    seen = Summary((2,), name, text=name)
    node = Node("n1", "op", name, name, (seen,), (seen,), name, (name,), name, Place(name, 1, name, name), "g0",
                (Saved(name, seen, "n0"), Saved(name, seen, None, freed=True)), note=name, error=error)  # fmt: skip
    edges = [Edge("n0", "n1", grad=seen, summary=seen), Edge("n1", "n1")]
    leaf = Node("n0", "leaf", "leaf", name, (seen,), grad=seen)
    return Graph([leaf, node], edges, [Group("g0", name, name)], title=name, error=error)


ANY_TEXT = st.text(max_size=40) | st.sampled_from(samples.ODD_NAMES)


@given(ANY_TEXT, st.sampled_from(["forward", "backward"]))
def test_no_name_changes_the_structure(text, direction):
    assert outline(parsed(named(f"v{text}v"), direction)) == outline(parsed(named("vv"), direction))


@given(ANY_TEXT, ANY_TEXT)
def test_whatever_the_texts_are_there_are_only_these_elements(name, error):
    tags = {element.tag.removeprefix(SPACE) for element in parsed(named(name, error)).iter()}
    assert tags <= {"svg", "title", "g", "rect", "text", "tspan", "path", "polygon"}


def test_names_are_shown_as_they_are():
    found = texts(parsed(named("</text><script>alert(1)</script>")))
    assert any(line.startswith("</text><script>alert(1)</script>") for line in found)


# ---- widths --------------------------------------------------------------------------------------------------------


def test_widths_of_letters():
    assert width("i", 10) < width("m", 10) and width("i", 10, "Courier") == width("m", 10, "Courier") == 6
    assert width("Sum", 12, bold=True) > width("Sum", 12)
    assert width("重み", 10) == 20


@given(st.text(max_size=20), st.text(max_size=20))
def test_widths_add_up(one, other):
    assert width(one + other, 8) == pytest.approx(width(one, 8) + width(other, 8))


def test_boxes_are_as_wide_as_their_text():
    def widest(graph):
        return max(float(box.get("width", 0)) for box in list(parsed(graph).iter(f"{SPACE}rect"))[1:])

    node = Node("n0", "op", "Op", formula="short")
    longer = replace(node, formula="a formula that is long, and longer than that")
    assert widest(Graph([longer])) - widest(Graph([node])) > 200
