"""Formulas with names filled in: what they look like, and that NumPy gets the same numbers from them."""

import re

import numpy as np
import pytest
from tinytorch.viz import record
from tinytorch.viz.build import build
from tinytorch.viz.reading import read, spec_of, substitute
from tinytorch.viz.specials import SPECIALS

import tinytorch as torch
import tinytorch.nn.functional as F
from tinytorch import nn
from tinytorch.autograd.rule import Rule

NUMPY = {
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sgn": np.sign,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "max": np.maximum,
    "min": np.minimum,
    "where": np.where,
    "total": np.sum,
    "mean": np.mean,
    "sum": lambda x: np.sum(x, axis=1, keepdims=True),
    "abs": np.abs,
    "e": np.e,
    "pi": np.pi,
}
FUNCTIONS = "|".join(name for name in NUMPY if name not in ("e", "pi"))


def evaluate(text, names):
    """What a formula gives, as a person would compute it."""
    definitions = dict(names)
    text, *meanings = text.split("; ")
    for meaning in meanings:
        name, _, value = meaning.partition(" = ")
        definitions[name] = evaluate(value, definitions)
    summed = re.search(r", summed to the shape (\(.*\))$", text)
    text = re.sub(r", (summed|repeated) to the shape \(.*\)$", "", text)
    text = re.sub(r" (over|along) dims? .*$", "", text)
    choice = re.fullmatch(r"(.*) where (.*), else (.*)", text)
    if choice:
        value, condition, other = (evaluate(each, definitions) for each in choice.groups())
        result = np.where(condition, value, other)
    else:
        text = re.sub(r"^(mean|sum) of (.*)$", r"\1 of (\2)", text)
        text = text.replace("sum of", "total").replace("mean of", "mean")
        text = text.replace("^T", ".T").replace("^", "**")
        text = re.sub(r"\|(\w+)\|", r"abs(\1)", text)
        text = re.sub(rf"\b({FUNCTIONS}) (\w+|\([^()]*\))(?![\w(])", r"\1(\2)", text)
        result = eval(text, {"__builtins__": {}}, {**NUMPY, **definitions})  # noqa: S307
    if summed:
        shape = tuple(int(side) for side in re.findall(r"\d+", summed[1]))
        result = np.broadcast_to(result, np.broadcast_shapes(np.shape(result), shape))
        extra = result.ndim - len(shape)
        axes = tuple(i for i in range(result.ndim) if i < extra or shape[i - extra] == 1)
        result = result.sum(axis=axes, keepdims=True).reshape(shape)
    return result


A = np.array([[0.5, 1.25, 2.0], [0.75, 1.5, 0.25]])
B = np.array([[1.5, 0.25, 1.0], [2.0, 0.5, 0.125]])
V = np.array([0.5, 2.0, 0.75])
W = np.arange(12.0).reshape(3, 4) / 8

