"""cupy.cuda: two pretended devices."""

from cupy import _double as double
from cupy._memory import Memory, MemoryPointer
from cupy._memory import Pool as MemoryPool


class Device:
    """One of the pretended devices; as a context manager it is the current one."""

    def __init__(self, device=None):
        self.id = double.current_device() if device is None else int(device)
        self._before = []

    def use(self):
        double.local.device = self.id

    def __enter__(self):
        self._before.append(double.current_device())
        self.use()
        return self

    def __exit__(self, *args):
        double.local.device = self._before.pop()

    def __int__(self):
        return self.id

    def __eq__(self, other):
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self):
        return hash(self.id)

    def __repr__(self):
        return f"<CUDA Device {self.id}>"


def is_available():
    return True
