"""Adam and AdamW: steps scaled by running averages of the gradient and of its square.

    g = g + weight_decay p          (Adam)      or      p = p - lr weight_decay p          (AdamW)
    m = beta1 m + (1 - beta1) g
    v = beta2 v + (1 - beta2) g^2
    p = p - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

With AMSGrad the largest v so far takes the place of v.

Source: https://docs.pytorch.org/docs/2.13/generated/torch.optim.Adam.html; Kingma and Ba, https://arxiv.org/abs/1412.6980;
AdamW: Loshchilov and Hutter, https://arxiv.org/abs/1711.05101; AMSGrad: https://openreview.net/forum?id=ryQu7f-RZ
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.device import on_gpu
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.optim.optimizer import Optimizer, check_tensor_lr, check_ways, refuse_recording, run_closure, zeros_like
from tinytorch.tensor import Tensor, wrap


class Adam(Optimizer):
    """Adaptive moment estimation; the letters are at the top of this file.

    >>> w = torch.tensor([1., -2.], requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (w * torch.tensor([5., 0.01])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([ 0.9000, -2.1000], requires_grad=True)
    """

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ):  # fmt: skip
        check_tensor_lr(lr)
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        if not 0.0 <= lr:  # noqa: SIM300 - not a number is no rate either
            raise ValueError(f"Invalid learning rate: {lr}")
        if not 0.0 <= eps:  # noqa: SIM300
            raise ValueError(f"Invalid epsilon value: {eps}")
        for i in range(2):
            if not 0.0 <= betas[i] < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {betas[i]}")
        _check_kinds(betas, foreach, capturable)
        if not 0.0 <= weight_decay:  # noqa: SIM300
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)
        check_ways(foreach, fused, differentiable)

    def step(self, closure: Callable | None = None) -> Any:
        """One step for every parameter that has a gradient."""
        loss = run_closure(closure)
        token = quiet()
        try:
            for group in self.param_groups:
                self._step(group)
        finally:
            leave(token)
        return loss

    def _step(self, group: dict[str, Any]) -> None:
        """The step of one group."""
        beta1, beta2 = group["betas"]
        numbers = float(group["lr"]), float(beta1), float(beta2), group["eps"], group["weight_decay"]
        ways = group["decoupled_weight_decay"], group["maximize"]
        amsgrad, capturable = group["amsgrad"], group["capturable"]
        steps: list[tuple] = []
        for p in group["params"]:
            gradient = p._grad
            if gradient is None:
                continue
            if group["differentiable"] or (capturable and not on_gpu(p._array)):
                _refuse(p, capturable)
            state = self.state[p]
            if not state:
                like = p._array if capturable else None  # a captured step counts on the GPU
                state["step"] = wrap(np.zeros((), np.float32, like=like))
                state["exp_avg"] = zeros_like(p)
                state["exp_avg_sq"] = zeros_like(p)
                if amsgrad:
                    state["max_exp_avg_sq"] = zeros_like(p)
            count = state["step"]._array
            count += 1
            largest = state["max_exp_avg_sq"]._array if amsgrad else None
            averages = state["exp_avg"]._array, state["exp_avg_sq"]._array, largest
            steps.append((p._array, gradient._array, *averages, count if capturable else float(count)))
            p._bump()
        kernels.optimizer.adam_steps(steps, *numbers, *ways)


def _refuse(parameter: Tensor, capturable: bool) -> None:
    """The error for an option that PyTorch has for GPUs, or that records the step."""
    if capturable:
        raise AssertionError(
            "If capturable=True, params and state_steps must be on supported devices: ['cuda', 'xpu', 'hpu', "
            "'privateuseone', 'xla']."
        )
    refuse_recording(parameter)


def _check_kinds(betas: Any, foreach: bool | None, capturable: bool) -> None:
    tensors = [isinstance(beta, Tensor) for beta in betas]
    if not all(tensors) and not all(isinstance(beta, float) for beta in betas):
        raise ValueError("betas must be either both floats or both Tensors")
    if tensors[0] and foreach and not capturable:
        raise ValueError("betas[0] as a Tensor is not supported for capturable=False and foreach=True")


class AdamW(Adam):
    """Adam whose weight decay acts on the parameters directly instead of through the gradient.

    >>> w = torch.tensor([1.], requires_grad=True)
    >>> optimizer = torch.optim.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * 0).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9500], requires_grad=True)
    """

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ):  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
