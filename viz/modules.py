"""Which module an operation ran in: the calls of modules that are on, and under which names the user has them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from types import FrameType
from typing import Any

from tinytorch.viz.graph import Group
from tinytorch.viz.names import variables

from tinytorch.nn import Module


class Call:
    """One call of a module, inside that of another one or of none."""

    __slots__ = ("label", "parent", "path", "root")

    def __init__(self, root: str, path: str, label: str, parent: Call | None):
        self.root = root  # the variable that holds the whole network
        self.path = path  # the module's name in it; "" for the network itself
        self.label = label
        self.parent = parent


class Known:
    """What is known of modules and their parameters: where in which network they are."""

    def __init__(self) -> None:
        self.places: dict[int, tuple[Any, str, str]] = {}  # a module's id: (weak reference, root, path)
        self.parameters: dict[int, tuple[Any, str, str]] = {}

    def enter(self, module: Module, frames: list[FrameType]) -> tuple[str, str]:
        """(root, path) of a module that was called; looked up in the variables when it is not known yet."""
        found = self.places.get(id(module))
        if found is None or found[0]() is not module:
            name, root = _holder(module, variables(frames))
            for path, part in root.named_modules():
                self.places[id(part)] = (weakref.ref(part), name, path)
            for path, parameter in [*root.named_parameters(), *root.named_buffers()]:
                self.parameters[id(parameter)] = (weakref.ref(parameter), name, path)
            found = self.places[id(module)]
        return found[1], found[2]

    def parameter(self, tensor: Any) -> tuple[str, str] | None:
        """(root, path) of a parameter or buffer of a module that was called."""
        found = self.parameters.get(id(tensor))
        return found[1:] if found is not None and found[0]() is tensor else None


def _holder(module: Module, held: Iterable[tuple[str, Any]]) -> tuple[str, Module]:
    """(variable, network): the largest network among the variables that `module` is a part of; itself, if none is."""
    best, name, size = module, "", -1
    for variable, value in held:
        if isinstance(value, Module) and "_modules" in value.__dict__:
            parts = list(value.modules())
            if len(parts) > size and any(part is module for part in parts):
                best, name, size = value, variable, len(parts)
    return name or type(module).__name__, best


def label_of_module(module: Module) -> str:
    """How a module prints, in one line: without its children."""
    name = type(module).__name__
    if any(True for _ in module.children()):
        return name
    try:
        text = repr(module)
    except Exception:  # a user's __repr__ or extra_repr: no reason to stop the program
        return name
    return name if "\n" in text or len(text) > 200 else text


class Groups:
    """The frames of a drawing: one for every call of a module."""

    def __init__(self) -> None:
        self.found: list[Group] = []
        self._ids: dict[Call, str] = {}
        self.prefixed = False  # are there several networks, so that names begin with the network's?

    def of(self, call: Call | None) -> str | None:
        """The id of the frame of a call; those around it come first."""
        inner: list[Call] = []
        while call is not None and call not in self._ids:
            inner.append(call)
            call = call.parent
        parent = None if call is None else self._ids[call]
        for each in reversed(inner):
            key = f"g{len(self.found)}"
            self.found.append(Group(key, self.qualified(each.root, each.path), each.label, parent))
            self._ids[each] = parent = key
        return parent

    def around(self, frames: list[str | None]) -> str | None:
        """The id of the innermost frame that holds all of these."""
        common: list[str] | None = None
        for frame in dict.fromkeys(frames):
            path = []
            while frame is not None:
                path.append(frame)
                frame = self.found[int(frame[1:])].parent
            path.reverse()
            common = path if common is None else [a for a, b in zip(common, path) if a == b]
        return common[-1] if common else None

    def qualified(self, root: str, path: str) -> str:
        """The name of a module or a parameter."""
        if not path:
            return root
        return f"{root}.{path}" if self.prefixed else path
