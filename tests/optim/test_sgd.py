"""SGD walks PyTorch's way: 500 steps of the two-layer net, every option; errors, dtypes, odd layouts."""

import pytest

from tests.autograd.stories import failure, story
from tests.optim.trajectories import assert_same_way, assert_same_way_in

OPTIONS = [
    {"lr": 1e-6},
    {"lr": 1e-7, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
    {"lr": 1e-7, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"lr": 1e-9, "momentum": 0.5, "maximize": True, "weight_decay": 0.1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_500_steps(options):
    assert_same_way("SGD", **options)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "complex64", "complex128"])
@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, {"maximize": True}])
def test_dtypes(dtype, options):
    assert_same_way_in(dtype, "SGD", lr=0.01, **options)


@story
def test_refused(lib):
    params = [lib.ones(2, requires_grad=True)]
    for options in (
        {"lr": -1}, {"momentum": -0.5}, {"weight_decay": -1}, {"nesterov": True}, {"lr": "a"}, {"beta": 1},
        {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, {"fused": True, "foreach": True},
        {"fused": True, "differentiable": True}, {"lr": None},
    ):  # fmt: skip
        found = failure(lib.optim.SGD, params, **options)
        yield options, found if "beta" not in options else found[0]
    yield failure(lib.optim.SGD, params, 0.1, 0, 0, 0, False, True)[0]
    params[0].grad = lib.ones(2)
    yield failure(lib.optim.SGD(params, differentiable=True).step)


@pytest.mark.parametrize("options", [{"foreach": True}, {"foreach": False}, {"fused": True}, {"differentiable": False}])
@story
def test_ways_of_computing(lib, options):
    p = lib.tensor([1.0, 2.0], requires_grad=True)
    optimizer = lib.optim.SGD([p], lr=0.1, momentum=0.9, **options)
    yield repr(optimizer)
    for _ in range(3):
        optimizer.zero_grad()
        (p**3).sum().backward()
        optimizer.step()
    yield p, optimizer.state_dict()


@story
def test_layouts(lib):
    whole = lib.arange(24.0, dtype=lib.float64).view(4, 6)
    params = [whole.t().clone().t(), whole[::2, 1::2], whole[0], lib.tensor(3.0, dtype=lib.float64), lib.zeros(0, 3)]
    params = [p.detach().requires_grad_() for p in params]
    optimizer = lib.optim.SGD(params, lr=0.01, momentum=0.9, weight_decay=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        sum((p.t() ** 2 if p.ndim == 2 else p**2).sum() for p in params).backward()
        optimizer.step()
    yield params, whole, [b["momentum_buffer"] for b in optimizer.state.values()]


@story
def test_momentum_starts_when_it_is_switched_on(lib):
    p = lib.tensor([1.0, 2.0], requires_grad=True)
    optimizer = lib.optim.SGD([p], lr=0.1)
    p.grad = lib.ones(2)
    optimizer.step()
    yield p, optimizer.state_dict()
    optimizer.param_groups[0]["momentum"] = 0.9
    optimizer.step()
    optimizer.step()
    yield p, optimizer.state_dict()["state"]


@story
def test_gradients_stay_as_they_were(lib):
    p = lib.tensor([1.0, 2.0], requires_grad=True)
    for options in (
        {},
        {"weight_decay": 0.1},
        {"momentum": 0.9},
        {"maximize": True, "nesterov": True, "momentum": 0.5},
    ):
        p.grad = lib.tensor([3.0, 4.0])
        optimizer = lib.optim.SGD([p], lr=0.1, **options)
        optimizer.step()
        optimizer.step()
        yield p.grad, p
