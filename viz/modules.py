"""Which module an operation ran in: the calls of modules that are on, and under which names the user has them."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable
from types import FrameType
from typing import Any

from tinytorch.viz.graph import Group
from tinytorch.viz.names import Names, variables

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


def infer(boxes: list, names: Names, groups: Groups) -> None:
    """Frames for a graph that was not recorded: what parameters an operation uses says which module it ran in.

    Operations between those of a module (activations and the like) are taken to be the module's too, unless two modules
    of one depth overlap, as they do where parameters are shared.
    """
    operations = [box for box in boxes if box.shown.kind == "op"]
    own: list[str] = []  # for every operation the module whose parameters it uses
    for box in operations:
        found = [_module_of(source.box, names) for source in box.sources if source.box is not None]
        own.append(max([path for path in found if path is not None], key=len, default=""))
    levels: dict[int, dict[str, list[int]]] = {}  # depth -> module -> where its operations begin and end
    for at, path in enumerate(own):
        while path:
            if path in names.modules:
                levels.setdefault(path.count("."), {}).setdefault(path, [at, at])[1] = at
            path = path.rpartition(".")[0]
    chosen = list(own)
    for _, ranges in sorted(levels.items()):
        ends = sorted(ranges.values())
        if all(end < begin for (_, end), (begin, _) in itertools.pairwise(ends)):
            for path, (begin, end) in ranges.items():
                for at in range(begin, end + 1):
                    if not own[at].startswith(f"{path}."):
                        chosen[at] = path
    calls: dict[str, Call | None] = {"": None}
    users: dict[int, list[str | None]] = {}
    for box, path in zip(operations, chosen):
        box.shown.group = groups.of(_call_of(path, names, calls))
        for source in box.sources:
            if source.box is not None and _module_of(source.box, names) is not None:
                users.setdefault(id(source.box), []).append(box.shown.group)
    for box in boxes:
        if id(box) in users:
            box.shown.group = groups.around(users[id(box)])


def _module_of(box: Any, names: Names) -> str | None:
    """The module that a leaf is a parameter of."""
    if box.shown.kind != "leaf" or box.shown.name is None:
        return None
    path = box.shown.name.rpartition(".")[0]
    return path if path in names.modules else None


def _call_of(path: str, names: Names, calls: dict[str, Call | None]) -> Call | None:
    """A call for a module and, around it, for those it is a part of."""
    missing = []
    while path not in calls:
        missing.append(path)
        path = path.rpartition(".")[0]
    for each in reversed(missing):
        parent = calls[each.rpartition(".")[0]]
        module = names.modules.get(each)
        calls[each] = parent if module is None else Call("", each, label_of_module(module), parent)
    return calls[missing[0] if missing else path]
