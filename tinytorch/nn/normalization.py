"""LayerNorm and RMSNorm: layers that normalize rows, the last dimensions of their input.

Source: https://docs.pytorch.org/docs/2.13/nn.html#normalization-layers
"""

from __future__ import annotations

import numbers
from typing import Any

from tinytorch.nn import init
from tinytorch.nn.module import Module
from tinytorch.nn.parameter import Parameter
from tinytorch.ops import normalization as rules
from tinytorch.tensor import Tensor


def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * weight + bias for the rows of x, its last dimensions.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.layer_norm.html

    >>> torch.nn.functional.layer_norm(torch.tensor([1., 3.]), (2,), bias=torch.tensor([0., 10.]))
    tensor([-1.0000, 11.0000])
    """
    return rules.layer_norm(input, normalized_shape, weight, bias, eps)


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight for the rows of x, its last dimensions.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.rms_norm.html

    >>> torch.nn.functional.rms_norm(torch.tensor([3., 4., 0., 0.]), (4,))
    tensor([1.2000, 1.6000, 0.0000, 0.0000])
    """
    return rules.rms_norm(input, normalized_shape, weight, eps)


class _Norm(Module):
    """What both layers have: the shape of a row, eps, and a weight for every place in it."""

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool
    weight: Parameter | None

    def _start(
        self, normalized_shape: Any, eps: float | None, affine: bool, names: tuple, device: Any, dtype: Any
    ) -> None:
        """Remember the options; make the parameters `names`, or register them as None where `affine` is False."""
        from tinytorch.creation import empty

        if isinstance(normalized_shape, numbers.Integral):
            normalized_shape = (normalized_shape,)
        self.normalized_shape = tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, affine
        for name, there in names:
            made = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if affine and there else None
            self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights of 1."""
        if self.weight is not None:
            init.ones_(self.weight)


class LayerNorm(_Norm):
    """y = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias  for every row, the last dimensions of x

    Shapes: x and y (*, normalized_shape), weight and bias normalized_shape; they start as 1 and 0. Mean and variance
    (divided by n, not n - 1) are those of the row. Without `elementwise_affine` there is neither weight nor bias.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.LayerNorm.html; Ba, Kiros, Hinton (2016),
    https://arxiv.org/abs/1607.06450

    >>> torch.nn.LayerNorm(2, elementwise_affine=False)(torch.tensor([[1., 3.], [0., 10.]]))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    eps: float
    bias: Parameter | None

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        names = (("weight", True), ("bias", bias))
        self._start(normalized_shape, eps, elementwise_affine, names, device, dtype)

    def reset_parameters(self) -> None:
        """Weights of 1, biases of 0."""
        super().reset_parameters()
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return rules.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Norm):
    """y = x / sqrt(mean(x^2) + eps) * weight  for every row, the last dimensions of x

    Shapes: x and y (*, normalized_shape), weight normalized_shape; it starts as 1. eps is the smallest number that 1
    can be told from, unless given.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.RMSNorm.html; Zhang, Sennrich (2019),
    https://arxiv.org/abs/1910.07467

    >>> torch.nn.RMSNorm(4)(torch.tensor([3., 4., 0., 0.])).detach()
    tensor([1.2000, 1.6000, 0.0000, 0.0000])
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True, device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self._start(normalized_shape, eps, elementwise_affine, (("weight", True),), device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return rules.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
