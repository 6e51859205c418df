"""Containers are PyTorch's: every method, what they print, what they refuse."""

import re
from collections import OrderedDict

import pytest

from tests.autograd.stories import failure, story


def refusal(function, *args):
    """`failure`, less the folder in which PyTorch keeps the files of layers."""
    found = failure(function, *args)
    return (
        found
        if not isinstance(found, tuple)
        else (found[0], re.sub(r"torch\.nn\.(modules\.)?\w+\.", "torch.nn.", found[1]))
    )


def kinds(modules):
    return [type(module).__name__ for module in modules]


# ---- Sequential ------------------------------------------------------------------------------------------------------


def sequence(lib):
    nn = lib.nn
    lib.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Tanh())


@story
def test_sequential(lib):
    nn, model = lib.nn, sequence(lib)
    yield repr(model), len(model), kinds(model), model(lib.ones(2, 2)), bool(model)
    named = nn.Sequential(OrderedDict([("a", nn.Linear(1, 1)), ("b", nn.ReLU())]))
    yield repr(named), repr(named.a), repr(named[1]), list(named.state_dict())
    yield repr(nn.Sequential()), nn.Sequential()(3), bool(nn.Sequential()), failure(lambda: nn.Sequential(1))
    yield (
        failure(nn.Sequential, nn.ReLU(), None),
        failure(nn.Sequential, {"a": nn.ReLU()}),
        failure(nn.Sequential, [nn.ReLU()]),
    )


@story
def test_sequential_indexing(lib):
    nn, model = lib.nn, sequence(lib)
    yield [type(model[i]).__name__ for i in (0, -1, 3, -4)], failure(lambda: model[4]), failure(lambda: model[-5])
    yield repr(model[1:3]), type(model[:1]).__name__, len(model[5:]), repr(model[::2]), model[1:][1] is model[2]
    yield failure(lambda: model["0"]), failure(lambda: model[1.0]), type(model[lib.tensor(1)]).__name__
    model[0] = nn.Identity()
    model[-1] = nn.Sigmoid()
    yield repr(model), failure(model.__setitem__, 9, nn.ReLU()), refusal(model.__setitem__, 0, 3)
    del model[1]
    yield repr(model)
    del model[-1]
    yield repr(model), failure(model.__delitem__, 7)
    longer = sequence(lib)
    del longer[1:3]
    yield repr(longer), longer(lib.ones(1, 2))
    named = nn.Sequential(OrderedDict([("a", nn.ReLU()), ("b", nn.Tanh()), ("c", nn.Sigmoid())]))
    del named[1]
    yield repr(named), repr(named[:1])


@story
def test_sequential_grows(lib):
    nn, model = lib.nn, sequence(lib)
    yield repr(model.append(nn.ReLU())), model.append(nn.ReLU()) is model
    yield repr(model.extend([nn.Tanh(), nn.Sigmoid()])), model.extend(nn.Sequential(nn.ReLU())) is model
    yield repr(model.insert(1, nn.Identity())), repr(model.insert(0, nn.Tanh())), repr(model.insert(-1, nn.Softsign()))
    yield repr(model.insert(len(model), nn.Mish()))
    yield failure(model.insert, 50, nn.ReLU()), failure(model.insert, -50, nn.ReLU())
    yield failure(model.insert, 0, 3)[0], failure(model.append, 3), failure(model.extend, [3]), failure(model.extend, 3)
    yield type(model.pop(0)).__name__, type(model.pop(-1)).__name__, repr(model), failure(model.pop, 99)
    yield repr(nn.Sequential(nn.ReLU()).pop(0)), repr(nn.Sequential(nn.ReLU(), nn.Tanh()).pop(slice(0, 1)))


@story
def test_sequential_arithmetic(lib):
    nn = lib.nn
    a, b = nn.Sequential(nn.ReLU()), nn.Sequential(OrderedDict(x=nn.Tanh()))
    yield repr(a + b), repr(a * 3), repr(2 * b), (a * 2)[0] is (a * 2)[1]
    kept = a
    a += b
    yield repr(a), a is kept
    a *= 2
    yield repr(a), a is kept
    yield refusal(lambda: a + 3), refusal(lambda: a + [nn.ReLU()]), refusal(a.__iadd__, 3)
    for bad in (0, -1, 1.5, "2"):
        yield refusal(lambda bad=bad: a * bad), refusal(lambda bad=bad: bad * a), refusal(a.__imul__, bad)


@story
def test_a_sequential_of_ones_own(lib):
    class Mine(lib.nn.Sequential):
        def forward(self, x):
            return super().forward(x) + 1

    model = Mine(lib.nn.ReLU(), lib.nn.ReLU())
    yield model(lib.tensor([-1.0])), repr(model), repr(model[:1]), repr(model + model)


