"""Hooks on tensors, leaves and nodes: when they are called, in which order, what they may change."""

import pytest

from tests.autograd.stories import failure, story, vector, warned

# ---- Tensor.register_hook --------------------------------------------------------------------------------------------


@story
def test_a_hook_sees_the_gradient(lib):
    seen = []
    x = vector(lib, 1.0, 2.0)
    x.register_hook(seen.append)
    h = x * 2
    h.register_hook(seen.append)
    (h * h).sum().backward()
    yield x.grad, seen


@story
def test_a_hook_replaces_the_gradient(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    h.register_hook(lambda g: g * 10)
    h.register_hook(lambda g: g + 1)
    h.register_hook(lambda g: None)
    x.register_hook(lambda g: -g)
    h.sum().backward()
    yield x.grad


@story
def test_a_hook_changes_the_gradient_in_place(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    h.register_hook(lambda g: g.mul_(10) and None if g.numel() == 1 else None)
    (h * 3).sum().backward()
    yield x.grad


@story
def test_a_hook_is_called_once_with_the_sum(lib):
    seen = []
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    h.register_hook(seen.append)
    (h * 2 + h * 5).sum().backward()
    yield seen, x.grad


@story
def test_hooks_are_called_in_the_order_of_registration(lib):
    order = []
    x = vector(lib, 1.0)
    h = x * 1
    for tensor in (x, h):
        for name in "abc":
            tensor.register_hook(lambda g, name=name: order.append(name))
    h.sum().backward()
    yield order


@story
def test_removing_hooks(lib):
    seen = []
    x = vector(lib, 1.0)
    first = x.register_hook(lambda g: seen.append(1))
    with x.register_hook(lambda g: seen.append(2)):
        (x * 1).sum().backward()
    first.remove()
    first.remove()
    (x * 1).sum().backward()
    yield seen


@story
def test_a_hook_removes_itself(lib):
    seen = []
    x = vector(lib, 1.0)
    h = x * 1

    def hook(grad):
        seen.append(1)
        handle.remove()

    handle = h.register_hook(hook)
    h.sum().backward(retain_graph=True)
    h.sum().backward()
    yield seen


@story
def test_what_a_hook_may_not_return(lib):
    for wrong in (3.0, "text", lib.ones(3), lib.ones(2, 2), lib.ones(2), lib.ones(2, dtype=lib.float64)):
        x = vector(lib, 1.0, 2.0)
        h = x * 1
        h.register_hook(lambda g, wrong=wrong: wrong)
        yield failure(h.sum().backward)
        y = vector(lib, 1.0, 2.0)
        y.register_hook(lambda g, wrong=wrong: wrong)
        yield failure((y * 1).sum().backward)


@story
def test_where_no_hook_can_be(lib):
    yield failure(vector(lib, 1.0, grad=False).register_hook, print)
    yield failure(vector(lib, 1.0, grad=False).register_post_accumulate_grad_hook, print)
    yield failure((vector(lib, 1.0) * 1).register_post_accumulate_grad_hook, print)
    with lib.no_grad():
        yield failure((vector(lib, 1.0) * 1).register_hook, print)


@story
def test_an_error_in_a_hook_passes_through(lib):
    def hook(grad):
        raise KeyError("mine")

    x = vector(lib, 1.0)
    x.register_hook(hook)
    yield failure((x * 1).sum().backward), x.grad


@story
def test_hooks_of_several_outputs(lib):
    seen = []
    x = vector(lib, 1.0, 2.0, 3.0, 4.0)
    first, second = x.split(2)
    second.register_hook(lambda g: seen.append(("second", g)))
    first.register_hook(lambda g: seen.append(("first", g)))
    (first * 2).sum().backward(retain_graph=True)
    (first * 2 + second).sum().backward()
    yield seen, x.grad


@pytest.mark.filterwarnings("ignore:Using backward")
@story
def test_recording_inside_hooks(lib):
    seen = []
    x = vector(lib, 2.0)
    h = x * 1
    h.register_hook(lambda g: seen.append((lib.is_grad_enabled(), g.requires_grad)))
    (h * h).sum().backward(retain_graph=True)
    (h * h).sum().backward(create_graph=True)
    yield seen
    x.grad = None


@story
def test_hooks_under_create_graph_are_differentiated(lib):
    x = vector(lib, 2.0)
    h = x * 3
    h.register_hook(lambda g: g * g)
    (first,) = lib.autograd.grad((h * h).sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(first.sum(), x)
    yield first.detach(), second


@story
def test_a_hook_of_the_root(lib):
    x = vector(lib, 2.0)
    y = (x * 3).sum()
    y.register_hook(lambda g: g * 7)
    y.backward()
    yield x.grad
    leaf = vector(lib, 2.0)
    leaf.register_hook(lambda g: g * 7)
    leaf.backward()
    yield leaf.grad


@story
def test_a_hook_before_and_after_a_write(lib):
    seen = []
    x = vector(lib, 1.0, 2.0)
    h = x * 1
    h.register_hook(lambda g: seen.append(("old", g)))
    h.mul_(3)
    h.register_hook(lambda g: seen.append(("new", g)))
    (h * 5).sum().backward()
    yield seen, x.grad


# ---- autograd.grad and inputs= ---------------------------------------------------------------------------------------


@story
def test_hooks_and_grad(lib):
    order = []
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    x.register_hook(lambda g: order.append("x") or g * 10)
    h.register_hook(lambda g: order.append("h") or g * 100)
    x.register_post_accumulate_grad_hook(lambda t: order.append("post"))
    h.grad_fn.register_prehook(lambda g: order.append("pre"))
    h.grad_fn.register_hook(lambda i, o: order.append("after"))
    y = (h * h).sum()
    yield lib.autograd.grad(y, h, retain_graph=True), order
    order.clear()
    yield lib.autograd.grad(y, x, retain_graph=True), order
    order.clear()
    yield lib.autograd.grad(y, (h, x), retain_graph=True), order
    order.clear()
    y.backward(inputs=[h], retain_graph=True)
    yield h.grad, x.grad, order
    order.clear()
    y.backward(inputs=[x], retain_graph=True)
    yield x.grad, h.grad, order


@story
def test_prehooks_and_what_is_captured(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    h.grad_fn.register_prehook(lambda grads: (grads[0] * 10,))
    y = (h * h).sum()
    yield lib.autograd.grad(y, h, retain_graph=True)
    yield lib.autograd.grad(y, (h, x), retain_graph=True)
    y.backward()
    yield x.grad


# ---- after accumulation ----------------------------------------------------------------------------------------------


@story
def test_post_accumulate_grad_hook(lib):
    seen = []
    x = vector(lib, 1.0, 2.0)

    def hook(leaf):
        seen.append((leaf is x, leaf.grad.clone()))

    handle = x.register_post_accumulate_grad_hook(hook)
    (x * 2 + x * 3).sum().backward()
    (x * 2).sum().backward()
    handle.remove()
    (x * 2).sum().backward()
    yield seen, x.grad


@story
def test_an_optimizer_in_the_hook(lib):
    x = vector(lib, 1.0, 2.0)

    def step(leaf):
        with lib.no_grad():
            leaf -= 0.1 * leaf.grad
        leaf.grad = None

    x.register_post_accumulate_grad_hook(step)
    for _ in range(3):
        (x * x).sum().backward()
    yield x, x.grad


@story
def test_post_accumulate_hooks_return_nothing(lib):
    x = vector(lib, 1.0)
    x.register_post_accumulate_grad_hook(lambda leaf: leaf)
    yield failure((x * 2).sum().backward)


@story
def test_order_around_a_leaf(lib):
    order = []
    x = vector(lib, 1.0)
    h = x * 2
    leaf = h.grad_fn.next_functions[0][0]
    x.register_post_accumulate_grad_hook(lambda t: order.append("post accumulate"))
    leaf.register_hook(lambda i, o: order.append(("after", len(i), len(o))))
    leaf.register_prehook(lambda g: order.append("before"))
    x.register_hook(lambda g: order.append("tensor"))
    h.sum().backward()
    yield order, x.grad


# ---- hooks on nodes --------------------------------------------------------------------------------------------------


@story
def test_hooks_on_a_node(lib):
    seen = []
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    h = x * y
    h.grad_fn.register_prehook(lambda grads: seen.append(("before", grads)))
    h.grad_fn.register_hook(lambda inputs, outputs: seen.append(("after", inputs, outputs)))
    h.sum().backward()
    yield seen, x.grad, y.grad


@story
def test_hooks_on_a_node_replace_gradients(lib):
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0)
    h = x * y
    h.grad_fn.register_prehook(lambda grads: (grads[0] * 10,))
    h.grad_fn.register_hook(lambda inputs, outputs: (inputs[0], inputs[1] * 100))
    h.sum().backward()
    yield x.grad, y.grad


@story
def test_a_gradient_that_nobody_wants_is_none_in_hooks(lib):
    seen = []
    x, c = vector(lib, 1.0, 2.0), vector(lib, 3.0, 4.0, grad=False)
    h = x * c
    h.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs, outputs)))
    h.sum().backward()
    yield seen


