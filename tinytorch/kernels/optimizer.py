"""Steps of SGD and Adam in place, in NumPy: twins of _ext/optimizer.pyx.

All arrays have one shape and one dtype; `grad` is only read. The operations come in the order in which PyTorch's do, so
that float64 trajectories agree with PyTorch's to the last places.
"""

from __future__ import annotations

import numpy as np

from tinytorch.kernels.arrays import Array, check_same_shape


def sgd_step(
    param: Array,
    grad: Array,
    buffer: Array,
    lr: float,
    momentum: float = 0,
    dampening: float = 0,
    weight_decay: float = 0,
    nesterov: bool = False,
    maximize: bool = False,
    first: bool = False,
) -> None:
    """One step of stochastic gradient descent, https://docs.pytorch.org/docs/2.13/generated/torch.optim.SGD.html

        g = -grad if maximize else grad
        g = g + weight_decay * p
        b = g in the first step, else momentum * b + (1 - dampening) * g        with momentum only
        p = p - lr * (g + momentum * b if nesterov, else b)

    p is `param`, b is `buffer`: may be None without momentum, is not read when `first`.

    >>> p = np.ones(2)
    >>> sgd_step(p, np.array([1.0, 2.0]), None, lr=0.5)
    >>> p.tolist()
    [0.5, 0.0]
    """
    g = -grad if maximize else grad
    if weight_decay != 0:
        g = g + weight_decay * param
    if momentum == 0:
        check_same_shape("sgd_step", param, grad)
    else:
        check_same_shape("sgd_step", param, grad, buffer)
        if first:
            buffer[...] = g
        else:
            buffer *= momentum
            buffer += (1 - dampening) * g
        g = g + momentum * buffer if nesterov else buffer
    param -= lr * g


def sgd_steps(
    steps: list[tuple],
    lr: float,
    momentum: float = 0,
    dampening: float = 0,
    weight_decay: float = 0,
    nesterov: bool = False,
    maximize: bool = False,
) -> None:
    """sgd_step for each (param, grad, buffer, first)"""
    for param, grad, buffer, first in steps:
        sgd_step(param, grad, buffer, lr, momentum, dampening, weight_decay, nesterov, maximize, first)


def adam_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None,
    step: float,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float = 0,
    decoupled: bool = False,
    maximize: bool = False,
) -> None:
    """Step number t = `step` (from 1) of Adam, or of AdamW when `decoupled`

        g = -grad if maximize else grad
        p = p * (1 - lr * weight_decay) if decoupled, else g = g + weight_decay * p
        m = m + (1 - beta1) * (g - m)
        v = beta2 * v + (1 - beta2) * g^2
        w = max(w, v) with AMSGrad, else v
        p = p - lr / (1 - beta1^t) * m / (sqrt(w) / sqrt(1 - beta2^t) + eps)

    p is `param`, m is `exp_avg`, v is `exp_avg_sq`, w is `max_exp_avg_sq` or None. The real and the imaginary part of
    complex numbers are numbers of their own. https://arxiv.org/abs/1412.6980, decoupled:
    https://arxiv.org/abs/1711.05101, AMSGrad: https://openreview.net/forum?id=ryQu7f-RZ
    """
    states = [exp_avg, exp_avg_sq] if max_exp_avg_sq is None else [exp_avg, exp_avg_sq, max_exp_avg_sq]
    check_same_shape("adam_step", param, grad, *states)
    if param.dtype.kind == "c":
        for part in ("real", "imag"):
            p, g, m, v, w = (getattr(x, part, None) for x in (param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq))
            adam_step(p, g, m, v, w, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
        return
    g = -grad if maximize else grad
    if decoupled:
        param *= 1 - lr * weight_decay
    elif weight_decay != 0:
        g = g + weight_decay * param
    # the way from m to g, walked from the nearer end: with beta1 = 0 the average is g exactly
    if 1 - beta1 < 0.5:
        exp_avg += (1 - beta1) * (g - exp_avg)
    else:
        exp_avg[...] = g - (g - exp_avg) * (1 - (1 - beta1))
    exp_avg_sq *= beta2
    exp_avg_sq += (1 - beta2) * g * g
    second = exp_avg_sq
    if max_exp_avg_sq is not None:
        second = np.maximum(max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq)
    denominator = np.sqrt(second) / (1 - beta2**step) ** 0.5 + eps
    param -= lr / (1 - beta1**step) * exp_avg / denominator


def adam_steps(
    steps: list[tuple],
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float = 0,
    decoupled: bool = False,
    maximize: bool = False,
) -> None:
    """adam_step for each (param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, step)"""
    for param, grad, exp_avg, exp_avg_sq, largest, step in steps:
        adam_step(
            param, grad, exp_avg, exp_avg_sq, largest, step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize
        )
