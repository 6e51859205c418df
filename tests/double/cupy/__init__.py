"""A double of CuPy 14: it looks like CuPy, refuses what CuPy refuses, and computes with NumPy on the host.

What it offers is what survey.py found in CuPy (surface.json), with CuPy's parameters, dtypes and errors, as far as
NumPy and SciPy have it too. Simplified, and good to know before one trusts it:

- Values are NumPy's: sums in NumPy's order, conversions of NaN and of numbers out of range as the host does them.
- Everything runs at once and in order: there are no races between streams, none within a graph. Where CuPy leaves open
  which of several writes to one element stays, it is the last.
- An integer to a negative integer power raises, as NumPy's; CuPy returns something.
- Nothing is slow: `_double.counts` says how often one launched, waited and uploaded instead.
"""

import numpy as _np

from cupy import _core, _creation, _double, _functions, _methods
from cupy._array import ndarray
from cupy._surface import MODULES as _MODULES
from cupy._surface import SURFACE as _SURFACE
from cupy._ufunc import ufunc

__version__ = _SURFACE["version"]

_LEFT_OUT = {"DataSource", "c_", "flatiter", "format_parser", "mgrid", "ogrid", "poly1d", "r_", "vectorize"}
_OLD_NAMES = {
    "Inf": _np.inf, "Infinity": _np.inf, "PINF": _np.inf, "infty": _np.inf, "NINF": -_np.inf, "NAN": _np.nan,
    "NaN": _np.nan, "NZERO": -0.0, "PZERO": 0.0, "cfloat": _np.complex128, "complex_": _np.complex128,
    "float_": _np.float64, "singlecomplex": _np.complex64,
}  # fmt: skip


def _names():
    """The names of the list with what they mean here; written by hand, of NumPy itself, or made from NumPy's."""
    entries = {name: e for name, e in _MODULES["cupy"].items() if name not in _LEFT_OUT}
    found = _functions.namespace(entries, _np)
    for name, entry in entries.items():
        if name in _OLD_NAMES:
            found[name] = _OLD_NAMES[name]
        elif name in vars(_creation) and (entry["kind"] == "function" or name == "broadcast"):
            found[name] = getattr(_creation, name)
        elif entry["kind"] in ("class", "value") or str(entry.get("from")).startswith("numpy"):
            host = getattr(_np, name, None) or getattr(_np.exceptions, name, None)
            if name not in globals() and (host is not None or name == "newaxis"):
                found[name] = host
    return found


globals().update(_names())
_methods.install()

from cupy import cuda, fft, linalg, random  # noqa: E402
from cupy._kernels import ElementwiseKernel, ReductionKernel  # noqa: E402
from cupy._raw import RawKernel, RawModule  # noqa: E402