PROGRAMS = {
    "z = x @ y": lambda: (lambda x, y: x @ y, A, W),
    "z = x + y": lambda: (lambda x, y: x + y, A, V),
    "z = x - y": lambda: (lambda x, y: x - y, A, V),
    "z = x * y": lambda: (lambda x, y: x * y, A, V),
    "z = x / y": lambda: (lambda x, y: x / y, A, V),
    "z = x^y": lambda: (lambda x, y: x**y, A, B),
    "z = -x": lambda: (lambda x: -x, A),
    "z = 1 / x": lambda: (lambda x: x.reciprocal(), A),
    "z = 2 - x": lambda: (lambda x: 2 - x, A),
    "z = x^3": lambda: (lambda x: x**3, A),
    "z = x^0.5": lambda: (lambda x: x**0.5, A),
    "z = x^(-1)": lambda: (lambda x: x**-1, A),
    "z = e^x": lambda: (lambda x: x.exp(), A),
    "z = ln x": lambda: (lambda x: x.log(), A),
    "z = ln(1 + x)": lambda: (lambda x: x.log1p(), A),
    "z = log2 x": lambda: (lambda x: x.log2(), A),
    "z = sqrt x": lambda: (lambda x: x.sqrt(), A),
    "z = 1 / sqrt x": lambda: (lambda x: x.rsqrt(), A),
    "z = sin x": lambda: (lambda x: x.sin(), A),
    "z = cos x": lambda: (lambda x: x.cos(), A),
    "z = tan x": lambda: (lambda x: x.tan(), A),
    "z = tanh x": lambda: (lambda x: x.tanh(), A),
    "z = sinh x = (e^x - e^-x) / 2": lambda: (lambda x: x.sinh(), A),
    "z = arctan x": lambda: (lambda x: x.atan(), A),
    "z = 1 / (1 + e^-x)": lambda: (lambda x: x.sigmoid(), A),
    "z = |x|": lambda: (lambda x: x.abs(), A - 1),
    "z = max(x, 0)": lambda: (lambda x: x.relu(), A - 1),
    "z = max(x, 1)": lambda: (lambda x: x.clamp(min=1), A),
    "z = min(x, 1)": lambda: (lambda x: x.clamp(max=1), A),
    "z = x where x > 0, else 0.1 * x": lambda: (lambda x: F.leaky_relu(x, 0.1), A - 1),
    "z = x * sigmoid(x)": lambda: (lambda x: F.silu(x), A),
    "z = ln(1 + e^x)": lambda: (lambda x: F.softplus(x), A),
    "z = sum of x": lambda: (lambda x: x.sum(), A),
    "z = mean of x": lambda: (lambda x: x.mean(), A),
    "z = mean of (x - y)^2": lambda: (lambda x, y: F.mse_loss(x, y), A, B),
    "z = sum of (x - y)^2": lambda: (lambda x, y: F.mse_loss(x, y, reduction="sum"), A, B),
    "z = mean of -(y * ln x + (1 - y) * ln(1 - x))": lambda: (
        lambda x, y: F.binary_cross_entropy(x, y.detach()),
        A / 3,
        B / 3,
    ),
    "z = mean of ((1 - y) * x + ln(1 + e^-x))": lambda: (
        lambda x, y: F.binary_cross_entropy_with_logits(x, y.detach()),
        A,
        B / 3,
    ),
    "z = e^x / sum(e^x) along dim 1": lambda: (lambda x: x.softmax(1), A),
    "z = x^T": lambda: (lambda x: x.t(), A),
    "z = x + 3 * y": lambda: (lambda x, y: torch.add(x, y, alpha=3), A, B),
    "z = x - 3 * y": lambda: (lambda x, y: torch.sub(x, y, alpha=3), A, B),
    "z = 3 * x @ y + 2 * w": lambda: (
        lambda w, x, y: torch.addmm(w, x, y, beta=2, alpha=3),
        np.arange(4.0) / 4,
        A,
        W,
    ),
    "z = y - 3 * x": lambda: (lambda x, y: torch.rsub(x, y, alpha=3), A, B),
    "z = arctan(x / y)": lambda: (lambda x, y: torch.atan2(x, y), A, B),
    "z = x @ y^T": lambda: (lambda x, y: F.linear(x, y), A, W.T),
    "z = sqrt(x^2 + y^2)": lambda: (lambda x, y: torch.hypot(x, y), A, B),
    "z = x + 0.25 * (y - x)": lambda: (lambda x, y: torch.lerp(x, y, 0.25), A, B),
}


@pytest.mark.parametrize("expected", PROGRAMS)
def test_numpy_gets_the_same_from_the_formulas(expected):
    function, *arrays = PROGRAMS[expected]()
    letters = ["w", "x", "y"] if len(arrays) == 3 else ["x", "y"][: len(arrays)]
    with record() as recording:
        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        z = function(*tensors)
    params = dict(zip(letters, tensors))
    graph = recording.graph(z, params, direction="backward")
    node = graph.nodes[-1]
    names = {**dict(zip(letters, arrays)), "z": z.detach().numpy(), "grad_z": np.ones(z.shape)}
    if "detach" in "".join(each.label.lower() for each in graph.nodes):
        cut = next(each for each in graph.nodes if each.kind == "cut")
        names[cut.name] = arrays[1]
        assert node.formula == expected.replace("y", cut.name)
    else:
        assert node.formula == expected
    assert np.allclose(evaluate(node.formula.partition(" = ")[2].rpartition(" = ")[2], names), names["z"])
    z.backward(torch.ones_like(z))
    assert node.gradients
    for line in node.gradients:
        name, _, formula = line.partition(" = ")
        wanted = params[name.removeprefix("grad_")].grad.numpy()
        assert np.allclose(np.broadcast_to(evaluate(formula, names), wanted.shape), wanted), line


