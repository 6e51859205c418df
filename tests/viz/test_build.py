"""From tensors to graphs: boxes, edges, saved tensors, cuts, folded transpositions, and what is odd."""

import gc
import threading
import time

import pytest
from tinytorch.viz import record
from tinytorch.viz.build import build, in_order
from tinytorch.viz.dot import kept_tensors

import tests.viz.programs as programs
import tinytorch as torch
from tinytorch import nn


def by_name(graph):
    return {node.name: node for node in graph.nodes}


def arrows(graph):
    """Edges as pairs of names."""
    names = {node.id: node.name for node in graph.nodes}
    return [(names[edge.source], names[edge.target]) for edge in graph.edges]


def kinds(graph):
    return [node.kind for node in graph.nodes]


def test_two_layers_without_a_recording():
    x, w1 = torch.ones(4, 3), torch.ones(3, 5, requires_grad=True)
    w2 = torch.ones(5, 2, requires_grad=True)
    h = x.mm(w1)
    y = h.clamp(min=0).mm(w2)
    graph = build(y.sum())
    assert [(node.kind, node.label, node.name) for node in graph.nodes] == [
        ("data", "data", "x"),
        ("leaf", "leaf", "w1"),
        ("op", "MatMul", "h"),
        ("op", "Clamp", "t1"),
        ("leaf", "leaf", "w2"),
        ("op", "MatMul", "y"),
        ("op", "Sum", "t2"),
    ]
    assert [node.id for node in graph.nodes] == [f"n{i}" for i in range(7)]
    assert arrows(graph) == [("x", "h"), ("w1", "h"), ("h", "t1"), ("t1", "y"), ("w2", "y"), ("y", "t2")]
    assert [edge.needs_grad for edge in graph.edges] == [False, True, True, True, True, True]
    assert graph.nodes[2].outputs[0].shape == (4, 5)
    assert graph.nodes[2].outputs[0].dtype == "float32"
    assert graph.nodes[2].backward == "MmBackward0"
    assert graph.nodes[-1].is_output
    assert graph.nodes[-1].outputs[0].text == "120"
    assert graph.nodes[5].formula == "y = t1 @ w2"
    assert graph.nodes[5].gradients == ("grad_t1 = grad_y @ w2^T", "grad_w2 = t1^T @ grad_y")


def test_saved_tensors_are_links_to_where_they_come_from_and_drawn_once():
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    y = a * a
    e = y.exp()
    graph = build(e)
    nodes = by_name(graph)
    assert [(saved.name, saved.node) for saved in nodes["y"].saved] == [("a", nodes["a"].id)]
    assert [(saved.name, saved.node) for saved in nodes["e"].saved] == [("e", nodes["e"].id)]
    assert not any(saved.freed for node in graph.nodes for saved in node.saved)
    assert build(e, show_saved=False).nodes[1].saved == ()


def test_masks_and_indices_that_are_saved_have_no_box():
    a = torch.arange(6.0).reshape(2, 3).requires_grad_()
    y = a.masked_fill(torch.tensor([[True, False, True]]), 0.0)
    graph = build(y)
    assert all(saved.node is None or saved.node in {n.id for n in graph.nodes} for saved in graph.nodes[-1].saved)


def test_after_backward_what_was_saved_is_freed():
    with record():
        a = torch.tensor([1.0, 2.0], requires_grad=True)
        y = (a * a).sum()
        y.backward()
    node = build(y).nodes[1]
    assert [(saved.name, saved.freed) for saved in node.saved] == [("a", True)]


def test_the_transposition_of_a_linear_layer_belongs_to_it():
    layer = nn.Linear(3, 2)
    x = torch.ones(4, 3)
    h = layer(x)
    graph = build(h)
    assert [node.label for node in graph.nodes if node.kind == "op"] == ["Linear"]
    assert graph.nodes[-1].formula == "h = x @ weight^T + bias"
    assert "grad_weight = grad_h^T @ x" in graph.nodes[-1].gradients
    assert [edge.target for edge in graph.edges] == ["n3", "n3", "n3"]
    raw = build(h, raw=True)
    assert [node.label for node in raw.nodes if node.kind == "op"] == ["Transpose", "Addmm"]


