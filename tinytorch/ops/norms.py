"""Norms: how long a vector is and how much a matrix stretches; renorm, which shortens what is too long.

The p-norm is (sum |x|^p)^(1/p); for p = inf the largest |x|, for p = -inf the smallest, for p = 0 the count of x != 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import wrong_type
from tinytorch.autograd.rule import Rule
from tinytorch.device import near
from tinytorch.dtypes import COMPLEX, FLOAT, can_cast, dtype
from tinytorch.errors import wrap_dim
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.dims import check_flag, in_dtype, keep_dims, reduced_dims
from tinytorch.ops.elementwise import Keep
from tinytorch.ops.extrema import Share
from tinytorch.ops.magnitude import Abs, Sgn
from tinytorch.ops.power import Pow
from tinytorch.ops.svd import Svd, decomposed, is_complex
from tinytorch.public import public, write_out
from tinytorch.tensor import Tensor, wrap

Dims = tuple[int, ...] | None

# ---- vectors ---------------------------------------------------------------------------------------------------------


def norm_of(x: np.ndarray, p: float, dims: Dims, keepdim: bool) -> np.ndarray:
    """The p-norm of an array over dims, a real number also for complex x; of 16-bit numbers computed in float32."""
    if not x.size and (p < 0 or p == math.inf):
        _check_not_empty(x.shape, p, dims)
    return kernels.reduce.norm(widen(x), p, dims, keepdim)


def norm_gradient(grad: Any, x: Any, norm: Any, p: float, dims: Dims) -> Any:
    """dx for the gradient of the p-norm of x:    dx = dy sgn(x) (|x| / y)^(p - 1),    0 where y is 0

    For p = inf and -inf the elements that are as large as y share dy evenly. `x` and `grad` are arrays or Tensors.
    """
    if p == 0:
        return None
    grad, norm = (keep_dims(each, x.shape, dims) for each in (grad, norm))
    if p == 1:
        return grad * Sgn.apply(x)
    if p == 2:
        return grad * Keep.apply(x / norm, norm != 0)
    if math.isinf(p):
        size = Abs.apply(x)
        return Sgn.apply(x) * (Share.apply(size, norm, dims, True) * grad)
    if p < 1:  # |x|^(p - 1) has no limit at 0
        return Keep.apply(Sgn.apply(x) * Pow.apply(Abs.apply(x), p - 1), x != 0) * grad * Pow.apply(norm, 1 - p)
    share = Keep.apply(grad / Pow.apply(norm, p - 1), norm != 0)
    if p < 2:
        return Sgn.apply(x) * Pow.apply(Abs.apply(x), p - 1) * share
    return x * Pow.apply(Abs.apply(x), p - 2) * share


class VectorNorm(Rule):
    """y = (sum |x|^p)^(1/p) over dims,    dx = dy sgn(x) (|x| / y)^(p - 1)"""

    name = "LinalgVectorNormBackward0"

    @staticmethod
    def forward(ctx, x, p, dims, keepdim, dtype=None):
        y = norm_of(in_dtype(x, dtype), p, dims, keepdim)
        if dtype is not None or y.dtype is not x.dtype:
            y = narrow(y, in_dtype(np.empty(0, x.dtype, like=near(x)), dtype).real)
        ctx.p, ctx.dim = p, dims
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return norm_gradient(grad, x, y, ctx.p, ctx.dim)


class NormDim(VectorNorm):
    """VectorNorm under the name that PyTorch's graphs have for it in pairwise_distance"""

    name = "NormBackward1"


def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """The p-norm with p = ord of all elements, or over the dimensions `dim`, whatever the shape of x.

    `dtype` converts x first. RuntimeError for integers, and for nothing to take a norm of where ord is negative or inf.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.vector_norm.html

    >>> from tinytorch.ops.norms import vector_norm
    >>> vector_norm(torch.tensor([3., -4.])), vector_norm(torch.tensor([3., -4.]), float("inf"))
    (tensor(5.), tensor(4.))
    """
    if keepdim is not False:
        check_flag("linalg_vector_norm", "keepdim", keepdim, 4)
    array = x._array
    p = ord if type(ord) is float else float(ord) if type(ord) is int else norm_order(ord)
    if dtype is not None or array.dtype.char not in "fd":
        _check_dtype("linalg.vector_norm", x.dtype, dtype)
    if dim is not None and not isinstance(dim, (int, tuple, list)):
        raise wrong_type("linalg_vector_norm", "dim", 3, "tuple of ints", dim)
    dims = reduced_dims(dim, array.ndim)
    return VectorNorm.apply(x, p, dims, keepdim, dtype)


def norm_order(p: Any) -> float:
    """The p of a p-norm, given as a number or a tensor, as a float."""
    if isinstance(p, Tensor):
        p = p.item()
    if isinstance(p, complex):
        raise RuntimeError("linalg.vector_norm: Expected a non-complex scalar as the order of norm.")
    if not isinstance(p, (int, float, np.integer, np.floating)):
        raise wrong_type("linalg_vector_norm", "ord", 2, "Number", p)
    return float(p)


