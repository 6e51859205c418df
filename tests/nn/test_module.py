"""Module is PyTorch's: what it registers, lists, converts and prints, what it refuses and in which words."""

import copy
import io
import pickle
from collections import OrderedDict

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, warned
from tests.places import DEVICE


def net(lib):
    """A network with parameters, buffers and modules on several levels, some of them shared."""
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.linear = nn.Linear(size, size)
            self.act = nn.ReLU()
            self.scale = nn.Parameter(lib.ones(size))
            self.register_buffer("seen", lib.zeros(1))
            self.register_buffer("count", lib.tensor(3))
            self.register_buffer("cache", lib.ones(2), persistent=False)
            self.register_buffer("nothing", None)
            self.register_parameter("missing", None)
            self.empty = None

        def forward(self, x):
            return self.act(self.linear(x)) * self.scale

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Block(2)
            self.second = Block(2)
            self.again = self.first
            self.register_module("none", None)
            self.tied = self.second.scale
            self.other = 5

        def forward(self, x):
            return self.second(self.first(x))

    lib.manual_seed(3)
    return Net()


# ---- what there is ---------------------------------------------------------------------------------------------------


def refusal(function, *args):
    """`failure`, less the folder in which PyTorch keeps the files of layers."""
    found = failure(function, *args)
    return found if found == "no error" else (found[0], found[1].replace("nn.modules.", "nn."))


def names(pairs):
    return [name for name, _ in pairs]


@story
def test_lists(lib):
    model = net(lib)
    yield names(model.named_parameters())
    yield names(model.named_parameters(prefix="net"))
    yield names(model.named_parameters("net", False))
    yield names(model.named_parameters(recurse=False))
    yield names(model.named_parameters(remove_duplicate=False))
    yield names(model.named_buffers()), names(model.named_buffers(remove_duplicate=False, prefix="p"))
    yield names(model.named_buffers(recurse=False))
    yield names(model.named_modules()), names(model.named_modules(prefix="p", remove_duplicate=False))
    yield names(model.named_modules(memo={model.first}))
    yield names(model.named_children()), [type(m).__name__ for m in model.children()]
    yield [type(m).__name__ for m in model.modules()]
    yield list(model.parameters()), list(model.parameters(recurse=False)), list(model.buffers())
    yield next(model.parameters()) is model.first.linear.weight, type(model.parameters()).__name__


NAMES = ["", "first.nope", "nope.weight", "first.linear", "first.scale", "first.seen", "first.missing", "first.nothing"]
NAMES += ["other", "first.other", "none", "first.empty", "first..act"]


@story
def test_looked_up_by_name(lib):
    model = net(lib)
    yield model.get_submodule("first.linear") is model.first.linear, model.get_submodule("") is model
    yield model.get_parameter("second.linear.bias") is model.second.linear.bias, model.get_parameter("tied")
    yield model.get_buffer("first.seen") is model.first.seen
    for get in (model.get_submodule, model.get_parameter, model.get_buffer):
        for name in NAMES:
            yield name, failure(get, name)
    yield failure(lambda: model.nope), failure(lambda: model.first.nope)
    yield hasattr(model, "tied"), hasattr(model, "nope"), model.other, getattr(model, "none", 1)


@story
def test_submodules_replaced_by_name(lib):
    model = net(lib)
    model.set_submodule("first.act", lib.nn.Tanh())
    model.set_submodule("first.new", lib.nn.Tanh())
    model.set_submodule("fresh", lib.nn.Tanh())
    yield repr(model)
    tanh = lib.nn.Tanh()
    yield failure(model.set_submodule, "", tanh)
    yield failure(model.set_submodule, "first.scale", tanh), failure(model.set_submodule, "no.where", tanh)
    yield failure(model.set_submodule, "first.later", tanh, True), failure(model.set_submodule, "first.act", 3)
    yield failure(model.set_submodule, "other.later", tanh), failure(model.set_submodule, "other", tanh)
    model.set_submodule("first.act", lib.nn.ReLU(), strict=True)
    yield repr(model)


