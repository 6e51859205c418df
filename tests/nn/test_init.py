"""nn.init draws PyTorch's numbers, bit for bit where only its random stream and rounding to one dtype are involved."""

import math

import pytest

from tests.autograd.stories import failure, story, warned

SHAPES = [(3, 5), (5, 3), (100, 20), (4, 3, 2), (2, 3, 3, 2), (2, 1, 2, 3, 2)]

FILLS = {
    "uniform": lambda init, t: init.uniform_(t),
    "uniform in an interval": lambda init, t: init.uniform_(t, -3, 4.5),
    "normal": lambda init, t: init.normal_(t),
    "normal somewhere": lambda init, t: init.normal_(t, 3.0, 0.5),
    "constant": lambda init, t: init.constant_(t, 0.3),
    "ones": lambda init, t: init.ones_(t),
    "zeros": lambda init, t: init.zeros_(t),
    "xavier uniform": lambda init, t: init.xavier_uniform_(t),
    "xavier uniform, gain": lambda init, t: init.xavier_uniform_(t, gain=init.calculate_gain("relu")),
    "xavier normal": lambda init, t: init.xavier_normal_(t),
    "xavier normal, gain": lambda init, t: init.xavier_normal_(t, 2.5),
    "kaiming uniform": lambda init, t: init.kaiming_uniform_(t),
    "kaiming uniform, options": lambda init, t: init.kaiming_uniform_(t, a=math.sqrt(5), mode="fan_out"),
    "kaiming uniform, relu": lambda init, t: init.kaiming_uniform_(t, mode="fan_in", nonlinearity="relu"),
    "kaiming normal": lambda init, t: init.kaiming_normal_(t),
    "kaiming normal, options": lambda init, t: init.kaiming_normal_(t, 0.2, "fan_out", "leaky_relu"),
    "kaiming normal, selu": lambda init, t: init.kaiming_normal_(t, nonlinearity="selu"),
}  # fmt: skip
CUT_OFF = {
    "usual": (),
    "narrow": (0.0, 1.0, -0.1, 0.3),
    "to one side": (0.0, 1.0, 0.5, 3.0),
    "wide": (1.0, 2.0, -30.0, 30.0),
    "small": (0.0, 0.02, -0.04, 0.04),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fill", FILLS)
@story
def test_filled(lib, fill, dtype, shape):
    lib.manual_seed(3)
    t = lib.empty(shape, dtype=getattr(lib, dtype), requires_grad=True)
    version = t._version
    yield FILLS[fill](lib.nn.init, t) is t, t._version - version, t.is_leaf
    if "normal" in fill:
        yield t  # within rounding: PyTorch computes logarithms and cosines of its own
    else:
        yield t.tolist()
    yield lib.rand(1).item()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("limits", CUT_OFF)
@story
def test_cut_off(lib, limits, dtype):
    lib.manual_seed(3)
    t = lib.empty(40, 30, dtype=getattr(lib, dtype), requires_grad=True)
    yield lib.nn.init.trunc_normal_(t, *CUT_OFF[limits]) is t
    yield t, lib.rand(1).item()


@story
def test_cut_off_far_from_the_mean(lib):
    lib.manual_seed(3)
    yield warned(lib.nn.init.trunc_normal_, lib.empty(5), 0.0, 1.0, 3.5, 4.0)
    yield failure(lib.nn.init.trunc_normal_, lib.empty(5), 0.0, 1.0, 2.0, 1.0)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (4, 3, 2), (2, 3, 4), (1, 4)])
