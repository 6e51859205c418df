"""Embedding: rows of a table, looked up by number. Rule, functions and module.

Source: https://docs.pytorch.org/docs/2.13/nn.html#sparse-layers
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import wrong_type
from tinytorch.autograd.grad_mode import no_grad
from tinytorch.autograd.rule import Rule
from tinytorch.device import known, near
from tinytorch.dtypes import bool_, dtype, int32, int64
from tinytorch.kernels.arrays import full
from tinytorch.nn import init
from tinytorch.nn.module import Module
from tinytorch.nn.parameter import Parameter
from tinytorch.tensor import Tensor, wrap


class Embedding_(Rule):
    """y[...] = W[index[...]],    dW[i] = the sum of dy where index = i (nothing for padding_idx)

    With scale_grad_by_freq the mean takes the place of the sum.
    """

    name = "EmbeddingBackward0"

    @staticmethod
    def forward(ctx, weight, index, padding_idx, scale_grad_by_freq):
        ctx.index, ctx.shape = index, weight.shape
        ctx.padding_idx, ctx.scale_grad_by_freq = padding_idx, scale_grad_by_freq
        return kernels.gather.index_select(weight, 0, index)

    @staticmethod
    def backward(ctx, grad):
        return EmbeddingGrad.apply(grad, ctx.index, ctx.shape, ctx.padding_idx, ctx.scale_grad_by_freq)


class EmbeddingGrad(Rule):
    """dW[i] = the sum of c dy where index = i, c = 1 or 1 / (how often i is there), 0 for padding_idx

    It is linear in dy, so its own gradient is the lookup again, times c.
    """

    name = "EmbeddingDenseBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, index, shape, padding_idx, scale_grad_by_freq):
        rows = index.reshape(-1)
        factor = None
        if scale_grad_by_freq or padding_idx >= 0:
            factor = full((*index.shape, 1), 1, grad.dtype, grad)
            if scale_grad_by_freq:
                factor /= np.bincount(rows, minlength=shape[0])[index][..., None]
            if padding_idx >= 0:
                factor *= (index != padding_idx)[..., None]
            grad = grad * factor
        ctx.index, ctx.factor = index, factor
        table = np.zeros(shape, grad.dtype, like=grad)
        kernels.scatter.index_add(table, 0, rows, grad.reshape(-1, shape[1]))
        return table

    @staticmethod
    def backward(ctx, grad):
        looked_up = Embedding_.apply(grad, ctx.index, -1, False)
        return looked_up if ctx.factor is None else looked_up * ctx.factor


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """The rows of `weight` (number, size) named by `input` (*): a tensor (*, size).

    The row padding_idx gets no gradient. With max_norm, rows that are used and longer are first shortened in place.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.embedding.html

    >>> torch.nn.functional.embedding(torch.tensor([1, 0]), torch.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    if padding_idx is not None:
        count = weight.shape[0]
        if not -count <= padding_idx < count:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= count
    for position, (name, given) in enumerate([("weight", weight), ("indices", input)], 1):
        if not isinstance(given, Tensor):
            raise wrong_type("embedding", name, position, "Tensor", given)
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if input.dtype not in (int64, int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{_cpu_type(input.dtype)} instead (while checking arguments for embedding)"
        )
    index = input._array.astype(np.int64, copy=False)
    try:
        if max_norm is not None:
            _shorten(weight, index, max_norm, norm_type)
        return Embedding_.apply(weight, index, -1 if padding_idx is None else padding_idx, scale_grad_by_freq)
    except IndexError as error:
        raise IndexError(f"{error}\n\nThe table has {weight.shape[0]} rows.") from None


def _cpu_type(kind: dtype) -> str:
    """How this error of PyTorch's names a dtype."""
    return "CPUBoolType" if kind is bool_ else f"torch.{kind.legacy}Tensor"


def _shorten(weight: Tensor, index: np.ndarray, max_norm: float, norm_type: float) -> None:
    with no_grad():
        rows = np.unique(index)
        norms = np.linalg.norm(kernels.gather.index_select(weight._array, 0, rows), norm_type, axis=1)
        long = norms > max_norm
        if long.any():
            weight._array[rows[long]] *= (max_norm / (norms[long] + 1e-7))[:, None].astype(weight._array.dtype)
            weight._bump()


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 vectors that are 1 at the class and 0 elsewhere.

    >>> torch.nn.functional.one_hot(torch.tensor([2, 0]))
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
    if tensor.dtype is not int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    classes = tensor._array
    if not classes.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
    elif known(classes) and classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(classes.max()) + 1
    elif classes.size and known(classes) and num_classes <= classes.max():
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((classes[..., None] == np.arange(num_classes, like=near(classes))).astype(np.int64))


class Embedding(Module):
    """A table of vectors, looked up by number; it starts with normal numbers.

    >>> torch.nn.Embedding(10, 3)(torch.tensor([[1, 2], [4, 5]])).shape
    torch.Size([2, 2, 3])
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Tensor | None = None,
        _freeze: bool = False, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse = (
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
        )
        if _weight is None:
            from tinytorch.creation import empty

            self.weight = Parameter(empty((num_embeddings, embedding_dim), device=device, dtype=dtype), not _freeze)
            self.reset_parameters()
        else:
            if list(_weight.shape) != [num_embeddings, embedding_dim]:
                raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
            self.weight = Parameter(_weight, not _freeze)

    def reset_parameters(self) -> None:
        """Draw the table anew; the row padding_idx is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        return embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        shown = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            shown += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            shown += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            shown += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            shown += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return shown + (", sparse=True" if self.sparse else "")

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
    ) -> Embedding:  # fmt: skip
        """An Embedding with a given table, which is not trained if `freeze`."""
        if embeddings.ndim != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        return cls(rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, freeze)
