"""What is saved for backward: names on the node, and the hooks that pack and unpack it."""

import threading

import numpy as np
import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, vector


def saved_names(node):
    """The attributes under which a node shows what it saved."""
    return sorted(name for name in dir(node) if name.startswith("_saved_"))


# ---- attributes of nodes ---------------------------------------------------------------------------------------------

OPERATIONS = {
    "mul": lambda lib, x, y: x * y,
    "div": lambda lib, x, y: x / y,
    "exp": lambda lib, x, y: x.exp(),
    "log": lambda lib, x, y: x.log(),
    "sqrt": lambda lib, x, y: x.sqrt(),
    "tanh": lambda lib, x, y: x.tanh(),
    "sigmoid": lambda lib, x, y: x.sigmoid(),
    "sin": lambda lib, x, y: x.sin(),
    "reciprocal": lambda lib, x, y: x.reciprocal(),
}


@pytest.mark.parametrize("name", OPERATIONS)
@story
def test_tensors_saved_by_operations(lib, name):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    node = OPERATIONS[name](lib, x, y).grad_fn
    names = saved_names(node)
    yield names, [getattr(node, each) for each in names], hasattr(node, "saved_tensors")


@story
def test_only_what_is_needed_is_saved(lib):
    x, c = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0, grad=False)
    node = (x * c).grad_fn
    yield node._saved_self, node._saved_other
    node = (c * x).grad_fn
    yield node._saved_self, node._saved_other, node._saved_other is x
    yield failure(lambda: node._saved_nothing), failure(lambda: node.saved_tensors)


@story
def test_saved_values_after_backward(lib):
    x = vector(lib, 1.0, 2.0)
    y = x.exp()
    y.sum().backward()
    yield failure(lambda: y.grad_fn._saved_result)


@story
def test_a_saved_result_has_its_history(lib):
    x = vector(lib, 1.0, 2.0)
    y = x.exp()
    result = y.grad_fn._saved_result
    yield result.grad_fn is y.grad_fn, result, result.data_ptr() == y.data_ptr()


def test_no_rule_shows_saved_tensors_to_users():
    """torchviz draws `saved_tensors` of every node that has them: of Functions, as in PyTorch."""
    seen = []
    x = tt.ones(2, requires_grad=True)
    y = x * x
    y.register_hook(lambda grad: seen.append(True))
    assert not hasattr(y.grad_fn, "saved_tensors") and "saved_tensors" not in vars(y.grad_fn)
    y.sum().backward()
    assert seen and not hasattr(y.grad_fn, "saved_tensors")


# ---- saved_tensors_hooks ---------------------------------------------------------------------------------------------


@story
def test_what_the_pack_hook_sees(lib):
    x, c = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0, grad=False)
    seen = []

    def pack(tensor):
        seen.append((tensor.detach(), tensor.requires_grad, tensor is x, lib.is_grad_enabled(), tensor.grad_fn))
        return tensor

    with lib.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        for operation in (lambda: x * c, lambda: c * x, lambda: x + c, lambda: x * 2):
            operation()
            yield [each[:4] for each in seen]
            seen.clear()
        y = x.exp()
        yield seen[0][4] is y.grad_fn


@pytest.mark.host
@story
def test_numbers_on_disk(lib):
    """What the hooks hand back need not be the tensor that was saved."""
    store = []

    def pack(tensor):
        store.append(tensor.detach().clone().numpy())
        return len(store) - 1

    def unpack(number):
        return lib.from_numpy(store[number])

    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    with lib.autograd.graph.saved_tensors_hooks(pack, unpack):
        loss = (x * y).exp().sum()
    loss.backward(retain_graph=True)
    yield x.grad, y.grad, len(store)
    loss.backward()
    yield x.grad, failure(loss.backward)


@story
def test_hooks_may_change_the_values(lib):
    x = vector(lib, 1.0, 2.0)
    with lib.autograd.graph.saved_tensors_hooks(lambda t: t * 10, lambda t: t + 1):
        y = (x * x).sum()
    y.backward()
    yield x.grad


@story
def test_second_derivatives_through_hooks(lib):
    for function in (lambda x: x**3, lambda x: x.exp(), lambda x: x * x * x):
        x = vector(lib, 1.0, 2.0)
        with lib.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
            y = function(x).sum()
            (first,) = lib.autograd.grad(y, x, create_graph=True)
        yield first.detach(), lib.autograd.grad(first.sum(), x)