@story
def test_listing_of_attributes(lib):
    model = net(lib)
    listed = dir(model)
    yield [name in listed for name in ("first", "tied", "none", "other", "forward", "training", "_modules", "nope")]
    yield [name for name in dir(lib.nn.Sequential(lib.nn.ReLU())) if name.isdigit()]
    yield listed == sorted(listed)


# ---- assigning -------------------------------------------------------------------------------------------------------


@story
def test_assignment(lib):
    nn = lib.nn
    model = nn.Module()
    model.a = nn.Parameter(lib.ones(2))
    model.b = nn.ReLU()
    model.c = lib.ones(3)
    model.register_buffer("d", lib.ones(1))
    yield names(model.named_parameters()), names(model.named_buffers()), names(model.named_children())
    yield [name in model.__dict__ for name in "abcd"]
    for name in "abd":
        for value in (lib.ones(2), lib.ones(1, dtype=lib.int64), 3, "text", [nn.ReLU()]):
            yield name, failure(setattr, model, name, value)
    model.d = lib.zeros(2)
    yield model.d, names(model.named_buffers())
    model.a = model.b = model.d = None
    yield repr(model), names(model.named_parameters()), list(model._parameters), list(model._buffers)
    model.a = nn.Parameter(lib.zeros(1))
    model.b = nn.Tanh()
    yield repr(model), names(model.named_parameters())


@story
def test_a_name_changes_its_kind(lib):
    nn = lib.nn
    model = nn.Module()
    values = {
        "parameter": nn.Parameter(lib.ones(2)),
        "module": nn.ReLU(),
        "buffer": nn.Buffer(lib.zeros(1)),
        "plain": 3,
    }
    for before in values:
        for after in values:
            model.x = values[before]
            outcome = refusal(setattr, model, "x", values[after])
            kept = [place for place in ("_parameters", "_buffers", "_modules") if "x" in getattr(model, place)]
            yield before, after, outcome, kept, "x" in model.__dict__, sorted(model._non_persistent_buffers_set)
            if hasattr(model, "x"):
                del model.x


@story
def test_deletion(lib):
    model = net(lib)
    del model.first.linear, model.first.scale, model.first.seen, model.first.cache, model.other, model.first.missing
    yield repr(model), names(model.named_parameters()), names(model.named_buffers())
    yield failure(delattr, model, "other"), failure(delattr, model.first, "linear"), failure(delattr, model, "nope")
    yield sorted(model.first._non_persistent_buffers_set)


@story
def test_before_init(lib):
    nn = lib.nn

    class Early(nn.Module):
        def __init__(self, value, name="x"):
            setattr(self, name, value)
            super().__init__()

    yield failure(Early, nn.Parameter(lib.ones(1)))
    yield failure(Early, nn.ReLU())
    yield failure(Early, nn.Buffer(lib.ones(1)))
    Early(3)
    Early(lib.ones(1))
    unmade = nn.Module.__new__(nn.Module)
    yield failure(unmade.register_parameter, "a", None), failure(unmade.register_buffer, "a", None)
    yield failure(lambda: unmade.a), failure(unmade.add_module, "a", None)


@story
def test_registration_refuses(lib):
    nn = lib.nn
    model = net(lib)
    good = {"parameter": nn.Parameter(lib.ones(1)), "buffer": lib.ones(1), "module": nn.ReLU()}
    register = {"parameter": model.register_parameter, "buffer": model.register_buffer, "module": model.register_module}
    for kind, value in good.items():
        for name in ("", "a.b", 3, None, "first", "other", "tied", "forward"):
            yield kind, name, failure(register[kind], name, value)
    for bad in (
        3,
        "text",
        lib.ones(1),
        nn.Parameter(lib.ones(1)),
        nn.ReLU(),
        lib.ones(1, requires_grad=True) * 2,
        list,
    ):
        for kind in good:
            yield kind, refusal(register[kind], "new", bad)
    model.register_parameter("second", None) if failure(
        model.register_parameter, "second", None
    ) == "no error" else None
    yield names(model.named_parameters())