def _check_dtype(name: str, given: dtype, wanted: dtype | None) -> None:
    if given.category < FLOAT:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {given.legacy}\n\n"
            "A norm is a root: convert the tensor first, for example x.float().norm()."
        )
    if wanted is None:
        return
    if wanted.category < FLOAT:
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {wanted.legacy}")
    if (wanted.category == COMPLEX) != (given.category == COMPLEX):
        kind = "complex" if given.category == COMPLEX else "real"
        raise RuntimeError(f"{name}: dtype should be {kind} for {kind} inputs, but got {wanted.legacy}")
    if not can_cast(given, wanted) or given.itemsize > wanted.itemsize:
        raise RuntimeError(
            f"{name}: the dtype of the input ({given.legacy}) should be convertible without narrowing to the specified "
            f"dtype ({wanted.legacy})"
        )


def _check_not_empty(shape: tuple[int, ...], p: float, dims: Dims) -> None:
    for d in (None,) if dims is None else dims:
        if d is None or not shape[d]:
            where = "an empty tensor because" if d is None else f"the dimension {d}because this dimension is empty and"
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {p:g} norm on {where} the operation does not have an identity"
            )


@public(out=False, method=False)
def norm(
    input: Tensor,
    p: Any = "fro",
    dim: Any = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: dtype | None = None,
) -> Tensor:
    """The p-norm of all elements, or over the dimensions `dim`; p="fro" is p=2, p="nuc" the sum of singular values.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.norm.html

    >>> x = torch.tensor([[3., 4.], [0., 5.]])
    >>> x.norm(dim=1), x.norm(1)
    (tensor([5., 5.]), tensor(12.))
    """
    if out is None:
        return _norm(input, p, dim, keepdim, dtype)
    name, mismatch = (
        "linalg_vector_norm",
        "Expected out tensor to have dtype {wanted.c_name}, but got {given.c_name} instead",
    )
    if p == "nuc":
        name, mismatch = (
            "linalg_matrix_norm",
            "linalg.matrix_norm expected out tensor dtype {wanted.legacy} but got: {given.legacy}",
        )
    return write_out(name, _norm, out, (input, p, dim, keepdim, dtype), {}, mismatch)


