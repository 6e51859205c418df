"""cupy.cuda of the double."""

from cupy import _memory
from cupy._memory import Memory, MemoryHook, MemoryPointer, PinnedMemory, PinnedMemoryPointer, PinnedMemoryPool
from cupy._memory import Pool as MemoryPool
from cupy._memory import UnownedMemory, using_allocator
from cupy.cuda import nvtx, profiler, runtime
from cupy.cuda import device, memory, stream
from cupy.cuda.device import Device, get_device_id
from cupy.cuda.stream import Event, ExternalStream, Graph, Stream, get_current_stream, get_elapsed_time


def is_available():
    return True


def alloc(size):
    return _memory.default_pool.malloc(size)


def alloc_pinned_memory(size):
    return _memory.default_pinned_pool.malloc(size)


def get_allocator():
    return alloc


def set_allocator(allocator=None):
    """Memory always comes from the default pool."""


def get_local_runtime_version():
    return runtime.runtimeGetVersion()
