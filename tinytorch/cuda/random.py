"""Seeds and states of the GPUs' default generators. Where no GPU is, seeds are accepted and there is no state.

Source: https://docs.pytorch.org/docs/2.13/cuda.html#random-number-generator
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinytorch.cuda.devices import device_count, number_of
from tinytorch.device import library
from tinytorch.functions.rng_state import get_state, set_state
from tinytorch.generator import Generator, cuda_generators
from tinytorch.tensor import Tensor


def _generator(device: Any = None) -> Generator:
    return cuda_generators[number_of(device)]


def manual_seed(seed: int) -> None:
    """Start the stream of the GPU in use anew from `seed`."""
    seed = int(seed)
    if device_count():
        _generator().manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """Start the streams of all GPUs anew from `seed`."""
    seed = int(seed)
    if device_count():
        for generator in cuda_generators:
            generator.manual_seed(seed)


def seed() -> None:
    """Start the stream of the GPU in use anew from a seed that nobody can foresee."""
    if device_count():
        _generator().seed()


def seed_all() -> None:
    """Start the streams of all GPUs anew from one seed that nobody can foresee."""
    if device_count():
        manual_seed_all(cuda_generators[0].seed())


def initial_seed() -> int:
    """The seed that the stream of the GPU in use started from."""
    return _generator().initial_seed()


def get_rng_state(device: Any = "cuda") -> Tensor:
    """The state of a GPU's stream, seed and offset: 16 bytes, on the CPU."""
    library()
    return get_state(_generator(device))


def get_rng_state_all() -> list[Tensor]:
    """The states of all GPUs' streams."""
    return [get_rng_state(number) for number in range(device_count())]


def set_rng_state(new_state: Tensor, device: Any = "cuda") -> None:
    """Let a GPU's stream go on from a state that get_rng_state gave."""
    if device_count():
        set_state(_generator(device), new_state)


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """Let all GPUs' streams go on from states that get_rng_state_all gave."""
    for number, state in enumerate(new_states):
        set_rng_state(state, number)
