"""The kernels: what is worth a compiled loop, on arrays alone. A module for each family, picked at its first use:

    from tinytorch import kernels
    kernels.softmax.softmax(x)          compiled (tinytorch._ext.softmax, source _ext/softmax.pyx) where it is built,
                                        else its NumPy twin (tinytorch/kernels/softmax.py): same names, same arguments

TINYTORCH_PURE=1 in the environment picks the twins; `tinytorch.show_config()` tells what was picked, and why.

Either way a function takes any array. A compiled one runs its loop on plain arrays of its dtypes (C order, aligned,
most often float32 and float64), or on copies (kernels/ordered.py), and hands everything else to its twin: callers need
no `if`. A GPU's arrays go to the function of that name in tinytorch/kernels/gpu/<family>.py, where there is one; else
the twin takes them, too. Both raise ValueError for shapes that do not fit. Both follow IEEE arithmetic for nan and inf;
the twins leave it to their caller to silence NumPy's warnings about those (kernels/quiet.py). Results are arrays,
0-dimensional ones too.

The picked modules take the names of the twins' modules here. A twin itself is in `sys.modules` under its full name.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tinytorch.kernels.columns import columns
from tinytorch.kernels.ordered import second_try

FAMILIES = (
    *("arithmetic", "cumulative", "elementwise", "extrema", "gather", "layout", "loss", "matmul", "nll"),
    *("normalization", "optimizer", "random", "reduce", "scatter", "softmax", "triangles", "where"),
)
PURE = os.environ.get("TINYTORCH_PURE", "0") not in ("", "0")

_picked: dict[str, str] = {}

if TYPE_CHECKING:
    from tinytorch.kernels import arithmetic as arithmetic
    from tinytorch.kernels import cumulative as cumulative
    from tinytorch.kernels import elementwise as elementwise
    from tinytorch.kernels import extrema as extrema
    from tinytorch.kernels import gather as gather
    from tinytorch.kernels import layout as layout
    from tinytorch.kernels import loss as loss
    from tinytorch.kernels import matmul as matmul
    from tinytorch.kernels import nll as nll
    from tinytorch.kernels import normalization as normalization
    from tinytorch.kernels import optimizer as optimizer
    from tinytorch.kernels import random as random
    from tinytorch.kernels import reduce as reduce
    from tinytorch.kernels import scatter as scatter
    from tinytorch.kernels import softmax as softmax
    from tinytorch.kernels import triangles as triangles
    from tinytorch.kernels import where as where

    picked: dict[str, str]  # family -> "compiled", or why it is the NumPy twin


def __getattr__(name: str) -> Any:
    """A family is loaded when it is first asked for, so that `import tinytorch` is quick."""
    if name == "picked":
        for family in FAMILIES:
            getattr(_this, family)
        return _picked
    if name not in FAMILIES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    globals()[name] = family = _pick(name)
    return family


class _Kernels(ModuleType):
    """This package: its modules are reached through __getattr__, which takes half the time of one of the class."""

    def __setattr__(self, name: str, value: Any) -> None:
        # An imported twin would become an attribute of its package, and pass for what was picked.
        if name not in FAMILIES:
            super().__setattr__(name, value)


_this = sys.modules[__name__]
_this.__class__ = _Kernels


def _pick(family: str) -> Any:
    """The compiled module of a family, or its twin.

    A compiled loop sets off no warning of NumPy's, so nor may a twin that takes its place.
    """
    twin = import_module(f"tinytorch.kernels.{family}")
    if PURE:
        _picked[family] = "NumPy twin: forced by TINYTORCH_PURE"
        return columns(twin, quietly=False)
    try:
        compiled = import_module(f"tinytorch._ext.{family}")
    except ModuleNotFoundError:
        _picked[family] = "NumPy twin: not built"
        return columns(twin)
    except ImportError as error:
        _picked[family] = f"NumPy twin: cannot be loaded ({error})"
        return columns(twin)
    _picked[family] = "compiled"
    if hasattr(compiled, "twin"):
        vars(compiled)["twin"] = second_try(compiled, family, columns(twin))
    return compiled


if not PURE:
    import_module("tinytorch.kernels.cache").switch_on()