def test_a_transposition_with_a_name_or_other_uses_stays():
    w = torch.ones(2, 3, requires_grad=True)
    turned = w.t()
    assert [node.label for node in build(torch.ones(4, 3) @ turned).nodes if node.kind == "op"] == [
        "Transpose",
        "MatMul",
    ]
    del turned
    assert [node.label for node in build(torch.ones(4, 3) @ w.t()).nodes if node.kind == "op"] == ["MatMul"]
    assert [node.label for node in build(torch.ones(4, 3) @ w.T).nodes if node.kind == "op"] == ["MatMul"]


def test_cuts_of_a_recording():
    with record():
        w = torch.ones(3, requires_grad=True)
        y = w * 2
        target = y.detach()
        with torch.no_grad():
            bound = y.sum()
        best = y.argmax()
        loss = (y - target).sum() * bound + best
    nodes = by_name(build(loss))
    assert nodes["target"].kind == nodes["bound"].kind == nodes["best"].kind == "cut"
    assert nodes["target"].note == "gradient stops here: detach()"
    assert nodes["bound"].note == "gradient stops here: computed under no_grad"
    assert nodes["best"].note == "gradient stops here: Argmax has no derivative"
    assert ("y", "target") in arrows(build(loss))
    assert [edge.needs_grad for edge in build(loss).edges if edge.target == nodes["target"].id] == [False]


def test_a_target_network_under_no_grad_is_drawn_as_cuts():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x, w = torch.ones(4, 2), torch.ones(2, 1, requires_grad=True)
    with record():
        with torch.no_grad():
            target = model(x)
        loss = (x @ w - target).sum()
    graph = build(loss)
    assert [node.label for node in graph.nodes if node.kind == "cut"] == ["Addmm", "ReLU", "Addmm"]
    assert by_name(graph)["target"].kind == "cut"


def test_a_tensor_without_history_that_was_recorded():
    with record() as recording:
        w = torch.ones(3, requires_grad=True)
        y = (w * 2).detach()
    graph = recording.graph(y)
    assert [(node.kind, node.name) for node in graph.nodes] == [("data", "data1"), ("cut", "y")]
    assert graph.nodes[-1].is_output


def test_a_leaf_alone():
    w = torch.ones(3, requires_grad=True)
    graph = build(w)
    assert [(node.kind, node.name, node.is_output) for node in graph.nodes] == [("leaf", "w", True)]
    assert graph.edges == []


def test_several_roots_that_share():
    w = torch.ones(3, requires_grad=True)
    a, b = w * 2, w.exp()
    graph = build([a, b])
    assert [(node.name, node.is_output) for node in graph.nodes] == [("w", False), ("a", True), ("b", True)]


def test_several_outputs_of_one_operation():
    w = torch.arange(4.0).requires_grad_()
    first, second = w.split(2)
    y = first * second
    graph = build(y)
    assert [(edge.output_nr, edge.input_nr) for edge in graph.edges if edge.target == graph.nodes[-1].id] == [
        (0, 0),
        (1, 1),
    ]
    assert len(graph.nodes[1].outputs) == 2
    assert [node.formula for node in graph.nodes[1:]] == [
        "first, second = consecutive parts of w along dim 0",
        "y = first * second",
    ]
    with record() as recording:
        values, places = w.max(0)
    assert recording.graph(values).nodes[-1].formula == "values, places = the largest w along dim 0 and its place"


def test_in_place_history_and_views():
    with record() as recording:
        loss, params = programs.in_place()
    graph = recording.graph(loss, params)
    names = [node.name for node in graph.nodes]
    assert names[-1] == "k"
    assert {"k_1", "k_2", "x"} <= set(names)
    last = graph.nodes[-1]
    assert last.note == "in place, version 2"
    assert last.where.code == "k[1] = x[1] ** 2 + 2 * x[0]"
    assert graph.nodes[1].formula == "t1 = x[0]"


