"""From a tensor to its storage and back: the seam between tensors and bytes.

A storage is a piece of memory; a tensor lies in it with an offset, a size and strides, all counted in elements:

    element [i, j] of a (2, 3) tensor with strides (3, 1) and offset 1 is number 1 + 3 i + j of its storage
"""

from __future__ import annotations

import math
from pickle import UnpicklingError
from typing import Any

from tinytorch import dtypes
from tinytorch.dtypes import dtype
from tinytorch.kernels.memory import address, show
from tinytorch.storage import UntypedStorage, memory_of
from tinytorch.tensor import Tensor, wrap


class StorageType:
    """`torch.FloatStorage` and its like: in a file, these say of which dtype the elements of a storage are."""

    def __init__(self, dtype: dtype):
        self.dtype = dtype


# uint16, uint32 and uint64 came after the last of these classes: their storages are untyped in files.
STORAGE_TYPES = {
    f"torch.{each.legacy}Storage": StorageType(each) for each in dtypes.ALL if not each.legacy.startswith("UInt")
}
STORAGE_TYPE_OF = {each.dtype: each for each in STORAGE_TYPES.values()}


class TypedStorage:
    """A storage and the dtype of its elements (uint8 where the file says `UntypedStorage`)."""

    def __init__(self, untyped: UntypedStorage, dtype: dtype):
        self.untyped = untyped
        self.dtype = dtype


def to_storage(tensor: Tensor) -> tuple[UntypedStorage, int, tuple[int, ...], tuple[int, ...]]:
    """The tensor's whole storage, and the tensor's offset, size and strides in it."""
    array, root = tensor._array, tensor._root()
    if not (_has_torch_strides(array) and _has_torch_strides(root)):
        array = root = array.copy()
    size, item = array.shape, array.itemsize
    offset = (address(array) - address(root)) // item
    # NumPy gives new empty arrays strides of 0, where PyTorch counts a side of length 0 as 1.
    strides = tuple(step // item for step in array.strides) if array.size else _contiguous_strides(size)
    return UntypedStorage(memory_of(root)), offset, size, strides


def from_storage(storage: TypedStorage, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """The tensor that lies in the storage like that; RuntimeError (PyTorch's text) if it would reach out of it."""
    memory, of = storage.untyped.array, storage.dtype.numpy
    if len(size) != len(stride) or not all(type(number) is int for number in (offset, *size, *stride)):
        raise UnpicklingError(f"offset {offset}, size {size} and stride {stride} do not describe a tensor")
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    if any(number < 0 for number in (*size, *stride)):
        raise RuntimeError(f"a tensor cannot have sizes {list(size)} and strides {list(stride)}: negative numbers")
    reach = offset + 1 + sum((side - 1) * step for side, step in zip(size, stride)) if 0 not in size else 0
    if reach * of.itemsize > memory.nbytes:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize "
            f"{of.itemsize} requiring a storage size of {reach * of.itemsize} are out of bounds for storage of size "
            f"{memory.nbytes}"
        )
    start = offset * of.itemsize if reach else 0
    try:
        array = show(memory, of, size, tuple(step * of.itemsize for step in stride), start)
    except (ValueError, OverflowError) as error:
        raise RuntimeError(f"a tensor cannot have sizes {list(size)} and strides {list(stride)}: {error}") from error
    tensor = wrap(array)
    tensor._storage_root = memory[: memory.nbytes // of.itemsize * of.itemsize].view(of)
    return tensor


def _has_torch_strides(array: Any) -> bool:
    """NumPy also has arrays that run backwards, or whose steps end between two elements."""
    return all(step >= 0 and step % array.itemsize == 0 for step in array.strides)


def _contiguous_strides(size: tuple[int, ...]) -> tuple[int, ...]:
    """The strides that PyTorch gives a contiguous tensor; a side of length 0 counts as 1."""
    return tuple(math.prod(max(side, 1) for side in size[i + 1 :]) for i in range(len(size)))
