"""The user's names: which of several is taken, where they are looked for, and names for what has none."""

import collections

import pytest
from tinytorch.viz import record
from tinytorch.viz.build import build
from tinytorch.viz.names import Names, user_frames

import tinytorch as torch
from tinytorch import nn

GLOBAL = torch.ones(2, requires_grad=True)


def leaves(graph):
    return [node.name for node in graph.nodes if node.kind == "leaf"]


def names(graph):
    return [node.name for node in graph.nodes]


def test_params_come_first():
    w = torch.ones(2, requires_grad=True)
    layer = nn.Linear(2, 2)
    y = layer(w)
    assert set(leaves(build(y, {"v": w, "W": layer.weight}))) == {"v", "W", "bias"}
    assert set(leaves(build(y, layer))) == {"w", "weight", "bias"}
    assert set(leaves(build(y, layer.named_parameters()))) == {"w", "weight", "bias"}


def test_the_innermost_frame_and_the_first_definition_win():
    first = torch.ones(2, requires_grad=True)
    second = first  # noqa: F841
    assert leaves(build(first * 2)) == ["first"]

    def inner(own):
        return leaves(build(own * 2))

    assert inner(first) == ["own"]


def test_globals_of_the_calling_module():
    assert leaves(build(GLOBAL * 2)) == ["GLOBAL"]


def test_names_with_an_underscore_do_not_count():
    _hidden = torch.ones(2, requires_grad=True)
    assert leaves(build(_hidden * 2)) == ["leaf1"]


def test_containers_and_objects():
    params = {"w": torch.ones(2, requires_grad=True), 3: torch.ones(2, requires_grad=True)}
    layers = [torch.ones(2, requires_grad=True)]

    class Holder:
        pass

    holder = Holder()
    holder.weight = torch.ones(2, requires_grad=True)
    Pair = collections.namedtuple("Pair", "a")
    pair = Pair(torch.ones(2, requires_grad=True))
    y = params["w"] + params[3] + layers[0] + holder.weight + pair.a
    assert leaves(build(y))[:4] == ["params['w']", "params[3]", "layers[0]", "holder.weight"]


def test_lists_of_layers():
    layers = [nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)]
    x = torch.ones(1, 2)
    for layer in layers:
        x = layer(x)
    del layer
    assert leaves(build(x)) == ["layers[0].weight", "layers[1].weight"]


def test_several_networks_have_their_names_in_front():
    encoder, decoder = nn.Linear(2, 2), nn.Linear(2, 2)
    plain = build(decoder(encoder(torch.ones(1, 2))))
    expected = {"encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"}
    assert set(leaves(plain)) == expected
    with record() as recording:
        y = decoder(encoder(torch.ones(1, 2)))
    assert set(leaves(recording.graph(y))) == expected


def test_one_network_and_a_loss_have_no_prefix():
    model, loss_fn = nn.Linear(2, 2), nn.MSELoss()
    with record() as recording:
        loss = loss_fn(model(torch.ones(1, 2)), torch.ones(1, 2))
    assert set(leaves(recording.graph(loss))) == {"weight", "bias"}


def test_variables_of_functions_that_have_returned():
    def layer(x):
        w = torch.ones(2, 2, requires_grad=True)
        h = x @ w
        return h.exp()

    with record() as recording:
        inputs = torch.ones(1, 2)
        y = layer(inputs)
        loss = y.sum()
        loss.backward()
    assert names(recording.graph()) == ["inputs", "w", "h", "y", "loss"]


def test_what_a_function_calls_its_argument_is_not_the_name_of_a_result():
    def double(argument):
        return argument * 2

    with record() as recording:
        w = torch.ones(2, requires_grad=True)
        y = double(w + 1)
    assert names(recording.graph(y)) == ["w", "t1", "y"]


def test_a_variable_that_is_used_again_belongs_to_the_last():
    with record() as recording:
        x = torch.ones(2, requires_grad=True)
        for _ in range(3):
            x = x * 2
        loss = x.sum()
    assert names(recording.graph(loss)) == ["x_1", "x_2", "x_3", "x", "loss"]


def test_names_that_are_made_up_do_not_collide():
    t1 = torch.ones(2, requires_grad=True)
    assert names(build((t1 * 2).sum())) == ["t1", "t2", "t3"]


def test_odd_names_are_kept_as_they_are():
    odd = "</script><script>"
    w = torch.ones(2, requires_grad=True)
    assert names(build(w * 2, {odd: w}))[0] == odd


def test_a_function_lets_go_of_its_tensors_as_without_names():
    import gc
    import weakref

    class Big(torch.Tensor):
        pass

    w = torch.ones(2, requires_grad=True)
    held = torch.ones(2)
    reference = weakref.ref(held)
    Names(None, user_frames())
    del held
    gc.collect()
    assert reference() is None
    assert w is not None


def test_a_view_that_autograd_cannot_follow_any_more_does_no_harm():
    w = torch.ones(4, requires_grad=True)
    base = w * 1
    with torch.no_grad():
        view = base[:2]
    base.mul_(2)
    with pytest.raises(RuntimeError):
        _ = view.grad_fn
    assert names(build(base.sum()))[0] == "w"


def test_results_of_a_loop_have_names_of_their_own():
    """Every turn reuses the variables: a result that is not the last of its name is called f_1, f_2 and so on."""
    with record() as recording:
        x = torch.ones(1, 4, requires_grad=True)
        y = x
        for _ in range(2):
            f, g = y.chunk(2, 1)
            f = f.sigmoid()
            y = torch.cat([f, g], 1)
    formulas = [node.formula for node in recording.graph(y).nodes if node.kind == "op"]
    assert formulas[0].startswith("f_1, g_1 = ")
    assert formulas[1] == "f_2 = 1 / (1 + e^-f_1)"
    assert formulas[3].startswith("f_3, g = ")
    assert formulas[4] == "f = 1 / (1 + e^-f_3)"


@pytest.mark.parametrize("params", [3, ["w"], [1, 2]])
def test_params_that_are_none_are_told_so(params):
    with pytest.raises(TypeError, match="params has to be a dict of names and tensors"):
        Names(params)