@story
def test_registered_again(lib):
    nn = lib.nn
    model = nn.Module()
    model.register_buffer("a", lib.ones(1))
    model.register_buffer("a", lib.zeros(1), persistent=False)
    yield list(model.state_dict()), model.a
    model.register_buffer("a", lib.zeros(2))
    yield list(model.state_dict()), model.a
    model.register_parameter("p", nn.Parameter(lib.ones(1)))
    model.register_parameter("p", None)
    model.add_module("m", nn.ReLU())
    model.add_module("m", nn.Tanh())
    yield repr(model), model.p


@story
def test_arguments_of_init(lib):
    nn = lib.nn

    class Plain(nn.Module):
        pass

    for args, kwargs in (((), {}), ((1,), {}), ((1, 2), {}), ((), {"a": 1}), ((1,), {"a": 1})):
        yield failure(Plain, *args, **kwargs)

    class Base:
        def __init__(self, value, *, more=2):
            self.value, self.more = value, more

    class Both(nn.Module, Base):
        call_super_init = True

        def __init__(self, value):
            super().__init__(value, more=5)
            self.layer = nn.ReLU()

    both = Both(3)
    yield both.value, both.more, repr(both)

    class Old(nn.Module):
        def __init__(self):
            nn.Module.__init__(self)
            self.layer = nn.Linear(1, 1)

    yield repr(Old())


# ---- calling ---------------------------------------------------------------------------------------------------------


@story
def test_call(lib):
    class Nothing(lib.nn.Module):
        pass

    yield failure(Nothing(), lib.ones(1)), failure(Nothing().forward), failure(lib.nn.Linear(2, 1))
    yield net(lib)(lib.ones(3, 2))

    class Options(lib.nn.Module):
        def forward(self, x, *more, scale=1, **others):
            return x * scale, more, others

    yield Options()(lib.ones(1), 2, 3, scale=4, other=5)
    yield failure(lib.nn.ReLU(), lib.ones(1), 2)[0]


@story
def test_train_and_eval(lib):
    model = net(lib)
    yield model.training, model.eval() is model, [m.training for m in model.modules()]
    model.first.train()
    yield [m.training for m in model.modules()], model.train(False) is model
    yield failure(model.train, 1), failure(model.train, None), [m.training for m in model.train().modules()]


@story
def test_apply(lib):
    seen = []
    model = net(lib)
    yield model.apply(lambda m: seen.append(type(m).__name__)) is model, seen

    @lib.no_grad()
    def ones(module):
        if type(module) is lib.nn.Linear:
            module.weight.fill_(1.0)

    yield list(model.apply(ones).parameters())


@story
def test_requires_grad(lib):
    model = net(lib)
    yield model.first.requires_grad_(False) is model.first
    yield [p.requires_grad for p in model.parameters()]
    yield [p.requires_grad for p in model.requires_grad_().parameters()]


@story
def test_zero_grad(lib):
    model = net(lib)
    x = lib.ones(3, 2)
    model(x).sum().backward()
    grads = [p.grad for p in model.parameters()]
    model.zero_grad(set_to_none=False)
    yield [p.grad for p in model.parameters()], [p.grad is g for p, g in zip(model.parameters(), grads)]
    model(x).sum().backward(create_graph=False)
    model.zero_grad()
    yield [p.grad for p in model.parameters()]
    loss = (model(x) ** 2).sum()
    grad = lib.autograd.grad(loss, model.tied, create_graph=True)[0] * 1
    model.tied.grad = grad
    model.zero_grad(False)
    yield model.tied.grad, model.tied.grad is grad
    model.first.scale.grad = lib.ones(2, requires_grad=True)
    model.zero_grad(False)
    yield model.first.scale.grad


# ---- converting ------------------------------------------------------------------------------------------------------


def here(lib):
    return DEVICE if lib is tt else "cpu"


