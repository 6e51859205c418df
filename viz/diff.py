"""What two graphs do not have in common: nodes and edges that were added or removed, and what changed of the others.

Nodes are matched by what they are (kind, operation, name, module), in order, since their numbers shift when one is put
in between. Where a stretch differs, those of one kind with one name are still held to be the same, changed. Names that
nobody gave (t1, t2, ...) shift as well and say nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tinytorch.viz import wording
from tinytorch.viz.graph import Graph, Node, Summary

EXACT = 4_000_000  # pairs up to which the best matching is looked for; longer graphs are matched by occurrence
UNNAMED = re.compile(r"\b(t|leaf|data)\d+\b")
CLOSE = 1e-6  # numbers that differ less, in proportion, are the same


@dataclass(frozen=True)
class Change:
    """A node that is in both graphs, and how it differs: (what, before, after)."""

    before: Node
    after: Node
    details: tuple[tuple[str, str, str], ...]


@dataclass
class Difference:
    """Empty, and false, where the graphs are alike."""

    added: list[Node] = field(default_factory=list)
    removed: list[Node] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    arrows_added: list[tuple[Node, Node]] = field(default_factory=list)
    arrows_removed: list[tuple[Node, Node]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.changed, self.arrows_added, self.arrows_removed))


def diff(before: Graph, after: Graph) -> Difference:
    """What leads from one graph to the other.

    >>> from tinytorch.viz.graph import Graph, Node
    >>> old, new = Node("n0", "op", "ReLU", name="h"), Node("n0", "op", "GELU", name="h")
    >>> print(to_text(diff(Graph([old]), Graph([new, Node("n1", "op", "Sum")]))), end="")
    + n1 Sum
    ~ n0 GELU (h)
        operation: ReLU → GELU
    1 added, 0 removed, 1 changed
    """
    pairs = _pairs(before, after)
    matched = {old.id: new.id for old, new in pairs}
    back = {new: old for old, new in matched.items()}
    result = Difference(
        added=[node for node in after.nodes if node.id not in back],
        removed=[node for node in before.nodes if node.id not in matched],
    )
    groups = _group_names(before), _group_names(after)
    same_groups = groups[0] == groups[1]
    for old, new in pairs:
        details = () if same_groups and old == new else tuple(_details(old, new, *groups))
        if details:
            result.changed.append(Change(old, new, details))
    old_edges, new_edges = _counted(before, matched), _counted(after, back)
    nodes = {node.id: node for node in before.nodes}
    newer = {node.id: node for node in after.nodes}
    for (source, target, *ports), count in old_edges.items():
        if count > new_edges.get((matched[source], matched[target], *ports), 0):
            result.arrows_removed.append((nodes[source], nodes[target]))
    for (source, target, *ports), count in new_edges.items():
        if count > old_edges.get((back[source], back[target], *ports), 0):
            result.arrows_added.append((newer[source], newer[target]))
    return result


def _group_names(graph: Graph) -> dict[str | None, str]:
    return {group.id: group.name or group.label for group in graph.groups} | {None: ""}


def _counted(graph: Graph, known: dict[str, str]) -> dict[tuple, int]:
    """How often each arrow between nodes of both graphs is there."""
    result: dict[tuple, int] = {}
    for edge in graph.edges:
        if edge.source in known and edge.target in known:
            key = (edge.source, edge.target, edge.output_nr, edge.input_nr)
            result[key] = result.get(key, 0) + 1
    return result


# ---- matching ------------------------------------------------------------------------------------------------------


def _pairs(before: Graph, after: Graph) -> list[tuple[Node, Node]]:
    """Nodes of both graphs that are the same."""
    old, new = before.nodes, after.nodes
    old_keys, new_keys = _keys(before), _keys(after)
    start = 0
    while start < min(len(old), len(new)) and old_keys[start] == new_keys[start]:
        start += 1
    stop = 0
    while stop < min(len(old), len(new)) - start and old_keys[-1 - stop] == new_keys[-1 - stop]:
        stop += 1
    pairs = list(zip(old[:start], new[:start]))
    middle = slice(start, len(old) - stop), slice(start, len(new) - stop)
    pairs += _middle(old[middle[0]], new[middle[1]], old_keys[middle[0]], new_keys[middle[1]])
    return pairs + list(zip(old[len(old) - stop :], new[len(new) - stop :]))


def _keys(graph: Graph) -> list[tuple]:
    groups = _group_names(graph)
    return [(node.kind, node.label, _given(node.name), groups.get(node.group, "")) for node in graph.nodes]


def _middle(old: list[Node], new: list[Node], old_keys: list[tuple], new_keys: list[tuple]) -> list[tuple[Node, Node]]:
    if len(old) * len(new) > EXACT and len(old) == len(new):
        return [(a, b) for a, b, key, other in zip(old, new, old_keys, new_keys) if key == other]
    if len(old) * len(new) > EXACT:
        waiting: dict[tuple, list[Node]] = {}
        for node, key in zip(reversed(old), reversed(old_keys)):
            waiting.setdefault(key, []).append(node)
        return [(waiting[key].pop(), node) for node, key in zip(new, new_keys) if waiting.get(key)]
    pairs: list[tuple[Node, Node]] = []
    for what, i, j, k, m in difflib.SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if what == "equal":
            pairs += zip(old[i:j], new[k:m])
        elif what == "replace":
            named = {(node.kind, node.name): node for node in old[i:j] if _given(node.name)}
            for node in new[k:m]:
                same = named.pop((node.kind, node.name), None)
                if same is not None:
                    pairs.append((same, node))
    return pairs


# ---- what changed --------------------------------------------------------------------------------------------------


def _details(old: Node, new: Node, old_groups: dict, new_groups: dict) -> Iterator[tuple[str, str, str]]:
    for what, was, now in (
        ("operation", old.label, new.label),
        ("name", _given(old.name), _given(new.name)),
        ("inputs", _shapes(old.inputs), _shapes(new.inputs)),
        ("outputs", _shapes(old.outputs), _shapes(new.outputs)),
        ("formula", old.formula or "", new.formula or ""),
        ("backward", old.backward or "", new.backward or ""),
        ("module", old_groups.get(old.group, ""), new_groups.get(new.group, "")),
        ("saves", ", ".join(saved.name for saved in old.saved), ", ".join(saved.name for saved in new.saved)),
        ("count", str(old.count), str(new.count)),
        ("note", old.note or "", new.note or ""),
        ("error", old.error or "", new.error or ""),
    ):
        if was != now and UNNAMED.sub("_", was) != UNNAMED.sub("_", now):
            yield what, was, now
    for what, past, present in (("gradient", (old.grad,), (new.grad,)), ("values", old.outputs, new.outputs)):
        if not _alike(past, present):
            yield what, _numbers(past), _numbers(present)


def _given(name: str | None) -> str:
    """The name, unless it is one that we gave."""
    return "" if name is None or UNNAMED.fullmatch(name) else name


def _shapes(summaries: tuple[Summary, ...]) -> str:
    return ", ".join(f"{wording.shape(summary)} {summary.dtype}" for summary in summaries)


def _numbers(summaries: tuple[Summary | None, ...]) -> str:
    return "; ".join(wording.values(summary) if summary else "none" for summary in summaries)


def _alike(past: tuple[Summary | None, ...], present: tuple[Summary | None, ...]) -> bool:
    """Whether two results hold the same numbers, as far as both were looked at. Other shapes are told elsewhere."""
    for old, new in zip(past, present):
        if old is None or new is None:
            if old is not new:
                return False
        elif old.shape == new.shape:
            if old.text is not None and new.text is not None and old.text != new.text:
                return False
            pairs = [(old.norm, new.norm), (old.mean, new.mean), (old.low, new.low), (old.high, new.high)]
            known = [(a, b) for a, b in pairs if a is not None and b is not None]
            if any(a != b and abs(a - b) > CLOSE * max(abs(a), abs(b)) for a, b in known):
                return False
    return True


# ---- as text -------------------------------------------------------------------------------------------------------


def to_text(difference: Difference, colour: bool = False) -> str:
    """A line per node, its changes below it, and a line that counts."""

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    lines = [paint(f"- {_short(node)}", "31") for node in difference.removed]
    lines += [paint(f"+ {_short(node)}", "32") for node in difference.added]
    for change in difference.changed:
        lines.append(paint(f"~ {_short(change.after)}", "33"))
        for what, was, now in change.details:
            old, new = (wording.visible(text, 100) or "(none)" for text in (was, now))
            lines.append(f"    {what}: {old} {wording.ARROW} {new}")
    for sign, code, arrows in (("-", "31", difference.arrows_removed), ("+", "32", difference.arrows_added)):
        lines += [paint(f"{sign} {_short(source)} {wording.ARROW} {_short(target)}", code) for source, target in arrows]
    counts = f"{len(difference.added)} added, {len(difference.removed)} removed, {len(difference.changed)} changed"
    moved = len(difference.arrows_added) + len(difference.arrows_removed)
    if moved:
        counts += f", {moved} arrow{'s' if moved > 1 else ''} moved"
    return "\n".join([*lines, counts if difference else "no difference", ""])


def _short(node: Node) -> str:
    text = f"{node.id} {wording.title(node)}"
    return text + (f" ({wording.visible(node.name)})" if node.name and node.kind not in ("leaf", "data") else "")