def test_in_place_on_a_plain_tensor():
    with record():
        w = torch.ones(3, requires_grad=True)
        y = w * 2
        y += 1
        y.mul_(3)
        loss = y.sum()
    graph = build(loss)
    assert [node.name for node in graph.nodes] == ["w", "y_1", "y_2", "y", "loss"]
    assert [node.note for node in graph.nodes][2:4] == ["in place, version 1", "in place, version 2"]
    assert graph.nodes[3].formula == "y = y_2 * 3"


def test_a_view_whose_base_was_written_to():
    base = torch.ones(4, requires_grad=True) * 1
    view = base[:2]
    base.mul_(2)
    graph = build(view.sum())
    assert "AsStrided" in [node.label for node in graph.nodes]


def test_double_backward():
    with record():
        x = torch.tensor(2.0, requires_grad=True)
        y = x**3
        (slope,) = torch.autograd.grad(y, x, create_graph=True)
        (bend,) = torch.autograd.grad(slope, x, create_graph=True)
    graph = build(bend)
    assert "part of the backward of Pow" in [node.note for node in graph.nodes]
    assert graph.nodes[-1].name == "bend"
    assert float(graph.nodes[-1].outputs[0].text) == 12


def test_not_scalar_and_complex_and_empty_and_half():
    for dtype in (torch.complex64, torch.bfloat16, torch.float16):
        w = torch.ones(2, 3, dtype=dtype, requires_grad=True)
        assert build(w * w, direction="backward").nodes[-1].outputs[0].dtype == str(dtype)[6:]
    w = torch.ones(0, 3, requires_grad=True)
    assert build(w * w, direction="backward").nodes[-1].outputs[0].shape == (0, 3)


def test_a_custom_function():
    with record() as recording:
        loss, params = programs.custom_function()
        loss.backward()
    graph = recording.graph(params=params)
    node = next(node for node in graph.nodes if node.label == "MyReLU")
    assert node.formula == "h = MyReLU(t1)"
    assert node.gradients == ("grad_t1 = MyReLU.backward(grad_h)",)
    assert [saved.name for saved in node.saved] == ["t1"]
    assert kinds(graph).count("cut") == 0


def test_a_function_in_the_old_style_and_one_with_several_outputs():
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            return x * factor, x + factor

        @staticmethod
        def backward(ctx, a, b):
            return a + b, None

    w = torch.ones(2, requires_grad=True)
    with record():
        a, b = Both.apply(w, 3)
        y = a * b
    graph = build(y, direction="backward")
    assert [node.label for node in graph.nodes] == ["leaf", "Both", "Mul"]
    assert graph.nodes[1].formula == "a, b = Both(w, 3)"


def test_hooks_and_retained_gradients_do_no_harm():
    w = torch.ones(3, requires_grad=True)
    y = w * 2
    y.retain_grad()
    seen = []
    y.register_hook(seen.append)
    w.register_hook(seen.append)
    graph = build(y.sum(), direction="backward")
    assert not seen
    assert y.grad is None
    assert w.grad is None
    y.sum().backward()
    assert len(seen) == 2
    assert graph.nodes[0].grad.norm == pytest.approx(2 * 3**0.5, rel=1e-5)


def test_other_threads_are_not_recorded_and_not_disturbed():
    errors = []

    def work():
        try:
            w = torch.ones(3, requires_grad=True)
            for _ in range(50):
                (w * 2).sum().backward()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    with record() as recording:
        for thread in threads:
            thread.start()
        w = torch.ones(3, requires_grad=True)
        for _ in range(20):
            loss = (w * 2).sum()
            loss.backward()
        for thread in threads:
            thread.join()
    assert not errors
    assert recording.tensor is loss


def test_wrong_arguments():
    with pytest.raises(TypeError, match="a tensor is needed, not int"):
        build([3])
    with pytest.raises(ValueError, match="no tensors were given"):
        build([])
    with pytest.raises(ValueError, match="direction has to be"):
        build(torch.ones(2, requires_grad=True), direction="up")


