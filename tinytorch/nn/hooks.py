"""Hooks of modules: functions called before and after forward, and when gradients pass.

Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.Module.html
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from tinytorch.autograd.function import Function
from tinytorch.autograd.hooks import RemovableHandle
from tinytorch.tensor import Tensor

# The dictionaries of hooks that every module has.
HOOKS = (
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)

# Hooks for every module; see the functions at the end.
global_forward_pre_hooks: OrderedDict = OrderedDict()
global_forward_hooks: OrderedDict = OrderedDict()
global_forward_hooks_always_called: dict = {}
global_backward_pre_hooks: OrderedDict = OrderedDict()
global_backward_hooks: OrderedDict = OrderedDict()
global_parameter_registration_hooks: OrderedDict = OrderedDict()
global_buffer_registration_hooks: OrderedDict = OrderedDict()
global_module_registration_hooks: OrderedDict = OrderedDict()


class _Passage(Function):
    """y = x: a place in the graph where a module's inputs or outputs can be watched."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple:
        return grads


class _BackwardHook:
    """One call of a module whose backward hooks want (grad_input, grad_output): tensors pass through two _Passages."""

    def __init__(self, module: Any, hooks: list[Callable], pre_hooks: list[Callable]):
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs: tuple | None = None
        self.input_count = -1
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
        """Let the module's outputs pass; when their gradients come, they are kept for the hooks."""
        single = not isinstance(outputs, tuple)
        values, node, self.output_positions = self._pass((outputs,) if single else outputs)
        self.output_count = len(values)
        if node is not None:
            node.register_prehook(self._outputs_come)
            if not self.input_positions:
                node.register_hook(self._no_inputs)
        return values[0] if single else values

    @staticmethod
    def _pass(values: tuple) -> tuple:
        positions = tuple(i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad)
        if not positions:
            return values, None, ()
        passed = _Passage.apply(*[values[i] for i in positions])
        replaced = list(values)
        for i, tensor in zip(positions, passed):
            replaced[i] = tensor
        return type(values)(*replaced) if hasattr(values, "_fields") else tuple(replaced), passed[0].grad_fn, positions

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
                given = replaced if isinstance(replaced, tuple) else (replaced,)
        self.grad_outputs = given
        return tuple(given[i] for i in self.output_positions)

    def _inputs_done(self, grad_inputs: tuple, _: tuple) -> tuple | None:
        return self._call(self._spread(grad_inputs, self.input_positions, self.input_count), self.input_positions)

    def _no_inputs(self, grad_inputs: tuple, _: tuple) -> None:
        self._call((None,) * max(self.input_count, 0), ())

    def _call(self, grad_inputs: tuple, positions: tuple[int, ...]) -> tuple | None:
        changed = False
        for hook in self.hooks:
            replaced = hook(self.module, grad_inputs, self.grad_outputs)
            if replaced is not None:
                grad_inputs, changed = replaced if isinstance(replaced, tuple) else (replaced,), True
        self.grad_outputs = None
        return tuple(grad_inputs[i] for i in positions) if changed else None


