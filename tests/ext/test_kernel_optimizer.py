"""Steps of SGD and Adam: kernel, twin and the formula; whole trajectories beside PyTorch's."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ext.kernel_tools import FLOATS, WRITABLE, assert_close, both, draw, floats, load
from tinytorch.kernels import threads

SGD = [
    {"lr": 0.1},
    {"lr": 0.1, "weight_decay": 0.01},
    {"lr": 0.1, "momentum": 0.9},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "maximize": True},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"lr": 0.1, "maximize": True},
]
ADAM = [
    {
        "lr": lr,
        "betas": betas,
        "eps": 1e-8,
        "weight_decay": decay,
        "amsgrad": amsgrad,
        "maximize": maximize,
        "adamw": adamw,
    }
    for lr, betas, decay, amsgrad, maximize, adamw in [
        (0.01, (0.9, 0.999), 0, False, False, False),
        (0.01, (0.9, 0.999), 0.1, False, False, False),
        (0.01, (0.9, 0.999), 0.1, False, False, True),
        (0.01, (0.9, 0.999), 0, True, False, False),
        (0.01, (0.9, 0.999), 0.1, True, True, True),
        (0.01, (0.4, 0.5), 0.1, True, False, False),
        (0.01, (0.0, 0.9), 0, False, True, False),
        (0.01, (0.5, 0.0), 0, False, False, True),
    ]
]
SHAPES = [(), (1,), (0,), (3, 0), (100, 1), (4, 3), (1025,)]


def positive(shape, dtype, seed):
    return np.asarray(abs(draw(shape, dtype, seed)) + dtype(0.01))


def sgd(option):
    """The arguments of sgd_step behind the arrays"""
    names = ["lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"]
    return [option.get(name, 0) for name in names]


def plain_sgd(p, g, b, lr, momentum, dampening, weight_decay, nesterov, maximize, first):
    """One number's step: (p, b)"""
    g = (-g if maximize else g) + weight_decay * p
    if momentum:
        b = g if first else momentum * b + (1 - dampening) * g
        g = g + momentum * b if nesterov else b
    return p - lr * g, b


def plain_adam(p, g, m, v, top, step, option):
    """One number's step: (p, m, v, top)"""
    (beta1, beta2), lr, decay = option["betas"], option["lr"], option["weight_decay"]
    g = -g if option["maximize"] else g
    if option["adamw"]:
        p *= 1 - lr * decay
    else:
        g += decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    top = max(top, v)
    root = math.sqrt(top if option["amsgrad"] else v) / math.sqrt(1 - beta2**step)
    return p - lr / (1 - beta1**step) * m / (root + option["eps"]), m, v, top


def adam(family, arrays, step, option):
    p, g, m, v, top = arrays
    family.adam_step(
        p, g, m, v, top if option["amsgrad"] else None, step, option["lr"], *option["betas"], option["eps"],
        option["weight_decay"], option["adamw"], option["maximize"],
    )  # fmt: skip


