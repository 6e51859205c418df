"""What two graphs do not have in common."""

import dataclasses

from tinytorch.viz.diff import diff, to_text
from tinytorch.viz.graph import Summary

from tests.viz.samples import chain, gpt, module_net, two_layer


def test_equal_graphs_have_no_difference():
    for make in (two_layer, module_net, gpt):
        assert not diff(make(), make())
        assert to_text(diff(make(), make())) == "no difference\n"


def test_a_node_put_in_between():
    before, after = chain(50), chain(51)
    result = diff(before, after)
    assert (len(result.added), len(result.removed), len(result.changed)) == (1, 0, 0)
    assert not diff(after, after)


def test_a_changed_operation_shape_value_and_gradient():
    before, after = two_layer(), two_layer()
    after.nodes[3] = dataclasses.replace(after.nodes[3], label="ReLU", backward="ReluBackward0")
    after.nodes[0] = dataclasses.replace(after.nodes[0], outputs=(Summary((32, 1000), "float64"),))
    after.nodes[1] = dataclasses.replace(after.nodes[1], grad=Summary((1000, 100), "float32", norm=9.0))
    result = diff(before, after)
    found = {change.after.id: change.details for change in result.changed}
    assert found["n3"] == (("operation", "Clamp", "ReLU"), ("backward", "ClampBackward1", "ReluBackward0"))
    assert found["n0"] == (("outputs", "(64, 1000) float32", "(32, 1000) float64"),)
    assert found["n1"] == (("gradient", "norm 3242", "norm 9"),)
    assert set(found) == {"n0", "n1", "n3"} and not result.added and not result.removed


def test_numbers_that_are_nearly_equal_are_equal():
    before, after = two_layer(), two_layer()
    after.nodes[1] = dataclasses.replace(after.nodes[1], grad=Summary((1000, 100), "float32", norm=3241.5000001))
    assert not diff(before, after)


def test_an_arrow_that_goes_elsewhere():
    before, after = two_layer(), two_layer()
    after.edges[2] = dataclasses.replace(after.edges[2], source="n1")
    result = diff(before, after)
    assert [(a.id, b.id) for a, b in result.arrows_removed] == [("n2", "n3")]
    assert [(a.id, b.id) for a, b in result.arrows_added] == [("n1", "n3")]
    assert to_text(result).splitlines()[-1] == "0 added, 0 removed, 0 changed, 2 arrows moved"


def test_names_that_nobody_gave_do_not_count():
    before, after = chain(9), chain(9)
    for number, (old, new) in enumerate(zip(before.nodes[1:], after.nodes[1:])):
        old.name, new.name = f"t{number}", f"t{number + 5}"
        old.formula, new.formula = f"t{number + 1} = sin t{number}", f"t{number + 6} = sin t{number + 5}"
    assert not diff(before, after)


def test_text_is_coloured_only_if_asked_for():
    result = diff(two_layer(), module_net())
    assert "\x1b" not in to_text(result)
    assert "\x1b[32m+ n1 layer1.weight\x1b[0m" in to_text(result, colour=True)
