"""state_dict and load_state_dict are PyTorch's: names, order, versions, hooks, and the report of what does not fit."""

from collections import OrderedDict

import pytest

import tinytorch as tt
from tests.autograd.stories import story, torch
from tests.nn.test_module import net


def told(function, *args, **kwargs):
    """The class of the error and its entire text."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error).__name__, str(error)
    return "no error"


# ---- saving ----------------------------------------------------------------------------------------------------------


@story
def test_names_and_values(lib):
    model = net(lib)
    state = model.state_dict()
    yield list(state), list(state.values()), type(state).__name__
    yield list(state._metadata.items())
    yield list(model.state_dict(prefix="net.")), list(model.first.state_dict()._metadata)
    yield state["tied"] is model.tied, state["tied"].data_ptr() == model.tied.data_ptr()


@story
def test_keep_vars(lib):
    model = net(lib)
    state = model.state_dict(keep_vars=True)
    yield [value.requires_grad for value in state.values()], state["tied"] is model.tied


@story
def test_destination(lib):
    model = net(lib)
    given = {"before": 1}
    found = model.state_dict(destination=given, prefix="p.")
    yield found is given, list(given)
    ordered = OrderedDict()
    yield model.first.state_dict(destination=ordered) is ordered, hasattr(ordered, "_metadata"), list(ordered)


@story
def test_state_shares_memory(lib):
    model = net(lib)
    state = model.state_dict()
    with lib.no_grad():
        model.tied.fill_(7)
    yield state["tied"]
    state["second.scale"].zero_()
    yield model.tied


@story
def test_versions(lib):
    class Versioned(lib.nn.Module):
        _version = 3

        def __init__(self):
            super().__init__()
            self.weight = lib.nn.Parameter(lib.ones(1))
            self.seen = []

        def _load_from_state_dict(self, state, prefix, metadata, strict, missing, unexpected, errors):
            self.seen.append((prefix, metadata.get("version"), strict))
            if "old" in "".join(state):
                state[prefix + "weight"] = state.pop(prefix + "old")
            super()._load_from_state_dict(state, prefix, metadata, strict, missing, unexpected, errors)

    model = lib.nn.Sequential(Versioned(), Versioned())
    state = model.state_dict()
    yield list(state._metadata.items())
    yield repr(model.load_state_dict(state)), repr(model.load_state_dict(dict(state))), model[0].seen, model[1].seen
    state = OrderedDict({"0.old": lib.zeros(1), "1.weight": lib.ones(1)})
    yield repr(model.load_state_dict(state)), model[0].weight, list(state)


@story
def test_extra_state(lib):
    class Extra(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.count = 3

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    model = lib.nn.Sequential(Extra(), lib.nn.ReLU())
    state = model.state_dict()
    yield dict(state)
    state["0._extra_state"]["count"] = 9
    yield repr(model.load_state_dict(state)), model[0].count
    yield told(model.load_state_dict, {}), told(model.load_state_dict, {"1._extra_state": 3, "0._extra_state": state})
    yield [error[0] for error in (told(lib.nn.ReLU().get_extra_state), told(lib.nn.ReLU().set_extra_state, 1))]


# ---- loading ---------------------------------------------------------------------------------------------------------


@story
def test_loaded(lib):
    model, other = net(lib), net(lib)
    with lib.no_grad():
        for parameter in other.parameters():
            parameter.mul_(2)
    before = list(model.parameters())
    found = model.load_state_dict(other.state_dict())
    yield repr(found), str(found), found.missing_keys, found.unexpected_keys, tuple(found), type(found).__name__
    yield list(model.parameters()), [p is q for p, q in zip(model.parameters(), before)]
    yield [p.data_ptr() == q.data_ptr() for p, q in zip(model.parameters(), other.parameters())]


def without(state, *names):
    return {key: value for key, value in state.items() if key not in names}


BAD = {
    "missing": lambda lib, s: without(s, "first.linear.weight"),
    "two missing": lambda lib, s: without(s, "first.linear.weight", "tied"),
    "all missing": lambda lib, s: {},
    "unexpected": lambda lib, s: {**s, "more": lib.ones(1)},
    "unexpected below": lambda lib, s: {**s, "first.more": lib.ones(1), "first.linear.more.deep": lib.ones(1)},
    "unexpected module": lambda lib, s: {**s, "more.weight": lib.ones(1), "first.act.weight": lib.ones(1)},
    "both": lambda lib, s: {**without(s, "tied"), "more": lib.ones(1)},
    "shape": lambda lib, s: {**s, "tied": lib.ones(3), "first.linear.weight": lib.ones(2, 3)},
    "shape and names": lambda lib, s: {"tied": lib.ones(3), "more": lib.ones(1)},
    "to 0 dimensions": lambda lib, s: {**s, "first.count": lib.tensor([7]), "again.count": lib.tensor([7])},
    "from 0 dimensions": lambda lib, s: {**s, "first.seen": lib.tensor(7.0)},
    "no tensor": lambda lib, s: {**s, "tied": 3},
    "an array": lambda lib, s: {**s, "tied": [1.0, 2.0]},
    "dtypes": lambda lib, s: {k: v.double() + 1 for k, v in s.items()},
    "not a dictionary": lambda lib, s: list(s),
    "not persistent": lambda lib, s: {**s, "first.cache": lib.ones(2)},
    "None inside": lambda lib, s: {**s, "first.nothing": lib.ones(2), "first.missing": lib.ones(1)},
    "requires grad": lambda lib, s: {k: v.clone().requires_grad_(v.is_floating_point()) for k, v in s.items()},
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("assign", [True, False])
@pytest.mark.parametrize("bad", BAD)
@story
def test_report(lib, bad, strict, assign):
    model = net(lib)
    state = BAD[bad](lib, OrderedDict(model.state_dict()))
    count = len(state)
    yield told(model.load_state_dict, state, strict=strict, assign=assign), len(state) == count
    yield list(model.parameters()), list(model.buffers())
    if told(model.load_state_dict, state, strict, assign) == "no error":
        yield tuple(model.load_state_dict(state, strict, assign))


@story
def test_assign(lib):
    model = net(lib)
    state = {key: value.double() for key, value in model.state_dict().items()}
    model.first.linear.weight.requires_grad_(False)
    held = model.tied
    yield repr(model.load_state_dict(state, assign=True))
    yield list(model.parameters()), [type(p).__name__ for p in model.parameters()], model.tied is held
    yield model.first.seen is state["again.seen"], model.second.seen is state["second.seen"]
    given = {key: lib.nn.Parameter(value.float(), requires_grad=False) for key, value in state.items()}
    model.load_state_dict(given, assign=True)
    yield model.tied is given["tied"], list(model.parameters())


@story
def test_a_name_without_its_module(lib):
    """Keys are split at dots only, and prefixes are not names."""
    model = lib.nn.ModuleDict({"a": lib.nn.Linear(1, 1), "ab": lib.nn.Linear(1, 1)})
    yield repr(model.load_state_dict(model.state_dict()))
    yield told(model.load_state_dict, {**model.state_dict(), "a": lib.ones(1), "abc.weight": lib.ones(1)})


@story
def test_a_wrapped_module(lib):
    class Net(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = lib.nn.Linear(1, 1)

    yield told(lib.nn.Linear(1, 1).load_state_dict, Net().state_dict())
    yield told(Net().load_state_dict, lib.nn.Linear(1, 1).state_dict())


# ---- hooks -----------------------------------------------------------------------------------------------------------


@story
def test_hooks_of_saving(lib):
    seen = []
    model = net(lib)
    model.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append((type(m).__name__, prefix, keep)))
    model.first.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append((type(m).__name__, prefix, keep)))
    model.register_state_dict_post_hook(lambda m, state, prefix, meta: seen.append((len(state), prefix, dict(meta))))

    def renamed(module, state, prefix, metadata):
        state["renamed"] = state.pop("tied")

    handle = model.register_state_dict_post_hook(renamed)
    yield list(model.state_dict()), seen
    handle.remove()
    yield "tied" in model.state_dict()
    model._register_state_dict_hook(lambda m, state, prefix, meta: {"all": 1})
    yield model.state_dict()


@story
def test_post_hooks_return_nothing(lib):
    model = lib.nn.ReLU()
    model.register_state_dict_post_hook(lambda m, state, prefix, meta: {"all": 1})
    yield told(model.state_dict)


@story
def test_hooks_of_loading(lib):
    seen = []
    model = net(lib)

    def before(module, state, prefix, metadata, strict, missing, unexpected, errors):
        seen.append((type(module).__name__, len(state), prefix, dict(metadata), strict, missing, unexpected, errors))
        state.pop(prefix + "extra", None)

    def plain(state, prefix, metadata, strict, missing, unexpected, errors):
        seen.append((len(state), prefix, strict))

    def after(module, incompatible):
        seen.append((type(module).__name__, list(incompatible.missing_keys), list(incompatible.unexpected_keys)))
        incompatible.unexpected_keys.clear()

    model.first.register_load_state_dict_pre_hook(before)
    model.second._register_load_state_dict_pre_hook(plain)
    model.second._register_load_state_dict_pre_hook(before, with_module=True)
    handle = model.register_load_state_dict_post_hook(after)
    state = {**model.state_dict(), "first.extra": lib.ones(1), "more": lib.ones(1), "again.extra": lib.ones(1)}
    yield repr(model.load_state_dict(state)), seen
    handle.remove()
    yield told(model.load_state_dict, state)
    model.register_load_state_dict_post_hook(lambda m, incompatible: 3)
    yield told(model.load_state_dict, model.state_dict())


def test_pytorch_loads_ours_and_we_load_pytorchs():
    mine, theirs = net(tt), net(torch)
    theirs.double().float()
    with torch.no_grad():
        for i, parameter in enumerate(theirs.parameters()):
            parameter.fill_(i)
    state = {key: tt.from_numpy(value.numpy()) for key, value in theirs.state_dict().items()}
    assert repr(mine.load_state_dict(state)) == "<All keys matched successfully>"
    assert [p[..., 0].sum().item() / max(1, len(p[..., 0].flatten())) for p in mine.parameters()] == [0, 1, 2, 3, 4, 5]
    back = {key: torch.from_numpy(value.numpy()) for key, value in mine.state_dict().items()}
    assert repr(theirs.load_state_dict(back)) == "<All keys matched successfully>"
