"""Adam and AdamW walk PyTorch's way: 500 steps of the two-layer net, every option; errors, dtypes, odd layouts."""

import pytest

from tests.autograd.stories import failure, story
from tests.optim.trajectories import assert_same_way, assert_same_way_in
from tests.places import DEVICE

# None of these walks is chaotic. Some are (betas=(0.8, 0.9), say): there PyTorch's own way ends elsewhere when the
# first weights differ in their last bit.
WALKS = [
    ("Adam", {}),
    ("Adam", {"lr": 1e-2, "weight_decay": 0.1}),
    ("Adam", {"amsgrad": True, "betas": (0.95, 0.9999), "eps": 1e-6}),
    ("Adam", {"maximize": True, "lr": 1e-6}),
    ("AdamW", {}),
    ("AdamW", {"lr": 1e-2, "weight_decay": 0.1, "amsgrad": True}),
    ("AdamW", {"maximize": True, "lr": 1e-6, "weight_decay": 1.0}),
]


@pytest.mark.parametrize(("name", "options"), WALKS, ids=str)
def test_500_steps(name, options):
    assert_same_way(name, **options)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "complex64", "complex128"])
@pytest.mark.parametrize("options", [{}, {"amsgrad": True, "weight_decay": 0.1}, {"maximize": True}])
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_dtypes(name, dtype, options):
    assert_same_way_in(dtype, name, lr=0.01, eps=1e-3, **options)


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@story
def test_refused(lib, name):
    params = [lib.ones(2, requires_grad=True)]
    for options in (
        {"lr": -1}, {"eps": -1e-8}, {"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)}, {"betas": (0.9, 1.5)},
        {"weight_decay": -1}, {"lr": float("nan")}, {"betas": (lib.tensor(0.9), lib.tensor(0.9))},
        {"beta": 1}, {"fused": True, "foreach": True}, {"lr": lib.tensor(0.1), "foreach": True}, {"betas": (0.9,)},
        {"fused": True, "differentiable": True}, {"betas": (lib.tensor(0.9), 0.9)}, {"betas": (0, 0.9)},
    ):  # fmt: skip
        found = failure(getattr(lib.optim, name), params, **options)
        yield found if "beta" not in options else found[0]
    params[0].grad = lib.ones(2)
    for options in ({"capturable": True}, {"differentiable": True}):
        optimizer = getattr(lib.optim, name)(params, foreach=False, **options)
        yield failure(optimizer.step)
        if "capturable" in options and DEVICE == "cpu":  # on a GPU it is capturable
            yield failure(lib.no_grad()(optimizer.step))[0]


WAYS = [{"foreach": True}, {"foreach": False}, {"fused": True}, {"capturable": False}, {"differentiable": False}]


@pytest.mark.parametrize("options", WAYS, ids=str)
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@story
def test_ways_of_computing(lib, name, options):
    p = lib.tensor([1.0, 2.0], requires_grad=True)
    optimizer = getattr(lib.optim, name)([p], lr=0.1, **options)
    yield repr(optimizer)
    for _ in range(3):
        optimizer.zero_grad()
        (p**3).sum().backward()
        optimizer.step()
    yield p, optimizer.state_dict()


@story
def test_decoupled(lib):
    p = lib.tensor([1.0, 2.0], requires_grad=True)
    optimizer = lib.optim.Adam([p], lr=0.1, weight_decay=0.5, decoupled_weight_decay=True)
    p.grad = lib.tensor([1.0, -1.0])
    optimizer.step()
    yield p, repr(optimizer), repr(lib.optim.AdamW([p])), isinstance(lib.optim.AdamW([p]), lib.optim.Adam)


@story
def test_layouts(lib):
    whole = lib.arange(24.0, dtype=lib.float64).view(4, 6)
    params = [whole.t().clone().t(), whole[::2, 1::2], whole[0], lib.tensor(3.0, dtype=lib.float64), lib.zeros(0, 3)]
    params = [p.detach().requires_grad_() for p in params]
    optimizer = lib.optim.Adam(params, lr=0.01, weight_decay=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        sum((p.t() ** 2 if p.ndim == 2 else p**2).sum() for p in params).backward()
        optimizer.step()
    yield params, whole, [state["exp_avg"] for state in optimizer.state.values()]


@story
def test_gradients_stay_as_they_were(lib):
    p = lib.tensor([1.0, 2.0], requires_grad=True)
    for options in ({}, {"weight_decay": 0.1}, {"maximize": True}, {"amsgrad": True}):
        p.grad = lib.tensor([3.0, 4.0])
        optimizer = lib.optim.Adam([p], lr=0.1, **options)
        optimizer.step()
        optimizer.step()
        yield p.grad, p
