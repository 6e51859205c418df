"""Softmax, log-softmax and logsumexp: sums of exponentials that cannot overflow.

The largest x is subtracted before e^x is taken, which changes nothing in theory and everything in floating point.
"""

from __future__ import annotations

from typing import Any

from tinytorch import kernels
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import dtype, from_numpy, get_default_dtype
from tinytorch.errors import wrap_dim
from tinytorch.ops.dims import in_dtype, keep_dims, reduced_dims
from tinytorch.ops.elementwise import conj
from tinytorch.ops.exponential import Exp
from tinytorch.public import numpy_names, public
from tinytorch.tensor import Tensor


class Softmax(Rule):
    """y_j = e^x_j / sum_k e^x_k along dim,    dx = y (dy - sum(dy y))"""

    silent = True

    @staticmethod
    def forward(ctx, x, dim, dtype=None):
        ctx.dim = dim
        y = kernels.softmax.softmax(in_dtype(x, dtype), dim)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return SoftmaxGrad.apply(grad, y, ctx.dim)


class SoftmaxGrad(Rule):
    """dx = y (dy - sum(dy y)) along dim, the gradient of softmax as a function of dy and y

    For the gradient g of dx:  ddy = y (g - sum(g y)),    dy = g (dy - sum(dy y)) - dy sum(g y)
    """

    silent = True
    inputs = 2
    name = "SoftmaxBackwardDataBackward0"

    @staticmethod
    def forward(ctx, grad, y, dim):
        ctx.dim = dim
        ctx.save_for_backward(grad, y)
        return kernels.softmax.softmax_backward(grad, y, dim)

    @staticmethod
    def backward(ctx, g):
        grad, y = ctx.saved_tensors
        dim = ctx.dim
        for_y = g * (grad - (grad * y).sum(axis=dim, keepdims=True)) - grad * (g * y).sum(axis=dim, keepdims=True)
        return SoftmaxGrad.apply(g, y, dim), for_y


class LogSoftmax(Rule):
    """y_j = x_j - log(sum_k e^x_k) along dim,    dx = dy - e^y sum(dy)"""

    silent = True

    @staticmethod
    def forward(ctx, x, dim, dtype=None):
        ctx.dim = dim
        y = kernels.softmax.log_softmax(in_dtype(x, dtype), dim)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return LogSoftmaxGrad.apply(grad, y, ctx.dim)


class LogSoftmaxGrad(Rule):
    """dx = dy - e^y sum(dy) along dim, the gradient of log-softmax as a function of dy and y

    For the gradient g of dx:  ddy = g - sum(g e^y),    dy = -g e^y sum(dy)
    """

    silent = True
    inputs = 2
    name = "LogSoftmaxBackwardDataBackward0"

    @staticmethod
    def forward(ctx, grad, y, dim):
        ctx.dim = dim
        ctx.save_for_backward(grad, y)
        return kernels.softmax.log_softmax_backward(grad, y, dim)

    @staticmethod
    def backward(ctx, g):
        grad, y = ctx.saved_tensors
        weighted = g * Exp.apply(y)
        for_grad = g - weighted.sum(axis=ctx.dim, keepdims=True)
        return for_grad, -weighted * grad.sum(axis=ctx.dim, keepdims=True)


class Logsumexp(Rule):
    """y = log(sum e^x) over dims,    dx = dy e^(x - y), which is dy softmax(x)"""

    silent = True

    @staticmethod
    def forward(ctx, x, dims, keepdim):
        ctx.dim = dims
        if x.dtype.kind in "biu":
            x = x.astype(get_default_dtype().numpy)
        y = kernels.softmax.logsumexp(x, dims, keepdim)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        grad, y = (keep_dims(each, x.shape, ctx.dim) for each in (grad, y))
        return grad * conj(Exp.apply(x - y))


@public(out="same", out_name="aten::softmax")
@numpy_names
def softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """e^input divided by its sum along `dim`: positive numbers that add up to 1.

    `dtype` converts the input first. NotImplementedError for integers.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.softmax.html

    >>> torch.softmax(torch.tensor([0., 0., 1000.]), dim=0)
    tensor([0., 0., 1.])
    """
    return along("softmax", Softmax, input, dim, dtype)


@public(out="same", out_name="aten::log_softmax")
@numpy_names
def log_softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """The logarithm of softmax along `dim`, exact also where softmax itself is rounded to 0.

    `dtype` converts the input first. NotImplementedError for integers.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.log_softmax.html

    >>> torch.log_softmax(torch.tensor([0., 0., 1000.]), dim=0)
    tensor([-1000., -1000.,     0.])
    """
    return along("log_softmax", LogSoftmax, input, dim, dtype)


def along(name: str, rule: type[Rule], input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """Softmax or LogSoftmax without the forms that a public function has; `name` is for errors."""
    x = input._array
    dim = wrap_dim(dim, x.ndim)
    if dtype is None and x.dtype.char in "fd":
        return rule.apply(input, dim)
    found = from_numpy(x.dtype) if dtype is None else dtype
    if not found.is_floating_point:
        kernel = f"{name}_lastdim_kernel_impl" if dim == x.ndim - 1 else f"{name}_kernel_impl"
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{found.legacy}'\n\n"
            "Softmax needs floating point numbers: convert the tensor with .float(), or give dtype=torch.float32."
        )
    return rule.apply(input, dim, dtype)


@public()
@numpy_names
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum of e^input) over the dimensions `dim`, without overflow.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.logsumexp.html

    >>> torch.logsumexp(torch.tensor([1000., 1000.]), dim=0)
    tensor(1000.6932)
    """
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' (position 2) must be tuple of ints, not NoneType")
    return Logsumexp.apply(input, reduced_dims(dim, input._array.ndim), keepdim)
