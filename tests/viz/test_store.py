"""Graphs as JSON and back, and what is said about text that is none."""

import math

import pytest
from tinytorch.viz.graph import Graph, Node, Summary
from tinytorch.viz.store import from_json, to_json

from tests.viz.samples import SAMPLES, two_layer


@pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)
def test_what_is_written_comes_back(make):
    graph = make()
    text = to_json(graph)
    assert from_json(text) == graph
    assert to_json(from_json(text)) == text == to_json(make())


def test_numbers_that_json_has_not():
    node = Node("n0", "leaf", "leaf", outputs=(Summary((2,), "float32", norm=math.inf, mean=math.nan, low=-math.inf),))
    text = to_json(Graph([node]))
    assert "Infinity" not in text and "NaN" not in text
    (summary,) = from_json(text).nodes[0].outputs
    assert summary.norm == math.inf and math.isnan(summary.mean) and summary.low == -math.inf


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("", "{", "not JSON: "),
        ('"tinytorch-graph"', '"other"', 'not a graph: "format" has to be "tinytorch-graph"'),
        ('"version": 1', '"version": 2', "the graph has version 2, and this tinytorch reads version 1"),
        ('"title": "loss"', '"title": 3', "title has to be of type str"),
        ('"kind": "data", ', "", r"nodes\[0\] has no 'kind'"),
        ('"kind": "data"', '"kind": "data", "size": 3', r"nodes\[0\] has something unknown: 'size'"),
        ('"shape": [64, 1000]', '"shape": [64, "x"]', r"nodes\[0\].outputs\[0\].shape\[1\] has to be of type int"),
        ('"source": "n0"', '"source": "n99"', "there is no 'n99' in the graph"),
        ('"id": "n1"', '"id": "n0"', "two nodes or two groups have the same id"),
        ('"edge": 8', '"edge": 80', "a step names an edge that there is not"),
        ('"groups": []', '"groups": {}', "groups has to be a list"),
        (
            '"groups": []',
            '"groups": [{"id": "g0", "name": "a", "label": "a", "parent": "g0"}]',
            "the group 'g0' lies in itself",
        ),
    ],
)
def test_text_that_is_no_graph(old, new, message):
    text = to_json(two_layer())
    assert old in text
    with pytest.raises(ValueError, match=message):
        from_json(text.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "3", "[]", "null", "[" * 100_000])
def test_other_json(text):
    with pytest.raises(ValueError, match=r"not JSON|not a graph"):
        from_json(text)
