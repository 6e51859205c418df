"""The devices, and the one file that knows whether CuPy is there.

NumPy's functions hand an array of another library to that library (NEP 13 and NEP 18), so `np.exp(x)` runs on the
GPU when x is CuPy's, and what makes arrays is told where by example (NEP 35): `np.zeros(shape, dtype, like=x)`.
Operations therefore know nothing of devices. CuPy is imported when somebody first asks for a GPU.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import numpy as np

from tinytorch import dtypes


class device:
    """Where a tensor's memory is: `device("cpu")`, `device("cuda", 0)`, `device("cuda:0")`.

    >>> torch.device("cuda:1"), str(torch.device("cpu")), torch.device("cpu") == torch.zeros(1).device
    (device(type='cuda', index=1), 'cpu', True)
    """

    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: str | int | device, index: int | None = None):
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
            return
        if isinstance(type, int):  # a number is that of a GPU
            if not device_count():
                raise RuntimeError("Cannot access accelerator device when none is available.")
            self.type, self.index = "cuda", type
            return
        if not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' must be str, not {type.__class__.__name__}")
        name, colon, number = type.partition(":")
        if not name.replace("_", "").isalpha() or (colon and not number.isdigit()):
            raise RuntimeError(f"Invalid device string: '{type}'" if type else "Device string must not be empty")
        if name not in ("cpu", "cuda", "meta", "mps", "xpu"):
            raise RuntimeError(
                "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, "
                "vulkan, mps, meta, hpu, mtia, privateuseone device type at start of device string: " + name
            )
        if colon:
            if index is not None:
                raise RuntimeError(
                    f"type (string) must not include an index because index was passed explicitly: {type}"
                )
            index = int(number)
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        self.type, self.index = name, index

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        """`with torch.device("cuda"):` makes new tensors there."""
        default.outer.append(default.place)
        default.place = as_device(self)
        return self

    def __exit__(self, *error: object) -> None:
        default.place = default.outer.pop()


CPU = device("cpu")
DLPACK_CUDA = 2  # how DLPack calls the memory of an NVIDIA GPU


# ---- CuPy ------------------------------------------------------------------------------------------------------------


class _Accelerator:
    """What is known of CuPy: nothing, until somebody asks for a GPU."""

    def __init__(self) -> None:
        self.library: Any = None  # the module cupy, once a GPU was asked for and found
        self.places: list[device] = []  # the devices cuda:0, cuda:1, ...
        self.examples: list[Any] = []  # an array without elements on each of them
        self.on_first_use: list[Callable[[], None]] = []  # what other modules do then
        self.matmul_precision = "highest"  # of float32 matrices; "high" and "medium" allow TF32


accelerator = _Accelerator()
_loading = threading.Lock()


def library() -> Any:
    """CuPy, imported by the first call that finds it and a GPU.

    Raises PyTorch's errors: AssertionError where CuPy is not installed (PyTorch's is that it was built without CUDA),
    RuntimeError where there is no driver or no GPU.
    """
    if accelerator.library is None:
        with _loading:
            if accelerator.library is None:
                _load()
    return accelerator.library


def _load() -> None:
    try:
        cupy = import_module("cupy")
    except ImportError as error:
        raise AssertionError(
            "Torch not compiled with CUDA enabled\n\n"
            f"tinytorch computes on NVIDIA GPUs with CuPy, which cannot be imported ({error}).\n"
            "Install it with `pip install 'tinytorch-readalong[cuda12]'` (or [cuda13], as your driver says), or\n"
            'compute on the CPU:\n    device = "cuda" if torch.cuda.is_available() else "cpu"'
        ) from None
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise RuntimeError(
            "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver "
            "from http://www.nvidia.com/Download/index.aspx\n\n"
            f"CuPy {cupy.__version__} is installed and says: {error}"
        ) from None
    if not count:
        raise RuntimeError("No CUDA GPUs are available\n\nCuPy and a driver are there; the driver shows no GPU.")
    accelerator.places = [device("cuda", index) for index in range(count)]
    for index in range(count):
        with cupy.cuda.Device(index):
            accelerator.examples.append(cupy.empty(0))
    dtypes._ARRAYS = (np.ndarray, cupy.ndarray)
    accelerator.library = cupy
    for prepare in accelerator.on_first_use:
        prepare()


def device_count() -> int:
    """How many GPUs can be used: 0 where CuPy, the driver or the GPU is missing."""
    try:
        library()
    except (AssertionError, RuntimeError):
        return 0
    return len(accelerator.places)


def as_device(value: Any) -> device:
    """`value` (None, a string, a number, a device) as a device on which tensors can be made, with its number.

    Raises PyTorch's errors for devices that are not there; those of `library`, for one.
    """
    found = CPU if value is None else value if isinstance(value, device) else device(value)
    if found.type == "cpu":
        return CPU
    if found.type != "cuda":
        raise NotImplementedError(f"tinytorch has no device of type '{found.type}': use 'cpu' or 'cuda'.")
    library()
    if found.index is None:
        return current()
    index = found.index
    if index >= len(accelerator.places):
        raise RuntimeError(
            "CUDA error: invalid device ordinal\n\n"
            f"{found} was asked for; this machine has {len(accelerator.places)}: cuda:0 to "
            f"cuda:{len(accelerator.places) - 1}."
        )
    return accelerator.places[index]


def current() -> device:
    """The GPU that this thread uses; there is one in use."""
    return accelerator.places[accelerator.library.cuda.runtime.getDevice()]


def switch(place: device) -> None:
    """Let this thread use another GPU from now on; `use` does so for a while."""
    accelerator.library.cuda.runtime.setDevice(place.index)


class _Default(threading.local):
    """Where a thread's new tensors are made when nobody says."""

    def __init__(self) -> None:
        self.place = CPU
        self.outer: list[device] = []  # those of the `with` blocks around


