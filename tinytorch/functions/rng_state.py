"""The default stream of random numbers: its seed and its state (manual_seed, get_rng_state, fork_rng, ...)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from tinytorch.arguments import type_name
from tinytorch.device import as_device, device
from tinytorch.generator import Generator, default_generator
from tinytorch.public import NAMES
from tinytorch.tensor import Tensor, wrap


def get_state(self: Generator) -> Tensor:
    """The state of this stream: 5056 bytes, PyTorch's own.

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
    """Start the default stream anew from `seed`, so that a program draws the same numbers in every run.

    Returns the default generator. ValueError for a seed outside -2**63 ... 2**64 - 1.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.manual_seed.html

    >>> g = torch.manual_seed(5)
    >>> torch.rand(2)
    tensor([0.8303, 0.1261])
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Start the default stream anew from a seed that nobody can foresee, and return that seed.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.seed.html
    """
    return default_generator.seed()


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
    """A block after which the default stream goes on as if the block had drawn nothing.

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
    if devices:
        as_device("cuda")  # raises: only the CPU has a stream
    kept = default_generator.state_bytes()
    try:
        yield
    finally:
        default_generator.set_state_bytes(kept)


for _function in (manual_seed, seed, initial_seed, get_rng_state, set_rng_state):
    NAMES[_function.__name__] = _function
