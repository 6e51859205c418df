"""The operators and methods of cupy.ndarray: ufuncs, and NumPy's methods of the same names and CuPy's parameters."""

import warnings

import numpy as np

from cupy import _creation
from cupy import _double as double
from cupy._array import ndarray
from cupy._surface import CLASSES, checked

OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "divmod": "divmod",
    "pow": "power",
    "matmul": "matmul",
    "lshift": "left_shift",
    "rshift": "right_shift",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}
COMPARISONS = {
    "lt": "less",
    "le": "less_equal",
    "eq": "equal",
    "ne": "not_equal",
    "gt": "greater",
    "ge": "greater_equal",
}


def use_reflected(x, y):
    """Whether y's reflected method decides: CuPy asks for the higher __array_priority__."""
    if hasattr(y, "__array_ufunc__"):
        return y.__array_ufunc__ is None
    return getattr(y, "__array_priority__", 0) > x.__array_priority__


def binary(name):
    """The operator of a ufunc, its reflection and its in-place form.

    Beside an array of the device the ufunc is CuPy's. Beside anything else it is NumPy's, which asks both operands.
    """

    def ufunc(other):
        import cupy

        return getattr(cupy if isinstance(other, ndarray) or name == "matmul" else np, name)

    def forward(self, other):
        if not isinstance(other, ndarray) and use_reflected(self, other):
            return NotImplemented
        return ufunc(other)(self, other)

    def reflected(self, other):
        if use_reflected(self, other):
            return NotImplemented
        return ufunc(other)(other, self)

    def inplace(self, other):
        return ufunc(self)(self, other, out=self)

    return forward, reflected, inplace


LAYOUT = (
    "reshape",
    "transpose",
    "swapaxes",
    "squeeze",
    "diagonal",
    "view",
    "ravel",
    "conj",
    "conjugate",
)  # of reals, itself
INHERENT = ("compress", "nonzero")


def method(name, parameters):
    """A method that CuPy's arrays have, computed by NumPy's of the same name."""
    check = checked(name, parameters)

    def call(self, *args, **kwargs):
        check((self, *args), kwargs)
        for a in double.find((args, kwargs), np.ndarray):
            if name != "fill" or a.ndim:  # fill takes a number also out of an array of NumPy's
                raise TypeError(f"Unsupported type {type(a)}")
        if name in INHERENT:
            double.synchronised(inherent=True)
        run = double.layout if name in LAYOUT else double.launch
        with warnings.catch_warnings():
            if name in ("mean", "std", "var"):  # of nothing: CuPy says nothing
                warnings.simplefilter("ignore", RuntimeWarning)
            return run(getattr(np.ndarray, name), self, *args, **kwargs)

    call.__name__ = call.__qualname__ = name
    return call


def unary(name):
    """The operator of a ufunc with one operand."""

    def call(self):
        import cupy

        return getattr(cupy, name)(self)

    return call


class Own:
    """Methods that differ from NumPy's; `install` gives them to ndarray."""

    def astype(self, dtype, order="K", casting=None, subok=None, copy=True):
        if subok:
            raise NotImplementedError("subok is not supported")
        if not copy and np.dtype(dtype) == self.dtype and (order in "KA" or self.flags[order + "_CONTIGUOUS"]):
            return self
        return double.launch(np.ndarray.astype, self, dtype, order, casting or "unsafe")

    def take(self, indices, axis=None, out=None):
        return _creation.take(self, indices, axis, out)

    def put(self, indices, values, mode="wrap"):
        if mode == "raise":
            double.synchronised()
        for v in (indices, values):
            if isinstance(v, np.ndarray):
                raise TypeError(f"Unsupported type {type(v)}")
        double.launch(np.put, self, indices, values, mode)

    def argmax(self, axis=None, out=None, dtype=None, keepdims=False):
        return _creation.argmax(self, axis, dtype, out, keepdims)

    def argmin(self, axis=None, out=None, dtype=None, keepdims=False):
        return _creation.argmin(self, axis, dtype, out, keepdims)

    def ptp(self, axis=None, out=None, keepdims=False):
        return double.launch(np.ptp, self, axis, out, keepdims)

    def clip(self, min=None, max=None, out=None):
        return double.launch(np.clip, self, min, max, out)

    def reduced_view(self, dtype=None):
        return double.layout(np.ndarray.reshape, self, -1) if self.flags.c_contiguous and self.ndim > 1 else self

    def __bytes__(self):
        return bytes(self.get())


def install():
    """Give cupy.ndarray its operators and methods."""
    for short, name in OPERATORS.items():
        forward, reflected, inplace = binary(name)
        setattr(ndarray, f"__{short}__", forward)
        setattr(ndarray, f"__r{short}__", reflected)
        if short not in ("matmul", "divmod"):
            setattr(ndarray, f"__i{short}__", inplace)
    for short, name in COMPARISONS.items():
        setattr(ndarray, f"__{short}__", binary(name)[0])
    for short, name in {"neg": "negative", "abs": "absolute", "invert": "invert"}.items():
        setattr(ndarray, f"__{short}__", unary(name))
    ndarray.__pos__ = lambda self: self
    for name, entry in CLASSES["ndarray"].items():
        if name in vars(Own):
            setattr(ndarray, name, vars(Own)[name])
        elif (
            entry["kind"] == "method"
            and not name.startswith("__")
            and name not in NOT_MADE
            and not hasattr(ndarray, name)
            and hasattr(np.ndarray, name)
        ):
            setattr(ndarray, name, method(name, entry["parameters"]))


NOT_MADE = ("byteswap", "choose", "cstruct", "dump", "dumps", "mdspan", "toDlpack", "tofile")
