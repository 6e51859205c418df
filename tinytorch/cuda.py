"""torch.cuda: whether there is a GPU that tinytorch can use, and which. The GPU device itself will be CuPy's.

Programs ask `torch.cuda.is_available()` and stay on the CPU where it says no: that much works everywhere.

Source: https://docs.pytorch.org/docs/2.13/cuda.html
"""

from __future__ import annotations

from typing import Any

from tinytorch.missing import getattr_for


def is_available() -> bool:
    """Whether tensors can be put on a GPU.

    >>> torch.cuda.is_available()
    False
    """
    return False


def device_count() -> int:
    """How many GPUs can be used."""
    return 0


def is_initialized() -> bool:
    """Whether a GPU has been used yet."""
    return False


def current_device() -> int:
    """The number of the GPU in use; there is none: AssertionError."""
    raise no_gpu()


def get_device_name(device: Any = None) -> str:
    """The name of a GPU; there is none: AssertionError."""
    raise no_gpu()


def synchronize(device: Any = None) -> None:
    """Wait for the work given to a GPU; there is none: AssertionError."""
    raise no_gpu()


def no_gpu() -> AssertionError:
    """The error for what needs a GPU."""
    return AssertionError(
        "Torch not compiled with CUDA enabled\n\n"
        "tinytorch computes on the CPU. Choose the device by asking first:\n"
        '    device = "cuda" if torch.cuda.is_available() else "cpu"'
    )


def manual_seed(seed: int) -> None:
    """Seed the GPU's generator: nothing to do without one."""


def manual_seed_all(seed: int) -> None:
    """Seed all GPUs' generators: nothing to do without one."""


def empty_cache() -> None:
    """Give unused memory of GPUs back: nothing to do without one."""


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Can a GPU compute with bfloat16? There is none."""
    return False


def memory_allocated(device: Any = None) -> int:
    """How many bytes of a GPU's memory tensors take up: none."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def reset_peak_memory_stats(device: Any = None) -> None:
    """Count the largest use of memory anew: nothing to do without a GPU."""


__getattr__ = getattr_for(__name__)
