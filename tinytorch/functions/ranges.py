"""Tensors of numbers in equal steps: arange, range, linspace, logspace.

The numbers are PyTorch's to the last bit, which takes knowing in which order it computes them: with fused
multiply-adds (one rounding for a * b + c), and arange in blocks, each of which starts from a rounded number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import arguments, dtypes
from tinytorch.creation import as_number, factory
from tinytorch.dtypes import COMPLEX, FLOAT, INTEGER, get_default_dtype
from tinytorch.dtypes import dtype as Dtype
from tinytorch.errors import warn
from tinytorch.promotion import fitting_number
from tinytorch.tensor import Tensor

# ---- arange ----------------------------------------------------------------------------------------------------------


@factory
def arange(*args: Any, start: Any = None, end: Any = None, step: Any = None, dtype: Dtype | None = None) -> np.ndarray:
    """start, start + step, start + 2 step, ... below `end`: arange(end), arange(start, end), arange(start, end, step).

    int64 if all of them are integers, else the default dtype.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.arange.html

    >>> torch.arange(5), torch.arange(1, 2.5, 0.5)
    (tensor([0, 1, 2, 3, 4]), tensor([1.0000, 1.5000, 2.0000]))
    """
    if dtype is start is end is step is None and len(args) == 1 and type(args[0]) is int and args[0] >= 0:
        return np.arange(args[0], dtype=np.int64)  # as most often: in a fifth of the time
    if dtype is not None:
        _check_kind(dtype)
    start, end, step = _bounds("arange", args, start, end, step)
    if dtype is None:
        whole = all(isinstance(value, int) for value in (start, end, step))
        dtype = dtypes.int64 if whole else get_default_dtype()
    return _steps(start, step, _count(start, end, step, dtype), dtype)


def _check_kind(kind: Dtype) -> None:
    if kind.category not in (INTEGER, FLOAT):
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{kind.legacy}'")


def _bounds(name: str, args: tuple, start: Any, end: Any, step: Any) -> list:
    """[start, end, step] of a call of arange or range, as Python's numbers."""
    given = dict(zip(("end",) if len(args) == 1 and end is None else ("start", "end", "step"), args))
    given |= {key: value for key, value in (("start", start), ("end", end), ("step", step)) if value is not None}
    if len(args) > 3 or not given:
        raise arguments.no_such_form(name, args, {})
    if "end" not in given:
        raise TypeError(f'{name}() missing 1 required positional arguments: "end"')
    given = {"start": 0, "end": 0, "step": 1} | given
    bounds = []
    for position, (key, value) in enumerate(given.items(), start=1 if len(args) != 1 else 0):
        number = as_number(name, key, position, value)
        if isinstance(number, complex):
            raise RuntimeError("value cannot be converted to type double without overflow")
        bounds.append(number.item() if isinstance(number, np.generic) else number)
    return bounds