CONVERSIONS = {
    "to(dtype)": lambda lib, m: m.to(lib.float64),
    "to(dtype=)": lambda lib, m: m.to(dtype=lib.bfloat16),
    "to(device)": lambda lib, m: m.to(here(lib)),
    "to(device object)": lambda lib, m: m.to(lib.device(here(lib))),
    "to(device=)": lambda lib, m: m.to(device=here(lib), non_blocking=True),
    "to(device, dtype)": lambda lib, m: m.to(here(lib), lib.float64),
    "to(device, dtype, bool)": lambda lib, m: m.to(here(lib), lib.float64, True),
    "to(device=, dtype=)": lambda lib, m: m.to(device=here(lib), dtype=lib.float16),
    "to(None)": lambda lib, m: m.to(None),
    "to(tensor)": lambda lib, m: m.to(lib.ones(1, dtype=lib.float64)),
    "to(tensor=)": lambda lib, m: m.to(tensor=lib.ones(1, dtype=lib.float64)),
    "to(integers)": lambda lib, m: m.to(lib.ones(1).long()),
    "to(int64)": lambda lib, m: m.to(lib.int64),
    "to(bool)": lambda lib, m: m.to(dtype=lib.bool),
    "to(complex)": lambda lib, m: warned(m.to, lib.complex64)[1] and m,
    "to()": lambda lib, m: m.to(),
    "to(text)": lambda lib, m: m.to("nowhere"),
    "to(list)": lambda lib, m: m.to([]),
    "to(device, device)": lambda lib, m: m.to(here(lib), "cpu"),
    "to(dtype, copy)": lambda lib, m: m.to(lib.float64, False, True),
    "to(python type)": lambda lib, m: m.to(float),
    "to(device, None)": lambda lib, m: m.to(here(lib), None),
    "to(wrong=)": lambda lib, m: m.to(wrong=1),
    "float": lambda lib, m: m.float(),
    "double": lambda lib, m: m.double(),
    "half": lambda lib, m: m.half(),
    "bfloat16": lambda lib, m: m.bfloat16(),
    "type": lambda lib, m: m.type(lib.float64),
    "type(class)": lambda lib, m: m.type(lib.DoubleTensor),
    "type(text)": lambda lib, m: m.type("torch.DoubleTensor"),
    "cpu": lambda lib, m: m.cpu(),
    "cuda": lambda lib, m: m.cuda(),
    "share_memory": lambda lib, m: m.share_memory(),
}


@pytest.mark.parametrize(
    "conversion",
    [pytest.param(name, marks=pytest.mark.host) if name in ("cpu", "cuda") else name for name in CONVERSIONS],
)
@story
def test_conversion(lib, conversion):
    model = net(lib)
    model(lib.ones(3, 2)).sum().backward()
    parameters = list(model.parameters())
    grads = [p.grad for p in parameters]
    buffers = list(model.buffers())
    outcome = failure(lambda: CONVERSIONS[conversion](lib, model))
    yield outcome if conversion != "cuda" else outcome[0]
    yield list(model.parameters()), [p.grad for p in model.parameters()], list(model.buffers())
    yield [a is b for a, b in zip(model.parameters(), parameters)]
    yield [a.grad is b for a, b in zip(model.parameters(), grads)]
    yield [a is b for a, b in zip(model.buffers(), buffers)]
    yield [type(p).__name__ for p in model.parameters()], [p.is_leaf for p in model.parameters()]


@story
def test_converted_modules_learn_on(lib):
    model = net(lib).double()
    yield model(lib.ones(3, 2).double())
    model(lib.ones(3, 2).double()).sum().backward()
    yield [p.grad for p in model.parameters()]
    tied = model.tied
    model.float()
    yield tied is model.tied, model.tied.grad


@story
def test_to_empty(lib):
    model = net(lib)
    parameters = list(model.parameters())
    yield model.to_empty(device=here(lib)) is model
    yield [p.shape == q.shape and p.dtype == q.dtype for p, q in zip(model.parameters(), parameters)]


@story
def test_own_conversion(lib):
    model = net(lib)
    model._apply(lambda t: t * 2)
    yield list(model.parameters()), list(model.buffers())
    model._apply(lambda t: t * 2, recurse=False)
    yield list(model.parameters()), list(model.buffers())


# ---- printing, copying -----------------------------------------------------------------------------------------------


