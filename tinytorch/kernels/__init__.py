"""The kernels: what is worth a compiled loop, on arrays alone. A module for each family, picked at import:

    from tinytorch import kernels
    kernels.softmax.softmax(x)          compiled (tinytorch._ext.softmax, source _ext/softmax.pyx) where it is built,
                                        else its NumPy twin (tinytorch/kernels/softmax.py): same names, same arguments

TINYTORCH_PURE=1 in the environment picks the twins; `tinytorch.show_config()` tells what was picked, and why.

Either way a function takes any array. A compiled one runs its loop on plain arrays of its dtypes (C order, aligned,
most often float32 and float64) and hands everything else, CuPy's arrays too, to its twin: callers need no `if`. Both
raise ValueError for shapes that do not fit. Both follow IEEE arithmetic for nan and inf; the twins leave it to their
caller to silence NumPy's warnings about those (kernels/quiet.py). Results are arrays, 0-dimensional ones too.

The picked modules take the names of the twins' modules here. A twin itself is in `sys.modules` under its full name.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from tinytorch.kernels.quiet import quietly

PURE = os.environ.get("TINYTORCH_PURE", "0") not in ("", "0")

# family -> "compiled", or why it is the NumPy twin
picked: dict[str, str] = {}


def _pick(family: str) -> Any:
    """The compiled module of a family, or its twin.

    A compiled loop sets off no warning of NumPy's, so nor may a twin that takes its place.
    """
    twin = import_module(f"tinytorch.kernels.{family}")
    if PURE:
        picked[family] = "NumPy twin: forced by TINYTORCH_PURE"
        return twin
    try:
        compiled = import_module(f"tinytorch._ext.{family}")
    except ModuleNotFoundError:
        picked[family] = "NumPy twin: not built"
        return quietly(twin)
    except ImportError as error:
        picked[family] = f"NumPy twin: cannot be loaded ({error})"
        return quietly(twin)
    picked[family] = "compiled"
    if hasattr(compiled, "twin"):
        vars(compiled)["twin"] = quietly(twin)
    return compiled


arithmetic = _pick("arithmetic")
cumulative = _pick("cumulative")
elementwise = _pick("elementwise")
extrema = _pick("extrema")
gather = _pick("gather")
layout = _pick("layout")
loss = _pick("loss")
matmul = _pick("matmul")
nll = _pick("nll")
normalization = _pick("normalization")
optimizer = _pick("optimizer")
random = _pick("random")
reduce = _pick("reduce")
scatter = _pick("scatter")
softmax = _pick("softmax")
triangles = _pick("triangles")
where = _pick("where")

if not PURE:
    import_module("tinytorch.kernels.cache").switch_on()
