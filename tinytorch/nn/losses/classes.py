"""Losses for one of several classes: negative log-likelihood, cross-entropy, divergences, multi-class margins.

Source: https://docs.pytorch.org/docs/2.13/nn.html#loss-functions
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinytorch.dtypes import FLOAT, int64, uint8
from tinytorch.nn.losses.reduction import Loss, WeightedLoss, check_reduction, legacy_reduction, reduced
from tinytorch.ops import loss as rules
from tinytorch.ops.arithmetic import DivNumber
from tinytorch.ops.softmax import LogSoftmax, along
from tinytorch.tensor import Tensor

INT64 = np.dtype(np.int64)


def _check_classes(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """RuntimeError or ValueError for targets and weights that do not fit `input`; the rule looks at their values."""
    if input.ndim < 1:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if input.ndim > 1 and target.ndim and input.shape[0] != target.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    if weight is not None and weight.requires_grad:
        function = "nll_loss_forward" if input.ndim <= 2 else "nll_loss2d_forward"
        raise RuntimeError(
            f"The function '{function}' is not differentiable with respect to argument 'weight'. This input cannot "
            "have requires_grad True."
        )
    if input.ndim <= 2 and target.ndim > 1:
        raise RuntimeError(
            "0D or 1D target tensor expected, multi-target not supported\n\n"
            f"The predictions have shape {tuple(input.shape)}, one row each; the targets have to be class numbers of "
            f"shape ({input.shape[0]},), but have {tuple(target.shape)}. For a column of numbers use .squeeze(1)."
        )
    if target.dtype not in (int64, uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.legacy}\n\n"
            "Targets are class numbers: convert them with .long(). Probabilities have the shape of the predictions."
        )
    classes = input.shape[1] if input.ndim > 1 else input.shape[0]
    if weight is not None and (weight.ndim != 1 or weight.shape[0] != classes):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of "
            f"shape: {list(weight.shape)}"
        )
    if weight is not None and weight.dtype is not input.dtype:
        raise RuntimeError(f"expected scalar type {input.dtype.legacy} but found {weight.dtype.legacy}")


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-input[i, target[i]] for log-probabilities (N, C, ...) and class numbers (N, ...).

    >>> torch.nn.functional.nll_loss(torch.tensor([[-1., -2.], [-3., -4.]]), torch.tensor([1, 0]))
    tensor(2.5000)
    """
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    return _nll_loss(input, target, weight, ignore_index, reduction)


