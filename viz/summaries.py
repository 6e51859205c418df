"""From arrays to summaries: shape, dtype, statistics, and the numbers themselves where there are few."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tinytorch.viz.graph import Summary

from tinytorch.device import as_array, host, is_array
from tinytorch.dtypes import from_numpy
from tinytorch.kernels.arrays import widen

FEW = 8  # so many numbers are always shown,
LONG = 40  # if they make no longer text than this
MANY = 64  # so many where values were asked for; of more, the first and last
DIGITS = 6  # of statistics: the seventh digit may differ from machine to machine


def summarize(value: Any, values: bool = False) -> Summary:
    """What is to be known of an array or a Tensor; `values`: also its numbers where they are many."""
    array = getattr(value, "_array", value)
    return _whole(host(as_array(array)), values)


def outline(shape: Any, dtype: Any) -> Summary:
    """Shape and dtype alone, of a tensor that is not there."""
    return Summary(tuple(int(side) for side in shape), dtype_name(dtype))


def dtype_name(dtype: Any) -> str:
    """ "float32" for torch.float32 or NumPy's."""
    return "" if dtype is None else str(from_numpy(dtype) if isinstance(dtype, np.dtype) else dtype)[6:]


def _whole(array: np.ndarray, values: bool) -> Summary:
    shape, name = array.shape, dtype_name(array.dtype)
    if array.dtype.kind == "V":
        array = widen(array)
    text = _text(array) if array.size <= FEW or values else None
    if text is not None and len(text) > LONG and not values:
        text = None
    if not array.size or array.dtype.kind not in "fciub":
        return Summary(shape, name, text)
    is_complex = array.dtype.kind == "c"
    flat = (np.abs(array) if is_complex else array).ravel().astype(np.float64, copy=False)
    low, high = float(np.minimum.reduce(flat)), float(np.maximum.reduce(flat))
    unusual = 0
    if not math.isfinite(high - low) and not np.isfinite(flat).all():
        flat = flat[np.isfinite(flat)]
        unusual = array.size - flat.size
        if not flat.size:
            return Summary(shape, name, text, unusual=unusual)
        low, high = float(flat.min()), float(flat.max())
    scale = max(abs(low), abs(high))
    if 1e-140 < scale < 1e140:
        norm = math.sqrt(float(flat.dot(flat)))
    else:  # squares would leave the range of numbers
        norm = scale * math.sqrt(float(np.square(flat / scale).sum())) if scale else 0.0
    if is_complex:
        return Summary(shape, name, text, short(norm), unusual=unusual)
    mean = float(np.add.reduce(flat)) / flat.size
    if abs(mean) < 1e-6 * scale:
        mean = 0.0  # what is left of it is rounding, and differs from machine to machine
    return Summary(shape, name, text, short(norm), short(mean), short(low), short(high), unusual)


def short(number: float) -> float:
    """A number with six digits."""
    return float(f"{number:.{DIGITS}g}")


def _text(array: np.ndarray) -> str:
    """The numbers: 0.5 or [1, 2] or [[1, 2], [3, 4]]; of many, the first and the last three of every dimension."""
    return _nested(array, array.size > MANY)


def _nested(array: np.ndarray, shortened: bool) -> str:
    if not array.ndim:
        return number_text(array.item())
    rows: list = list(array)
    if shortened and len(rows) > 6:
        parts = [_nested(np.asarray(row), True) for row in rows[:3]]
        parts += ["..."] + [_nested(np.asarray(row), True) for row in rows[-3:]]
    else:
        parts = [_nested(np.asarray(row), shortened) for row in rows]
    return f"[{', '.join(parts)}]"


def number_text(number: Any) -> str:
    """A number as one would write it: four digits, whole numbers without a point."""
    if isinstance(number, bool) or not isinstance(number, float):
        return f"{number:.4g}" if isinstance(number, complex) else str(number)
    return str(int(number)) if number.is_integer() and abs(number) < 1e6 else f"{number:.4g}"


def constant_text(value: Any) -> str | None:
    """An argument that is no tensor, as a program would write it; None for what has no short text."""
    if value is None or isinstance(value, (bool, str)):
        return repr(value)
    if is_array(value) and not value.ndim:
        value = host(value).item()
    if isinstance(value, (int, float, complex, np.number)):
        number = value.item() if isinstance(value, np.number) else value
        if isinstance(number, float) and not number.is_integer():
            return min(repr(number), f"{number:.6g}", key=len)
        return number_text(number)
    if value is Ellipsis:
        return "..."
    if isinstance(value, slice):
        parts = ["" if each is None else str(each) for each in (value.start, value.stop, value.step)]
        return ":".join(parts if value.step is not None else parts[:2])
    if isinstance(value, tuple) and len(value) > 1 and value[-1] is Ellipsis:  # a key of slices and integers
        value = value[:-1] if len(value) > 2 else value[0]
        return constant_text(value) or "index"
    if isinstance(value, (tuple, list)) and len(value) <= FEW:
        parts = [constant_text(each) or "index" for each in value]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return None
