"""Anomaly mode: remember where every node was made, and stop at the first nan that backward computes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tinytorch.device import as_array
from tinytorch.errors import calling_frame
from tinytorch.errors import warn as warn_caller

tracing = False  # read by every operation: are nodes to be told where they were made?
check_nan = True  # are gradients to be searched for nan then?


def trace(node: Any) -> None:
    """Note on `node` the stack of the operation that made it."""
    import traceback  # only who looks for an anomaly pays for it

    node.metadata["traceback_"] = traceback.format_list(traceback.extract_stack(calling_frame()))


def check(node: Any, grads: tuple) -> None:
    """RuntimeError if `node` gave a gradient that is nan somewhere, after a warning that tells where it was made."""
    for i, grad in enumerate(grads if check_nan else ()):
        if grad is None:
            continue
        array = as_array(getattr(grad, "_array", grad))
        if array.dtype.kind in "fcV" and np.isnan(array).any():
            warn(node)
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")


def warn(node: Any) -> None:
    """Say where the operation was called whose backward went wrong."""
    stack = node.metadata.get("traceback_")
    if stack is None:
        where = "No forward pass information available. Enable detect anomaly during forward pass for more information."
        warn_caller(f"Error detected in {node.name()}. {where}")
    else:
        where = "Traceback of forward call that caused the error:\n" + "".join(stack)
        warn_caller(f"Error detected in {node.name()}. {where}")


class detect_anomaly:
    """Inside, backward reports the forward operation behind an error and (check_nan) behind the first nan.

    Source: https://docs.pytorch.org/docs/2.13/autograd.html#anomaly-detection
    """

    def __init__(self, check_nan: bool = True):
        self._mode, self._check_nan = True, check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self._before = (tracing, check_nan)
        _set(self._mode, self._check_nan)

    def __exit__(self, *exception: Any) -> None:
        _set(*self._before)


class set_detect_anomaly(detect_anomaly):
    """Anomaly mode on or off at once; as a context manager, for its block."""

    def __init__(self, mode: bool, check_nan: bool = True):
        self._mode, self._check_nan = mode, check_nan
        self._before = (is_anomaly_enabled(), is_anomaly_check_nan_enabled())
        _set(mode, check_nan)

    def __enter__(self) -> None:
        pass


def is_anomaly_enabled() -> bool:
    return tracing


def is_anomaly_check_nan_enabled() -> bool:
    return check_nan


def _set(trace_nodes: bool, search: bool) -> None:
    global tracing, check_nan
    tracing, check_nan = trace_nodes, search
