"""Other memory for a tensor, in place: set_, resize_, resize_as_, share_memory_."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import arguments, kernels
from tinytorch.autograd import views
from tinytorch.device import known
from tinytorch.errors import warn
from tinytorch.formats import contiguous_format, contiguous_strides, empty_in, strides_of
from tinytorch.kernels.memory import address, extent, show
from tinytorch.public import public
from tinytorch.storage import UntypedStorage, memory_of
from tinytorch.tensor import Tensor


@public(function=False, out=False)
def resize_(self: Tensor, *sizes: Any, memory_format: Any = contiguous_format) -> Tensor:
    """Give this tensor other sides: its first elements stay, row by row; new ones have no particular value.

    The memory is exchanged for a larger one where it is too small; views keep the old one then (in PyTorch they go
    along). RuntimeError for tensors that require grad.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.resize_.html

    >>> torch.tensor([[1, 2], [3, 4]]).resize_(3)
    tensor([1, 2, 3])
    """
    shape = arguments.sizes("resize_", sizes)
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    if shape and min(shape) < 0:
        raise RuntimeError("numel: integer multiplication overflow")
    if shape == self._array.shape and memory_format is contiguous_format:
        return self
    array, root = self._array, self._root()
    kind, itemsize = array.dtype, array.itemsize
    strides = contiguous_strides(shape)
    if memory_format is not contiguous_format:
        strides = strides_of(empty_in(memory_format, shape, np.dtype(np.int8)))
    steps = tuple([step * itemsize for step in strides])
    start = address(array) - address(root) if array.size else 0
    needed = start + extent(shape, steps, itemsize)[1]
    memory = memory_of(root)
    if needed > memory.size:
        larger = np.empty(needed, np.uint8, like=memory)
        larger[: memory.size] = memory
        memory = larger
    self._storage_root = memory[: len(memory) // itemsize * itemsize].view(kind)
    self._array = show(memory, kind, shape, steps, start if needed > start else 0)
    self._bump()
    return self


@public(out=False)
def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = contiguous_format) -> Tensor:
    """Give this tensor the sides of another one, see `resize_`.

    >>> torch.tensor([1, 2]).resize_as_(torch.zeros(1, 2))
    tensor([[1, 2]])
    """
    return resize_(self, the_template._array.shape, memory_format=memory_format)


@public(function=False, out=False)
def resize(self: Tensor, *sizes: Any) -> Tensor:
    """Deprecated: `reshape`, without its -1."""
    warn("non-inplace resize is deprecated")
    return _with_sides(self, arguments.sizes("resize", sizes))


@public(function=False, out=False)
def resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """Deprecated: `reshape_as`."""
    warn("non-inplace resize_as is deprecated")
    return _with_sides(self, tensor._array.shape)


def _with_sides(self: Tensor, shape: tuple[int, ...]) -> Tensor:
    have, wanted = ("x".join(map(str, sides)) for sides in (self._array.shape, shape))
    if math.prod(shape) != self._array.size:
        raise RuntimeError(
            f"requested resize to {wanted} ({math.prod(shape)} elements in total), but the given tensor has a size of "
            f"{have} ({self._array.size} elements). autograd's resize can only change the shape of a given tensor, "
            "while preserving the number of elements. "
        )
    return self.reshape(shape)


@public(function=False, out=False)
def set_(self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Tensor:
    """Let this tensor have the memory of `source`, a tensor or a storage; an empty one if there is none.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.set_.html

    >>> x = torch.zeros(2)
    >>> x.set_(torch.ones(3))
    tensor([1., 1., 1.])
    """
    views.check_history(self, self.requires_grad)
    kind = self._array.dtype
    if source is None:
        self._array, self._storage_root = np.empty(0, kind, like=self._array), None
    elif isinstance(source, Tensor):
        if source.dtype is not self.dtype:
            raise RuntimeError(
                f"Could not set tensor of type {source.dtype.c_name} to a tensor of type {self.dtype.c_name}"
            )
        array, root = source._array, source._root()
        if size is not None:
            array = _place(root, kind, storage_offset, tuple(size), stride)
        self._array, self._storage_root = array[...], root
    else:
        memory = source.untyped().array.view(kind)
        shape = (memory.size - storage_offset,) if size is None else tuple(size)
        self._array, self._storage_root = _place(memory, kind, storage_offset, shape, stride), memory
    self._bump()
    return self


def _place(root: np.ndarray, kind: np.dtype, offset: int, shape: tuple, stride: Any) -> np.ndarray:
    """The elements of root's memory from `offset` on, in the given shape."""
    strides = contiguous_strides(shape) if stride is None else tuple(stride)
    steps = tuple([step * kind.itemsize for step in strides])
    needed = offset * kind.itemsize + extent(shape, steps, kind.itemsize)[1] if 0 not in shape else 0
    there = extent(root.shape, root.strides, root.itemsize)[1]
    if needed > there:
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {offset}, and itemsize "
            f"{kind.itemsize} requiring a storage size of {needed} are out of bounds for storage of size {there}"
        )
    return kernels.layout.restride(root, shape, steps, offset * kind.itemsize)


@public(function=False, out=False)
def share_memory_(self: Tensor) -> Tensor:
    """Move this tensor to memory that child processes made by fork share with this one; views keep the old memory."""
    if known(self._array) and not UntypedStorage(memory_of(self._root())).is_shared() and self._array.size:
        old = self._array
        import mmap

        memory = np.frombuffer(mmap.mmap(-1, old.nbytes), old.dtype)
        self._array = memory.reshape(old.shape)
        self._array[...] = old
        self._storage_root = None
    return self
