"""Names for all boxes of a graph: the user's where there are any, each once, and short ones for the others."""

from __future__ import annotations

from typing import Any

from tinytorch.viz.modules import Groups
from tinytorch.viz.names import Names


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
    _part_namesakes(boxes, taken)
    _name_others(boxes, names, taken)
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


def _part_namesakes(boxes: list, taken: set) -> None:
    """Give every name to one box only."""
    namesakes: dict[str, list] = {}
    for box in boxes:
        if box.shown.name is not None:
            namesakes.setdefault(box.shown.name, []).append(box)
    for name, several in namesakes.items():
        number = 0
        for box in several[:-1]:
            number += 1
            while f"{name}_{number}" in taken:
                number += 1
            box.shown.name = f"{name}_{number}"
            taken.add(box.shown.name)


def _name_others(boxes: list, names: Names, taken: set) -> None:
    """Name the second and further results of operations that have several."""
    for box in boxes:
        for nr in range(1, len(box.shown.outputs)):
            name = None if box.recorded is None else box.recorded.outputs[nr].name
            if name is None and box.node is not None:
                name = names.output(box.node, nr)
            if name is not None and name not in taken:
                taken.add(name)
                box.others[nr] = name


def result(box: Any, output_nr: int) -> str:
    """What formulas call a result of an operation."""
    name = box.shown.name
    return box.others.get(output_nr, f"{name}[{output_nr}]") if output_nr else name


def expression(source: Any) -> str:
    """What formulas call an operand."""
    name = result(source.box, source.output_nr)
    return f"{name}^T" if source.transposed else name
