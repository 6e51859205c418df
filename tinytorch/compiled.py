"""Which files of this package are also compiled, as they stand, and whether the compiled ones are used.

The files of CORE are what every operation passes through. Cython compiles them like the kernels; attributes that a
.pxd file beside them lists become fields of a C struct, everything else stays the Python that it is. Python then
prefers the compiled file to the .py beside it. It must not in three cases, and `choose` tells Python so:

- TINYTORCH_PURE=1 asks for Python throughout.
- Some of them are not there: half of the core compiled does not fit the other half.
- A .py file was changed after it was compiled: what one reads is what runs.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any

CORE = (
    "tensor",
    "promotion",
    "public",
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
    "ops.extrema",
    "ops.truth",
    "ops.detach",
    "ops.operators",
    "ops.exponential",
    "ops.special",
    "ops.clamping",
    "ops.activating",
    "ops.rectifiers",
    "ops.memory",
    "ops.matmul",
    "ops.norms",
    "ops.addmm",
    "ops.loss",
    "ops.selection",
    "ops.gathering",
    "ops.writing",
    "ops.scattering",
    "ops.index_writing",
    "ops.index_rules",
    "ops.index_parsing",
    "ops.indexing",
    "ops.triangles",
    "ops.joining",
    "ops.slicing",
    "ops.squeezing",
    "ops.transposition",
    "functions.einsum",
    "functions.nested",
    "nn.module",
)

PACKAGE = os.path.dirname(__file__)


def place(name: str) -> str:
    """Where the files of a module of CORE lie, without what their names end in."""
    return os.path.join(PACKAGE, *name.split("."))


def choose() -> str:
    """See that Python files are imported where compiled ones must not be; "compiled", or why they must not."""
    reason = _reason()
    if reason != "compiled":
        sys.meta_path.insert(0, _Sources)
    return reason


def _reason() -> str:
    if os.environ.get("TINYTORCH_PURE", "0") not in ("", "0"):
        return "Python: forced by TINYTORCH_PURE"
    in_a_checkout = os.path.exists(os.path.join(PACKAGE, os.pardir, "setup.py"))  # an installer keeps no order
    for name in CORE:
        path = place(name)
        try:
            built = os.stat(path + EXTENSION_SUFFIXES[0]).st_mtime
        except FileNotFoundError:
            return "Python: not built"
        if in_a_checkout and os.stat(path + ".py").st_mtime > built:
            return f"Python: {name}.py was changed after it was compiled"
    return "compiled"


class _Sources:
    """Finds the modules of CORE in their Python files."""

    names = frozenset(f"{__package__}.{name}" for name in CORE)

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in cls.names:
            return None
        from importlib.util import spec_from_file_location

        return spec_from_file_location(name, place(name.partition(".")[2]) + ".py")


core = choose()
