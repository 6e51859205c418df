"""torch.nn.functional: the functions that layers compute, gathered from where their mathematics is.

Convolutions, pooling and attention will come in through here, each family from its own file.

Source: https://docs.pytorch.org/docs/2.13/nn.functional.html
"""

from __future__ import annotations

from typing import Any

from tinytorch.functions.einsum import bilinear
from tinytorch.missing import getattr_for
from tinytorch.nn.distances import cosine_similarity, normalize, pairwise_distance
from tinytorch.nn.dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from tinytorch.nn.embedding import embedding, one_hot
from tinytorch.nn.embedding_bag import embedding_bag
from tinytorch.nn.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    multilabel_soft_margin_loss,
    soft_margin_loss,
)
from tinytorch.nn.losses.classes import cross_entropy, kl_div, multi_margin_loss, nll_loss
from tinytorch.nn.losses.ranking import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    triplet_margin_loss,
)
from tinytorch.nn.losses.regression import (
    gaussian_nll_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)
from tinytorch.nn.normalization import layer_norm, rms_norm
from tinytorch.nn.softmax import log_softmax, softmax, softmin
from tinytorch.ops.addmm import linear
from tinytorch.ops.distances import pdist
from tinytorch.ops.padding import pad
from tinytorch.ops.piecewise import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    hardtanh_,
    relu6,
    softshrink,
    threshold,
    threshold_,
)
from tinytorch.ops.rectifiers import (
    celu,
    celu_,
    elu,
    elu_,
    leaky_relu,
    leaky_relu_,
    prelu,
    relu,
    relu_,
    rrelu,
    rrelu_,
    selu,
    selu_,
)
from tinytorch.ops.smooth import gelu, glu, logsigmoid, mish, silu, softplus, softsign, tanhshrink
from tinytorch.tensor import Tensor


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-x); torch.sigmoid is the newer name."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """tanh x; torch.tanh is the newer name."""
    return input.tanh()


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Samples of a softened choice: softmax((logits + gumbel noise) / tau); `hard`: one-hot, with soft gradients.

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


_OURS = ("Any", "getattr_for")
__all__ = sorted(
    name for name, value in list(globals().items()) if name[0] != "_" and name not in _OURS and _is_public(value)
)
__getattr__ = getattr_for(__name__)
