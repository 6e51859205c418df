"""The one place where operands of different dtypes are brought to a common one, before a rule's forward.

Each function takes the list of a rule's inputs (arrays and Python numbers) and changes it in place. Which dtype it
has to be is decided in dtypes.py. The case that matters for speed, equal dtypes, is looked at first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import dtypes
from tinytorch.dtypes import FLOAT, get_default_dtype, result_dtype

ndarray = np.ndarray


def common(arrays: list) -> None:
    """All inputs in the dtype that PyTorch's promotion gives them."""
    first, last = arrays[0], arrays[-1]
    if len(arrays) == 2:
        if type(first) is ndarray and type(last) is ndarray:
            if first.dtype is last.dtype:
                return
        # A Python number beside a float array: NumPy treats it as PyTorch does.
        elif type(last) is float or type(last) is int:
            if first.dtype.char in "fd":
                return
        elif (type(first) is float or type(first) is int) and last.dtype.char in "fd":
            return
    cast(arrays, result_dtype(arrays))


def floating(arrays: list) -> None:
    """As `common`, and integers become the default floating point dtype: what division and exp compute in."""
    for array in arrays:
        if type(array) is ndarray and array.dtype.kind in "fcV":
            common(arrays) if len(arrays) > 1 else None
            return
    cast(arrays, _to_float(result_dtype(arrays)))


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
    """A Python number as a 0-dim array of dtype `to`."""
    if to.category == dtypes.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        return np.array(value & 0xFFFFFFFFFFFFFFFF, np.uint64).astype(to.numpy)
    return np.asarray(value).astype(to.numpy)


def convert(array: Any, to: dtypes.dtype) -> Any:
    """`array` with elements of dtype `to`; a complex number loses its imaginary part without NumPy's warning."""
    if array.dtype.kind == "c" and to.category < dtypes.COMPLEX:
        array = array.real if to is not dtypes.bool_ else array != 0
    return array.astype(to.numpy)
