"""Normalization of rows: layer_norm (mean 0, variance 1) and rms_norm (mean square 1). A row is the last dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.arguments import wrong_type
from tinytorch.autograd.rule import Rule
from tinytorch.dtypes import COMPLEX, FLOAT, finfo, float32
from tinytorch.kernels.arrays import narrow, widen
from tinytorch.ops.elementwise import zeros_like
from tinytorch.public import public
from tinytorch.tensor import Tensor, wrap

# ---- rules -----------------------------------------------------------------------------------------------------------


class LayerNorm(Rule):
    """y = (x - m) r w + b,    m = mean(x),  r = 1 / sqrt(mean((x - m)^2) + eps)  of each row

    dx = r (h - mean(h) - z mean(h z)),    dw = sum of dy z,    db = sum of dy,    h = dy w,  z = (x - m) r
    """

    inputs = 3
    name = "NativeLayerNormBackward0"

    @staticmethod
    def forward(ctx, x, weight, bias, shape, eps):
        y, ctx.result1, ctx.result2 = statistics(x, weight, bias, shape, eps)
        ctx.save_for_backward(x, weight, bias)
        ctx.normalized_shape, ctx.eps = shape, eps
        return y

    @staticmethod
    def backward(ctx, grad):
        x, weight, _ = ctx.saved_tensors
        how = len(ctx.normalized_shape), ctx.eps, ctx.result1, ctx.result2
        if not isinstance(grad, Tensor):
            return LayerNormGrad.apply(grad, x, weight, *how, ctx.needs_input_grad)
        slopes = LayerNormGrad.apply(grad, x, weight, *how, (True, True, True))  # a recorded rule has no Nones
        return tuple([slope if needed else None for slope, needed in zip(slopes, ctx.needs_input_grad)])


class LayerNormGrad(Rule):
    """(dx, dw, db) of LayerNorm as functions of g = dy, x, w; with v, u, s their own gradients, p(t) = dx at h = t:

    dg = p(v) w + u z + s,    dw = sum of g p(v),    q = mean(v h) - mean(v) mean(h) - mean(v z) mean(h z)
    dx = p(g u - r (v mean(h z) + h mean(v z))) - r^2 z q
    """

    inputs = 3
    name = "NativeLayerNormBackwardBackward0"

    @staticmethod
    def forward(ctx, grad, x, weight, count, eps, mean, rstd, needed):
        ctx.save_for_backward(grad, x, weight)
        ctx.count, ctx.eps = count, eps
        if mean.dtype != x.dtype:  # half precision with weights of float32
            grad, x = widen(grad), widen(x)
        return kernels.normalization.layer_norm_backward(grad, x, count, mean, rstd, weight, *needed)

    @staticmethod
    def backward(ctx, v, u, s):
        grad, x, w = ctx.saved_tensors
        rank = len(x.shape)
        axes, around = tuple(range(rank - ctx.count, rank)), tuple(range(rank - ctx.count))
        length = int(np.prod(x.shape[rank - ctx.count :]))

        def mean(t: Any) -> Any:
            return t.sum(axis=axes, keepdims=True) / length

        def project(t: Any) -> Any:
            return r * (t - mean(t) - z * mean(t * z))

        centered = x - mean(x)
        r = (mean(centered * centered) + ctx.eps) ** -0.5
        z = centered * r
        d_grad = to_z = zeros_like(grad)
        dx = dw = None
        if u is not None:
            d_grad, to_z = d_grad + u * z, to_z + grad * u
        if s is not None:
            d_grad = d_grad + s
        if v is not None:
            h, p = grad if w is None else grad * w, project(v)
            d_grad = d_grad + (p if w is None else p * w)
            dw = (grad * p).sum(axis=around) if around else grad * p
            slope_v, slope_h = mean(v * z), mean(h * z)
            to_z = to_z - r * (v * slope_h + h * slope_v)
            dx = -r * r * z * (mean(v * h) - mean(v) * mean(h) - slope_v * slope_h)
        toward = project(to_z)
        return d_grad, toward if dx is None else dx + toward, None if w is None else dw


def statistics(x: Any, weight: Any, bias: Any, shape: tuple, eps: float) -> tuple:
    """(y, means, reciprocal deviations); with weights in float32 half precision is rounded at the end alone."""
    parameter = bias if weight is None else weight
    if parameter is None or parameter.dtype == x.dtype:
        return kernels.normalization.layer_norm(x, len(shape), weight, bias, eps)
    y, mean, rstd = kernels.normalization.layer_norm(widen(x), len(shape), weight, bias, eps)
    return narrow(y, x), mean, rstd


# ---- functions -------------------------------------------------------------------------------------------------------


def _check(name: str, input: Any, shape: Any, weight: Any, bias: Any, pattern: str) -> tuple[int, ...]:
    """The shape of a row as a tuple; PyTorch's errors where the arguments do not fit."""
    if not isinstance(input, Tensor):
        raise wrong_type(name, "input", 1, "Tensor", input)
    if not isinstance(shape, (tuple, list)):
        raise wrong_type(name, "normalized_shape", 2, "tuple of ints", shape)
    for at, side in enumerate(shape):
        if not isinstance(side, (int, np.integer)):
            raise wrong_type(name, "normalized_shape", 2, "tuple of ints", side, at)
    shape, whole = tuple(shape), input._array.shape
    parameters = {"weight": weight, "bias": bias}
    for position, (which, given) in enumerate(parameters.items(), 3):
        if given is not None and not isinstance(given, Tensor):
            raise wrong_type(name, which, position, "Tensor", given)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for which, given in parameters.items():
        if given is not None and given._array.shape != shape:
            raise RuntimeError(
                f"Expected {which} to be of same shape as normalized_shape, but got {which} of shape "
                f"{list(given.shape)} and normalized_shape = {list(shape)}"
            )
    if whole[-len(shape) :] != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"{pattern.format(', '.join(map(str, shape)))}, but got input of size{list(whole)}\n\n"
            "The rows that are normalized are the last dimensions of the input, and have to be just these."
        )
    return shape