@pytest.mark.parametrize("gain", [1, 2.5])
@story
def test_orthogonal(lib, shape, gain):
    lib.manual_seed(3)
    t = lib.empty(shape, dtype=lib.float64, requires_grad=True)
    yield lib.nn.init.orthogonal_(t, gain) is t, lib.rand(1).item()
    flat = t.detach().reshape(shape[0], -1)
    product = flat @ flat.t() if shape[0] <= flat.shape[1] else flat.t() @ flat
    yield [round(value, 12) for value in (product / gain**2).flatten().tolist()]
    yield [round(value, 10) + 0.0 for value in t.flatten().tolist()]


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 1.0])
@story
def test_sparse(lib, sparsity):
    lib.manual_seed(3)
    t = lib.empty(7, 5, requires_grad=True)
    yield lib.nn.init.sparse_(t, sparsity, std=0.1) is t, t, lib.rand(1).item()


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2)])
@story
def test_eye(lib, shape):
    yield lib.nn.init.eye_(lib.empty(shape)), lib.nn.init.eye_(lib.empty(shape, requires_grad=True))


@pytest.mark.parametrize(
    ("shape", "groups"), [((3, 2, 3), 1), ((4, 2, 3, 3), 2), ((6, 6, 2, 2, 3), 3), ((2, 3, 4, 5), 1)]
)
@story
def test_dirac(lib, shape, groups):
    yield lib.nn.init.dirac_(lib.empty(shape, requires_grad=True), groups)


@story
def test_gain(lib):
    gain = lib.nn.init.calculate_gain
    for name in ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
                 "sigmoid", "tanh", "relu", "selu", "leaky_relu"):  # fmt: skip
        yield name, gain(name)
    yield gain("leaky_relu", 0.2), gain("leaky_relu", 1), gain("leaky_relu", None), gain("relu", 3)
    yield (
        failure(gain, "leaky_relu", True),
        failure(gain, "leaky_relu", "x"),
        failure(gain, "gelu"),
        failure(gain, None),
    )


@story
def test_refused(lib):
    init = lib.nn.init
    one, two, three = lib.empty(3), lib.empty(3, 3), lib.empty(3, 3, 3)
    for name in (
        "xavier_uniform_",
        "xavier_normal_",
        "kaiming_uniform_",
        "kaiming_normal_",
        "orthogonal_",
        "dirac_",
        "eye_",
    ):
        yield name, failure(getattr(init, name), one)
    yield failure(init.eye_, three), failure(init.dirac_, two), failure(init.dirac_, three, 2)
    yield failure(init.sparse_, three, 0.1), failure(init.kaiming_normal_, two, mode="fan_up")
    yield failure(init.kaiming_uniform_, two, nonlinearity="none"), failure(init.kaiming_uniform_, two, mode="FAN_IN")
    yield failure(init.uniform_, two, 3, 2), failure(init.normal_, two, 0, -1)
    yield init._calculate_fan_in_and_fan_out(lib.empty(2, 3, 4, 5)), failure(init._calculate_fan_in_and_fan_out, one)
    yield init._calculate_correct_fan(lib.empty(2, 3), "fan_out")


@pytest.mark.parametrize("name", ["kaiming_uniform_", "kaiming_normal_", "orthogonal_", "xavier_uniform_"])
@story
def test_nothing_to_fill(lib, name):
    yield warned(getattr(lib.nn.init, name), lib.empty(0, 3))


OLD = {"uniform": (), "normal": (), "constant": (0.5,), "xavier_uniform": (), "xavier_normal": (),
       "kaiming_uniform": (), "kaiming_normal": (), "orthogonal": (), "eye": (), "sparse": (0.5,)}  # fmt: skip


@pytest.mark.parametrize("name", OLD)
@story
def test_old_names(lib, name):
    lib.manual_seed(0)
    t = lib.empty(3, 4)
    result, warnings = warned(getattr(lib.nn.init, name), t, *OLD[name])
    yield result is t, warnings, t if name != "orthogonal" else None


@story
def test_generator(lib):
    for name in ("uniform_", "normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_"):
        generator = lib.Generator()
        generator.manual_seed(11)
        yield name, getattr(lib.nn.init, name)(lib.empty(3, 4), generator=generator)
    generator.manual_seed(11)
    yield lib.nn.init.trunc_normal_(lib.empty(3, 4), generator=generator)
    generator.manual_seed(11)
    lib.manual_seed(1)
    yield lib.nn.init.sparse_(lib.empty(3, 4), 0.5, generator=generator)
