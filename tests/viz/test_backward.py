"""Backward as it was recorded: order, gradients on edges, how they add up, what is freed, and errors."""

import numpy as np
import pytest
from tinytorch.viz import record
from tinytorch.viz.build import build

import tests.viz.programs as programs
import tinytorch as torch
from tinytorch import nn


def steps(graph, kind):
    return [step for step in graph.steps if step.kind == kind]


def names_of(graph, ids):
    names = {node.id: node.name for node in graph.nodes}
    return [names[each] for each in ids]


class Broken(torch.autograd.Function):
    """y = x, and no way back"""

    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, grad):
        raise ZeroDivisionError("on purpose\nsecond line")


def test_the_order_is_the_engines():
    order = []
    with record() as recording:
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        a = w.exp()
        b = w.sin()
        c = a * b
        for tensor, name in ((a, "a"), (b, "b"), (c, "c")):
            tensor.register_hook(lambda grad, name=name: order.append(name))
        loss = c.sum()
        loss.backward()
    graph = recording.graph()
    assert names_of(graph, [step.node for step in steps(graph, "backward")]) == ["loss", *order]
    assert names_of(graph, [step.node for step in steps(graph, "forward")]) == ["a", "b", "c", "loss"]
    assert graph.steps[-1].kind == "accumulate"


def test_gradients_are_on_boxes_and_edges():
    with record() as recording:
        w = torch.tensor([3.0, 4.0], requires_grad=True)
        y = w * 2
        loss = (y * y).sum()
        loss.backward()
    graph = recording.graph()
    nodes = {node.name: node for node in graph.nodes}
    y_grad, w_grad = 2 * np.array([6.0, 8.0]), 4 * np.array([6.0, 8.0])
    assert nodes["y"].grad.norm == pytest.approx(np.linalg.norm(y_grad), rel=1e-5)
    assert nodes["y"].grad.text == "[12, 16]"
    assert nodes["w"].grad.norm == pytest.approx(np.linalg.norm(w_grad), rel=1e-5)
    assert [edge.grad.text for edge in graph.edges] == ["[24, 32]", "[6, 8]", "[6, 8]", "[1, 1]"]


def test_how_often_something_has_accumulated():
    with record() as recording:
        w = torch.tensor(2.0, requires_grad=True)
        loss = w * w + w
        loss.backward()
    graph = recording.graph()
    w_id = graph.nodes[0].id
    flows = [
        (flow.arrived, flow.expected)
        for step in steps(graph, "backward")
        for flow in step.outgoing
        if graph.edges[flow.edge].source == w_id
    ]
    assert flows == [(1, 3), (2, 3), (3, 3)]
    assert float(graph.nodes[0].grad.text) == 5


def test_what_is_freed_and_what_waits():
    with record() as recording:
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        a, b = w.exp(), w + 1
        loss = (a * b).sum()
        loss.backward()
    graph = recording.graph()
    frees = {names_of(graph, [step.node])[0]: step.frees for step in steps(graph, "backward")}
    assert frees == {"loss": False, "t1": True, "b": False, "a": True}
    ready = {names_of(graph, [step.node])[0]: names_of(graph, step.ready) for step in steps(graph, "backward")}
    assert ready["t1"] == ["b", "a"]
    with record() as recording:
        loss = w.exp().sum()
        loss.backward(retain_graph=True)
    assert not any(step.frees for step in recording.graph().steps)


