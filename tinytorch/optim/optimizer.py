"""Optimizer: parameter groups, state, hooks and checkpoints. The update rules are in the files beside this one.

Source: https://docs.pytorch.org/docs/2.13/optim.html#torch.optim.Optimizer
"""

from __future__ import annotations

import copy
import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinytorch.autograd.grad_mode import enable_grad
from tinytorch.autograd.hooks import RemovableHandle
from tinytorch.device import use
from tinytorch.functions.legacy import typename
from tinytorch.tensor import Tensor, wrap


class _Required:
    """Stands for an option that has no default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()

_global_pre_hooks: OrderedDict = OrderedDict()
_global_post_hooks: OrderedDict = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable) -> RemovableHandle:
    """Call hook(optimizer, args, kwargs) before every step of every optimizer."""
    return RemovableHandle(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable) -> RemovableHandle:
    """Call hook(optimizer, args, kwargs) after every step of every optimizer."""
    return RemovableHandle(_global_post_hooks, hook)


class Optimizer:
    """Base of the optimizers: `params` are tensors, (name, tensor) pairs, or dictionaries with options for a group.

    A subclass writes `step`, usually as a loop over `param_groups`.
    """

    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self._step_pre_hooks: OrderedDict = OrderedDict()
        self._step_post_hooks: OrderedDict = OrderedDict()
        self._state_dict_pre_hooks: OrderedDict = OrderedDict()
        self._state_dict_post_hooks: OrderedDict = OrderedDict()
        self._load_pre_hooks: OrderedDict = OrderedDict()
        self._load_post_hooks: OrderedDict = OrderedDict()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{typename(params)}"
            )
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError(
                "optimizer got an empty parameter list\n\n"
                "Layers kept in a plain Python list (self.layers = [...]) are not found by parameters(): use "
                "nn.ModuleList."
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with options of their own, to be optimized from now on."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in "
                "sets will change between runs. Please use a list instead."
            )
        params, names = _without_names(list(params))
        if self.param_groups and ("param_names" in self.param_groups[0]) != (names is not None):
            how = "without" if names is None else "with"
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{how} names to the optimizer"
            )
        if names is not None:
            param_group["param_names"] = names
        param_group["params"] = params
        for parameter in params:
            if not isinstance(parameter, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {typename(parameter)}")
            if not self.defaults.get("differentiable") and not (parameter.is_leaf or parameter._retains_grad):
                raise ValueError(
                    "can't optimize a non-leaf Tensor\n\n"
                    "The optimizer changes leaves, which no operation made: torch.randn(3, requires_grad=True) * 0.1 "
                    "is the result of one. Write (torch.randn(3) * 0.1).requires_grad_()."
                )
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len({id(p) for p in params}) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        known = {id(p) for group in self.param_groups for p in group["params"]}
        if not known.isdisjoint(id(p) for p in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or set them to 0).

        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.SGD([w], lr=0.1)
        >>> w.sum().backward()
        >>> optimizer.zero_grad()
        >>> print(w.grad)
        None
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter._grad
                if gradient is None:
                    continue
                if set_to_none:
                    parameter._grad = None
                elif gradient._node is not None:
                    gradient.detach_().zero_()
                else:
                    gradient.requires_grad_(False).zero_()

    def step(self, closure: Callable | None = None) -> Any:
        """Change the parameters by their gradients; `closure` computes the loss anew and is called first."""
        raise NotImplementedError

    # ---- state -----------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """State and groups for a checkpoint, with parameters numbered in order."""
        for hook in list(self._state_dict_pre_hooks.values()):
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {name: value for name, value in group.items() if name != "params"}
            for parameter in group["params"]:
                numbers.setdefault(id(parameter), len(numbers))
            packed["params"] = [numbers[id(parameter)] for parameter in group["params"]]
            groups.append(packed)
        state = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        result: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in list(self._state_dict_post_hooks.values()):
            replaced = hook(self, result)
            if replaced is not None:
                result = replaced
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take back what state_dict gave; the parameters are matched in order."""
        state_dict = state_dict.copy()
        for hook in list(self._load_pre_hooks.values()):
            replaced = hook(self, state_dict)
            if replaced is not None:
                state_dict = replaced
        saved = copy.deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(old["params"]) != len(new["params"]) for old, new in zip(self.param_groups, saved)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        parameters = {
            number: parameter
            for old, new in zip(self.param_groups, saved)
            for number, parameter in zip(new["params"], old["params"])
        }
        self.state = defaultdict(dict)
        for key, value in state_dict["state"].items():
            parameter = parameters.get(key)
            self.state[key if parameter is None else parameter] = _cast(value, parameter)
        for old, new in zip(self.param_groups, saved):
            new["params"] = old["params"]
            if "param_names" in old:
                new.setdefault("param_names", old["param_names"])
        self.__setstate__({"param_groups": saved})
        for hook in list(self._load_post_hooks.values()):
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name in ("_step_pre_hooks", "_step_post_hooks", "_state_dict_pre_hooks", "_state_dict_post_hooks",
                     "_load_pre_hooks", "_load_post_hooks"):  # fmt: skip
            self.__dict__.setdefault(name, OrderedDict())

    # ---- hooks -----------------------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) before step; it may return other (args, kwargs)."""
        return RemovableHandle(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) after step."""
        return RemovableHandle(self._step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer) before state_dict."""
        return RemovableHandle(self._state_dict_pre_hooks, hook, first=prepend)

    def register_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer, state_dict) after state_dict; it may return another."""
        return RemovableHandle(self._state_dict_post_hooks, hook, first=prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer, state_dict) before load_state_dict; it may return another."""
        return RemovableHandle(self._load_pre_hooks, hook, first=prepend)

    def register_load_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(optimizer) after load_state_dict."""
        return RemovableHandle(self._load_post_hooks, hook, first=prepend)

    def __repr__(self) -> str:
        groups = []
        for i, group in enumerate(self.param_groups):
            options = [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
            groups.append("\n".join([f"Parameter Group {i}", *options]) + "\n")
        return f"{type(self).__name__} (\n" + "\n".join(groups) + ")"


def _with_hooks(step: Callable) -> Callable:
    """`step` between its hooks, with recording off."""

    @functools.wraps(step)
    def wrapped(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if not (self._step_pre_hooks or self._step_post_hooks or _global_pre_hooks or _global_post_hooks):
            return step(self, *args, **kwargs)
        given: tuple = (self, *args)  # what hooks are shown, and may replace, begins with the optimizer
        for hook in (*_global_pre_hooks.values(), *self._step_pre_hooks.values()):
            replaced = hook(self, given, kwargs)
            if replaced is not None:
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                    )
                given, kwargs = replaced
        result = step(*given, **kwargs)
        for hook in (*self._step_post_hooks.values(), *_global_post_hooks.values()):
            hook(self, given, kwargs)
        return result

    return wrapped


def _cast(value: Any, parameter: Tensor | None, key: str | None = None) -> Any:
    """Loaded state in its parameter's dtype and on its device; step counts stay as they are. What fits is shared."""
    if isinstance(value, Tensor):
        if key == "step" or parameter is None:
            return value
        return value.to(parameter.device, parameter.dtype if parameter.is_floating_point() else value.dtype)
    if isinstance(value, dict):
        return {k: _cast(v, parameter, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(v, parameter) for v in value)
    return value


def _without_names(params: list) -> tuple[list, list | None]:
    """Parameters and their names, of (name, parameter) pairs; None for names where there are none."""
    named = [isinstance(p, tuple) for p in params]
    if not any(named):
        return params, None
    if not all(named):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return [pair[1] for pair in params], [pair[0] for pair in params]


# ---- for the update rules --------------------------------------------------------------------------------------------


def check_tensor_lr(lr: Any) -> None:
    """A learning rate that is a tensor has one element."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")


def check_ways(foreach: Any, fused: Any, differentiable: bool) -> None:
    """Of PyTorch's ways to compute a step some exclude each other. All compute the same; here there is one."""
    if fused:
        if differentiable:
            raise RuntimeError("`fused` does not support `differentiable`")
        if foreach:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def refuse_recording(parameter: Tensor) -> None:
    """A step with differentiable=True would be recorded: PyTorch's error for a leaf, ours for the rest."""
    if parameter.is_leaf and parameter.requires_grad:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    raise NotImplementedError("tinytorch's optimizers do not record their steps: use differentiable=False")


def run_closure(closure: Callable | None) -> Any:
    """The loss that a closure computes, recorded; None without one."""
    if closure is None:
        return None
    with enable_grad():
        return closure()


def zeros_like(parameter: Tensor) -> Tensor:
    """State that starts at 0, in the parameter's shape, dtype and layout."""
    with use(parameter.device):
        return wrap(np.zeros_like(parameter._array))
