"""Optimizer is PyTorch's: groups, state, hooks, checkpoints, closures, printing, errors."""

import copy
import importlib
import pickle

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, torch, warned


def leaves(lib, count=2, dtype="float64"):
    return [lib.tensor([1.0 + i, -2.0, 3.0 * i], dtype=getattr(lib, dtype), requires_grad=True) for i in range(count)]


def part(lib):
    """The module torch.optim.optimizer; torch.optim itself hides it."""
    return importlib.import_module(f"{lib.__name__}.optim.optimizer")


def backward(params, factor=1.0):
    """Gradients that differ from parameter to parameter."""
    sum((p**2).sum() * (factor + i) for i, p in enumerate(params)).backward()


MAKERS = {
    "SGD": lambda lib, params, **options: lib.optim.SGD(params, **{"lr": 0.1, "momentum": 0.9, **options}),
    "Adam": lambda lib, params, **options: lib.optim.Adam(params, **options),
    "AdamW": lambda lib, params, **options: lib.optim.AdamW(params, **options),
}
each_optimizer = pytest.mark.parametrize("name", MAKERS)


# ---- groups ----------------------------------------------------------------------------------------------------------


@each_optimizer
@story
def test_groups(lib, name):
    params = leaves(lib, 4)
    optimizer = MAKERS[name](lib, params[:2])
    yield repr(optimizer), optimizer.defaults, len(optimizer.state), type(optimizer.state).__name__
    yield [list(group) for group in optimizer.param_groups]
    optimizer.add_param_group({"params": params[2], "lr": 0.5})
    optimizer.add_param_group({"params": (p for p in params[3:]), "weight_decay": 0.1, "own": "text"})
    yield repr(optimizer), [len(group["params"]) for group in optimizer.param_groups]
    backward(params)
    optimizer.step()
    yield params, len(optimizer.state)
    made = MAKERS[name](lib, [{"params": params[:1]}, {"params": params[1:], "lr": 0.7}])
    yield repr(made), [type(group["params"]).__name__ for group in made.param_groups]


@story
def test_names(lib):
    model = lib.nn.Linear(2, 1)
    optimizer = lib.optim.SGD(model.named_parameters(), lr=0.1)
    yield optimizer.param_groups[0]["param_names"], optimizer.state_dict()["param_groups"][0], repr(optimizer)
    (extra,) = leaves(lib, 1)
    optimizer.add_param_group({"params": [("extra", extra)]})
    yield [group["param_names"] for group in optimizer.param_groups]
    yield failure(optimizer.add_param_group, {"params": leaves(lib, 1)})
    yield failure(optimizer.add_param_group, {"params": [("extra", leaves(lib, 1)[0])]})
    plain = lib.optim.SGD(leaves(lib, 1), lr=0.1)
    yield failure(plain.add_param_group, {"params": [("extra", leaves(lib, 1)[0])]})
    one, two = leaves(lib)
    yield failure(lib.optim.SGD, [("a", one), two]), failure(lib.optim.SGD, [("a", one), ("a", two)])
    made = lib.optim.SGD([{"params": [("a", one)]}, {"params": [("b", two)], "lr": 3}])
    yield [group["param_names"] for group in made.param_groups]
    state = made.state_dict()
    state["param_groups"][0]["param_names"] = ["renamed"]
    made.load_state_dict(state)
    yield [group["param_names"] for group in made.param_groups]
    del state["param_groups"][0]["param_names"]
    made.load_state_dict(state)
    yield [group["param_names"] for group in made.param_groups]


@story
def test_refused(lib):
    one, two = leaves(lib)
    SGD = lib.optim.SGD
    yield failure(SGD, []), failure(SGD, (p for p in [])), failure(SGD, lib.ones(2, requires_grad=True))
    yield failure(SGD, [{"params": []}]), failure(SGD, [one, 3]), failure(SGD, [{"params": {one}}]), failure(SGD, one)
    yield (
        failure(SGD, [one * 2]),
        failure(SGD, [one.detach()]),
        failure(SGD, {one: 1}),
        failure(SGD, {one}),
        failure(SGD, [{"params": {one}}]),
        failure(SGD, 3),
    )
    yield failure(SGD, [{"params": [one]}, {"params": [one]}]), failure(SGD, [{"lr": 1}])[0]
    yield warned(SGD, [one, one])[1]
    optimizer = SGD([one], lr=0.1)
    yield failure(optimizer.add_param_group, [two]), failure(optimizer.add_param_group, {"params": [one]})
    yield failure(optimizer.add_param_group, {"params": [two * 1]}), failure(optimizer.add_param_group, {"params": two})
    yield failure(optimizer.add_param_group, {"params": ["text"]}), len(optimizer.param_groups)
    yield failure(lib.optim.Optimizer([one], {}).step)[0]
    h = one * 2
    h.retain_grad()
    yield failure(SGD, [h])


