"""SGD: stochastic gradient descent, with momentum.

    g = g + weight_decay p
    b = momentum b + (1 - dampening) g          (b = g in the first step)
    g = g + momentum b  (nesterov)   or   g = b
    p = p - lr g

Source: https://docs.pytorch.org/docs/2.13/generated/torch.optim.SGD.html; Nesterov's momentum after Sutskever et al.
(2013), http://www.cs.toronto.edu/~hinton/absps/momentum.pdf
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch import kernels
from tinytorch.kernels.quiet import leave, quiet
from tinytorch.optim.optimizer import Optimizer, check_tensor_lr, check_ways, refuse_recording, run_closure, zeros_like


class SGD(Optimizer):
    """p = p - lr g, with options for momentum and weight decay; the letters are at the top of this file.

    `foreach` and `fused` are taken for PyTorch's sake: they would change the speed. `differentiable` is not supported.

    >>> w = torch.tensor([1., 2.], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    def __init__(
        self, params: Any, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ):  # fmt: skip
        check_tensor_lr(lr)
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
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
        lr, momentum, steps = float(group["lr"]), group["momentum"], []
        rest = group["dampening"], group["weight_decay"], group["nesterov"], group["maximize"]
        for p in group["params"]:
            gradient = p._grad
            if gradient is None:
                continue
            if group["differentiable"]:
                refuse_recording(p)
            buffer, first = None, False
            if momentum != 0:
                state = self.state[p]
                first = state.get("momentum_buffer") is None
                if first:
                    state["momentum_buffer"] = zeros_like(p)
                buffer = state["momentum_buffer"]._array
            steps.append((p._array, gradient._array, buffer, first))
            p._bump()
        kernels.optimizer.sgd_steps(steps, lr, momentum, *rest)
