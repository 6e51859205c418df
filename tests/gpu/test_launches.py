"""How many kernels a training step launches: no more than it did when these numbers were written down."""

import pytest

import tinytorch as tt
from tests.benchmarks import nets, steps

TWO_LAYERS = (64, 1000, 100, 10)


def launched(double, call):
    before = double.launches
    call()
    return double.launches - before


def warm(step):
    for _ in range(2):
        step()
    return step


# what: at most so many launches for a step
STEPS = {
    "two layers by hand": (lambda: steps.two_layers(tt, "cuda"), 19),
    "two layers, nn.Sequential by hand": (lambda: steps.sequential(tt, "cuda"), 22),
    "two layers, SGD": (lambda: two_layers("SGD"), 15),
    "two layers, Adam": (lambda: steps.module_adam(tt, "cuda"), 15),
    "four layers, SGD": (lambda: nets.mlp(tt, 4, [8, 16, 16, 3], "SGD", "cuda"), 25),
    "four layers, Adam": (lambda: nets.mlp(tt, 4, [8, 16, 16, 3], "Adam", "cuda"), 25),
}


def two_layers(optimizer):
    n, d_in, hidden, d_out = TWO_LAYERS
    x, target = tt.randn(n, d_in).cuda(), tt.randn(n, d_out).cuda()
    model = tt.nn.Sequential(tt.nn.Linear(d_in, hidden), tt.nn.ReLU(), tt.nn.Linear(hidden, d_out)).cuda()
    update = getattr(tt.optim, optimizer)(model.parameters(), lr=1e-4)

    def step():
        update.zero_grad()
        tt.nn.functional.mse_loss(model(x), target, reduction="sum").backward()
        update.step()

    return step


@pytest.mark.parametrize("what", STEPS)
def test_a_training_step(double, what):
    make, most = STEPS[what]
    count = launched(double, warm(make()))
    print(f"{what}: {count}")
    assert count <= most