@story
def test_repr(lib):
    nn = lib.nn

    class Shown(nn.Module):
        def __init__(self, extra, *children):
            super().__init__()
            self.extra = extra
            for i, child in enumerate(children):
                self.add_module(f"child{i}", child)

        def extra_repr(self):
            return self.extra

    class Renamed(nn.Module):
        def _get_name(self):
            return "Another"

    yield repr(nn.Module()), repr(Shown("")), repr(Shown("a=1")), repr(Shown("a=1\nb=2")), repr(Renamed())
    yield repr(Shown("", nn.ReLU())), repr(Shown("a=1", nn.ReLU(), None)), repr(Shown("a=1\nb=2", Shown("c\nd")))
    yield repr(Shown("x", Shown("y", Shown("z\nzz", nn.Linear(1, 2))), nn.Linear(3, 4))), str(net(lib))


@story
def test_copies(lib):
    model = net(lib)
    model(lib.ones(1, 2)).sum().backward()
    model.first.frozen = lib.ones(1)
    for made in (copy.deepcopy(model), copy.copy(model)):
        yield repr(made) == repr(model), list(made.parameters()), [p.grad for p in made.parameters()]
        yield [p is q for p, q in zip(made.parameters(), model.parameters())]
        yield made.tied is made.second.scale, made.again is made.first, list(made.buffers())
        yield [type(p).__name__ for p in made.parameters()], made(lib.ones(1, 2))
        yield made.first.frozen is model.first.frozen
        made.register_parameter("more", None)
        yield hasattr(model, "more"), made._modules is model._modules


def test_pickled():
    layers = tt.nn.Sequential(OrderedDict(one=tt.nn.Linear(2, 3), two=tt.nn.ReLU()))
    layers.register_buffer("seen", tt.ones(2), persistent=False)
    layers.one.bias.requires_grad_(False)
    made = pickle.loads(pickle.dumps(layers))
    assert repr(made) == repr(layers)
    assert [p.requires_grad for p in made.parameters()] == [True, False]
    assert all(isinstance(p, tt.nn.Parameter) for p in made.parameters())
    assert all(tt.equal(p, q) for p, q in zip(made.parameters(), layers.parameters()))
    assert list(made.state_dict()) == list(layers.state_dict())
    x = tt.ones(1, 2)
    assert tt.equal(made(x), layers(x))


def test_state_of_older_versions():
    """What pickles of older versions lack is filled in."""
    module = tt.nn.ReLU()
    state = {key: value for key, value in vars(module).items() if not key.startswith("_load")}
    made = tt.nn.ReLU.__new__(tt.nn.ReLU)
    made.__setstate__(state)
    made.load_state_dict({})
    assert tt.equal(made(tt.tensor([-1.0, 1.0])), tt.tensor([0.0, 1.0]))


def test_saved_whole():
    layers = tt.nn.Sequential(tt.nn.Linear(2, 3), tt.nn.ReLU())
    file = io.BytesIO()
    tt.save(layers.state_dict(), file)
    file.seek(0)
    other = tt.nn.Sequential(tt.nn.Linear(2, 3), tt.nn.ReLU())
    assert repr(other.load_state_dict(tt.load(file))) == "<All keys matched successfully>"
    assert tt.equal(other(tt.ones(1, 2)), layers(tt.ones(1, 2)))


# ---- where it is found -----------------------------------------------------------------------------------------------


PATHS = """
    nn.modules.Module nn.modules.module.Module nn.modules.linear.Linear nn.modules.container.Sequential
    nn.modules.Linear
    nn.modules.activation.ReLU nn.modules.loss.MSELoss nn.modules.dropout.Dropout nn.modules.sparse.Embedding
    nn.modules.flatten.Flatten nn.modules.distance.PairwiseDistance nn.parameter.Parameter nn.modules.linear.Identity
    nn.modules.module.register_module_forward_hook
"""


@pytest.mark.parametrize("path", PATHS.split())
@story
def test_where_programs_import_it_from(lib, path):
    import importlib

    place, _, name = path.rpartition(".")
    module = importlib.import_module(f"{lib.__name__}.{place}")
    yield getattr(module, name) is getattr(lib.nn, name, getattr(module, name)), getattr(module, name).__name__
