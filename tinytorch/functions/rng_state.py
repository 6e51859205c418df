"""The default streams of random numbers: their seeds and states (manual_seed, get_rng_state, fork_rng, ...)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from tinytorch.arguments import type_name
from tinytorch.device import CPU, as_device, device
from tinytorch.generator import Generator, cuda_generators, default_generator, seed_all, start_gpus
from tinytorch.public import NAMES
from tinytorch.tensor import Tensor, wrap


def get_state(self: Generator) -> Tensor:
    """The state of this stream, PyTorch's own: 5056 bytes, of a GPU's stream 16.

    >>> g = torch.Generator()
    >>> state = g.get_state()
    >>> first = torch.rand(3, generator=g)
    >>> torch.equal(first, torch.rand(3, generator=g.set_state(state)))
    True
    """
    return wrap(self.state_bytes())


def set_state(self: Generator, new_state: Tensor) -> Generator:
    """Go on from a state that `get_state` gave, here or in PyTorch. RuntimeError if it is none."""
    if not isinstance(new_state, Tensor):
        raise TypeError(f"expected a torch.ByteTensor, but got {type_name(new_state)}")
    self.set_state_bytes(new_state._array)
    return self


# Here, and not in generator.py, because a generator knows arrays only.
Generator.get_state = get_state  # type: ignore[attr-defined]
Generator.set_state = set_state  # type: ignore[attr-defined]


def manual_seed(seed: Any) -> Generator:
    """Start the default streams of all devices anew from `seed`: the program draws the same numbers in every run.

    Returns the CPU's default generator. ValueError for a seed outside -2**63 ... 2**64 - 1.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.manual_seed.html

    >>> g = torch.manual_seed(5)
    >>> torch.rand(2)
    tensor([0.8303, 0.1261])
    """
    seed_all(int(seed))
    return default_generator


def seed() -> int:
    """Start the default streams anew from a seed that nobody can foresee, and return that seed.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.seed.html
    """
    seed = default_generator.seed()
    seed_all(seed)
    return seed


def initial_seed() -> int:
    """The seed that the default stream started from.

    >>> torch.manual_seed(5).initial_seed() == torch.initial_seed() == 5
    True
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default stream, a tensor of 5056 bytes.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.get_rng_state.html

    >>> torch.get_rng_state().shape
    torch.Size([5056])
    """
    return get_state(default_generator)


def set_rng_state(new_state: Tensor) -> None:
    """Let the default stream go on from a state that `get_rng_state` gave.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.set_rng_state.html
    """
    set_state(default_generator, new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None, enabled: bool = True, _caller: str = "fork_rng",
    _devices_kw: str = "devices", device_type: str = "cuda",
) -> Iterator[None]:  # fmt: skip
    """A block after which the default streams go on as if the block had drawn nothing.

    devices: the GPUs whose streams are meant, beside the CPU's; all by default.
    Source: https://docs.pytorch.org/docs/2.13/random.html#torch.random.fork_rng

    >>> g = torch.manual_seed(5)
    >>> with torch.random.fork_rng():
    ...     inside = torch.rand(2)
    >>> torch.equal(torch.rand(2), inside)
    True
    """
    device(device_type)  # raises for a name that is none
    if not enabled:
        yield
        return
    if devices is None:
        streams = [*cuda_generators]
    else:
        places = [as_device(given if isinstance(given, (str, device)) else device("cuda", given)) for given in devices]
        streams = [cuda_generators[place.index or 0] for place in places if place is not CPU]
    in_use = bool(cuda_generators)
    kept = [(stream, stream.state_bytes()) for stream in (default_generator, *streams)]
    try:
        yield
    finally:
        for stream, state in kept:
            stream.set_state_bytes(state)
        if not in_use and devices is None and cuda_generators:
            start_gpus()  # the block was the first to use a GPU


for _function in (manual_seed, seed, initial_seed, get_rng_state, set_rng_state):
    NAMES[_function.__name__] = _function
