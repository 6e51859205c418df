"""Questions to a tensor: its sizes and strides, where it lies, what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch import arguments, dtypes
from tinytorch.device import CPU, device_count, pinned
from tinytorch.device import is_pinned as is_pinned_array
from tinytorch.errors import warn, wrap_dim
from tinytorch.formats import contiguous_format, is_contiguous_in, strided, strides_of
from tinytorch.kernels.memory import address
from tinytorch.public import NAMES, public
from tinytorch.storage import CLASSES, TypedStorage, UntypedStorage, memory_of
from tinytorch.storage import is_shared as memory_is_shared
from tinytorch.tensor import Size, Tensor, wrap

# ---- sizes and strides -----------------------------------------------------------------------------------------------


@public(function=False, out=False)
def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the length of one dimension.

    >>> torch.zeros(2, 3).size(), torch.zeros(2, 3).size(-1)
    (torch.Size([2, 3]), 3)
    """
    shape = self._array.shape
    return Size(shape) if dim is None else shape[_dim("size", dim, len(shape))]


def _dim(name: str, dim: Any, ndim: int) -> int:
    if not isinstance(dim, int):
        raise arguments.wrong_type(name, "dim", 1, "int", dim)
    if not ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, ndim)


@public(function=False, out=False)
def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements further in memory the next one of each dimension (or of one dimension) is.

    >>> torch.zeros(2, 3).stride(), torch.zeros(2, 3).t().stride(0)
    ((3, 1), 1)
    """
    strides = strides_of(self._array)
    return strides if dim is None else strides[_dim("stride", dim, len(strides))]


@public(function=False, out=False, aliases=("ndimension",))
def dim(self: Tensor) -> int:
    """The number of dimensions.

    >>> torch.zeros(2, 3).dim()
    2
    """
    return self._array.ndim


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


@public(function=False, out=False, aliases=("const_data_ptr",))
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


@public(function=False, out=False)
def untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory in which this tensor and its views lie, as bytes.

    >>> torch.zeros(2, 3)[1].untyped_storage().nbytes()
    24
    """
    return UntypedStorage(memory_of(self._root()))


def _typed_storage(self: Tensor) -> TypedStorage:
    return TypedStorage(wrap_storage=untyped_storage(self), dtype=self.dtype)


@public(function=False, out=False)
def storage(self: Tensor) -> TypedStorage:
    """The memory in which this tensor and its views lie, as elements. Deprecated by PyTorch: see `untyped_storage`."""
    warn(
        "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage "
        "class. This should only matter to you if you are using storages directly.  To access UntypedStorage directly, "
        "use tensor.untyped_storage() instead of tensor.storage()"
    )
    return _typed_storage(self)


NAMES.update(CLASSES)
NAMES["Storage"] = CLASSES["FloatStorage"]


@public(function=False, out=False)
def storage_type(self: Tensor) -> Any:
    """The class of PyTorch's first years that the tensor's storage is an instance of.

    >>> torch.zeros(1).storage_type() is torch.FloatStorage
    True
    """
    return CLASSES[f"{self.dtype.legacy}Storage"]


@public(method=False, out=False)
def is_storage(obj: Any) -> bool:
    """Is it an UntypedStorage or a TypedStorage?

    >>> torch.is_storage(torch.zeros(1).untyped_storage())
    True
    """
    return isinstance(obj, (UntypedStorage, TypedStorage))


@public(function=False, out=False)
def is_shared(self: Tensor) -> bool:
    """Does it lie in memory that processes share, see `share_memory_`?"""
    return memory_is_shared(self._array)


