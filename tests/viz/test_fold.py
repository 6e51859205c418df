"""Modules as boxes and repeats drawn once: what is left, and that it is still a graph."""

import copy
import subprocess

import pytest
from tinytorch.viz.dot import to_dot
from tinytorch.viz.fold import LIMIT, fold
from tinytorch.viz.graph import Edge, Graph, Group, Node, Summary
from tinytorch.viz.repeats import fold_repeats
from tinytorch.viz.store import from_json, to_json

import tinytorch as tt
from tests.viz.samples import Maker, chain, error_graph, gpt, module_net, steps_of, two_layer
from tinytorch import nn, viz


def check(graph):
    """A folded graph is a graph: it can be stored, read and drawn, and its arrows run in no circle."""
    assert from_json(to_json(graph)) == graph
    place = {node.id: number for number, node in enumerate(graph.nodes)}
    inputs = {node.id: 0 for node in graph.nodes}
    users = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        inputs[edge.target] += 1
        users[edge.source].append(edge.target)
    ready = [name for name in place if not inputs[name]]
    for name in ready:
        for user in users[name]:
            inputs[user] -= 1
            if not inputs[user]:
                ready.append(user)
    assert len(ready) == len(graph.nodes)
    return graph


def labels(graph):
    return [node.label for node in graph.nodes]


@pytest.mark.parametrize("make", [two_layer, module_net, error_graph])
def test_small_graphs_stay_as_they_are(make):
    graph = make()
    assert fold(graph) is graph


def test_folding_leaves_its_argument_alone():
    graph = gpt(2)
    before = copy.deepcopy(graph)
    for depth in (None, 0, 1, 2):
        check(fold(graph, depth, limit=10))
    assert graph == before


@pytest.mark.parametrize(
    "depth, expected",
    [
        (0, ["data", "Net", "Detach", "MSELoss"]),
        (1, ["data", "Linear", "ReLU", "Linear", "Detach", "MSELoss"]),
        (9, None),
    ],
)
def test_depth(depth, expected):
    graph = module_net()
    folded = check(fold(graph, depth))
    assert labels(folded) == (labels(graph) if expected is None else expected)


def test_a_box_has_its_modules_name_shapes_and_contents():
    box = fold(module_net(), 1).nodes[1]
    assert (box.id, box.label, box.name, box.note) == ("n3", "Linear", "layer1", "2 operations, 2 parameters")
    assert [summary.shape for summary in box.inputs + box.outputs] == [(8, 4), (8, 3)]
    whole = fold(module_net(), 0).nodes[1]
    assert (whole.label, whole.name, whole.group) == ("Net", None, None)
    with pytest.raises(ValueError, match="depth has to be 0 or more, not -1"):
        fold(module_net(), -1)


def test_steps_follow():
    folded = fold(module_net(), 0)
    steps = [(step.kind, step.node) for step in folded.steps]
    assert steps == [("forward", "n3"), ("forward", "n11"), ("backward", "n11"), ("backward", "n3")]
    assert [flow.edge for flow in folded.steps[2].outgoing] == [
        number for number, edge in enumerate(folded.edges) if edge.target == "n11" and edge.needs_grad
    ]


def test_an_error_inside_makes_the_box_red():
    graph = error_graph()
    graph.groups.append(Group("g0", "act", "Exp()"))
    graph.nodes[1].group = "g0"
    folded = fold(graph, 0)
    assert folded.nodes[1].error == graph.nodes[1].error and folded.error == graph.error


def test_a_module_called_twice_has_two_boxes():
    m = Maker()
    group = m.group("shared", "Linear()")
    w = m.leaf("w", 2, 2, group=group)
    first = m.op("MatMul", None, (2, 2), m.data("x", 2, 2), w, group=group)
    m.op("MatMul", None, (2, 2), m.op("ReLU", None, (2, 2), first), w, group=group)
    folded = check(fold(m.graph, 0))
    assert labels(folded) == ["leaf", "data", "Linear", "ReLU", "Linear"]  # the weight belongs to both
    assert folded.nodes[-1].note == "1 operation, call 2"


