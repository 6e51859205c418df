"""What losses share: `reduction`, the flags it had in PyTorch 0.3, the warning about sizes, base classes of modules."""

from __future__ import annotations

import numpy as np

from tinytorch.errors import broadcast_error, warn
from tinytorch.nn.module import Module
from tinytorch.ops.expansion import broadcast_tensors
from tinytorch.tensor import Tensor


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """`reduction`, or what the two old flags say in its place, with PyTorch's warning."""
    if size_average is None and reduce is None:
        return reduction
    found = "none" if reduce is False else "sum" if size_average is False else "mean"
    warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.",
    )
    return found


def check_reduction(reduction: str) -> None:
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def reduced(losses: Tensor, reduction: str) -> Tensor:
    check_reduction(reduction)
    return losses.mean() if reduction == "mean" else losses.sum() if reduction == "sum" else losses


def broadcast(input: Tensor, target: Tensor) -> tuple[Tensor, ...]:
    """Both in their common shape, with PyTorch's warning: most often one forgot an unsqueeze."""
    fits = broadcast_error([input._array, target._array]) is None
    shape = np.broadcast_shapes(input.shape, target.shape) if fits else None
    hint = f"\n\nThe losses would have the shape {shape}. Did you mean target.unsqueeze(1)?" if fits else ""
    warn(
        f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). This will likely "
        f"lead to incorrect results due to broadcasting. Please ensure they have the same size.{hint}",
    )
    return broadcast_tensors(input, target)


class Loss(Module):
    """A loss whose only option is `reduction`."""

    reduction: str

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"):
        super().__init__()
        self.reduction = legacy_reduction(size_average, reduce, reduction)


class WeightedLoss(Loss):
    """A loss with a weight for every class or element."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
