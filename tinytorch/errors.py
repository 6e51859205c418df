"""Warnings, and error texts that several operations share: PyTorch's first line, then what a learner needs."""

from __future__ import annotations

import itertools
import os
import sys
import warnings
from types import FrameType
from typing import Any

import numpy as np

from tinytorch.device import is_array

PACKAGE = os.path.dirname(__file__) + os.sep


class OutOfMemoryError(RuntimeError):
    """A GPU has no memory left."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn for the line of the program that called tinytorch, however many of our own functions lie between."""
    frame, level = sys._getframe(1), 2
    caller = calling_frame()
    while frame is not caller:
        frame, level = frame.f_back, level + 1  # type: ignore[assignment]
    warnings.warn(message, category, stacklevel=level)


def calling_frame() -> FrameType:
    """The frame of the program that called tinytorch (compiled functions have none)."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame


def broadcast_error(arrays: Any) -> Exception | None:
    """RuntimeError if the shapes of `arrays` do not broadcast, naming the dimension; None if they do."""
    shapes = [array.shape for array in arrays if is_array(array)]
    for first, second in itertools.pairwise(shapes):
        for back in range(1, min(len(first), len(second)) + 1):
            a, b = first[-back], second[-back]
            if a != b and a != 1 and b != 1:
                dim = max(len(first), len(second)) - back
                return RuntimeError(
                    f"The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension {dim}"
                    + _aligned(first, second)
                )
    return None


def _aligned(first: tuple, second: tuple) -> str:
    """Both shapes, right-aligned as broadcasting reads them."""
    rank = max(len(first), len(second))
    rows = [[""] * (rank - len(shape)) + [str(side) for side in shape] for shape in (first, second)]
    widths = [max(len(a), len(b)) for a, b in zip(*rows)]
    lines = ["  ".join(side.rjust(width) for side, width in zip(row, widths)) for row in rows]
    return (
        f"\n\nShapes are compared from the right; each pair must be equal, or one of them 1:\n"
        f"    a:  {lines[0]}\n    b:  {lines[1]}"
    )


def wrap_dim(dim: int, ndim: int) -> int:
    """`dim` counted from the front; IndexError (PyTorch's text) if there is no such dimension."""
    if type(dim) is int:
        if 0 <= dim < ndim:
            return dim
    else:
        scalar: Any = getattr(dim, "_array", dim)  # a tensor without dimensions may stand for its integer
        if not isinstance(scalar, np.integer) and (scalar is dim or scalar.ndim or scalar.dtype.kind not in "iu"):
            raise TypeError(f"argument 'dim' must be int, not {type(dim).__name__}")
        dim = int(scalar)
    low, high = (-ndim, ndim - 1) if ndim else (-1, 0)
    if not low <= dim <= high:
        raise IndexError(f"Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})")
    return dim + max(ndim, 1) if dim < 0 else dim
