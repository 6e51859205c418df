"""torch.autograd.graph: nodes, gradient edges, and hooks on what is saved for backward.

Source: https://docs.pytorch.org/docs/2.13/autograd.html#autograd-graph
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.node import Node
from tinytorch.autograd.saved import disable_saved_tensors_hooks, saved_tensors_hooks
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


class save_on_cpu(saved_tensors_hooks):
    """Inside, what is saved for backward is kept in the CPU's memory."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda tensor: (tensor.device, tensor.cpu()), lambda packed: packed[1].to(packed[0]))


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Tell autograd that a tensor's memory was written to behind its back."""
    for each in (tensor,) if isinstance(tensor, Tensor) else tensor:
        each._bump()


class _MultiHandle:
    """Removes a hook from all of its tensors."""

    def __init__(self, handles: tuple):
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> _MultiHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable, *, mode: str = "all") -> _MultiHandle:
    """Call fn(grads) when the gradients of all `tensors` are there, or fn(grad) with the first ("any") of them.

    A backward that comes to some of the tensors only gives None for the others.

    >>> x, y = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    >>> handle = torch.autograd.graph.register_multi_grad_hook((x, y), print)
    >>> (2 * x + 3 * y).sum().backward()
    [tensor([2.]), tensor([3.])]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if not all(tensor.requires_grad for tensor in tensors):
        raise AssertionError(
            "Expected gradient function to be set\n\nEvery tensor of the hook has to require a gradient."
        )
    nodes = [get_gradient_edge(tensor).node for tensor in tensors]
    calls: weakref.WeakKeyDictionary[Any, _Calls] = weakref.WeakKeyDictionary()  # by the engine's walk

    def make(i: int) -> Callable:
        def hook(grad: Tensor) -> None:
            task = state.task
            with lock:  # several walks may come here at once, but a walk has one thread
                mine = calls.get(task)
                if mine is None:
                    mine = calls[task] = _Calls(len(nodes), sum([task.will_run(node) for node in nodes]))
            mine.come += 1
            mine.grads[i] = grad
            if mode == "any":
                if mine.come == 1:
                    fn(grad)
            elif mine.come == mine.expected:
                fn(mine.grads)

        return hook

    lock = threading.Lock()
    return _MultiHandle(tuple([tensor.register_hook(make(i)) for i, tensor in enumerate(tensors)]))


class _Calls:
    """How far one walk has come with the tensors of a multi-grad hook."""

    def __init__(self, count: int, expected: int):
        self.grads: list[Tensor | None] = [None] * count
        self.expected = expected
        self.come = 0


__all__ = [
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]
