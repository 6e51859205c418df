"""Recordings: what they note, that they leave no traces, and that they cost nothing when they are off."""

import gc
import os
import sys
import weakref

import pytest
from tinytorch.viz import record
from tinytorch.viz.build import build

import tests.viz.programs as programs
import tinytorch as torch
from tinytorch import nn
from tinytorch.autograd.grad_mode import state, usage


def test_every_operation_has_its_line():
    with record() as recording:
        w = torch.ones(2, requires_grad=True)
        y = w * 2
        line = sys._getframe().f_lineno - 1
    place = recording.graph(y).nodes[-1].where
    assert (place.line, place.function, place.code) == (line, "test_every_operation_has_its_line", "y = w * 2")
    assert place.file == os.path.relpath(__file__).replace(os.sep, "/")


def test_the_line_is_the_users_also_inside_modules():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with record() as recording:
        y = model(torch.ones(1, 2))
    assert {node.where.code for node in recording.graph(y).nodes if node.kind == "op"} == {
        "y = model(torch.ones(1, 2))"
    }


def test_files_outside_of_the_working_directory_are_called_by_their_name(tmp_path):
    script = tmp_path / "elsewhere.py"
    code = "y = (w * 2)\n"
    script.write_text(code)
    names = {"w": torch.ones(2, requires_grad=True)}
    with record() as recording:
        exec(compile(code, str(script), "exec"), names)  # noqa: S102
    place = recording.graph(names["y"]).nodes[-1].where
    assert (place.file, place.line, place.code) == ("elsewhere.py", 1, "y = (w * 2)")


def test_nothing_is_left_on_afterwards():
    assert state.watcher is None
    with record():
        assert usage.watched
        with record():
            pass
        assert usage.watched
        assert state.watcher is not None
    assert state.watcher is None
    assert not usage.watched
    assert not nn.hooks.global_hooks
    with pytest.raises(ZeroDivisionError), record() as recording:
        raise ZeroDivisionError("x")
    assert recording.error == "ZeroDivisionError: x"
    assert state.watcher is None
    assert not usage.watched


def test_results_are_the_same_with_and_without():
    for program in programs.PROGRAMS:
        plain, params = program()
        plain.backward(torch.ones_like(plain).detach())
        with record():
            loss, same = program()
            loss.backward(torch.ones_like(loss).detach())
        assert torch.equal(plain, loss)
        for name, tensor in params.items():
            assert torch.equal(tensor.grad, same[name].grad)


def test_which_tensor():
    recording = record()
    assert recording.tensor is None
    with pytest.raises(ValueError, match="nothing to draw"):
        recording.graph()
    with recording:
        w = torch.ones(2, requires_grad=True)
        y = w * 2
        assert recording.tensor is y
        z = y.sum()
        z.backward()
        other = w + 1
    assert recording.tensor is z
    assert [node.name for node in recording.graph(other).nodes] == ["w", "other"]


def test_inside_and_outside_of_the_block():
    with record() as recording:
        w = torch.ones(2, requires_grad=True)
        y = w * 2
        inside = recording.graph(y)
    assert inside == recording.graph(y) == build(y)


def test_a_recording_inside_another_one():
    with record() as outer:
        w = torch.ones(2, requires_grad=True)
        with record() as inner:
            y = (w * 2).sum()
            y.backward()
        z = (w * 3).sum()
        z.backward()
    assert outer.tensor is z
    assert inner.tensor is y
    assert inner.graph().steps


def test_what_was_computed_before_is_drawn_too():
    w = torch.ones(2, requires_grad=True)
    before = w * 2
    with record() as recording:
        after = before.exp()
    graph = recording.graph(after)
    assert [(node.name, node.where is not None) for node in graph.nodes] == [
        ("w", False),
        ("before", False),
        ("after", True),
    ]


def test_values():
    for values in (False, True):
        with record(values=values) as recording:
            w = torch.ones(5, 4, requires_grad=True)
            y = w * 3
            z = y.sum()
        nodes = recording.graph(z).nodes
        assert (nodes[1].outputs[0].text is not None) == values
        assert nodes[1].outputs[0].mean == 3


