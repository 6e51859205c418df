"""The engine on graphs a million nodes deep, on several threads, and what it leaves for the garbage collector."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest

import tinytorch as tt
from tinytorch.autograd import engine
from tinytorch.autograd.node import priorities


class AddOne(tt.autograd.Function):
    """y = x + 1"""

    @staticmethod
    def forward(ctx, x):
        return x + 1

    @staticmethod
    def backward(ctx, grad):
        return grad


STEPS = {
    "add": lambda x: x + 1,
    "add itself": lambda x: x + x.detach(),
    "mul": lambda x: x * 1.0,
    "exp of zero": lambda x: (x * 0).exp(),
    "view": lambda x: x.view(1, 1).view(1),
    "function": AddOne.apply,
    "write": lambda x: x.add_(1),
    "write into a view": lambda x: (x.view(1, 1).add_(1), x)[1],
}


def chain(step, length):
    """x after `length` steps, and x."""
    x = tt.ones(1, requires_grad=True)
    y = x * 1
    for _ in range(length):
        y = step(y)
    return y, x


# ---- deep graphs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STEPS)
def test_depth_is_no_recursion(name):
    """Ten times as deep as Python's stack: forward, backward, twice over, and away."""
    length = 10 * sys.getrecursionlimit()
    y, x = chain(STEPS[name], length)
    y.sum().backward(retain_graph=True)
    (grad,) = tt.autograd.grad(y.sum(), x)
    assert x.grad.tolist() == grad.tolist()
    gone = weakref.ref(y.grad_fn)
    del y
    assert gone() is None


