"""Frames: which module an operation ran in, recorded or inferred from the parameters it uses."""

import contextlib

from tinytorch.viz import record
from tinytorch.viz.build import build
from tinytorch.viz.modules import label_of_module

import tests.viz.programs as programs
import tinytorch as torch
from tinytorch import nn


def frames(graph):
    """(name, label, name of the frame around)"""
    names = {group.id: group.name for group in graph.groups}
    return [(group.name, group.label, names.get(group.parent)) for group in graph.groups]


def places(graph):
    """Operation -> the frames it is in, from the outside."""
    groups = {group.id: group for group in graph.groups}
    found = []
    for node in graph.nodes:
        if node.kind == "op":
            path, group = [], node.group
            while group is not None:
                path.insert(0, groups[group].name)
                group = groups[group].parent
            found.append((node.label, path))
    return found


def test_a_recorded_network():
    with record() as recording:
        loss, _ = programs.classifier()
    graph = recording.graph(loss)
    assert frames(graph)[:4] == [
        ("model", "Classifier", None),
        ("layers", "Sequential", "model"),
        ("layers.0", "Linear(in_features=4, out_features=5, bias=True)", "layers"),
        ("layers.1", "Tanh()", "layers"),
    ]
    assert places(graph) == [
        ("Linear", ["model", "layers", "layers.0"]),
        ("Tanh", ["model", "layers", "layers.1"]),
        ("Linear", ["model", "layers", "layers.3"]),
        ("Tanh", ["model", "layers", "layers.4"]),
        ("Linear", ["model", "head"]),
        ("LogSoftmax", []),
        ("NLLLoss", []),
    ]
    leaf = next(node for node in graph.nodes if node.name == "head.bias")
    assert {group.id: group.name for group in graph.groups}[leaf.group] == "head"


def test_a_module_that_is_called_twice_has_two_frames():
    layer = nn.Linear(3, 3)
    with record() as recording:
        y = layer(layer(torch.ones(2, 3)))
    graph = recording.graph(y)
    assert [name for name, _, _ in frames(graph)] == ["layer", "layer"]
    assert len({node.group for node in graph.nodes if node.kind == "op"}) == 2


def test_a_part_of_a_network_that_is_called_alone():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with record() as recording:
        y = model[1](model[0](torch.ones(1, 2)))
    assert [name for name, _, _ in frames(recording.graph(y))] == ["0", "1"]


def test_hooks_of_modules_run_as_ever():
    calls = []
    layer = nn.Linear(2, 2)
    layer.register_forward_hook(lambda module, args, output: calls.append("after"))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: calls.append("backward"))
    with record() as recording:
        loss = layer(torch.ones(1, 2, requires_grad=True)).sum()
        loss.backward()
    assert calls == ["after", "backward"]
    assert recording.graph().error is None
    assert not nn.hooks.global_hooks


def test_an_error_in_forward_leaves_no_module_on():
    class Broken(nn.Module):
        def forward(self, x):
            raise ZeroDivisionError

    broken, layer = Broken(), nn.Linear(2, 2)
    with record() as recording:
        with contextlib.suppress(ZeroDivisionError):
            broken(1)
        y = layer(torch.ones(1, 2))
    assert [name for name, _, _ in frames(recording.graph(y))] == ["layer"]


def test_without_a_recording_frames_are_inferred():
    model = nn.Sequential(
        nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 3)), nn.ReLU(), nn.Sequential(nn.Linear(3, 1))
    )
    graph = build(model(torch.ones(4, 2)).sum())
    assert places(graph) == [
        ("Linear", ["0", "0.0"]),
        ("Tanh", ["0"]),
        ("Linear", ["0", "0.2"]),
        ("ReLU", []),
        ("Linear", ["2", "2.0"]),
        ("Sum", []),
    ]
    leaf = next(node for node in graph.nodes if node.name == "2.0.bias")
    assert leaf.group == graph.nodes[-2].group


def test_shared_parameters_do_not_draw_frames_over_each_other():
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    x = torch.ones(1, 2)
    graph = build(first(second(first(x))).sum())
    assert places(graph) == [("Linear", ["first"]), ("Linear", ["second"]), ("Linear", ["first"]), ("Sum", [])]


def test_labels():
    assert label_of_module(nn.Linear(2, 1)) == "Linear(in_features=2, out_features=1, bias=True)"
    assert label_of_module(nn.Sequential(nn.ReLU())) == "Sequential"

    class Odd(nn.Module):
        def extra_repr(self):
            raise ValueError

    assert label_of_module(Odd()) == "Odd"
