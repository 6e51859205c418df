"""What does a kernel win? Each against its NumPy twin, and against PyTorch where that is installed, on one thread.

    python -m pytest tests/benchmarks --benchmark-enable --benchmark-group-by=group

A group is one question: one computation on one size. (4, 3) shows what a call costs, (64, 1000) what the loop does.
Results are compared before anything is timed, and the ordinary suite runs each benchmark once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from tinytorch.kernels import threads

SHAPES = [(4, 3), (100, 1), (64, 10), (64, 1000)]


def numbers(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def between_0_and_1(shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def classes(shape):
    return np.random.default_rng(0).integers(0, shape[1], shape[0])


@dataclass
class Question:
    """One function of a family, its arguments for a shape, and the same computation in PyTorch"""

    family: str
    name: str
    arguments: Callable[[tuple], list]
    torch: Callable[..., Any] | None = None
    shapes: Any = None
    written: tuple = ()  # the arguments that are written in place

    def call(self, who, arguments):
        """The computation as a function without arguments"""
        if who == "torch":
            torch = pytest.importorskip("torch")
            tensors = [torch.from_numpy(x) if isinstance(x, np.ndarray) else x for x in arguments]
            return lambda: self.torch(torch, *tensors)
        if who == "kernel":
            family = pytest.importorskip(f"tinytorch._ext.{self.family}", reason="the kernels are not built")
        else:
            family = import_module(f"tinytorch.kernels.{self.family}")
        function = getattr(family, self.name)
        return lambda: function(*arguments)

    def outcome(self, who, arguments):
        """What one call returns or leaves in the arguments that it writes"""
        result = self.call(who, arguments)()
        if self.written:
            return [arguments[i] for i in self.written]
        return [np.asarray(x) for x in (result if isinstance(result, (tuple, list)) else [result])]


def adam(torch, p, g, m, v, _, step, lr, beta1, beta2, eps):
    """The update as PyTorch's optimizer spells it for one parameter"""
    m.lerp_(g, 1 - beta1)
    v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    p.addcdiv_(m, (v.sqrt() / (1 - beta2**step) ** 0.5).add_(eps), value=-lr / (1 - beta1**step))


def momentum(torch, p, g, buffer, lr, momentum, dampening):
    buffer.mul_(momentum).add_(g, alpha=1 - dampening)
    p.add_(buffer, alpha=-lr)


def log_p(shape):
    x = numbers(shape, 1)
    return (x - np.log(np.exp(x).sum(1, keepdims=True))).astype(np.float32)


def one(shape):
    return np.asarray(1 / np.prod(shape), np.float32)


def rows_to_add(shape):
    """A table of 100 rows, and so many indices into it and rows to add as the shape says"""
    index = np.random.default_rng(0).integers(0, 100, shape[0])
    return [numbers((100, shape[1])), 0, index, numbers(shape, 1)]


def numbers_to_add(shape):
    index = np.random.default_rng(0).integers(0, 100, shape)
    return [numbers((100, shape[1])), 0, index, numbers(shape, 1)]


def factors(shape):
    """Shapes of a product's operands: (m, k, n)"""
    return [numbers(shape[:2]), numbers(shape[1:], 1)]


def reduction(name, torch, *arguments):
    return Question("reduce", name, lambda shape: [numbers(shape), *arguments], torch)


