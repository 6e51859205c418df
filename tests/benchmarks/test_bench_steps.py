"""How long does a training step of the documents take? And by hand in NumPy, the floor of any eager library?"""

import numpy as np

import tinytorch
from tests.benchmarks import steps
from tests.benchmarks.questions import Question, asked


def linear_regression(_):
    """y = x w + b, squared error; the gradients as one writes them down"""
    tinytorch.manual_seed(0)
    x, target = tinytorch.randn(15, 1).numpy(), tinytorch.randn(15, 1).numpy()
    w, b = tinytorch.randn(1).numpy(), np.zeros(1, np.float32)

    def step():
        difference = x * w + b - target
        loss = np.dot(difference[:, 0], difference[:, 0]) / 15
        grad = difference * np.float32(2 / 15)
        w[0] -= np.float32(1e-2) * np.dot(grad[:, 0], x[:, 0])
        b[0] -= np.float32(1e-2) * grad.sum()
        return loss

    return step


def logistic_regression(lr):
    """p = 1 / (1 + e^-(x w + b)), loss = -mean(t log p + (1 - t) log(1 - p)), d loss / d (x w + b) = (p - t) / n"""
    tinytorch.manual_seed(0)
    x, target = tinytorch.rand(100, 2).numpy(), (tinytorch.rand(100, 1) > 0.5).float().numpy()
    w, b = tinytorch.randn(2, 1).numpy(), np.zeros(1, np.float32)
    other, rate = 1 - target, np.float32(lr)

    def step():
        p = 1 / (1 + np.exp(-(x @ w + b)))
        loss = -(target * np.log(p) + other * np.log(1 - p)).mean()
        grad = (p - target) * np.float32(1 / 100)
        np.subtract(w, rate * (x.T @ grad), w)
        np.subtract(b, rate * grad.sum(), b)
        return loss

    return step


def two_layers(_):
    tinytorch.manual_seed(0)
    n, d_in, hidden, d_out = steps.SIZES
    x, target = tinytorch.randn(n, d_in).numpy(), tinytorch.randn(n, d_out).numpy()
    w1, w2 = tinytorch.randn(d_in, hidden).numpy(), tinytorch.randn(hidden, d_out).numpy()
    rate = np.float32(1e-6)

    def step():
        h = np.maximum(x @ w1, 0)
        difference = h @ w2 - target
        loss = np.square(difference).sum()
        grad = 2 * difference
        grad_h = grad @ w2.T
        grad_h[h <= 0] = 0
        np.subtract(w2, rate * (h.T @ grad), w2)
        np.subtract(w1, rate * (x.T @ grad_h), w1)
        return loss

    return step


BY_HAND = {
    "linear_regression": (linear_regression, 0),
    "logistic_regression": (logistic_regression, 0.1),
    "logistic_regression_bce": (logistic_regression, 1.0),
    "two_layers": (two_layers, 0),
}


def by_hand(name):
    if name not in BY_HAND:
        return None
    make, rate = BY_HAND[name]
    return lambda: make(rate)


QUESTIONS = [
    Question(
        "steps", make.__name__, list, public=make, numpy=by_hand(make.__name__),
        reach={"PyTorch": 0.8}, prepare=True, calls=3, rtol=1e-3,
    )
    for make in steps.STEPS
]  # fmt: skip


@asked(QUESTIONS)
def test_steps(answer, benchmark):
    answer(benchmark)