# ---- ModuleList ------------------------------------------------------------------------------------------------------


@story
def test_module_list(lib):
    nn = lib.nn
    lib.manual_seed(0)
    layers = nn.ModuleList([nn.Linear(2, 2), nn.ReLU()])
    yield repr(layers), len(layers), kinds(layers), list(layers.state_dict()), layers[0] in layers, nn.ReLU() in layers
    yield failure(layers, lib.ones(1)), repr(nn.ModuleList()), repr(nn.ModuleList(nn.Tanh() for _ in range(2)))
    yield type(layers[-1]).__name__, repr(layers[:1]), failure(lambda: layers[2]), failure(lambda: layers[-3])
    layers[0] = nn.Sigmoid()
    layers[-1] = nn.Mish()
    yield repr(layers), failure(layers.__setitem__, 5, nn.ReLU()), refusal(layers.__setitem__, 0, 3)
    yield layers.append(nn.ReLU()) is layers, layers.extend([nn.Tanh(), nn.Tanh()]) is layers, repr(layers)
    yield layers.insert(1, nn.Identity()), repr(layers)
    yield layers.insert(len(layers), nn.GELU()), layers.insert(0, nn.Softsign()), repr(layers)
    yield type(layers.pop(0)).__name__, type(layers.pop(-1)).__name__, repr(layers)
    del layers[0]
    del layers[1:3]
    yield repr(layers), failure(layers.__delitem__, 9)
    kept = layers
    layers += [nn.ReLU()]
    yield layers is kept, repr(layers), repr(layers + [nn.Tanh()]), type(layers + layers).__name__
    yield (
        failure(layers.append, 3),
        failure(layers.extend, 3),
        failure(layers.extend, [3]),
        failure(layers.insert, 0, 3),
    )
    yield failure(layers.extend, nn.ReLU()), failure(nn.ModuleList, 3), [name for name in dir(layers) if name.isdigit()]
    yield kinds(reversed(nn.ModuleList([nn.ReLU(), nn.Tanh()])))


@story
def test_module_list_is_printed_shortly(lib):
    nn = lib.nn
    yield repr(nn.ModuleList([nn.ReLU()] * 3)), repr(nn.ModuleList([nn.ReLU(), nn.Tanh(), nn.Tanh(), nn.ReLU()]))
    block = [nn.Sequential(nn.Linear(1, 1), nn.ReLU()) for _ in range(3)]
    yield repr(nn.ModuleList(block)), repr(nn.Sequential(nn.ModuleList(block), nn.ReLU()))
    yield repr(nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 2), nn.Linear(1, 2)]))
    yield repr(nn.ModuleList([nn.ModuleList([nn.ReLU(), nn.ReLU()]), nn.ModuleList([nn.ReLU(), nn.ReLU()])]))


# ---- ModuleDict ------------------------------------------------------------------------------------------------------


@story
def test_module_dict(lib):
    nn = lib.nn
    heads = nn.ModuleDict({"b": nn.ReLU(), "a": nn.Linear(1, 1)})
    yield repr(heads), len(heads), list(heads), list(heads.keys()), kinds(heads.values()), [k for k, _ in heads.items()]
    yield "a" in heads, "c" in heads, type(heads["a"]).__name__, failure(lambda: heads["c"]), failure(heads, 1)
    heads["c"] = nn.Tanh()
    heads["a"] = nn.Sigmoid()
    yield repr(heads), type(heads.c).__name__, type(heads.pop("c")).__name__, failure(heads.pop, "c")
    del heads["b"]
    yield repr(heads), failure(heads.__delitem__, "b")
    heads.update({"z": nn.ReLU(), "y": nn.Tanh()})
    heads.update([["x", nn.ReLU()], ("w", nn.Tanh())])
    heads.update(nn.ModuleDict({"v": nn.ReLU()}))
    heads.update(OrderedDict(u=nn.ReLU()))
    yield repr(heads), heads.update({}), repr(nn.ModuleDict([["x", nn.ReLU()]])), repr(nn.ModuleDict())
    yield (
        failure(heads.update, 3),
        failure(heads.update, [("a",)]),
        failure(heads.update, [3]),
        failure(heads.update, {"a": 3}),
    )
    yield (
        failure(heads.__setitem__, 3, nn.ReLU()),
        failure(heads.__setitem__, "keys", nn.ReLU()),
        heads.clear(),
        len(heads),
    )
    yield failure(heads.__setitem__, "a.b", nn.ReLU()), failure(nn.ModuleDict, [("a", nn.ReLU(), 1)])
    yield failure(heads.update, [(3, nn.ReLU())]), failure(nn.ModuleDict, 3)


# ---- ParameterList ---------------------------------------------------------------------------------------------------


