"""The dimensions in another order: transpose, permute, movedim, T, mT, H."""

from __future__ import annotations

import itertools
from typing import Any

from tinytorch.errors import warn, wrap_dim
from tinytorch.formats import is_contiguous_in, memory_format, memory_order
from tinytorch.ops.shape import Alias, ViewRule, publish_reshaping, sizes
from tinytorch.public import public
from tinytorch.tensor import Tensor


class Permute(ViewRule):
    """y = x with its dimensions in the order `dims`,    dx = dy with them put back"""

    @staticmethod
    def forward(ctx, x, dims):
        ctx.dims = dims
        return x.transpose(dims)

    @staticmethod
    def backward(ctx, grad):
        return Permute.apply(grad, tuple(sorted(range(len(ctx.dims)), key=ctx.dims.__getitem__)))


class Transpose(ViewRule):
    """y = x with two dimensions exchanged,    dx = dy with them exchanged"""

    @staticmethod
    def forward(ctx, x, dim0, dim1):
        ctx.dims = dim0, dim1
        return x.swapaxes(dim0, dim1) if x.ndim else x[...]

    @staticmethod
    def backward(ctx, grad):
        return Transpose.apply(grad, *ctx.dims)


class TransposeInPlace(Transpose):
    """Transpose of a tensor itself"""

    name = "TransposeBackward1"


class T(ViewRule):
    """y = x^T of a matrix,    dx = dy^T"""

    @staticmethod
    def forward(ctx, x):
        return x.T

    @staticmethod
    def backward(ctx, grad):
        return T.apply(grad)


class TInPlace(T):
    """T of a tensor itself"""

    name = "TBackward1"


def _check_matrix(name: str, input: Tensor) -> None:
    if input._array.ndim > 2:
        raise RuntimeError(f"{name}() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")


def _t_(self: Tensor) -> tuple:
    _check_matrix("t_", self)
    return (TInPlace,)


publish_reshaping("t_", _t_)


@public(out=False)
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix, a view; tensors of fewer dimensions stay as they are.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.t.html

    >>> torch.tensor([[1, 2, 3]]).t().shape
    torch.Size([3, 1])
    """
    _check_matrix("t", input)
    return T.apply(input)


@public(out=False)
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """A view with the dimensions dim0 and dim1 exchanged.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.transpose.html

    >>> torch.zeros(2, 3, 5).transpose(0, -1).shape
    torch.Size([5, 3, 2])
    """
    ndim = input._array.ndim
    return Transpose.apply(input, wrap_dim(dim0, ndim), wrap_dim(dim1, ndim))


@public(out=False)
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose` under NumPy's name.

    >>> torch.swapaxes(torch.zeros(2, 3), 0, 1).shape
    torch.Size([3, 2])
    """
    return transpose(input, axis0, axis1)


