"""Generator: a stream of random numbers, its seed and its state; and the default one that everybody shares."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.device import CPU, as_device, device
from tinytorch.kernels.random import STATE, N


class Generator:
    """A stream of random numbers: PyTorch's CPU generator (MT19937), number for number.

    A new generator has the seed 67280421310721. Any number of threads may draw from one: each draw is done under the
    generator's lock.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Generator.html

    >>> g = torch.Generator().manual_seed(5)
    >>> g.initial_seed(), g.device
    (5, device(type='cpu'))
    """

    __slots__ = ("__weakref__", "_bytes", "_lock")

    def __init__(self, device: Any = "cpu"):
        as_device(device)
        self._lock = threading.Lock()
        self._bytes = np.empty(STATE.itemsize, np.uint8)
        kernels.random.seed(self._bytes, 67280421310721)

    @property
    def device(self) -> device:
        """Where the numbers are made: always the CPU."""
        return CPU

    def draw(self, kernel: str, *arguments: Any) -> None:
        """Run one of the kernels of _ext/random.pyx on this stream."""
        with self._lock:
            getattr(kernels.random, kernel)(self._bytes, *arguments)

    # the seed

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream anew, from `seed` (-2**63 to 2**64 - 1; a negative one stands for seed + 2**64).

        >>> torch.Generator().manual_seed(-1).initial_seed() == 2**64 - 1
        True
        """
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError(
                "Overflow when unpacking long long\n\n"
                f"A seed is a number of 64 bits, -2**63 to 2**64 - 1; {seed} is outside."
            )
        self.draw("seed", seed % 2**64)
        return self

    def seed(self) -> int:
        """Start the stream anew from a seed that nobody can foresee, and return that seed."""
        seed = int.from_bytes(os.urandom(8), "little")
        self.draw("seed", seed)
        return seed

    def initial_seed(self) -> int:
        """The seed that the stream started from."""
        return int(self._bytes.view(STATE)[0]["seed"])

    # the state

    def state_bytes(self) -> np.ndarray:
        """A copy of the stream's state: 5056 numbers of type uint8, those of PyTorch's get_state()."""
        with self._lock:
            return self._bytes.copy()

    def set_state_bytes(self, state: np.ndarray) -> None:
        """Go on from a state that `state_bytes` (or PyTorch's get_state) gave."""
        if state.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if not state.flags.c_contiguous:
            raise RuntimeError("RNG state must be contiguous")
        if state.size != STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE.itemsize} but found the input RNG state size to be "
                f"{state.size}"
            )
        new = np.frombuffer(state.tobytes(), STATE)[0]
        # 32 bits of each word and of `next` count. The last condition is ours: without it PyTorch reads past the block.
        next_word = int(new["next"]) & 0xFFFFFFFF
        if not new["seeded"] or not 0 < new["left"] <= N or next_word > N or next_word + new["left"] > N + 1:
            raise RuntimeError("Invalid mt19937 state")
        clean = np.zeros(STATE.itemsize, np.uint8)  # what PyTorch does not look at becomes 0
        kept = clean.view(STATE)[0]
        kept["seed"], kept["left"], kept["seeded"], kept["next"] = new["seed"], new["left"], 1, next_word
        kept["words"] = new["words"] & 0xFFFFFFFF
        if new["normal_is_valid"]:
            kept["normal_y"], kept["normal_is_valid"] = new["normal_y"], 1
        if new["float_normal_is_valid"]:
            kept["float_normal"], kept["float_normal_is_valid"] = new["float_normal"], 1
        with self._lock:
            self._bytes[...] = clean

    def clone_state(self) -> Generator:
        """A new generator that will give the same numbers from here on."""
        clone = type(self)()
        clone.set_state_bytes(self.state_bytes())
        return clone

    def __reduce__(self) -> tuple:  # for pickle and copy
        return type(self), (), self.state_bytes().tobytes()

    def __setstate__(self, state: bytes) -> None:
        self.set_state_bytes(np.frombuffer(state, np.uint8))

    # PyTorch's CUDA generators count with offsets

    def get_offset(self) -> int:
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> None:
        raise RuntimeError("CPU Generator does not use offset")


default_generator = Generator()
default_generator.seed()
