"""Activation modules are PyTorch's: printing, results, gradients, in place, drawn slopes, errors."""

import pytest

from tests.autograd.stories import failure, story, warned

MODULES = {
    "ReLU": [(), (True,), {"inplace": True}],
    "ReLU6": [(), (True,)],
    "SELU": [(), (True,)],
    "SiLU": [(), (True,)],
    "Mish": [(), (True,)],
    "Hardsigmoid": [(), (True,)],
    "Hardswish": [(), (True,)],
    "Sigmoid": [()],
    "Tanh": [()],
    "LogSigmoid": [()],
    "Softsign": [()],
    "Tanhshrink": [()],
    "LeakyReLU": [(), (0.2,), (0.3, True), {"negative_slope": 0.5}],
    "ELU": [(), (0.7,), (0.7, True), {"alpha": 2.0}],
    "CELU": [(), (0.7,), (0.7, True)],
    "GELU": [(), ("tanh",), {"approximate": "none"}],
    "Softplus": [(), (2,), (2.0, 1.0), {"threshold": 3}],
    "Hardtanh": [(), (-0.5, 0.7), (-2, 3, True), {"min_val": 0.0}],
    "Threshold": [(0.1, 20), (-1, 0.5, True), {"threshold": 1, "value": 2}],
    "Hardshrink": [(), (0.3,)],
    "Softshrink": [(), (0.3,)],
    "RReLU": [(), (0.1, 0.4), (0.1, 0.4, True)],
    "GLU": [(), (0,)],
    "Softmax": [(1,), (-1,), {"dim": 0}],
    "Softmin": [(1,), (-1,)],
    "LogSoftmax": [(1,), (0,)],
    "PReLU": [(), (4,), (4, 0.1), {"num_parameters": 4, "init": 0.7}],
}
CASES = [(name, given) for name, options in MODULES.items() for given in options]


def make(lib, name, given):
    return getattr(lib.nn, name)(**given) if isinstance(given, dict) else getattr(lib.nn, name)(*given)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("name", "given"), CASES)
@story
def test_activation(lib, name, given, training):
    lib.manual_seed(0)
    module = make(lib, name, given).train(training)
    yield repr(module), list(module.state_dict())
    x = lib.randn(6, 4, requires_grad=True)
    yield failure(module, x)  # in place: into a leaf
    lib.manual_seed(1)
    h = x * 1
    y = module(h)
    yield y if y is not h else y.detach(), h.detach(), y is h
    y.sum(0).mean().backward()
    yield x.grad, [p.grad for p in module.parameters()], lib.rand(1).item()


@story
def test_softmax_without_a_dimension(lib):
    for name in ("Softmax", "Softmin", "LogSoftmax"):
        module = getattr(lib.nn, name)()
        yield repr(module)
        for shape in ((), (3,), (2, 3), (2, 3, 2), (1, 2, 3, 2)):
            lib.manual_seed(0)
            yield warned(module, lib.randn(shape))


@story
def test_softmax2d(lib):
    lib.manual_seed(0)
    module = lib.nn.Softmax2d()
    yield repr(module), module(lib.randn(2, 3, 4, 5)), module(lib.randn(3, 4, 5))
    yield failure(module, lib.ones(2, 3)), failure(module, lib.ones(1, 1, 1, 1, 1))


@story
def test_prelu(lib):
    nn = lib.nn
    module = nn.PReLU(3, 0.5, dtype=lib.float64)
    yield module.weight, repr(module), module(lib.ones(2, 3, 2).double() * -1)
    with lib.no_grad():
        module.weight.fill_(2)
    module.reset_parameters()
    yield module.weight, failure(nn.PReLU(3), lib.ones(2, 4)), failure(nn.PReLU(3), lib.ones(3))
    yield nn.PReLU(device="cpu").weight


@story
def test_refused(lib):
    nn = lib.nn
    yield (
        failure(nn.Hardtanh, 1.0, 0.0),
        failure(nn.Hardtanh, 1.0, 1.0),
        failure(nn.Threshold),
        failure(nn.Threshold, 1),
    )
    yield failure(nn.GELU("none at all"), lib.ones(1)), failure(nn.RReLU(0.5, 0.1), lib.ones(1))
    yield failure(nn.GLU(), lib.ones(3)), failure(nn.GLU(), lib.tensor(1.0)), failure(nn.Softshrink(-1.0), lib.ones(1))
    yield failure(nn.ReLU(True), lib.ones(1, requires_grad=True))
    yield warned(nn.Hardtanh, min_value=-2, max_value=2)[1]


@story
def test_attributes(lib):
    nn = lib.nn
    yield nn.ReLU(True).inplace, nn.LeakyReLU(0.3).negative_slope, nn.ELU(2.0).alpha, nn.Hardtanh(-2, 2).min_val
    yield nn.Softplus(3).beta, nn.Threshold(1, 2).threshold, nn.Threshold(1, 2).value, nn.PReLU(2).num_parameters
    yield nn.RReLU().lower, nn.RReLU().upper, nn.GLU(3).dim, nn.GELU("tanh").approximate, nn.Hardshrink().lambd
    yield nn.ReLU6().max_val, nn.ReLU6().min_val, isinstance(nn.ReLU6(), nn.Hardtanh), nn.PReLU().init
