"""Names for all boxes of a graph: the user's where there are any, each once, and short ones for the others."""

from __future__ import annotations

from typing import Any

from tinytorch.viz.modules import Groups
from tinytorch.viz.names import Names

OWN = {"bool": "mask", "int64": "places"}  # what operations keep that is neither an operand nor a result


def give_names(boxes: list, names: Names, groups: Groups) -> None:
    """Set the name of every box.

    Where the program uses a variable again, its name belongs to the tensor that came last; the earlier ones are called
    out_1, out_2 and so on. What has no name is called t1, t2, ...
    """
    paths = [box.value.path for box in boxes if box.value is not None and box.value.path is not None]
    calls = [box.recorded.call for box in boxes if box.recorded is not None and box.recorded.call is not None]
    networks = {root for root, _ in paths} or {call.root for call in calls if call.path}
    groups.prefixed = len(networks) > 1
    for box in boxes:
        box.shown.name = _of_user(box, names, groups)
    taken = {box.shown.name for box in boxes}
    _part_namesakes(boxes, names, taken)
    counts: dict[str, int] = {}
    for box in boxes:
        start = {"leaf": "leaf", "data": "data"}.get(box.shown.kind, "t")
        while box.shown.name is None:
            counts[start] = counts.get(start, 0) + 1
            name = f"{start}{counts[start]}"
            if name not in taken:
                box.shown.name = name


def _of_user(box: Any, names: Names, groups: Groups) -> str | None:
    """What the user calls what a box stands for."""
    value = box.value
    if value is None and box.recorded is not None and box.recorded.outputs:
        value = box.recorded.outputs[0]
    if box.given is not None and id(box.given) in names.given:
        return names.given[id(box.given)]
    if value is not None:
        if value.path is not None:
            return groups.qualified(*value.path)
        if value.name is not None:
            return value.name
    if box.given is not None:
        return names.tensor(box.given)
    return None if box.node is None else names.output(box.node, 0)


def _part_namesakes(boxes: list, names: Names, taken: set) -> None:
    """Give every name to one result only."""
    namesakes: dict[str, list] = {}
    for box in boxes:
        for nr in range(max(1, len(box.shown.outputs))):
            name = _of_other(box, nr, names) if nr else box.shown.name
            if name is not None:
                namesakes.setdefault(name, []).append((box, nr))
    for name, several in namesakes.items():
        number = 0
        for box, nr in several[:-1]:
            number += 1
            while f"{name}_{number}" in taken:
                number += 1
            _set_name(box, nr, f"{name}_{number}")
            taken.add(f"{name}_{number}")
        _set_name(several[-1][0], several[-1][1], name)
        taken.add(name)


def _of_other(box: Any, nr: int, names: Names) -> str | None:
    """What the user calls the second or a further result of an operation that has several."""
    name = None if box.recorded is None else box.recorded.outputs[nr].name
    return names.output(box.node, nr) if name is None and box.node is not None else name


def _set_name(box: Any, nr: int, name: str) -> None:
    if nr:
        box.others[nr] = name
    else:
        box.shown.name = name


def result(box: Any, output_nr: int) -> str:
    """What formulas call a result of an operation."""
    name = box.shown.name
    return box.others.get(output_nr, f"{name}[{output_nr}]") if output_nr else name


def expression(source: Any) -> str:
    """What formulas call an operand."""
    name = result(source.box, source.output_nr)
    return f"{name}^T" if source.transposed else name


def of_saved(box: Any, letter: str, output_nr: int, dtype: str) -> tuple[str, Any]:
    """What the formulas call something saved, and the box it comes from where that is an operand or a result.

    What has not the dtype of the operand or the result is a mask or places that the operation found out for itself.
    """
    outputs = box.shown.outputs
    if letter == "result":
        fitting = [nr for nr in (output_nr, *range(len(outputs))) if nr < len(outputs) and outputs[nr].dtype == dtype]
        if fitting or not outputs:
            return result(box, fitting[0] if fitting else output_nr), box
    for operand, source in zip(box.operands, box.sources):
        if operand.letter == letter and source.box is not None:
            given = source.box.shown.outputs
            if source.output_nr >= len(given) or given[source.output_nr].dtype == dtype:
                return expression(source), source.box
    return OWN.get(dtype, letter), None
