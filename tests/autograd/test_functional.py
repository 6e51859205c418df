"""torch.autograd.functional: jacobian, hessian, vjp, jvp, vhp, hvp one or several inputs and outputs, strict, wrong."""

import pytest

from tests.autograd.stories import failure, story, vector


def one(lib):
    return lib.tensor([[0.5, 1.0, -2.0], [1.5, 0.25, 3.0]], dtype=lib.float64)


def two(lib):
    return vector(lib, 1.0, -2.0, grad=False), vector(lib, 0.5, 1.5, grad=False)


FUNCTIONS = {  # with several inputs, one or several outputs
    "product": lambda lib, x, y: x * y.exp(),
    "outer": lambda lib, x, y: x.unsqueeze(1) * y * x.sum(),
    "two outputs": lambda lib, x, y: (x * y, (x * x).sum()),
    "one of two": lambda lib, x, y: x * x,
    "linear": lambda lib, x, y: x + 2 * y,
    "no input": lambda lib, x, y: lib.ones(2, dtype=lib.float64),
    "one output of two depends": lambda lib, x, y: (x * y, lib.ones(3, dtype=lib.float64)),
}
SCALAR_FUNCTIONS = {
    "cubic": lambda lib, x, y: (x**3 * y).sum(),
    "one of two": lambda lib, x, y: (x**3).sum(),
    "linear": lambda lib, x, y: (x + 2 * y).sum(),
    "apart": lambda lib, x, y: (x**3).sum() + (y * y).sum(),
    "one element": lambda lib, x, y: (x * x * y).sum().reshape(1, 1),
}
OPTIONS = ({}, {"create_graph": True}, {"strict": True}, {"create_graph": True, "strict": True})


# ---- jacobian and hessian --------------------------------------------------------------------------------------------


@story
def test_jacobian_of_one_input(lib):
    jacobian = lib.autograd.functional.jacobian
    for function in (lambda x: x.exp(), lambda x: x.sum(), lambda x: x.sum(0), lambda x: (x @ x.t(), x[0])):
        yield jacobian(function, one(lib))
    yield jacobian(lambda x: x * x, lib.tensor(3.0)), jacobian(lambda x: (x * x,), lib.tensor(3.0))
    yield jacobian(lambda x: x * x, (lib.tensor(3.0),))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
@story
def test_jacobian(lib, name, options):
    def compute():
        return lib.autograd.functional.jacobian(lambda x, y: FUNCTIONS[name](lib, x, y), two(lib), **options)

    error = failure(compute)
    yield error
    if error == "no error":
        result = compute()
        yield [[entry.detach() for entry in row] if isinstance(row, tuple) else row.detach() for row in result]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", SCALAR_FUNCTIONS)
@story
def test_hessian(lib, name, options):
    def compute():
        return lib.autograd.functional.hessian(lambda x, y: SCALAR_FUNCTIONS[name](lib, x, y), two(lib), **options)

    error = failure(compute)
    yield error
    if error == "no error":
        yield [[entry.detach() for entry in row] for row in compute()]


@story
def test_hessian_of_one_input(lib):
    hessian = lib.autograd.functional.hessian
    yield hessian(lambda x: (x**3).sum(), one(lib)), hessian(lambda x: x**3, lib.tensor(2.0))
    yield hessian(lambda x: (x**3).sum(), (lib.tensor([2.0, 3.0]),))
    yield failure(hessian, lambda x: x * 2, one(lib)), failure(hessian, lambda x: (x.sum(), x.sum()), one(lib))
    yield failure(hessian, lambda x: 3.0, one(lib))


@story
def test_vectorized_jacobian(lib):
    jacobian, hessian = lib.autograd.functional.jacobian, lib.autograd.functional.hessian
    x, y = two(lib)
    yield jacobian(lambda x, y: (x * y, x.sum()), (x, y), vectorize=True)
    yield hessian(lambda x, y: (x * x * y).sum(), (x, y), vectorize=True)


@story
def test_jacobians_can_be_differentiated(lib):
    x = vector(lib, 1.0, 2.0)
    jacobian = lib.autograd.functional.jacobian(lambda x: x**3, x, create_graph=True)
    yield lib.autograd.grad(jacobian.sum(), x)
    hessian = lib.autograd.functional.hessian(lambda x: (x**4).sum(), x, create_graph=True)
    yield lib.autograd.grad(hessian.sum(), x)
    jacobian = lib.autograd.functional.jacobian(lambda x: x**3, x)
    yield jacobian.requires_grad, x.grad


