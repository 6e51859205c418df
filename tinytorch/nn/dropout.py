"""Dropout: functions and modules. In training elements are zeroed at random, the others scaled up to keep the mean.

The masks come from PyTorch's random stream: one number of the stream for each element, in order.

Source: https://docs.pytorch.org/docs/2.13/nn.html#dropout-layers
"""

from __future__ import annotations

import warnings
from typing import Any

from tinytorch.autograd import views
from tinytorch.nn.module import Module
from tinytorch.tensor import Tensor


def _check(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _masked(input: Tensor, mask_shape: Any, p: float, training: bool, inplace: bool) -> Tensor:
    """input times a mask of `mask_shape` that is 0 with probability p and else 1 / (1 - p)."""
    _check(p)
    if not training or p == 0 or not input.numel():
        return input
    if p == 1:
        factor = input.new_zeros(())
    else:
        factor = input.new_empty(mask_shape).bernoulli_(1 - p).div_(1 - p)
    return views.write(input, lambda x: x * factor) if inplace else input * factor


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability p, scale the others by 1 / (1 - p).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.dropout.html

    >>> torch.nn.functional.dropout(torch.ones(3), training=False)
    tensor([1., 1., 1.])
    """
    return _masked(input, input.shape, p, training, inplace)


def _channels(input: Tensor) -> tuple[int, ...]:
    """The shape of a mask with one number for each channel of each sample."""
    return tuple(input.shape[:2]) + (1,) * (input.ndim - 2)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, L) or (C, L)."""
    _check(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension "
            "(i.e. 2D or 3D inputs)."
        )
    return _channelwise(input, input.ndim == 3, p, training, inplace)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, H, W)."""
    _check(p)
    if input.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated and will result in an error in a "
            "future release. To retain the behavior and silence this warning, please use dropout instead. Note that dropout2d "
            "exists to provide channel-wise dropout on inputs with 2 spatial dimensions, a channel dimension, and an optional "
            "batch dimension (i.e. 3D or 4D inputs).",
            stacklevel=2,
        )
    return _channelwise(input, True, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    _check(p)
    return _channelwise(input, input.ndim != 4, p, training, inplace)


def _channelwise(input: Tensor, batched: bool, p: float, training: bool, inplace: bool) -> Tensor:
    if batched:
        return _masked(input, _channels(input), p, training, inplace)
    return _masked(input, (input.shape[0],) + (1,) * (input.ndim - 1), p, training, inplace)


_ALPHA = 1.7580993408473766  # selu's scale * alpha: the value that its negative side tends to, without the sign


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for selu: dropped elements take its lowest value, and mean and variance are kept."""
    return _alpha(input, input.shape, p, training, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """alpha_dropout of whole channels."""
    return _alpha(input, _channels(input), p, training, inplace)


def _alpha(input: Tensor, mask_shape: Any, p: float, training: bool, inplace: bool) -> Tensor:
    _check(p)
    if not training or p == 0 or not input.numel():
        return input
    if p == 1:
        return views.write(input, lambda x: x * 0) if inplace else input * input.new_zeros(())
    mask = input.new_empty(mask_shape).bernoulli_(1 - p)
    a = 1.0 / ((_ALPHA * _ALPHA * p + 1) * (1 - p)) ** 0.5
    shift = mask.sub(1).mul_(_ALPHA * a).add_(_ALPHA * a * p)
    factor = mask.mul_(a)
    return views.write(input, lambda x: x * factor + shift) if inplace else input * factor + shift


class _Dropout(Module):
    """A dropout layer: active in training mode only."""

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        _check(p)
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zeroes elements with probability p in training; see `nn.functional.dropout`.

    >>> torch.nn.Dropout(0.2)
    Dropout(p=0.2, inplace=False)
    """

    def forward(self, input: Tensor) -> Tensor:
        return dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Zeroes whole channels; see `nn.functional.dropout1d`."""

    def forward(self, input: Tensor) -> Tensor:
        return dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Zeroes whole channels; see `nn.functional.dropout2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Zeroes whole channels; see `nn.functional.dropout3d`."""

    def forward(self, input: Tensor) -> Tensor:
        return dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout for selu; see `nn.functional.alpha_dropout`."""

    def forward(self, input: Tensor) -> Tensor:
        return alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels."""

    def forward(self, input: Tensor) -> Tensor:
        return feature_alpha_dropout(input, self.p, self.training, self.inplace)