@story
def test_an_optimizer_of_ones_own(lib):
    Optimizer, required = lib.optim.Optimizer, part(lib).required

    class Signs(Optimizer):
        def __init__(self, params, lr=required):
            super().__init__(params, {"lr": lr, "steps": 0})

        @lib.no_grad()
        def step(self, closure=None):
            loss = None
            if closure is not None:
                with lib.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.add_(p.grad.sign(), alpha=-group["lr"])
                        self.state[p]["seen"] = self.state[p].get("seen", 0) + 1
            return loss

    params = leaves(lib)
    yield failure(Signs, params)
    optimizer = Signs(params, lr=0.1)
    order = []
    optimizer.register_step_pre_hook(lambda *_: order.append("before"))
    backward(params)
    optimizer.step()
    yield params, repr(optimizer), optimizer.state_dict(), order
    yield isinstance(optimizer, Optimizer), str(part(lib).required)


# ---- gradients -------------------------------------------------------------------------------------------------------


@each_optimizer
@story
def test_zero_grad(lib, name):
    params = leaves(lib, 3)
    optimizer = MAKERS[name](lib, params)
    backward(params[:2])
    held = params[0].grad
    optimizer.zero_grad(set_to_none=False)
    yield [p.grad for p in params], held is params[0].grad, held
    optimizer.zero_grad()
    yield [p.grad for p in params]
    params[0].grad = lib.ones(3, dtype=lib.float64, requires_grad=True)
    params[1].grad = params[1] * 2
    optimizer.zero_grad(False)
    yield [p.grad for p in params]


@each_optimizer
@story
def test_parameters_without_gradients_stay(lib, name):
    params = leaves(lib, 3)
    frozen = lib.ones(2)
    optimizer = MAKERS[name](lib, [*params, frozen], weight_decay=0.1)
    backward(params[:2])
    versions = [p._version for p in params]
    optimizer.step()
    optimizer.step()
    yield params, frozen, len(optimizer.state), [p._version > v for p, v in zip(params, versions)]


@each_optimizer
@story
def test_closures(lib, name):
    params = leaves(lib)
    optimizer = MAKERS[name](lib, params)
    calls = []

    def closure():
        optimizer.zero_grad()
        loss = sum((p**2).sum() for p in params)
        loss.backward()
        calls.append(lib.is_grad_enabled())
        return loss

    yield optimizer.step(closure), params
    with lib.no_grad():
        yield optimizer.step(closure=closure), params, calls
    yield optimizer.step(), params


@each_optimizer
@story
def test_saved_parameters_may_not_change(lib, name):
    params = leaves(lib)
    optimizer = MAKERS[name](lib, params)
    loss = (params[0] ** 2).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    yield failure(loss.backward)[0], params[0].is_leaf, params[0].requires_grad


# ---- checkpoints -----------------------------------------------------------------------------------------------------


@each_optimizer
@story
def test_state_dict(lib, name):
    params = leaves(lib, 3)
    optimizer = MAKERS[name](lib, params[:2], **({"amsgrad": True} if name != "SGD" else {}))
    optimizer.add_param_group({"params": params[2:], "lr": 0.3})
    yield optimizer.state_dict()
    for _ in range(2):
        backward(params[1:])
        optimizer.step()
    state = optimizer.state_dict()
    yield state, list(state), [list(group) for group in state["param_groups"]], list(state["state"])
    kept = dict(optimizer.state[params[1]])
    yield all(state["state"][1][key] is value for key, value in kept.items())

    others = leaves(lib, 3)
    twin = MAKERS[name](lib, [{"params": others[:2]}, {"params": others[2:]}], lr=5.0)
    yield twin.load_state_dict(state), twin.state_dict(), repr(twin)
    yield all(twin.state[others[1]][key] is value for key, value in kept.items())
    for _ in range(2):
        for tensors, each in ((params, optimizer), (others, twin)):
            for p, q in zip(params, others):
                q.data = p.data.clone()
            backward(tensors)
            each.step()
    yield others, twin.state_dict()


@story
def test_loading_refuses(lib):
    params = leaves(lib, 2)
    optimizer = lib.optim.SGD(params, lr=0.1)
    state = lib.optim.SGD(leaves(lib, 1), lr=0.1).state_dict()
    yield failure(optimizer.load_state_dict, state)
    state["param_groups"].append(state["param_groups"][0])
    yield failure(optimizer.load_state_dict, state)
    yield failure(optimizer.load_state_dict, {})[0]


@story
def test_loaded_state_takes_the_dtype_of_its_parameter(lib):
    params = leaves(lib)
    optimizer = lib.optim.Adam(params, lr=0.1)
    backward(params)
    optimizer.step()
    state = optimizer.state_dict()
    others = leaves(lib, 2, "float32")
    twin = lib.optim.Adam(others, lr=0.1)
    state["state"]["text"] = {"own": [lib.ones(1), 3]}
    twin.load_state_dict(state)
    yield twin.state_dict(), list(twin.state["text"]["own"])
    backward(others)
    twin.step()
    yield others


