"""The devices, and the one file that knows whether CuPy is there.

NumPy's functions hand an array of another library to that library (NEP 13 and NEP 18), so `np.exp(x)` runs on the
GPU when x is CuPy's. Only *making* arrays needs to ask where: `array_module(x).zeros(...)`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np


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
        if isinstance(type, int):
            raise RuntimeError("Cannot access accelerator device when none is available.")
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


CPU = device("cpu")


def device_of(array: Any) -> device:
    """The device of an array."""
    return CPU


def array_module(array: Any) -> ModuleType:
    """The library that makes arrays like this one."""
    return np


def as_device(value: Any) -> device:
    """`value` (None, a string, a number, a device) as a device on which tensors can be made.

    Raises AssertionError with PyTorch's text for a CUDA device: the CuPy device is not part of this version.
    """
    found = CPU if value is None else value if isinstance(value, device) else device(value)
    if found.type == "cpu":
        return CPU
    if found.type == "cuda":
        raise AssertionError(
            "Torch not compiled with CUDA enabled\n\ntinytorch has no GPU device yet: use device='cpu'."
        )
    raise NotImplementedError(f"tinytorch has no device of type '{found.type}': use device='cpu'.")
