"""torch.autograd.graph: nodes, gradient edges, and hooks on what is saved for backward.

Source: https://docs.pytorch.org/docs/2.13/autograd.html#autograd-graph
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tinytorch.autograd.node import Node
from tinytorch.autograd.saved import saved_tensors_hooks
from tinytorch.tensor import Tensor


class GradientEdge(NamedTuple):
    """Where a tensor's gradient flows: a node, and which of its outputs."""

    node: Node
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge of a tensor that requires grad.

    >>> x = torch.ones(2, requires_grad=True)
    >>> torch.autograd.graph.get_gradient_edge(x * 2).node.name()
    'MulBackward0'
    """
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node, output_nr = tensor._edge()
    assert node is not None
    return GradientEdge(node, output_nr)


class save_on_cpu(saved_tensors_hooks):  # noqa: N801 - PyTorch's name
    """Inside, what is saved for backward is kept in the CPU's memory."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda tensor: (tensor.device, tensor.cpu()), lambda packed: packed[1].to(packed[0]))


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Tell autograd that a tensor's memory was written to behind its back."""
    for each in (tensor,) if isinstance(tensor, Tensor) else tensor:
        each._bump()


class _MultiHandle:
    def __init__(self, handles: tuple):
        self.handles = handles

    def remove(self) -> None:
        """Remove the hook from all its tensors."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> _MultiHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable, *, mode: str = "all") -> _MultiHandle:
    """Call fn(grads) when the gradients of all `tensors` are there, or fn(grad) with the first ("any") of them.

    In mode "all" the hook knows which of the tensors take part in the running backward only when their gradients come;
    it is called when the last of those that require grad has come.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    grads: list[Any] = [None] * len(tensors)
    seen: list[int] = []

    def make(i: int) -> Callable:
        def hook(grad: Tensor) -> None:
            seen.append(i)
            grads[i] = grad
            if mode == "any":
                if len(seen) == 1:
                    fn(grad)
                if len(seen) == len(tensors):
                    seen.clear()
            elif len(seen) == len(tensors):
                complete = list(grads)
                seen.clear()
                grads[:] = [None] * len(tensors)
                fn(complete)

        return hook

    return _MultiHandle(tuple(t.register_hook(make(i)) for i, t in enumerate(tensors)))


__all__ = [
    "GradientEdge",
    "Node",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]
