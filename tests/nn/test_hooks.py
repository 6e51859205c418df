"""Hooks of modules are called as PyTorch's: when, in which order, with what, and what they may change."""

import gc
import weakref

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, warned
from tinytorch.nn import hooks


def layer(lib, seed=0):
    lib.manual_seed(seed)
    return lib.nn.Linear(2, 3)


def points(lib, grad=False):
    return lib.tensor([[1.0, 2.0], [3.0, -4.0]], requires_grad=grad)


def kind(module):
    return type(module).__name__


# ---- around forward --------------------------------------------------------------------------------------------------


@story
def test_forward_hooks_see_and_change(lib):
    seen = []
    model = layer(lib)
    model.register_forward_hook(lambda m, args, out: seen.append((kind(m), args, out)))
    model.register_forward_hook(lambda m, args, out: out * 2)
    model.register_forward_hook(lambda m, args, out: seen.append(out))
    model.register_forward_pre_hook(lambda m, args: seen.append((kind(m), args)))
    model.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    model.register_forward_pre_hook(lambda m, args: args[0] * 2)
    yield model(points(lib)), seen
    yield model.forward(points(lib)), len(seen)


@story
def test_order(lib):
    order = []
    model = layer(lib)
    for name in "ab":
        model.register_forward_hook(lambda *_, name=name: order.append("after " + name))
        model.register_forward_pre_hook(lambda *_, name=name: order.append("before " + name))
    for name in "cd":
        model.register_forward_hook(lambda *_, name=name: order.append("after " + name), prepend=True)
        model.register_forward_pre_hook(lambda *_, name=name: order.append("before " + name), prepend=True)
    model(points(lib))
    yield order


@story
def test_with_kwargs(lib):
    class Scaled(lib.nn.Module):
        def forward(self, x, *, scale=1, shift=0):
            return x * scale + shift

    seen = []
    model = Scaled()
    model.register_forward_pre_hook(lambda m, args, kwargs: seen.append((args, kwargs)), with_kwargs=True)
    model.register_forward_pre_hook(lambda m, args, kwargs: (args, {**kwargs, "shift": 5}), with_kwargs=True)
    model.register_forward_pre_hook(lambda m, args: seen.append(args))
    model.register_forward_hook(lambda m, args, kwargs, out: seen.append((args, kwargs, out)), with_kwargs=True)
    model.register_forward_hook(lambda m, args, kwargs, out: -out, with_kwargs=True)
    yield model(points(lib), scale=3), model(points(lib)), seen
    for bad in (3, (1, 2, 3), [(), {}]):
        wrong = Scaled()
        wrong.register_forward_pre_hook(lambda m, args, kwargs, bad=bad: bad, with_kwargs=True)
        yield failure(wrong, points(lib))


@story
def test_removal(lib):
    seen = []
    model = layer(lib)
    first = model.register_forward_hook(lambda *_: seen.append(1))
    with model.register_forward_pre_hook(lambda *_, **__: seen.append(2)):
        model(points(lib))
    first.remove()
    first.remove()
    model(points(lib))
    yield seen, len(model._forward_hooks), len(model._forward_pre_hooks), len(model._forward_hooks_with_kwargs)


