"""Several operations in one pass: losses with their gradients, and layer normalization.

python -m pytest tests/benchmarks/test_bench_fused.py --benchmark-enable --benchmark-group-by=group
"""

import numpy as np

from tests.benchmarks.questions import Question, asked, between_0_and_1, integers, numbers, sized

SHAPES = [(4, 3), (64, 10), (64, 1000), (1000, 1000)]
LOSSES = ["mse_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits"]


def value(name, **options):
    return lambda lib, x, target: getattr(lib.nn.functional, name)(x, target, **options)


def slope(name, **options):
    """The loss and the gradient of x, as a training step computes them"""

    def prepare(lib, x, target):
        x = x.clone().requires_grad_()

        def step():
            x.grad = None
            getattr(lib.nn.functional, name)(x, target, **options).backward()
            return x.grad

        return step

    return prepare


def losses():
    for shape in SHAPES:
        large = shape == (1000, 1000)

        def of_numbers(shape=shape):
            return [numbers(shape), between_0_and_1(shape, 1)]

        def of_classes(shape=shape):
            return [numbers(shape), integers(shape[1], shape[0])]

        table = [(name, of_numbers, {}) for name in LOSSES] + [("cross_entropy", of_classes, {})]
        if shape == (64, 10):
            table += [("cross_entropy", of_classes, {key: 1}) for key in ("ignore_index",)]
            table += [("cross_entropy", of_classes, {"reduction": "sum"})]
        for name, arguments, options in table:
            shown = f"{name}{options or ''}, {sized(shape)}"
            yield Question(
                "losses", shown, arguments, public=value(name, **options), large=large, reach={"PyTorch": 1},
            )  # fmt: skip
            yield Question(
                "losses with gradient", shown, arguments, public=slope(name, **options), prepare=True, large=large,
                reach={"PyTorch": 1},
            )  # fmt: skip


def with_weights(shape):
    return [numbers(shape), numbers(shape[1], 1), numbers(shape[1], 2)]


def normalize(lib, x, weight, bias):
    return lib.nn.functional.layer_norm(x, (x.shape[1],), weight, bias)


def normalize_and_back(lib, x, weight, bias):
    leaves = [each.clone().requires_grad_() for each in (x, weight, bias)]
    grad = x.flip(0)

    def step():
        for leaf in leaves:
            leaf.grad = None
        normalize(lib, *leaves).backward(grad)
        return [leaf.grad for leaf in leaves]

    return step


def by_hand(x, weight, bias):
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) * weight + bias


def normalization():
    for shape in [*SHAPES, (4096, 256)]:
        large = np.prod(shape) > 100_000

        def arguments(shape=shape):
            return with_weights(shape)

        yield Question(
            "layer norm", f"forward, {sized(shape)}", arguments, public=normalize, numpy=by_hand, large=large,
            atol=1e-4, reach={"NumPy": 1, "PyTorch": 1},
        )  # fmt: skip
        yield Question(
            "layer norm", f"with gradients, {sized(shape)}", arguments, public=normalize_and_back, prepare=True,
            large=large, atol=1e-3, reach={"PyTorch": 1},
        )  # fmt: skip


def kernels():
    """Kernels beside their twins"""
    for shape in SHAPES:
        large, total = shape == (1000, 1000), np.asarray(1 / np.prod(shape), np.float32)

        def pair(shape=shape):
            return [numbers(shape), numbers(shape, 1)]

        for kernel, arguments in [
            ("loss.smooth_l1", lambda pair=pair: [*pair(), 1.0]),
            ("loss.smooth_l1_backward", lambda pair=pair, one=total: [one, *pair(), 1.0]),
            ("loss.huber", lambda pair=pair: [*pair(), 1.0]),
            ("loss.huber_backward", lambda pair=pair, one=total: [one, *pair(), 1.0]),
            ("nll.nll", lambda s=shape: [numbers(s), integers(s[1], s[0])]),
            ("nll.nll_sum", lambda s=shape: [numbers(s), integers(s[1], s[0])]),
            ("nll.nll_backward", lambda s=shape, one=total: [one, s, integers(s[1], s[0])]),
            ("normalization.layer_norm", lambda s=shape: [numbers(s), 1, numbers(s[1], 1), numbers(s[1], 2)]),
            (
                "normalization.layer_norm_backward",
                lambda s=shape: [
                    numbers(s, 3), numbers(s), 1, numbers((s[0], 1), 4), between_0_and_1((s[0], 1), 5),
                    numbers(s[1], 1),
                ],
            ),
        ]:  # fmt: skip
            yield Question(
                "fused kernels", f"{kernel} {sized(shape)}", arguments, kernel=kernel, large=large, atol=1e-3,
                reach={"twin": 1},
            )  # fmt: skip


QUESTIONS = [*losses(), *normalization(), *kernels()]


@asked(QUESTIONS)
def test_fused(answer, benchmark):
    answer(benchmark)
