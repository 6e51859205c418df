"""Silence for NumPy's floating point warnings: 1/0 is inf in PyTorch, not a RuntimeWarning.

`np.errstate` costs about a microsecond, more than a small operation itself. Underneath it sets one context variable;
setting that directly costs a tenth. The setting holds for the current thread and only until `leave`, so the user's own
NumPy code keeps its warnings.

    token = quiet()
    try:
        ...
    finally:
        leave(token)
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

try:
    from numpy._core.umath import _extobj_contextvar as _settings  # not public, hence the other branch

    with np.errstate(all="ignore"):
        _ignore = _settings.get()

    quiet = functools.partial(_settings.set, _ignore)  # ignore floating point errors; returns what `leave` needs
    leave = _settings.reset  # back to the settings before `quiet`

except ImportError:  # a NumPy that keeps its settings elsewhere

    def quiet() -> Any:  # type: ignore[misc]
        """Ignore floating point errors from here on; returns what `leave` needs."""
        return np.seterr(all="ignore")

    def leave(token: Any) -> None:
        """Back to the settings before `quiet`."""
        np.seterr(**token)


def silenced(function: Any) -> Any:
    """`function` with NumPy quiet in it."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        token = quiet()
        try:
            return function(*args, **kwargs)
        finally:
            leave(token)

    return call
