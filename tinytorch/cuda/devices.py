"""Which GPUs there are, which one a thread uses, and what they can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinytorch.device import accelerator, as_device, current, library
from tinytorch.device import device as Place
from tinytorch.device import device_count as count
from tinytorch.tensor import Tensor


def need(first_line: str) -> Any:
    """CuPy; where it or a GPU is missing, RuntimeError: PyTorch's first line, and what is missing."""
    try:
        return library()
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n\n")[2]
        raise RuntimeError(f"{first_line}\n\n{reason}") from None


def number_of(device: Any = None) -> int:
    """The number of a GPU given as a number, a string, a torch.device, or None: the one in use.

    Raises PyTorch's errors for devices that are none or not there.
    """
    if isinstance(device, str):
        device = Place(device)
    if isinstance(device, Place):
        if device.type != "cuda":
            raise ValueError(f"Expected a cuda device, but got: {device}")
    elif device is None:
        device = "cuda"
    elif isinstance(device, bool) or not isinstance(device, int):
        raise TypeError(f"Expected a torch.device, a string or a number as the device, but got {device!r}")
    return as_device(device).index or 0


def is_available() -> bool:
    """Whether tensors can be put on a GPU: CuPy is installed, and its driver finds one.

    >>> torch.cuda.is_available() == (torch.cuda.device_count() > 0)
    True
    """
    return device_count() > 0


def device_count() -> int:
    """How many GPUs can be used."""
    return count()


def is_initialized() -> bool:
    """Whether anybody has asked for a GPU yet, and there was one."""
    return accelerator.library is not None


def init() -> None:
    """Make ready what the first use of a GPU needs, which does so by itself."""
    library()


def current_device() -> int:
    """The number of the GPU on which "cuda" makes tensors."""
    library()
    return current().index or 0


def set_device(device: Any) -> None:
    """Let "cuda" mean another GPU in this thread. Negative numbers do nothing."""
    if device is None or (isinstance(device, int) and device < 0):
        return
    number = number_of(device)
    library().cuda.runtime.setDevice(number)


class device:
    """`with torch.cuda.device(1):` lets "cuda" mean another GPU in the block. None and negative numbers do nothing."""

    def __init__(self, device: Any):
        absent = device is None or (isinstance(device, int) and device < 0)
        self.idx = -1 if absent else number_of(device)
        self.prev_idx = -1

    def __enter__(self) -> None:
        if self.idx >= 0:
            self.prev_idx = current_device()
            set_device(self.idx)

    def __exit__(self, *error: object) -> None:
        if self.idx >= 0:
            set_device(self.prev_idx)


class device_of(device):
    """`with torch.cuda.device_of(x):` uses the GPU of the tensor x in the block; of the CPU's, the one in use."""

    def __init__(self, obj: Tensor):
        super().__init__(obj.device if obj.is_cuda else None)


def synchronize(device: Any = None) -> None:
    """Wait until a GPU has done all it was given."""
    number = number_of(device)
    library().cuda.Device(number).synchronize()


# ---- what they can do ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _CudaDeviceProperties:
    """What is known of a GPU."""

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    max_threads_per_multi_processor: int
    warp_size: int
    shared_memory_per_block: int
    L2_cache_size: int

    def __repr__(self) -> str:
        return (
            f"_CudaDeviceProperties(name='{self.name}', major={self.major}, minor={self.minor}, "
            f"total_memory={self.total_memory >> 20}MB, multi_processor_count={self.multi_processor_count}, "
            f"L2_cache_size={self.L2_cache_size >> 20}MB)"
        )


def get_device_properties(device: Any = None) -> _CudaDeviceProperties:
    """Name, memory, multiprocessors and more of a GPU."""
    number = number_of(device)
    facts = library().cuda.runtime.getDeviceProperties(number)
    return _CudaDeviceProperties(
        facts["name"].decode(), facts["major"], facts["minor"], facts["totalGlobalMem"], facts["multiProcessorCount"],
        facts["maxThreadsPerMultiProcessor"], facts["warpSize"], facts["sharedMemPerBlock"], facts["l2CacheSize"],
    )  # fmt: skip


def get_device_name(device: Any = None) -> str:
    """What a GPU is called."""
    return get_device_properties(device).name


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """A GPU's compute capability, such as (9, 0): which instructions it has."""
    found = get_device_properties(device)
    return found.major, found.minor


def get_arch_list() -> list[str]:
    """For which GPUs there are kernels: they are compiled when they are needed, for those of this machine."""
    return sorted({"sm_{}{}".format(*get_device_capability(number)) for number in range(device_count())})


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Can the GPU in use compute with bfloat16? Since compute capability 8.0; older ones convert to float32."""
    return is_available() and (including_emulation or get_device_capability() >= (8, 0))


def is_tf32_supported() -> bool:
    """Can the GPU in use multiply float32 matrices in TF32? Since compute capability 8.0."""
    return is_available() and get_device_capability() >= (8, 0)


def can_device_access_peer(device: Any, peer_device: Any) -> bool:
    """Can one GPU read the memory of another?"""
    library()
    for given in (device, peer_device):
        if not 0 <= (given if isinstance(given, int) else number_of(given)) < device_count():
            raise AssertionError("Invalid device id" if given is device else "Invalid peer device id")
    return bool(library().cuda.runtime.deviceCanAccessPeer(number_of(device), number_of(peer_device)))


def ipc_collect() -> None:
    """Free memory that was shared with other processes: tinytorch shares none."""
    library()