def test_the_gradient_of_log_softmax():
    with record() as recording:
        x = torch.tensor(A, requires_grad=True)
        z = x.log_softmax(1)
    assert recording.graph(z).nodes[-1].gradients == ("grad_x = grad_z - e^z * sum(grad_z)",)


def rules():
    found, stack = [], [Rule]
    while stack:
        kind = stack.pop()
        stack += kind.__subclasses__()
        if kind.__module__.startswith("tinytorch.ops") and kind not in found:
            found.append(kind)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.__name__)
def test_all_docstrings_can_be_read(rule):
    special = SPECIALS.get(rule.__name__)
    spec = read(special) if isinstance(special, str) else None if special else spec_of(rule)
    if spec is None:
        return
    letters = spec.parameters(rule)
    filled = {letter: f"name{i}" for i, letter in enumerate(letters)}
    for text in filter(None, [spec.forward, *spec.gradients.values(), *spec.derivatives.values()]):
        line = substitute(text, filled)
        assert line
        assert line.count("(") == line.count(")"), line
        assert not re.search(r"\* \*|^\*|\*$|\b1 \* name", line), line
        assert "zq" not in line


def test_most_rules_have_a_formula_and_gradients():
    differentiable = [rule for rule in rules() if rule.differentiable and rule.__subclasses__() == []]
    known = [rule for rule in differentiable if (spec := spec_of(rule)) and (spec.gradients or spec.derivatives)]
    assert len(known) > 0.85 * len(differentiable)


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("x y", {"x": "w1", "y": "-2"}, "w1 * (-2)"),
        ("x y", {"x": "1", "y": "h"}, "h"),
        ("2 x y", {"x": "a", "y": "b"}, "2 * a * b"),
        ("x (y + 1)", {"x": "a", "y": "b"}, "a * (b + 1)"),
        ("f(x) y", {"x": "a", "y": "b"}, "f(a) * b"),
        ("y ln 2", {"y": "z"}, "z * ln 2"),
        ("a copy of x", {"x": "w", "a": "3"}, "a copy of w"),
        ("x^a", {"x": "w", "a": "-1"}, "w^(-1)"),
        ("x^T @ z", {"x": "w^T", "z": "g"}, "w @ g"),
        ("sum of x over dims", {"x": "w", "dims": ""}, "sum of w"),
        ("sum of x over dims", {"x": "w", "dims": "dim 1"}, "sum of w over dim 1"),
        ("x @ y", {"x": "{}", "y": "{0}"}, "{} @ {0}"),
        ("max(x, min)", {"x": "w", "min": "-1"}, "max(w, -1)"),
    ],
)
def test_names_in_the_place_of_letters(text, names, expected):
    assert substitute(text, names) == expected


def test_a_docstring_is_taken_apart():
    spec = read("z = x y,    dz/dx = y,    dz/dy = x    (their complex conjugates for complex numbers)")
    assert (spec.out, spec.forward) == ("z", "x y")
    assert spec.derivatives == {"x": "y", "y": "x"}
    spec = read("y = x sigmoid(x),    dy/dx = s (1 + x (1 - s)),  s = sigmoid(x)")
    assert spec.derivatives == {"x": "s (1 + x (1 - s)); s = sigmoid(x)"}
    spec = read("z = f(x, y),    dz/dx = dz/dy = 0")
    assert spec.derivatives == {"x": "0", "y": "0"}
    assert read("Clone, with another name").forward is None