@story
def test_gradients_of_broadcast_inputs_in_hooks(lib):
    seen = []
    x, y = vector(lib, 1.0, 2.0), vector(lib, 3.0)
    h = x * y
    h.grad_fn.register_hook(lambda inputs, outputs: seen.append(inputs))
    h.sum().backward()
    yield seen


@story
def test_node_hooks_return_too_many_or_too_few(lib):
    for returned in (0, 1, 3):
        x, y = vector(lib, 1.0), vector(lib, 3.0)
        h = x * y
        h.grad_fn.register_hook(lambda i, o, n=returned: (i[0],) * n)
        yield failure(h.sum().backward)
        h = x * y
        h.grad_fn.register_prehook(lambda g, n=returned: (g[0],) * n)
        yield failure(h.sum().backward)


@story
def test_removing_node_hooks(lib):
    order = []
    x = vector(lib, 1.0)
    h = x * 2
    before = h.grad_fn.register_prehook(lambda g: order.append("before"))
    after = h.grad_fn.register_hook(lambda i, o: order.append("after"))
    h.sum().backward(retain_graph=True)
    before.remove()
    h.sum().backward(retain_graph=True)
    after.remove()
    h.sum().backward()
    yield order


@story
def test_order_of_everything(lib):
    order = []
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    h.retain_grad()
    h.grad_fn.register_prehook(lambda g: order.append("before"))
    h.register_hook(lambda g: order.append(("tensor", h.grad is None)))
    h.grad_fn.register_hook(lambda i, o: order.append(("after", h.grad)))
    h.register_hook(lambda g: order.append(("tensor 2", h.grad is None)) or g * 2)
    h.sum().backward()
    yield order, h.grad, x.grad


