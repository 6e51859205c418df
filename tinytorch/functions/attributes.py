"""Questions to a tensor: its sizes and strides, where it lies, what it is."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.device import CPU
from tinytorch.errors import wrap_dim
from tinytorch.formats import contiguous_format, is_contiguous_in, strided, strides_of
from tinytorch.public import public
from tinytorch.tensor import Size, Tensor

# ---- sizes and strides -----------------------------------------------------------------------------------------------


@public(function=False, out=False)
def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the length of one dimension.

    >>> torch.zeros(2, 3).size(), torch.zeros(2, 3).size(-1)
    (torch.Size([2, 3]), 3)
    """
    shape = self._array.shape
    return Size(shape) if dim is None else shape[wrap_dim(dim, len(shape))]


@public(function=False, out=False)
def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements further in memory the next one of each dimension (or of one dimension) is.

    >>> torch.zeros(2, 3).stride(), torch.zeros(2, 3).t().stride(0)
    ((3, 1), 1)
    """
    strides = strides_of(self._array)
    return strides if dim is None else strides[wrap_dim(dim, len(strides))]


@public(function=False, out=False, aliases=("ndimension",))
def dim(self: Tensor) -> int:
    """The number of dimensions.

    >>> torch.zeros(2, 3).dim()
    2
    """
    return self._array.ndim


@public(out=False)
def numel(input: Tensor) -> int:
    """The number of elements.

    >>> torch.zeros(2, 3).numel()
    6
    """
    return input._array.size


Tensor.nelement = numel


@public(function=False, out=False)
def element_size(self: Tensor) -> int:
    """The bytes of one element.

    >>> torch.zeros(2).element_size()
    4
    """
    return self._array.itemsize


@public(function=False, out=False)
def is_contiguous(self: Tensor, *, memory_format: Any = contiguous_format) -> bool:
    """Do the elements lie in memory without gaps, the last dimension innermost (or as `memory_format` says)?

    >>> torch.zeros(2, 3).is_contiguous(), torch.zeros(2, 3).t().is_contiguous()
    (True, False)
    """
    return is_contiguous_in(memory_format, self._array)


# ---- memory ----------------------------------------------------------------------------------------------------------


def address(array: np.ndarray) -> int:
    """Where in memory the first element is."""
    return array.__array_interface__["data"][0]


@public(function=False, out=False)
def data_ptr(self: Tensor) -> int:
    """The address of the first element; 0 for an empty tensor."""
    return address(self._array) if self._array.size else 0


@public(function=False, out=False)
def storage_offset(self: Tensor) -> int:
    """How many elements after the beginning of its storage this tensor begins.

    >>> torch.zeros(2, 3)[1].storage_offset()
    3
    """
    root = self._storage_root
    return 0 if root is None else (address(self._array) - address(root)) // self._array.itemsize


@public(out=False)
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Do the tensors have one shape?

    >>> torch.is_same_size(torch.zeros(2), torch.zeros(2, 1))
    False
    """
    return input._array.shape == other._array.shape


@public(function=False, out=False)
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Do both tensors show the same elements of the same memory?"""
    return (
        address(self._root()) == address(tensor._root())
        and storage_offset(self) == storage_offset(tensor)
        and self._array.shape == tensor._array.shape
        and strides_of(self._array) == strides_of(tensor._array)
    )


# ---- what it is ------------------------------------------------------------------------------------------------------


@public(method=False, out=False)
def is_tensor(obj: Any) -> bool:
    """Is it a Tensor?

    >>> torch.is_tensor(torch.zeros(1)), torch.is_tensor([0.])
    (True, False)
    """
    return isinstance(obj, Tensor)


@public(out=False)
def is_floating_point(input: Tensor) -> bool:
    """Is the dtype float16, bfloat16, float32 or float64?

    >>> torch.is_floating_point(torch.zeros(1)), torch.is_floating_point(torch.tensor(1))
    (True, False)
    """
    return input.dtype.category == dtypes.FLOAT


@public(out=False)
def is_complex(input: Tensor) -> bool:
    """Is the dtype complex64 or complex128?

    >>> torch.is_complex(torch.tensor(1j))
    True
    """
    return input.dtype.category == dtypes.COMPLEX


@public(out=False)
def is_signed(input: Tensor) -> bool:
    """Can the dtype hold negative numbers?

    >>> torch.is_signed(torch.tensor(1)), torch.is_signed(torch.tensor(True))
    (True, False)
    """
    return input.dtype.is_signed


@public(out=False)
def is_inference(input: Tensor) -> bool:
    """Was it made under `torch.inference_mode()`?

    >>> torch.is_inference(torch.zeros(1))
    False
    """
    return input._inference


@public(out=False)
def is_nonzero(input: Tensor) -> bool:
    """Is the only element different from zero? RuntimeError unless there is exactly one.

    >>> torch.is_nonzero(torch.tensor([0.]))
    False
    """
    return bool(input)


def _flag(value: bool) -> property:
    return property(lambda self: value)


Tensor.nbytes = property(lambda self: self._array.nbytes)
Tensor.itemsize = property(lambda self: self._array.itemsize)
Tensor.layout = property(lambda self: strided)
Tensor.is_cpu = property(lambda self: self.device is CPU)
for _name in ("sparse", "sparse_csr", "quantized", "meta", "mkldnn", "mps", "xpu", "nested", "vulkan", "xla", "ipu", "hpu",
              "maia", "mtia"):  # fmt: skip
    setattr(Tensor, "is_" + _name, _flag(False))


def _volatile(self: Tensor) -> bool:
    """PyTorch 0.3 said volatile where no_grad is used today."""
    warnings.warn("volatile was removed (Variable.volatile is always False)", UserWarning, stacklevel=2)
    return False


Tensor.volatile = property(_volatile, lambda self, value: _volatile(self) and None)


# ---- its place among views -------------------------------------------------------------------------------------------


def _version(self: Tensor) -> int:
    """How often the memory was written to in place."""
    if self._inference:
        raise RuntimeError("Inference tensors do not track version counter.")
    return 0 if self._counter is None else self._counter.value


@public(function=False, out=False)
def _is_view(self: Tensor) -> bool:
    """Does it share the memory of a base, as autograd sees it?"""
    return self._view is not None


Tensor._version = property(_version)
Tensor._base = property(lambda self: None if self._view is None else self._view.base)
