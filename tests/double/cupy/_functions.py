"""CuPy's ufuncs and functions, made from the list: NumPy's and SciPy's of the same names do the arithmetic."""

import numpy as np
import scipy.special

from cupy import _double as double
from cupy._array import SCALARS, ndarray
from cupy._surface import checked

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
METHODS = ("outer", "at", "reduce", "accumulate", "reduceat")


def refuse_host(values):
    """CuPy's TypeError where a NumPy array is among the operands."""
    for v in double.find(values, np.ndarray):
        raise TypeError(f"Unsupported type {type(v)}")


class ufunc:
    """A ufunc of the device: operands are arrays of the device and numbers, results always arrays."""

    def __init__(self, name, host, types, nin, nout):
        self.name = self.__name__ = name
        self._host, self.types, self.nin, self.nout = host, types, nin, nout
        self.nargs = nin + nout
        self.identity = getattr(host, "identity", None)
        self._narrow = any("E" in t for t in types)

    def __repr__(self):
        return f"<ufunc '{self.name}'>"

    def _operand(self, x):
        if isinstance(x, ndarray):
            if x.dtype.name == "bfloat16" and not self._narrow:
                return x.astype(np.float32)
            return x
        if isinstance(x, SCALARS):
            return x
        if hasattr(x, "__cuda_array_interface__"):
            import cupy

            return cupy.asarray(x)
        raise TypeError(f"Unsupported type {type(x)}")

    def _out(self, out):
        if isinstance(out, tuple):
            if self.nout == 1 and len(out) == 1:
                out = out[0]
            elif len(out) != self.nout:
                raise ValueError("The 'out' tuple must have exactly one entry per ufunc output")
        for o in out if isinstance(out, tuple) else (out,):
            if o is not None and not isinstance(o, ndarray):
                raise TypeError("return arrays must be of ArrayType")
        return out

    def __call__(self, *args, out=None, dtype=None, casting="same_kind"):
        if not self.nin <= len(args) <= self.nargs:
            raise TypeError(f"Wrong number of arguments for {self!r}")
        if len(args) > self.nin:
            if out is not None:
                raise ValueError("Cannot specify 'out' as both a positional and keyword argument")
            args, out = args[: self.nin], args[self.nin]
        kwargs = {} if dtype is None else {"dtype": dtype}
        if (out := self._out(out)) is not None:
            kwargs["out"] = out
        if casting != "same_kind":
            kwargs["casting"] = casting
        return double.launch(self._host, *(self._operand(a) for a in args), wrap_python=True, **kwargs)

    def outer(self, A, B, **kwargs):
        return double.launch(self._host.outer, self._operand(A), self._operand(B), **kwargs)

    def at(self, a, indices, b=None):
        from cupy._indexing import scatter

        if self.name not in (
            "cupy_add",
            "add",
            "subtract",
            "maximum",
            "minimum",
            "bitwise_and",
            "bitwise_or",
            "bitwise_xor",
        ):
            raise NotImplementedError(f"`{self.name}.at` is not supported yet")
        scatter(self._host, a, indices, b)

    def reduce(self, array, axis=0, dtype=None, out=None, keepdims=False):
        if self.name not in ("add", "multiply"):
            raise NotImplementedError(f"`{self.name}.reduce` is not supported yet")
        return double.launch(self._host.reduce, self._operand(array), axis, dtype, self._out(out), keepdims)

    def accumulate(self, array, axis=0, dtype=None, out=None):
        if self.name not in ("add", "multiply"):
            raise NotImplementedError(f"`{self.name}.accumulate` is not supported yet")
        return double.launch(self._host.accumulate, self._operand(array), axis, dtype, self._out(out))

    def reduceat(self, array, indices, axis=0, dtype=None, out=None):
        if self.name != "add":
            raise NotImplementedError(f"`{self.name}.reduceat` is not supported yet")
        return double.launch(self._host.reduceat, self._operand(array), indices, axis, dtype, self._out(out))


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
                found[name] = ufunc(name, host, entry["types"], entry["nin"], entry["nout"])
        elif kind in ("function", "gufunc"):
            made = function(name, entry, module)
            if made is not None:
                found[name] = made
    return found
