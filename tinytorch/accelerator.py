"""torch.accelerator: the GPU, for programs that do not want to name its kind. Without one they get PyTorch's error.

Source: https://docs.pytorch.org/docs/2.13/accelerator.html
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from tinytorch import cuda
from tinytorch.device import device, library
from tinytorch.missing import getattr_for


def is_available() -> bool:
    """Whether there is an accelerator that tensors can be put on.

    >>> torch.accelerator.is_available() == torch.cuda.is_available()
    True
    """
    return cuda.is_available()


def device_count() -> int:
    """How many accelerators there are."""
    return cuda.device_count()


def current_accelerator(check_available: bool = False) -> device | None:
    """The kind of accelerator as a device without a number, device(type='cuda'); None where there is none."""
    return device("cuda") if is_available() else None


def _need() -> None:
    """PyTorch's error, and what is missing."""
    try:
        library()
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n\n")[2]
        raise RuntimeError(f"Cannot access accelerator device when none is available.\n\n{reason}") from None


def current_device_index() -> int:
    """The number of the accelerator in use."""
    _need()
    return cuda.current_device()


def set_device_index(device: Any, /) -> None:
    """Use another accelerator."""
    _need()
    cuda.set_device(device)


class device_index:
    """`with torch.accelerator.device_index(1):` uses another accelerator in the block. None does nothing."""

    def __init__(self, device: int | None, /):
        self.idx = device

    def __enter__(self) -> None:
        if self.idx is not None:
            _need()
            self._block = cuda.device(self.idx)
            self._block.__enter__()

    def __exit__(self, *error: object) -> None:
        if self.idx is not None:
            self._block.__exit__(*error)


def current_stream(device: Any = None, /) -> cuda.Stream:
    """The stream in use on an accelerator."""
    _need()
    return cuda.current_stream(device)


def set_stream(stream: cuda.Stream) -> None:
    """Use another stream, and its accelerator."""
    _need()
    cuda.set_stream(stream)


def synchronize(device: Any = None, /) -> None:
    """Wait until an accelerator has done all it was given."""
    _need()
    cuda.synchronize(device)


def get_device_capability(device: Any = None, /) -> dict[str, Any]:
    """What an accelerator can do: {"supported_dtypes": {...}}."""
    _need()
    from tinytorch.dtypes import ALL

    return {"supported_dtypes": set(ALL)}


# ---- memory ----------------------------------------------------------------------------------------------------------


def empty_cache() -> None:
    """Give memory that is kept for the next tensors back."""
    _need()
    cuda.empty_cache()


def memory_stats(device: Any = None, /) -> OrderedDict[str, int]:
    """Bytes in use and reserved, now and at most."""
    _need()
    return cuda.memory_stats(device)


def memory_allocated(device: Any = None, /) -> int:
    """How many bytes tensors take up."""
    _need()
    return cuda.memory_allocated(device)


def max_memory_allocated(device: Any = None, /) -> int:
    """The most that memory_allocated has been."""
    _need()
    return cuda.max_memory_allocated(device)


def memory_reserved(device: Any = None, /) -> int:
    """How many bytes tensors take up, or the next ones will."""
    _need()
    return cuda.memory_reserved(device)


def max_memory_reserved(device: Any = None, /) -> int:
    """The most that memory_reserved has been."""
    _need()
    return cuda.max_memory_reserved(device)


def reset_peak_memory_stats(device: Any = None, /) -> None:
    """Count the largest use of memory anew."""
    _need()
    cuda.reset_peak_memory_stats(device)


def get_memory_info(device: Any = None, /) -> tuple[int, int]:
    """How many bytes are free, and how many there are."""
    _need()
    return cuda.mem_get_info(device)


__getattr__ = getattr_for(__name__)
