"""Generator: a stream of random numbers, its seed and its state; and the default ones that everybody shares."""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.device import CPU, accelerator, as_device, device
from tinytorch.kernels.random import STATE, N

FIRST_SEED = 67280421310721  # that of a new generator


class Generator:
    """A stream of random numbers: PyTorch's CPU generator (MT19937), number for number.

    Generator(device="cuda") makes one for a GPU, a `DeviceGenerator`. A new generator has the seed 67280421310721. Any
    number of threads may draw from one: each draw is done under the generator's lock.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Generator.html

    >>> g = torch.Generator().manual_seed(5)
    >>> g.initial_seed(), g.device
    (5, device(type='cpu'))
    """

    __slots__ = ("__weakref__", "_bytes", "_lock")

    def __new__(cls, device: Any = "cpu") -> Generator:
        return super().__new__(cls if as_device(device) is CPU else DeviceGenerator)

    def __init__(self, device: Any = "cpu"):
        self._lock = threading.Lock()
        self._bytes = np.empty(STATE.itemsize, np.uint8)
        kernels.random.seed(self._bytes, FIRST_SEED)

    @property
    def device(self) -> device:
        """Where the numbers are made."""
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
        self._start(as_seed(seed))
        return self

    def _start(self, seed: int) -> None:
        self.draw("seed", seed)

    def seed(self) -> int:
        """Start the stream anew from a seed that nobody can foresee, and return that seed."""
        seed = int.from_bytes(os.urandom(8), "little")
        self._start(seed)
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
        clone = Generator(self.device)
        clone.set_state_bytes(self.state_bytes())
        return clone

    def __reduce__(self) -> tuple:  # for pickle and copy
        return Generator, (self.device,), self.state_bytes().tobytes()

    def __setstate__(self, state: bytes) -> None:
        self.set_state_bytes(np.frombuffer(state, np.uint8))

    # PyTorch's CUDA generators count with offsets

    def get_offset(self) -> int:
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> None:
        raise RuntimeError("CPU Generator does not use offset")


def as_seed(seed: Any) -> int:
    """A seed as a number of 64 bits; PyTorch's errors for what is none."""
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
        raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
    seed = int(seed)
    if not -(2**63) <= seed < 2**64:
        raise ValueError(
            "Overflow when unpacking long long\n\n"
            f"A seed is a number of 64 bits, -2**63 to 2**64 - 1; {seed} is outside."
        )
    return seed % 2**64


class DeviceGenerator(Generator):
    """The generator of a GPU: Philox, which computes the numbers from a seed and an offset.

    The offset counts the words that each thread of the GPU has used. While a CUDA graph is captured, the kernels read
    seed and offset from memory, which the graph writes before each replay: every replay draws other numbers.
    """

    __slots__ = ("_offset", "_place", "_recording", "_seed", "_words")
    _seed: int
    _offset: int
    _words: Any  # memory of the GPU that the kernels read the seed from, made by the first draw after a new seed
    _recording: tuple[Any, int] | None  # the graph's memory, and the offset when its capture began

    def __init__(self, device: Any = "cuda"):
        self._lock = threading.Lock()
        self._place = as_device(device)
        self._recording = None
        self._start(FIRST_SEED)

    @property
    def device(self) -> device:
        """The GPU that makes the numbers."""
        return self._place

    def take(self, words: int) -> tuple[Any, int]:
        """Use up `words` words of each thread: (memory that holds a seed and an offset, what to add to that offset)."""
        with self._lock:
            begin, self._offset = self._offset, self._offset + words
            if self._recording is not None:
                memory, first = self._recording
                return memory, begin - first
            if self._words is None:
                self._words = kernels_of_gpu().start(self._seed, 0)
            return self._words, begin

    # the seed and the state

    def _start(self, seed: int) -> None:
        self._go_to(seed, 0)

    def _go_to(self, seed: int, offset: int) -> None:
        self._not_capturing("set_current_seed")
        with self._lock:
            self._seed, self._offset, self._words = seed, offset, None

    def initial_seed(self) -> int:
        """The seed that the stream started from."""
        return self._seed

    def state_bytes(self) -> np.ndarray:
        """Seed and offset: 16 numbers of type uint8."""
        self._not_capturing("get_state")
        with self._lock:
            return np.array([self._seed, self._offset], np.uint64).view(np.uint8)

    def set_state_bytes(self, state: np.ndarray) -> None:
        """Go on from a state that `state_bytes` (or PyTorch's get_state) gave."""
        if state.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if state.size != 16:
            raise RuntimeError("RNG state is wrong size")
        seed, offset = np.frombuffer(state.tobytes(), np.uint64).tolist()
        self._go_to(seed, offset)

    def get_offset(self) -> int:
        """How many words of each thread were used."""
        self._not_capturing("get_offset")
        return self._offset

    def set_offset(self, offset: int) -> None:
        """Go on from another word, a multiple of 4."""
        if offset % 4:
            raise RuntimeError("offset must be a multiple of 4")
        self._go_to(self._seed, offset)

    # graphs

    def begin_capture(self, memory: Any) -> None:
        """From now on kernels are recorded, which will find seed and offset in `memory`."""
        self._recording = memory, self._offset

    def end_capture(self) -> int:
        """How many words the recorded kernels use; none of them has run."""
        assert self._recording is not None
        first = self._recording[1]
        used, self._offset, self._recording = self._offset - first, first, None
        return used

    def replay(self, memory: Any, words: int) -> None:
        """Let a graph, whose kernels use `words` words, go on from where this stream is."""
        with self._lock:
            kernels_of_gpu().start(self._seed, self._offset, memory)
            self._offset += words

    def _not_capturing(self, what: str) -> None:
        if self._recording is not None:
            raise RuntimeError(
                f"Cannot call CUDAGeneratorImpl::{what} during CUDA graph capture. If you need this call to be "
                "captured, please file an issue."
            )


def kernels_of_gpu() -> Any:
    """kernels/gpu/philox.py, once there is a GPU."""
    return import_module("tinytorch.kernels.gpu.philox")


# ---- the default ones ------------------------------------------------------------------------------------------------


default_generator = Generator()
default_generator.seed()
cuda_generators: list[Generator] = []  # that of each GPU, from the first use of one
_seeds: list[int] = []  # what the last manual_seed before that said


def seed_all(seed: int) -> None:
    """Start the default stream of every device anew, also of GPUs that nobody has used yet."""
    default_generator.manual_seed(seed)
    _seeds[:] = [as_seed(seed)]
    for generator in cuda_generators:
        generator.manual_seed(seed)


def start_gpus() -> None:
    """Make the default generators of the GPUs, or start them anew as if none of them had been used."""
    cuda_generators[:] = [Generator(place) for place in accelerator.places]
    for generator in cuda_generators:
        if _seeds:
            generator.manual_seed(_seeds[0])
        else:
            generator.seed()


accelerator.on_first_use.append(start_gpus)


def stream_for(place: device, generator: Generator | None) -> Generator:
    """`generator`, which has to be one of the device `place`, or the default one of that device."""
    if generator is None:
        return default_generator if place is CPU else cuda_generators[place.index or 0]
    if generator.device.type != place.type:
        raise RuntimeError(
            f"Expected a '{place.type}' device type for generator but found '{generator.device.type}'\n\n"
            f"A generator makes numbers on one device: torch.Generator(device='{place.type}') for tensors there."
        )
    return generator
