"""torch.backends: switches that programs set for other hardware. There is none here: they are only remembered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class Backend(SimpleNamespace):
    """A backend that is not there: its switches can be set and read, `is_available()` says False."""

    def is_available(self) -> bool:
        """Whether tinytorch can use it."""
        return False

    is_built = is_available


cudnn: Any = Backend(enabled=False, benchmark=False, deterministic=False, allow_tf32=True)
cuda: Any = Backend(matmul=SimpleNamespace(allow_tf32=False))
mps: Any = Backend()
mkldnn: Any = Backend(enabled=False)
openmp: Any = Backend()
