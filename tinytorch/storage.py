"""UntypedStorage, TypedStorage: the memory that a tensor and its views lie in, as a row of bytes or of elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.device import CPU, as_device, device, device_of, host, is_array, is_pinned, put
from tinytorch.dtypes import ALL
from tinytorch.dtypes import dtype as Dtype
from tinytorch.kernels.memory import address, extent


def memory_of(root: Any) -> Any:
    """The memory from root's first to its last element, gaps included, as a vector of bytes that shares it."""
    if not root.size:
        return np.empty(0, np.uint8, like=root)
    count = extent(root.shape, root.strides, root.itemsize)[1] // root.itemsize
    return kernels.layout.restride(root, (count,), (root.itemsize,)).view(np.uint8)


def is_shared(array: Any) -> bool:
    """Does it lie in memory that processes share? A GPU's counts as such, in PyTorch, too."""
    if not isinstance(array, np.ndarray):
        return True
    owner: Any = array
    while isinstance(owner, (np.ndarray, memoryview)):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    if owner is None:
        return False
    import mmap  # only what lies in memory that is not NumPy's pays for it

    return isinstance(owner, mmap.mmap)


class _Storage:
    """What storages of bytes and of elements have in common: a vector `array` of them."""

    array: Any
    device: device
    is_sparse = False

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    def __len__(self) -> int:
        return self.array.size

    size = __len__

    def nbytes(self) -> int:
        return self.array.nbytes

    def __sizeof__(self) -> int:
        return super().__sizeof__() + self.nbytes()  # sys.getsizeof is how libraries ask for the memory of a tensor

    def element_size(self) -> int:
        return self.array.itemsize

    def data_ptr(self) -> int:
        return address(self.array) if self.array.size else 0

    def tolist(self) -> list:
        return host(self.array).tolist()

    def __iter__(self) -> Iterator:
        return iter(self.tolist())

    def _check(self, index: Any) -> None:
        if not isinstance(index, (int, slice)):
            raise TypeError(f"can't index a torch.{type(self).__name__} with {type(index).__name__}")
        if not isinstance(index, slice) and not -len(self) <= index < len(self):
            raise IndexError(f"index {index} out of range for storage of size {len(self)}")

    def __setitem__(self, index: Any, value: Any) -> None:
        self._check(index)
        self.array[index] = value

    def fill_(self, value: Any) -> Any:
        self.array[...] = value
        return self

    def copy_(self, source: Any, non_blocking: bool = False) -> Any:
        self.array[...] = put(source.array, self.device, non_blocking)
        return self

    def cpu(self) -> Any:
        return self._on(CPU)

    def cuda(self, device: Any = None) -> Any:
        return self._on(as_device("cuda" if device is None else device))

    def _on(self, place: Any) -> Any:
        """The same elements on the device: itself where it is there."""
        raise NotImplementedError

    def is_shared(self) -> bool:
        return is_shared(self.array)

    def is_pinned(self) -> bool:
        return is_pinned(self.array)

    def resizable(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other.data_ptr() == self.data_ptr()

    def __hash__(self) -> int:
        return hash(self.data_ptr())

    def _title(self) -> str:
        raise NotImplementedError

    def __repr__(self) -> str:
        return " " + "\n ".join(map(str, self)) + f"\n[{self._title()} of size {len(self)}]"


class UntypedStorage(_Storage):
    """A piece of memory in which tensors lie, as bytes.

    >>> torch.tensor([1, 258], dtype=torch.int16).untyped_storage().tolist()
    [1, 0, 2, 1]
    """

    def __init__(self, array: Any = 0, device: Any = None):
        if isinstance(array, int):
            array = np.zeros(array, np.uint8)
        elif not is_array(array):
            array = np.array(list(array), np.uint8)
        self.device = device_of(array) if device is None else as_device(device)
        self.array = put(array, self.device)

    def __getitem__(self, index: Any) -> Any:
        self._check(index)
        found = self.array[index]
        return UntypedStorage(found) if isinstance(index, slice) else int(found)

    def clone(self) -> UntypedStorage:
        return UntypedStorage(self.array.copy())

    def _on(self, place: Any) -> UntypedStorage:
        return self if place is self.device else UntypedStorage(self.array, place)

    def untyped(self) -> UntypedStorage:
        return self

    def _title(self) -> str:
        return f"torch.storage.UntypedStorage(device={self.device})"


class TypedStorage(_Storage):
    """A piece of memory in which tensors lie, as elements of one dtype. PyTorch deprecates it."""

    def __init__(self, *args: Any, wrap_storage: UntypedStorage | None = None, dtype: Dtype):
        if wrap_storage is None:
            given = args[0] if args else 0
            array = np.zeros(given, dtype.numpy) if isinstance(given, int) else np.array(list(given), dtype.numpy)
            wrap_storage = UntypedStorage(array.view(np.uint8))
        self._untyped_storage = wrap_storage
        self.dtype = dtype
        self.device = wrap_storage.device
        self.array = wrap_storage.array.view(dtype.numpy)

    def __getitem__(self, index: Any) -> Any:
        self._check(index)
        return self.array[index].tolist()

    def clone(self) -> TypedStorage:
        return TypedStorage(wrap_storage=self._untyped_storage.clone(), dtype=self.dtype)

    def _on(self, place: Any) -> TypedStorage:
        moved = self._untyped_storage._on(place)
        return self if moved is self._untyped_storage else TypedStorage(wrap_storage=moved, dtype=self.dtype)

    def untyped(self) -> UntypedStorage:
        return self._untyped_storage

    def pickle_storage_type(self) -> str:
        return f"{self.dtype.legacy}Storage"

    def type(self) -> str:
        """The name of the class of PyTorch's first years.

        >>> torch.FloatStorage(2).type()
        'torch.FloatStorage'
        """
        return f"torch.{self.pickle_storage_type()}"

    def _title(self) -> str:
        return f"torch.storage.TypedStorage(dtype={self.dtype}, device={self.device})"


class StorageClass(type):
    """The class of torch.FloatStorage and its like: a TypedStorage is an instance of the one that names its dtype."""

    dtype: Dtype

    def __call__(cls, *args: Any) -> TypedStorage:
        return TypedStorage(*args, dtype=cls.dtype)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TypedStorage) and instance.dtype is cls.dtype


CLASSES = {
    f"{kind.legacy}Storage": StorageClass(f"{kind.legacy}Storage", (), {"dtype": kind, "__module__": "torch"})
    for kind in ALL
    if not kind.legacy.startswith("UInt")
}  # what torch. has
