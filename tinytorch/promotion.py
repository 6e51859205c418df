"""The one place where operands of different dtypes are brought to a common one, before a rule's forward.

Each function takes the list of a rule's inputs (arrays and Python numbers) and changes it in place. Which dtype it
has to be is decided in dtypes.py. The case that matters for speed, equal dtypes, is looked at first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.device import on_gpu
from tinytorch.dtypes import FLOAT, get_default_dtype, result_dtype

ndarray = np.ndarray
INT64 = np.dtype(np.int64)
FAR = 2**63  # the first number beyond int64


def _is_array(value: Any) -> bool:
    """As `device.is_array`, in C for NumPy's."""
    return type(value) is ndarray or isinstance(value, dtypes._ARRAYS)


def agree(arrays: list) -> bool:
    """Are the operands such as NumPy treats them as PyTorch does: arrays of one dtype, floats beside a number?"""
    first, last = arrays[0], arrays[-1]
    if len(arrays) == 2:
        if type(first) is type(last) and _is_array(first):
            return first.dtype is last.dtype
        # A Python number beside an array of floats: NumPy does not let it raise the dtype either.
        if type(last) is float or type(last) is int:
            return first.dtype.char in "fd" or (first.dtype is INT64 and type(last) is int and -FAR <= last < FAR)
        return (type(first) is float or type(first) is int) and last.dtype.char in "fd"
    kind = type(first)
    if kind is not ndarray and not isinstance(first, dtypes._ARRAYS):
        return False
    for array in arrays:  # noqa: SIM110 - a compiled function that others call in C holds no generator
        if type(array) is not kind or array.dtype is not first.dtype:
            return False
    return True


def joining(slowly: Callable[[list], None]) -> Callable[[list], None]:
    """A promotion that leaves operands alone which `agree`, and hands others to `slowly`."""

    def promote(arrays: list) -> None:
        if not agree(arrays):
            slowly(arrays)

    promote.settled = True  # type: ignore[attr-defined]  # whoever asked `agree` needs not call
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
scaling.__doc__ = """As `common`, but a number y beside half precision x becomes an np.float32.

Products and quotients by a number are rounded once, where a sum rounds the number to half precision first."""


def _is_half(array: Any) -> bool:
    return isinstance(array, dtypes._ARRAYS) and array.dtype.itemsize == 2 and array.dtype.kind in "fV"


def _is_scalar(value: Any, beside: Any) -> bool:
    """Is `value` a real number, or a 0-dim array of the CPU that counts as one beside an array with dimensions?"""
    if isinstance(value, dtypes._ARRAYS):
        return not on_gpu(value) and value.ndim == 0 < beside.ndim and value.dtype.kind != "c"
    return not isinstance(value, (complex, np.complexfloating))


def bool_difference(arrays: list) -> RuntimeError | None:
    """The error of a difference with bools in it; None if there are none."""
    found = [array.dtype.kind == "b" if isinstance(array, dtypes._ARRAYS) else type(array) is bool for array in arrays]
    if not any(found):
        return None
    return RuntimeError(
        "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
        "operator instead."
        if all(found)
        else "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
        "use the `~` or `logical_not()` operator instead."
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
        if _is_array(array) and array.dtype.kind in "fcV":
            common(arrays) if len(arrays) > 1 else None
            return
    cast(arrays, _to_float(result_dtype(arrays)))


def dividing(arrays: list) -> None:
    """As `floating`, and as `scaling`."""
    for array in arrays:
        if _is_array(array) and array.dtype.kind in "fcV":
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
    """Every array and number as an array of dtype `to` (beside a GPU's arrays: a NumPy scalar instead of a number).

    Integers that do not fit wrap around, as in C.
    """
    target = to.numpy
    for i, array in enumerate(arrays):
        if isinstance(array, dtypes._ARRAYS):
            if array.dtype is not target:
                arrays[i] = convert(array, to)
        elif array is not None:
            single = number(array, to)
            arrays[i] = single[()] if any(map(on_gpu, arrays)) else single  # CuPy refuses NumPy's arrays, not scalars


def number(value: Any, to: dtypes.dtype) -> np.ndarray:
    """A Python number as a 0-dim array of dtype `to`; integers that do not fit wrap around."""
    if to.category == dtypes.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        return np.array(_in_64_bits(value) & 0xFFFFFFFFFFFFFFFF, np.uint64).astype(to.numpy)
    return np.asarray(value).astype(to.numpy)


_INFINITE = (float("inf"), float("-inf"))


def fitting_number(value: Any, to: dtypes.dtype, *, single: bool = False) -> np.ndarray:
    """A Python number as a 0-dim array of dtype `to`; RuntimeError, PyTorch's, if it does not fit.

    A fraction is cut off, and -1 is the largest unsigned number: that counts as fitting. So do infinity and nan in
    floating point, and (`single`: PyTorch's way for tensors of one element) half-precision numbers that become inf.
    """
    if type(value) is float and to.numpy.char in "fd" and (-1e38 < value < 1e38 or value in _INFINITE):
        return np.array(value, to.numpy)  # the usual case, at once
    if isinstance(value, (int, np.integer)):
        value = _in_64_bits(int(value))
    if to is dtypes.bool_:
        return np.asarray(bool(value))
    loose = single and to.category == dtypes.FLOAT and to.itemsize == 2
    if to.category < dtypes.COMPLEX:
        fits, value = not value.imag, value.real
    else:
        fits = True
    if to.category == dtypes.INTEGER:
        limits = np.iinfo(to.numpy)
        low = -int(limits.max) if limits.min == 0 and isinstance(value, int) else int(limits.min)
        fits = fits and bool(low <= value <= int(limits.max))
        value = np.array(int(value) & 0xFFFFFFFFFFFFFFFF, np.uint64) if fits else value
    elif to.itemsize < 8 or to is dtypes.complex64:
        limit = float(dtypes.finfo(to).max)
        fits = fits and (loose or not any(limit < abs(part) < float("inf") for part in (value.real, value.imag)))
    if not fits:
        name = "double" if loose else _C_NAMES.get(to.name, f"{to.name}_t")
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    with np.errstate(over="ignore"):
        return np.asarray(value).astype(to.numpy)


_C_NAMES = {  # what PyTorch's message calls the dtypes; the other integers are int8_t and so on
    "int32": "int", "float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


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
