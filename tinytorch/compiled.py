"""Which files of this package are also compiled, as they stand, and whether the compiled ones are used.

The files of CORE are what every operation passes through. Cython compiles them like the kernels; attributes that a
.pxd file beside them lists become fields of a C struct, everything else stays the Python that it is. Python then
prefers the compiled file to the .py beside it. It must not in three cases, and `choose` tells Python so:

- TINYTORCH_PURE=1 asks for Python throughout.
- Some of them are not there: half of the core compiled does not fit the other half.
- A .py file was changed after it was compiled: what one reads is what runs.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path
from typing import Any

CORE = (
    "tensor",
    "promotion",
    "autograd.grad_mode",
    "autograd.node",
    "autograd.saved",
    "autograd.rule",
    "autograd.views",
    "autograd.fitting",
    "autograd.engine",
    "autograd.backward",
    "ops.dims",
    "ops.elementwise",
    "ops.arithmetic",
    "ops.power",
    "ops.expansion",
    "ops.shape",
    "ops.reduction",
    "ops.detach",
    "ops.operators",
    "ops.exponential",
    "ops.special",
    "ops.clamping",
    "ops.activating",
    "ops.rectifiers",
    "ops.memory",
    "ops.matmul",
    "ops.addmm",
    "ops.loss",
    "nn.module",
    "nn.containers",
    "nn.linear",
    "nn.losses.regression",
    "nn.losses.binary",
)

PACKAGE = Path(__file__).parent


def source(name: str) -> Path:
    """The Python file of a module of CORE."""
    return PACKAGE.joinpath(*name.split(".")).with_suffix(".py")


def choose() -> str:
    """See that Python files are imported where compiled ones must not be; "compiled", or why they must not."""
    reason = _reason()
    if reason != "compiled":
        sys.meta_path.insert(0, _Sources)  # type: ignore[arg-type]
    return reason


def _reason() -> str:
    if os.environ.get("TINYTORCH_PURE", "0") not in ("", "0"):
        return "Python: forced by TINYTORCH_PURE"
    in_a_checkout = PACKAGE.with_name("setup.py").exists()  # an installer may write files in any order
    for name in CORE:
        path = source(name)
        built = [path.with_suffix(suffix) for suffix in EXTENSION_SUFFIXES if path.with_suffix(suffix).exists()]
        if not built:
            return "Python: not built"
        if in_a_checkout and path.stat().st_mtime > built[0].stat().st_mtime:
            return f"Python: {name}.py was changed after it was compiled"
    return "compiled"


class _Sources:
    """Finds the modules of CORE in their Python files."""

    names = frozenset(f"{__package__}.{name}" for name in CORE)

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in cls.names:
            return None
        return importlib.util.spec_from_file_location(name, source(name.partition(".")[2]))


core = choose()
