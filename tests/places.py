"""On which device the tests compute: the CPU, or with TINYTORCH_TEST_DEVICE=cuda a GPU, or tests/double in its place.

    TINYTORCH_TEST_DEVICE=cuda python -m pytest tests/ops

Tests that are about the memory of the CPU (NumPy's arrays in it, its random numbers) carry the marker `host`.

PyTorch's numbers for a seed, which tests compare with, are the CPU's; a GPU has its own. So here the CPU draws for it
too, but where a test asks for the numbers of the GPU: `with own_numbers():`.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch import draws, generator, kernels
from tinytorch.device import CPU, as_device, device_count, device_of, host, is_array, put
from tinytorch.tensor import Tensor, wrap

DEVICE = os.environ.get("TINYTORCH_TEST_DEVICE", "cpu")

if DEVICE != "cpu" and not device_count():
    sys.path.insert(0, str(Path(__file__).parent / "double"))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("cupy", "cupyx")]:
        del sys.modules[name]  # a CuPy that found no GPU

PLACE = as_device(DEVICE)


def left_to_the_device(error: Any) -> bool:
    """Is it an error that there is on the CPU only, or without a GPU?

    On a GPU nobody looks at numbers, an index out of bounds, say: PyTorch's kernels assert. And where a GPU is, nothing
    says that there is none.
    """
    text = str(error)
    about_numbers = DEVICE != "cpu" and any(words in text for words in _ABOUT_NUMBERS)
    return about_numbers or (any(words in text for words in _ABOUT_NO_GPU) and gpu_here())


@functools.cache
def gpu_here() -> bool:
    """Does CuPy, or its double, find a GPU?"""
    return device_count() > 0


_ABOUT_NUMBERS = (
    "out of bounds", "out of DATA bounds", "index out of range", "out of range: tried to access",
    "probability tensor contains", "invalid multinomial",
    "Class values must be", "Number of elements of source < number of ones in mask", "q values must be in the range",
    "ZeroDivisionError", "repeats can not be negative", "allocated size does not match required size",
    "should not contain infs or NaNs", "offsets[", "which is not in the valid range",
)  # fmt: skip
_ABOUT_NO_GPU = (
    "Torch not compiled with CUDA", "accelerator device when none is available", "pin_memory=True requires",
    "If capturable=True",
)  # fmt: skip


def tensor_of(memory: np.ndarray, array: np.ndarray) -> Tensor:
    """A tensor on the device with the elements of `array`, which lies in `memory` as it is to lie there."""
    if DEVICE == "cpu":
        return wrap(array)
    start = array.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    there: Any = put(memory, PLACE)
    return wrap(kernels.layout.restride(there, array.shape, array.strides, start) if array.size else put(array, PLACE))


def _drawn_on_the_cpu(sampler: Callable, array: Any, source: generator.Generator | None, *arguments: Any) -> Any:
    """draws.run, with the CPU's numbers for a GPU's array."""
    there = host(array)
    arguments = tuple([host(each) if is_array(each) else each for each in arguments])
    made = sampler(generator.stream_for(CPU, source), there, *arguments)
    if array is not there:
        array[...] = put(there, device_of(array))
    return None if made is None else put(made, device_of(array))


_own = draws.run
if DEVICE != "cpu":
    draws.run = _drawn_on_the_cpu


@contextmanager
def own_numbers() -> Iterator[None]:
    """Inside, a GPU draws its own numbers."""
    before, draws.run = draws.run, _own
    try:
        yield
    finally:
        draws.run = before
