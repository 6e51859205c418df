"""The one place where operands of different dtypes are brought to a common one, before a rule's forward.

Each function takes the list of a rule's inputs (arrays and Python numbers) and changes it in place. Which dtype it
has to be is decided in dtypes.py. The case that matters for speed, equal dtypes, is looked at first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.dtypes import FLOAT, get_default_dtype, result_dtype

ndarray = np.ndarray
INT64 = np.dtype(np.int64)
FAR = 2**63  # the first number beyond int64


def joining(slowly: Callable[[list], None]) -> Callable[[list], None]:
    """A promotion that leaves operands alone which NumPy treats as PyTorch does, and hands others to `slowly`."""

    def promote(arrays: list) -> None:
        first, last = arrays[0], arrays[-1]
        if len(arrays) == 2:
            if type(first) is ndarray and type(last) is ndarray:
                if first.dtype is last.dtype:
                    return
            # A Python number beside an array of floats: NumPy does not let it raise the dtype either.
            elif type(last) is float or type(last) is int:
                if first.dtype.char in "fd" or (first.dtype is INT64 and type(last) is int and -FAR <= last < FAR):
                    return
            elif (type(first) is float or type(first) is int) and last.dtype.char in "fd":
                return
        elif all([type(array) is ndarray and array.dtype is first.dtype for array in arrays]):
            return
        slowly(arrays)

    return promote


def to_common(arrays: list) -> None:
    """All inputs as arrays of the dtype that PyTorch's promotion gives them."""
    cast(arrays, result_dtype(arrays))


common = joining(to_common)
common.__doc__ = "As `to_common`, but a number may stay one beside arrays of floats, whose dtype it does not change."


def _to_common_or_wide(arrays: list) -> None:
    x, y = arrays
    if _is_half(x) and _is_scalar(y, x):
        arrays[1] = np.float32(y)
    else:
        to_common(arrays)


scaling = joining(_to_common_or_wide)
scaling.__doc__ = """As `common`, but a number y beside half precision x becomes an np.float32: products and quotients by a number
are rounded once, where a sum rounds the number to half precision first."""


def _is_half(array: Any) -> bool:
    return isinstance(array, dtypes._ARRAYS) and array.dtype.itemsize == 2 and array.dtype.kind in "fV"


def _is_scalar(value: Any, beside: Any) -> bool:
    """Is `value` a real number, or a 0-dim array that counts as one beside an array with dimensions?"""
    if isinstance(value, dtypes._ARRAYS):
        return value.ndim == 0 < beside.ndim and value.dtype.kind != "c"
    return not isinstance(value, (complex, np.complexfloating))


def bool_difference(arrays: list) -> RuntimeError | None:
    """The error of a difference with bools in it; None if there are none."""
    found = [array.dtype.kind == "b" if isinstance(array, dtypes._ARRAYS) else type(array) is bool for array in arrays]
    if not any(found):
        return None
    return RuntimeError(
        "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator "
        "instead."
        if all(found)
        else "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use "
        "the `~` or `logical_not()` operator instead."
    )


def _to_common_without_bools(arrays: list) -> None:
    error = bool_difference(arrays)
    if error is not None:
        raise error
    to_common(arrays)


subtracting = joining(_to_common_without_bools)
subtracting.__doc__ = "As `common`; bools are refused, which cannot be subtracted."


def floating(arrays: list) -> None:
    """As `common`, and integers become the default floating point dtype: what exp computes in."""
    for array in arrays:
        if type(array) is ndarray and array.dtype.kind in "fcV":
            common(arrays) if len(arrays) > 1 else None
            return
    cast(arrays, _to_float(result_dtype(arrays)))


def dividing(arrays: list) -> None:
    """As `floating`, and as `scaling`."""
    for array in arrays:
        if type(array) is ndarray and array.dtype.kind in "fcV":
            scaling(arrays)
            return
    cast(arrays, _to_float(result_dtype(arrays)))