@public(function=False, out=False)
def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Does it lie in memory of the CPU that the system does not move, see `pin_memory`?"""
    return is_pinned_array(self._array)


@public(function=False, out=False)
def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """A copy in memory of the CPU that the system does not move: transfers to a GPU from there run beside the program.

    Itself where it lies there already. RuntimeError, PyTorch's, where there is no GPU.
    """
    if not device_count():
        raise RuntimeError("Cannot access accelerator device when none is available.")
    if self.is_cuda:
        raise RuntimeError(f"cannot pin '{self.type()}' only dense CPU tensors can be pinned")
    return self if self.is_pinned() else wrap(pinned(self._array))


@public(out=False)
def get_device(self: Tensor) -> int:
    """The number of the GPU that the tensor is on; -1 on the CPU.

    >>> torch.zeros(1).get_device()
    -1
    """
    return -1 if self.device.index is None else self.device.index


@public(out=False)
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Do the tensors have one shape?

    >>> torch.is_same_size(torch.zeros(2), torch.zeros(2, 1))
    False
    """
    if not isinstance(other, Tensor):
        raise arguments.wrong_type("is_same_size", "other", 2, "Tensor", other)
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


def _question(name: str, answer: Callable[[Tensor], Any], doc: str) -> None:
    """A function torch.<name>(input) and method that answers a question to a tensor."""

    def ask(input: Tensor) -> Any:
        if not isinstance(input, Tensor):
            raise arguments.wrong_type(name, "input", 1, "Tensor", input)
        return answer(input)

    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = doc
    public(out=False)(ask)


_question(
    "numel",
    lambda input: input._array.size,
    """The number of elements.

    >>> torch.zeros(2, 3).numel()
    6
    """,
)
_question(
    "is_floating_point",
    lambda input: input.dtype.category == dtypes.FLOAT,
    """Is the dtype float16, bfloat16, float32 or float64?

    >>> torch.is_floating_point(torch.zeros(1)), torch.is_floating_point(torch.tensor(1))
    (True, False)
    """,
)
_question(
    "is_complex",
    lambda input: input.dtype.category == dtypes.COMPLEX,
    """Is the dtype complex64 or complex128?

    >>> torch.is_complex(torch.tensor(1j))
    True
    """,
)
_question(
    "is_signed",
    lambda input: input.dtype.is_signed,
    """Can the dtype hold negative numbers?

    >>> torch.is_signed(torch.tensor(1)), torch.is_signed(torch.tensor(True))
    (True, False)
    """,
)
_question(
    "is_inference",
    lambda input: input._inference,
    """Was it made under `torch.inference_mode()`?

    >>> torch.is_inference(torch.zeros(1))
    False
    """,
)
_question(
    "is_nonzero",
    bool,
    """Is the only element different from zero? RuntimeError unless there is exactly one.

    >>> torch.is_nonzero(torch.tensor([0.]))
    False
    """,
)


def _volatile(self: Tensor) -> bool:
    """PyTorch 0.3 said volatile where no_grad is used today."""
    warn("volatile was removed (Variable.volatile is always False)")
    return False


def _set_volatile(self: Tensor, value: Any) -> None:
    _volatile(self)


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


# ---- attributes ------------------------------------------------------------------------------------------------------


def _never(self: Tensor) -> bool:
    return False


for _name, _attribute in {
    "nelement": NAMES["numel"],
    "nbytes": property(lambda self: self._array.nbytes),
    "itemsize": property(lambda self: self._array.itemsize),
    "layout": property(lambda self: strided),
    "grad_dtype": property(lambda self: self.dtype),
    "is_cpu": property(lambda self: self.device is CPU),
    "volatile": property(_volatile, _set_volatile),
    "_version": property(_version),
    "_base": property(lambda self: None if self._view is None else self._view.base),
    "_typed_storage": _typed_storage,
}.items():
    setattr(Tensor, _name, _attribute)
for _name in (
    "sparse", "sparse_csr", "quantized", "meta", "mkldnn", "mps", "xpu", "nested", "vulkan", "xla", "ipu", "hpu",
    "maia", "mtia",
):  # fmt: skip
    setattr(Tensor, f"is_{_name}", property(_never))
