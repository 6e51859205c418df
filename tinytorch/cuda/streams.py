"""Streams, in each of which a GPU works in order, and events, which mark a moment in a stream.

Source: https://docs.pytorch.org/docs/2.13/notes/cuda.html#cuda-streams
"""

from __future__ import annotations

from typing import Any

from tinytorch.cuda.devices import current_device, need, number_of
from tinytorch.device import accelerator, library
from tinytorch.device import device as Place


class Stream:
    """A queue of work for a GPU. Work in one stream runs in order; work in different streams may run at once.

    with torch.cuda.stream(s):   what the block computes goes to the stream s
    """

    def __init__(self, device: Any = None, priority: int = 0):
        cupy = need("torch.cuda.Stream requires CUDA support")
        self.device = accelerator.places[number_of(device)]
        self.priority = priority
        with cupy.cuda.Device(self.device.index):
            self._stream = cupy.cuda.Stream(non_blocking=True, priority=priority or None)

    @classmethod
    def _around(cls, stream: Any, number: int) -> Stream:
        """A stream of CuPy's as one of ours."""
        self = cls.__new__(cls)
        self.device, self.priority, self._stream = accelerator.places[number], 0, stream
        return self

    @property
    def cuda_stream(self) -> int:
        """The address by which CUDA knows it."""
        return self._stream.ptr

    @property
    def device_index(self) -> int:
        """The number of its GPU."""
        return self.device.index or 0

    def __cuda_stream__(self) -> tuple[int, int]:
        """For other libraries: the protocol's version, and the address."""
        return 0, self.cuda_stream

    def synchronize(self) -> None:
        """Wait until all its work is done."""
        self._stream.synchronize()

    def query(self) -> bool:
        """Is all its work done?"""
        return self._stream.done

    def record_event(self, event: Event | None = None) -> Event:
        """Mark this moment: `event`, or a new one, is done when all work before is."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Do nothing more before `event` is done."""
        event.wait(self)

    def wait_stream(self, stream: Stream) -> None:
        """Do nothing more before all present work of another stream is done."""
        self.wait_event(stream.record_event())

    def is_capturing(self) -> bool:
        """Is its work being recorded as a graph?"""
        return self._stream.is_capturing()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and (self.device, self.cuda_stream) == (other.device, other.cuda_stream)

    def __hash__(self) -> int:
        return hash((self.device, self.cuda_stream))

    def __repr__(self) -> str:
        return f"<torch.cuda.Stream device={self.device} cuda_stream={self.cuda_stream:#x}>"


class _Address:
    """The address of a stream, as libraries ask each other for it."""

    def __init__(self, address: int):
        self.address = address

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.address


class ExternalStream(Stream):
    """A stream that another library made, by its address. That library frees it."""

    def __init__(self, stream_ptr: int, device: Any = None):
        cupy = need("torch.cuda.Stream requires CUDA support")
        self.device, self.priority = accelerator.places[number_of(device)], 0
        with cupy.cuda.Device(self.device.index):
            self._stream = cupy.cuda.Stream.from_external(_Address(stream_ptr))


class StreamContext:
    """A block whose work goes to a stream, on the stream's GPU; with None, to the stream in use."""

    def __init__(self, stream: Stream | None):
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self._device = library().cuda.Device(self.stream.device.index)
            self._device.__enter__()
            self._before = library().cuda.get_current_stream()
            self.stream._stream.use()

    def __exit__(self, *error: object) -> None:
        if self.stream is not None:
            self._before.use()
            self._device.__exit__(*error)


def stream(stream: Stream | None) -> StreamContext:
    """`with torch.cuda.stream(s):` gives what the block computes to the stream s."""
    return StreamContext(stream)


def set_stream(stream: Stream | None) -> None:
    """Give what this thread computes from now on to a stream, on its GPU."""
    if stream is not None:
        library().cuda.runtime.setDevice(stream.device.index)
        stream._stream.use()


def current_stream(device: Any = None) -> Stream:
    """The stream in use on a GPU."""
    number = number_of(device)
    return Stream._around(library().cuda.get_current_stream(number), number)


def default_stream(device: Any = None) -> Stream:
    """The stream that a GPU uses unless told otherwise."""
    number = number_of(device)
    return Stream._around(library().cuda.Stream.null, number)


class Event:
    """A moment in a stream: to wait for, or to measure the time between two.

    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record(); ...; end.record(); end.synchronize(); start.elapsed_time(end)     in milliseconds
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False):
        need("Tried to instantiate dummy base class Event")
        self._timing = enable_timing
        self._options = {"block": blocking, "disable_timing": not enable_timing, "interprocess": interprocess}
        self._event: Any = None  # CuPy's, made on the GPU of the stream that it is first recorded in
        self._number = current_device()

    @property
    def device(self) -> Place | None:
        """The GPU of its stream; None before the first record."""
        return None if self._event is None else accelerator.places[self._number]

    def record(self, stream: Stream | None = None) -> None:
        """Mark this moment of a stream, the one in use by default."""
        stream = current_stream() if stream is None else stream
        with library().cuda.Device(stream.device.index):
            if self._event is None:
                self._number = stream.device_index
                self._event = library().cuda.Event(**self._options)
            self._event.record(stream._stream)

    def wait(self, stream: Stream | None = None) -> None:
        """Let a stream, the one in use by default, do nothing more before this moment has come."""
        if self._event is not None:
            (current_stream() if stream is None else stream)._stream.wait_event(self._event)

    def query(self) -> bool:
        """Has the moment come? True before the first record."""
        return self._event is None or self._event.done

    def synchronize(self) -> None:
        """Wait for the moment."""
        if self._event is not None:
            self._event.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this moment to another."""
        if not (self._timing and end_event._timing):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if self._event is None or end_event._event is None:
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        if not (self.query() and end_event.query()):
            raise RuntimeError(
                "Both events must be completed before calculating elapsed time.\n\n"
                "The GPU is still at work: call end.synchronize() first."
            )
        return library().cuda.get_elapsed_time(self._event, end_event._event)

    def __repr__(self) -> str:
        return "<torch.cuda.Event uninitialized>" if self._event is None else f"<torch.cuda.Event {self._event.ptr:#x}>"
