"""torch.backends: switches that programs set for their hardware. One is heeded, `cuda.matmul.allow_tf32`.

The others are remembered. cuDNN and the like are not used: `is_available()` says False.
"""

from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

from tinytorch.device import accelerator


class Backend(SimpleNamespace):
    """A backend that is not there: its switches can be set and read, `is_available()` says False."""

    def is_available(self) -> bool:
        """Whether tinytorch can use it."""
        return False

    is_built = is_available

    def version(self) -> int | None:
        """None: there is none."""


class Matmul(SimpleNamespace):
    """How a GPU multiplies matrices."""

    @property
    def allow_tf32(self) -> bool:
        """May float32 matrices be multiplied with 10 bits of their fractions (TF32), several times as fast?

        The same switch as `torch.set_float32_matmul_precision`: True is "high", False "highest".
        """
        return accelerator.matmul_precision != "highest"

    @allow_tf32.setter
    def allow_tf32(self, allowed: bool) -> None:
        accelerator.matmul_precision = "high" if allowed else "highest"


class Cuda(SimpleNamespace):
    """torch.backends.cuda"""

    def is_built(self) -> bool:
        """Whether CuPy is installed. Whether it finds a GPU is torch.cuda.is_available()."""
        return find_spec("cupy") is not None


cudnn: Any = Backend(enabled=True, benchmark=False, deterministic=False, allow_tf32=True)
cuda: Any = Cuda(
    matmul=Matmul(
        allow_fp16_reduced_precision_reduction=True, allow_bf16_reduced_precision_reduction=True,
        allow_fp16_accumulation=False,
    )
)  # fmt: skip
mps: Any = Backend()
mkldnn: Any = Backend(enabled=False)
openmp: Any = Backend()
