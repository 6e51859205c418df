"""A double of CuPy 14: it looks like CuPy, refuses what CuPy refuses, and computes with NumPy on the host."""

import numpy as _np

from cupy import _creation, _functions
from cupy._array import ndarray
from cupy._surface import MODULES as _MODULES
from cupy._surface import SURFACE as _SURFACE

__version__ = _SURFACE["version"]

globals().update(
    {
        name: getattr(_np, name)
        for name, entry in _MODULES["cupy"].items()
        if (entry["kind"] in ("class", "value") or str(entry.get("from")).startswith("numpy")) and hasattr(_np, name)
        if name
        not in ("ndarray", "ufunc", "vectorize", "poly1d", "broadcast", "flatiter", "r_", "c_", "mgrid", "ogrid")
    }
)
globals().update({n: f for n, f in _functions.namespace(_MODULES["cupy"], _np).items() if n not in globals()})
globals().update(
    {n: getattr(_creation, n) for n in _MODULES["cupy"] if hasattr(_creation, n) and n not in ("ndarray",)}
)
ufunc = _functions.ufunc

from cupy import cuda, fft, linalg  # noqa: E402
