"""Switches of PyTorch that change little here: what is set is remembered, so that programs which set them run.

Every computation on the CPU is deterministic, and float32 products are computed in float32.
"""

from __future__ import annotations

from typing import Any

from tinytorch.arguments import type_name, wrong_type
from tinytorch.device import accelerator, as_device, default, device
from tinytorch.errors import warn
from tinytorch.public import NAMES

PRECISIONS = ("highest", "high", "medium")


class Settings:
    """What was set last."""

    deterministic = 0  # 0: off, 1: warn only, 2: on
    warn_always = False
    interop_threads: int | None = None


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for results that are the same in every run, which they are anyway.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.use_deterministic_algorithms.html

    >>> torch.use_deterministic_algorithms(True)
    >>> torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    if not isinstance(mode, bool):
        raise wrong_type("_set_deterministic_algorithms", "mode", 1, "bool", mode)
    Settings.deterministic = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled() -> bool:
    """Was `use_deterministic_algorithms(True)` called?"""
    return Settings.deterministic > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Was `use_deterministic_algorithms(True, warn_only=True)` called?"""
    return Settings.deterministic == 1


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: "default", "warn" or "error"."""
    return Settings.deterministic


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """As `use_deterministic_algorithms`: "default" or 0 is off, "warn" or 1 warns, "error" or 2 is on."""
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    modes = {"default": 0, "warn": 1, "error": 2}
    if isinstance(debug_mode, str):
        if debug_mode not in modes:
            raise RuntimeError(
                "invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got " + debug_mode
            )
        debug_mode = modes[debug_mode]
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    Settings.deterministic = debug_mode


def set_float32_matmul_precision(precision: str) -> None:
    """How much precision products of float32 matrices may lose: "highest", "high" or "medium".

    On the CPU they lose none. A GPU multiplies in TF32, unless it is "highest".

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.set_float32_matmul_precision.html

    >>> torch.set_float32_matmul_precision("high")
    >>> torch.get_float32_matmul_precision()
    'high'
    >>> torch.set_float32_matmul_precision("highest")
    """
    if not isinstance(precision, str):
        given = type_name(precision)
        raise RuntimeError(f"set_float32_matmul_precision expects a str, but got {given}")
    if precision not in PRECISIONS:
        warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the currentsetFloat32MatmulPrecision call has "
            "no effect.",
        )
        return
    accelerator.matmul_precision = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` set; "highest" at first."""
    return accelerator.matmul_precision


def set_flush_denormal(mode: bool) -> bool:
    """Returns False: numbers next to zero are always kept.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.set_flush_denormal.html
    """
    if not isinstance(mode, bool):
        raise RuntimeError(f"flush_denormal expects a bool, but got {type_name(mode)}")
    return False


def get_num_interop_threads() -> int:
    """How many threads run operations side by side: what was set, at first 1."""
    return Settings.interop_threads or 1


def set_num_interop_threads(count: int) -> None:
    """How many threads may run operations side by side; here they run one after the other. Settable once."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise RuntimeError(f"set_num_interop_threads expects an int, but got {type_name(count)}")
    if count <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    if Settings.interop_threads is not None:
        raise RuntimeError(
            "Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads "
            "called"
        )
    Settings.interop_threads = count


def set_warn_always(b: bool, /) -> None:
    """Remembered only: how often a warning is shown is up to Python's `warnings`."""
    if not isinstance(b, bool):
        raise RuntimeError(f"setWarnOnlyOnce expects a bool, but got {type_name(b)}")
    Settings.warn_always = b


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` set."""
    return Settings.warn_always


def set_default_device(device: Any) -> None:
    """The device on which this thread makes new tensors; None for the CPU. PyTorch's errors for one that is not there.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.set_default_device.html

    >>> torch.set_default_device("cpu")
    >>> torch.get_default_device()
    device(type='cpu')
    """
    default.place = as_device(device)


def get_default_device() -> device:
    """The device on which this thread makes new tensors.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.get_default_device.html
    """
    return default.place


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False: nothing is computed in a lower precision than its operands have."""
    return False


def compiled_with_cxx11_abi() -> bool:
    """True, as for PyTorch's own wheels."""
    return True


for _function in (
    use_deterministic_algorithms, are_deterministic_algorithms_enabled, is_deterministic_algorithms_warn_only_enabled,
    get_deterministic_debug_mode, set_deterministic_debug_mode, set_float32_matmul_precision,
    get_float32_matmul_precision, set_flush_denormal, get_num_interop_threads, set_num_interop_threads,
    set_warn_always, is_warn_always_enabled, set_default_device, get_default_device, is_autocast_enabled,
    compiled_with_cxx11_abi,
):  # fmt: skip
    NAMES[_function.__name__] = _function
CONSTANTS: dict[str, Any] = dict.fromkeys(("has_lapack", "has_mkl", "has_openmp", "has_spectral"), True)
NAMES.update(CONSTANTS)
