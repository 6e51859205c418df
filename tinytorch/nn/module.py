"""Module: the base of layers and networks. It collects the parameters, buffers and submodules assigned to it."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from tinytorch.functions.legacy import typename
from tinytorch.nn.conversion import Conversion
from tinytorch.nn.hooks import (
    HOOKS,
    Hooks,
    global_buffer_registration_hooks,
    global_module_registration_hooks,
    global_parameter_registration_hooks,
    run_registration_hooks,
)
from tinytorch.nn.hooks import register_module_backward_hook as register_module_backward_hook
from tinytorch.nn.hooks import register_module_buffer_registration_hook as register_module_buffer_registration_hook
from tinytorch.nn.hooks import register_module_forward_hook as register_module_forward_hook
from tinytorch.nn.hooks import register_module_forward_pre_hook as register_module_forward_pre_hook
from tinytorch.nn.hooks import register_module_full_backward_hook as register_module_full_backward_hook
from tinytorch.nn.hooks import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from tinytorch.nn.hooks import register_module_module_registration_hook as register_module_module_registration_hook
from tinytorch.nn.hooks import (
    register_module_parameter_registration_hook as register_module_parameter_registration_hook,
)
from tinytorch.nn.parameter import Buffer, Parameter
from tinytorch.nn.state_dict import StateDict
from tinytorch.tensor import Tensor


class Module(Hooks, StateDict, Conversion):
    """Base class of layers and networks: assign parts in __init__, compute in forward.

    Tensors of class Parameter and other Modules are registered when they are assigned as attributes, so `parameters()`,
    `to()`, `state_dict()` and printing find them.

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.Module.html

    >>> class Net(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = torch.nn.Linear(2, 3)
    ...     def forward(self, x):
    ...         return self.hidden(x).clamp(min=0)
    >>> Net()
    Net(
      (hidden): Linear(in_features=2, out_features=3, bias=True)
    )
    """

    training: bool
    dump_patches = False
    call_super_init = False

    def __init__(self, *args: Any, **kwargs: Any):
        if not self.call_super_init and (args or kwargs):
            name = type(self).__name__
            if kwargs:
                raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'")
            given = len(args) + 1
            raise TypeError(f"{name}.__init__() takes 1 positional argument but {given} were given")
        attributes = self.__dict__  # past __setattr__, which needs what is made here
        attributes["training"] = True
        attributes["_parameters"] = {}
        attributes["_buffers"] = {}
        attributes["_non_persistent_buffers_set"] = set()
        attributes["_modules"] = {}
        attributes["_is_full_backward_hook"] = None
        for name in HOOKS:
            attributes[name] = OrderedDict()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; for subclasses to write. Call the module itself: that runs the hooks too."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # ---- registration ----------------------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or None as the place of one that is left out."""
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, self._parameters)
        if param is not None and (not isinstance(param, Parameter) or param.grad_fn is not None):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        if param is not None:
            param = run_registration_hooks(global_parameter_registration_hooks, self, name, param)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is part of the state but not learned; `persistent`: is it in state_dict?"""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = run_registration_hooks(global_buffer_registration_hooks, self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under a name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = run_registration_hooks(global_module_registration_hooks, self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as `add_module`."""
        self.add_module(name, module)

    def _check_name(self, kind: str, name: Any, place: dict) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in place:
            raise KeyError(f"attribute '{name}' already exists")

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        parameters = attributes.get("_parameters")
        if parameters is None:  # before Module.__init__: only what need not be registered
            kind = _kind(value)
            if kind is not None:
                raise AttributeError(
                    f"cannot assign {kind} before Module.__init__() call\n\nBegin __init__ with super().__init__(): it "
                    f"makes the places where {kind}s are kept."
                )
            object.__setattr__(self, name, value)
            return
        buffers, modules = attributes["_buffers"], attributes["_modules"]
        if isinstance(value, Parameter):
            self._forget(name, attributes, buffers, modules, self._non_persistent_buffers_set)
            self.register_parameter(name, value)
        elif name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{typename(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            self._forget(name, attributes, parameters, buffers, self._non_persistent_buffers_set)
            modules[name] = run_registration_hooks(global_module_registration_hooks, self, name, value)
        elif name in modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{typename(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            modules[name] = run_registration_hooks(global_module_registration_hooks, self, name, value)
        elif isinstance(value, Buffer):
            self._forget(name, parameters, modules)
            self.register_buffer(name, value, value.persistent)
        elif name in buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{typename(value)}' as buffer '{name}' (torch.nn.Buffer, torch.Tensor or None "
                    "expected)"
                )
            buffers[name] = run_registration_hooks(global_buffer_registration_hooks, self, name, value)
        else:
            object.__setattr__(self, name, value)

    @staticmethod
    def _forget(name: str, *places: Any) -> None:
        """Take a name out of the places where something else was registered under it."""
        for place in places:
            if isinstance(place, dict):
                place.pop(name, None)
            else:
                place.discard(name)

    def __getattr__(self, name: str) -> Any:
        # Parameters come first and without a detour: every call of a layer asks for its weight in this way.
        attributes = self.__dict__
        if "_parameters" in attributes:
            found = attributes["_parameters"]
            if name in found:
                return found[name]
            for place in ("_buffers", "_modules"):
                if name in attributes[place]:
                    return attributes[place][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for place in (self._parameters, self._buffers, self._modules):
            if name in place:
                del place[name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = [*super().__dir__(), *self._parameters, *self._buffers, *self._modules]
        return sorted(name for name in set(names) if not name[0].isdigit())

    # ---- traversal -------------------------------------------------------------------------------------------------

    def named_modules(self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True) -> Iterator:
        """All modules, this one first, with their dotted names; a shared one once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """All modules, this one first."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct submodules with their names; a shared one once."""
        memo = set()
        for name, module in self._modules.items():
            if module is not None and module not in memo:
                memo.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The direct submodules."""
        for _, module in self.named_children():
            yield module

    def _named_members(
        self, get: Callable, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator:
        memo = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for module_prefix, module in modules:
            for name, member in get(module):
                if member is None or id(member) in memo:
                    continue
                if remove_duplicate:
                    memo.add(id(member))
                yield f"{module_prefix}.{name}" if module_prefix else name, member

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator:
        """All parameters with their dotted names; a shared one once.

        >>> [name for name, _ in torch.nn.Linear(2, 1).named_parameters()]
        ['weight', 'bias']
        """
        return self._named_members(lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, for an optimizer."""
        found: dict[int, Parameter] = {}  # by identity; without names, which take time to make
        for module in _with_submodules(self, {}) if recurse else (self,):
            for parameter in module._parameters.values():
                if parameter is not None:
                    found[id(parameter)] = parameter
        yield from found.values()

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator:
        """All buffers with their dotted names."""
        return self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """The module under a dotted name; AttributeError where there is none."""
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put `module` in the place of the one under a dotted name."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{type(parent).__name__} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter under a dotted name."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        found = getattr(module, name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer under a dotted name."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return module._buffers[name]

    # ---- changing all of it ----------------------------------------------------------------------------------------

    def apply(self, fn: Callable[[Module], None]) -> Module:
        """Call fn on every submodule, children first, then on this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Put this module and all below it into training mode (dropout drops, batch norm uses the batch)."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Module:
        """Put this module and all below it into evaluation mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Set requires_grad of all parameters: False freezes the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or set them to 0)."""
        for parameter in self.parameters():
            gradient = parameter._grad
            if gradient is None:
                continue
            if set_to_none:
                parameter._grad = None
            elif gradient._node is not None:
                gradient.detach_().zero_()
            else:
                gradient.requires_grad_(False).zero_()

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Accepted for PyTorch's sake: there is no compiler here, forward runs as it is."""
        warnings.warn("tinytorch has no compiler: Module.compile does nothing", stacklevel=2)

    # ---- printing, pickling ----------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What is printed between the parentheses; for subclasses to write."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        body = "\n  ".join(lines + children)
        return f"{self._get_name()}(\n  {body}\n)"

    def __setstate__(self, state: dict) -> None:
        attributes = self.__dict__
        attributes.update(state)
        for name in HOOKS:  # pickles of older versions lack some
            attributes.setdefault(name, OrderedDict())
        attributes.setdefault("_is_full_backward_hook", None)
        attributes.setdefault("_non_persistent_buffers_set", set())


def _indented(text: str) -> str:
    """All lines but the first moved in by two spaces."""
    return text.replace("\n", "\n  ")


def _kind(value: Any) -> str | None:
    """What a value would be registered as, as PyTorch's error calls it; None for a plain attribute."""
    if isinstance(value, Parameter):
        return "parameters"
    if isinstance(value, Module):
        return "module"
    return "buffer" if isinstance(value, Buffer) else None


def _with_submodules(module: Module, found: dict[Module, None]) -> dict[Module, None]:
    """The module and all modules below it, each once, in the order of `Module.modules`."""
    found[module] = None
    for child in module._modules.values():
        if child is not None and child not in found:
            _with_submodules(child, found)
    return found
