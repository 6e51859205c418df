"""Threads that train models at the same time get what they get one after the other, to the last bit."""

import sys
import threading

import numpy as np
import pytest

import tinytorch as tt
from tinytorch.kernels import threads

SIZES = {"small": (8, 5, 7), "large": (256, 300, 400)}
OPTIMIZERS = {
    "SGD": lambda parameters: tt.optim.SGD(parameters, lr=0.05, momentum=0.9, nesterov=True),
    "Adam": lambda parameters: tt.optim.Adam(parameters, lr=0.01, amsgrad=True),
    "AdamW": lambda parameters: tt.optim.AdamW(parameters, lr=0.01),
}


class Net(tt.nn.Module):
    """Two layers whose weights come from a generator, with noise from it between them"""

    def __init__(self, sizes, generator):
        super().__init__()
        _, wide, hidden = sizes
        self.first, self.second = tt.nn.Linear(wide, hidden), tt.nn.Linear(hidden, 10)
        self.generator = generator
        with tt.no_grad():
            for parameter in self.parameters():
                parameter.copy_(tt.randn(parameter.shape, generator=generator) / 10)

    def forward(self, x):
        h = tt.relu(self.first(x))
        keep = tt.bernoulli(tt.full(h.shape, 0.8), generator=self.generator)
        return self.second(h * keep)


def train(seed, size, optimizer, steps):
    """Losses and last parameters of a training whose numbers all come from one generator"""
    generator, sizes = tt.Generator().manual_seed(seed), SIZES[size]
    model, batch = Net(sizes, generator), sizes[0]
    update = OPTIMIZERS[optimizer](model.parameters())
    x = tt.randn(batch, sizes[1], generator=generator)
    target = tt.randint(0, 10, (batch,), generator=generator)
    losses = []
    for step in range(steps):
        update.zero_grad()
        y = model(x[tt.randperm(batch, generator=generator)])
        loss = tt.nn.functional.cross_entropy(y, target) + y.softmax(1).var(1).mean() + y.logsumexp(0).sum() * 1e-3
        loss.backward()
        update.step()
        if step % 3 == 0:
            with tt.no_grad():
                losses.append(model(x).mean().item())
        losses.append(loss.item())
    return [np.array(losses), *(parameter.detach().numpy() for parameter in model.parameters())]


@pytest.fixture
def hasty():
    """Threads take turns as often as the interpreter can"""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(params=[1, 2], ids=["1 thread each", "2 threads each"])
def pools(request):
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    yield
    threads.set_num_threads(before)


def at_once(tasks):
    """The results of all tasks, each in a thread of its own, started together"""
    results, gate = [None] * len(tasks), threading.Barrier(len(tasks))

    def run(place, task):
        gate.wait()
        try:
            results[place] = task()
        except BaseException as error:
            results[place] = error

    started = [threading.Thread(target=run, args=pair) for pair in enumerate(tasks)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("size, steps", [("small", 40), ("large", 6)])
def test_trainings_at_once(size, steps, optimizer, hasty, pools):
    tasks = [lambda seed=seed: train(seed, size, optimizer, steps) for seed in range(3)]
    expected = [task() for task in tasks]
    assert not np.array_equal(expected[0][0], expected[1][0])
    for actual, alone in zip(at_once(tasks), expected):
        for a, b in zip(actual, alone):
            np.testing.assert_array_equal(a, b, strict=True)


def test_one_graph_backwards_at_once(hasty, pools):
    """Threads may walk one graph; gradients of what each of them asks for are those of one walk."""
    x = tt.randn(50, 60, requires_grad=True, generator=tt.Generator().manual_seed(0))
    shared = (x.exp() @ x.t()).tanh()
    outputs = [(shared * number).sum() for number in (1, 2, 3)]
    tasks = [lambda y=y: tt.autograd.grad(y, x, retain_graph=True)[0].numpy() for y in outputs]
    expected = [task() for task in tasks]
    for actual, alone in zip(at_once(tasks), expected):
        np.testing.assert_array_equal(actual, alone, strict=True)


def test_grad_mode_belongs_to_a_thread(hasty):
    x = tt.ones(3, requires_grad=True)

    def with_gradient():
        return [(x * 2).requires_grad for _ in range(300)]

    def without():
        with tt.no_grad():
            return [(x * 2).requires_grad for _ in range(300)]

    recorded, silent = at_once([with_gradient, without])
    assert set(recorded) == {True}
    assert set(silent) == {False}


@pytest.mark.parametrize("limit", [1, 2])
def test_one_kernel_at_once(hasty, limit):
    """Large arrays, whose kernels let go of the interpreter's lock"""
    before = threads.get_num_threads()
    threads.set_num_threads(limit)
    try:
        arrays = [tt.randn(300, 1000, generator=tt.Generator().manual_seed(seed)) for seed in range(3)]

        def compute(x):
            index = tt.arange(300) % 7
            results = [
                x.sum(),
                x.sum(0),
                x.var(1),
                x.max(0)[1],
                x.softmax(1),
                x.logsumexp(0),
                x @ x.t(),
                x.exp(),
                x.cumsum(0),
            ]
            results += [tt.zeros(7, 1000).index_add_(0, index, x), x.t().contiguous(), x.sort(1)[0]]
            return [result.numpy() for result in results]

        expected = [compute(x) for x in arrays]
        for _ in range(3):
            for actual, alone in zip(at_once([lambda x=x: compute(x) for x in arrays]), expected):
                for a, b in zip(actual, alone):
                    np.testing.assert_array_equal(a, b, strict=True)
    finally:
        threads.set_num_threads(before)
