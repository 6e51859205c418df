"""EmbeddingBag: sums, means or maxima of bags of a table's rows, looked up by number. Function and module.

Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.EmbeddingBag.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.autograd.grad_mode import no_grad
from tinytorch.autograd.rule import Rule
from tinytorch.device import known, on_cpu
from tinytorch.dtypes import int32, int64
from tinytorch.nn import init
from tinytorch.nn.embedding import embedding
from tinytorch.nn.module import Module
from tinytorch.nn.parameter import Parameter
from tinytorch.ops.gathering import AddSlices, IndexSelect, first_outside
from tinytorch.tensor import Tensor, wrap


class BagSum(Rule):
    """y[b] = W[i[b, 0]] + W[i[b, 1]] + ...,    dW[j] = the sum of dy[b] over all b and places where i[b, ...] = j"""

    name = "EmbeddingBagBackward0"

    @staticmethod
    def forward(ctx, weight, index):
        ctx.index, ctx.shape = index, weight.shape
        return kernels.gather.bag_sum(weight, index)

    @staticmethod
    def backward(ctx, grad):
        bags, length = ctx.index.shape
        each = IndexSelect.apply(grad, np.repeat(np.arange(bags, like=ctx.index), length), 0)
        return AddSlices.apply(each, ctx.index.reshape(-1), 0, ctx.shape)


def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
    per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """The rows of `weight` (number, size) that `input` names, added up (mode "mean", "sum" or "max") by bags.

    input (bags, length): a bag is a row; input (n) with offsets (bags): bag i begins at offsets[i]. The result is
    (bags, size). Rows padding_idx are left out; per_sample_weights, of input's shape, are factors (mode "sum" only).

    >>> table = torch.tensor([[1., 2.], [3., 4.], [5., 6.]])
    >>> torch.nn.functional.embedding_bag(torch.tensor([0, 2, 1]), table, torch.tensor([0, 2]), mode="sum")
    tensor([[6., 8.],
            [3., 4.]])
    """
    plain = per_sample_weights is None and max_norm is None and padding_idx is None and not scale_grad_by_freq
    if plain and offsets is None and mode in ("sum", "mean") and input.ndim == 2 and input.dtype is int64:
        try:
            total = BagSum.apply(weight, input._array)
            return total if mode == "sum" else total / max(input._array.shape[1], 1)
        except IndexError:
            pass  # the error is found below
    numbers, bags, count = _bags(input, offsets, include_last_offset)
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None:
        _check_weights(per_sample_weights, input, mode)
        per_sample_weights = per_sample_weights.reshape(-1)
    rows = weight.shape[0]
    numbers = numbers.astype(np.int64, copy=False)
    wrong = first_outside(numbers, rows)
    if wrong is not None:
        at = int(np.argmax(numbers == wrong))
        raise RuntimeError(f"Index {at} of input takes value {wrong} which is not in the valid range [0, {rows})")
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise RuntimeError(
                f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, but got "
                f"{padding_idx}"
            )
        kept = numbers != padding_idx % rows
        numbers, bags = numbers[kept], bags[kept]
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights[wrap(kept)]
    equal = input.ndim == 2 and numbers.size == input._array.size and numbers.size  # of one length, nothing left out
    found = embedding(wrap(numbers), weight, None, max_norm, norm_type, scale_grad_by_freq)
    if per_sample_weights is not None:
        found = found * per_sample_weights.unsqueeze(1)
    if equal:
        return _of_equal_bags(found.view(*input.shape, weight.shape[1]), mode)
    if mode == "max":
        return _largest(found, bags, count)
    total = weight.new_zeros(count, weight.shape[1]).index_add(0, wrap(bags), found)
    if mode == "sum":
        return total
    sizes = np.bincount(bags, minlength=count).clip(1).astype(weight._array.dtype)
    return total / wrap(sizes[:, None])


def _of_equal_bags(found: Tensor, mode: str) -> Tensor:
    """The result for rows (bags, length, size); of equal numbers in a bag the first one gets the gradient."""
    if mode == "max":
        return found.max(1)[0]
    return found.sum(1) if mode == "sum" else found.mean(1)


def _bags(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """(the numbers looked up, the bag of each, how many bags there are)"""
    for each in (input, offsets):
        if each is not None and each.dtype not in (int64, int32):
            raise RuntimeError(
                "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but "
                f"got torch.{each.dtype.legacy}Tensor instead (while checking arguments for embedding_bag)"
            )
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                "sequences. However, found offsets of type <class 'torch.Tensor'>"
            )
        count, length = input.shape
        return input._array.reshape(-1), np.repeat(np.arange(count, like=input._array), length), count
    if input.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    starts, length = offsets._array, len(input)
    if len(starts) and known(starts) and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, "
            f"got {starts[0]}"
        )
    if len(starts) and known(starts) and starts[-1] > length:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {length} but got offsets[-1] of {starts[-1]}"
        )
    if include_last_offset:
        starts = starts[:-1]
    places = np.arange(length, like=starts)
    return input._array, np.searchsorted(starts, places, "right") - 1, len(starts)


def _check_weights(weights: Tensor, input: Tensor, mode: str) -> None:
    if weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({weights.shape}) is not None, then it must have the same shape as "
            f"the input ({input.shape})"
        )
    if mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub."
        )


def _largest(rows: Tensor, bags: np.ndarray, count: int) -> Tensor:
    """The largest number of each column in every bag, the first one's gradient being that of a tie; 0 in empty bags."""
    if not bags.size:
        return rows.new_zeros(count, rows.shape[1]) + rows.sum()  # of no rows: 0, with a history
    winners, empty = on_cpu(_winners, rows._array, bags, count)
    return rows.gather(0, wrap(winners)).masked_fill(wrap(empty), 0)


def _winners(rows: np.ndarray, bags: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(count, size): which row has the largest number of each column in every bag, and (count, 1): is the bag empty?"""
    winners = np.zeros((count, rows.shape[1]), np.int64)
    empty = np.ones((count, 1), np.bool_)
    for bag in np.unique(bags):
        places = np.flatnonzero(bags == bag)
        winners[bag] = places[rows[places].argmax(0)]
        empty[bag] = False
    return winners, empty


class EmbeddingBag(Module):
    """A table of vectors, of which whole bags are looked up and added; it starts with normal numbers.

    >>> torch.nn.EmbeddingBag(10, 3, mode="sum")(torch.tensor([[1, 2, 4], [4, 3, 2]])).shape
    torch.Size([2, 3])
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Tensor | None = None,
        include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx, self.mode, self.sparse = padding_idx, mode, sparse
        self.include_last_offset = include_last_offset
        if _weight is None:
            from tinytorch.creation import empty

            self.weight = Parameter(empty((num_embeddings, embedding_dim), device=device, dtype=dtype))
            self.reset_parameters()
        else:
            if list(_weight.shape) != [num_embeddings, embedding_dim]:
                raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
            self.weight = Parameter(_weight)

    def reset_parameters(self) -> None:
        """Draw the table anew; the row padding_idx is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse,
            per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        shown = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            shown += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            shown += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            shown += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        shown += f", mode={self.mode!r}"
        return shown if self.padding_idx is None else f"{shown}, padding_idx={self.padding_idx}"

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, **options: Any) -> EmbeddingBag:
        """An EmbeddingBag with a given table, which is not trained if `freeze`."""
        if embeddings.ndim != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        bag = cls(rows, columns, _weight=embeddings, **options)
        bag.weight.requires_grad = not freeze
        return bag
