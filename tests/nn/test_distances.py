"""Distances and similarities are PyTorch's: numbers, two gradients, modules, broadcasting."""

import numpy as np
import pytest

from tests.autograd.stories import failure, story
from tests.differential import same, sample

PAIRS = [((4, 3), (4, 3)), ((3,), (3,)), ((4, 3), (3,)), ((2, 4, 3), (4, 3)), ((0, 3), (0, 3))]


@pytest.mark.parametrize("shapes", PAIRS)
@pytest.mark.parametrize(
    "options", [{}, {"p": 1.0}, {"p": 3.0}, {"eps": 0.1}, {"keepdim": True}, {"p": np.inf}, {"p": 0.0}]
)
def test_pairwise_distance(shapes, options):
    x, y = (sample(shape, seed=seed) for seed, shape in enumerate(shapes))
    same("nn.functional.pairwise_distance", x, y, **options, grad_ulp=512, second=options.get("p") != np.inf)


@pytest.mark.parametrize("shapes", PAIRS)
@pytest.mark.parametrize("options", [{"dim": -1}, {"dim": -1, "eps": 0.5}, {"dim": 0}])
def test_cosine_similarity(shapes, options):
    x, y = (sample(shape, seed=seed) for seed, shape in enumerate(shapes))
    same("nn.functional.cosine_similarity", x, y, **options, grad_ulp=1024, ulp=16, atol=1e-15)


@pytest.mark.parametrize("options", [{}, {"p": 1.0}, {"dim": 0}, {"p": 3.0, "dim": -1}, {"eps": 10.0}, {"dim": (0, 1)}])
def test_normalize(options):
    same("nn.functional.normalize", sample((4, 3)), **options, grad_ulp=512)
    same("nn.functional.normalize", np.zeros((2, 3)), **options, second=False)


@story
def test_modules(lib):
    lib.manual_seed(0)
    x, y = lib.randn(4, 3), lib.randn(4, 3)
    for module in (lib.nn.PairwiseDistance(), lib.nn.PairwiseDistance(1.0, keepdim=True), lib.nn.CosineSimilarity(),
                   lib.nn.CosineSimilarity(dim=0, eps=1e-3)):  # fmt: skip
        yield repr(module), module(x, y)
    yield lib.nn.PairwiseDistance(3.0).norm, lib.nn.CosineSimilarity().eps, lib.nn.CosineSimilarity(dim=0).dim
    yield failure(lib.nn.PairwiseDistance(), x, lib.ones(5, 2)), failure(lib.nn.CosineSimilarity(), x, lib.ones(5, 2))
    yield failure(lib.nn.CosineSimilarity(dim=4), x, y), failure(lib.nn.CosineSimilarity(), x.long(), y.long())
    out = lib.empty(0)
    yield lib.nn.functional.normalize(x, out=out) is out, out
    mixed = lib.nn.functional.cosine_similarity(x, y.double())
    yield mixed.dtype, mixed.float(), lib.nn.functional.cosine_similarity(lib.zeros(1, 2), lib.ones(1, 2))