QUESTIONS = [
    Question("softmax", "softmax", lambda s: [numbers(s)], lambda torch, x: torch.softmax(x, 1)),
    Question("softmax", "log_softmax", lambda s: [numbers(s)], lambda torch, x: torch.log_softmax(x, 1)),
    Question(
        "softmax", "softmax_backward", lambda s: [numbers(s), np.exp(log_p(s))],
        lambda torch, g, y: torch.ops.aten._softmax_backward_data(g, y, 1, y.dtype),
    ),
    Question(
        "softmax", "log_softmax_backward", lambda s: [numbers(s), log_p(s)],
        lambda torch, g, y: torch.ops.aten._log_softmax_backward_data(g, y, 1, y.dtype),
    ),
    Question("softmax", "cross_entropy", lambda s: [numbers(s), classes(s)]),
    Question("softmax", "cross_entropy_backward", lambda s: [one(s), np.exp(log_p(s)), classes(s)]),
    Question(
        "loss", "bce_with_logits", lambda s: [numbers(s), between_0_and_1(s)],
        lambda torch, x, t: torch.nn.functional.binary_cross_entropy_with_logits(x, t, reduction="none"),
    ),
    Question("loss", "bce_with_logits_backward", lambda s: [one(s), numbers(s), between_0_and_1(s)]),
    Question(
        "loss", "mse", lambda s: [numbers(s), numbers(s, 1)],
        lambda torch, x, t: torch.nn.functional.mse_loss(x, t, reduction="none"),
    ),
    Question(
        "loss", "mse_backward", lambda s: [one(s), numbers(s), numbers(s, 1)],
        lambda torch, g, x, t: torch.ops.aten.mse_loss_backward(g, x, t, 2),
    ),
    Question(
        "elementwise", "add_scaled", lambda s: [numbers(s), -1e-3, numbers(s, 1)],
        lambda torch, y, alpha, x: y.add_(x, alpha=alpha), written=(0,),
    ),
    Question("elementwise", "sigmoid", lambda s: [numbers(s)], lambda torch, x: torch.sigmoid(x)),
    Question(
        "elementwise", "sigmoid_backward", lambda s: [numbers(s), between_0_and_1(s)],
        lambda torch, g, y: torch.ops.aten.sigmoid_backward(g, y),
    ),
    reduction("sum", lambda torch, x: x.sum()),
    reduction("sum", lambda torch, x, axis: x.sum(axis), 0),
    reduction("sum", lambda torch, x, axis: x.sum(axis), 1),
    reduction("mean", lambda torch, x: x.mean()),
    reduction("var_mean", lambda torch, x, axis, correction: torch.var_mean(x, axis, correction=correction), 0, 0),
    reduction("var_mean", lambda torch, x, axis, correction: torch.var_mean(x, axis, correction=correction), 1, 0),
    reduction("amax", lambda torch, x: x.amax()),
    reduction("amin", lambda torch, x, axis: x.amin(axis), 0),
    reduction("max_with_indices", lambda torch, x, axis: torch.max(x, axis), 0),
    reduction("max_with_indices", lambda torch, x, axis: torch.max(x, axis), 1),
    reduction("min_with_indices", lambda torch, x, axis: torch.min(x, axis), 1),
    Question(
        "scatter", "index_add", rows_to_add,
        lambda torch, out, axis, index, x: out.index_add_(axis, index, x), written=(0,),
    ),
    Question(
        "scatter", "scatter_add", numbers_to_add,
        lambda torch, out, axis, index, x: out.scatter_add_(axis, index, x), written=(0,),
    ),
    Question(
        "matmul", "matmul", factors, lambda torch, a, b: a @ b,
        shapes=[(4, 3, 3), (15, 1, 1), (100, 2, 1), (2, 100, 1), (8, 8, 8), (64, 100, 10)],
    ),
    Question(
        "optimizer", "sgd_step", lambda s: [numbers(s), numbers(s, 1), None, 1e-3],
        lambda torch, p, g, _, lr: p.add_(g, alpha=-lr), written=(0,),
    ),
    Question(
        "optimizer", "sgd_step", lambda s: [numbers(s), numbers(s, 1), numbers(s, 2), 1e-3, 0.9, 0.1],
        momentum, written=(0, 2),
    ),
    Question(
        "optimizer", "adam_step",
        lambda s: [numbers(s), numbers(s, 1), numbers(s, 2), between_0_and_1(s), None, 3, 1e-3, 0.9, 0.999, 1e-8],
        adam, written=(0, 2, 3),
    ),
]  # fmt: skip

ROWS = []
for question in QUESTIONS:
    for shape in question.shapes or SHAPES:
        plain = [str(x) for x in question.arguments(shape) if not isinstance(x, np.ndarray)]
        group = f"{question.name}({', '.join(['...', *plain])}) {shape}"
        for who in ["kernel", "twin"] + (["torch"] if question.torch else []):
            marks = pytest.mark.torch if who == "torch" else ()
            ROWS.append(pytest.param(question, shape, who, group, id=f"{who}: {group}", marks=marks))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = threads.get_num_threads()
    threads.set_num_threads(1)  # tests/conftest.py does the same for PyTorch
    with np.errstate(all="ignore"):
        yield
    threads.set_num_threads(before)


@pytest.mark.parametrize("question, shape, who, group", ROWS)
def test_kernels(benchmark, question, shape, who, group):
    actual = question.outcome(who, question.arguments(shape))
    expected = question.outcome("twin", question.arguments(shape))
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    benchmark.group = group
    benchmark(question.call(who, question.arguments(shape)))
