"""gradcheck and gradgradcheck: right rules pass, wrong ones fail, with PyTorch's texts."""

import numpy as np
import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, vector, warned


def made(lib, forward, backward):
    """The Function of these two."""
    parts = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Made", (lib.autograd.Function,), parts).apply


def complex_vector(lib):
    return lib.tensor([1 + 2j, 3 - 1j], dtype=lib.complex128, requires_grad=True)


FUNCTIONS = {
    "exp": lambda lib, x: x.exp(),
    "a sum": lambda lib, x: x.sum(),
    "several outputs": lambda lib, x: (x * x, x.exp().sum()),
    "a list of outputs": lambda lib, x: [x.exp(), x],
    "an output without a history": lambda lib, x: (x * x, (x * 0).detach()),
    "an output of integers": lambda lib, x: (x * 2, x.long()),
    "only integers": lambda lib, x: x.long(),
    "a constant": lambda lib, x: (x * 0).detach(),
    "nothing that is recorded": lambda lib, x: x.detach(),
    "linear": lambda lib, x: x * 2,
    "a view": lambda lib, x: x.reshape(2, 1),
    "a write": lambda lib, x: (x * 1).mul_(x),
}


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
@story
def test_functions(lib, name, fast):
    x = vector(lib, 1.25, 2.5)
    yield failure(lib.autograd.gradcheck, lambda x: FUNCTIONS[name](lib, x), x, fast_mode=fast)
    yield x, x.grad


@pytest.mark.parametrize("fast", [False, True])
@story
def test_complex_functions(lib, fast):
    x, z = vector(lib, 1.25, 2.5), complex_vector(lib)
    for function, inputs in (
        (lambda z: z * z, (z,)), (lambda z: z.exp(), (z,)), (lambda z: (z * z.conj()).real, (z,)),
        (lambda z: z.abs(), (z,)), (lambda x, z: x * z, (x, z)), (lambda z: (z * 2, z.abs()), (z,)),
    ):  # fmt: skip
        yield lib.autograd.gradcheck(function, inputs, fast_mode=fast)
        yield lib.autograd.gradgradcheck(function, inputs, fast_mode=fast)


# ---- wrong rules -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fast", [False, True])
@story
def test_wrong_gradients(lib, fast):
    x, y, z = vector(lib, 1.25, 2.5), vector(lib, 3.0, 4.0), complex_vector(lib)
    gradcheck = lib.autograd.gradcheck
    wrong = made(lib, lambda ctx, x: x * x, lambda ctx, g: g)
    second_wrong = made(lib, lambda ctx, x, y: x * y, lambda ctx, g: (g * y.detach(), g))
    yield failure(gradcheck, wrong, x, fast_mode=fast)[0], _line(gradcheck, wrong, x, fast)
    yield _line(gradcheck, second_wrong, (x, y), fast), _line(gradcheck, second_wrong, (x.detach(), y), fast)
    yield _line(gradcheck, lambda x: (x * 2, wrong(x)), x, fast)
    unconjugated = made(lib, lambda ctx, z: z * (1 + 2j), lambda ctx, g: g * (1 + 2j))
    yield _line(gradcheck, unconjugated, z, fast), _line(gradcheck, lambda z: (z.abs(), unconjugated(z)), z, fast)
    absolute = made(lib, lambda ctx, z: (z * z.conj()).real, lambda ctx, g: g + 0j)
    yield _line(gradcheck, absolute, z, fast)


def _line(check, function, inputs, fast):
    return failure(check, function, inputs, fast_mode=fast)


@story
def test_a_tenth_of_a_percent_is_seen(lib):
    x = vector(lib, 1.25, 2.5)
    for factor in (2.0, 2.004, 1.996, 2.001):
        double = made(lib, lambda ctx, x: x * 2, lambda ctx, g, factor=factor: g * factor)
        yield factor, lib.autograd.gradcheck(double, x, raise_exception=False)
        yield (
            lib.autograd.gradcheck(double, x, raise_exception=False, rtol=1e-5),
            failure(lib.autograd.gradcheck, double, x, atol=1.0),
        )


@story
def test_one_wrong_element_is_seen(lib):
    def backward(ctx, grad):
        wrong = grad * 2
        wrong[3] = wrong[3] * 1.01
        return wrong

    x = lib.arange(1, 6, dtype=lib.float64).requires_grad_()
    yield failure(lib.autograd.gradcheck, made(lib, lambda ctx, x: x * 2, backward), x)


@story
def test_second_derivatives(lib):
    x = vector(lib, 1.25, 2.5)

    def backward(ctx, grad):
        return grad * 3 * ctx.saved_tensors[0].detach() ** 2

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    cut = made(lib, forward, backward)
    yield lib.autograd.gradcheck(cut, x), failure(lib.autograd.gradgradcheck, cut, x)
    yield lib.autograd.gradgradcheck(cut, x, raise_exception=False)
    weight = vector(lib, 0.5, 1.0)
    yield (
        lib.autograd.gradgradcheck(lambda x: x.exp(), x, weight),
        lib.autograd.gradgradcheck(lambda x: x.exp(), x, (weight,)),
    )
    yield lib.autograd.gradgradcheck(lambda x: x.exp(), x, gen_non_contig_grad_outputs=True)
    yield lib.autograd.gradgradcheck(lambda x: (x * x, x.exp()), [x]), lib.autograd.gradgradcheck(lambda x: x * 2, x)
    yield failure(lib.autograd.gradgradcheck, lambda x: x.exp(), x, check_rev_over_rev=False)


