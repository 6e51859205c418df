"""Matrices and indices of a simple pattern: eye, triangles, vander, grids, all pairs and combinations."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tinytorch import arguments, dtypes
from tinytorch.creation import factory, leaf
from tinytorch.device import put
from tinytorch.dtypes import dtype as Dtype
from tinytorch.dtypes import get_default_dtype
from tinytorch.errors import warn
from tinytorch.ops.joining import stack
from tinytorch.public import public
from tinytorch.tensor import Tensor

# ---- matrices --------------------------------------------------------------------------------------------------------


@factory
def eye(n: int, m: int | None = None, *, dtype: Dtype | None = None) -> np.ndarray:
    """The (n, m) matrix with 1 on its diagonal, 0 elsewhere; (n, n) if m is not given.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.eye.html

    >>> torch.eye(2, 3)
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    rows = arguments.as_whole("eye", "n", 1, n)
    columns = rows if m is None else arguments.as_whole("eye", "m", 2, m)
    for name, side in (("n", rows), ("m", columns)):
        if side < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {side}")
    if dtype in (dtypes.uint16, dtypes.uint32, dtypes.uint64):
        raise NotImplementedError(f"\"eye\" not implemented for '{dtype.legacy}'")
    return np.eye(rows, columns, dtype=(dtype or get_default_dtype()).numpy)


@factory
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Dtype | None = None) -> np.ndarray:
    """Where the lower triangle of a (row, col) matrix is: a (2, N) tensor, rows over columns.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.tril_indices.html

    >>> torch.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    kind = _triangle("tril_indices", row, col, dtype)
    return np.stack(np.tril_indices(row, offset, col)).astype(kind.numpy)


@factory
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Dtype | None = None) -> np.ndarray:
    """Where the upper triangle of a (row, col) matrix is: a (2, N) tensor, rows over columns.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.triu_indices.html

    >>> torch.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    kind = _triangle("triu_indices", row, col, dtype)
    return np.stack(np.triu_indices(row, offset, col)).astype(kind.numpy)


def _triangle(name: str, row: int, col: int, dtype: Dtype | None) -> Dtype:
    """Check the sides of a triangle; the dtype of its indices."""
    for argument, side in (("row", row), ("col", col)):
        if side < 0:
            raise RuntimeError(f"{argument} must be non-negative, got{side}")
    if dtype not in (None, dtypes.int32, dtypes.int64):
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtype.legacy}'")
    return dtype or dtypes.int64


@public(method=False, out=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers x^(N-1), ..., x^1, x^0 of every element in a row (the other way round if `increasing`).

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.vander.html

    >>> torch.vander(torch.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    columns = len(x) if N is None else N
    if columns < 0:
        raise RuntimeError("N must be non-negative.")
    factors = x.new_ones(len(x), columns, dtype=dtypes.int64 if x.dtype is dtypes.bool_ else x.dtype)
    if columns > 1:
        factors.narrow(1, 1, columns - 1).copy_(x.unsqueeze(1))
        factors = factors.cumprod(1)
    return factors if increasing else factors.flip(1)


# ---- grids and products ----------------------------------------------------------------------------------------------


@public(method=False, out=False)
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """For vectors of lengths n, m, ..., a tensor of shape (n, m, ...) for each: the vector along its own dimension.

    `indexing="xy"` exchanges the first two dimensions.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.meshgrid.html

    >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4, 5]), indexing="ij")
    (tensor([[1, 1, 1],
            [2, 2, 2]]), tensor([[3, 4, 5],
            [3, 4, 5]]))
    """
    vectors = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else list(tensors)
    _check_vectors(vectors)
    if indexing is None:
        warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.",
        )
    elif indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swapped = indexing == "xy" and len(vectors) > 1
    if swapped:
        vectors[:2] = vectors[1::-1]
    shape = [vector.numel() for vector in vectors]
    grids = [
        vector.view([-1 if i == own else 1 for i in range(len(shape))]).expand(shape)
        for own, vector in enumerate(vectors)
    ]
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def _check_vectors(vectors: list) -> None:
    if not vectors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for i, vector in enumerate(vectors):
        if not isinstance(vector, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {arguments.type_name(vector)}")
    if any(vector.dtype is not vectors[0].dtype for vector in vectors):
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    for vector in vectors:
        if vector.dim() > 1:
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {vector!r}")


@public(method=False, out=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of an element of every vector, a row each; a single vector as it is.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.cartesian_prod.html

    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    for i, vector in enumerate(tensors):
        if not isinstance(vector, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {arguments.type_name(vector)}")
        _check_vector(vector)
    if len(tensors) == 1:
        return tensors[0]
    return stack([grid.flatten() for grid in meshgrid(*tensors, indexing="ij")], 1)


@public(method=False, out=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to choose `r` elements of a vector, a row each, as Python's itertools.combinations does.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.combinations.html

    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    _check_vector(input)
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty(0)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = np.array(list(choose(range(len(input)), r)), np.int64).reshape(-1, r)
    return input[leaf(put(chosen, input.device))]


def _check_vector(vector: Tensor) -> None:
    if vector.dim() != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(vector.shape)}")
