"""Distances and similarities of vectors, and normalize: functions and modules."""

from __future__ import annotations

from typing import Any

from tinytorch.nn.module import Module
from tinytorch.ops.distances import cosine_similarity, pairwise_distance
from tinytorch.public import write_out
from tinytorch.tensor import Tensor


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """input divided by its p-norm along dim; norms count as at least eps.

    >>> torch.nn.functional.normalize(torch.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """
    if out is not None:
        return write_out("normalize", normalize, out, (input, p, dim, eps), {})
    return input / input.norm(p, dim=dim, keepdim=True).clamp_min(eps).expand_as(input)


class PairwiseDistance(Module):
    """See `nn.functional.pairwise_distance`."""

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """See `nn.functional.cosine_similarity`."""

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return cosine_similarity(x1, x2, self.dim, self.eps)
