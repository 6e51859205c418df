"""Clipping: gradients made smaller before an optimizer's step, by their common length or element by element.

The `foreach` of these functions is taken for PyTorch's sake: it would change the speed, not the result.

Source: Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent neural networks,
https://arxiv.org/abs/1211.5063
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterable

from tinytorch.autograd import no_grad
from tinytorch.functions.from_data import tensor
from tinytorch.ops.joining import stack
from tinytorch.ops.norms import vector_norm
from tinytorch.tensor import Tensor

Tensors = Tensor | Iterable[Tensor]


def gradients(parameters: Tensors) -> list[Tensor]:
    """The gradients of those parameters that have one."""
    every: Iterable[Tensor] = [parameters] if isinstance(parameters, Tensor) else parameters
    return [parameter.grad for parameter in every if parameter.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all elements of all tensors, as of one vector: the norm of the tensors' norms.

    RuntimeError, if asked for, when it is nan or infinite.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.utils.get_total_norm.html

    >>> torch.nn.utils.get_total_norm([torch.tensor([3.0]), torch.tensor([4.0, 0.0])])
    tensor(5.)
    """
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    norm_type = float(norm_type)
    if not tensors:
        return tensor(0.0)
    total = vector_norm(stack([vector_norm(each, norm_type) for each in tensors]), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """g = g min(1, max_norm / (total_norm + 1e-6)) for each gradient, in place: `clip_grad_norm_` with a norm at hand.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.utils.clip_grads_with_norm_.html

    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> w.grad = torch.tensor([8.0])
    >>> torch.nn.utils.clip_grads_with_norm_(w, max_norm=1.0, total_norm=torch.tensor(4.0))
    >>> w.grad
    tensor([2.0000])
    """
    scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for grad in gradients(parameters):
        grad.mul_(scale)


@no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Shorten the gradients, in place, so that all of them together have a norm of at most about `max_norm`.

    g = g min(1, max_norm / (total + 1e-6)),    where total, which is returned, was the norm of all their elements

    norm_type: the p of the norm; inf: the largest |element|. RuntimeError, if asked for, when the norm is not finite.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.utils.clip_grad_norm_.html

    >>> w = torch.tensor([1.0, 1.0], requires_grad=True)
    >>> (w * torch.tensor([30.0, 40.0])).sum().backward()
    >>> torch.nn.utils.clip_grad_norm_([w], max_norm=5.0)
    tensor(50.)
    >>> w.grad
    tensor([3.0000, 4.0000])
    """
    is_generator = isinstance(parameters, types.GeneratorType)
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if is_generator and not parameters:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
    total = get_total_norm(gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The old name of `clip_grad_norm_`, with PyTorch's FutureWarning."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Bring each element of each gradient into [-clip_value, clip_value], in place.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.utils.clip_grad_value_.html

    >>> w = torch.tensor([1.0, 1.0], requires_grad=True)
    >>> (w * torch.tensor([0.5, -7.0])).sum().backward()
    >>> torch.nn.utils.clip_grad_value_(w, 1.0)
    >>> w.grad
    tensor([ 0.5000, -1.0000])
    """
    clip_value = float(clip_value)
    for grad in gradients(parameters):
        grad.clamp_(min=-clip_value, max=clip_value)