# ---- products --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
@story
def test_vjp(lib, name, options):
    def function(x, y):
        return FUNCTIONS[name](lib, x, y)

    outputs = function(*two(lib))
    v = tuple(2 * lib.ones_like(o) for o in outputs) if isinstance(outputs, tuple) else 2 * lib.ones_like(outputs)
    yield _product(lib, lib.autograd.functional.vjp, function, two(lib), v, options)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
@story
def test_jvp(lib, name, options):
    v = (vector(lib, 1.0, 2.0, grad=False), vector(lib, 3.0, 4.0, grad=False))
    yield _product(lib, lib.autograd.functional.jvp, lambda x, y: FUNCTIONS[name](lib, x, y), two(lib), v, options)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("product", ["hvp", "vhp"])
@pytest.mark.parametrize("name", SCALAR_FUNCTIONS)
@story
def test_hvp(lib, name, product, options):
    v = (vector(lib, 1.0, 2.0, grad=False), vector(lib, 3.0, 4.0, grad=False))
    call = getattr(lib.autograd.functional, product)
    yield _product(lib, call, lambda x, y: SCALAR_FUNCTIONS[name](lib, x, y), two(lib), v, options)


def _product(lib, product, function, inputs, v, options):
    """The error, or the numbers and whether they can be differentiated again."""
    error = failure(product, function, inputs, v, **options)
    if error != "no error":
        return error
    return _cut(product(function, inputs, v, **options))


def _cut(value):
    if isinstance(value, (tuple, list)):
        return tuple(_cut(each) for each in value)
    return value.detach()


@story
def test_without_a_vector(lib):
    functional = lib.autograd.functional
    x = lib.tensor(2.0)
    for name in ("vjp", "jvp", "hvp", "vhp"):
        yield getattr(functional, name)(lambda x: x**3, x)
        yield failure(getattr(functional, name), lambda x: (x**3).sum(), one(lib))
    yield functional.vjp(lambda x: (x * x).sum(), one(lib)), failure(functional.vjp, lambda x: x, one(lib))
    yield functional.jvp(lambda x: x * lib.ones(3), x), failure(functional.jvp, lambda x: x, one(lib))


@story
def test_vectors_that_do_not_fit(lib):
    functional = lib.autograd.functional
    x, y = two(lib)
    for v in (lib.ones(3), (lib.ones(2), lib.ones(2)), (lib.ones(2), lib.ones(3)), lib.ones(1, 2), 3.0, (3.0,)):
        yield failure(functional.vjp, lambda x: x * 2, x, v), failure(functional.jvp, lambda x: x * 2, x, v)
        yield (
            failure(functional.hvp, lambda x: (x * x).sum(), x, v),
            failure(functional.vhp, lambda x: (x * x).sum(), x, v),
        )
        yield (
            failure(functional.vjp, lambda x, y: (x, y), (x, y), v),
            failure(functional.jvp, lambda x, y: x * y, (x, y), v),
        )


@story
def test_what_cannot_be_an_input_or_output(lib):
    functional = lib.autograd.functional
    for name in ("jacobian", "hessian", "vjp", "jvp", "hvp", "vhp"):
        call = getattr(functional, name)
        v = () if name in ("jacobian", "hessian") else (lib.ones(2),)
        yield failure(call, lambda x: x.sum(), 3.0, *v), failure(call, lambda x: x.sum(), [lib.ones(2)], *v)
        yield failure(call, lambda x, y: x.sum(), (lib.ones(2), 3.0), *v)
        yield failure(call, lambda x: 3.0, lib.ones(2), *v), failure(call, lambda x: [x.sum()], lib.ones(2), *v)
        yield failure(call, lambda x: (x.sum(), 3.0), lib.ones(2), *v)


@story
def test_nothing_is_added_to_grad(lib):
    x = vector(lib, 1.0, 2.0)
    functional = lib.autograd.functional
    functional.jacobian(lambda x: x * x, x)
    functional.hessian(lambda x: (x * x).sum(), x)
    functional.vjp(lambda x: x * x, x, lib.ones(2, dtype=lib.float64))
    functional.jvp(lambda x: x * x, x, lib.ones(2, dtype=lib.float64))
    functional.hvp(lambda x: (x**3).sum(), x, lib.ones(2, dtype=lib.float64))
    yield x.grad


@story
def test_inside_no_grad(lib):
    with lib.no_grad():
        yield lib.autograd.functional.jacobian(lambda x: x * x, vector(lib, 1.0, 2.0))
        yield lib.autograd.functional.hvp(lambda x: (x**3).sum(), vector(lib, 1.0, 2.0), lib.ones(2, dtype=lib.float64))