def _check_dtypes(input: Tensor, weight: Tensor | None, bias: Tensor | None) -> None:
    """NotImplementedError for numbers without fractions; RuntimeError for weights of another dtype."""
    kind = input.dtype
    dtypes = [each.dtype for each in (weight, bias) if each is not None]
    if dtypes and dtypes[0] is not kind:
        if any(each is not float32 for each in dtypes):
            raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
        if kind.itemsize != 2:
            raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    elif dtypes and dtypes[-1] is not kind:
        raise RuntimeError(f"expected scalar type {kind.legacy} but found {dtypes[-1].legacy}")
    if kind.category != FLOAT:
        raise NotImplementedError(f"\"LayerNormKernelImpl\" not implemented for '{kind.legacy}'")


def _checked(name: str, input: Tensor, shape: Any, weight: Any, bias: Any) -> tuple[int, ...]:
    """The shape of a row. Tensors of float32 or float64 that fit are not looked at closer: layers call this often."""
    if type(shape) is tuple and shape and type(shape[0]) is int and isinstance(input, Tensor):
        x = input._array
        kind = x.dtype
        if kind.char in "fd" and x.shape[-len(shape) :] == shape:
            for each in (weight, bias):
                if each is not None and not (
                    isinstance(each, Tensor) and each._array.shape == shape and each._array.dtype == kind
                ):
                    break
            else:
                return shape
    shape = _check(name, input, shape, weight, bias, "[*, {}]")
    _check_dtypes(input, weight, bias)
    return shape


@public(method=False, out=False)
def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias for rows: the last dimensions, of sizes `normalized_shape`.

    weight and bias have this shape. RuntimeError for other shapes, NotImplementedError for integers.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.layer_norm.html; Ba, Kiros, Hinton (2016),
    https://arxiv.org/abs/1607.06450

    >>> torch.layer_norm(torch.tensor([[1., 3.], [0., 10.]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    shape = _checked("layer_norm", input, normalized_shape, weight, bias)
    if type(eps) is not float and not isinstance(eps, (int, float, np.number)):
        raise wrong_type("layer_norm", "eps", None, "float", eps)
    return LayerNorm.apply(input, weight, bias, shape, eps)


@public(method=False, out=False)
def native_layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """(layer_norm, the means, the reciprocals of the deviations); only the first has a gradient.

    >>> [x.tolist() for x in torch.native_layer_norm(torch.tensor([1., 3.]), (2,), None, None, 0.)]
    [[-1.0, 1.0], [2.0], [1.0]]
    """
    shape = _checked("native_layer_norm", input, normalized_shape, weight, bias)
    y = LayerNorm.apply(input, weight, bias, shape, eps)
    w, b = [None if each is None else each._array for each in (weight, bias)]
    _, mean, rstd = statistics(input._array, w, b, shape, eps)
    return y, wrap(mean), wrap(rstd)


@public(method=False, out=False)
def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight for rows: the last dimensions, of sizes `normalized_shape`.

    eps: the smallest number that 1 can be told from, unless given. A composition, as in PyTorch.
    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.rms_norm.html; Zhang, Sennrich (2019),
    https://arxiv.org/abs/1910.07467

    >>> torch.rms_norm(torch.tensor([3., 4., 0., 0.]), (4,))
    tensor([1.2000, 1.6000, 0.0000, 0.0000])
    """
    if isinstance(input, Tensor) and isinstance(normalized_shape, (tuple, list)):
        rank = input._array.ndim
        if rank < len(normalized_shape):
            raise ValueError(f"Input tensor must have at least {len(normalized_shape)} dimensions, but got {rank}")
    shape = _check("rms_norm", input, normalized_shape, weight, None, "[*{}]")
    if input.dtype.category < FLOAT:
        raise NotImplementedError(f"\"rms_norm\" not implemented for '{input.dtype.legacy}'")
    wide = input.float() if input.dtype.itemsize == 2 else input
    if eps is None:
        eps = finfo(wide.dtype if wide.dtype.category < COMPLEX else wide.real.dtype).eps
    dims = tuple(range(-len(shape), 0))
    y = wide * ((wide**2).mean(dims, keepdim=True) + eps).rsqrt()
    if weight is not None:
        y = y * weight
    return y.to(input.dtype).contiguous()
