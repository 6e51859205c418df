"""What the script finds on a machine: the GPU, its driver, CuPy, and PyTorch with or without CUDA."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import tinytorch
from tinytorch.device import library


class Missing(Exception):
    """There is nothing to run on: what is missing, for the person at the terminal"""


def describe() -> dict[str, str]:
    """GPU, driver, CuPy and PyTorch, in words. Raises Missing without CuPy or a GPU."""
    try:
        cupy = library()
    except (AssertionError, RuntimeError) as error:
        raise Missing(str(error).replace("\n\n", ": ").replace("\n", " ")) from None
    major, minor = tinytorch.cuda.get_device_capability()
    free, total = tinytorch.cuda.mem_get_info()
    return {
        "GPU": f"{tinytorch.cuda.get_device_name()}, compute capability {major}.{minor}, "
        f"{total / 2**30:.0f} GiB, {free / 2**30:.0f} free",
        "CUDA": f"driver {number(cupy.cuda.runtime.driverGetVersion())}, "
        f"runtime {number(cupy.cuda.runtime.runtimeGetVersion())}",
        "CuPy": "a double, on the CPU" if is_double(cupy) else cupy.__version__,
        "PyTorch": reference()[1],
    }


def is_double(cupy: Any) -> bool:
    return hasattr(cupy, "_double")


def number(version: int) -> str:
    """12080 as CUDA's version 12.8"""
    return f"{version // 1000}.{version % 1000 // 10}"


def reference() -> tuple[Any, str]:
    """(PyTorch, or None where it cannot use the GPU; its version and what it has, in words)"""
    if importlib.util.find_spec("torch") is None:
        return None, "not installed: nothing to compare with"
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an old driver; the answer says it, too
        there = torch.cuda.is_available()
    return torch if there else None, f"{torch.__version__}, {'with' if there else 'without'} CUDA"