@public(out=False)
def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose` under another name.

    >>> torch.swapdims(torch.zeros(2, 3), 0, 1).shape
    torch.Size([3, 2])
    """
    return transpose(input, dim0, dim1)


def _transpose_(self: Tensor, dim0: int, dim1: int) -> tuple:
    ndim = self._array.ndim
    return TransposeInPlace, wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)


def _swapaxes_(self: Tensor, axis0: int, axis1: int) -> tuple:
    return _transpose_(self, axis0, axis1)


publish_reshaping("transpose_", _transpose_)
publish_reshaping("swapdims_", _transpose_)
publish_reshaping("swapaxes_", _swapaxes_)


# ---- permute ---------------------------------------------------------------------------------------------------------


def _permute(input: Tensor, dims: tuple[int, ...]) -> Tensor:
    ndim = input._array.ndim
    if len(dims) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple([wrap_dim(d, ndim) for d in dims])
    if len(set(order)) != len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return Permute.apply(input, order)


@public(method=False, out=False)
def permute(input: Tensor, dims: Any) -> Tensor:
    """A view with the dimensions in the order `dims`.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.permute.html

    >>> torch.permute(torch.zeros(2, 3, 5), (2, 0, 1)).shape
    torch.Size([5, 2, 3])
    """
    if not isinstance(dims, (tuple, list)):
        raise TypeError(f"permute(): argument 'dims' (position 2) must be tuple of ints, not {type(dims).__name__}")
    return _permute(input, sizes((dims,), "permute", "dims", 2))


def _permute_method(self: Tensor, *order: Any, dims: Any = None) -> Tensor:
    """A view with the dimensions in another order, x.permute(1, 0) or x.permute((1, 0)): see `torch.permute`."""
    if not order and dims is None:
        raise TypeError('permute() missing 1 required positional arguments: "dims"')
    return _permute(self, sizes(order if dims is None else (dims,), "permute", "dims"))


Tensor.permute = _permute_method  # type: ignore[attr-defined]


@public(out=False, aliases=("moveaxis",))
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """A view with the dimensions `source` moved to the places `destination`, the others in their order.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.movedim.html

    >>> torch.zeros(2, 3, 5).movedim(0, -1).shape
    torch.Size([3, 5, 2])
    """
    ndim = input._array.ndim
    given = [list(each) if isinstance(each, (tuple, list)) else [each] for each in (source, destination)]
    if len(given[0]) != len(given[1]):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({given[0]} dims) should contain the same number of "
            f"dims as destination ({given[1]} dims)"
        )
    moved, places = ([wrap_dim(d, ndim) for d in each] for each in given)
    for name, dims, each in (("source", moved, given[0]), ("destination", places, given[1])):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({each})")
    if not ndim:
        return Alias.apply(input)
    others = iter([d for d in range(ndim) if d not in moved])
    return Permute.apply(input, tuple([moved[places.index(d)] if d in places else next(others) for d in range(ndim)]))


@public(function=False, out=False)
def dim_order(self: Tensor, *, ambiguity_check: Any = False) -> tuple[int, ...]:
    """In which order the dimensions lie in memory, the one with the largest steps first.

    With ambiguity_check=True a RuntimeError where another order would do as well: if a side is 1 or two neighbouring
    dimensions have the same stride. A list of memory formats lets this pass if the tensor has exactly one of them.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.dim_order.html

    >>> torch.zeros(2, 3, 5).transpose(1, 2).dim_order()
    (0, 2, 1)
    """
    formats = ambiguity_check if isinstance(ambiguity_check, list) else []
    if not isinstance(ambiguity_check, (bool, list)) or not all(isinstance(each, memory_format) for each in formats):
        raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
    shape, strides = self._array.shape, self._array.strides
    ambiguous = 1 in shape or any(a == b for a, b in itertools.pairwise(strides))
    if ambiguous and ambiguity_check is not False and sum(is_contiguous_in(each, self._array) for each in formats) != 1:
        raise RuntimeError(
            "The tensor does not have unique dim order, or cannot map to exact one of the given memory formats."
        )
    return tuple(memory_order(self._array))


# ---- properties ------------------------------------------------------------------------------------------------------


def _warn(text: str) -> None:
    """A warning that points at the line which uses the property."""
    warn(text)


def _reversed(self: Tensor) -> Tensor:
    """The dimensions in reverse order; for a matrix, its transpose. Deprecated for other numbers of dimensions."""
    ndim = self._array.ndim
    if not ndim:
        _warn("Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.")
    elif ndim != 2:
        _warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will "
            "throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
        )
    return Permute.apply(self, tuple(range(ndim - 1, -1, -1)))


def _check_batch(name: str, self: Tensor) -> None:
    if self._array.ndim < 2:
        raise RuntimeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. Got {self._array.ndim}-D tensor."
        )


def _matrix_transpose(self: Tensor) -> Tensor:
    """The last two dimensions exchanged."""
    if not self._array.ndim:
        _warn("Tensor.mT is deprecated on 0-D tensors. This function is the identity in these cases.")
        return self
    _check_batch("mT", self)
    return transpose(self, -2, -1)


def _conjugate_transpose(self: Tensor) -> Tensor:
    """The conjugate transpose of a matrix."""
    ndim = self._array.ndim
    if not ndim:
        _warn("Tensor.H is deprecated on 0-D tensors. Consider using x.conj().")
        return self.conj()
    if ndim != 2:
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {ndim}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if ndim > 2 else "")
        )
    return transpose(self, 0, 1).conj()


def _batched_conjugate_transpose(self: Tensor) -> Tensor:
    """The conjugate transposes of a batch of matrices."""
    if not self._array.ndim:
        _warn("Tensor.mH is deprecated on 0-D tensors. Consider using x.conj().")
        return self.conj()
    _check_batch("mH", self)
    return transpose(self, -2, -1).conj()


@public(out=False)
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, and complex numbers conjugated.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.adjoint.html

    >>> torch.adjoint(torch.tensor([[1j, 2.]]))
    tensor([[0.-1.j],
            [2.-0.j]])
    """
    if not input._array.ndim:
        _warn("adjoint() is deprecated on 0-D tensors. Consider using x.conj().")
        return input.conj()
    _check_batch("adjoint()", input)
    return transpose(input, -2, -1).conj()


Tensor.T = property(_reversed)  # type: ignore[attr-defined]
Tensor.mT = property(_matrix_transpose)  # type: ignore[attr-defined]
Tensor.H = property(_conjugate_transpose)  # type: ignore[attr-defined]
Tensor.mH = property(_batched_conjugate_transpose)  # type: ignore[attr-defined]
