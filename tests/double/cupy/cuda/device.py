"""The pretended devices: two, alike, and no access from one to the memory of the other."""

from cupy import _double as double
from cupy.cuda import runtime


class Device:
    """One of the pretended devices; as a context manager it is the current one."""

    def __init__(self, device=None):
        self.id = double.current_device() if device is None else int(device)
        self._before = []

    def use(self):
        runtime.setDevice(self.id)

    def __enter__(self):
        self._before.append(double.current_device())
        self.use()
        return self

    def __exit__(self, *args):
        runtime.setDevice(self._before.pop())

    def __int__(self):
        return self.id

    def __eq__(self, other):
        return isinstance(other, Device) and self.id == other.id

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self.id)

    def __repr__(self):
        return f"<CUDA Device {self.id}>"

    def synchronize(self):
        with self:
            runtime.deviceSynchronize()

    @property
    def compute_capability(self):
        properties = runtime.getDeviceProperties(self.id)
        return f"{properties['major']}{properties['minor']}"

    @property
    def mem_info(self):
        with self:
            return runtime.memGetInfo()

    @property
    def attributes(self):
        properties = runtime.getDeviceProperties(self.id)
        return {
            "MaxThreadsPerBlock": properties["maxThreadsPerBlock"],
            "MultiProcessorCount": properties["multiProcessorCount"],
            "WarpSize": properties["warpSize"],
            "ComputeCapabilityMajor": properties["major"],
            "ComputeCapabilityMinor": properties["minor"],
        }

    @property
    def pci_bus_id(self):
        return f"0000:0{self.id}:00.0"


def get_device_id():
    return double.current_device()
