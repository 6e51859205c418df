"""Products of many matrices: chain_matmul, multi_dot, matrix_power."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tinytorch.arguments import wrong_type
from tinytorch.public import NAMES, public
from tinytorch.tensor import Tensor


@public(method=False, out="multi_dot(): expected out tensor to have dtype {wanted.c_name} but got {given.c_name}")
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices, in the order of multiplications that costs least.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.chain_matmul.html

    >>> torch.chain_matmul(torch.ones(2, 3), torch.ones(3, 4), torch.ones(4, 1)).shape
    torch.Size([2, 1])
    """
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for matrix in matrices:
        if matrix._array.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {matrix._array.ndim}, expected 2 instead.")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two or more matrices; the first and the last may be vectors.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.multi_dot.html

    >>> from tinytorch.functions.matrix_products import multi_dot
    >>> multi_dot([torch.ones(2, 3), torch.ones(3, 4), torch.ones(4)])
    tensor([12., 12.])
    """
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    _check_ranks(tensors)
    first, last = tensors[0], tensors[-1]
    matrices = [first.unsqueeze(0) if first._array.ndim == 1 else first, *tensors[1:-1]]
    matrices.append(last.unsqueeze(1) if last._array.ndim == 1 else last)
    for i, (one, other) in enumerate(pairwise(matrices)):
        if one.dtype is not other.dtype:
            raise RuntimeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {matrices[0].dtype.c_name} "
                f"and tensor {i + 1} {other.dtype.c_name}"
            )
        if one.shape[1] != other.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(tensors[i].shape)} and "
                f"{list(tensors[i + 1].shape)} cannot be multiplied"
            )
    outer = list(first.shape[:-1]) + list(last.shape[1:])
    return _in_best_order(matrices).view(outer)


def _check_ranks(tensors: Sequence[Tensor]) -> None:
    for i, tensor in enumerate(tensors):
        ndim, end = tensor._array.ndim, i in (0, len(tensors) - 1)
        if ndim != 2 and not (end and ndim == 1):
            which = "the first tensor" if i == 0 else "the last tensor" if end else f"tensor {i}"
            wanted = "1D or 2D" if end else "2D"
            raise RuntimeError(f"multi_dot(): {which} must be {wanted} but got {ndim}D")


def _in_best_order(matrices: list[Tensor]) -> Tensor:
    """Dynamic programming over where the last product is made; costs are counts of multiplications.

    Source: Cormen, Leiserson, Rivest, Stein, Introduction to Algorithms, matrix-chain multiplication.
    """
    sides = [m.shape[0] for m in matrices] + [matrices[-1].shape[1]]
    count = len(matrices)
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(count)}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sides[i] * sides[k + 1] * sides[j + 1], k) for k in range(i, j)
            )

    def multiply(i: int, j: int) -> Tensor:
        if i == j:
            return matrices[i]
        k = best[i, j][1]
        return multiply(i, k).mm(multiply(k + 1, j))

    return multiply(0, count - 1)


def _out_dtype(input: Tensor, n: int) -> bool | str:
    """What matrix_power demands of out=: the zeroth power, which is no product, may be cast."""
    return n == 0 or "same"


@public(out=_out_dtype)
def matrix_power(input: Tensor, n: int) -> Tensor:
    """The product of n copies of square matrices, by repeated squaring; a negative n takes the inverse.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.matrix_power.html

    >>> torch.matrix_power(torch.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    if not isinstance(n, int):
        raise wrong_type("matrix_power", "n", 2, "int", n)
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    if shape[-1] != shape[-2]:
        raise RuntimeError(
            f"linalg.matrix_power: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} "
            "matrices"
        )
    if n == 0:
        return input.clone().copy_(NAMES["eye"](shape[-1], dtype=input.dtype))  # a part of the graph, as in PyTorch
    if n < 0:
        input, n = input.inverse(), -n
    if n == 1:
        return input.clone()
    square = input
    while n % 2 == 0:
        square, n = square @ square, n // 2
    result = square
    while n > 1:
        square, n = square @ square, n // 2
        if n % 2:
            result = result @ square
    return result