@story
def test_always_called(lib):
    class Broken(lib.nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    seen = []
    model = Broken()
    model.register_forward_hook(lambda m, args, out: seen.append(("usual", out)))
    model.register_forward_hook(lambda m, args, out: seen.append(("always", args, out)), always_call=True)
    model.register_forward_hook(
        lambda m, args, kwargs, out: seen.append((kwargs, out)), always_call=True, with_kwargs=True
    )
    yield failure(model, points(lib)), seen

    seen.clear()
    model = lib.nn.Identity()
    model.register_forward_hook(lambda *_: seen.append("first"), always_call=True)
    model.register_forward_hook(lambda *_: 1 / 0)
    model.register_forward_hook(lambda *_: seen.append("last"), always_call=True)
    yield failure(model, points(lib)), seen

    model = Broken()
    model.register_forward_hook(lambda *_: 1 / 0, always_call=True)
    yield warned(failure, model, points(lib))

    seen.clear()
    model = Broken()
    model.register_forward_pre_hook(lambda *_: 1 / 0)
    model.register_forward_hook(lambda *_: seen.append("after"), always_call=True)
    yield failure(model, points(lib)), seen


@story
def test_a_hook_that_removes_itself(lib):
    seen = []
    model = layer(lib)

    def once(*_):
        seen.append(1)
        handle.remove()

    handle = model.register_forward_hook(once)
    yield failure(model, points(lib)), failure(model, points(lib)), seen


# ---- around backward -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grad", [False, True])
@story
def test_backward_hooks_see(lib, grad):
    seen = []
    model = lib.nn.Sequential(layer(lib), lib.nn.ReLU(), lib.nn.Linear(3, 1))
    for module in model.modules():
        module.register_full_backward_hook(lambda m, gi, go: seen.append((kind(m), gi, go)))
        module.register_full_backward_pre_hook(lambda m, go: seen.append((kind(m), go)))
    x = points(lib, grad)
    y = model(x)
    yield y
    yield warned(y.sum().backward)
    yield seen, x.grad, [p.grad for p in model.parameters()]


@story
def test_backward_hooks_change(lib):
    model = layer(lib)
    model.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    model.register_full_backward_hook(lambda m, gi, go: [gi[0] + 1])
    model.register_full_backward_pre_hook(lambda m, go: (go[0] * 10,))
    model.register_full_backward_pre_hook(lambda m, go: [go[0] - 1])
    x = points(lib, True)
    model(x).sum().backward()
    yield x.grad, model.weight.grad, model.bias.grad


@story
def test_order_of_backward_hooks(lib):
    order = []
    model = layer(lib)
    for name in "ab":
        model.register_full_backward_hook(lambda *_, name=name: order.append("after " + name))
        model.register_full_backward_pre_hook(lambda *_, name=name: order.append("before " + name))
    model.register_full_backward_hook(lambda *_: order.append("after c"), prepend=True)
    handle = model.register_full_backward_pre_hook(lambda *_: order.append("before c"), prepend=True)
    model(points(lib, True)).sum().backward()
    handle.remove()
    model(points(lib, True)).sum().backward()
    yield order


@story
def test_backward_hooks_with_several_tensors(lib):
    class Several(lib.nn.Module):
        def forward(self, x, number, y):
            return x * y, number, x + y

    seen = []
    model = Several()
    model.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    x, y = points(lib, True), points(lib, False)
    first, number, last = model(x, 3, y)
    yield first, number, last
    first.sum().backward()
    yield seen, x.grad
    seen.clear()
    outputs = model(y, 3, x)
    (outputs[0].sum() + outputs[2].sum()).backward()
    yield seen, x.grad


@story
def test_backward_hooks_without_gradients(lib):
    seen = []
    model = layer(lib)
    model.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go)))
    with lib.no_grad():
        yield model(points(lib))
    model.requires_grad_(False)
    yield model(points(lib)), seen
    x = points(lib, True)
    model(x).sum().backward()
    yield seen, x.grad


@story
def test_backward_hooks_and_other_outputs(lib):
    class Named(lib.nn.Module):
        def forward(self, x):
            return {"y": x * 2}

    model = Named()
    model.register_full_backward_hook(lambda m, gi, go: None)
    result, warnings = warned(model, points(lib, True))
    yield result, [(category, text.split("received")[0]) for category, text in warnings]


@story
def test_backward_hooks_that_return_too_much(lib):
    model = layer(lib)
    model.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    yield failure(model(points(lib, True)).sum().backward)
    model = layer(lib)
    model.register_full_backward_pre_hook(lambda m, go: (go[0], go[0]))
    yield failure(model(points(lib, True)).sum().backward)


@story
def test_second_derivatives_pass_backward_hooks(lib):
    seen = []
    model = layer(lib)
    model.register_full_backward_hook(lambda m, gi, go: seen.append([g is not None for g in (*gi, *go)]))
    x = points(lib, True)
    (grad,) = lib.autograd.grad((model(x) ** 2).sum(), x, create_graph=True)
    grad.sum().backward()
    yield grad, x.grad, seen


@story
def test_in_place_after_a_backward_hook(lib):
    model = layer(lib)
    model.register_full_backward_hook(lambda m, gi, go: None)
    yield failure(lambda: model(points(lib, True)).add_(1))[0]


@story
def test_either_kind_of_backward_hook(lib):
    model = layer(lib)
    model.register_full_backward_hook(lambda *_: None)
    yield failure(model.register_backward_hook, lambda *_: None)
    model = lib.nn.ReLU()
    model.register_backward_hook(lambda *_: None)
    yield failure(model.register_full_backward_hook, lambda *_: None)


@story
def test_backward_hooks_without_inputs_that_return_something(lib):
    model = layer(lib)
    model.register_full_backward_hook(lambda m, gi, go: (None,))
    yield warned(failure, model(points(lib)).sum().backward)
    model.register_full_backward_hook(lambda m, gi, go: go)
    yield warned(failure, model(points(lib)).sum().backward)


