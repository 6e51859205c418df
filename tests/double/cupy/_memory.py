"""Memory of the pretended devices: host memory that knows its device, and the pool that counts it."""

import weakref

import numpy as np

from cupy import _double as double


class Pool:
    """The default memory pool: what is in use is counted, nothing is kept."""

    def __init__(self):
        self._used = {0: 0, 1: 0}

    def _take(self, memory):
        device, size = memory.device_id, -(-memory.size // 512) * 512
        self._used[device] += size
        weakref.finalize(memory, self._give, device, size).atexit = False

    def _give(self, device, size):
        self._used[device] -= size

    def used_bytes(self):
        return self._used[double.current_device()]

    total_bytes = used_bytes

    def free_bytes(self):
        return 0

    def n_free_blocks(self):
        return 0

    def free_all_blocks(self, stream=None):
        """Nothing is kept, so nothing is freed."""

    def free_all_free(self):
        """As free_all_blocks."""

    def get_limit(self):
        return 0

    def set_limit(self, size=None, fraction=None):
        """The double never runs out of memory."""

    def malloc(self, size):
        return MemoryPointer(Memory(np.empty(size, np.uint8)), 0)


default_pool = Pool()


class Memory:
    """One piece of memory, held by the NumPy array that owns it."""

    def __init__(self, host, device_id=None):
        self.host = host
        self.ptr = host.ctypes.data
        self.size = host.nbytes
        self.device_id = double.current_device() if device_id is None else device_id
        default_pool._take(self)

    @property
    def device(self):
        from cupy.cuda import Device

        return Device(self.device_id)


class MemoryPointer:
    """A place in a piece of memory."""

    def __init__(self, mem, offset):
        self.mem = mem
        self.ptr = mem.ptr + offset

    device_id = property(lambda self: self.mem.device_id)
    device = property(lambda self: self.mem.device)

    def __int__(self):
        return self.ptr

    def __add__(self, offset):
        return MemoryPointer(self.mem, self.ptr - self.mem.ptr + offset)

    __radd__ = __add__

    def __sub__(self, offset):
        return self + -offset

    def array(self, shape, dtype, strides=None, order="C"):
        """What lies here as a NumPy array."""
        content = self.mem.host.ravel(order="K").view(np.uint8)
        return np.ndarray(shape, dtype, content, self.ptr - self.mem.ptr, strides, order)
