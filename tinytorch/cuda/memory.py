"""How much of a GPU's memory tensors take up: CuPy's pool hands it out and keeps what is given back.

Source: https://docs.pytorch.org/docs/2.13/notes/cuda.html#memory-management
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, defaultdict
from typing import Any

from tinytorch.cuda.devices import number_of
from tinytorch.device import accelerator, library
from tinytorch.errors import OutOfMemoryError


class Pool:
    """A pool of memory of its own, for a graph: what was captured keeps writing into it."""

    def __init__(self) -> None:
        self.pool = library().cuda.MemoryPool()
        everywhere.add(self)
        weakref.finalize(self, _keep_while_used, self.pool, _in_use(self.pool)).atexit = False


everywhere: weakref.WeakSet[Pool] = weakref.WeakSet()
_left: list[Any] = []  # CuPy's pools whose graphs are gone, but of which tensors are left: CuPy frees a pool as a whole


def _in_use(pool: Any) -> Any:
    """A function that says how many bytes of a pool are in use on all GPUs."""
    cupy, numbers = library(), range(len(accelerator.places))

    def used() -> int:
        total = 0
        for number in numbers:
            with cupy.cuda.Device(number):
                total += pool.used_bytes()
        return total

    return used


def _keep_while_used(pool: Any, used: Any) -> None:
    _left[:] = [each for each in [*_left, (pool, used)] if each[1]()]


def _pools() -> list[Any]:
    return [library().get_default_memory_pool(), *(each.pool for each in everywhere), *(pool for pool, _ in _left)]


# ---- peaks -----------------------------------------------------------------------------------------------------------


class Peaks:
    """The largest use of memory so far, by the number of the GPU. CuPy's hook calls `more` and `less`.

    What other threads allocate is counted when somebody asks: CuPy's hooks are those of one thread.
    """

    def __init__(self) -> None:
        self.used: dict[int, int] = defaultdict(int)
        self.most_used: dict[int, int] = defaultdict(int)
        self.most_reserved: dict[int, int] = defaultdict(int)

    def more(self, number: int, size: int) -> None:
        """A tensor took memory."""
        used = self.used[number] = self.used[number] + size
        if used > self.most_used[number]:
            self.most_used[number] = used

    def look(self, number: int, used: int, reserved: int) -> None:
        """What the pools say now."""
        self.used[number] = used
        self.most_used[number] = max(self.most_used[number], used)
        self.most_reserved[number] = max(self.most_reserved[number], reserved)

    def reset(self, number: int, used: int, reserved: int) -> None:
        """Count the peaks anew from here."""
        self.used[number] = self.most_used[number] = used
        self.most_reserved[number] = reserved


peaks = Peaks()


def allocate(size: int) -> Any:
    """A piece of a GPU's memory, from CuPy's pool; OutOfMemoryError where none is left."""
    cupy = library()
    try:
        return cupy.get_default_memory_pool().malloc(size)
    except cupy.cuda.memory.OutOfMemoryError as error:
        free, total = cupy.cuda.runtime.memGetInfo()
        raise OutOfMemoryError(
            f"CUDA out of memory. Tried to allocate {_readable(size)}. GPU {cupy.cuda.runtime.getDevice()} has a total "
            f"capacity of {_readable(total)} of which {_readable(free)} is free.\n\n"
            f"CuPy says: {error}\nSmaller batches need less; tensors that nobody needs any more are freed when no name "
            "holds them; torch.cuda.empty_cache() gives the pool's unused memory to other programs."
        ) from None


def _readable(size: int) -> str:
    return f"{size / 2**30:.2f} GiB" if size >= 2**30 else f"{size / 2**20:.2f} MiB"


def watch() -> None:
    """Count the peaks from now on, and say it as PyTorch when memory runs out. Called at the first use of a GPU."""
    library().cuda.set_allocator(allocate)
    Base: Any = library().cuda.MemoryHook

    class Hook(Base):
        """Told of what the pools hand out (malloc), take back (free) and get from the driver (alloc)."""

        name = "tinytorch"

        def malloc_postprocess(self, *, device_id: int, mem_size: int, mem_ptr: int, **rest: Any) -> None:
            if mem_ptr:
                peaks.more(device_id, mem_size)

        def free_postprocess(self, *, device_id: int, mem_size: int, **rest: Any) -> None:
            peaks.used[device_id] -= mem_size

        def alloc_postprocess(self, *, device_id: int, **rest: Any) -> None:
            peaks.most_reserved[device_id] = max(peaks.most_reserved[device_id], _total(device_id, "total_bytes"))

    Hook().__enter__()


def _total(number: int, kind: str) -> int:
    """The sum of used_bytes() or total_bytes() over all pools."""
    with library().cuda.Device(number):
        return sum(getattr(pool, kind)() for pool in _pools())


def _asked(device: Any, question: Any) -> int:
    """The answer for a GPU; 0 where none has been used."""
    if accelerator.library is None:
        return 0
    number = number_of(device)
    peaks.look(number, _total(number, "used_bytes"), _total(number, "total_bytes"))
    return question(number)


# ---- what programs ask -----------------------------------------------------------------------------------------------


def memory_allocated(device: Any = None) -> int:
    """How many bytes of a GPU's memory tensors take up, in blocks of 512."""
    return _asked(device, peaks.used.__getitem__)