@story
def test_a_gradient_that_changes(lib):
    calls = []

    def backward(ctx, grad):
        calls.append(1)
        return grad * 2 + 1e-8 * len(calls) * grad

    x = vector(lib, 1.25, 2.5)
    unsteady = made(lib, lambda ctx, x: x * 2, backward)
    yield failure(lib.autograd.gradcheck, unsteady, x), lib.autograd.gradcheck(unsteady, x, nondet_tol=1e-5)
    yield failure(lib.autograd.gradcheck, unsteady, x, fast_mode=True)


@story
def test_gradients_of_zero(lib):
    x = vector(lib, 1.25, 2.5)

    def backward(ctx, grad):
        return grad * 2 + (grad == 0).all()

    yield failure(lib.autograd.gradcheck, made(lib, lambda ctx, x: x * 2, backward), x)


@pytest.mark.filterwarnings("ignore:Backwards compatibility")  # PyTorch's hint at check_undefined_grad
@story
def test_undefined_gradients(lib):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    def careless(ctx, first, second):
        return (
            (1.0 if first is None else first * 2)
            + (0.0 if second is None else second * 3)
            + lib.zeros(2, dtype=lib.float64)
        )

    def careful(ctx, first, second):
        if first is None and second is None:
            return None
        return (0 if first is None else first * 2) + (0 if second is None else second * 3)

    def fails(ctx, first, second):
        if first is None:
            raise RuntimeError("there is no gradient")
        return first * 2 + (0 if second is None else second * 3)

    x = vector(lib, 1.25, 2.5)
    yield lib.autograd.gradcheck(made(lib, forward, careful), x)
    yield failure(lib.autograd.gradcheck, lambda x: made(lib, forward, careless)(x)[0], x)
    yield lib.autograd.gradcheck(lambda x: made(lib, forward, careful)(x)[1], x, check_undefined_grad=False)
    yield failure(lib.autograd.gradcheck, lambda x: made(lib, forward, fails)(x)[0], x)


# ---- arguments -------------------------------------------------------------------------------------------------------


@story
def test_arguments(lib):
    gradcheck, x = lib.autograd.gradcheck, vector(lib, 1.25, 2.5)
    yield gradcheck(lambda x: x.exp(), x), gradcheck(lambda x: x.exp(), [x]), gradcheck(lambda x: x.exp(), (x,))
    yield gradcheck(lambda x, n, text: x * n, (x, 3.0, "text")), gradcheck(lambda x, y: x * y, (x, x.detach().clone()))
    yield failure(gradcheck, lambda x: x.exp(), 3), failure(gradcheck, lambda x: x.exp(), (x.detach(),))
    yield failure(gradcheck, lambda x: x.exp(), ())
    yield failure(gradcheck, lambda x: 3, x), failure(gradcheck, lambda x: (x.exp(), 3), x)
    yield failure(gradcheck, lambda x: x.exp(), x, check_backward_ad=False)
    yield gradcheck(lambda x: x.exp(), x, masked=False), gradcheck(lambda x: x.exp(), x, check_grad_dtypes=True)
    yield gradcheck(lambda x: x**3, x, eps=1e-3, rtol=1e-4), failure(gradcheck, lambda x: x**3, x, eps=0.5)
    yield gradcheck(lambda x: x.exp(), lib.zeros(0, dtype=lib.float64, requires_grad=True))
    yield gradcheck(lambda x: x.exp(), lib.tensor(2.0, dtype=lib.float64, requires_grad=True))
    yield (
        failure(gradcheck, lambda x: x * x, vector(lib, 1.0).expand(3)),
        gradcheck(lambda x: x * x, (x * 1).reshape(2, 1).t()),
    )
    yield lib.autograd.GradcheckError.__mro__[1].__name__ if hasattr(lib.autograd, "GradcheckError") else "RuntimeError"


@story
def test_float32_warns(lib):
    x = vector(lib, 1.25, 2.5, dtype="float32")
    result, caught = warned(lib.autograd.gradcheck, lambda x: x * 2, x, eps=1e-2)
    yield result, caught


def test_inputs_stay_as_they_are():
    values = np.array([0.5, -1.5, 2.5])
    x = tt.tensor(values, requires_grad=True)
    tt.autograd.gradcheck(lambda x: x.exp() * x, x)
    with pytest.raises(tt.autograd.GradcheckError):
        tt.autograd.gradcheck(made(tt, lambda ctx, x: x * x, lambda ctx, g: g), x)
    assert (x._array == values).all() and x.grad is None and x._version == 0


def test_what_is_not_there_is_said():
    x = tt.ones(2, dtype=tt.float64, requires_grad=True)
    for option in ("check_forward_ad", "check_batched_grad", "check_batched_forward_grad"):
        with pytest.raises(NotImplementedError, match="neither forward-mode derivatives nor vmap"):
            tt.autograd.gradcheck(tt.exp, x, **{option: True})
