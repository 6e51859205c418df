"""Running a node together with the hooks that users hung onto it, its outputs and its leaf.

The order is PyTorch's: hooks of the tensors that the gradients belong to, then gradients that are to be retained, the
node's pre-hooks, the node, its post-hooks. Hooks see Tensors, also where the engine computes with arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch.autograd.fitting import fit
from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.node import AccumulateGrad, Node
from tinytorch.tensor import Tensor, wrap


def to_tensor(grad: Any) -> Any:
    """An array as a Tensor; a Tensor or None as it is."""
    return grad if grad is None or isinstance(grad, Tensor) else wrap(grad)


def to_array(grad: Any) -> Any:
    """A Tensor as its array; an array or None as it is."""
    return grad._array if isinstance(grad, Tensor) else grad


def run_on_tensors(node: Node, grads: list) -> tuple:
    """Run a node that wants Tensors and gives Tensors; what comes out is arrays unless gradients are recorded."""
    if state.recording:
        return node.run(list(map(to_tensor, grads)))
    if node.takes_tensors:
        return tuple(map(to_array, node.run(list(map(to_tensor, grads)))))
    return node.run(list(map(to_array, grads)))


def run_with_hooks(node: Node, grads: list, create_graph: bool) -> tuple:
    """Run a node and everything that hangs onto it."""
    grads = tensor_hooks(node, grads)
    if node._prehooks:
        grads = _prehooks(node, grads)
    if not node._posthooks:
        return run_on_tensors(node, grads)
    given = tuple(map(to_tensor, grads))
    return _posthooks(node, run_on_tensors(node, grads), given)


def tensor_hooks(node: Node, grads: list) -> list:
    """The gradients after the hooks of the tensors they belong to; those that are to be retained are."""
    tensors = list(map(to_tensor, grads))
    hooks_of = node._tensor_hooks or {}
    if isinstance(node, AccumulateGrad) and node.variable._hooks:
        hooks_of = {0: node.variable._hooks}
    for output_nr, hooks in hooks_of.items():
        for hook in list(hooks.values()):
            replaced = hook(tensors[output_nr])
            if replaced is not None:
                _check(hook, replaced, tensors[output_nr])
                tensors[output_nr] = replaced
    for output_nr, reference in (node._retaining or {}).items():
        tensor, grad = reference(), tensors[output_nr]
        if tensor is not None and grad is not None:
            tensor._grad = grad.clone() if tensor._grad is None else tensor._grad + grad
    return tensors if state.recording else list(map(to_array, tensors))


def _prehooks(node: Node, grads: list) -> list:
    """The gradients after the node's pre-hooks."""
    tensors = tuple(map(to_tensor, grads))
    for hook in list(node._prehooks.values()):  # type: ignore[union-attr]
        replaced = hook(tensors)
        if replaced is not None:
            tensors = _checked(hook, replaced if isinstance(replaced, tuple) else (replaced,), tensors)
    return list(tensors) if state.recording else list(map(to_array, tensors))


def _posthooks(node: Node, results: tuple, grads: tuple) -> tuple:
    """What the node computed after its post-hooks."""
    tensors = fitted(node, results)
    for hook in list(node._posthooks.values()):  # type: ignore[union-attr]
        replaced = hook(tensors, grads)
        if replaced is not None:
            if not isinstance(replaced, tuple):
                raise TypeError(f"expected tuple, but hook returned '{type(replaced).__name__}'")
            tensors = _checked(hook, replaced, tensors)
    return tensors if state.recording else tuple(map(to_array, tensors))


def fitted(node: Node, results: tuple) -> tuple:
    """The gradients that a node computed as Tensors of the shapes of its inputs.

    None for inputs that want none; what a Function of the user's computed for such an input is shown as it is.
    """
    tensors: list[Tensor | None] = []
    for (next_node, nr), grad in zip(node.next_functions, results):
        if grad is not None and next_node is not None:
            grad = fit(grad, *next_node.outputs[nr])
        elif not node.takes_tensors:
            grad = None
        tensors.append(to_tensor(grad))
    return tuple(tensors)


def _checked(hook: Callable, replaced: tuple, grads: tuple) -> tuple:
    """What a hook of a node returned, if it can take the place of `grads`."""
    if len(replaced) != len(grads):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(replaced)}, but expected "
            f"{len(grads)})"
        )
    for new, old in zip(replaced, grads):
        if new is not None:
            _check(hook, new, old)
    return replaced


def _check(hook: Callable, new: Any, old: Tensor | None) -> None:
    """Raise PyTorch's error if `new`, which a hook returned, cannot take the place of the gradient `old`."""
    if not isinstance(new, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    if old is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if new.dtype is not old.dtype:
        names = [f"torch.{tensor.dtype.legacy}Tensor" for tensor in (old, new)]
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value (was {names[0]} got {names[1]})")
    if new.shape != old.shape:
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the size of value\n\n"
            f"The gradient had the shape {tuple(old.shape)}, what the hook returned {tuple(new.shape)}."
        )


def _name(hook: Callable) -> str:
    return getattr(hook, "__name__", "<unknown>")
