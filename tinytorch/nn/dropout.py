"""Dropout: functions and modules. In training elements are zeroed at random, the others scaled up to keep the mean.

The masks come from PyTorch's random stream: one number of the stream for each element, in order.

Source: https://docs.pytorch.org/docs/2.13/nn.html#dropout-layers
"""

from __future__ import annotations

import warnings

from tinytorch.autograd import views
from tinytorch.draws import dropout_mask
from tinytorch.formats import empty_like_array
from tinytorch.nn.module import Module
from tinytorch.tensor import Tensor, wrap


def _check(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _passes(input: Tensor, p: float, training: bool) -> bool:
    """Does the input come out as it is?"""
    return not training or p == 0 or not input._array.size


def _times(input: Tensor, factor: Tensor, inplace: bool) -> Tensor:
    return views.write(input, lambda x: x * factor) if inplace else input * factor


def _mask(input: Tensor, p: float) -> Tensor:
    """0 with probability p and else 1, in the shape of `input` and drawn in its order of memory, as PyTorch does."""
    return wrap(empty_like_array(input._array, input._array.dtype)).bernoulli_(1 - p)


def _factor(input: Tensor, p: float) -> Tensor:
    """The same, the ones divided by 1 - p: made in one pass."""
    if not input.is_floating_point():
        return _mask(input, p).div_(1 - p)  # PyTorch's error
    array = empty_like_array(input._array, input._array.dtype)
    dropout_mask(array, p)
    return wrap(array)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability p, scale the others by 1 / (1 - p).

    Raises ValueError unless 0 <= p <= 1.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.dropout.html

    >>> torch.nn.functional.dropout(torch.ones(3), training=False)
    tensor([1., 1., 1.])
    """
    _check(p)
    if _passes(input, p, training):
        return input
    if p == 1:
        return _times(input, input.new_zeros(()), inplace)
    return _times(input, _factor(input, p), inplace)


# ---- whole channels --------------------------------------------------------------------------------------------------


def _channel_mask(input: Tensor, p: float) -> Tensor:
    """One number for each channel of each sample, in a shape that broadcasts to that of `input`."""
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return input.new_empty(tuple(input.shape[:2]) + (1,) * (input.ndim - 2)).bernoulli_(1 - p)


def _channels(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """dropout of whole channels of (N, C, *)."""
    if _passes(input, p, training):
        return input
    factor = input.new_zeros(()) if p == 1 else _channel_mask(input, p).div_(1 - p)
    return _times(input, factor, inplace)


def _one_sample(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """dropout of whole channels of (C, *)."""
    result = _channels(input.unsqueeze(0), p, training, inplace)
    return input if inplace else result.squeeze(0)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, L) or (C, L)."""
    _check(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that dropout1d exists to "
            "provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional "
            "batch dimension (i.e. 2D or 3D inputs)."
        )
    return (_channels if input.ndim == 3 else _one_sample)(input, p, training, inplace)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, H, W)."""
    _check(p)
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is "
            "desired - input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change "
            "in a future release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To "
            "maintain the 1D channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    elif input.ndim != 4:
        _warn_of_dimensions("dropout2d", input.ndim, 2)
    return _channels(input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    _check(p)
    if input.ndim not in (4, 5):
        _warn_of_dimensions("dropout3d", input.ndim, 3)
    return (_channels if input.ndim == 5 else _one_sample)(input, p, training, inplace)


def _warn_of_dimensions(name: str, ndim: int, spatial: int) -> None:
    warnings.warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future "
        f"release. To retain the behavior and silence this warning, please use dropout instead. Note that {name} "
        f"exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, "
        f"and an optional batch dimension (i.e. {spatial + 1}D or {spatial + 2}D inputs).",
        stacklevel=3,
    )


# ---- for selu --------------------------------------------------------------------------------------------------------

_ALPHA = 1.7580993408473766  # selu's scale * alpha: the value that its negative side tends to, without the sign


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for selu: dropped elements take its lowest value, and mean and variance are kept.

    Source: https://arxiv.org/abs/1706.02515, appendix "alpha dropout"
    """
    _check(p)
    if _passes(input, p, training):
        return input
    return _alpha(input, None if p == 1 else _mask(input, p), p, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """alpha_dropout of whole channels."""
    _check(p)
    if _passes(input, p, training):
        return input
    return _alpha(input, None if p == 1 else _channel_mask(input, p), p, inplace)


def _alpha(input: Tensor, mask: Tensor | None, p: float, inplace: bool) -> Tensor:
    """a (mask x + (mask - 1) alpha) + a alpha p,    a = 1 / sqrt((alpha^2 p + 1) (1 - p))"""
    if mask is None:
        return _times(input, input.new_zeros(()), inplace)
    a = 1.0 / ((_ALPHA * _ALPHA * p + 1) * (1 - p)) ** 0.5
    shift = mask.sub(1).mul_(_ALPHA * a).add_(_ALPHA * a * p)
    factor = mask.mul_(a)
    return views.write(input, lambda x: x * factor + shift) if inplace else input * factor + shift


# ---- modules ---------------------------------------------------------------------------------------------------------


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
    """Dropout for selu, never in place; see `nn.functional.alpha_dropout`."""

    def forward(self, input: Tensor) -> Tensor:
        return alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels."""

    def forward(self, input: Tensor) -> Tensor:
        return feature_alpha_dropout(input, self.p, self.training)
