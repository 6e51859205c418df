"""The memory of large arrays that were freed is kept for the next ones (_ext/memory.pyx): the switch and the bound.

NumPy lets a program choose the allocator of its arrays (NEP 49). The choice belongs to a context: it holds for the
thread that imports tinytorch, and for NumPy's arrays there too. Another thread starts with NumPy's own allocator; what
kernels allocate there comes from the cache all the same (_ext/door.pxi).

TINYTORCH_CACHE_MB in the environment is the number of megabytes (2^20 bytes) that may be kept; 0 leaves the cache off.
Without it a sixteenth of the machine's memory may be kept, and never more than the program once used at the same time.
"""

from __future__ import annotations

import contextlib
import os
from importlib import import_module
from typing import Any

MEGABYTE = 1 << 20

_memory: Any = None  # the compiled allocator, where it is built
with contextlib.suppress(ImportError):
    _memory = import_module("tinytorch._ext.memory")


def _limit() -> int:
    """How many bytes may be kept."""
    wanted = os.environ.get("TINYTORCH_CACHE_MB", "").strip()
    if wanted.isdigit():
        return int(wanted) * MEGABYTE
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 16
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        return 512 * MEGABYTE


def switch_on() -> bool:
    """Let the current context allocate through the cache; False where there is none or the environment says no."""
    limit = _limit()
    if _memory is None or limit == 0:
        return False
    return _memory.install(limit)


def empty() -> None:
    """Give what is kept back to the system, as torch.cuda.empty_cache does on a GPU."""
    if _memory is not None:
        _memory.empty()


def state() -> dict[str, int]:
    """Bytes live, kept, live at most at one time, the bound; how often a kept block was taken, and how often not."""
    return {} if _memory is None else _memory.state()