@public(name="norm", function=False, out=False)
def _norm(self: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: dtype | None = None) -> Tensor:
    """See `torch.norm`."""
    if type(p) is not str:
        return vector_norm(self, 2.0 if p is None else p, dim, keepdim, dtype=dtype)
    if p == "fro" and (dim is None or isinstance(dim, int) or len(dim) <= 2):
        return vector_norm(self, 2.0, dim, keepdim, dtype=dtype)
    dims = tuple(range(self._array.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
    return matrix_norm(self, p, dims, keepdim, dtype=dtype)


@public(method=False, out=False)
def norm_except_dim(v: Tensor, pow: float = 2, dim: int = 0) -> Tensor:
    """The norms of the slices of v along `dim`, in a shape that broadcasts with v; of everything for dim=-1.

    >>> torch.norm_except_dim(torch.tensor([[3., 4.], [0., 5.]]))
    tensor([[5.],
            [5.]])
    """
    if dim == -1:
        return vector_norm(v, pow)
    dim = wrap_dim(dim, v._array.ndim)
    return vector_norm(v.movedim(dim, 0).reshape(v.shape[dim], -1), pow, 1).view(
        [side if d == dim else 1 for d, side in enumerate(v.shape)]
    )


# ---- matrices --------------------------------------------------------------------------------------------------------


def singular_values(a: Tensor) -> Tensor:
    """The singular values of the matrices in a, largest first; the vectors only where a gradient needs them."""
    if a.requires_grad:
        return Svd.apply(a)[1]
    return wrap(decomposed(a._array, vectors=False))


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """The norm of the matrices that lie in the two dimensions `dim`: "fro", "nuc", or ord 1, 2, inf, -1, -2, -inf.

    "fro" is the root of the sum of squares, "nuc" the sum of the singular values, 2 the largest and -2 the smallest of
    them; 1 is the largest sum of absolute values in a column, -1 the smallest; inf and -inf the same for rows.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.matrix_norm.html

    >>> from tinytorch.ops.norms import matrix_norm
    >>> matrix_norm(torch.tensor([[1., -2.], [3., 4.]]), 1)
    tensor(6.)
    """
    if not isinstance(dim, (tuple, list)) or not isinstance(ord, (int, float, str)):
        raise TypeError(
            "linalg_matrix_norm() received an invalid combination of arguments: ord is a number or a text, dim two ints"
        )
    _check_dtype("linalg.matrix_norm", A.dtype, None)
    if A._array.ndim < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    rows, columns = (wrap_dim(d, A._array.ndim) for d in dim)
    if rows == columns:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    known = ("fro", "nuc") if isinstance(ord, str) else (1, 2, math.inf, -1, -2, -math.inf)
    if ord not in known:
        raise RuntimeError(
            f"linalg.matrix_norm: Order {ord if isinstance(ord, str) else format(ord, 'g')} not supported."
        )
    if dtype is not None or ord == "fro":
        _check_dtype("linalg.matrix_norm", A.dtype, dtype)
    if ord == "fro":
        return vector_norm(A, 2.0, (rows, columns), keepdim, dtype=dtype)
    if dtype is not None:
        A = A.to(dtype)
    if ord in ("nuc", 2, -2):
        return _spectral(A, ord, rows, columns, keepdim)
    order = float(ord)
    summed, compared = (rows, columns) if abs(order) == 1 else (columns, rows)
    if not keepdim and summed < compared:
        compared -= 1
    sums = vector_norm(A, 1.0, summed, keepdim)
    return _extreme(sums, order, compared, keepdim)


def _spectral(A: Tensor, ord: Any, rows: int, columns: int, keepdim: bool) -> Tensor:
    """The matrix norms that are functions of the singular values."""
    if A.dtype.itemsize == 2:
        raise RuntimeError(f"linalg.matrix_norm: Low precision dtypes not supported. Got {A.dtype.legacy}")
    values = singular_values(A.movedim((rows, columns), (-2, -1)))
    y = values.sum(-1) if ord == "nuc" else _extreme(values, ord, -1, False)
    if keepdim:
        y = y.unsqueeze(-1).unsqueeze(-1).movedim((-2, -1), (rows, columns))
    return y


def _extreme(x: Tensor, ord: float, dim: int, keepdim: bool) -> Tensor:
    """The largest x along dim, the smallest for a negative order; 0 for the largest of none."""
    if x._array.shape[dim] == 0 and ord > 0:
        return x.sum(dim, keepdim)
    return x.amax(dim, keepdim) if ord > 0 else x.amin(dim, keepdim)


def linalg_norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """`vector_norm` or `matrix_norm`: a vector's for one dimension, a matrix' for two; of all elements without `ord`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.linalg.norm.html

    >>> from tinytorch.ops.norms import linalg_norm
    >>> linalg_norm(torch.tensor([[1., -2.], [3., 4.]]), float("inf"))
    tensor(7.)
    """
    ndim = A._array.ndim
    dims = None if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if dims is not None and len(dims) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if ord is not None:
        if dims is None and ndim not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D."
            )
        if isinstance(ord, str) or len(dims or A.shape) == 2:
            return matrix_norm(A, ord, dims or (-2, -1), keepdim, dtype=dtype)
    return vector_norm(A, 2.0 if ord is None else ord, dims, keepdim, dtype=dtype)


@public(method=False)
def nuclear_norm(input: Tensor, dim: Any = (-2, -1), keepdim: bool = False) -> Tensor:
    """The sum of the singular values: `norm(input, "nuc", dim)`.

    >>> torch.nuclear_norm(torch.tensor([[3., 0.], [0., -4.]]))
    tensor(7.)
    """
    return matrix_norm(input, "nuc", dim, keepdim)


@public(method=False)
def frobenius_norm(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """The root of the sum of squares over the dimensions `dim`: `norm(input, 2, dim)`.

    >>> torch.frobenius_norm(torch.tensor([[3., 0.], [0., -4.]]), dim=(0, 1))
    tensor(5.)
    """
    return vector_norm(input, 2.0, dim, keepdim)


# ---- what is too long ------------------------------------------------------------------------------------------------


class Renorm(Rule):
    """y = x M / (n + 1e-7) for the slices of x along dim whose p-norm n exceeds M, else x

    dx = dy f - (sum of dy x over the slice) M / (n + 1e-7)^2 dn/dx  with the factor f,  dn/dx as of the norm
    """

    @staticmethod
    def forward(ctx, x, p, dim, maximum):
        dims = tuple([d for d in range(x.ndim) if d != dim])
        ctx.p, ctx.dims, ctx.maximum = p, dims, maximum
        ctx.save_for_backward(x)
        n = norm_of(x, p, dims, True)
        factor = np.where(n > maximum, maximum / (n + n.dtype.type(1e-7)), n.dtype.type(1))
        return narrow(widen(x) * factor, x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        n = VectorNorm.apply(x, ctx.p, ctx.dims, True)
        too_long = n > ctx.maximum
        factor = Keep.apply(ctx.maximum / (n + 1e-7), too_long)
        along = (x.conj() * grad).real if is_complex(x) else x * grad
        for_norm = -along.sum(axis=ctx.dims, keepdims=True) * factor / (n + 1e-7)
        return grad * (factor + ~too_long) + norm_gradient(for_norm, x, n, ctx.p, ctx.dims)


@public(inplace=True, out="same")
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Each slice along `dim` whose p-norm exceeds maxnorm, shortened to it; the others as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.renorm.html

    >>> torch.renorm(torch.tensor([[3., 4.], [0.3, 0.4]]), p=2, dim=0, maxnorm=1)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    for name, value in (("p", p), ("maxnorm", maxnorm)):
        if isinstance(value, complex):
            raise RuntimeError(f"renorm: {name} must be real-valued")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    ndim = input._array.ndim
    if ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {ndim} dimensions")
    dim = wrap_dim(dim, ndim)
    _check_dtype("linalg.vector_norm", input.dtype, None)
    return Renorm.apply(input, float(p), dim, float(maxnorm))