def test_a_gpt_is_readable():
    graph = gpt(12)
    folded = check(fold(graph))
    assert len(graph.nodes) > 500 and len(folded.nodes) <= LIMIT
    (frame,) = [group for group in folded.groups if group.count > 1]
    assert (frame.name, frame.count) == ("blocks.0 … blocks.11", 12)
    assert {"blocks.*.ln1", "blocks.*.attn.query", "wte", "head"} <= {node.name for node in folded.nodes}
    assert "<B>×12</B>" in to_dot(folded)


@pytest.mark.dot
def test_the_picture_of_a_gpt_has_no_more_boxes():
    done = subprocess.run(["dot", "-Tsvg"], input=to_dot(fold(gpt())).encode(), capture_output=True, check=True)
    assert done.stdout.count(b'class="node"') <= LIMIT


def test_a_real_transformer_is_readable():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.up, self.down = nn.LayerNorm(4), nn.Linear(4, 8), nn.Linear(8, 4)

        def forward(self, x):
            y = self.norm(x)
            y = tt.softmax(y @ y.transpose(-1, -2) / 2, dim=-1) @ y
            return x + self.down(tt.relu(self.up(y)))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList([Block() for _ in range(6)])
            self.first, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x):
            x = self.first(x)
            for block in self.blocks:
                x = block(x)
            return self.head(x)

    with viz.record() as recording:
        model = Model()
        loss = model(tt.ones(2, 5, 4)).square().mean()
        loss.backward()
    graph = recording.graph()
    folded = check(fold(graph))
    assert len(graph.nodes) > 2 * LIMIT and len(folded.nodes) <= LIMIT
    assert 6 in [group.count for group in folded.groups]


def rnn(turns):
    """h = tanh(x_t @ W + h @ U), unrolled."""
    m = Maker()
    w, u, h = m.leaf("W", 3, 4), m.leaf("U", 4, 4), m.data("h0", 2, 4)
    for turn in range(turns):
        taken = m.op("MatMul", None, (2, 4), m.data(f"x{turn}", 2, 3), w)
        carried = m.op("MatMul", None, (2, 4), h, u)
        h = m.op("Tanh", "h", (2, 4), m.op("Add", None, (2, 4), taken, carried))
    m.op("Sum", "loss", (), h, is_output=True)
    m.graph.steps = steps_of(m.graph)
    return m.graph


def test_a_loop_is_drawn_once():
    graph = rnn(30)
    folded = check(fold_repeats(graph))
    assert len(folded.nodes) < 18
    (frame,) = folded.groups
    assert frame.count in (28, 29, 30)
    shared = [node for node in folded.nodes if node.name in ("W", "U")]
    assert [(node.count, node.group) for node in shared] == [(1, None), (1, None)]
    assert folded.nodes[-1].name == "loss" and any(edge.target == folded.nodes[-1].id for edge in folded.edges)


def test_repeats_of_one_operation_count_on_the_box():
    chain = Graph([Node(f"n{i}", "op", "Sin") for i in range(70)], [Edge(f"n{i}", f"n{i + 1}") for i in range(69)])
    assert [(node.label, node.count) for node in check(fold(chain)).nodes] == [("Sin", 1), ("Sin", 69)]


def test_what_differs_does_not_fold():
    nodes = [Node(f"n{i}", "op", "Sin", outputs=(Summary((i,), "float32"),)) for i in range(70)]
    graph = Graph(nodes, [Edge(f"n{i}", f"n{i + 1}") for i in range(69)])
    assert len(fold(graph).nodes) == 70


def test_a_module_is_folded_whole_or_not_at_all():
    """Blocks of Sin and Cos behind an Add that looks like one of theirs: no frame may cross two blocks."""
    m = Maker()
    h = m.leaf("x", 2)
    for number in range(8):
        block = m.group(f"b{number}", "Block()")
        h = m.op("Cos", None, (2,), m.op("Sin", None, (2,), h, group=block), group=block)
    folded = check(fold_repeats(m.graph))
    counted = [group for group in folded.groups if group.count > 1]
    assert [group.name for group in counted] in (["b0 … b7"], ["b1 … b7"])
    for group in counted:
        assert sorted(node.label for node in folded.nodes if node.group == group.id) == ["Cos", "Sin"]


def test_folding_keeps_what_is_said_of_the_whole():
    graph = chain(100)
    graph.note, graph.error = "not recorded", "RuntimeError: no"
    folded = fold(graph)
    assert len(folded.nodes) < len(graph.nodes)
    assert (folded.note, folded.error) == ("not recorded", "RuntimeError: no")