def test_the_value_is_the_one_at_the_time():
    with record() as recording:
        w = torch.ones(2, requires_grad=True)
        y = (w * 3).sum()
        y.backward()
        with torch.no_grad():
            w -= w.grad
    leaf = recording.graph().nodes[0]
    assert leaf.name == "w"
    assert leaf.outputs[0].text == "[1, 1]"


def test_an_update_under_no_grad_and_zero_grad_do_no_harm():
    with record() as recording:
        w = torch.ones(2, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.5)
        for _ in range(3):
            optimizer.zero_grad()
            loss = (w * w).sum()
            loss.backward()
            optimizer.step()
    graph = recording.graph()
    assert [(node.kind, node.name) for node in graph.nodes] == [("leaf", "w"), ("op", "t1"), ("op", "loss")]
    assert w.tolist() == [0.0, 0.0]


def test_tensors_and_graphs_are_let_go():
    with record() as recording:
        w = torch.ones(3, requires_grad=True)
        tensors, nodes = [], []
        for _ in range(3):
            y = w * 2
            loss = y.exp().sum()
            tensors += [weakref.ref(y), weakref.ref(loss)]
            nodes += [weakref.ref(y.grad_fn), weakref.ref(loss.grad_fn)]
            loss.backward()
        del y
        gc.collect()
        assert [reference() is None for reference in tensors] == [True] * 5 + [False]
        assert [reference() is None for reference in nodes] == [True] * 4 + [False] * 2
    assert recording.tensor is loss


def test_operations_on_arrays_of_numbers_are_no_operations_on_tensors():
    with record() as recording:
        assert torch.tensor(3).item() == 3
    assert recording.tensor is None or recording.tensor.dim() == 0


def test_anything_may_be_an_argument():
    with record():
        w = torch.arange(12.0).reshape(3, 4).requires_grad_()
        torch.einsum("ij,ik->jk", w, w)
        w[torch.tensor([0, 1]), :2].sum()
        w[None, ..., 0].sum()
        torch.cat([w, w], dim=-1)
        torch.where(w > 3, w, 0.0)
        torch.stack(list(w)).mean()
        torch.nn.functional.pad(w, (1, 1))
        w.to(torch.float64).sum()
        w.detach().numpy()
        w.max(dim=1)
        torch.randn(3, generator=torch.Generator().manual_seed(3))
        w.clone().zero_()
        w.view(-1)[3:].cumsum(0)
        y = w.clone()
        y[0] = 5
        y[:, 1] += w[:, 0]
        loss = y.sum()
        loss.backward()
    assert build(loss).error is None


def test_drawing_while_the_recording_is_on_records_nothing():
    with record() as recording:
        w = torch.ones(2, requires_grad=True)
        loss = (w * 2).sum()
        loss.backward(retain_graph=True)
        first = recording.graph(direction="backward")
        second = recording.graph(direction="backward")
    assert first == second
    assert w.grad.tolist() == [2.0, 2.0]


def test_endless_chains_without_gradients_are_forgotten():
    with record():
        w = torch.ones(2, requires_grad=True)
        average = w.detach()
        for _ in range(2000):
            average = average * 0.5
        loss = (w * average).sum()
    assert len(build(loss).nodes) < 510
    with record():
        mean = torch.zeros(2)
        for _ in range(20):
            with torch.no_grad():
                mean.mul_(0.5).add_(w)
        loss = (w * mean).sum()
    assert [(node.kind, node.name) for node in build(loss).nodes[:2]] == [("leaf", "w"), ("data", "mean")]


def test_a_state_that_is_detached_at_every_step_keeps_no_history():
    with record():
        w = torch.ones(2, requires_grad=True)
        h = torch.zeros(2)
        for _ in range(5):
            h = (h.detach() + w).tanh()
            loss = h.sum()
            loss.backward()
        gc.collect()
    graph = build(loss)
    assert [node.label for node in graph.nodes if node.kind == "cut"] == ["Detach"]
    assert len(graph.nodes) == 6
