"""nn.functional: that its names are PyTorch's, and the functions that live in that file."""

import types

import pytest

import tinytorch as tt
from tests.autograd.stories import failure, story, torch


@pytest.mark.torch
@pytest.mark.parametrize("place", ["nn", "nn.functional", "nn.init", "nn.modules", "optim"])
def test_every_name_is_one_of_pytorchs(place):
    mine, theirs = tt, torch
    for part in place.split("."):
        mine, theirs = getattr(mine, part), getattr(theirs, part)
    names = [name for name in mine.__all__ if not isinstance(getattr(mine, name), types.ModuleType)]
    assert names and [name for name in names if not hasattr(theirs, name)] == []


@pytest.mark.parametrize(
    ("module", "name", "nearest"),
    [
        ("nn", "Linaer", "torch.nn.Linear"),
        ("nn.functional", "reluu", "torch.nn.functional.relu"),
        ("nn.init", "xavier_unifrom_", "torch.nn.init.xavier_uniform_"),
        ("optim", "Adamw", "torch.optim.AdamW"),
        ("nn.modules", "Sequentail", "torch.nn.modules.Sequential"),
    ],
)
def test_names_that_are_not_there(module, name, nearest):
    place = tt
    for part in module.split("."):
        place = getattr(place, part)
    with pytest.raises(AttributeError, match=f"tinytorch does not have torch.{module}.{name}; .*{nearest}$"):
        getattr(place, name)


@pytest.mark.parametrize(
    "options", [{}, {"tau": 0.3}, {"hard": True}, {"dim": 0}, {"hard": True, "dim": 0, "tau": 2.0}]
)
@story
def test_gumbel_softmax(lib, options):
    lib.manual_seed(3)
    logits = lib.randn(4, 5, dtype=lib.float64, requires_grad=True)
    y = lib.nn.functional.gumbel_softmax(logits, **options)
    yield y.detach().float(), y.requires_grad
    (y * lib.arange(20.0).view(4, 5)).sum().backward()
    yield logits.grad.float(), lib.rand(1).item()


@story
def test_deprecated_functions(lib):
    x = lib.tensor([0.5, -1.0], requires_grad=True)
    yield lib.nn.functional.sigmoid(x), lib.nn.functional.tanh(x), lib.nn.functional.pdist(lib.eye(3))
    yield failure(lib.nn.functional.relu, 3)[0]
