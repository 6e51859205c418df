"""What does a step of an optimizer cost? Gradients are given, parameters change: four tensors, small, middling, large.

    python -m pytest tests/benchmarks/test_bench_optimizer.py --benchmark-enable --benchmark-group-by=group

In PyTorch the call itself, with its hooks, groups and profiling marks, takes 20 to 100 us for such a net.
"""

import numpy as np

from tests.benchmarks.questions import Question, asked, between_0_and_1, numbers, sized

NETS = {
    "logistic regression": [(2, 1), (1,)],
    "two small layers": [(100, 10), (10,), (10, 3), (3,)],
    "64 x 1000 -> 100 -> 10": [(100, 1000), (100,), (10, 100), (10,)],
    "two layers of 1000": [(1000, 1000), (1000,), (1000, 1000), (1000,)],
}
OPTIMIZERS = {
    "SGD": ("SGD", {"lr": 1e-3}),
    "SGD with momentum": ("SGD", {"lr": 1e-3, "momentum": 0.9}),
    "Adam": ("Adam", {"lr": 1e-3}),
    "AdamW": ("AdamW", {"lr": 1e-3, "weight_decay": 0.01}),
}


def stepping(name, options):
    """One step, which returns the first parameter; the first half of the tensors are parameters, then come gradients"""

    def prepare(lib, *tensors):
        parameters = [lib.nn.Parameter(each.clone()) for each in tensors[: len(tensors) // 2]]
        for parameter, gradient in zip(parameters, tensors[len(tensors) // 2 :]):
            parameter.grad = gradient.clone()
        optimizer = getattr(lib.optim, name)(parameters, **options)

        def step():
            optimizer.step()
            return parameters[0]

        return step

    return prepare


def zeroing(lib, *tensors):
    parameters = [lib.nn.Parameter(each) for each in tensors]
    optimizer = lib.optim.SGD(parameters, lr=1.0)

    def zero():
        for parameter in parameters:
            parameter.grad = parameter.detach()
        optimizer.zero_grad()
        return parameters[0]

    return zero


STEPS = [
    Question(
        "optimizer", f"{title}, {net}",
        lambda sizes=sizes: [numbers(size, seed) for seed, size in enumerate([*sizes, *sizes])],
        public=stepping(name, options), prepare=True, calls=3, large="layers of 1000" in net,
        reach={"PyTorch": 1 if "layers of 1000" in net else 0.5},
    )
    for title, (name, options) in OPTIMIZERS.items()
    for net, sizes in NETS.items()
]  # fmt: skip
ZERO = Question(
    "optimizer", "zero_grad, two small layers", lambda: [numbers(size) for size in NETS["two small layers"]],
    public=zeroing, prepare=True, reach={"PyTorch": 0.5},
)  # fmt: skip
KERNELS = [
    Question(
        "optimizer kernels", f"{kernel} {sized(shape)}", arguments, kernel=f"optimizer.{kernel}", written=written,
        large=shape == (1000, 1000), reach={"twin": 1},
    )
    for shape in [(10, 3), (100, 1000), (1000, 1000)]
    for kernel, arguments, written in [
        ("sgd_step", lambda s=shape: [numbers(s), numbers(s, 1), numbers(s, 2), 1e-3, 0.9], (0, 2)),
        (
            "adam_step",
            lambda s=shape: [
                numbers(s), numbers(s, 1), numbers(s, 2), between_0_and_1(s), None, 3, 1e-3, 0.9, 0.999, 1e-8,
            ],
            (0, 2, 3),
        ),
    ]
]  # fmt: skip
QUESTIONS = [*STEPS, ZERO, *KERNELS]


@asked(QUESTIONS)
def test_optimizer(answer, benchmark):
    answer(benchmark)


def test_the_nets_are_not_empty():
    """A step changes every parameter that is compared."""
    for question in STEPS:
        if not question.large:
            assert not np.array_equal(question.outcome("tinytorch")[0], question.arguments()[0])
