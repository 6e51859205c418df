"""torch.nn.functional: the functions that layers compute, gathered from where their mathematics is.

Convolutions, pooling, normalisation and attention will come in through here, each family from its own file.

Source: https://docs.pytorch.org/docs/2.13/nn.functional.html
"""

from __future__ import annotations

from typing import Any

from tinytorch.tensor import Tensor


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-x); torch.sigmoid is the newer name."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """tanh x; torch.tanh is the newer name."""
    return input.tanh()


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Samples of a softened choice: softmax((logits + gumbel noise) / tau); `hard` makes it one-hot, gradients stay soft.

    Source: https://arxiv.org/abs/1611.01144
    """
    noise = -logits.new_empty(logits.shape).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    return logits.new_zeros(logits.shape).scatter_(dim, index, 1.0) - soft.detach() + soft


def _is_public(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


__all__ = sorted(name for name, value in list(globals().items()) if not name.startswith("_") and _is_public(value))
