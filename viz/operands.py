"""The operands of a node of the backward graph: where each comes from, and what the rule's formula calls it."""

from __future__ import annotations

import functools
import inspect
from typing import Any, NamedTuple

from tinytorch.viz.summaries import constant_text

from tinytorch.autograd import saved as saving
from tinytorch.autograd.function import FunctionNode
from tinytorch.tensor import Tensor


class Operand(NamedTuple):
    """One input of an operation."""

    letter: str  # the parameter of the rule's forward
    node: Any  # the node that its gradient goes to; None: it has none
    output_nr: int
    tensor: Any = None  # the tensor itself, where it is known and no node made it
    value: Any = None  # what a recording knows of it
    constant: str | None = None  # a number in its place
    edge: int = 0  # which of the node's edges it is


@functools.cache
def parameters_of(function: Any, skip: int = 1) -> tuple[tuple[str, bool], ...]:
    """(name, stands it for several?) of every parameter of a forward, less its ctx."""
    try:
        found = list(inspect.signature(function).parameters.values())[skip:]
    except (TypeError, ValueError):
        return ()
    return tuple([(each.name, each.kind is each.VAR_POSITIONAL) for each in found if each.kind is not each.VAR_KEYWORD])


def letters(node: Any, count: int) -> list[str]:
    """What the formula of a node's rule calls its inputs."""
    rule = getattr(node, "rule", None)
    if rule is not None:
        return letters_of(rule.forward, count)
    if isinstance(node, FunctionNode):
        function = node.function
        skip = 0 if getattr(function, "_has_setup", False) else 1
        names = letters_of(function.forward, max(node.tensor_positions, default=-1) + 1, skip)
        return [names[position] for position in node.tensor_positions][:count]
    if type(node).__name__ == "CopySlices":
        return ["base", "piece"][:count]
    return [f"x{i + 1}" for i in range(count)] if count > 1 else ["x"]


def letters_of(forward: Any, count: int, skip: int = 1) -> list[str]:
    """The names of the first `count` parameters; x1, x2, ... for those that a starred one stands for."""
    names: list[str] = []
    for name, several in parameters_of(forward, skip):
        if several:
            names += [f"x{i + 1}" for i in range(count - len(names))]
        names.append(name)
    names += [f"x{i + 1}" for i in range(len(names), count)]
    return names[:count]


def of(node: Any, recorded: Any = None) -> list[Operand]:
    """The operands of a node, from what was recorded of the operation or, without that, from what the node holds."""
    edges = node.next_functions
    if recorded is not None:
        positions = node.tensor_positions if isinstance(node, FunctionNode) else range(len(edges))
        found = []
        for i, ((source, output_nr), position) in enumerate(zip(edges, positions)):
            letter, given = recorded.arguments[position]
            if given is None or isinstance(given, str):
                found.append(Operand(letter, source, output_nr, constant=given, edge=i))
            else:
                found.append(Operand(letter, source, output_nr, value=given, edge=i))
        return found
    names = letters(node, len(edges))
    tensors = {name: value for name, value in saved(node, None) if isinstance(value, Tensor)}
    found = []
    for i, (name, (source, output_nr)) in enumerate(zip(names, edges)):
        tensor = tensors.get(name)
        number = None if source is not None or tensor is not None else _number(node, i)
        found.append(Operand(name, source, output_nr, tensor if source is None else None, constant=number, edge=i))
    return found


def _number(node: Any, position: int) -> str | None:
    """The number that an operation was given in the place of a tensor, if it keeps it for its backward."""
    values = getattr(node, "_saved", None) or ()
    rule = getattr(node, "rule", None)
    if rule is None or len(values) != rule.inputs or isinstance(values[position], Tensor):
        return None
    return None if values[position] is None else constant_text(values[position])


def saved(node: Any, found: Any) -> list[tuple[str, Any]]:
    """(name, value) of the tensors and arrays that a node keeps for its backward; nothing once they are freed."""
    values = getattr(node, "_saved", None)
    if not values or node._freed:
        return []
    rule = getattr(node, "rule", None)
    if rule is not None:
        names = [_plain(name) for name in saving.names(node, letters(node, len(node.edges) // 2) or ["x"])]
    else:
        names = _by_identity(node, values)
    kept = []
    for name, value in zip(names, values):
        if isinstance(value, Tensor) or hasattr(value, "dtype"):
            kept.append((name, value))
    return kept


def _plain(name: str) -> str:
    return "result" if name == "_saved_result" else name


def _by_identity(node: Any, values: Any) -> list[str]:
    """Names for what a user's Function saved: those of the inputs whose gradient goes where the tensor's would."""
    names = letters(node, len(node.edges) // 2)
    found: list[str] = []
    for value in values:
        name = f"saved{len(found) + 1}"
        if type(value) is saving.Output:
            name = "result"
        elif isinstance(value, Tensor):
            edge = value._edge()
            for letter, other in zip(names, node.next_functions):
                if edge == other and edge[0] is not None and letter not in found:
                    name = letter
                    break
        found.append(name)
    return found


def source_of_saved(node: Any, value: Any) -> Any:
    """The node that made a saved tensor; None for data, masks and indices."""
    if type(value) is saving.Output:
        return node
    return value._edge()[0] if isinstance(value, Tensor) else None
