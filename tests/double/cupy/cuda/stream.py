"""Streams, events and captured graphs. Everything runs at once, so that every stream is always done.

While a stream is captured, each launch is recorded with the host memory it reads and writes, and runs so that later
calls find arrays of the right shape; end_capture puts back what the launches changed, for on a GPU nothing ran yet.
Graph.launch runs the record again. Simplified: a capture takes what its thread launches, whatever stream is current.
"""

import time
import warnings

import numpy as np

from cupy import _double as double
from cupy._memory import Memory
from cupy.cuda import runtime


class Recording:
    """The launches of a capture."""

    def __init__(self):
        self.calls, self.failed = [], False
        # all there is: a kernel may get addresses in a table, and then nobody sees which memory it writes to
        self.before = {id(memory.host): (memory.host, memory.host.copy()) for memory in list(Memory.alive)}

    def refusal(self):
        """What CUDA answers to the host's wish to wait while a stream is captured."""
        self.failed = True
        return runtime.CUDARuntimeError(900)

    def touch(self, arrays):
        """Remember what the memory of the arrays holds, before a launch may change it."""
        for a in arrays:
            owner = a.data.mem.host
            if id(owner) not in self.before:
                self.before[id(owner)] = (owner, owner.copy())

    def add(self, function, args, kwargs, made):
        results = [m for m in (made if isinstance(made, (tuple, list)) else (made,)) if isinstance(m, np.ndarray)]
        for r in results:  # made during the capture: nothing to put back
            self.before.setdefault(id(double.root(r)), (double.root(r), None))
        self.calls.append((function, args, kwargs, made))

    def put_back(self):
        for owner, values in self.before.values():
            if values is not None:
                np.copyto(owner, values)

    def replay(self):
        for function, args, kwargs, made in self.calls:
            with np.errstate(all="ignore"):
                again = function(*args, **kwargs)
            store(made, again)


def store(old, new):
    """The results of a repeated launch into the memory of the first."""
    if isinstance(old, (list, tuple)):
        for o, n in zip(old, new, strict=True):
            store(o, n)
    elif isinstance(old, np.ndarray) and old is not new:
        np.copyto(old, new, casting="unsafe")


class Graph:
    """A captured graph: its launches in order."""

    def __init__(self, recording=None):
        if recording is None:
            raise TypeError("a Graph is made by Stream.end_capture")
        self._recording = recording
        self.graph = self.graphExec = id(recording)

    def launch(self, stream=None):
        double.counts.launches += 1
        self._recording.replay()

    def upload(self, stream=None):
        """Nothing to prepare."""

    def debug_dot_str(self, flags=0):
        nodes = [getattr(f, "__name__", "kernel") for f, *_ in self._recording.calls]
        return "digraph {\n" + "".join(f'  n{i} [label="{n}"];\n' for i, n in enumerate(nodes)) + "}\n"


class Stream:
    """A stream; the current one is the thread's."""

    null = None

    def __init__(self, null=False, non_blocking=False, ptds=False, priority=None):
        self.ptr = 0 if null else 2 if ptds else id(self)
        self.device_id = -1 if null or ptds else double.current_device()
        self.non_blocking, self.priority = non_blocking, priority
        self._before = []

    def __eq__(self, other):
        return isinstance(other, Stream) and self.ptr == other.ptr

    def __hash__(self):
        return hash(self.ptr)

    def __repr__(self):
        return f"<Stream {self.ptr} (device {self.device_id})>"

    @classmethod
    def from_external(cls, obj):
        made = cls()
        _, made.ptr = obj.__cuda_stream__()
        return made

    def use(self):
        if self.device_id not in (-1, double.current_device()):
            raise RuntimeError(
                f"This stream was not created on the device {double.current_device()}: it belongs to {self.device_id}"
            )
        double.local.stream = self
        return self

    def __enter__(self):
        self._before.append(get_current_stream())
        return self.use()

    def __exit__(self, *args):
        double.local.stream = self._before.pop()

    @property
    def done(self):
        return True

    def synchronize(self):
        double.waited()

    def record(self, event=None):
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event):
        """Everything before the event is done already."""

    def add_callback(self, callback, arg):
        callback(self, 0, arg)

    def launch_host_func(self, callback, arg):
        callback(arg)

    def begin_capture(self, mode=None):
        if self.ptr == 0:
            raise runtime.CUDARuntimeError(900)
        if double.capturing() is not None:
            raise RuntimeError("the stream is already capturing")
        double.local.recording = self._recording = Recording()

    def is_capturing(self):
        return getattr(self, "_recording", None) is not None

    def end_capture(self):
        if not self.is_capturing():
            raise RuntimeError("the stream is not capturing")
        recording, self._recording, double.local.recording = self._recording, None, None
        recording.put_back()
        if recording.failed:
            raise runtime.CUDARuntimeError(901)
        return Graph(recording)


class ExternalStream(Stream):
    """A stream that another library made."""

    def __init__(self, ptr, device_id=-1):
        warnings.warn("ExternalStream is deprecated. Use Stream.from_external()", DeprecationWarning, stacklevel=2)
        super().__init__()
        self.ptr, self.device_id = ptr, device_id


class Event:
    """A moment in a stream."""

    def __init__(self, block=False, disable_timing=False, interprocess=False):
        self.ptr, self._timed, self._at = id(self), not disable_timing, None

    @property
    def done(self):
        return True

    def record(self, stream=None):
        self._at = time.perf_counter()

    def synchronize(self):
        double.waited()


def get_elapsed_time(start_event, end_event):
    """Milliseconds between two events."""
    if start_event._at is None or end_event._at is None or not (start_event._timed and end_event._timed):
        raise runtime.CUDARuntimeError(1)
    return (end_event._at - start_event._at) * 1000


Stream.null = Stream(null=True)
Stream.ptds = Stream(ptds=True)


def get_current_stream(device_id=-1):
    return getattr(double.local, "stream", None) or Stream.null