class Hooks:
    """The part of Module that registers hooks and calls forward between them."""

    _forward_hooks: OrderedDict
    _forward_hooks_with_kwargs: OrderedDict
    _forward_hooks_always_called: OrderedDict
    _forward_pre_hooks: OrderedDict
    _forward_pre_hooks_with_kwargs: OrderedDict
    _backward_hooks: OrderedDict
    _backward_pre_hooks: OrderedDict
    _is_full_backward_hook: bool | None
    forward: Callable

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call hook(module, args) before forward (hook(module, args, kwargs) with_kwargs); it may return other args."""
        handle = RemovableHandle(
            self._forward_pre_hooks, hook, extra_dict=self._forward_pre_hooks_with_kwargs, first=prepend
        )
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        return handle

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call hook(module, args, output) after forward; it may return another output.

        >>> layer = torch.nn.Linear(2, 1)
        >>> handle = layer.register_forward_hook(lambda module, args, output: print(output.shape))
        >>> _ = layer(torch.ones(3, 2))
        torch.Size([3, 1])
        """
        extras = [self._forward_hooks_with_kwargs, self._forward_hooks_always_called]
        handle = RemovableHandle(self._forward_hooks, hook, extra_dict=extras, first=prepend)
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        return handle

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_input, grad_output) when backward has passed this module."""
        if self._is_full_backward_hook is False:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one of "
                "them."
            )
        self._is_full_backward_hook = True
        return RemovableHandle(self._backward_hooks, hook, first=prepend)

    def register_backward_hook(self, hook: Callable) -> RemovableHandle:
        """The deprecated form of `register_full_backward_hook`, which it acts like here."""
        if self._is_full_backward_hook is True:
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one of "
                "them."
            )
        self._is_full_backward_hook = False
        return RemovableHandle(self._backward_hooks, hook)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_output) before backward passes this module."""
        return RemovableHandle(self._backward_pre_hooks, hook, first=prepend)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """forward, with the hooks before and after it."""
        if not (
            self._forward_pre_hooks
            or self._forward_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or _any_global
        ):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple, kwargs: dict) -> Any:
        called: set[int] = set()
        result = None
        try:
            args, kwargs = self._run_pre_hooks(args, kwargs)
            backward = None
            hooks = [*global_backward_hooks.values(), *self._backward_hooks.values()]
            pre_hooks = [*global_backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
            if hooks or pre_hooks:
                backward = _BackwardHook(self, hooks, pre_hooks)
                args = backward.watch_inputs(args)
            result = self.forward(*args, **kwargs)
            for key, hook, with_kwargs in self._after():
                called.add(key)
                replaced = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
                if replaced is not None:
                    result = replaced
            return result if backward is None else backward.watch_outputs(result)
        except Exception:
            for key, hook, with_kwargs in self._after():
                if key not in called and key in {
                    **self._forward_hooks_always_called,
                    **global_forward_hooks_always_called,
                }:
                    hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            raise

    def _run_pre_hooks(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        hooks = [(hook, False) for hook in global_forward_pre_hooks.values()]
        hooks += [(hook, key in self._forward_pre_hooks_with_kwargs) for key, hook in self._forward_pre_hooks.items()]
        for hook, with_kwargs in hooks:
            if with_kwargs:
                replaced = hook(self, args, kwargs)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise RuntimeError(
                            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                        )
                    args, kwargs = replaced
            else:
                replaced = hook(self, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        return args, kwargs

    def _after(self) -> list[tuple]:
        """The forward hooks in the order of calling: (key, hook, does it take kwargs?)."""
        everywhere = [(key, hook, False) for key, hook in global_forward_hooks.items()]
        own = [(key, hook, key in self._forward_hooks_with_kwargs) for key, hook in self._forward_hooks.items()]
        return everywhere + own


_any_global = False  # read by every call of a module


def _register(hooks: OrderedDict, hook: Callable) -> RemovableHandle:
    global _any_global
    _any_global = True
    return RemovableHandle(hooks, hook)


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """`register_forward_pre_hook` for every module."""
    return _register(global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Callable, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """`register_forward_hook` for every module."""
    handle = _register(global_forward_hooks, hook)
    if always_call:
        global_forward_hooks_always_called[handle.id] = True
    return handle


def register_module_backward_hook(hook: Callable) -> RemovableHandle:
    """The deprecated form of `register_module_full_backward_hook`, which it acts like here."""
    return _register(global_backward_hooks, hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """`register_full_backward_hook` for every module."""
    return _register(global_backward_hooks, hook)


def register_module_full_backward_pre_hook(hook: Callable) -> RemovableHandle:
    """`register_full_backward_pre_hook` for every module."""
    return _register(global_backward_pre_hooks, hook)


def register_module_parameter_registration_hook(hook: Callable) -> RemovableHandle:
    """Call hook(module, name, parameter) whenever a parameter is registered; it may return another one."""
    return RemovableHandle(global_parameter_registration_hooks, hook)


def register_module_buffer_registration_hook(hook: Callable) -> RemovableHandle:
    """Call hook(module, name, buffer) whenever a buffer is registered; it may return another one."""
    return RemovableHandle(global_buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Callable) -> RemovableHandle:
    """Call hook(module, name, submodule) whenever a submodule is registered; it may return another one."""
    return RemovableHandle(global_module_registration_hooks, hook)


def run_registration_hooks(hooks: OrderedDict, module: Any, name: str, value: Any) -> Any:
    """What is to be registered after the global hooks have seen it."""
    for hook in hooks.values():
        replaced = hook(module, name, value)
        if replaced is not None:
            value = replaced
    return value
