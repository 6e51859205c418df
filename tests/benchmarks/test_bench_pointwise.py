"""Do elementwise operations on large tensors use what the machine has, forward and backward?"""

import functools

import numpy as np

from tests.benchmarks.questions import Question, asked, numbers

SIZES = {"1M": 2**20, "16M": 2**24}
ROOT_HALF = np.float32(0.5**0.5)


def gelu(x):
    """x P(N <= x) with the error function of SciPy"""
    from scipy.special import erf

    return x * (1 + erf(x * ROOT_HALF)) / 2


# name: (number of operands, in both libraries, in NumPy)
OPERATIONS = {
    "add": (2, lambda torch, a, b: a + b, np.add),
    "mul": (2, lambda torch, a, b: a * b, np.multiply),
    "exp": (1, lambda torch, x: torch.exp(x), np.exp),
    "tanh": (1, lambda torch, x: torch.tanh(x), np.tanh),
    "sigmoid": (1, lambda torch, x: torch.sigmoid(x), lambda x: 1 / (1 + np.exp(-x))),
    "relu": (1, lambda torch, x: torch.relu(x), lambda x: np.maximum(x, 0)),
    "gelu": (1, lambda torch, x: torch.nn.functional.gelu(x), gelu),
    "where": (2, lambda torch, a, b: torch.where(a > 0, a, b), lambda a, b: np.where(a > 0, a, b)),
}


@functools.lru_cache(maxsize=2)
def many(n, seed):
    """Normal numbers, the same ones again and again"""
    return np.resize(numbers(min(n, 999_983), seed), n)


def operands(name, count):
    return lambda: [many(SIZES[count], seed) for seed in range(OPERATIONS[name][0])]


def forward(name, count):
    _, both, numpy = OPERATIONS[name]
    return Question(
        "elementwise", f"{name} of {count}", operands(name, count), public=both, numpy=numpy,
        reach={"PyTorch": 1.1}, large=count == "16M",
    )  # fmt: skip


def backward(name, count):
    _, both, _ = OPERATIONS[name]

    def prepare(torch, *tensors):
        for x in tensors:
            x.requires_grad_()
        y = both(torch, *tensors)
        grad = torch.ones_like(y) * 0.5
        return lambda: torch.autograd.grad(y, tensors, grad, retain_graph=True)

    return Question(
        "elementwise", f"{name} of {count}, backward", operands(name, count), public=prepare,
        reach={"PyTorch": 1.1}, prepare=True, large=count == "16M",
    )  # fmt: skip


QUESTIONS = [make(name, count) for count in SIZES for name in OPERATIONS for make in (forward, backward)]


@asked(QUESTIONS)
def test_pointwise(answer, benchmark):
    answer(benchmark)
