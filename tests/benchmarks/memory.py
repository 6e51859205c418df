"""How much memory does a training step take at its peak? Each net and each library in a process of its own.

    python -m tests.benchmarks.memory tinytorch wide      MB for one net in one library

Counted is what the process occupies at most from the moment that the library is imported and warm: data, parameters,
gradients, what forward saves, temporaries, the state of the optimizer, and what an allocator keeps.

Warm means that small nets have trained and are gone. Else the code that a first step reads from a library's file would
be counted (1.5 MB of PyTorch's, 0.3 of tinytorch's for two_layers), and what was freed since the import but not given
back would hide as much data: 2.3 MB in PyTorch's heap, more than the 1.9 MB of numbers that module_adam has.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from tests.benchmarks import nets, steps
from tests.benchmarks.table import Line

ROOT = Path(__file__).resolve().parents[2]
STATUS = Path("/proc/self/status")
STEPS = 4


NETS = {make.__name__: make for make in (steps.two_layers, steps.module_adam, *nets.NETS)}


def occupied(field: str) -> float:
    """MB that this process occupies now (VmRSS) or has occupied at most (VmHWM)"""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024 / 1e6


def give_back() -> None:
    """All memory that nobody uses goes back to the system"""
    gc.collect()
    if "tinytorch" in sys.modules:
        import_module("tinytorch.kernels.cache").empty()
    with contextlib.suppress(AttributeError):  # a function of one C library
        ctypes.CDLL(None).malloc_trim(0)


def peak(library: str, name: str, threads: int) -> float:
    """MB at most in a few steps, beyond what the imported library occupies"""
    lib = import_module({"tinytorch": "tinytorch", "PyTorch": "torch"}[library])
    lib.set_num_threads(threads)
    for make in (lambda lib: nets.mlp(lib, 8, [16, 16, 4], "Adam"), steps.two_layers, steps.module_adam):
        warm = make(lib)
        for _ in range(3):  # modules that are imported late, code that is read late, buffers of the BLAS library
            warm()
        del warm
    give_back()
    before = occupied("VmRSS")
    step = NETS[name](lib)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    for _ in range(STEPS):
        step()
    return occupied("VmHWM") - before


def measured(library: str, name: str, threads: int) -> float:
    """The same in a process of its own, the smaller one of two runs: how memory is cut differs from run to run"""
    command = [sys.executable, "-m", "tests.benchmarks.memory", library, name, str(threads)]
    return min(
        float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout) for _ in range(2)
    )


def measure(threads: int, quick: bool) -> list[Line]:
    """The lines of the table"""
    if not STATUS.exists():
        print("memory is measured on Linux alone: left out", file=sys.stderr)
        return []
    lines = []
    for name, make in NETS.items():
        if quick and name != "wide":
            continue
        found = {}
        for library, module in (("tinytorch", "tinytorch"), ("PyTorch", "torch")):
            try:
                found[library] = measured(library, name, threads)
            except subprocess.CalledProcessError as error:
                if module != "torch":
                    raise RuntimeError(error.stderr) from error
        what = f"{name}: {(make.__doc__ or '').splitlines()[0].rstrip('.')}"
        lines.append(Line("memory", what, threads, found, found, {"PyTorch": 1}, "MB"))
    return lines


if __name__ == "__main__":
    print(peak(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1))
