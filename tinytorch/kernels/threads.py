"""How many threads compute: a number for the loops of our kernels, and the switch of NumPy's BLAS library.

The loops read theirs from _ext/threads.pyx. NumPy has no such switch for its matrix products, but OpenBLAS, MKL and
BLIS have functions for it. They are found through the NumPy module that is linked with the library, so nothing is
imported or installed for it. A library without such functions (Apple's Accelerate) keeps its own counsel, and the
number is then only remembered. OpenBLAS's products are found the same way, for _ext/blas.pxi to call.

At the start it is OMP_NUM_THREADS, which these libraries look at when they are loaded, or the number of cores.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_loops: Any = None  # the number that the compiled loops go by, where there are such loops
with suppress(ImportError):
    _loops = import_module("tinytorch._ext.threads")

# NumPy's own OpenBLAS has names with a prefix, one with 64-bit integers most often a suffix
_AFFIXES = [(prefix, suffix) for prefix in ("scipy_", "") for suffix in ("64_", "")]

# the functions that read and set the number
_SWITCHES = [
    *(
        (f"{prefix}openblas_get_num_threads{suffix}", f"{prefix}openblas_set_num_threads{suffix}")
        for prefix, suffix in _AFFIXES
    ),
    ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
    ("bli_thread_get_num_threads", "bli_thread_set_num_threads"),
]

_wanted: int | None = None  # what set_num_threads was told last


class Blas(NamedTuple):
    """An OpenBLAS library: what has to be known of it, and where in memory its functions are"""

    wide: bool  # its integers have 64 bits
    sgemm: int
    dgemm: int
    sgemv: int
    dgemv: int
    read_threads: int
    set_threads: int


def _libraries() -> Iterator[ctypes.CDLL]:
    """The libraries to look for BLAS functions in."""
    # Windows looks names up in one library only, elsewhere the libraries that the module is linked with count too
    beside = Path(np.__file__).parent.with_name("numpy.libs").glob("*openblas*.dll")
    for path in [*map(str, beside), sys.modules["numpy._core._multiarray_umath"].__file__]:
        yield ctypes.CDLL(path)


@functools.cache
def _switch() -> tuple[Any, Any] | None:
    """The BLAS library's functions that read and set the number of its threads, if it has any."""
    for library in _libraries():
        for reader, setter in _SWITCHES:
            if hasattr(library, reader) and hasattr(library, setter):
                return getattr(library, reader), getattr(library, setter)
    return None


@functools.cache
def blas() -> Blas | None:
    """NumPy's BLAS library, if it is an OpenBLAS that several threads may call at once."""
    for library in _libraries():
        for prefix, suffix in _AFFIXES:
            control = f"{prefix}openblas_{{}}{suffix}".format
            products = [f"{prefix}cblas_{name}{suffix}" for name in ("sgemm", "dgemm", "sgemv", "dgemv")]
            switch = [control("get_num_threads"), control("set_num_threads")]
            about = [control(f"get_{what}") for what in ("parallel", "config")]
            if all(hasattr(library, name) for name in products + switch + about):
                parallel, config = [getattr(library, name) for name in about]
                if parallel() == 0:  # made for one thread, without locks
                    return None
                config.restype = ctypes.c_char_p
                addresses: list[Any] = [
                    ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in products + switch
                ]
                return Blas(b"USE64BITINT" in config(), *addresses)
    return None


def blas_threads() -> int | None:
    """How many threads the BLAS library uses; None where it does not tell."""
    switch = _switch()
    return None if switch is None else switch[0]()


def get_num_threads() -> int:
    """How many threads an operation may use.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.get_num_threads.html

    >>> torch.get_num_threads() >= 1
    True
    """
    return _wanted or _at_start()


def set_num_threads(threads: int) -> None:
    """Let an operation use so many threads: the kernels' loops over large arrays, and matrix products.

    RuntimeError unless it is a positive int.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.set_num_threads.html

    >>> torch.set_num_threads(torch.get_num_threads())
    """
    global _wanted
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(threads).__name__}")
    if threads <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    switch = _switch()
    if switch is not None:
        switch[1](ctypes.c_int(threads))
    if _loops is not None:
        _loops.set(threads)
    _wanted = int(threads)


def _at_start() -> int:
    """OMP_NUM_THREADS, or the number of cores where that is no number."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else _cores()


def _cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if _loops is not None:
    _loops.set(_at_start())
    if hasattr(os, "register_at_fork"):
        # A forked child has none of its parent's threads, and OpenMP would wait for them forever.
        os.register_at_fork(after_in_child=functools.partial(_loops.set, 1))
