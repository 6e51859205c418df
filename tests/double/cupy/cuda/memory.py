"""cupy.cuda.memory: where CuPy keeps the classes of the package's `_memory`."""


class OutOfMemoryError(MemoryError):
    """The device has no memory left; the double always has some."""