def test_the_same_program_gives_the_same_graph():
    graphs = []
    for _ in range(2):
        with record() as recording:
            loss, params = programs.classifier()
            loss.backward()
        graphs.append(recording.graph(params=params))
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize("program", programs.PROGRAMS, ids=lambda program: program.__name__)
def test_all_programs_and_both_ways(program):
    loss, params = program()
    plain = build(loss, params, direction="backward")
    with record() as recording:
        loss, params = program()
        loss.backward(torch.ones_like(loss).detach())
    graph = recording.graph(params=params)
    assert graph.error is None
    assert {step.kind for step in graph.steps} == {"forward", "backward", "accumulate"}
    assert all(node.where is not None for node in graph.nodes if node.kind == "op")
    assert len({node.name for node in graph.nodes}) == len(graph.nodes)
    assert {node.name for node in graph.nodes if node.kind == "leaf"} == set(params)
    leaves = {node.name: node.grad for node in graph.nodes if node.kind == "leaf"}
    assert {node.name: node.grad for node in plain.nodes if node.kind == "leaf"} == leaves
    for name, tensor in params.items():
        assert leaves[name].norm == pytest.approx(tensor.grad.norm().item(), rel=1e-5)
    ids = [node.id for node in graph.nodes]
    assert ids == [f"n{i}" for i in range(len(ids))]
    places = {each: i for i, each in enumerate(ids)}
    assert all(places[edge.source] < places[edge.target] for edge in graph.edges)


def test_a_hundred_thousand_operations():
    x = torch.ones(3, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    began = time.process_time()
    graph = build(y.sum())
    assert time.process_time() - began < 30  # three seconds on an idle machine
    assert len(graph.nodes) == 100_002
    ordered, _ = in_order([y.grad_fn])
    assert len(ordered) == 100_001
    del graph, y, ordered
    gc.collect()


def test_a_leaf_whose_product_is_cut_off_is_drawn_once():
    w = torch.ones(2, requires_grad=True)
    with record():
        with torch.no_grad():
            product = w * 2
        loss = (product + w).sum()
    graph = build(loss)
    assert kinds(graph).count("leaf") == 1
    assert arrows(graph).count(("w", "product")) == 1
    loss.backward()
    assert by_name(build(loss))["w"].grad.shape == (2,)


def test_every_result_that_is_kept_has_a_note_of_its_own():
    class Circle(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            s, c = x.sin(), x.cos()
            ctx.save_for_backward(s, c)
            return s, c

        @staticmethod
        def backward(ctx, grad_s, grad_c):
            s, c = ctx.saved_tensors
            return grad_s * c - grad_c * s

    x = torch.ones(2, requires_grad=True)
    with record():
        s, c = Circle.apply(x)
        y = c * 2 * s
    for recorded in (True, False):
        if not recorded:
            s, c = Circle.apply(x)
            y = c * 2 * s
        graph = build(y)
        node = graph.nodes[1]
        assert node.name == "s"
        assert [(saved.name, saved.node) for saved in node.saved] == [("s", node.id), ("c", node.id)]
        notes = [(kept.saved.name, kept.keepers) for kept in kept_tensors(graph).values()]
        assert notes == [("s", ["n1", "n3"]), ("c", ["n1"]), ("t1", ["n3"])]


@pytest.mark.parametrize(
    ("function", "kept"),
    [
        (lambda x: x[x > 1], [("mask", "bool", None)]),
        (lambda x: x.max(0)[0], [("places", "int64", "n1")]),
        (lambda x: x.sort()[0], [("places", "int64", "n1")]),
        (lambda x: x.masked_fill(x > 1, 5.0), [("t1", "bool", "n1")]),
    ],
)
def test_masks_and_places_are_not_taken_for_operands(function, kept):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with record() as recording:
        y = function(x)
    node = recording.graph(y).nodes[-1]
    assert [(saved.name.replace("y[1]", "places"), saved.summary.dtype, saved.node) for saved in node.saved] == kept
