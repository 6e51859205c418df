"""Hooks of modules: functions called before and after forward, and when gradients pass.

Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.Module.html
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from tinytorch.autograd.grad_mode import state
from tinytorch.autograd.hooks import RemovableHandle
from tinytorch.nn.backward_hooks import BackwardHook, watch_last_node

_MIXED = (
    "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one of them."
)
_MIXED_EVERYWHERE = (
    "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only one of "
    "them."
)

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
global_forward_hooks_with_kwargs: dict = {}
global_forward_hooks_always_called: dict = {}
global_backward_pre_hooks: OrderedDict = OrderedDict()
global_backward_hooks: OrderedDict = OrderedDict()
global_old_backward_hooks: OrderedDict = OrderedDict()
global_hooks: dict = {}  # all of the above, and one while anybody watches; for one quick look in every call of a module
global_parameter_registration_hooks: OrderedDict = OrderedDict()
global_buffer_registration_hooks: OrderedDict = OrderedDict()
global_module_registration_hooks: OrderedDict = OrderedDict()


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
            raise RuntimeError(_MIXED)
        self._is_full_backward_hook = True
        return RemovableHandle(self._backward_hooks, hook, first=prepend)

    def register_backward_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(module, grad_input, grad_output) with the gradients of the last node of forward. Deprecated."""
        if self._is_full_backward_hook is True:
            raise RuntimeError(_MIXED)
        self._is_full_backward_hook = False
        return RemovableHandle(self._backward_hooks, hook)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_output) before backward passes this module."""
        return RemovableHandle(self._backward_pre_hooks, hook, first=prepend)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """forward, with the hooks before and after it."""
        if (
            self._forward_pre_hooks
            or self._forward_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or global_hooks
        ):
            if state.watcher is not None:
                return state.watcher.call(self, args, kwargs)
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    def _call_with_hooks(self, args: tuple, kwargs: dict) -> Any:
        called: set[int] = set()
        result = None
        try:
            args, kwargs = self._run_pre_hooks(args, kwargs)
            hooks = [*global_backward_hooks.values(), *self._backward_hooks.values()]
            pre_hooks = [*global_backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
            old_hooks = [*global_old_backward_hooks.values()]
            if self._is_full_backward_hook is False:
                old_hooks += self._backward_hooks.values()
                hooks = [*global_backward_hooks.values()]
            backward = BackwardHook(self, hooks, pre_hooks) if hooks or pre_hooks else None
            if backward is not None:
                args = backward.watch_inputs(args)
            result = self.forward(*args, **kwargs)
            for key, hook, with_kwargs, _ in self._after():
                called.add(key)
                replaced = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
                if replaced is not None:
                    result = replaced
            if backward is not None:
                result = backward.watch_outputs(result)
            if old_hooks:
                watch_last_node(self, old_hooks, args, result)
            return result
        except Exception:
            self._call_remaining(called, args, kwargs, result)
            raise

    def _call_remaining(self, called: set[int], args: tuple, kwargs: dict, result: Any) -> None:
        """After an error: the hooks that are always to be called, less those that were; their errors are warnings."""
        for key, hook, with_kwargs, always in self._after():
            if not always or key in called:
                continue
            try:
                replaced = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            except Exception as error:
                everywhere = "global " if key in global_forward_hooks else ""
                warnings.warn(
                    f"{everywhere}module forward hook with ``always_call=True`` raised an exception that was silenced "
                    f"as another error was raised in forward: {error}",
                    stacklevel=4,
                )
            else:
                result = result if replaced is None else replaced

    def _run_pre_hooks(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        hooks = [(hook, False) for hook in global_forward_pre_hooks.values()]
        hooks += [(hook, key in self._forward_pre_hooks_with_kwargs) for key, hook in self._forward_pre_hooks.items()]
        for hook, with_kwargs in hooks:
            if with_kwargs:
                replaced = hook(self, args, kwargs)
                if replaced is not None:
                    if not (isinstance(replaced, tuple) and len(replaced) == 2):
                        raise RuntimeError(
                            "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
                            f"{replaced}."
                        )
                    args, kwargs = replaced
            else:
                replaced = hook(self, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        return args, kwargs

    def _after(self) -> list[tuple]:
        """The forward hooks in the order of calling: (key, hook, does it take kwargs?, is it always called?)."""
        return [
            (key, hook, key in with_kwargs, key in always)
            for hooks, with_kwargs, always in (
                (global_forward_hooks, global_forward_hooks_with_kwargs, global_forward_hooks_always_called),
                (self._forward_hooks, self._forward_hooks_with_kwargs, self._forward_hooks_always_called),
            )
            for key, hook in hooks.items()
        ]


# ---- for all modules -------------------------------------------------------------------------------------------------


def _register(hooks: OrderedDict, hook: Callable, *extras: dict) -> RemovableHandle:
    handle = RemovableHandle(hooks, hook, extra_dict=[global_hooks, *extras])
    global_hooks[handle.id] = hook
    return handle


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """`register_forward_pre_hook` for every module."""
    return _register(global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Callable, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """`register_forward_hook` for every module."""
    extras = global_forward_hooks_with_kwargs, global_forward_hooks_always_called
    handle = _register(global_forward_hooks, hook, *extras)
    for extra, wanted in zip(extras, (with_kwargs, always_call)):
        if wanted:
            extra[handle.id] = True
    return handle


def register_module_backward_hook(hook: Callable) -> RemovableHandle:
    """`register_backward_hook`, deprecated, for every module."""
    if global_backward_hooks:
        raise RuntimeError(_MIXED_EVERYWHERE)
    return _register(global_old_backward_hooks, hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """`register_full_backward_hook` for every module."""
    if global_old_backward_hooks:
        raise RuntimeError(_MIXED_EVERYWHERE)
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