def _count(start: Any, end: Any, step: Any, kind: Dtype) -> int:
    """How many numbers lie from `start` to below `end`; int64 counts in integers, other dtypes in float64."""
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if end != start and (step > 0) != (end > start):
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if kind is dtypes.int64:
        if int(step) == 0:
            raise ValueError("step must be nonzero")
        return -((int(start) - int(end)) // int(step))
    return math.ceil((float(end) - float(start)) / step)


def _steps(start: Any, step: Any, count: int, kind: Dtype) -> np.ndarray:
    """start + i * step for i = 0, ..., count - 1."""
    _check_kind(kind)
    index = np.arange(count)
    if kind.category == INTEGER:
        return (int(start) + index * int(step)).astype(kind.numpy)
    with np.errstate(over="ignore"):
        numbers = fused(step, index, start).astype(kind.numpy)
    # PyTorch's CPU code fills two 256-bit registers at a time, counting on from the first number of each.
    lanes = 32 // kind.itemsize
    blocks = index[: count - count % (2 * lanes)]
    lane = blocks % lanes
    firsts = numbers[blocks - lane].astype(np.float64)
    numbers[: len(blocks)] = fused(step, lane, firsts).astype(kind.numpy)
    return numbers


def fused(a: Any, b: Any, c: Any) -> np.ndarray:
    """a * b + c in float64 with one rounding: product and sum are kept with their rounding errors.

    T. J. Dekker, A floating-point technique for extending the available precision, Numer. Math. 18, 1971.
    """
    a, b, c = (np.asarray(value, np.float64) for value in (a, b, c))
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    product = a * b
    product_error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    total = product + c
    virtual = total - product
    total_error = (product - (total - virtual)) + (c - virtual)
    return total + (total_error + product_error)


def _halves(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """a as a sum of two numbers of 26 bits, whose products are exact."""
    scaled = a * (2.0**27 + 1)
    high = scaled - (scaled - a)
    return high, a - high


@factory
def range(*args: Any, start: Any = None, end: Any = None, step: Any = None, dtype: Dtype | None = None) -> np.ndarray:
    """As arange, but `end` is included and the dtype is the default one. PyTorch deprecates it in favour of arange."""
    warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
    )
    start, end, step = _bounds("range", args, start, end, step)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if end != start and (step > 0) != (end > start):
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    return _steps(start, step, math.floor((end - start) / step) + 1, dtype or get_default_dtype())


# ---- linspace and logspace -------------------------------------------------------------------------------------------


@factory
def linspace(start: Any, end: Any, steps: Any = None, *, dtype: Dtype | None = None) -> np.ndarray:
    """`steps` numbers from `start` to `end`, both included, at equal distances.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linspace.html

    >>> torch.linspace(0, 10, steps=5)
    tensor([ 0.0000,  2.5000,  5.0000,  7.5000, 10.0000])
    """
    start, end, steps, dtype = _span("linspace", start, end, steps, dtype)
    if dtype.category == INTEGER:
        first, last = (fitting_number(value, dtype).astype(np.float64)[()] for value in (start, end))
        return _spaced(first, last, steps).astype(dtype.numpy)
    first, last = (np.asarray(value).astype(dtype.numpy)[()] for value in (start, end))
    if dtype.category < COMPLEX:
        return _spaced(first, last, steps)
    numbers = np.empty(steps, dtype.numpy)
    numbers.real, numbers.imag = _spaced(first.real, last.real, steps), _spaced(first.imag, last.imag, steps)
    return numbers


@factory
def logspace(start: Any, end: Any, steps: Any = None, base: float = 10.0, *, dtype: Dtype | None = None) -> np.ndarray:
    """`steps` numbers from base^start to base^end, both included, with equal quotients.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.logspace.html

    >>> torch.logspace(0, 3, steps=4)
    tensor([   1.,   10.,  100., 1000.])
    """
    start, end, steps, dtype = _span("logspace", start, end, steps, dtype)
    if dtype.category == INTEGER:
        # as int64, since the difference of two uint8 may be negative
        first, last = (fitting_number(value, dtype).astype(np.int64)[()] for value in (start, end))
    else:
        first, last = (np.asarray(value).astype(dtype.numpy)[()] for value in (start, end))
    with np.errstate(all="ignore"):
        return (np.power(float(base), _exponents(first, last, steps))).astype(dtype.numpy)


def _exponents(first: Any, last: Any, steps: int) -> np.ndarray:
    """As `_spaced`, but only the difference is rounded to the precision of first and last, the rest is in float64."""
    wide = np.complex128 if first.dtype.kind == "c" else np.float64
    step = wide(last - first) / max(steps - 1, 1)
    forward, backward = np.arange(steps // 2), np.arange(steps - 1 - steps // 2, -1, -1)
    if steps == 1:
        return np.array([wide(first)])
    return np.concatenate([wide(first) + step * forward, wide(last) - step * backward])


def _span(name: str, start: Any, end: Any, steps: Any, dtype: Dtype | None) -> tuple:
    """The checked arguments of linspace or logspace: two numbers, a count, a dtype."""
    ends = (("start", start), ("end", end))
    dims = [(key, value._array.ndim) for key, value in ends if isinstance(value, Tensor)]
    if any(count for _, count in dims):
        found = " and ".join(f"{key} with {count} dimension(s)" for key, count in dims)
        raise RuntimeError(f"{name} only supports 0-dimensional start and end tensors, but got {found}.")
    try:
        bounds = [as_number(name, "start", 1, start), as_number(name, "end", 2, end)]
        steps = arguments.as_whole(name, "steps", 3, steps)
    except TypeError:
        given = (start, end) if steps is None else (start, end, steps)
        raise arguments.no_such_form(name, given, {}) from None
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    inferred = dtypes.default_complex() if any(isinstance(value, complex) for value in bounds) else get_default_dtype()
    dtype = dtype or inferred
    if inferred.category == COMPLEX > dtype.category:
        part = {"complex64": "float", "complex128": "double"}[inferred.name]
        raise RuntimeError(
            f"torch.{name}(): inferred dtype c10::complex<{part}> can't be safely cast to passed dtype {dtype.legacy}"
        )
    return *bounds, steps, dtype


def _spaced(first: Any, last: Any, steps: int) -> np.ndarray:
    """Numbers at equal distances, counted from `first` in the first half and from `last` in the second.

    All of it in the precision of first and last; products and sums are fused, but those of half precision.
    """
    kept = first.dtype
    if steps == 1:
        return np.array([first])
    forward = np.arange(steps // 2).astype(kept)
    backward = np.arange(steps - 1 - steps // 2, -1, -1).astype(kept)
    with np.errstate(all="ignore"):
        step = (last - first) / kept.type(max(steps - 1, 1))
        if kept.itemsize > 2:
            halves = [fused(step, forward, first), fused(-step, backward, last)]
        else:
            halves = [first + step * forward, last - step * backward]
        return np.concatenate(halves).astype(kept)
