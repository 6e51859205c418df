"""What is known of operations that were recorded and of their tensors: plain data, and where it is kept.

Nothing here keeps a tensor or a graph alive. An operation with a node is known as long as its node lives.
"""

from __future__ import annotations

import weakref
from typing import Any

from tinytorch.viz.graph import Place, Summary
from tinytorch.viz.modules import Call

CHAIN = 500  # so many operations behind one another are known of what no gradient goes through


class Value:
    """What a tensor was at one moment: written to, it becomes another value."""

    __slots__ = ("_maker", "is_leaf", "name", "needs_grad", "output_nr", "path", "sought", "summary")

    def __init__(self, summary: Summary, needs_grad: bool, is_leaf: bool, maker: Any, output_nr: int):
        self.summary, self.needs_grad, self.is_leaf = summary, needs_grad, is_leaf
        self._maker, self.output_nr = maker, output_nr
        self.name: str | None = None  # the variable that holds it
        self.path: tuple[str, str] | None = None  # of a parameter: the network, and its name there
        self.sought: Any = None  # the home of the operation for which its name was last looked for

    @property
    def maker(self) -> Operation | None:
        """The operation that it came out of; None where that is not known, or was part of a graph that is gone."""
        return self._maker() if isinstance(self._maker, weakref.ref) else self._maker


class Kept:
    """A tensor that an operation saved for its backward."""

    __slots__ = ("letter", "summary", "value")

    def __init__(self, letter: str, summary: Summary, value: Value | None):
        self.letter, self.summary, self.value = letter, summary, value


class Operation:
    """One operation that ran."""

    __slots__ = (
        "__weakref__",
        "arguments",
        "call",
        "during",
        "grad_enabled",
        "home",
        "is_cut",
        "label",
        "length",
        "outputs",
        "rule",
        "saved",
        "where",
        "written",
    )

    label: str
    rule: Any  # the rule, or the user's Function
    arguments: list[tuple[str, Any]]  # (letter, Value or the text of a constant)
    outputs: tuple[Value, ...]
    where: Place | None
    call: Call | None
    home: tuple[int, Any] | None  # the function that called it: how deep in the program's calls, and its code
    grad_enabled: bool
    is_cut: bool  # no gradient passes, though one of its operands leads to something that wants one
    length: int  # without a node: how many such operations lie behind one another up to here
    saved: list[Kept]
    written: int  # the version that the tensor had when it was written into it; 0: not in place
    during: str  # of an operation of a recorded backward: the operation whose backward it is part of


class _Identities:
    """Values by tensor, as long as the tensor lives and has not been written to."""

    def __init__(self) -> None:
        self.entries: dict[int, tuple[Any, int, Value]] = {}

    def get(self, tensor: Any) -> Value | None:
        entry = self.entries.get(id(tensor))
        if entry is None or entry[0]() is not tensor or entry[1] != _version(tensor):
            return None
        return entry[2]

    def before(self, tensor: Any) -> Value | None:
        """The last known value, though the tensor may have been written to since."""
        entry = self.entries.get(id(tensor))
        return entry[2] if entry is not None and entry[0]() is tensor else None

    def set(self, tensor: Any, value: Value) -> None:
        key = id(tensor)
        entries = self.entries

        def forget(reference: Any) -> None:
            entry = entries.get(key)
            if entry is not None and entry[0] is reference:
                del entries[key]

        entries[key] = (weakref.ref(tensor, forget), _version(tensor), value)


def alone(given: Any) -> Any:
    """An argument without what it was made by."""
    if not isinstance(given, Value):
        return given
    copy = Value(given.summary, given.needs_grad, given.is_leaf, None, 0)
    copy.name, copy.path = given.name, given.path
    return copy


def _version(tensor: Any) -> int:
    return 0 if tensor._counter is None else tensor._counter.value


OPERATIONS: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # Operation by node
WALKS: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # the last walk of the engine that came to a node
VALUES = _Identities()
