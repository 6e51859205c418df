"""Products of matrices by cuBLAS: beside kernels/matmul.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tinytorch.device import accelerator, library
from tinytorch.kernels.gpu.formula import formula
from tinytorch.kernels.matmul import addmm as addmm_in_steps

Array = Any

DEFAULT, TF32 = 1, 7  # CuPy's numbers for the ways in which cuBLAS may compute with float32
_state = SimpleNamespace(precision="highest")  # what CuPy was told

# z = beta c + alpha z; a factor of 0 ignores its term, nan and inf included
_combine = formula(
    "combine",
    "T c, T beta, T alpha",
    "T z",
    """
    W v = alpha == T(0) ? W(0) : W(alpha) * W(z);
    if (beta != T(0)) v += W(beta) * W(c);
    z = v
    """,
)


def matmul(a: Array, b: Array) -> Array:
    """a @ b: out[..., i, j] = sum_k a[..., i, k] * b[..., k, j]; ValueError where the shapes do not fit."""
    if accelerator.matmul_precision != _state.precision:
        _heed_precision()
    cupy = library()
    if b.ndim == 2 and a.ndim > 2 and a.size:  # one product, where CuPy would make many small ones
        return cupy.matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])
    return cupy.matmul(a, b)


def addmm(c: Array, a: Array, b: Array, beta: Any = 1, alpha: Any = 1) -> Array:
    """beta c + alpha a @ b; c broadcasts to the product's shape. A factor of 0 ignores its term, nan and inf included.

    Two launches: the product, and all that is done to it. (cuBLAS could begin with beta c; that would have to be
    written where the product goes first, and costs as much.)
    """
    if a.dtype.kind not in "fcV" or c.dtype != a.dtype or b.dtype != a.dtype:
        return addmm_in_steps(c, a, b, beta, alpha)
    z = matmul(a, b)
    return _combine(library().broadcast_to(c, z.shape), beta, alpha, z)


def _heed_precision() -> None:
    """Tell CuPy what torch.set_float32_matmul_precision says of TF32: 10 bits of the fraction, on the tensor cores.

    CuPy has no public function for it, only a variable of the environment that it reads at its first product. Batches
    of matrices it always multiplies in full precision.
    """
    _state.precision = accelerator.matmul_precision
    how = DEFAULT if _state.precision == "highest" else TF32
    for dtype in ("float32", "complex64"):
        library()._core.set_compute_type(dtype, how)
