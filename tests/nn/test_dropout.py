"""Dropout draws PyTorch's masks: the same elements are zeroed for the same seed, the same numbers come next."""

import pytest

from tests.autograd.stories import failure, story, warned

NAMES = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]
SHAPES = {
    "Dropout": [(), (5,), (4, 6), (2, 3, 4), (0, 3), (40, 50)],
    "Dropout1d": [(4, 6), (2, 3, 4)],
    "Dropout2d": [(3, 4, 2), (2, 3, 4, 2)],
    "Dropout3d": [(3, 2, 4, 2), (2, 3, 2, 4, 2)],
    "AlphaDropout": [(), (5,), (4, 6), (2, 3, 4), (40, 50)],
    "FeatureAlphaDropout": [(4, 6), (2, 3, 4), (2, 3, 4, 2)],
}


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("name", NAMES)
@story
def test_masks(lib, name, inplace, p):
    module = getattr(lib.nn, name)(p, inplace)
    yield repr(module), module.p, module.inplace
    for dtype in (lib.float32, lib.float64):
        for shape in SHAPES[name]:
            lib.manual_seed(9)
            x = lib.rand(shape, dtype=dtype, requires_grad=True)
            h = x * 1 + 0.5
            y, warnings = warned(module, h)
            yield y.detach(), y is h, warnings, y is h or y.grad_fn.name()
            y.sum().backward()
            yield x.grad, lib.rand(1).item()


@pytest.mark.parametrize("name", NAMES)
@story
def test_evaluation(lib, name):
    module = getattr(lib.nn, name)().eval()
    x = lib.ones(SHAPES[name][-1], requires_grad=True)
    yield repr(module), module(x), module(x) is x
    named = {"AlphaDropout": "alpha_dropout", "FeatureAlphaDropout": "feature_alpha_dropout"}
    function = getattr(lib.nn.functional, named.get(name, name.lower()))
    lib.manual_seed(1)
    yield function(x), function(x, 0.3, True), function(x, 0.3, False), function(x, p=0.3, training=True, inplace=False)


@story
def test_order_of_memory(lib):
    """Masks are drawn in the order of memory."""
    lib.manual_seed(4)
    x = lib.rand(3, 4).t()
    yield lib.nn.Dropout()(x), lib.nn.Dropout()(x[::2]), lib.nn.Dropout()(lib.rand(2, 3, 4).permute(2, 0, 1))
    yield lib.nn.AlphaDropout()(x), lib.nn.Dropout()(lib.ones(1, 3).expand(2, 3))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@story
def test_small_dtypes(lib, dtype):
    lib.manual_seed(4)
    yield lib.nn.Dropout(0.3)(lib.ones(20, dtype=getattr(lib, dtype)))


@story
def test_refused(lib):
    for name in NAMES:
        yield failure(getattr(lib.nn, name), -0.1), failure(getattr(lib.nn, name), 1.1)
    for name in ("dropout", "dropout1d", "dropout2d", "alpha_dropout", "feature_alpha_dropout"):
        yield failure(getattr(lib.nn.functional, name), lib.ones(2, 3), 2.0)
    yield failure(lib.nn.Dropout1d(), lib.ones(2)), failure(lib.nn.Dropout1d(), lib.ones(2, 2, 2, 2))
    lib.manual_seed(0)
    yield warned(lib.nn.Dropout2d(), lib.ones(2, 3))
    yield warned(lib.nn.Dropout2d(), lib.ones(2, 3, 1, 1, 1)), warned(lib.nn.Dropout3d(), lib.ones(2, 3))
    yield (
        failure(lib.nn.Dropout(inplace=True), lib.ones(3, requires_grad=True)),
        failure(lib.nn.Dropout(), lib.ones(3).long()),
    )
    yield failure(lib.nn.FeatureAlphaDropout(), lib.ones(3))
