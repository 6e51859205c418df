"""Steps of the optimizers on the device, beside their twins; how many launches they are."""

import numpy as np
import pytest

import tinytorch as tt
from tests.kernels_gpu.beside_twin import FLOATS, check, draw, every_other, transposed
from tests.places import PLACE
from tinytorch import kernels
from tinytorch.device import put

dtypes = pytest.mark.parametrize("dtype", [*FLOATS, np.dtype(np.float16)], ids=str)
SHAPES = [(), (3, 4), (0,), (9000,), (1,)]


def like(p, seed):
    """Numbers that lie as those of p do."""
    x = p.copy(order="K")
    x[...] = draw(p.shape, p.dtype, seed)
    return x


SGD = [
    {"lr": 0.1},
    {"lr": 0.1, "weight_decay": 0.01, "maximize": True},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
]
ADAM = [
    {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.1, "decoupled": True},
    {"lr": 0.01, "beta1": 0.4, "beta2": 0.5, "eps": 1e-3, "weight_decay": 0.1, "maximize": True},
]


@dtypes
@pytest.mark.parametrize("options", SGD)
def test_sgd(options, dtype):
    steps = []
    for i, shape in enumerate(SHAPES):
        p = draw(shape, dtype, i)
        steps.append((p, like(p, 10 + i), like(p, 20 + i) if "momentum" in options else None, i == 1))
    check("optimizer", "sgd_steps", steps, **options, ulps=4, scale=4)
    param, grad, buffer, first = steps[1]
    check("optimizer", "sgd_step", param, grad, buffer, first=first, **options, ulps=4, scale=4)


@dtypes
@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("options", ADAM)
def test_adam(options, amsgrad, dtype):
    steps = []
    for i, shape in enumerate(SHAPES):
        p = draw(shape, dtype, i)
        m, v, w = (np.abs(like(p, seed + i)) + dtype.type(0.01) for seed in (20, 30, 40))
        states = tuple(np.asarray(x, dtype) for x in (m, v, w))
        steps.append((p, like(p, 10 + i), states[0], states[1], states[2] if amsgrad else None, 1.0 + i))
    check("optimizer", "adam_steps", steps, **options, ulps=8, scale=4)
    check("optimizer", "adam_step", *steps[1], **options, ulps=8, scale=4)


@pytest.mark.parametrize("layout", [transposed, every_other, np.ascontiguousarray])
def test_arrays_that_do_not_lie_alike(layout):
    p = layout(draw((3, 4), np.float32))
    for other in (p, np.ascontiguousarray(p)):
        check("optimizer", "sgd_step", p.copy(order="K"), like(other, 1), like(p, 2), 0.1, 0.9, scale=4)
        check("optimizer", "sgd_step", p, like(other, 1), None, 0.1, scale=4)


def test_complex_numbers_and_mixed_dtypes():
    p = draw((5,), np.complex64)
    steps = [(p, p * 2, None, False), (draw((3,), np.float32), draw((3,), np.float32, 1), None, False)]
    check("optimizer", "sgd_steps", steps, 0.1, scale=4)
    m, v = (np.abs(x) + np.float32(0.1) + 0j for x in (draw((5,)), draw((5,), seed=1)))
    check(
        "optimizer",
        "adam_step",
        p,
        p * 2,
        m.astype(p.dtype),
        v.astype(p.dtype),
        None,
        2.0,
        *[0.1, 0.9, 0.99, 1e-8],
        scale=4,
    )


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError):
        check("optimizer", "sgd_step", draw((3,)), draw((4,)), None, 0.1)


@pytest.mark.parametrize("layout", [np.ascontiguousarray, every_other])
def test_a_step_that_only_the_device_knows(layout):
    p = layout(draw((3, 4), np.float32))
    states = [np.ascontiguousarray(np.abs(like(p, seed)) + np.float32(0.1)) for seed in (1, 2)]
    step = np.asarray(3, np.float32)
    check("optimizer", "adam_steps", [(p, like(p, 3), *states, None, step)], 0.1, 0.9, 0.99, 1e-8, scale=4, ulps=8)


def test_capturable_adam_takes_the_same_steps():
    made = []
    for capturable in (False, True):
        p = tt.ones(5, device="cuda", requires_grad=True)
        optimizer = tt.optim.Adam([p], lr=0.1, capturable=capturable)
        for i in range(3):
            p.grad = tt.full((5,), 0.5 * (i + 1), device="cuda")
            optimizer.step()
        assert optimizer.state[p]["step"].item() == 3
        assert optimizer.state[p]["step"].is_cuda == capturable
        made.append(p.tolist())
    np.testing.assert_allclose(*made, rtol=1e-6)
    here_ = tt.ones(5, requires_grad=True)
    here_.grad = tt.ones(5)
    with pytest.raises(AssertionError, match="If capturable=True, params and state_steps must be on supported devices"):
        tt.optim.Adam([here_], capturable=True).step()


def test_more_parameters_than_a_table_holds():
    steps = [(draw((2,), np.float32, i), draw((2,), np.float32, 100 + i), None, False) for i in range(100)]
    check("optimizer", "sgd_steps", steps, 0.1, scale=4)


def launches(optimizer):
    counts = pytest.importorskip("cupy._double", reason="only the double counts launches").counts
    before = counts.launches
    optimizer.step()
    return counts.launches - before


@pytest.mark.parametrize("make", [lambda p: tt.optim.SGD(p, 0.1, momentum=0.9), tt.optim.Adam, tt.optim.AdamW])
def test_one_launch_for_all_parameters(make):
    params = [tt.ones(n + 1, device="cuda", requires_grad=True) for n in range(20)]
    for p in params:
        p.grad = tt.ones_like(p)
    optimizer = make(params)
    optimizer.step()  # makes the states
    assert launches(optimizer) == 1


def test_parameters_here_and_there():
    steps = [(np.ones(2), np.ones(2), None, False), (put(np.ones(2), PLACE), put(np.ones(2), PLACE), None, False)]
    for order in (steps, steps[::-1]):
        kernels.optimizer.sgd_steps(order, 0.25)
    assert steps[0][0].tolist() == steps[1][0].tolist() == [0.5, 0.5]
