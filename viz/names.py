"""The user's names for tensors and modules, looked up in the variables of the frames that called tinytorch.

Several names may fit one tensor. The first of these is taken: `params`; the qualified name in a module that a frame
holds; a variable, frame by frame from the innermost outwards, in the order of definition; an attribute or an element
of a container that a variable holds. Names that begin with an underscore are not the user's for this purpose.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType, FunctionType, ModuleType
from typing import Any

from tinytorch.errors import PACKAGE
from tinytorch.nn import Module
from tinytorch.tensor import Tensor

OWN = (PACKAGE, os.path.dirname(__file__) + os.sep)  # the files of tinytorch itself
FRAMES = 30  # so many frames outwards are looked into
LONG = 256  # of longer containers only so many elements
LIBRARIES = sys.stdlib_module_names | {"tinytorch", "torch", "numpy", "builtins"}


def user_frames(frame: FrameType | None = None) -> list[FrameType]:
    """The frames of the user's program, innermost first, up to the script itself."""
    found: list[FrameType] = []
    each = sys._getframe(1) if frame is None else frame
    while each is not None and len(found) < FRAMES:
        if not each.f_code.co_filename.startswith(OWN):
            found.append(each)
            if each.f_code.co_name == "<module>":
                break
        each = each.f_back  # type: ignore[assignment]
    return found


def is_name(name: str) -> bool:
    """Is this a variable of the user's? Tools make others: `_`, `@py_assert1`, `.0`."""
    return name[:1] != "_" and name.isidentifier()


def locals_of(frame: FrameType) -> dict[str, Any]:
    """The variables of a frame.

    Before Python 3.13 a function's frame keeps the dictionary that it makes for this, which would keep tensors alive
    that the function has let go of.
    """
    found = frame.f_locals
    if not frame.f_code.co_flags & inspect.CO_OPTIMIZED or sys.version_info >= (3, 13):
        return found
    copy = dict(found)
    found.clear()
    return copy


def variables(frames: Iterable[FrameType]) -> Iterator[tuple[str, Any]]:
    """(name, value) of all variables of the frames: their own, frame by frame, then those of their modules."""
    seen: set[int] = set()
    scopes = []
    for frame in frames:
        own = locals_of(frame)
        scopes.append(own)
        if frame.f_globals is own:
            seen.add(id(own))
    for frame in frames:
        if id(frame.f_globals) not in seen:
            seen.add(id(frame.f_globals))
            scopes.append(frame.f_globals)
    for scope in scopes:
        for name, value in list(scope.items()):
            if is_name(name):
                yield name, value


def name_in(tensor: Any, frame: FrameType, inside: bool = True) -> str | None:
    """The variable of a frame that holds a tensor: a plain one, or (`inside`) a part of what a plain one holds."""
    scopes = [locals_of(frame)]
    if frame.f_globals is not scopes[0]:
        scopes.append(frame.f_globals)
    for scope in scopes:
        for name, value in scope.items():
            if value is tensor and is_name(name):
                return name
    if not inside:
        return None
    own = list(scopes[0].items())[:LONG]
    for name, part in _inside([(name, value) for name, value in own if is_name(name)], 1):
        if part is tensor:
            return name
    return None


class Names:
    """Names for tensors, known by identity, for results of nodes, known by node, and for modules."""

    def __init__(self, params: Any = None, frames: Iterable[FrameType] = ()):
        self.of_tensors: dict[int, str] = {}
        self.of_outputs: dict[tuple[int, int], str] = {}  # by the node's priority and the output's number
        self.modules: dict[str, Any] = {}  # by qualified name
        self.of_modules: dict[int, str] = {}
        self.given: dict[int, str] = {}  # by params=
        self._kept: list = []  # identities stay true as long as the objects live
        for name, tensor in _pairs(params):
            self._add(name, tensor)
        self.given = dict(self.of_tensors)
        held = list(variables(list(frames)))
        inside = list(_inside(held))
        self._add_modules(held, inside)
        for name, value in held + inside:
            if isinstance(value, Tensor):
                self._add(name, value)

    def tensor(self, tensor: Any) -> str | None:
        """The name of a tensor."""
        return self.of_tensors.get(id(tensor))

    def output(self, node: Any, output_nr: int) -> str | None:
        """The name of what a node made."""
        return self.of_outputs.get((node.priority, output_nr))

    def _add(self, name: str, tensor: Any) -> None:
        if not isinstance(tensor, Tensor) or id(tensor) in self.of_tensors:
            return
        self.of_tensors[id(tensor)] = name
        self._kept.append(tensor)
        node = tensor._node
        if node is not None:
            try:
                node = tensor.grad_fn
            except RuntimeError:  # a view whose base was written to in a way that autograd cannot follow
                return
            self.of_outputs.setdefault((node.priority, tensor._output_nr), name)  # type: ignore[union-attr]

    def _add_modules(self, held: list, inside: list) -> None:
        """Name the modules and their parameters: without a prefix where there is one network, else after each."""
        found: dict[int, tuple[str, Any, bool]] = {}
        for entries, plain in ((held, True), (inside, False)):
            for name, value in entries:
                if isinstance(value, Module) and "_modules" in value.__dict__ and id(value) not in found:
                    found[id(value)] = (name, value, plain)
        parts = {id(part) for _, module, _ in found.values() for part in module.modules() if part is not module}
        roots = [entry for key, entry in found.items() if key not in parts and any(True for _ in entry[1].parameters())]
        alone = len(roots) == 1 and roots[0][2]
        for name, module, _ in roots:
            start = "" if alone else name
            for path, part in module.named_modules(prefix=start):
                if path or alone:
                    self.modules.setdefault(path, part)
                self.of_modules.setdefault(id(part), path or name)
            for path, parameter in module.named_parameters(prefix=start):
                self._add(path, parameter)
            for path, buffer in module.named_buffers(prefix=start):
                self._add(path, buffer)
            self._kept.append(module)


def _pairs(params: Any) -> Iterable[tuple[str, Any]]:
    """params= as pairs: a mapping, a module, or pairs such as named_parameters() gives."""
    if params is None:
        return ()
    if isinstance(params, Module):
        return params.named_parameters()
    pairs = params.items() if isinstance(params, Mapping) else params
    try:
        return [(str(name), tensor) for name, tensor in pairs]
    except (TypeError, ValueError):
        raise TypeError(
            f"params has to be a dict of names and tensors, named_parameters() or a module, not {params!r:.60}"
        ) from None


def _inside(held: Iterable[tuple[str, Any]], levels: int = 2) -> Iterator[tuple[str, Any]]:
    """What the containers and objects among some variables hold, and what these hold."""
    level = list(held)
    seen: set[int] = set()
    for _ in range(levels):
        following = []
        for name, value in level:
            if id(value) not in seen:
                seen.add(id(value))
                following += list(_parts(name, value))
        yield from following
        level = following


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What one container or object holds, under the expression that a program would write for it."""
    kind = type(value)
    if isinstance(value, dict):
        for key, part in list(value.items())[:LONG]:
            if type(key) in (str, int):
                yield f"{name}[{key!r}]", part
    elif kind is list or kind is tuple:
        for i, part in enumerate(value[:LONG]):
            yield f"{name}[{i}]", part
    elif isinstance(value, (Tensor, type, ModuleType, FunctionType)):
        return
    elif isinstance(value, Module) or kind.__module__.partition(".")[0] not in LIBRARIES:
        for key, part in list(getattr(value, "__dict__", {}).items())[:LONG]:
            if key[:1] != "_":
                yield f"{name}.{key}", part
