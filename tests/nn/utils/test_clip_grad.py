"""Clipped gradients beside PyTorch's: the norm, the gradients, errors and warnings."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

import tinytorch as tt  # noqa: E402
import tinytorch.nn.utils  # noqa: E402
from tests.utils.data.both import same  # noqa: E402

SHAPES = ((3, 4), (4,), (), (2, 1, 5))
INF, NAN = float("inf"), float("nan")


def parameters(lib, scale=1.0, dtypes=("float32",)):
    """Four parameters with gradients, and one without."""
    rng = np.random.default_rng(0)
    found = [lib.zeros(2, requires_grad=True)]
    for i, shape in enumerate(SHAPES):
        dtype = getattr(lib, dtypes[i % len(dtypes)])
        parameter = lib.zeros(shape, dtype=dtype, requires_grad=True)
        parameter.grad = lib.from_numpy(np.asarray(scale * rng.standard_normal(shape))).to(dtype)
        found.append(parameter)
    return found


def gradients(parameters):
    return [p.grad.double().reshape(-1).tolist() for p in parameters if p.grad is not None]


def close(program, rtol=1e-6):
    """Numbers of both libraries agree but for the order in which they are summed up."""
    for ours, theirs in zip(program(tt), program(torch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
@pytest.mark.parametrize("norm_type", [2, 2.0, 1, 0.5, 3, "inf", INF, -INF, 0])
@pytest.mark.parametrize("max_norm", [1.0, 5, 0])
def test_clip_grad_norm(norm_type, max_norm, scale):
    def program(lib):
        every = parameters(lib, scale)
        total = lib.nn.utils.clip_grad_norm_(every, max_norm, norm_type)
        assert total.dtype == lib.float32 and total.shape == () and not total.requires_grad
        return [total.item(), *gradients(every)]

    close(program)


@pytest.mark.parametrize("dtypes", [("float64",), ("float32", "float64"), ("float64", "float32", "float32")])
def test_dtypes(dtypes):
    def program(lib):
        every = parameters(lib, 3.0, dtypes)
        total = lib.nn.utils.clip_grad_norm_(every, 1.0)
        kinds = [str(each.dtype).rpartition(".")[2] for each in (total, *[p.grad for p in every[1:]])]
        return [total.item(), *gradients(every), [["float32", "float64"].index(kind) for kind in kinds]]

    close(program)


def test_the_norm_alone_and_the_scaling_alone():
    def program(lib):
        every = parameters(lib, 10.0)
        total = lib.nn.utils.get_total_norm([p.grad for p in every[1:]])
        lib.nn.utils.clip_grads_with_norm_(iter(every), 2.0, total)
        single = lib.nn.utils.get_total_norm(every[1].grad, 1)
        return [total.item(), single.item(), *gradients(every)]

    close(program)


def test_clipping_happens_in_place():
    w = tt.ones(3, requires_grad=True)
    w.grad = grad = tt.full((3,), 9.0)
    tt.nn.utils.clip_grad_norm_(w, 1.0)
    assert w.grad is grad and grad.norm().item() == pytest.approx(1.0)


@pytest.mark.parametrize("value", [0.5, 1, 0, INF])
def test_clip_grad_value(value):
    def program(lib):
        every = parameters(lib, 2.0)
        assert lib.nn.utils.clip_grad_value_(iter(every), value) is None
        single = parameters(lib, 2.0)[1]
        lib.nn.utils.clip_grad_value_(single, value)
        return [*gradients(every), *gradients([single])]

    close(program, rtol=0)


CASES = {
    "no parameters": lambda lib: lib.nn.utils.clip_grad_norm_([], 1.0),
    "no gradients": lambda lib: lib.nn.utils.clip_grad_norm_([lib.zeros(2, requires_grad=True)], 1.0),
    "no tensors": lambda lib: lib.nn.utils.get_total_norm([]),
    "a norm that is no number": lambda lib: lib.nn.utils.clip_grad_norm_(parameters(lib), 1.0, "two"),
    "a maximum that is no number": lambda lib: lib.nn.utils.clip_grad_norm_(parameters(lib), "one"),
    "a value that is no number": lambda lib: lib.nn.utils.clip_grad_value_(parameters(lib), "one"),
    "nan": lambda lib: lib.nn.utils.clip_grad_norm_(parameters(lib, NAN), 1.0, error_if_nonfinite=True),
    "infinity": lambda lib: lib.nn.utils.clip_grad_norm_(parameters(lib, INF), 1.0, 1, error_if_nonfinite=True),
    "nan that is let through": lambda lib: str(lib.nn.utils.clip_grad_norm_(parameters(lib, NAN), 1.0)),
    "foreach": lambda lib: lib.nn.utils.clip_grad_value_(parameters(lib), 1.0, foreach=False),
}


@pytest.mark.parametrize("case", CASES)
def test_errors_and_empty_cases(case):
    same(CASES[case])


def test_warnings():
    def program(lib):
        with pytest.warns((UserWarning, FutureWarning)) as caught:
            lib.nn.utils.clip_grad_norm_((p for p in ()), 1.0)
            lib.nn.utils.clip_grad_norm([], 1.0)
        return [(warning.category.__name__, str(warning.message)) for warning in caught]

    assert len(same(program)[1]) == 2