@each_optimizer
def test_states_pass_between_the_libraries(name):
    """A state of PyTorch's optimizer goes on here where it stopped there."""

    def here(value):
        if isinstance(value, torch.Tensor):
            return tt.from_numpy(value.numpy().copy())
        if isinstance(value, dict):
            return {key: here(each) for key, each in value.items()}
        return [here(each) for each in value] if isinstance(value, list) else value

    theirs, mine = leaves(torch, 2), leaves(tt, 2)
    optimizer, twin = MAKERS[name](torch, theirs), MAKERS[name](tt, mine)
    for _ in range(3):
        optimizer.zero_grad()
        backward(theirs)
        optimizer.step()
    twin.load_state_dict(here(optimizer.state_dict()))
    for p, q in zip(theirs, mine):
        q.data = tt.from_numpy(p.detach().numpy().copy())
    for params, each in ((theirs, optimizer), (mine, twin)):
        for _ in range(3):
            each.zero_grad()
            backward(params)
            each.step()
    assert here([p.detach() for p in theirs])[1].tolist() == pytest.approx(mine[1].tolist(), rel=1e-14)
    assert twin.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]


@each_optimizer
def test_copies_and_pickles(name):
    params = leaves(tt)
    optimizer = MAKERS[name](tt, params)
    backward(params)
    optimizer.step()
    for copied, twin in (copy.deepcopy((params, optimizer)), pickle.loads(pickle.dumps((params, optimizer)))):
        assert twin.param_groups[0]["params"][0] is copied[0]
        assert repr(twin) == repr(optimizer) and list(twin.state) == copied
        twin.zero_grad()
        backward(copied)
        twin.step()
        assert copied[0].tolist() != params[0].tolist()
    optimizer.zero_grad()
    backward(params)
    optimizer.step()
    assert copied[0].tolist() == params[0].tolist()


# ---- hooks -----------------------------------------------------------------------------------------------------------


@each_optimizer
@story
def test_hooks_of_steps(lib, name):
    order = []
    params = leaves(lib)
    optimizer = MAKERS[name](lib, params)
    other = MAKERS[name](lib, leaves(lib))
    handles = [
        optimizer.register_step_pre_hook(
            lambda o, args, kwargs: order.append(("before", o is optimizer is args[0], args[1:], kwargs))
        ),
        optimizer.register_step_post_hook(
            lambda o, args, kwargs: order.append(("after", o is optimizer is args[0], args[1:], kwargs))
        ),
        part(lib).register_optimizer_step_pre_hook(lambda *_: order.append("before any")),
        part(lib).register_optimizer_step_post_hook(lambda *_: order.append("after any")),
    ]
    backward(params)
    optimizer.step()
    other.step(closure=None)
    for handle in handles:
        handle.remove()
    optimizer.step()
    yield order, params
    with optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: 7), {})):
        yield optimizer.step(), optimizer.step(lambda: 3)
    with optimizer.register_step_pre_hook(lambda o, args, kwargs: 3):
        yield failure(optimizer.step)[0]


@story
def test_hooks_of_state(lib):
    order = []
    params = leaves(lib)
    optimizer = lib.optim.SGD(params, lr=0.1)
    optimizer.register_state_dict_pre_hook(lambda o: order.append("saving"))
    optimizer.register_state_dict_pre_hook(lambda o: order.append("saving first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, state: order.append(list(state)))
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1})
    state = optimizer.state_dict()
    yield list(state), order
    optimizer.register_load_state_dict_pre_hook(lambda o, state: order.append(list(state)))

    def changed(o, state):
        state["param_groups"][0]["lr"] = 7
        return {key: value for key, value in state.items() if key != "more"}

    optimizer.register_load_state_dict_pre_hook(changed)
    optimizer.register_load_state_dict_post_hook(lambda o: order.append(o.param_groups[0]["lr"]))
    optimizer.register_load_state_dict_post_hook(lambda o: order.append("loaded first"), prepend=True)
    yield optimizer.load_state_dict(state), order, optimizer.param_groups[0]["lr"]


# ---- the learning rate -----------------------------------------------------------------------------------------------


@each_optimizer
@story
def test_the_learning_rate_may_be_changed(lib, name):
    params = leaves(lib)
    optimizer = MAKERS[name](lib, params, lr=0.1)
    for lr in (0.1, 0.01, 1):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        backward(params)
        optimizer.step()
    yield params, repr(optimizer)


@each_optimizer
@story
def test_the_learning_rate_may_be_a_tensor(lib, name):
    params = leaves(lib)
    optimizer = MAKERS[name](lib, params, lr=lib.tensor(0.1))
    for _ in range(3):
        optimizer.zero_grad()
        backward(params)
        optimizer.step()
    optimizer.param_groups[0]["lr"].fill_(0.25)
    backward(params)
    optimizer.step()
    yield [p.float() for p in params], repr(optimizer)  # the rate itself has single precision
    yield failure(MAKERS[name], lib, params, lr=lib.tensor([0.1, 0.2]))
    yield (
        failure(MAKERS[name], lib, params, lr=lib.tensor([0.1])),
        failure(MAKERS[name], lib, params, lr=lib.tensor(-0.1))[0],
    )
