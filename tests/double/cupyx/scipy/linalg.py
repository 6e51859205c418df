"""cupyx.scipy.linalg from the list."""

import numpy as _np
import scipy.linalg as _host
from cupy import _double as double
from cupy._creation import device_array as _device_array
from cupy._functions import namespace as _namespace
from cupy._surface import MODULES as _MODULES

globals().update(_namespace(_MODULES["cupyx.scipy.linalg"], _host))


def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=False):
    """For each of a batch of matrices; a zero on the diagonal divides by zero, and nobody raises."""
    if _device_array(a).ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError("expected square matrix" if a.ndim == 2 else "expected a batch of square matrices")
    if a.shape[:-2] != _device_array(b).shape[: a.ndim - 2]:
        raise ValueError("incompatible batch count")
    if b.ndim < a.ndim - 1 or a.shape[-2] != b.shape[a.ndim - 2]:
        raise ValueError("incompatible dimensions")
    if check_finite:
        double.synchronised()

    def solve(matrices, right):
        if matrices.ndim > 2:
            made = [solve(m, r) for m, r in zip(matrices, right, strict=True)]
            return _np.stack(made) if made else _np.empty_like(right)
        dtype = matrices.dtype if matrices.dtype.char in "fd" else _np.promote_types(matrices.dtype, "f")
        kept = _np.tril(matrices) if lower else _np.triu(matrices)
        if unit_diagonal:
            _np.fill_diagonal(kept, 1)
        try:
            return _host.solve_triangular(kept.astype(dtype), right.astype(dtype), trans, lower, check_finite=False)
        except _np.linalg.LinAlgError:
            return _np.full(right.shape, _np.nan, dtype)

    return double.launch(solve, a, b)
