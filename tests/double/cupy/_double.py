"""The double's own part: what is counted, what is forbidden, and how a NumPy function becomes a launch on arrays.

Nothing of this is CuPy's. A test reads `double.counts` and may reset it; everything else is machinery.
"""

import contextlib
import ctypes
import re
import threading
from dataclasses import dataclass

import numpy as np


@dataclass
class Counts:
    """What the host saw of the device since the last reset()."""

    launches: int = 0  # ufuncs, functions, kernels, copies on the device
    synchronisations: int = 0  # .get(), .item(), bool(), printing, ...: the host waits because it was asked to
    inherent: int = 0  # nonzero, unique, masks: the host waits because the shape of the result depends on values
    uploads: int = 0  # arrays, lists and nested sequences that came from the host

    def reset(self):
        self.__init__()


class DeviceSynchronized(RuntimeError):
    """The host waited for the device where `cupyx.allow_synchronize(False)` forbids it."""

    def __init__(self, message="Device synchronization was detected while disallowed."):
        super().__init__(message)


pointer_in = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
counts = Counts()
local = threading.local()  # device, streams and whether waiting is allowed: per thread, as in CuPy


def __getattr__(name):
    if name in ("launches", "synchronisations", "inherent", "uploads"):
        return getattr(counts, name)
    raise AttributeError(f"module 'cupy._double' has no attribute '{name}'")


@contextlib.contextmanager
def waiting_allowed(allow):
    """While it is open, waiting for values of the device is allowed, or raises DeviceSynchronized."""
    before = getattr(local, "forbidden", False)
    local.forbidden = not allow
    try:
        yield
    finally:
        local.forbidden = before


def waited():
    """The program asked to wait (Stream.synchronize): always allowed, but not while a stream is captured."""
    if capturing() is not None:
        raise capturing().refusal()
    counts.synchronisations += 1


def synchronised(inherent=False):
    """The host waits for values: because it was asked for them, or because a shape depends on them."""
    if getattr(local, "forbidden", False):
        raise DeviceSynchronized
    waited()
    if inherent:
        counts.synchronisations -= 1
        counts.inherent += 1


def uploaded():
    """Values of the host come to the device: not while a stream is captured, whose graph would read stale memory."""
    if capturing() is not None:
        raise capturing().refusal()
    counts.uploads += 1


def current_device():
    """The number of the device that this thread uses."""
    return getattr(local, "device", 0)


def capturing():
    """The recording that this thread's current stream makes, or None."""
    return getattr(local, "recording", None)


def root(host):
    """The NumPy array that owns the memory of a view."""
    while True:
        base = host.base
        if isinstance(base, np.ndarray):
            host = base
        elif isinstance(getattr(base, "base", None), np.ndarray):  # what as_strided leaves in between
            host = base.base
        else:
            return host


def check_device(array):
    """CuPy's refusal of an array that lives on another device than the current one."""
    here = current_device()
    if array.data.device_id != here:
        raise ValueError(
            f"The device where the array resides ({array.data.device_id}) is different from the current device "
            f"({here}). Peer access is unavailable between these devices."
        )
    return array


def find(values, cls):
    """All instances of a class in nested lists, tuples and dicts."""
    for v in values:
        if isinstance(v, cls):
            yield v
        elif isinstance(v, (list, tuple)):
            yield from find(v, cls)
        elif isinstance(v, dict):
            yield from find(v.values(), cls)


def replace(value, cls, change):
    """`value` with every instance of a class replaced, also inside of lists, tuples and dicts."""
    if isinstance(value, cls):
        return change(value)
    if isinstance(value, list):
        return [replace(v, cls, change) for v in value]
    if hasattr(value, "_fields"):  # a named tuple
        return type(value)(*(replace(v, cls, change) for v in value))
    if isinstance(value, tuple):
        return tuple(replace(v, cls, change) for v in value)
    if isinstance(value, dict):
        return {k: replace(v, cls, change) for k, v in value.items()}
    return value


def launch(function, *args, wrap_python=False, **kwargs):
    """Run a NumPy function on what CuPy arrays hold; what it makes are CuPy arrays.

    While a stream is captured, the call is recorded and will run again in Graph.launch, into the same memory.
    """
    from cupy._array import ndarray, wrap

    arrays = [check_device(a) for a in find((args, kwargs), ndarray)]
    host_args = replace(args, ndarray, held)
    host_kwargs = replace(kwargs, ndarray, held)
    recording = capturing()
    if recording is not None:
        recording.touch(arrays)
    counts.launches += 1
    with np.errstate(all="ignore"), broadcast_errors():
        made = wrap(function(*host_args, **host_kwargs), arrays, wrap_python)
    if recording is not None:
        recording.add(function, host_args, host_kwargs, replace(made, ndarray, held))
    return made


def together(shapes):
    """CuPy's error for shapes that do not go together."""
    return ValueError("operands could not be broadcast together with shapes " + ", ".join(map(str, shapes)))


def broadcast_shape(*shapes):
    """The shape that arrays of these shapes have together."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise together(shapes) from None


@contextlib.contextmanager
def broadcast_errors():
    """NumPy's error for shapes that do not go together as CuPy's."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        if not text.startswith("operands could not be broadcast together with shapes"):
            raise
        found = re.findall(r"\(([\d,]*)\)", text)
        raise together(tuple(int(n) for n in s.split(",") if n) for s in found) from None


def layout(function, *args, **kwargs):
    """As launch(), for what looks at the same memory in another way if it can: then nothing runs on the device."""
    from cupy._array import ndarray, wrap

    arrays = list(find((args, kwargs), ndarray))
    with np.errstate(all="ignore"):
        made = function(*replace(args, ndarray, held), **replace(kwargs, ndarray, held))
    owners = {id(a.data.mem.host) for a in arrays}
    if any(id(root(m)) not in owners for m in find((made,), np.ndarray)):
        return launch(function, *args, **kwargs)
    return wrap(made, arrays)


def allocate(function, *args, **kwargs):
    """As launch(), for memory that nobody writes to: nothing runs on the device."""
    from cupy._array import ndarray, wrap

    return wrap(function(*replace(args, ndarray, held), **replace(kwargs, ndarray, held)))


def held(array):
    """The NumPy array that an array of the device holds."""
    return array._host


def place_in(capsule):
    """The kind of device and its number in a DLPack capsule: they stand behind the address of the memory."""
    struct = pointer_in(capsule, b"dltensor")
    return (ctypes.c_int32 * 2).from_address(struct + ctypes.sizeof(ctypes.c_void_p))
