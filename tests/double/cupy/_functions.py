"""CuPy's functions, made from the list: NumPy's and SciPy's of the same names do the arithmetic."""

import inspect

import numpy as np
import scipy.special

from cupy import _double as double
from cupy._array import ndarray
from cupy._surface import checked
from cupy._ufunc import ufunc

RENAMED = {"alltrue": "all", "sometrue": "any", "product": "prod", "cumproduct": "cumprod", "round_": "round",
           "trapz": "trapezoid", "in1d": "isin"}  # fmt: skip
NOT_ONLY_ARRAYS = {  # what takes numbers, lists or NumPy's arrays in the place of an array of the device
    "can_cast", "common_type", "full", "isscalar", "iscomplexobj", "isrealobj", "ix_", "min_scalar_type", "ndim",
    "result_type", "shape",
}  # fmt: skip
SEQUENCES = {  # what takes a sequence of arrays first
    "atleast_1d", "atleast_2d", "atleast_3d", "block", "broadcast_arrays", "broadcast_shapes", "column_stack",
    "concat", "concatenate", "dstack", "einsum", "hstack", "lexsort", "meshgrid", "row_stack", "select", "stack",
    "vstack",
}  # fmt: skip
LAYOUT = {
    "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_to", "can_cast",
    "common_type", "diagonal", "dsplit", "expand_dims", "flip", "fliplr", "flipud", "hsplit",
    "iscomplexobj", "isrealobj", "matrix_transpose", "may_share_memory", "moveaxis", "ndim", "permute_dims",
    "ravel", "real", "reshape", "result_type", "rollaxis", "rot90", "shape", "shares_memory", "size", "split",
    "squeeze", "swapaxes", "transpose", "vsplit",
}  # fmt: skip
INHERENT = {
    "argwhere", "bincount", "extract", "flatnonzero", "intersect1d", "nonzero", "setdiff1d", "setxor1d",
    "trim_zeros", "union1d", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values",
}  # fmt: skip
ARRAY_RESULT = {"allclose", "array_equal", "array_equiv", "count_nonzero", "iscomplex", "isreal"}
ARRAY_NAMES = {"a", "ar", "arr", "array", "ary", "condition", "m", "x"}


def refuse_host(name, args, kwargs, takes_array):
    """CuPy's TypeError where a NumPy array, or a list in the place of an array, is among the operands."""
    if name in NOT_ONLY_ARRAYS:
        return
    for v in double.find((args, kwargs), np.ndarray):
        raise TypeError(f"Unsupported type {type(v)}")
    if takes_array and args and not isinstance(args[0], ndarray):
        raise TypeError(f"Unsupported type {type(args[0])}")


def arguments(name, args, kwargs, takes):
    """Arguments for NumPy, which has no `dtype` or `keepdims` where CuPy has one more."""
    unknown = {k: kwargs[k] for k in kwargs if takes is not None and k not in takes}
    for k, v in unknown.items():
        if v is not None and v is not False:
            raise NotImplementedError(f"the double's {name} has no {k}=")
    return args, {k: v for k, v in kwargs.items() if k not in unknown}


def accepted(host):
    """The names of a NumPy function's parameters; None where it takes any."""
    try:
        found = inspect.signature(host).parameters
    except (TypeError, ValueError):
        return None
    return None if any(p.kind is p.VAR_KEYWORD for p in found.values()) else set(found)


def host_function(name, module):
    """NumPy's or SciPy's function of a name."""
    return getattr(module, RENAMED.get(name, name), None)


def function(name, entry, module):
    """A function of the list; None where NumPy has none of this name (it is then written by hand, or missing)."""
    host = host_function(name, module)
    if host is None:
        return None
    check = checked(name, entry["parameters"])
    takes = accepted(host)
    first = (entry["parameters"] or [["*"]])[0][0]
    takes_array = first in ARRAY_NAMES and name not in SEQUENCES

    def call(*args, **kwargs):
        check(args, kwargs)
        refuse_host(name, args, kwargs, takes_array)
        args, kwargs = arguments(name, args, kwargs, takes)
        if name in INHERENT or (name == "where" and len(args) == 1):
            double.synchronised(inherent=True)
        if name in ("empty", "empty_like"):
            return double.allocate(host, *args, **kwargs)
        if name in LAYOUT:
            return double.layout(host, *args, **kwargs)
        return double.launch(host, *args, wrap_python=name in ARRAY_RESULT, **kwargs)

    call.__name__ = call.__qualname__ = name
    return call


def namespace(entries, module):
    """Everything of one module's list that can be made from NumPy's or SciPy's module."""
    found = {}
    for name, entry in entries.items():
        kind = entry["kind"]
        if kind == "ufunc":
            host = host_function(name, module) or host_function(name, np) or host_function(name, scipy.special)
            if host is not None:
                found[name] = ufunc(entry["name"], host, entry["types"], entry["nin"], entry["nout"])
        elif kind in ("function", "gufunc"):
            made = function(name, entry, module)
            if made is not None:
                found[name] = made
    return found
