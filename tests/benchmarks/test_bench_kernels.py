"""What does a kernel win on small arrays? Each against its NumPy twin and PyTorch.

    python -m pytest tests/benchmarks --benchmark-enable --benchmark-group-by=group

(4, 3) shows what a call costs, (64, 1000) what the loop does.
"""

import numpy as np

from tests.benchmarks.questions import Question, asked, between_0_and_1, integers, numbers, sized

SHAPES = [(4, 3), (100, 1), (64, 10), (64, 1000)]


def classes(shape):
    return integers(shape[1], shape[0])


def log_p(shape):
    x = numbers(shape, 1)
    return (x - np.log(np.exp(x).sum(1, keepdims=True))).astype(np.float32)


def one(shape):
    return np.asarray(1 / np.prod(shape), np.float32)


def rows_to_add(shape):
    """A table of 100 rows, and so many indices into it and rows to add as the shape says"""
    return [numbers((100, shape[1])), 0, integers(100, shape[0]), numbers(shape, 1)]


def numbers_to_add(shape):
    return [numbers((100, shape[1])), 0, integers(100, shape), numbers(shape, 1)]


def adam(torch, p, g, m, v, _, step, lr, beta1, beta2, eps):
    """The update as PyTorch's optimizer spells it for one parameter"""
    m.lerp_(g, 1 - beta1)
    v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    p.addcdiv_(m, (v.sqrt() / (1 - beta2**step) ** 0.5).add_(eps), value=-lr / (1 - beta1**step))


def momentum(torch, p, g, buffer, lr, momentum, dampening):
    buffer.mul_(momentum).add_(g, alpha=1 - dampening)
    p.add_(buffer, alpha=-lr)