def test_second_derivatives_of_deep_graphs():
    x = tt.ones(1, dtype=tt.float64, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y * 1.0001
    (first,) = tt.autograd.grad((y * y).sum(), x, create_graph=True)
    (second,) = tt.autograd.grad(first.sum(), x)
    np.testing.assert_allclose(second.tolist(), [2 * 1.0001**6000], rtol=1e-10)


def test_work_is_linear_in_the_length():
    """Every node is made once and met once: counted, since clocks are no judges."""
    sizes = []
    for length in (100, 200, 400):
        before = next(priorities)
        y, _ = chain(STEPS["add"], length)
        met = engine._count_edges([y.grad_fn])
        y.backward()
        sizes.append((before - next(priorities) - 1, len(met)))  # every node takes a number
    assert sizes == [(101, 102), (201, 202), (401, 402)]


@pytest.mark.parametrize("shape", ["chain", "ladder"])
def test_every_node_runs_once(shape):
    """A ladder has two ways along every rung, 2^50 paths; its nodes are walked once each."""
    calls = []

    class Count(tt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 0.5

        @staticmethod
        def backward(ctx, grad):
            calls.append(1)
            return grad * 0.5

    x = tt.ones(1, dtype=tt.float64, requires_grad=True)
    y = x
    for _ in range(50):
        y = Count.apply(y) + (Count.apply(y) if shape == "ladder" else 0)
    y.backward()
    assert len(calls) == (100 if shape == "ladder" else 50)
    assert x.grad.item() == (1.0 if shape == "ladder" else 0.5**50)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["add", "view", "function"])
def test_a_million_steps(name):
    y, x = chain(STEPS[name], 1_000_000 if name == "add" else 200_000)
    y.sum().backward()
    assert x.grad.tolist() == [1.0]
    gone = weakref.ref(y.grad_fn)
    del y
    assert gone() is None


@pytest.mark.slow
def test_many_leaves():
    leaves = [tt.ones(1, requires_grad=True) for _ in range(200_000)]
    total = leaves[0]
    for leaf in leaves[1:]:
        total = total + leaf
    total.backward()
    assert all(leaf.grad.tolist() == [1.0] for leaf in leaves[::1000])


# ---- memory ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_collector():
    """Whatever the collector would find must not be there."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def step_of_training(w1, w2, x):
    h = (x @ w1).relu()
    loss = ((h @ w2 + h.sum() - h[:, :1].exp()) ** 2).mean()
    w1.grad = w2.grad = None
    loss.backward()
    with tt.no_grad():
        for w in (w1, w2):
            w -= 0.01 * w.grad
    return loss, h


def test_training_makes_no_garbage(no_collector):
    w1, w2, x = tt.ones(3, 4, requires_grad=True), tt.ones(4, 2, requires_grad=True), tt.ones(5, 3)
    step_of_training(w1, w2, x)
    gc.collect()
    for _ in range(3):
        step_of_training(w1, w2, x)
    assert gc.collect() == 0


def test_graphs_die_with_their_outputs(no_collector):
    w1, w2, x = tt.ones(3, 4, requires_grad=True), tt.ones(4, 2, requires_grad=True), tt.ones(5, 3)
    loss, h = step_of_training(w1, w2, x)
    gone = [weakref.ref(loss), weakref.ref(h), weakref.ref(loss.grad_fn), weakref.ref(h.grad_fn)]
    del loss, h
    assert [each() for each in gone] == [None] * 4


MAKERS = {
    "views and writes": lambda x: (x * 1)[1:].mul_(2).sum(),
    "a saved output": lambda x: x.exp().tanh().sum(),
    "a saved output written to": lambda x: (x * 1).exp_().sum(),
    "several outputs": lambda x: x.split(1)[0].sum() + x.max(0)[0],
    "a write into a base": lambda x: assigned(x * 1).sum(),
    "a retained gradient": lambda x: retained(x * 2).sum(),
    "a hook": lambda x: hooked(x * 2).sum(),
    "not walked": lambda x: (x * x).sum().detach_() if False else (x * x).sum(),
    "a second derivative": lambda x: tt.autograd.grad((x**3).exp().sum(), x, create_graph=True)[0].sum(),
}


def assigned(h):
    view = h[:1]
    h[1:] = view * 3
    return view + h


def retained(h):
    h.retain_grad()
    return h * 2


def hooked(h):
    h.register_hook(lambda grad: grad * 2)
    h.grad_fn.register_prehook(lambda grads: None)
    return h * 2


@pytest.mark.parametrize("backward", [True, False])
@pytest.mark.parametrize("name", MAKERS)
def test_no_graph_is_garbage(no_collector, name, backward):
    for _ in range(2):  # what is imported or cached at the first time is not meant
        x = tt.ones(3, requires_grad=True)
        gc.collect()
        y = MAKERS[name](x)
        if backward:
            y.backward()
        gone = weakref.ref(y.grad_fn), weakref.ref(x)
        del x, y
        found = gc.collect()
    assert found == 0 and [each() for each in gone] == [None, None]


def test_a_failed_backward_leaves_no_garbage(no_collector):
    for _ in range(2):
        y = tt.ones(3, requires_grad=True).exp()
        y.sum().backward()
        gc.collect()
        with pytest.raises(RuntimeError):
            y.sum().backward()
        gone = weakref.ref(y.grad_fn)
        del y
    assert gone() is None


def test_intermediate_gradients_are_dropped_on_the_way():
    alive, seen = [], []

    def hook(grad):
        alive.append(weakref.ref(grad._array.base if grad._array.base is not None else grad._array))
        seen.append(sum(each() is not None for each in alive))

    y = tt.ones(10, requires_grad=True)
    for _ in range(20):
        y = y * 2
        y.register_hook(hook)
    y.sum().backward()
    assert max(seen) <= 3


def test_saved_arrays_are_dropped_on_the_way():
    x = tt.ones(10, requires_grad=True)
    h = x.exp()
    y = h.exp()
    saved = weakref.ref(y._array)
    z = y.sum()
    del y
    h.register_hook(lambda grad: seen.append(saved()))
    seen = []
    z.backward()
    assert seen == [None]


# ---- threads ---------------------------------------------------------------------------------------------------------


def in_threads(work, count=8):
    """Run work(number) in `count` threads at once; what they raised is raised."""
    errors = []

    def run(number):
        try:
            start.wait()
            work(number)
        except Exception as error:
            errors.append(error)

    start = threading.Barrier(count)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.fixture
def quick_switches():
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_add_into_shared_leaves(quick_switches):
    w = tt.zeros(100, dtype=tt.float64, requires_grad=True)

    def work(number):
        for _ in range(50):
            (w * (number + 1)).sum().backward()

    in_threads(work)
    assert w.grad.tolist() == [50.0 * 36] * 100


def test_threads_walk_one_graph(quick_switches):
    x = tt.full((20,), 2.0, dtype=tt.float64, requires_grad=True)
    h = (x * x).exp().log() * x
    y = h.sum()
    found = {}

    def work(number):
        for _ in range(20):
            (found[number],) = tt.autograd.grad(y, x, retain_graph=True)
            y.backward(retain_graph=True)

    in_threads(work)
    for gradient in found.values():
        np.testing.assert_allclose(gradient._array, 12.0, rtol=1e-12)
    np.testing.assert_allclose(x.grad._array, 12.0 * 8 * 20, rtol=1e-12)


def test_threads_get_one_node_of_a_leaf_and_one_counter(quick_switches):
    for _ in range(200):
        x = tt.ones(3, requires_grad=True)
        nodes, counters = {}, {}

        def work(number, x=x, nodes=nodes, counters=counters):
            nodes[number], counters[number] = x._edge()[0], x._version_counter()

        in_threads(work, count=4)
        assert len({id(node) for node in nodes.values()}) == len({id(counter) for counter in counters.values()}) == 1


def test_threads_have_their_own_modes(quick_switches):
    x = tt.ones(3, requires_grad=True)

    def work(number):
        for _ in range(200):
            if number % 2:
                with tt.no_grad():
                    assert not (x * 2).requires_grad
            else:
                assert (x * 2).requires_grad and tt.autograd.grad((x * 2).sum(), x)[0].tolist() == [2.0] * 3

    in_threads(work)
    assert tt.is_grad_enabled()


# ---- errors leave everything as it was -------------------------------------------------------------------------------


def test_an_error_leaves_the_modes_as_they_were():
    x = tt.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda grad: 1 / 0)
    for mode in (True, False):
        with tt.set_grad_enabled(mode):
            with pytest.raises(ZeroDivisionError):
                y.sum().backward(retain_graph=True) if mode else tt.autograd.grad(y, x, tt.ones(2))
            assert tt.is_grad_enabled() is mode
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):  # NumPy warns as before, too
        np.float64(1) / np.float64(0)