FORMULAS_IN_WORDS = {
    "the 2 largest of x along dim 1, in order": lambda x: x.topk(2)[0],
    "the 2 smallest of x along dim 0, in order": lambda x: x.topk(2, 0, largest=False)[0],
    "number 2 of x in order along dim 1": lambda x: x.kthvalue(2)[0],
    "x at the places data1 along dim 1": lambda x: x.gather(1, torch.tensor([[0], [1]])),
    "x in reverse order along dim 1": lambda x: x.flip(1),
    "x rolled by 1 along dim 0": lambda x: x.roll(1, 0),
    "x with zeros below the diagonal": lambda x: x.triu(),
    "x with zeros above diagonal number -1": lambda x: x.tril(-1),
    "x padded with 0": lambda x: F.pad(x, (1, 0)),
    "-inf where data1, else x": lambda x: x.masked_fill(torch.eye(2, 3, dtype=torch.bool), float("-inf")),
    "x where x > 0, else e^x - 1": lambda x: F.elu(x),
    "x where x > 0, else 2 * (e^(x * 0.5) - 1)": lambda x: F.celu(x, 2.0),
    "x + 1e-05": lambda x: x + 1e-5,
    "(x - mean) / std for each row": lambda x: F.layer_norm(x, (3,)),
}


@pytest.mark.parametrize("expected", FORMULAS_IN_WORDS)
def test_what_formulas_say_in_words(expected):
    with record() as recording:
        x = torch.tensor(A, requires_grad=True)
        z = FORMULAS_IN_WORDS[expected](x)
    node = recording.graph(z, {"x": x}).nodes[-1]
    assert node.formula.partition(" = ")[2] == expected
    assert not re.search(r"\bd(?!im)[a-z]+\b|\?", " ".join(node.gradients)), node.gradients


def test_layer_norm_tells_how_its_gradient_is_computed():
    with record() as recording:
        x = torch.tensor(A, requires_grad=True)
        w = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
        z = F.layer_norm(x, (3,), w)
    node = recording.graph(z, {"x": x, "w": w}).nodes[-1]
    assert node.formula == "z = (x - mean) / std * w for each row"
    assert node.gradients[0] == ("grad_x = (h - mean(h) - z * mean(h * z)) / std; h = grad_z * w; z = (x - mean) / std")


def test_what_is_used_twice_gets_both_gradients():
    with record() as recording:
        x = torch.tensor(A, requires_grad=True)
        z = x * x
    assert recording.graph(z, {"x": x}).nodes[-1].gradients == ("grad_x = grad_z * x + grad_z * x",)
    with record() as recording:
        z = x - x
    assert recording.graph(z, {"x": x}).nodes[-1].gradients == ("grad_x = grad_z - grad_z",)


def test_data_tells_how_it_was_computed():
    with record() as recording:
        x = torch.tensor(A)
        w = torch.tensor([[2.0]], dtype=torch.float64, requires_grad=True)
        z = x.reshape(6, 1) @ w
    data = next(node for node in recording.graph(z, {"w": w}).nodes if node.kind == "data")
    assert data.note == "computed as x in the shape (6, 1)"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x * 2, "z = x * 2"),
        (lambda x: x / 4, "z = x / 4"),
        (lambda x: x**3, "z = x^3"),
        (lambda x: x + 2, "z = x + ?"),
        (lambda x: 3 - x, "z = ? - x"),
    ],
)
def test_numbers_of_what_was_not_recorded_are_known_where_they_are_kept(function, expected):
    x = torch.tensor(A, requires_grad=True)
    z = function(x)
    assert build(z, {"x": x, "z": z}).nodes[-1].formula == expected


def test_where_backward_hooks_of_a_module_look_everything_passes():
    layer = nn.Linear(3, 2)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    x = torch.ones(4, 3, requires_grad=True)
    with record() as recording:
        z = layer(x)
    first, *_, last = [node for node in recording.graph(z).nodes if node.label == "BackwardHookFunction"]
    assert (first.formula, first.gradients) == ("t1 = x", ("grad_x = grad_t1",))
    assert (last.formula, last.gradients) == ("z = t2", ("grad_t2 = grad_z",))
    assert "hooks" in first.note