@both
@floats
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("option", SGD, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sgd(kind, dtype, shape, option, first):
    p, g, b = (draw(shape, dtype, seed) for seed in range(3))
    if first:
        b[...] = np.nan  # is not read
    before = [array.astype(np.float64) for array in (p, g, b)]
    buffer = b if "momentum" in option else None
    assert load(kind, "optimizer").sgd_step(p, g, buffer, *sgd(option), first) is None
    expected = [plain_sgd(*map(float, numbers), *sgd(option), first) for numbers in zip(*(x.flat for x in before))]
    assert_close(p, np.reshape([new for new, _ in expected], shape), scale=5)
    if buffer is not None:
        assert_close(b, np.reshape([new for _, new in expected], shape), scale=5)
    np.testing.assert_array_equal(g, before[1])


@both
@floats
@pytest.mark.parametrize("option", ADAM, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_adam(kind, dtype, shape, option):
    p, g, m = (draw(shape, dtype, seed) for seed in range(3))
    v, top = (positive(shape, dtype, seed) for seed in (3, 4))
    before = [array.astype(np.float64) for array in (p, g, m, v, top)]
    adam(load(kind, "optimizer"), (p, g, m, v, top), 3, option)
    expected = [plain_adam(*map(float, numbers), 3, option) for numbers in zip(*(x.flat for x in before))]
    wanted = np.reshape(expected, (*shape, 4)) if expected else np.empty((*shape, 4))
    assert_close(p, wanted[..., 0], scale=5)
    assert_close(m, wanted[..., 1], scale=5)
    assert_close(v, wanted[..., 2], scale=5)
    assert_close(top, wanted[..., 3] if option["amsgrad"] else before[4], scale=5)
    np.testing.assert_array_equal(g, before[1])


@both
def test_nan_and_inf(kind):
    family = load(kind, "optimizer")
    p, g = np.ones(3), np.array([np.nan, np.inf, 1.0])
    family.sgd_step(p, g, None, 0.5)
    np.testing.assert_array_equal(p, [np.nan, -np.inf, 0.5])
    p, m, v, top = np.ones(3), np.zeros(3), np.zeros(3), np.array([1, 1, np.nan])
    family.adam_step(p, g, m, v, top, 1, 0.5, 0.9, 0.999, 1e-8)
    np.testing.assert_array_equal(np.isnan(p), [True, True, True])
    np.testing.assert_array_equal(top, [np.nan, np.inf, np.nan])


@both
def test_parameters_at_infinity_stay_there_without_decay(kind):
    """0 * inf is nan: what is not asked for is not computed."""
    family, p = load(kind, "optimizer"), np.array([np.inf])
    family.sgd_step(p, np.ones(1), None, 0.5)
    family.adam_step(p, np.ones(1), np.zeros(1), np.zeros(1), None, 1, 0.5, 0.9, 0.999, 1e-8)
    assert p == np.inf


@both
def test_shapes_that_do_not_fit(kind):
    family, p, g = load(kind, "optimizer"), np.zeros((2, 3)), np.ones((2, 3))
    with pytest.raises(ValueError, match="one shape"):
        family.sgd_step(p, np.ones(3), None, 0.1)
    with pytest.raises(ValueError, match="one shape"):
        family.sgd_step(p, g, np.ones(3), 0.1, 0.9)
    for m, v, top in [((3,), (2, 3), None), ((2, 3), (3,), None), ((2, 3), (2, 3), (3,))]:
        with pytest.raises(ValueError, match="one shape"):
            family.adam_step(
                p, g, np.zeros(m), np.zeros(v), None if top is None else np.zeros(top), 1, 0.1, 0.9, 0.999, 1e-8
            )
    assert not p.any()


@both
def test_memory_that_may_not_be_written(kind):
    family, p, locked = load(kind, "optimizer"), np.zeros(3), np.zeros(3)
    locked.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        family.sgd_step(locked, np.ones(3), None, 0.1)
    with pytest.raises(ValueError, match="read-only"):
        family.sgd_step(p, np.ones(3), locked, 0.1, 0.9)
    with pytest.raises(ValueError, match="read-only"):
        family.adam_step(p, np.ones(3), locked, np.zeros(3), None, 1, 0.1, 0.9, 0.999, 1e-8)


@both
@pytest.mark.parametrize("dtype", [np.float16, np.complex64, np.complex128], ids=lambda dtype: dtype.__name__)
def test_other_dtypes(kind, dtype):
    family, wide = (
        load(kind, "optimizer"),
        np.complex128 if dtype(1j if dtype is not np.float16 else 1).imag else np.float64,
    )
    start, grad = draw(5, np.float64), draw(5, np.float64, seed=1)
    if wide is np.complex128:
        start, grad = start + 1j * draw(5, seed=2), grad + 1j * draw(5, seed=3)
    results = []
    for kept in (dtype, wide):
        p, m, v, b = start.astype(kept), np.zeros(5, kept), np.zeros(5, kept), np.zeros(5, kept)
        family.sgd_step(p, grad.astype(kept), b, 0.1, 0.9, 0, 0.01)
        family.adam_step(p, grad.astype(kept), m, v, None, 1, 0.01, 0.9, 0.99, 1e-4)
        assert p.dtype == kept
        results.append(p)
    np.testing.assert_allclose(results[0], results[1], rtol=0.01 if dtype is np.float16 else 1e-5)


@given(st.data())
def test_like_twin_in_any_layout(data):
    dtype = data.draw(st.sampled_from(FLOATS))
    shape = tuple(data.draw(st.lists(st.integers(0, 6), max_size=3)))
    layouts = [WRITABLE[data.draw(st.sampled_from(sorted(WRITABLE)))] for _ in range(5)]
    sgd_option, adam_option = data.draw(st.sampled_from(SGD)), data.draw(st.sampled_from(ADAM))
    first = data.draw(st.booleans())
    results = []
    for kind in ("kernel", "twin"):
        family = load(kind, "optimizer")
        arrays = [layout(positive(shape, dtype, seed)) for seed, layout in enumerate(layouts)]
        adam(family, arrays, 2, adam_option)
        buffer = arrays[2] if "momentum" in sgd_option else None
        family.sgd_step(arrays[0], arrays[1], buffer, *sgd(sgd_option), first)
        results.append(arrays)
    for actual, expected in zip(*results):
        assert_close(actual, expected, ulps=32, scale=5)


@pytest.mark.torch
@both
@pytest.mark.parametrize("option", [*SGD, *ADAM], ids=str)
def test_trajectories_are_pytorchs(kind, option):
    """500 steps on a curved valley in float64 end within 1e-10 of PyTorch's."""
    torch = pytest.importorskip("torch")
    family, start = load(kind, "optimizer"), draw((3, 4))
    curvature = np.abs(draw((3, 4), seed=1)) + 0.1
    theirs = torch.from_numpy(start.copy()).requires_grad_()
    settings = {name: value for name, value in option.items() if name != "adamw"}
    if "betas" in option:
        optimizer = (torch.optim.AdamW if option["adamw"] else torch.optim.Adam)([theirs], **settings)
    else:
        optimizer = torch.optim.SGD([theirs], **settings)
    p, b, m, v, top = start.copy(), np.zeros((3, 4)), np.zeros((3, 4)), np.zeros((3, 4)), np.zeros((3, 4))
    sign = -1 if option.get("maximize") else 1
    for step in itertools.count(1):
        theirs.grad = torch.from_numpy(sign * (curvature * theirs.detach().numpy() + np.sin(theirs.detach().numpy())))
        optimizer.step()
        g = sign * (curvature * p + np.sin(p))
        if "betas" in option:
            adam(family, (p, g, m, v, top), step, option)
        else:
            family.sgd_step(p, g, b if "momentum" in option else None, *sgd(option), step == 1)
        if step == 500:
            break
    np.testing.assert_allclose(p, theirs.detach().numpy(), rtol=0, atol=1e-10)


@floats
@pytest.mark.parametrize("momentum", [0, 0.9])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_threads_make_no_difference(dtype, momentum, amsgrad):
    """Long parameters are split among threads, whose parts do not end at whole blocks."""
    family, before, found = load("kernel", "optimizer"), threads.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            p, q, g, b, m = (draw(150021, dtype, seed) for seed in range(5))
            v, top = positive(150021, dtype, 5), positive(150021, dtype, 6)
            family.sgd_step(p, g, b if momentum else None, 0.1, momentum)
            family.adam_step(q, g, m, v, top if amsgrad else None, 3, 0.1, 0.9, 0.999, 1e-8)
            found.append([p, b, q, m, v, top])
    finally:
        threads.set_num_threads(before)
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@both
def test_a_list_of_steps_is_one_step_after_the_other(kind):
    optimizer = load(kind, "optimizer")
    g = positive((2, 5), np.float64, 9)
    states = [positive((2, 5), np.float64, seed) for seed in range(3)]
    alone, listed = [x.copy() for x in states], [x.copy() for x in states]
    for i in range(2):
        optimizer.sgd_step(alone[0][i], g[i], alone[1][i], 0.1, 0.9, 0.5, 0.1, False, True, i == 1)
    for i in range(2):
        optimizer.adam_step(alone[0][i], g[i], alone[1][i], alone[2][i], None, 3.0, 0.1, 0.9, 0.99, 1e-8)
    rows = [(listed[0][i], g[i], listed[1][i]) for i in range(2)]
    optimizer.sgd_steps([(*row, i == 1) for i, row in enumerate(rows)], 0.1, 0.9, 0.5, 0.1, False, True)
    optimizer.adam_steps([(*row, listed[2][i], None, 3.0) for i, row in enumerate(rows)], 0.1, 0.9, 0.99, 1e-8)
    for x, y in zip(alone, listed):
        np.testing.assert_array_equal(x, y)
    optimizer.sgd_steps([], 0.1)
    optimizer.adam_steps([], 0.1, 0.9, 0.99, 1e-8)