def test_an_edge_that_no_gradient_came_along():
    class Half(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    with record() as recording:
        a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        loss = Half.apply(a, b * 2).sum()
        loss.backward()
    graph = recording.graph()
    flows = {
        (names_of(graph, [graph.edges[flow.edge].source])[0]): flow.summary
        for step in steps(graph, "backward")
        for flow in step.outgoing
    }
    assert flows["t1"] is None
    assert flows["a"].norm == pytest.approx(2**0.5, rel=1e-5)


def test_values_of_large_gradients_only_where_asked_for():
    for values in (False, True):
        with record(values=values) as recording:
            w = torch.ones(5, 4, requires_grad=True)
            loss = (w * 3).sum()
            loss.backward()
        text = recording.graph().nodes[1].grad.text
        assert (text is not None) == values


def test_the_last_backward_is_the_one_that_is_shown():
    with record() as recording:
        w = torch.tensor(2.0, requires_grad=True)
        y = w * 3
        y.backward(torch.tensor(1.0), retain_graph=True)
        y.backward(torch.tensor(10.0))
    graph = recording.graph()
    assert graph.nodes[1].grad.text == "10"
    assert graph.nodes[0].grad.text == "33"  # .grad, to which both added
    assert recording.tensor is y


def test_grad_is_a_backward_too():
    with record() as recording:
        w = torch.tensor(2.0, requires_grad=True)
        y = w**2
        torch.autograd.grad(y, w)
    graph = recording.graph()
    assert recording.tensor is y
    assert graph.nodes[0].grad.text == "4"
    assert w.grad is None


def test_an_error_in_backward_is_red():
    with record() as recording, pytest.raises(ZeroDivisionError):
        w = torch.ones(2, requires_grad=True)
        y = Broken.apply(w)
        loss = (y * 2).sum()
        loss.backward()
    graph = recording.graph()
    assert graph.error == "ZeroDivisionError: on purpose"
    assert [node.error for node in graph.nodes] == [None, "ZeroDivisionError: on purpose", None, None]
    assert [step.error for step in graph.steps][-1] == "ZeroDivisionError: on purpose"
    assert graph.nodes[2].grad is not None
    assert graph.nodes[0].grad is None


def test_an_error_when_saved_tensors_were_changed_or_freed():
    with record() as recording, pytest.raises(RuntimeError, match="modified by an inplace"):
        w = torch.ones(2, requires_grad=True)
        y = w.exp()
        loss = y.sum()
        y.mul_(2)
        loss.backward()
    graph = recording.graph()
    assert [node.label for node in graph.nodes if node.error] == ["Exp"]
    with record() as recording, pytest.raises(RuntimeError, match="a second time"):
        loss = w.exp().sum()
        loss.backward()
        loss.backward()
    assert [node.label for node in recording.graph().nodes if node.error] == ["Exp"]


def test_an_error_before_backward_begins():
    with pytest.raises(RuntimeError), record() as recording:
        y = torch.ones(2, requires_grad=True) * 2
        y.backward()
    graph = recording.graph()
    assert graph.error == "RuntimeError: grad can be implicitly created only for scalar outputs"
    assert not any(node.error for node in graph.nodes)


def test_the_first_nan_under_anomaly_mode():
    with (
        pytest.warns(UserWarning),
        record() as recording,
        pytest.raises(RuntimeError, match="nan"),
        torch.autograd.detect_anomaly(),
    ):
        w = torch.zeros(2, requires_grad=True)
        loss = (w.sqrt() * 0).sum()
        loss.backward()
    assert [node.label for node in recording.graph().nodes if node.error] == ["Sqrt"]


def test_backward_on_the_side_touches_nothing():
    torch.manual_seed(0)
    calls = []

    class Noisy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return grad * torch.rand(2)

    w = torch.ones(2, requires_grad=True)
    w.grad = torch.full((2,), 7.0)
    y = Noisy.apply(w)
    y.register_hook(calls.append)
    y.grad_fn.register_prehook(calls.append)
    w.register_post_accumulate_grad_hook(calls.append)
    loss = (y * y).sum()
    before = torch.get_rng_state()
    graph = build(loss, direction="backward")
    assert torch.equal(torch.get_rng_state(), before)
    assert w.grad.tolist() == [7.0, 7.0]
    assert not calls
    assert graph.nodes[0].grad.text == "[7, 7]"
    assert graph.edges[0].grad is not None
    assert not any(step.frees for step in graph.steps)
    loss.backward()
    assert len(calls) == 3
    assert torch.autograd.grad_mode.state.watcher is None


def test_backward_on_the_side_that_fails():
    loss = Broken.apply(torch.ones(2, requires_grad=True)).sum()
    graph = build(loss, direction="backward")
    assert graph.error == "ZeroDivisionError: on purpose"
    assert [node.label for node in graph.nodes if node.error] == ["Broken"]


def test_after_a_backward_that_was_not_recorded():
    w = torch.ones(2, requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    graph = build(loss, direction="backward")
    assert graph.error is None
    assert "without being recorded" in graph.note
    assert graph.nodes[0].grad.text == "[2, 2]"


def test_gradients_through_a_folded_transposition():
    with record() as recording:
        layer = programs.settle(nn.Linear(3, 2))
        loss = layer(programs.numbers(4, 3)).sum()
        loss.backward()
    graph = recording.graph()
    weight = next(node for node in graph.nodes if node.name == "weight")
    edge = next(edge for edge in graph.edges if edge.source == weight.id)
    assert edge.grad.shape == (2, 3)
    assert edge.grad.norm == pytest.approx(layer.weight.grad.norm().item(), rel=1e-5)


def test_a_walk_keeps_no_tensor_alive():
    import gc
    import weakref

    with record() as recording:
        w = torch.ones(3, requires_grad=True)
        y = w * 2
        z = y.exp()
        loss = z.sum()
        loss.backward()
        gone = [weakref.ref(each) for each in (y, z)]
        nodes = [weakref.ref(each.grad_fn) for each in (y, z)]
        del y, z
        gc.collect()
        assert not any(reference() is not None for reference in gone)
        other = w.sum()
        other.backward()
        del loss
        gc.collect()
        assert not any(reference() is not None for reference in nodes)
    assert recording.tensor is other


def test_the_backward_of_another_tensor_is_not_shown():
    with record() as recording:
        w = torch.ones(2, requires_grad=True)
        first, second = (w * 2).sum(), (w * 3).sum()
        first.backward()
    graph = recording.graph(second)
    assert {step.kind for step in graph.steps} == {"forward"}
    assert [edge.grad for edge in graph.edges] == [None, None]


def test_freed_nodes_of_which_nothing_else_is_known_say_so():
    w = torch.ones(2, requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    assert [node.note for node in build(loss).nodes] == [None, "what it kept for backward is freed", None]