@pytest.mark.parametrize("mode", ["all", "any"])
@story
def test_multi_grad_hook(lib, mode):
    seen = []
    x, y, z = vector(lib, 1.0), vector(lib, 2.0), vector(lib, 3.0)
    a, b, c = x * 2, y * 3, z * 4
    handle = lib.autograd.graph.register_multi_grad_hook((a, b, c), seen.append, mode=mode)
    (a * b * c).sum().backward(retain_graph=True)
    yield seen
    (a * b).sum().backward(retain_graph=True)
    yield seen
    c.sum().backward(retain_graph=True)
    yield seen
    handle.remove()
    c.sum().backward()
    yield len(seen)


@story
def test_multi_grad_hook_of_leaves(lib):
    seen = []
    x, y = vector(lib, 1.0), vector(lib, 2.0)
    lib.autograd.graph.register_multi_grad_hook((x, y), seen.append)
    (x * y).sum().backward()
    (x * 5).sum().backward()
    yield seen
    yield failure(lib.autograd.graph.register_multi_grad_hook, (x,), print, mode="some")
    yield failure(lib.autograd.graph.register_multi_grad_hook, (x, vector(lib, 1.0, grad=False)), print)


# ---- retain_grad -----------------------------------------------------------------------------------------------------


@story
def test_retain_grad(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    yield h.retains_grad, x.retains_grad
    h.retain_grad()
    h.retain_grad()
    x.retain_grad()
    yield h.retains_grad, x.retains_grad
    (h * h).sum().backward(retain_graph=True)
    yield h.grad, x.grad
    (h * h).sum().backward()
    yield h.grad, x.grad


@story
def test_retain_grad_where_there_is_none(lib):
    yield failure(vector(lib, 1.0, grad=False).retain_grad)
    x = vector(lib, 1.0)
    h = x * 2
    yield warned(lambda: h.grad)[1]
    h.retain_grad()
    yield warned(lambda: h.grad)


@pytest.mark.filterwarnings("ignore:Using backward")
@story
def test_retained_gradients_survive_create_graph(lib):
    x = vector(lib, 2.0)
    h = x * 2
    h.retain_grad()
    (h * h).sum().backward(create_graph=True)
    yield h.grad.detach(), h.grad.requires_grad


@story
def test_retain_grad_of_a_written_tensor(lib):
    x = vector(lib, 1.0, 2.0)
    h = x * 2
    h.retain_grad()
    h.mul_(3)
    (h * 5).sum().backward()
    yield h.grad, x.grad


@story
def test_retain_grad_keeps_nothing_alive(lib):
    import weakref

    x = vector(lib, 1.0)
    h = x * 2
    h.retain_grad()
    gone = weakref.ref(h)
    y = h.sum()
    del h
    yield gone() is None
    y.backward()
    yield x.grad
