"""Times the rows of a task in turns on one GPU, between events on its stream, and counts the kernels that they launch.

Both libraries compute in one process on the same stream: unlike on a CPU, nobody's threads are in another's way. A turn
is some calls between two events; it begins when the GPU has nothing to do, and takes as long as the slower of GPU and
program. Results are compared before anything is timed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np

from tests.gpu.tasks import TF32, Task

TURN = 0.02  # seconds that a turn should last
GRAPH = ", graph"  # behind a library's name: its step captured and replayed
WARM = 3  # calls before the clock starts: kernels are compiled, memory is taken from the system
FIRST = 20_000  # so many numbers of a result are compared


class Failed(Exception):
    """A row could not be computed, or computes something else: for the person at the terminal"""


def rows_of(task: Task, libs: Mapping[str, Any]) -> dict[str, Callable]:
    """Row -> the call to be timed, warmed up; the rows' results agree."""
    calls: dict[str, Callable] = {}
    results: dict[str, np.ndarray] = {}
    for who, lib in libs.items():
        prepare(lib, task)
        try:
            calls[who] = task.make(lib)
            results[who] = sample(calls[who]())  # of a training step: the first loss
            if task.captured:
                calls[who + GRAPH] = captured(lib, task.make(lib))
        except Exception as error:  # whatever it is, the person at the terminal is told, and the next task is timed
            raise Failed(f"{task.group}: {task.name}: {who}: {type(error).__name__}: {error}") from error
    first, *others = results
    for other in others:
        a, b = results[first], results[other]
        if a.shape != b.shape or not np.allclose(a, b, rtol=task.rtol, atol=task.rtol * np.abs(b).max(initial=0)):
            raise Failed(f"{task.group}: {task.name}: {first} and {other} do not compute the same")
    return calls


def sample(result: Any) -> np.ndarray:
    """Some of the numbers of a result, on the CPU: of a tensor, or of a maximum and its places"""
    tensor = result if hasattr(result, "detach") else result[0]
    flat = tensor.detach().reshape(-1)
    return np.asarray(flat[:: max(1, flat.numel() // FIRST)].double().cpu())


def captured(lib: Any, step: Callable) -> Callable:
    """The step as a CUDA graph, captured after some steps on a side stream."""
    side = lib.cuda.Stream()
    side.wait_stream(lib.cuda.current_stream())
    with lib.cuda.stream(side):
        for _ in range(WARM):
            step()
    lib.cuda.current_stream().wait_stream(side)
    graph = lib.cuda.CUDAGraph()
    with lib.cuda.graph(graph):
        step()
    return graph.replay


def times(
    task: Task, libs: Mapping[str, Any], calls: Mapping[str, Callable], budget: float, turn: float = TURN
) -> dict[str, list[float]]:
    """Row -> seconds per call of each round: three rounds at least, then until `budget` seconds are over."""
    counts: dict[str, int] = {}
    found: dict[str, list[float]] = {who: [] for who in calls}
    start = perf_counter()
    for who, call in calls.items():
        lib = prepare(libs[who.removesuffix(GRAPH)], task)
        seconds(lib, call, WARM)
        counts[who] = max(1, round(turn / max(seconds(lib, call, WARM), 1e-6)))
    while len(found[next(iter(calls))]) < 3 or perf_counter() - start < budget:
        for who, call in calls.items():
            lib = prepare(libs[who.removesuffix(GRAPH)], task)
            found[who].append(seconds(lib, call, counts[who]))
    return found


def prepare(lib: Any, task: Task) -> Any:
    """The library, set to the arithmetic of the task."""
    lib.backends.cuda.matmul.allow_tf32 = task.arithmetic == TF32
    return lib


def seconds(lib: Any, call: Callable, count: int) -> float:
    """Seconds per call, from an idle GPU to an idle GPU."""
    begin, end = lib.cuda.Event(enable_timing=True), lib.cuda.Event(enable_timing=True)
    lib.cuda.synchronize()
    begin.record()
    for _ in range(count):
        call()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1e3 / count


def free(libs: Mapping[str, Any]) -> None:
    """Give memory that the libraries keep back to the GPU, so that the other one can have it."""
    for lib in libs.values():
        lib.cuda.empty_cache()


# ---- kernels ---------------------------------------------------------------------------------------------------------


def launches(call: Callable) -> tuple[int, float] | None:
    """(how many kernels and copies a call launches, seconds that they take); None where nobody can count them.

    CUDA tells PyTorch's profiler of every kernel of the process, CuPy's as well. On the double its own count serves.
    """
    double = getattr(sys.modules.get("cupy"), "_double", None)
    if double is not None:
        before = double.launches
        call()
        return double.launches - before, 0.0
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    from torch.autograd import DeviceType
    from torch.profiler import ProfilerActivity, profile

    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        call()
        torch.cuda.synchronize()
    work = [event for event in seen.events() if event.device_type == DeviceType.CUDA]
    return len(work), sum(event.time_range.elapsed_us() for event in work) / 1e6


# ---- ceilings --------------------------------------------------------------------------------------------------------


def ceilings(cupy: Any, lib: Any, side: int) -> dict[str, float]:
    """What this GPU can do, measured: bytes per second of a copy, operations per second of cuBLAS's best product."""
    copy = cupy.ElementwiseKernel("T x", "T y", "y = x", "tinytorch_copy")
    x, y = cupy.zeros(side * side, cupy.float32), cupy.empty(side * side, cupy.float32)
    found = {"bandwidth": 2 * x.nbytes / best(lib, lambda x=x, y=y: copy(x, y))}
    del x, y  # before the matrices come
    for arithmetic, dtype in (("float32", "float32"), (TF32, "float32"), ("float16", "float16")):
        lib.backends.cuda.matmul.allow_tf32 = arithmetic == TF32
        half = side // 2
        a = lib.ones(half, half, dtype=getattr(lib, dtype), device="cuda")
        found[arithmetic] = 2 * half**3 / best(lib, lambda a=a: a @ a)
    lib.backends.cuda.matmul.allow_tf32 = False
    return found


def best(lib: Any, call: Callable) -> float:
    """Seconds of the fastest of twenty calls"""
    return max(min(seconds(lib, call, 1) for _ in range(WARM + 20)), 1e-9)