@story
def test_old_backward_hooks(lib):
    class Net(lib.nn.Module):
        def __init__(self, function):
            super().__init__()
            self.function = function

        def forward(self, *args):
            return self.function(*args)

    x = points(lib, True)
    cases = [
        (lambda h: h.exp(), (x * 2,)),  # the only one that sees everything
        (lambda h: h.exp().tanh(), (x * 0.1,)),
        (lambda h: [h.exp()], (x * 2,)),
        (lambda h: {"a": 3, "b": h.exp()}, (x * 2,)),
        (lambda h: (h.exp(), h.sin()), (x * 2,)),
        (lambda h: h[0].exp(), ([x * 2],)),
        (lambda h, y: h + y, (x * 2, x * 3)),
        (lambda h: h.detach(), (x * 2,)),
    ]
    for function, args in cases:
        seen = []
        model = Net(function)
        model.register_backward_hook(lambda m, gi, go, seen=seen: seen.append((kind(m), gi, go)))
        model.register_backward_hook(lambda m, gi, go: tuple(g * 2 for g in gi))
        result, warnings = warned(model, *args)
        yield warnings
        while not hasattr(result, "sum"):
            result = result["b"] if isinstance(result, dict) else result[0]
        if result.requires_grad:
            x.grad = None
            result.sum().backward()
            yield seen, x.grad


# ---- for all modules -------------------------------------------------------------------------------------------------


@story
def test_global_forward_hooks(lib):
    order = []
    register = lib.nn.modules.module
    model = lib.nn.Sequential(layer(lib), lib.nn.ReLU())
    model[0].register_forward_hook(lambda *_: order.append("own"))
    model[0].register_forward_pre_hook(lambda *_: order.append("own before"))
    handles = [
        register.register_module_forward_hook(lambda m, args, out: order.append(kind(m))),
        register.register_module_forward_pre_hook(lambda m, args: order.append("before " + kind(m))),
    ]
    model(points(lib))
    for handle in handles:
        handle.remove()
    model(points(lib))
    yield order
    with register.register_module_forward_pre_hook(lambda m, args: (args[0] * 2,)):
        yield lib.nn.ReLU()(points(lib))
    with register.register_module_forward_hook(lambda m, args, kwargs, out: (out, kwargs), with_kwargs=True):
        yield lib.nn.Identity()(input=points(lib))


@story
def test_global_hook_always_called(lib):
    class Broken(lib.nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    seen = []
    hook = lib.nn.modules.module.register_module_forward_hook
    with hook(lambda m, args, out: seen.append((kind(m), out)), always_call=True):
        yield failure(Broken(), points(lib)), seen


@story
def test_global_backward_hooks(lib):
    seen = []
    register = lib.nn.modules.module
    model = lib.nn.Sequential(layer(lib), lib.nn.ReLU())
    model[1].register_full_backward_hook(lambda *_: seen.append("own"))
    handles = [
        register.register_module_full_backward_hook(lambda m, gi, go: seen.append((kind(m), gi, go))),
        register.register_module_full_backward_pre_hook(lambda m, go: seen.append((kind(m), go))),
    ]
    x = points(lib, True)
    model(x).sum().backward()
    for handle in handles:
        handle.remove()
    yield seen, x.grad


@story
def test_global_old_backward_hooks(lib):
    seen = []
    register = lib.nn.modules.module
    model = lib.nn.ReLU()
    register._global_is_full_backward_hook = None  # PyTorch remembers that there were other hooks
    h = points(lib, True) * 2
    with register.register_module_backward_hook(lambda m, gi, go: seen.append((kind(m), gi, go))):
        model(h).sum().backward()
        yield seen, failure(register.register_module_full_backward_hook, lambda *_: None)
    register._global_is_full_backward_hook = None


@story
def test_hooks_of_registration(lib):
    seen = []
    nn, register = lib.nn, lib.nn.modules.module

    def note(module, name, value):
        seen.append((kind(module), name, kind(value)))

    handles = [
        register.register_module_parameter_registration_hook(note),
        register.register_module_buffer_registration_hook(note),
        register.register_module_module_registration_hook(note),
    ]
    model = nn.Linear(1, 1)
    model.extra = nn.ReLU()
    model.extra = None
    model.register_buffer("seen", lib.ones(1))
    model.seen = lib.zeros(1)
    model.bias = None
    model.register_module("again", nn.Tanh())
    for handle in handles:
        handle.remove()
    yield seen
    with register.register_module_module_registration_hook(lambda m, name, value: nn.Sigmoid()):
        yield repr(nn.Sequential(nn.ReLU()))


def test_calls_without_hooks_are_short():
    """Once all global hooks are removed, calls go straight to forward again."""
    with hooks.register_module_forward_hook(lambda *_: None):
        assert hooks.global_hooks
    assert not hooks.global_hooks


def test_a_handle_keeps_no_module_alive():
    model = tt.nn.Linear(1, 1)
    handle = model.register_forward_hook(lambda *_: None)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    handle.remove()