# kernel, arguments for a shape, the same in PyTorch, the arguments that are written
TABLE = [
    ("softmax.softmax", lambda s: [numbers(s)], lambda torch, x: torch.softmax(x, 1)),
    ("softmax.log_softmax", lambda s: [numbers(s)], lambda torch, x: torch.log_softmax(x, 1)),
    (
        "softmax.softmax_backward", lambda s: [numbers(s), np.exp(log_p(s))],
        lambda torch, g, y: torch.ops.aten._softmax_backward_data(g, y, 1, y.dtype),
    ),
    (
        "softmax.log_softmax_backward", lambda s: [numbers(s), log_p(s)],
        lambda torch, g, y: torch.ops.aten._log_softmax_backward_data(g, y, 1, y.dtype),
    ),
    ("softmax.cross_entropy", lambda s: [numbers(s), classes(s)], None),
    ("softmax.cross_entropy_backward", lambda s: [one(s), np.exp(log_p(s)), classes(s)], None),
    (
        "loss.bce_with_logits", lambda s: [numbers(s), between_0_and_1(s)],
        lambda torch, x, t: torch.nn.functional.binary_cross_entropy_with_logits(x, t, reduction="none"),
    ),
    ("loss.bce_with_logits_backward", lambda s: [one(s), numbers(s), between_0_and_1(s)], None),
    (
        "loss.mse", lambda s: [numbers(s), numbers(s, 1)],
        lambda torch, x, t: torch.nn.functional.mse_loss(x, t, reduction="none"),
    ),
    (
        "loss.mse_backward", lambda s: [one(s), numbers(s), numbers(s, 1)],
        lambda torch, g, x, t: torch.ops.aten.mse_loss_backward(g, x, t, 2),
    ),
    (
        "elementwise.add_scaled", lambda s: [numbers(s), -1e-3, numbers(s, 1)],
        lambda torch, y, alpha, x: y.add_(x, alpha=alpha), (0,),
    ),
    ("elementwise.sigmoid", lambda s: [numbers(s)], lambda torch, x: torch.sigmoid(x)),
    (
        "elementwise.sigmoid_backward", lambda s: [numbers(s), between_0_and_1(s)],
        lambda torch, g, y: torch.ops.aten.sigmoid_backward(g, y),
    ),
    ("reduce.sum", lambda s: [numbers(s)], lambda torch, x: x.sum()),
    ("reduce.sum", lambda s: [numbers(s), 0], lambda torch, x, axis: x.sum(axis)),
    ("reduce.sum", lambda s: [numbers(s), 1], lambda torch, x, axis: x.sum(axis)),
    ("reduce.mean", lambda s: [numbers(s)], lambda torch, x: x.mean()),
    (
        "reduce.var_mean", lambda s: [numbers(s), 0, 0],
        lambda torch, x, axis, correction: torch.var_mean(x, axis, correction=correction),
    ),
    (
        "reduce.var_mean", lambda s: [numbers(s), 1, 0],
        lambda torch, x, axis, correction: torch.var_mean(x, axis, correction=correction),
    ),
    ("softmax.logsumexp", lambda s: [numbers(s), 0], lambda torch, x, axis: x.logsumexp(axis)),
    ("softmax.logsumexp", lambda s: [numbers(s), 1], lambda torch, x, axis: x.logsumexp(axis)),
    ("cumulative.cumsum", lambda s: [numbers(s), 0], lambda torch, x, axis: x.cumsum(axis)),
    ("cumulative.cumsum", lambda s: [numbers(s), 1], lambda torch, x, axis: x.cumsum(axis)),
    ("cumulative.cumprod", lambda s: [numbers(s), 1], lambda torch, x, axis: x.cumprod(axis)),
    ("extrema.amax", lambda s: [numbers(s)], lambda torch, x: x.amax()),
    ("extrema.argmax", lambda s: [numbers(s), 0], lambda torch, x, axis: x.argmax(axis)),
    ("extrema.argmax", lambda s: [numbers(s), 1], lambda torch, x, axis: x.argmax(axis)),
    ("extrema.amin", lambda s: [numbers(s), 0], lambda torch, x, axis: x.amin(axis)),
    ("extrema.max_with_indices", lambda s: [numbers(s), 0], lambda torch, x, axis: torch.max(x, axis)),
    ("extrema.max_with_indices", lambda s: [numbers(s), 1], lambda torch, x, axis: torch.max(x, axis)),
    ("extrema.min_with_indices", lambda s: [numbers(s), 1], lambda torch, x, axis: torch.min(x, axis)),
    (
        "scatter.index_add", rows_to_add,
        lambda torch, out, axis, index, x: out.index_add_(axis, index, x), (0,),
    ),
    (
        "scatter.scatter_add", numbers_to_add,
        lambda torch, out, axis, index, x: out.scatter_add_(axis, index, x), (0,),
    ),
    (
        "optimizer.sgd_step", lambda s: [numbers(s), numbers(s, 1), None, 1e-3],
        lambda torch, p, g, _, lr: p.add_(g, alpha=-lr), (0,),
    ),
    (
        "optimizer.sgd_step", lambda s: [numbers(s), numbers(s, 1), numbers(s, 2), 1e-3, 0.9, 0.1], momentum, (0, 2),
    ),
    (
        "optimizer.adam_step",
        lambda s: [numbers(s), numbers(s, 1), numbers(s, 2), between_0_and_1(s), None, 3, 1e-3, 0.9, 0.999, 1e-8],
        adam, (0, 2, 3),
    ),
]  # fmt: skip


def question(kernel, arguments, torch=None, written=(), shape=None):
    plain = [str(x) for x in arguments(shape) if not isinstance(x, np.ndarray)]
    return Question(
        "kernels", f"{kernel}({', '.join(['...', *plain])}) {sized(shape)}", lambda: arguments(shape),
        kernel=kernel, torch=torch, written=written, reach={"twin": 1},
    )  # fmt: skip


QUESTIONS = [question(*line, shape=shape) for line in TABLE for shape in SHAPES]


@asked(QUESTIONS)
def test_kernels(answer, benchmark):
    answer(benchmark)
