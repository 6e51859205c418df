"""cupy.linalg: NumPy's, which do not raise for singular matrices unless `cupyx.errstate(linalg="raise")` is open."""

import numpy as _np

from cupy import _double as double
from cupy._creation import device_array as _device_array
from cupy._functions import namespace as _namespace
from cupy._surface import MODULES as _MODULES

LinAlgError = _np.linalg.LinAlgError
globals().update(_namespace(_MODULES["cupy.linalg"], _np.linalg))


def _forgiving(function, a, *rest):
    """`function` of each matrix; NaN for one that it refuses."""

    def compute(matrices, *others):
        try:
            return function(matrices, *others)
        except LinAlgError:
            if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2] or _raising():
                raise
        if matrices.ndim == 2:
            return _np.full_like(function(_np.eye(len(matrices), dtype=matrices.dtype), *others), _np.nan)
        return _np.stack([compute(m, *(o[i] for o in others)) for i, m in enumerate(matrices)])

    return double.launch(compute, _device_array(a), *rest)


def _raising():
    return getattr(double.local, "linalg", "ignore") == "raise"


def cholesky(a):
    return _forgiving(_np.linalg.cholesky, a)


def inv(a):
    return _forgiving(_np.linalg.inv, a)


def solve(a, b):
    return _forgiving(_np.linalg.solve, a, _device_array(b))
