"""Operands have to be on one device: asked of every operation, but only once somebody has asked for a GPU."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinytorch.autograd.grad_mode import usage
from tinytorch.device import CPU, accelerator, current, device, device_of, is_array, switch
from tinytorch.tensor import Tensor, TensorBase


def _begin() -> None:
    usage.accelerated = True


accelerator.on_first_use.append(_begin)


def together(args: tuple) -> tuple:
    """`args` with all arrays and tensors on one device: 0-dimensional ones of the CPU follow the others.

    Raises PyTorch's RuntimeError where others would have to move.
    """
    place = None
    for arg in args:
        found = place_of(arg)
        if found is None or found is place:
            continue
        if place is not None:
            gpu = found if place is CPU else place
            return tuple([_follow(each, gpu) for each in args])
        place = found
    return args


def place_of(value: Any) -> device | None:
    """The device of a tensor or array; None for anything else."""
    array = value._array if isinstance(value, TensorBase) else value
    return device_of(array) if is_array(array) else None


def place_of_any(values: Iterable) -> device | None:
    """The device of the first tensor or array among `values`; None where there is none."""
    return next((place for place in map(place_of, values) if place is not None), None)


def elsewhere(values: Iterable) -> device | None:
    """The GPU that the first array or tensor is on, if it is not the one that this thread uses now; else None."""
    if len(accelerator.places) > 1:
        for value in values:
            place = place_of(value)
            if place is not None and place is not CPU:
                return None if place is current() else place
    return None


def follow(values: Iterable) -> None:
    """From now on this thread uses the GPU that the first array or tensor is on; see `switch`."""
    place = elsewhere(values)
    if place is not None:
        switch(place)


def _follow(value: Any, place: device) -> Any:
    """`value` on the device `place`."""
    found = place_of(value)
    if found is None or found is place:
        return value
    if found is CPU and isinstance(value, Tensor) and not value._array.ndim:
        return value.to(place)
    if found is CPU and isinstance(value, np.ndarray) and not value.ndim:
        return value[()]  # a number: CuPy takes NumPy's scalars
    raise mixed_devices(place, found)


def mixed_devices(one: device, other: device) -> RuntimeError:
    """PyTorch's error for operands on two devices."""
    return RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, {one} and {other}!\n\n"
        f"tinytorch does not move tensors by itself: write x.to('{one}') for the one on {other}, or .to(device) where "
        "they are made."
    )
