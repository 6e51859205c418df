"""Activation functions beside PyTorch: values, gradients twice, dtypes, where pieces meet, in-place forms, errors.

Covers ops/rectifiers.py, ops/smooth.py, ops/piecewise.py and nn/softmax.py.
"""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import DTYPES, FLOATS, SHAPES, SPECIAL, same, sample, strided

pytestmark = pytest.mark.torch

ACTIVATIONS = [
    ("relu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("elu", {}),
    ("elu", {"alpha": 2.0}),
    ("celu", {"alpha": 0.5}),
    ("selu", {}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    ("mish", {}),
    ("softplus", {}),
    ("softplus", {"beta": 2.0, "threshold": 1.0}),
    ("softsign", {}),
    ("tanhshrink", {}),
    ("logsigmoid", {}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("hardtanh", {}),
    ("hardtanh", {"min_val": -0.3, "max_val": 0.8}),
    ("relu6", {}),
    ("hardsigmoid", {}),
    ("hardswish", {}),
    ("hardshrink", {}),
    ("hardshrink", {"lambd": 0.9}),
    ("softshrink", {}),
    ("softshrink", {"lambd": 0.9}),
    ("threshold", {"threshold": 0.1, "value": 20.0}),
    ("rrelu", {}),
]
IDS = [name + "".join(f"-{value}" for value in options.values()) for name, options in ACTIVATIONS]

each_activation = pytest.mark.parametrize(("name", "options"), ACTIVATIONS, ids=IDS)

# hardsigmoid: PyTorch has no second derivative, and the slope 1/6 of its first one has single precision
NO_SECOND = ("hardsigmoid",)
PRECISION = {"hardsigmoid": {"grad_ulp": 2.0**29}}


def precision(name):
    """Bounds for numbers that are differences, as x - tanh(x) is, and for what PyTorch computes in single precision."""
    return {"ulp": 8, "atol": 4e-15, **PRECISION.get(name, {})}


def is_named(name):
    return f"nn.functional.{name}"


@each_activation
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients(name, options, shape):
    x = sample(shape, low=-4, high=4)
    same(is_named(name), x, node=True, second=name not in NO_SECOND, **precision(name), **options)
    same(is_named(name), strided(x), second=name not in NO_SECOND, **precision(name), **options)


@each_activation
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(name, options, dtype):
    if dtype.startswith("complex"):
        return  # some are defined for complex numbers by accident
    x = sample((3, 4), dtype, -4, 4)
    # Differences of nearly equal numbers lose digits: hence the absolute bound for x - tanh(x) and its like.
    atol = {"float16": 1e-3, "bfloat16": 8e-3, "float32": 3e-7}.get(dtype, 1e-15)
    same(is_named(name), x, second=False, **{**precision(name), "ulp": 16, "atol": atol}, **options)


@each_activation
def test_where_pieces_meet(name, options):
    joints = np.array([-3.0, -1.0, -0.9, -0.5, -0.3, -0.0, 0.0, 0.1, 0.5, 0.8, 0.9, 1.0, 3.0, 6.0, 20.0])
    # PyTorch's second derivative of softplus is 0 at the threshold itself, where it is on either side of a jump
    second = name not in (*NO_SECOND, "softplus")
    same(is_named(name), joints, second=second, **precision(name), **options)
    same(is_named(name), SPECIAL, grad=name not in ("gelu", "mish"), second=False, **precision(name), **options)


INPLACE = [(name, options) for name, options in ACTIVATIONS if name in (
    "relu", "leaky_relu", "elu", "celu", "selu", "silu", "mish", "hardtanh", "relu6", "hardsigmoid", "hardswish",
    "threshold", "rrelu",
)]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), INPLACE)
def test_in_place(name, options):
    def through_argument(lib, x):
        x = x * 1
        assert getattr(lib.nn.functional, name)(x, inplace=True, **options) is x
        return x, x._version

    def with_underscore(lib, x):
        x = x * 1
        assert getattr(lib.nn.functional, name + "_")(x, **options) is x
        return x, x._version

    x = sample((3, 4), low=-4, high=4)
    same(through_argument, x, second=name not in NO_SECOND, **precision(name))
    if hasattr(tt.nn.functional, name + "_"):
        same(with_underscore, x, second=name not in NO_SECOND, **precision(name))


@pytest.mark.parametrize(
    "name", ["leaky_relu_", "elu_", "celu_", "selu_", "hardtanh_", "threshold_", "rrelu_", "relu_"]
)
def test_in_place_names_exist(name):
    assert callable(getattr(tt.nn.functional, name))


@pytest.mark.parametrize(("shape", "count"), [((4, 6), 1), ((4, 6), 6), ((5,), 1), ((2, 3, 4), 3), ((), 1)])
@pytest.mark.parametrize("dtype", FLOATS)
def test_prelu(shape, count, dtype):
    same("nn.functional.prelu", sample(shape, dtype, -4, 4), sample((count,), dtype), second=dtype == "float64", ulp=8)


def test_prelu_refuses_other_counts():
    same("nn.functional.prelu", sample((4, 6)), sample((5,)))


@pytest.mark.parametrize("dim", [0, 1, -1, -2, 2])
@pytest.mark.parametrize("shape", [(4, 6), (3, 4), (2, 2), ()])
def test_glu(shape, dim):
    same("nn.functional.glu", sample(shape), dim, node=True)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_softmax_with_a_dim(name):
    for dim in (0, 1, -1):
        same(is_named(name), sample((3, 4)), dim)
        same(is_named(name), sample((3, 4), "float32"), dim=dim, dtype=np.dtype("float64"))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 2), (2, 1, 3, 2)])
def test_softmax_without_a_dim_warns(name, shape):
    same(is_named(name), sample(shape))  # the warning is an error here, with the same text
    with pytest.warns(UserWarning, match=f"Implicit dimension choice for {name}"):
        found = getattr(tt.nn.functional, name)(tt.tensor(sample(shape)))
    dim = 0 if len(shape) in (0, 1, 3) else 1
    assert tt.equal(found, getattr(tt.nn.functional, name)(tt.tensor(sample(shape)), dim))


@pytest.mark.parametrize("training", [False, True])
def test_rrelu_draws_pytorch_s_slopes(training):
    def drawn(lib, x):
        lib.manual_seed(7)
        return lib.nn.functional.rrelu(x, 0.1, 0.4, training), lib.rand(2)

    for dtype in ("float64", "float32"):
        same(drawn, sample((30, 4), dtype, -4, 4))


def test_gumbel_softmax_draws_pytorch_s_noise():
    def drawn(lib, x, **options):
        lib.manual_seed(7)
        return lib.nn.functional.gumbel_softmax(x, **options)

    for options in ({}, {"tau": 0.5, "dim": 0}, {"hard": True}):
        same(drawn, sample((4, 3)), ulp=64, atol=1e-12, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gelu", {"approximate": "fast"}),
        ("celu", {"alpha": 0}),
        ("hardtanh", {"min_val": 2.0, "max_val": 1.0}),
        ("softshrink", {"lambd": -0.5}),
    ],
)
def test_wrong_options(name, options):
    same(is_named(name), sample((3,)), **options)


@each_activation
def test_gradcheck(name, options):
    x = tt.tensor(sample((2, 5), low=-4, high=4), requires_grad=True)

    def function(x):
        return getattr(tt.nn.functional, name)(x, **options)

    assert tt.autograd.gradcheck(function, (x,))
    assert tt.autograd.gradgradcheck(function, (x,))
