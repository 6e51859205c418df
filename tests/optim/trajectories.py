"""Where parameters go, step by step, in PyTorch and here: the documents' two-layer net, 64 x 1000 -> 100 -> 10."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import EPS, numpy_dtype, to_numpy, to_tinytorch, to_torch

torch = pytest.importorskip("torch")

STEPS = 500
# Every step depends on the ones before, so that rounding (the order of sums, in PyTorch's matrix product or in ours)
# grows along the way: this is how far apart they may be, absolutely, for parameters of the size of 1.
TOLERANCE = 1e-10


def walk(lib, name, options, steps):
    """The parameters after every step, as arrays."""
    rng = np.random.default_rng(0)
    n, d_in, hidden, d_out = 64, 1000, 100, 10
    move = to_torch if lib is torch else to_tinytorch
    x, target = move(rng.standard_normal((n, d_in))), move(rng.standard_normal((n, d_out)))
    weights = [move(rng.standard_normal(shape)) for shape in ((d_in, hidden), (hidden,), (hidden, d_out), (d_out,))]
    w1, b1, w2, b2 = (w.requires_grad_() for w in weights)
    optimizer = getattr(lib.optim, name)([w1, b1, w2, b2], **options)
    for _ in range(steps):
        loss = ((x.mm(w1) + b1).clamp(min=0).mm(w2) + b2 - target).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield [to_numpy(w.detach()) for w in weights]


def assert_same_way(name, **options):
    """After every one of 500 steps in float64 the parameters are PyTorch's."""
    threads = tt.get_num_threads()
    tt.set_num_threads(1)  # as PyTorch has in these tests: the sizes are small
    try:
        _compare(walk(tt, name, options, STEPS), walk(torch, name, options, STEPS))
    finally:
        tt.set_num_threads(threads)


def _compare(ours, pytorchs):
    for step, (mine, theirs) in enumerate(zip(ours, pytorchs)):
        for i, (found, expected) in enumerate(zip(mine, theirs)):
            assert np.isfinite(expected).all(), f"the way of parameter {i} leads to infinity: it compares nothing"
            apart = np.abs(found - expected).max()
            assert apart <= TOLERANCE, f"step {step}, parameter {i}: {apart} apart"


# In these dtypes PyTorch rounds after every operation of a step, a kernel once: so many units in the last place
ROUNDING = {"float32": 16, "float64": 16, "float16": 16, "bfloat16": 16, "complex64": 32, "complex128": 32}


def assert_same_way_in(dtype, name, **options):
    """A few steps of one parameter in another dtype."""
    rng = np.random.default_rng(0)
    start = rng.standard_normal((3, 4))
    grads = [rng.standard_normal((3, 4)) for _ in range(5)]
    if "complex" in dtype:
        start, grads = start + 1j, [g - 1j * g.T.reshape(3, 4) for g in grads]
    ends = []
    for lib, move in ((tt, to_tinytorch), (torch, to_torch)):
        p = move(start.astype(numpy_dtype(dtype))).requires_grad_()
        optimizer = getattr(lib.optim, name)([p], **options)
        for grad in grads:
            p.grad = move(grad.astype(numpy_dtype(dtype)))
            optimizer.step()
        wide = complex if "complex" in dtype else float
        ends.append(to_numpy(p.detach()).astype(wide))
    allowed = ROUNDING[dtype] * EPS[dtype]
    np.testing.assert_allclose(*ends, rtol=allowed, atol=allowed / 4)