default = _Default()


# ---- arrays ----------------------------------------------------------------------------------------------------------


def is_array(value: Any) -> bool:
    """Is it an array, NumPy's or a GPU's?"""
    return isinstance(value, dtypes._ARRAYS)


def on_gpu(value: Any) -> bool:
    """Is it an array in the memory of a GPU?"""
    return not isinstance(value, np.ndarray) and isinstance(value, dtypes._ARRAYS)


def as_array(value: Any) -> Any:
    """An array as it is; a number, Python's or NumPy's, as a 0-dimensional one."""
    return value if isinstance(value, dtypes._ARRAYS) else np.asarray(value)


def known(array: Any) -> bool:
    """May a check look at the array's values? On a GPU nobody does: the program would have to wait for them."""
    return isinstance(array, np.ndarray)


def device_of(array: Any) -> device:
    """Where the memory of an array is."""
    if isinstance(array, np.ndarray):
        return CPU
    return accelerator.places[array.data.device_id]


def shared(other: Any) -> Any:
    """An array in the memory of another library's tensor, on the CPU or a GPU, which passes it on by DLPack."""
    kind, _ = other.__dlpack_device__()
    return (library() if kind == DLPACK_CUDA else np).from_dlpack(other)


def shows_gpu_memory(value: Any) -> bool:
    """Is it another library's tensor on a GPU? CuPy's, PyTorch's and Numba's say so by this attribute."""
    return hasattr(value, "__cuda_array_interface__")


def shown(other: Any) -> Any:
    """The array in that memory."""
    return library().asarray(other)


def special_functions(array: Any) -> Any:
    """The library of special functions for arrays like this one: SciPy's, or CuPy's, which has most of them."""
    return import_module("cupyx.scipy.special" if on_gpu(array) else "scipy.special")


def example(place: device) -> Any:
    """What to give as `like=` to NumPy's functions that make arrays, to make them on `place`; None for the CPU."""
    return None if place is CPU else accelerator.examples[place.index or 0]


def near(array: Any) -> Any:
    """What to give as `like=` to make an array where `array` is, which may also be a scalar of NumPy's."""
    return None if isinstance(array, (np.ndarray, np.generic)) else array


def use(place: device) -> Any:
    """A context in which new arrays of the GPU `place` are made there; of the CPU, one that does nothing."""
    return nullcontext() if place.type == "cpu" else library().cuda.Device(place.index)


def filled(shape: tuple[int, ...], value: Any, dtype: Any, place: device) -> Any:
    """A new array on `place`, the same number everywhere."""
    with use(place):
        array = np.empty(shape, dtype, like=example(place))
        array.fill(value)  # np.full takes three times as long
    return array


def strict(array: Any) -> Any:
    """A context in which linear algebra with a GPU's array raises LinAlgError where it fails, as NumPy's always does.

    The program waits for it to be done, PyTorch's does as well.
    """
    return nullcontext() if isinstance(array, np.ndarray) else import_module("cupyx").errstate(linalg="raise")


def put(array: Any, place: device, non_blocking: bool = False) -> Any:
    """The array in the memory of `place`, its dimensions in the same order there; itself where it is there already.

    From the CPU to a GPU nobody waits; from a GPU to the CPU the caller does, unless `non_blocking`.
    """
    if device_of(array) is place:
        return array
    order = sorted(range(array.ndim), key=lambda dim: (-abs(array.strides[dim]), array.shape[dim] == 1))
    in_order = array.transpose(order)  # row by row where there are no gaps
    if place.type == "cpu":
        moved = in_order.get(blocking=not non_blocking)
    else:
        cupy = library()
        with cupy.cuda.Device(place.index):
            moved = cupy.asarray(in_order, order="C", blocking=False)
    back = sorted(range(array.ndim), key=order.__getitem__)
    return moved.transpose(back)


def pinned(array: np.ndarray) -> np.ndarray:
    """A copy in memory that the system does not move, from which a GPU reads while the program goes on."""
    library()
    copy = import_module("cupyx").empty_pinned(array.shape, array.dtype)
    copy[...] = array
    return copy


def is_pinned(array: Any) -> bool:
    """Is it such a copy, or a view of one?"""
    while isinstance(array, np.ndarray):
        array = array.base
    return accelerator.library is not None and isinstance(array, accelerator.library.cuda.PinnedMemoryPointer)


def host(array: Any) -> np.ndarray:
    """The array for NumPy: one on a GPU is waited for and copied. Only item, printing, cpu() and the like call it."""
    return array if isinstance(array, np.ndarray) else put(array, CPU)


def on_cpu(function: Callable, *arrays: Any, **options: Any) -> Any:
    """function(*arrays, **options) computed on the CPU, for the few functions that NumPy or SciPy has and CuPy has not.

    The program waits for what a GPU has to give, and the results go back there.
    """
    place = next((device_of(array) for array in arrays if on_gpu(array)), CPU)
    if place is CPU:
        return function(*arrays, **options)
    made = function(*[host(array) if is_array(array) else array for array in arrays], **options)
    if isinstance(made, tuple):
        return tuple([put(as_array(each), place) for each in made])
    return put(as_array(made), place)
