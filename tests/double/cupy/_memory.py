"""Memory of the pretended devices: host memory that knows its device, and the pool that counts it."""

import contextlib
import ctypes
import weakref

import numpy as np

from cupy import _double as double


class MemoryHook:
    """Told by the pools of what this thread takes, gives back, and makes them get from the driver."""

    name = "MemoryHook"

    def __enter__(self):
        hooks = double.local.__dict__.setdefault("hooks", {})
        if self.name in hooks:
            raise KeyError(f"memory hook {self.name} already exists")
        hooks[self.name] = self
        return self

    def __exit__(self, *error):
        del double.local.hooks[self.name]

    def _ignore(self, **facts):
        """A hook need not have all six."""

    alloc_preprocess = alloc_postprocess = malloc_preprocess = malloc_postprocess = _ignore
    free_preprocess = free_postprocess = _ignore


def tell(moment, **facts):
    """Call this thread's hooks."""
    for hook in getattr(double.local, "hooks", {}).values():
        getattr(hook, moment)(**facts)


class Pool:
    """A memory pool: what is in use is counted. What was given back stays in the pool until free_all_blocks."""

    def __init__(self, allocator=None):
        self._used, self._free = {0: 0, 1: 0}, {0: 0, 1: 0}

    def _take(self, memory):
        device, size = memory.device_id, -(-memory.size // 512) * 512
        if not size:
            return  # CuPy's pools do not handle empty memory
        facts = {"device_id": device, "mem_size": size}
        tell("malloc_preprocess", **facts, size=memory.size)
        more = size > self._free[device]
        if more:
            tell("alloc_preprocess", **facts)
        self._used[device] += size
        self._free[device] = max(0, self._free[device] - size)
        if more:
            tell("alloc_postprocess", **facts, mem_ptr=memory.ptr)
        tell("malloc_postprocess", **facts, size=memory.size, mem_ptr=memory.ptr, pmem_id=id(memory))
        weakref.finalize(memory, self._give, device, size, memory.ptr).atexit = False

    def _give(self, device, size, ptr):
        facts = {"device_id": device, "mem_size": size, "mem_ptr": ptr, "pmem_id": 0}
        tell("free_preprocess", **facts)
        self._used[device] -= size
        self._free[device] += size
        tell("free_postprocess", **facts)

    def used_bytes(self):
        return self._used[double.current_device()]

    def free_bytes(self):
        return self._free[double.current_device()]

    def total_bytes(self):
        return self.used_bytes() + self.free_bytes()

    def n_free_blocks(self):
        return int(self.free_bytes() > 0)

    def free_all_blocks(self, stream=None):
        self._free[double.current_device()] = 0

    def free_all_free(self):
        self.free_all_blocks()

    def get_limit(self):
        return 0

    def set_limit(self, size=None, fraction=None):
        """The double never runs out of memory."""

    def malloc(self, size):
        return MemoryPointer(Memory(np.empty(size, np.uint8)), 0)


default_pool = Pool()


@contextlib.contextmanager
def using_allocator(allocator=None):
    """Arrays that this thread makes in the block come from the pool whose `malloc` is given."""
    before = getattr(double.local, "pool", default_pool)
    double.local.pool = getattr(allocator, "__self__", default_pool)
    try:
        yield
    finally:
        double.local.pool = before


class UnownedMemory:
    """Memory that somebody else owns, given by its address."""

    def __init__(self, ptr, size, owner, device_id=-1):
        self.host = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(ptr))
        self.ptr, self.size, self._owner = ptr, size, owner
        self.device_id = double.current_device() if device_id == -1 else device_id

    @property
    def device(self):
        from cupy.cuda import Device

        return Device(self.device_id)


class Memory(UnownedMemory):
    """One piece of memory, held by the NumPy array that owns it."""

    alive = weakref.WeakSet()

    def __init__(self, host):
        self.alive.add(self)
        self.host = host
        self.ptr, self.size, self._owner = host.ctypes.data, host.nbytes, host
        self.device_id = double.current_device()
        getattr(double.local, "pool", default_pool)._take(self)


class MemoryPointer:
    """A place in a piece of memory."""

    def __init__(self, mem, offset):
        self.mem, self.ptr = mem, mem.ptr + offset

    device_id = property(lambda self: self.mem.device_id)
    device = property(lambda self: self.mem.device)

    def __int__(self):
        return self.ptr

    def __add__(self, offset):
        return MemoryPointer(self.mem, self.ptr - self.mem.ptr + offset)

    __radd__ = __add__

    def __sub__(self, offset):
        return self + -offset

    def _array(self, shape, dtype, strides=None, order="C"):
        """What lies here as a NumPy array."""
        content = self.mem.host.ravel(order="K").view(np.uint8)
        return np.ndarray(shape, dtype, content, self.ptr - self.mem.ptr, strides, order)

    def memset(self, value, size):
        double.launch(np.copyto, wrapped(self, size), value)

    def memset_async(self, value, size, stream=None):
        self.memset(value, size)

    def copy_from_device(self, src, size):
        double.launch(np.copyto, wrapped(self, size), wrapped(src, size))

    def copy_from_device_async(self, src, size, stream=None):
        self.copy_from_device(src, size)


def wrapped(pointer, size):
    """The bytes behind a pointer as an array of the device."""
    from cupy._array import ndarray

    return ndarray(size, np.uint8, pointer)


class PinnedMemory:
    """Host memory that the system does not move: only its size, the pointer has the memory."""

    def __init__(self, size, flags=0):
        self.size = size


class PinnedMemoryPointer(bytearray):
    """A place in pinned memory: NumPy's arrays are made in it and have it as their base, as with CuPy's."""

    def __init__(self, mem, offset):
        super().__init__(mem.size - offset)
        self.mem = mem

    @property
    def ptr(self):
        return np.ndarray(0, np.uint8, self).ctypes.data

    def size(self):
        return len(self)


class PinnedMemoryPool:
    """The pool of pinned memory: nothing is kept."""

    def __init__(self, allocator=None):
        pass

    def malloc(self, size):
        return PinnedMemoryPointer(PinnedMemory(size), 0)

    def free_all_blocks(self):
        """Nothing is kept, so nothing is freed."""

    def n_free_blocks(self):
        return 0


default_pinned_pool = PinnedMemoryPool()
