"""Operands have to be on one device: asked of every operation, but only once somebody has asked for a GPU."""

from __future__ import annotations

from typing import Any

from tinytorch.autograd.grad_mode import usage
from tinytorch.device import CPU, accelerator, device, device_of, is_array
from tinytorch.tensor import Tensor, TensorBase


def _begin() -> None:
    usage.accelerated = True


accelerator.on_first_use.append(_begin)


def together(args: tuple) -> tuple:
    """`args` with all arrays and tensors on one device: 0-dimensional tensors of the CPU follow the others.

    Raises PyTorch's RuntimeError where others would have to move.
    """
    places = {place_of(arg) for arg in args}
    places.discard(None)
    if len(places) < 2:
        return args
    place = next(found for found in map(place_of, args) if found not in (None, CPU))
    return tuple([_follow(arg, place) for arg in args])


def place_of(value: Any) -> device | None:
    """The device of a tensor or array; None for anything else."""
    if isinstance(value, TensorBase):
        return device_of(value._array)
    return device_of(value) if is_array(value) else None


def _follow(value: Any, place: device) -> Any:
    """`value` on the device `place`."""
    found = place_of(value)
    if found is None or found is place:
        return value
    if found is CPU and isinstance(value, Tensor) and not value._array.ndim:
        return value.to(place)
    raise mixed_devices(place, found)


def mixed_devices(one: device, other: device) -> RuntimeError:
    """PyTorch's error for operands on two devices."""
    return RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, {one} and {other}!\n\n"
        f"tinytorch does not move tensors by itself: write x.to('{one}') for the one on {other}, or .to(device) where "
        "they are made."
    )