@story
def test_hooks_of_a_function(lib):
    seen = []

    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * x
            ctx.save_for_backward(x, y, None)
            return y

        @staticmethod
        def backward(ctx, grad):
            x, y, nothing = ctx.saved_tensors
            seen.append((y, nothing))
            return grad * 2 * x

    x = vector(lib, 1.0, 2.0)
    with lib.autograd.graph.saved_tensors_hooks(lambda t: seen.append(t.detach()) or t.detach(), lambda t: t * 1):
        y = Square.apply(x).sum()
    y.backward()
    yield x.grad, len(seen), seen[:2]


@story
def test_the_innermost_hooks_are_used(lib):
    order = []
    x = vector(lib, 1.0)
    hooks = lib.autograd.graph.saved_tensors_hooks
    with hooks(lambda t: order.append("outer") or t, lambda t: t):
        x.exp()
        with hooks(lambda t: order.append("inner") or t, lambda t: t):
            x.exp()
        x.exp()
    x.exp()
    yield order


@story
def test_hooks_belong_to_a_thread(lib):
    order = []
    x = vector(lib, 1.0)
    with lib.autograd.graph.saved_tensors_hooks(lambda t: order.append("packed") or t, lambda t: t):
        thread = threading.Thread(target=x.exp)
        thread.start()
        thread.join()
        yield order


@story
def test_hooks_that_are_wrong(lib):
    x = vector(lib, 1.0, 2.0)

    def with_hooks(pack, unpack):
        with lib.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = x.exp()
        y.sum().backward()

    def in_place(tensor):
        tensor.mul_(2)
        return tensor

    def raises(tensor):
        raise KeyError("mine")

    yield failure(with_hooks, lambda t: t, lambda t: 3)
    yield failure(with_hooks, lambda t: t, lambda t: None)
    yield failure(with_hooks, in_place, lambda t: t)
    yield failure(with_hooks, raises, lambda t: t), failure(with_hooks, lambda t: t, raises)
    yield failure(with_hooks, 3, lambda t: t)[0]
    yield x.grad


@story
def test_masks_and_indices_pass_through_hooks(lib):
    seen = []
    x = vector(lib, 3.0, -1.0, 2.0)

    def pack(tensor):
        seen.append(str(tensor.dtype).replace("tinytorch", "torch"))
        return tensor

    with lib.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = x.max(0)[0] + x.masked_fill(x < 0, 5.0).sum()
    y.backward()
    yield x.grad, seen


@story
def test_disable_saved_tensors_hooks(lib):
    graph = lib.autograd.graph
    x = vector(lib, 1.0)

    def inside():
        with graph.disable_saved_tensors_hooks("not here"):
            yield x.exp()
            with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
                pass

    def around():
        with graph.saved_tensors_hooks(lambda t: t, lambda t: t), graph.disable_saved_tensors_hooks("not here"):
            pass

    yield failure(lambda: list(inside())), failure(around)
    with graph.disable_saved_tensors_hooks("outer"):
        with graph.disable_saved_tensors_hooks("inner"):
            yield failure(lambda: graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__())
        yield failure(lambda: graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__())
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        pass


@story
def test_save_on_cpu(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    with lib.autograd.graph.save_on_cpu():
        loss = (x * y).exp().sum()
    loss.backward()
    yield x.grad, y.grad


@story
def test_increment_version(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 1
    y = h.exp()
    lib.autograd.graph.increment_version(h)
    yield h._version
    lib.autograd.graph.increment_version([h, y])
    yield h._version, y._version, failure(y.sum().backward)


def test_packing_keeps_nothing_alive_in_memory():
    """save_for_backward on disk is of use only if the graph does not hold the arrays as well."""
    import weakref

    x = tt.tensor(np.arange(4.0), requires_grad=True)
    h = x * 1
    gone = weakref.ref(h)
    with tt.autograd.graph.saved_tensors_hooks(
        lambda t: t.numpy().copy() if not t.requires_grad else t.tolist(), tt.tensor
    ):
        y = (h * h).sum()
    del h
    assert gone() is None
    y.backward()
    assert x.grad.tolist() == [0.0, 2.0, 4.0, 6.0]
