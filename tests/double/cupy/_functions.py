"""CuPy's ufuncs and functions, made from the list: NumPy's and SciPy's of the same names do the arithmetic."""

import numpy as np
import scipy.special

from cupy import _double as double
from cupy._surface import checked
from cupy._ufunc import ufunc

RENAMED = {
    "alltrue": "all", "sometrue": "any", "product": "prod", "cumproduct": "cumprod", "round_": "round",
    "trapz": "trapezoid", "in1d": "isin",
}  # fmt: skip
FROM_HOST = {
    "array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "asfarray", "asnumpy", "copy",
    "can_cast", "result_type",
    "isscalar", "get_array_module", "min_scalar_type", "common_type", "shape", "ndim", "size", "require",
    "iscomplexobj", "isrealobj", "frombuffer",
}  # fmt: skip
LAYOUT = {
    "reshape", "transpose", "swapaxes", "moveaxis", "rollaxis", "squeeze", "expand_dims", "broadcast_to",
    "broadcast_arrays", "diagonal", "atleast_1d", "atleast_2d", "atleast_3d", "split", "array_split", "hsplit",
    "vsplit", "dsplit", "permute_dims", "matrix_transpose", "flip", "fliplr", "flipud", "rot90", "shape", "ndim",
    "size", "can_cast", "result_type", "may_share_memory", "shares_memory", "iscomplexobj", "isrealobj",
}  # fmt: skip
INHERENT = {
    "nonzero", "flatnonzero", "argwhere", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values",
    "extract", "union1d", "setdiff1d", "setxor1d", "intersect1d", "trim_zeros", "bincount",
}  # fmt: skip
ARRAY_RESULT = {"allclose", "array_equal", "array_equiv", "count_nonzero", "iscomplex", "isreal"}


def refuse_host(values):
    """CuPy's TypeError where a NumPy array is among the operands."""
    for v in double.find(values, np.ndarray):
        raise TypeError(f"Unsupported type {type(v)}")


def host_function(name, module):
    """NumPy's or SciPy's function of a name."""
    return getattr(module, RENAMED.get(name, name), None)


def function(name, entry, module):
    """A function of the list; None where NumPy has none of this name (it is then written by hand, or missing)."""
    host = host_function(name, module)
    if host is None:
        return None
    check = checked(name, entry["parameters"])
    run = double.layout if name in LAYOUT else double.launch

    def call(*args, **kwargs):
        check(args, kwargs)
        if name not in FROM_HOST:
            refuse_host((args, kwargs))
        if name in INHERENT:
            double.synchronised(inherent=True)
        if run is double.layout:
            return run(host, *args, **kwargs)
        return run(host, *args, wrap_python=name in ARRAY_RESULT, **kwargs)

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