@story
def test_parameter_list(lib):
    nn = lib.nn
    values = nn.ParameterList([lib.ones(2), nn.Parameter(lib.zeros(2, 3)), 3, "text"])
    yield repr(values), len(values), [type(v).__name__ for v in values], list(values.parameters())
    yield [name for name, _ in values.named_parameters()], list(values.state_dict()), values[0], values[-1], values[2]
    yield failure(lambda: values[4]), failure(lambda: values[-5]), repr(values[1:3]), failure(values, 1)
    values[0] = lib.zeros(1)
    values[3] = lib.ones(1)
    yield repr(values), failure(values.__setitem__, 9, lib.ones(1)), values.append(lib.ones(3)) is values
    yield values.extend([lib.ones(1, 1), 5]) is values, repr(values), failure(values.extend, 3)
    kept = values
    values += [lib.ones(4)]
    yield values is kept, repr(values), repr(nn.ParameterList()), repr(nn.ParameterList(lib.ones(i) for i in range(2)))
    yield failure(nn.ParameterList, 3), failure(values.extend, lib.ones(3))
    yield repr(nn.ParameterList([lib.ones(1).double(), lib.tensor(2.0), nn.Parameter(lib.ones(1), False)]))
    yield [name for name in dir(values) if name.isdigit()], [p.shape[0] for p in list(values)[:1]]
    nested = nn.ParameterList([nn.Parameter(lib.ones(1)), lib.ones(2, dtype=lib.float64)])
    yield repr(nested), nested.double() is nested, repr(nested)
    yield failure(lambda: values.__delitem__(0))


# ---- ParameterDict ---------------------------------------------------------------------------------------------------


@story
def test_parameter_dict(lib):
    nn = lib.nn
    values = nn.ParameterDict({"b": lib.ones(2), "a": nn.Parameter(lib.zeros(2, 3)), "c": 3})
    yield repr(values), len(values), list(values), list(values.keys()), [type(v).__name__ for v in values.values()]
    yield [k for k, _ in values.items()], [n for n, _ in values.named_parameters()], "a" in values, "z" in values
    yield values["a"], values.b, failure(lambda: values["z"]), values.get("b"), values.get("z"), values.get("z", 5)
    values["d"] = lib.ones(1)
    values["a"] = lib.zeros(1)
    yield (
        repr(values),
        list(reversed(values)),
        values.setdefault("d", 3),
        values.setdefault("e", lib.ones(1)),
        values.setdefault("f"),
    )
    yield (
        values.pop("c"),
        failure(values.pop, "c"),
        values.popitem(),
        values.popitem(),
        repr(values),
        failure(values, 1),
    )
    copied = values.copy()
    yield type(copied).__name__, copied["b"] is values["b"], repr(copied)
    del copied["b"]
    yield list(copied), list(values), failure(copied.__delitem__, "b")
    values.update({"x": lib.ones(1)})
    values.update([("y", lib.ones(2)), ["w", 3]])
    values.update(nn.ParameterDict({"v": lib.ones(3)}))
    yield repr(values), failure(values.update, 3), failure(values.update, [3]), failure(values.update, [("a",)])
    yield failure(lambda: values | 3)[0], failure(lambda: {"b": lib.ones(1)} | values)[0]
    yield failure(values.__setitem__, 3, lib.ones(1)), failure(values.__setitem__, "a.b", lib.ones(1))
    yield repr(nn.ParameterDict({"a": lib.ones(1)}) | nn.ParameterDict({"b": lib.ones(2), "a": lib.ones(3)}))
    both = nn.ParameterDict({"a": lib.ones(1)})
    kept = both
    both |= nn.ParameterDict({"b": lib.ones(2)})
    yield repr(both), both is kept, repr(nn.ParameterDict([("q", lib.ones(1))])), repr(nn.ParameterDict())
    yield (
        repr(both.fromkeys(["m", "n"], 4)),
        both.clear(),
        len(both),
        failure(both.popitem),
        failure(nn.ParameterDict, 3),
    )


@pytest.mark.parametrize("name", ["ParameterList", "ParameterDict"])
@story
def test_inside_a_module(lib, name):
    class Net(lib.nn.Module):
        def __init__(self):
            super().__init__()
            values = [lib.ones(2), lib.zeros(1)]
            given = values if name == "ParameterList" else {"b": values[0], "a": values[1]}
            self.values = getattr(lib.nn, name)(given)
            self.layer = lib.nn.ReLU()

    net = Net()
    yield repr(net), [n for n, _ in net.named_parameters()], list(net.state_dict())
    yield repr(net.load_state_dict({key: value + 1 for key, value in net.state_dict().items()}))
    yield list(net.parameters()), list(net.double().parameters())