def _nll_loss(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Tensor:
    """nll_loss without the flags of PyTorch 0.3."""
    x, classes = input._array, target._array
    if not (x.ndim == 2 and classes.ndim == 1 and len(x) == len(classes) and classes.dtype is INT64 and weight is None):
        _check_classes(input, target, weight)
        classes = classes.astype(np.int64, copy=False)
    rule = rules.NllLoss if x.ndim <= 2 else rules.NllLoss2d
    return rule.apply(input, classes, None if weight is None else weight._array, reduction, ignore_index)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-ln softmax(input)[target]: for logits (N, C, ...) and class numbers (N, ...), or probabilities of input's shape.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.cross_entropy.html

    >>> torch.nn.functional.cross_entropy(torch.zeros(1, 4), torch.tensor([2]))
    tensor(1.3863)
    """
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction)
    check_reduction(reduction)
    axis = 1 if input._array.ndim > 1 else 0
    if target._array.shape == input._array.shape:
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing, axis)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    logs = along("log_softmax", LogSoftmax, input, axis)
    hard = _nll_loss(logs, target, weight, ignore_index, reduction)
    if label_smoothing == 0:
        return hard
    return _smoothed(logs, hard, target, weight, ignore_index, reduction, label_smoothing, axis)


def _soft_cross_entropy(input: Tensor, target: Tensor, weight: Any, ignore_index: int, reduction: str,
                        label_smoothing: float, axis: int) -> Tensor:  # fmt: skip
    """Targets are probabilities: the mean of -ln softmax under them, summed over the classes."""
    if target.dtype.category < FLOAT:
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {target.dtype.legacy}"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / input.shape[axis]
    products = input.log_softmax(axis) * target
    if weight is not None:
        products = products * weight.reshape([1] * axis + [-1] + [1] * (input.ndim - axis - 1))
    if reduction == "none":
        return -products.sum(axis)
    total = -products.sum()
    return total if reduction == "sum" else DivNumber.apply(total, input.numel() // input.shape[axis])


def _smoothed(logs: Tensor, hard: Tensor, target: Tensor, weight: Any, ignore_index: int, reduction: str,
              label_smoothing: float, axis: int) -> Tensor:  # fmt: skip
    """(1 - s) of the loss for the target class, s of the mean loss over all classes."""
    count = logs.shape[axis]
    if weight is not None:
        logs = logs * weight.reshape([1] * axis + [-1] + [1] * (logs.ndim - axis - 1))
    smooth = -logs.sum(axis)
    ignored = target == ignore_index
    smooth = smooth.masked_fill(ignored, 0.0)
    if reduction == "mean":
        if weight is None:
            smooth = smooth.sum() / (~ignored).sum()
        else:
            classes = target.masked_fill(ignored, 0)
            smooth = smooth.sum() / weight[classes].masked_fill(ignored, 0.0).sum()
    elif reduction == "sum":
        smooth = smooth.sum()
    return hard * (1 - label_smoothing) + smooth * (label_smoothing / count)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target (ln target - input): the divergence of exp(input) from target. "batchmean" divides by the first side."""
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction)
    elif reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            UserWarning,
            stacklevel=2,
        )
    losses = target.exp() * (target - input) if log_target else target.xlogy(target) - target * input
    if reduction == "batchmean":
        return losses.sum() / input.shape[0] if input.ndim else losses.sum()
    return reduced(losses, reduction)


def _check_scores(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """RuntimeError unless these are scores of classes, each row's class and the classes' weights."""
    if input.ndim > 2 or not all(input.shape[1:] if input.ndim == 2 else input.shape):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        )
    rows = input.shape[0] if input.ndim == 2 else 1
    if target.ndim > 1 or target.numel() != rows:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{rows}], but got {list(target.shape)}. Input has shape {list(input.shape)}."
        )
    if weight is not None and weight.shape[0] != input.shape[-1]:
        raise RuntimeError(f"inconsistent weight size, expected {input.shape[-1]} but got {list(weight.shape)}")
    if target.dtype is not int64:
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.legacy}")


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """sum_j max(0, margin - input[target] + input[j])^p / C over the classes j other than the target."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    check_reduction(reduction)
    _check_scores(input, target, weight)
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    classes = target.reshape(-1, 1)
    gaps = (margin - rows.gather(1, classes) + rows).clamp_min(0)
    losses = gaps if p == 1 else gaps * gaps
    if weight is not None:
        losses = losses * weight[classes]
    losses = losses.scatter(1, classes, 0.0).sum(1) / rows.shape[1]
    return reduced(losses.reshape(target.shape), reduction)


# ---- modules ---------------------------------------------------------------------------------------------------------


class NLLLoss(WeightedLoss):
    """-input[i, target[i]] for log-probabilities; see `nn.functional.nll_loss`."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(WeightedLoss):
    """The cross-entropy of softmax(input); see `nn.functional.cross_entropy`. Do not apply a softmax before it.

    >>> torch.nn.CrossEntropyLoss()(torch.zeros(1, 4), torch.tensor([2]))
    tensor(1.3863)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


class KLDivLoss(Loss):
    """The divergence of exp(input) from target; see `nn.functional.kl_div`."""

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class MultiMarginLoss(WeightedLoss):
    """See `nn.functional.multi_margin_loss`."""

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.p, self.margin = p, margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)
