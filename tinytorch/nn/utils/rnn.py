"""Sequences of different lengths in one tensor: pad_sequence, unpad_sequence. Packed sequences will follow.

Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.utils.rnn.pad_sequence.html
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinytorch import missing
from tinytorch.tensor import Tensor, wrap


def pad_sequence(
    sequences: Tensor | Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:  # fmt: skip
    """Tensors (length_i, *) as one (longest, number, *), or (number, longest, *) if batch_first, filled up.

    >>> torch.nn.utils.rnn.pad_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    rows = list(sequences.unbind(0)) if isinstance(sequences, Tensor) else list(sequences)
    if not rows:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(len(row) for row in rows)
    sides = (len(rows), longest) if batch_first else (longest, len(rows))
    padded = rows[0].new_full((*sides, *rows[0].shape[1:]), padding_value)
    for i, row in enumerate(rows):
        start = 0 if padding_side == "right" else longest - len(row)
        padded.select(0 if batch_first else 1, i)[start : start + len(row)].copy_(row)
    return padded


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences, of these lengths, that pad_sequence put together.

    >>> torch.nn.utils.rnn.unpad_sequence(torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([3, 1]), batch_first=True)
    [tensor([1, 2, 3]), tensor([4])]
    """
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[wrap(np.arange(int(length), like=row._array))] for row, length in zip(rows, lengths)]


__all__ = ["pad_sequence", "unpad_sequence"]
__getattr__ = missing.getattr_for(__name__)
