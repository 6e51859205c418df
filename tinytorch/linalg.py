"""torch.linalg: linear algebra under one roof.

Where the formulas and their derivatives are:

    ops/norms.py                    norm, vector_norm, matrix_norm
    ops/linear_systems.py           inv, solve, cholesky
    ops/triangular_systems.py       solve_triangular, cholesky_ex
    ops/determinants.py             det, slogdet
    ops/decompositions.py           qr, eigh, svd, pinv, matrix_rank, lstsq
    ops/matrix_functions.py         eig, eigvals, matrix_exp
    ops/matmul.py, ops/cross.py     matmul, cross
    functions/matrix_products.py    multi_dot, matrix_power

Source: https://docs.pytorch.org/docs/2.13/linalg.html

>>> torch.linalg.det(torch.tensor([[1., 2.], [3., 4.]])), torch.linalg.norm(torch.tensor([3., 4.]))
(tensor(-2.), tensor(5.))
"""

from __future__ import annotations

from tinytorch.dtypes import complex128
from tinytorch.functions.matrix_products import matrix_power, multi_dot
from tinytorch.missing import getattr_for
from tinytorch.ops.cross import linalg_cross as cross
from tinytorch.ops.decompositions import eigh, eigvalsh, lstsq, matrix_rank, pinv, svdvals
from tinytorch.ops.decompositions import linalg_qr as qr
from tinytorch.ops.decompositions import linalg_svd as svd
from tinytorch.ops.determinants import det
from tinytorch.ops.determinants import linalg_slogdet as slogdet
from tinytorch.ops.linear_systems import _LinAlgError as LinAlgError
from tinytorch.ops.linear_systems import cholesky, inv, solve
from tinytorch.ops.matmul import matmul
from tinytorch.ops.matrix_functions import eig, eigvals, matrix_exp
from tinytorch.ops.norms import linalg_norm as norm
from tinytorch.ops.norms import matrix_norm, vector_norm
from tinytorch.ops.strided import diagonal as _diagonal
from tinytorch.ops.triangular_systems import cholesky_ex, solve_triangular
from tinytorch.public import public
from tinytorch.tensor import Tensor

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "inv", "lstsq", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv",
    "qr", "slogdet", "solve", "solve_triangular", "svd", "svdvals", "vecdot", "vector_norm",
]  # fmt: skip


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """sum conj(x) y over the dimension `dim`; the others broadcast.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.vecdot.html

    >>> torch.linalg.vecdot(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
    tensor(11.)
    """
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {x.dtype.legacy} and y of "
            f"type {y.dtype.legacy} instead"
        )
    if x._array.ndim == y._array.ndim == 1:
        return x.vdot(y)
    return (x.conj() * y).sum(dim)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as a new last dimension: a view.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.diagonal.html

    >>> torch.linalg.diagonal(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return _diagonal(A, offset, dim1, dim2)


def cond(A: Tensor, p: float | str | None = None) -> Tensor:
    """The condition number |A| |A^-1| in the matrix norm p; None: the ratio of the largest and smallest singular value.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.cond.html

    >>> torch.linalg.cond(torch.tensor([[4., 0.], [0., 2.]]))
    tensor(2.)
    """
    if p is None or p in (2, -2):
        s = svdvals(A)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


def _with_out(name: str, out: bool | str | tuple = "same") -> None:
    """Let the function take out=; `out` is what `public` calls so."""
    globals()[name] = public(name=f"linalg_{name}", function=False, method=False, out=out)(globals()[name])


_NORM_DTYPE = "linalg.{name} expected out tensor dtype {{wanted.legacy}} but got: {{given.legacy}}"
_EIGENVALUES_DTYPE = (
    "torch.linalg.{name}: Expected eigenvalues to be safely castable from {{wanted.legacy}} dtype, but got eigenvalues "
    "with dtype {{given.legacy}}"
)

for _name in ("cholesky", "cholesky_ex", "cross", "det", "eigh", "eigvalsh", "qr", "slogdet", "solve", "svd", "svdvals",
              "vector_norm"):  # fmt: skip
    _with_out(_name)
for _name in ("cond", "lstsq", "matrix_rank", "pinv"):
    _with_out(_name, True)
for _name in ("norm", "matrix_norm"):
    _with_out(_name, _NORM_DTYPE.format(name=_name))
for _name in ("eig", "eigvals"):
    _with_out(_name, (_EIGENVALUES_DTYPE.format(name=_name), complex128))
_with_out("multi_dot", "multi_dot(): expected out tensor to have dtype {wanted.c_name} but got {given.c_name}")
_with_out("solve_triangular", "expected scalar type {wanted.legacy} but found {given.legacy}")
_with_out("vecdot", "linalg.vecdot: Expected out of dtype{wanted.legacy} but found {given.legacy}")

__getattr__ = getattr_for(__name__)
