"""LayerNorm and RMSNorm: parameters, names, texts and values of PyTorch's layers."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import sample, to_numpy, to_tinytorch, to_torch
from tests.places import DEVICE

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

LAYERS = [
    ("LayerNorm", (4,), {}),
    ("LayerNorm", ([3, 4],), {"eps": 0.1}),
    ("LayerNorm", ((4,),), {"bias": False}),
    ("LayerNorm", (4, 1e-3, False), {}),
    ("LayerNorm", (4,), {"dtype": "float64"}),
    ("RMSNorm", (4,), {}),
    ("RMSNorm", ((3, 4), 0.1), {}),
    ("RMSNorm", (4,), {"elementwise_affine": False}),
]


@pytest.mark.parametrize(("name", "args", "options"), LAYERS)
def test_layers(name, args, options):
    made = []
    for lib in (tt, torch):
        how = {key: getattr(lib, value) if key == "dtype" else value for key, value in options.items()}
        with tt.device(DEVICE):
            made.append(getattr(lib.nn, name)(*args, **how))
    ours, theirs = made
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [key for key, _ in ours.named_parameters()] == [key for key, _ in theirs.named_parameters()]
    assert ours.normalized_shape == theirs.normalized_shape
    assert ours.__constants__ == theirs.__constants__
    x, results = sample((2, 3, 4), options.get("dtype", "float32")), []
    for layer, move in zip(made, (to_tinytorch, to_torch)):
        for seed, parameter in enumerate(layer.parameters()):
            assert str(parameter.data.flatten()[0].item()) == f"{1 - seed}.0"
            parameter.data.copy_(move(sample(tuple(parameter.shape), str(x.dtype), seed=seed)))
        leaf = move(x).requires_grad_()
        y = layer(leaf)
        y.backward(move(sample(x.shape, str(x.dtype), seed=5)))
        grads = [leaf.grad, *[parameter.grad for parameter in layer.parameters()]]
        results.append([to_numpy(y.detach()), *[to_numpy(grad) for grad in grads]])
    for found, expected in zip(*results):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_reset_parameters():
    layer = tt.nn.LayerNorm(3)
    with tt.no_grad():
        layer.weight.fill_(5)
        layer.bias.fill_(5)
    layer.reset_parameters()
    assert layer.weight.tolist() == [1, 1, 1]
    assert layer.bias.tolist() == [0, 0, 0]


def test_under_pytorchs_names():
    import tinytorch.nn.modules.normalization as normalization

    assert normalization.LayerNorm is tt.nn.LayerNorm
    assert tt.nn.modules.RMSNorm is tt.nn.RMSNorm