def max_memory_allocated(device: Any = None) -> int:
    """The most that memory_allocated has been since the start or the last reset_peak_memory_stats."""
    return _asked(device, peaks.most_used.__getitem__)


def memory_reserved(device: Any = None) -> int:
    """How many bytes the pools hold: those of tensors, and those kept for the next ones."""
    return _asked(device, lambda number: _total(number, "total_bytes"))


def max_memory_reserved(device: Any = None) -> int:
    """The most that memory_reserved has been since the start or the last reset_peak_memory_stats."""
    return _asked(device, peaks.most_reserved.__getitem__)


def reset_peak_memory_stats(device: Any = None) -> None:
    """Count the largest use of memory anew."""
    if accelerator.library is not None:
        number = number_of(device)
        peaks.reset(number, _total(number, "used_bytes"), _total(number, "total_bytes"))


def memory_stats(device: Any = None) -> OrderedDict[str, int]:
    """The four numbers by PyTorch's names; empty where no GPU has been used."""
    if accelerator.library is None:
        return OrderedDict()
    return OrderedDict(
        {
            "allocated_bytes.all.current": memory_allocated(device),
            "allocated_bytes.all.peak": max_memory_allocated(device),
            "reserved_bytes.all.current": memory_reserved(device),
            "reserved_bytes.all.peak": max_memory_reserved(device),
        }
    )


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """memory_stats as a table, in KiB."""
    number = number_of(device)
    stats = memory_stats(number)
    lines = [f"GPU {number}, KiB        now       peak"]
    for name in ("allocated", "reserved"):
        now, peak = (stats[f"{name}_bytes.all.{when}"] // 1024 for when in ("current", "peak"))
        lines.append(f"{name:10} {now:13,} {peak:10,}")
    return "\n".join(lines) + "\n"


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """How many bytes of a GPU's memory are free, and how many there are, as the driver sees it."""
    number = number_of(device)
    with library().cuda.Device(number):
        return library().cuda.runtime.memGetInfo()


def empty_cache() -> None:
    """Give memory that the pools keep back to the driver. Tensors keep theirs."""
    if accelerator.library is None:
        return
    for place in accelerator.places:
        with library().cuda.Device(place.index):
            library().get_default_memory_pool().free_all_blocks()
    library().get_default_pinned_memory_pool().free_all_blocks()


def set_per_process_memory_fraction(fraction: float, device: Any = None) -> None:
    """Let tensors take up at most a part of a GPU's memory."""
    number = number_of(device)
    if not isinstance(fraction, float):
        raise TypeError("Invalid type for fraction argument, must be `float`")
    if not 0 <= fraction <= 1:
        raise ValueError(f"Invalid fraction value: {fraction}. Allowed range: 0~1")
    with library().cuda.Device(number):
        library().get_default_memory_pool().set_limit(fraction=fraction)