def supporting(kinds: str, kernel: str, join: Callable[[list], None] | None = None) -> Callable[[list], None]:
    """The promotion `join` for a function that PyTorch has only for dtypes of the NumPy kinds `kinds` (V: bfloat16).

    Others are refused in PyTorch's words, which name its C++ kernel.
    """

    def promote(arrays: list) -> None:
        if join is not None:
            join(arrays)
        one = arrays[0] if isinstance(arrays[0], dtypes._ARRAYS) else arrays[1]
        if one.dtype.kind not in kinds:
            name = dtypes.from_numpy(one.dtype).legacy
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{name}'")

    return promote


def _to_float(found: dtypes.dtype) -> dtypes.dtype:
    return found if found.category >= FLOAT else get_default_dtype()


def cast(arrays: list, to: dtypes.dtype) -> None:
    """Every array and number as an array of dtype `to`; integers that do not fit wrap around, as in C."""
    target = to.numpy
    for i, array in enumerate(arrays):
        if isinstance(array, dtypes._ARRAYS):
            if array.dtype is not target:
                arrays[i] = convert(array, to)
        elif array is not None:
            arrays[i] = number(array, to)


def number(value: Any, to: dtypes.dtype) -> np.ndarray:
    """A Python number as a 0-dim array of dtype `to`; integers that do not fit wrap around."""
    if to.category == dtypes.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        return np.array(_in_64_bits(value) & 0xFFFFFFFFFFFFFFFF, np.uint64).astype(to.numpy)
    return np.asarray(value).astype(to.numpy)


def fitting_number(value: Any, to: dtypes.dtype) -> np.ndarray:
    """A Python number as a 0-dim array of dtype `to`; RuntimeError, PyTorch's, if it does not fit.

    A fraction is cut off, and half-precision numbers become infinite: that counts as fitting.
    """
    if isinstance(value, (int, np.integer)):
        value = _in_64_bits(int(value))
    if to.category == dtypes.COMPLEX:
        fits = to is not dtypes.complex64 or not _beyond_float32(value)
    elif to.category == dtypes.BOOL:
        fits, value = True, bool(value)
    else:
        fits = not value.imag
        value = value.real
        if to is dtypes.float32:
            fits = fits and not _beyond_float32(value)
        elif to.category == dtypes.INTEGER:
            limits = np.iinfo(to.numpy)
            wraps = isinstance(value, int) and limits.min == 0  # -1 is the largest unsigned number
            low = -int(limits.max) if wraps else int(limits.min)
            fits = fits and bool(low <= value <= int(limits.max))
            value = int(value) & int(limits.max) if fits and value < 0 == limits.min else int(value) if fits else value
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {_C_NAMES.get(to.name, to.name + '_t')} without overflow")
    with np.errstate(over="ignore"):
        return np.asarray(value).astype(to.numpy)


_C_NAMES = {  # what PyTorch's message calls the dtypes; the other integers are int8_t and so on
    "int32": "int", "float16": "double", "bfloat16": "double", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def _beyond_float32(value: Any) -> bool:
    """A finite number that float32 has no room for?"""
    limit = float(np.finfo(np.float32).max)
    return any(limit < abs(part) < float("inf") for part in (value.real, value.imag))


def _in_64_bits(value: int) -> int:
    if not -(1 << 63) <= value < 1 << 64:
        raise OverflowError("int too big to convert")
    return value


def convert(array: Any, to: dtypes.dtype) -> Any:
    """`array` with elements of dtype `to`; a complex number loses its imaginary part without NumPy's warning.

    Half-precision numbers are rounded twice, by way of float32, as PyTorch does.
    """
    if array.dtype.kind == "c" and to.category < dtypes.COMPLEX:
        array = array.real if to is not dtypes.bool_ else array != 0
    if to.itemsize == 2 and to.category == FLOAT and array.itemsize > 2:
        array = array.astype(np.float32)
    return array.astype(to.numpy)
