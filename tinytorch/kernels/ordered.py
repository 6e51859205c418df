"""A second try for arrays that a compiled loop cannot walk: their copies in C order, instead of the NumPy twin.

A copy is one read and one write; the twins make several temporary arrays. So a slice of a larger array (the gates of an
LSTM) or an expanded gradient (that of a sum) takes little longer than a plain array.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

IN_C_ORDER = {"gather", "nll", "normalization", "scatter", "triangles"}  # what these make is always in C order;
IN_ORDER = {"elementwise", "loss"}  # what these make is in the order of their arguments, so those must be in rows
IN_PLACE = {"add_scaled", "keep_triangle"}  # these write into an argument that is not called `out`


def second_try(compiled: ModuleType, family: str, twin: SimpleNamespace) -> SimpleNamespace:
    """What a compiled family calls for arrays that it does not take: itself with copies, or else the twin."""
    if family not in IN_C_ORDER | IN_ORDER:
        return twin
    functions = {
        name: function
        if name in IN_PLACE or not hasattr(compiled, name)
        else _trying(getattr(compiled, name), function, family in IN_ORDER)
        for name, function in vars(twin).items()
    }
    return SimpleNamespace(**functions)


def _trying(compiled: Callable, twin: Callable, rows: bool) -> Callable:
    """`compiled` with copies, where that may help: if `rows`, only where all arrays are in rows; else `twin`."""
    written = [name == "out" for name in inspect.signature(twin).parameters]

    @functools.wraps(twin)
    def call(*args: Any) -> Any:
        copied = tuple(arg if out else _plain(arg) for arg, out in zip(args, written))
        if all(map(operator.is_, args, copied)) or (rows and not all(map(_in_rows, args))):
            return twin(*args)
        return compiled(*copied)

    return call


def _plain(x: Any) -> Any:
    """x, or its copy, if it is an array that does not lie in memory in C order."""
    return x.copy() if type(x) is np.ndarray and not x.flags.c_contiguous else x


def _in_rows(x: Any) -> bool:
    """Is x no array, or one whose last axis has the closest elements, the one before the next ones, and so on?

    >>> x = np.zeros((4, 6))
    >>> _in_rows(x), _in_rows(x[:, ::2]), _in_rows(np.broadcast_to(x[0], (4, 6))), _in_rows(x.T)
    (True, True, True, False)
    """
    if type(x) is not np.ndarray:
        return True
    steps = [step for step, side in zip(x.strides, x.shape) if step and side > 1]
    return steps == sorted(map(abs, steps), reverse=True)
