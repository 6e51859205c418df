"""Exchange with NumPy and other libraries, without copies: numpy, __array__, __cuda_array_interface__, DLPack.

Source: https://dmlc.github.io/dlpack/latest/python_spec.html
        https://numba.readthedocs.io/en/stable/cuda/cuda_array_interface.html
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from tinytorch import arguments, dtypes
from tinytorch.creation import check_options, leaf
from tinytorch.device import as_device, host, put, shared
from tinytorch.functions.from_data import checked
from tinytorch.public import public
from tinytorch.tensor import Tensor

POINTER = ctypes.sizeof(ctypes.c_void_p)
pointer_in = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)

# ---- NumPy -----------------------------------------------------------------------------------------------------------


@public(function=False, out=False)
def numpy(self: Tensor, *, force: bool = False) -> np.ndarray:
    """The elements as a NumPy array that shares the tensor's memory.

    RuntimeError for tensors that require grad, unless `force`d; TypeError for bfloat16, which NumPy does not know.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.numpy.html

    >>> torch.ones(2).numpy()
    array([1., 1.], dtype=float32)
    """
    if not isinstance(force, bool):
        raise arguments.wrong_type("numpy", "force", None, "bool", force)
    if self.requires_grad and not force:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.\n\n"
            "NumPy does not record operations: what it computes would be lost to backward."
        )
    if self.is_cuda and not force:
        raise TypeError(
            f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host "
            "memory first."
        )
    array = host(self._array)
    if array.dtype.kind == "V":
        raise TypeError(
            "Got unsupported ScalarType BFloat16\n\nNumPy has no bfloat16: convert it first, x.float().numpy()."
        )
    return array[...]  # an array object of its own: its shape may be set


def _array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """What np.asarray(tensor) calls."""
    return np.array(numpy(self), dtype, copy=copy)


def _array_wrap(self: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
    """What a NumPy function makes of its result when a tensor went in: np.exp(tensor) is a tensor.

    Truth values come out as uint8, as they do from PyTorch.
    """
    array = np.asarray(array)
    return leaf(array.astype(np.uint8) if array.dtype == np.bool_ else checked(array))


def _cuda_array_interface(self: Tensor) -> dict[str, Any]:
    """Where the tensor's memory on a GPU is, for CuPy, PyTorch, Numba and others."""
    if not self.is_cuda:
        raise AttributeError(  # so that hasattr is False
            f"Can't get __cuda_array_interface__ on non-CUDA tensor type: {self.type()} If CUDA data is required use "
            "tensor.cuda() to copy tensor to device memory."
        )
    if self.requires_grad:
        raise RuntimeError(
            "Can't get __cuda_array_interface__ on Variable that requires grad. If gradients aren't required, use "
            "var.detach() to get Variable that doesn't require grad."
        )
    there: Any = self._array
    return there.__cuda_array_interface__


# ---- DLPack ----------------------------------------------------------------------------------------------------------


def _dlpack(self: Tensor, *, stream: Any = None, **options: Any) -> Any:
    """A capsule with the tensor's memory for another library to take."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if self.is_cuda:
        return self._array.__dlpack__(stream=stream, **options)
    if stream not in (None, -1):
        raise AssertionError("stream should be None on cpu.")
    if self.dtype is dtypes.bfloat16:
        raise BufferError("NumPy cannot export bfloat16: convert it first, for instance with .float()")
    return self._array.__dlpack__(**options)


def _dlpack_device(self: Tensor) -> tuple[int, int]:
    """(1, 0) for the CPU, (2, number) for a GPU."""
    return self._array.__dlpack_device__()


for _name, _method in {
    "__array__": _array, "__array_wrap__": _array_wrap, "__dlpack__": _dlpack, "__dlpack_device__": _dlpack_device,
    "__cuda_array_interface__": property(_cuda_array_interface),
}.items():  # fmt: skip
    setattr(Tensor, _name, _method)


@public(method=False, out=False)
def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule with the tensor's memory."""
    return _dlpack(tensor)


class _FromCapsule:
    """Gives NumPy or CuPy a capsule in the way in which they take one."""

    def __init__(self, capsule: Any):
        try:
            struct = pointer_in(capsule, b"dltensor")
        except ValueError:
            raise RuntimeError(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so "
                "you might have already constructed a tensor from it once."
            ) from None
        # Behind the address of the memory C's struct says where it is: the kind of device and its number.
        self.capsule, self.place = capsule, tuple((ctypes.c_int32 * 2).from_address(struct + POINTER))

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, ...]:
        return self.place


@public(method=False, out=False)
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor in the memory of another library's tensor, or of a DLPack capsule.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.from_dlpack.html

    >>> torch.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    check_options("from_dlpack", device, False)
    if not hasattr(ext_tensor, "__dlpack__"):
        ext_tensor = _FromCapsule(ext_tensor)
    array = checked(shared(ext_tensor))
    if device is not None:
        array = put(array, as_device(device))
    return leaf(array.copy() if copy else array)
