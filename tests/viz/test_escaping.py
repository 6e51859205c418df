"""Names and values are arbitrary text: whatever they hold, a drawing keeps its nodes and does no harm."""

import json
import re
import subprocess
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tinytorch.viz.dot import to_dot
from tinytorch.viz.mermaid import to_mermaid
from tinytorch.viz.store import from_json, to_json
from tinytorch.viz.text import to_text
from tinytorch.viz.wording import visible

from tests.viz.samples import ODD_NAMES, odd_names

NASTY = st.one_of(
    st.sampled_from(ODD_NAMES),
    st.text(max_size=30),
    st.text(alphabet='<>"\\{}|[]#;&`\n\r\t\x00\x1b\x07/!-', max_size=30),
)
NAMES = st.lists(NASTY, min_size=1, max_size=3)


def graphviz(text):
    """Graphviz's own reading of DOT text."""
    done = subprocess.run(["dot", "-Tjson0"], input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.dot
@pytest.mark.parametrize("direction", ["forward", "backward"])
@settings(max_examples=20)
@given(NAMES)
@example(ODD_NAMES)
def test_dot_reads_as_many_nodes_and_edges_as_there_are(direction, names):
    graph = odd_names(names)
    read = graphviz(to_dot(graph, direction))
    clusters = [item["name"] for item in read["objects"] if item["name"].startswith("cluster")]
    nodes = {item["name"] for item in read["objects"]} - set(clusters)
    assert len(clusters) == len(names)
    assert nodes == {node.id for node in graph.nodes} | {"legend"} | {f"s{i}" for i in range(2 * len(names))}
    dotted = sum(edge.get("style") == "dotted" for edge in read["edges"])
    assert len(read["edges"]) - dotted == len(graph.edges)


@pytest.mark.dot
def test_dot_shows_names_as_they_are():
    """What can be seen of a name stands in the picture, letter by letter."""
    svg = subprocess.run(["dot", "-Tsvg"], input=to_dot(odd_names()).encode(), capture_output=True, check=True).stdout
    words = svg.decode().replace("&#45;", "-").replace("&#160;", " ")
    for shown in (
        "&quot;]; x [label=&quot;",
        "&lt;/script&gt;&lt;script&gt;alert(1)",
        "back\\slash \\n \\l \\",
        "重み",
    ):
        assert shown in words
    assert "<script" not in words


@given(NAMES)
@example(ODD_NAMES)
def test_mermaid_labels_are_closed_strings_of_harmless_letters(names):
    graph = odd_names(names)
    lines = to_mermaid(graph).splitlines()
    boxes = [line for line in lines if re.fullmatch(r'\s+n\d+\("[^"]*"\):::\w+', line)]
    assert len(boxes) == len(graph.nodes)
    for line in lines:
        labels = re.findall(r'"([^"]*)"', line)
        rest = re.sub(r'"[^"]*"', "", line)
        assert re.fullmatch(r"[\w\s()>:.|\[\],#-]*", rest), rest  # nothing of a name stands outside of a label
        for label in labels:
            bare = re.sub(r"<br/>|</?b>|#\d+;", "", label)
            assert not set(bare) & set('<>"&#;`[]{}|\\'), label


@given(NAMES)
@example(ODD_NAMES)
def test_text_holds_no_letter_that_a_terminal_would_obey(names):
    for text in (to_text(odd_names(names)), to_text(odd_names(names), colour=True, width=70)):
        plain = re.sub("\x1b\\[[0-9;]*m", "", text)
        hidden = {letter for letter in plain if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        assert hidden <= {"\n"}
    assert len(plain.splitlines()) - 5 <= 3 * len(names)


@given(NAMES)
@example(ODD_NAMES)
def test_json_comes_back_and_may_stand_in_a_page(names):
    graph = odd_names(names)
    text = to_json(graph)
    assert from_json(text) == graph
    assert text.isascii() and not set(text) & set("<>&")


@given(NASTY)
def test_visible_is_one_line_of_letters_that_can_be_seen(text):
    shown = visible(text)
    assert len(shown) <= 80 * 10 and not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in shown)


def test_colours_are_the_only_escapes_and_end_where_they_begin():
    painted = to_text(odd_names(), colour=True)
    codes = re.findall("\x1b\\[([0-9;]*)m", painted)
    assert painted.count("\x1b") == len(codes) and codes.count("0") * 2 == len(codes)
