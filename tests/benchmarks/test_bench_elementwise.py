"""What do the elementwise kernels win over NumPy, on (4, 3), where a call costs, and on larger arrays?"""

import numpy as np

from tests.benchmarks.questions import Question, asked, between_0_and_1, numbers, sized

SHAPES = [(4, 3), (64, 1000), (1024, 1024)]


def row(shape):
    return [numbers(shape), numbers(shape[-1:], 1)]


def one(shape):
    return [numbers(shape)]


def two(shape):
    return [numbers(shape), numbers(shape, 1)]


def gelu(torch, x):
    return torch.nn.functional.gelu(x)


# kernel, arguments for a shape, the same in PyTorch
TABLE = [
    ("arithmetic.add", two, lambda torch, x, y: x + y),
    ("arithmetic.add", row, lambda torch, x, y: x + y),
    ("arithmetic.multiply", lambda s: [numbers(s), 2.5], lambda torch, x, y: x * y),
    ("arithmetic.negative", one, lambda torch, x: -x),
    ("arithmetic.apply", lambda s: [np.tanh, numbers(s)], lambda torch, _, x: torch.tanh(x)),
    ("arithmetic.apply_to_two", lambda s: [np.less, *two(s)], lambda torch, _, x, y: x < y),
    ("where.where", lambda s: [numbers(s, 2) > 0, *two(s)], lambda torch, c, x, y: torch.where(c, x, y)),
    ("where.masked_fill", lambda s: [numbers(s), numbers(s, 2) > 0, 1.0], lambda torch, x, m, y: x.masked_fill_(m, y)),
    ("layout.copy", one, lambda torch, x: x.clone()),
    ("layout.assign", two, lambda torch, x, y: x.copy_(y)),
    ("layout.fill", lambda s: [numbers(s), np.array(2.5, np.float32)], lambda torch, x, y: x.fill_(y)),
    ("elementwise.exp", one, lambda torch, x: torch.exp(x)),
    ("elementwise.log", lambda s: [between_0_and_1(s)], lambda torch, x: torch.log(x)),
    ("elementwise.erf", one, lambda torch, x: torch.erf(x)),
    ("elementwise.gelu", one, gelu),
    ("elementwise.gelu_backward", two, lambda torch, g, x: torch.ops.aten.gelu_backward(g, x)),
    ("elementwise.gelu_tanh", one, lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh")),
    ("elementwise.silu", one, lambda torch, x: torch.nn.functional.silu(x)),
    ("elementwise.silu_backward", two, lambda torch, g, x: torch.ops.aten.silu_backward(g, x)),
    ("elementwise.tanh_backward", two, lambda torch, g, y: torch.ops.aten.tanh_backward(g, y)),
    ("elementwise.relu_backward", two, lambda torch, g, y: torch.ops.aten.threshold_backward(g, y, 0)),
    ("elementwise.clamp", lambda s: [numbers(s), -0.5, 1.0], lambda torch, x, low, high: x.clamp(low, high)),
]  # fmt: skip
WRITTEN = {"where.masked_fill", "layout.assign", "layout.fill"}


def question(kernel, arguments, torch, shape):
    plain = [getattr(x, "__name__", str(x)) for x in arguments(shape) if not isinstance(x, np.ndarray)]
    broadcast = ["row"] if arguments is row else []
    return Question(
        "pointwise kernels", f"{kernel}({', '.join(['...', *broadcast, *plain])}) {sized(shape)}",
        lambda: arguments(shape), kernel=kernel, torch=torch, reach={"twin": 1, "PyTorch": 1.1},
        written=(0,) if kernel in WRITTEN else (),
    )  # fmt: skip


QUESTIONS = [question(*line, shape=shape) for line in TABLE for shape in SHAPES]


@asked(QUESTIONS)
def test_elementwise(answer, benchmark):
    answer(benchmark)
