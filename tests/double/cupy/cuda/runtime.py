"""cupy.cuda.runtime: the few calls that programs make below the arrays."""

from cupy import _double as double

_DEVICES = 2
_TOTAL_MEMORY = 8 << 30

memcpyHostToDevice, memcpyDeviceToHost, memcpyDeviceToDevice = 1, 2, 3
streamCaptureModeGlobal, streamCaptureModeThreadLocal, streamCaptureModeRelaxed = 0, 1, 2
streamDefault, streamNonBlocking = 0, 1
is_hip = False


class CUDARuntimeError(RuntimeError):
    """An error of the CUDA runtime, by its number."""

    NAMES = {
        1: ("cudaErrorInvalidValue", "invalid argument"),
        101: ("cudaErrorInvalidDevice", "invalid device ordinal"),
        900: ("cudaErrorStreamCaptureUnsupported", "operation not permitted when stream is capturing"),
        901: ("cudaErrorStreamCaptureInvalidated", "operation failed due to a previous error during capture"),
    }

    def __init__(self, status):
        self.status = status
        super().__init__("{}: {}".format(*self.NAMES[status]))

    def __reduce__(self):
        return type(self), (self.status,)


def getDeviceCount():
    return _DEVICES


def getDevice():
    return double.current_device()


def setDevice(device):
    if not 0 <= device < _DEVICES:
        raise CUDARuntimeError(101)
    double.local.device = device


def getDeviceProperties(device):
    if not 0 <= device < _DEVICES:
        raise CUDARuntimeError(101)
    return {
        "name": b"Double of a GPU",
        "totalGlobalMem": _TOTAL_MEMORY,
        "major": 9,
        "minor": 0,
        "multiProcessorCount": 8,
        "warpSize": 32,
        "maxThreadsPerBlock": 1024,
        "maxThreadsPerMultiProcessor": 2048,
        "sharedMemPerBlock": 49152,
        "sharedMemPerBlockOptin": 232448,
        "regsPerBlock": 65536,
        "clockRate": 1000000,
        "memoryClockRate": 1000000,
        "memoryBusWidth": 256,
        "l2CacheSize": 4 << 20,
        "maxGridSize": (2147483647, 65535, 65535),
        "maxThreadsDim": (1024, 1024, 64),
    }


def memGetInfo():
    from cupy._memory import default_pool

    return _TOTAL_MEMORY - default_pool.used_bytes(), _TOTAL_MEMORY


def deviceSynchronize():
    double.waited()


def driverGetVersion():
    return 13000


def runtimeGetVersion():
    return 12090


def deviceCanAccessPeer(device, peer):
    return 0


def deviceGetAttribute(attribute, device):
    return 0
