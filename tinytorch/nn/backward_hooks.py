"""Backward hooks of modules: two places in the graph, before and behind a module, where passing gradients are seen.

Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from tinytorch.autograd.function import Function
from tinytorch.autograd.grad_mode import is_grad_enabled
from tinytorch.tensor import Tensor


class BackwardHookFunction(Function):
    """y = x: what passes here on its way back can be watched and changed"""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.mark_non_differentiable(*[t for t in tensors if not t.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple:
        return grads


class BackwardHook:
    """One call of a module whose hooks want (grad_input, grad_output): its inputs and outputs pass such a place."""

    def __init__(self, module: Any, hooks: list[Callable], pre_hooks: list[Callable]):
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs: tuple = ()
        self.input_count = 0
        self.input_positions: tuple[int, ...] = ()
        self.output_count = 0
        self.output_positions: tuple[int, ...] = ()

    def watch_inputs(self, args: tuple) -> tuple:
        """Let the module's inputs pass; when their gradients come, the hooks are called."""
        args, node, self.input_positions = self._pass(args)
        self.input_count = len(args)
        if node is not None:
            node.register_hook(self._inputs_done)
        return args

    def watch_outputs(self, outputs: Any) -> Any:
        """Let the module's outputs pass; their gradients are kept for the hooks."""
        if not isinstance(outputs, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(outputs)}",
                stacklevel=5,
            )
        single = not isinstance(outputs, tuple)
        values, node, self.output_positions = self._pass((outputs,) if single else outputs)
        self.output_count = len(values)
        if node is not None:
            node.register_prehook(self._outputs_come)
        return values[0] if single else values

    @staticmethod
    def _pass(values: tuple) -> tuple:
        """(the values, some of them behind the place; its node; which of them)."""
        positions = tuple(i for i, v in enumerate(values) if isinstance(v, Tensor))
        if not (is_grad_enabled() and any(values[i].requires_grad for i in positions)):
            return values, None, ()
        passed = BackwardHookFunction.apply(*[values[i] for i in positions])
        replaced = list(values)
        for i, tensor in zip(positions, passed):
            replaced[i] = tensor
        made = type(values)(*replaced) if hasattr(values, "_fields") else tuple(replaced)
        return made, next(t.grad_fn for t in passed if t.grad_fn is not None), positions

    @staticmethod
    def _spread(grads: tuple, positions: tuple[int, ...], count: int) -> tuple:
        """Gradients of the tensors that passed, as a tuple for all values; None for the others."""
        full: list[Any] = [None] * count
        for position, grad in zip(positions, grads):
            full[position] = grad
        return tuple(full)

    def _outputs_come(self, grads: tuple) -> tuple:
        given = self._spread(grads, self.output_positions, self.output_count)
        for hook in self.pre_hooks:
            replaced = hook(self.module, given)
            if replaced is not None:
                _check_count("Backward pre hook", "grad_output", replaced, len(given))
                given = replaced
        self.grad_outputs = given
        if not self.input_positions:
            self._no_inputs()
        return tuple(given[i] for i in self.output_positions)

    def _no_inputs(self) -> None:
        """No gradient will come to the inputs: the hooks are called at once."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs "
            "require gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.",
            stacklevel=2,
        )
        for hook in self.hooks:
            replaced = hook(self.module, (None,) * self.input_count, self.grad_outputs)
            if replaced is not None and not (isinstance(replaced, tuple) and all(each is None for each in replaced)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        self.grad_outputs = ()

    def _inputs_done(self, grads: tuple, _: tuple) -> tuple | None:
        grad_inputs, changed = self._spread(grads, self.input_positions, self.input_count), False
        for hook in self.hooks:
            replaced = hook(self.module, grad_inputs, self.grad_outputs)
            if replaced is not None:
                _check_count("Backward hook", "grad_input", replaced, len(grad_inputs))
                grad_inputs, changed = replaced, True
        self.grad_outputs = ()
        return tuple(grad_inputs[i] for i in self.input_positions) if changed else None


def _check_count(hook: str, name: str, given: Any, count: int) -> None:
    if len(given) != count:
        raise RuntimeError(f"{hook} returned an invalid number of {name}, got {len(given)}, but expected {count}")


# ---- the hooks of PyTorch 0.3 ----------------------------------------------------------------------------------------


def watch_last_node(module: Any, hooks: list[Callable], args: tuple, result: Any) -> None:
    """Let `register_backward_hook`'s hooks see the gradients of the node that made the result."""
    first = result
    while not isinstance(first, Tensor):
        first = next(v for v in first.values() if isinstance(v, Tensor)) if isinstance(first, dict) else first[0]
    node = first.grad_fn
    if node is not None:
        for hook in hooks:
            node.register_hook(functools.partial(hook, module))
        _warn_of_gaps(args, result, node)


def _warn_of_gaps(args: tuple, result: Any, node: Any) -> None:
    """PyTorch's warning where such a hook does not see all gradients of the module."""
    inputs = args[0] if len(args) == 1 else args
    if not _is_tensors(result):
        what = "non-full backward hooks on a Module that does not return a single Tensor or a tuple of Tensors"
        missing = "some of the grad_output"
    elif not _is_tensors(inputs):
        what = "non-full backward hooks on a Module that does not take as input a single Tensor or a tuple of Tensors"
        missing = "some of the grad_input"
    elif isinstance(result, tuple) and any(each.grad_fn is not node for each in result):
        what, missing = (
            "a non-full backward hook when outputs are generated by different autograd Nodes",
            "some grad_output",
        )
    else:
        before = {each.grad_fn for each in ((inputs,) if isinstance(inputs, Tensor) else inputs)}
        if before == {edge[0] for edge in node.next_functions}:
            return
        what, missing = "a non-full backward hook when the forward contains multiple autograd Nodes", "some grad_input"
    warnings.warn(
        f"Using {what} is deprecated and will be removed in future versions. This hook will be missing {missing}. "
        "Please use register_full_backward_hook to get the documented behavior.",
        FutureWarning,
        stacklevel=5,
    )


def _is_tensors(value: Any) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, tuple) and all(isinstance(each, Tensor) for each in value))
