"""Graphs as JSON and back: a line per node, the same graph gives the same bytes, and what is usual is left out.

Letters beyond ASCII and `<`, `>`, `&` are written as \\u escapes, so the text may stand in any file and any page.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
import types
import typing
from collections.abc import Callable
from typing import Any

from tinytorch.viz.graph import Graph, Place, Summary
from tinytorch.viz.pausing import paused

FORMAT = "tinytorch-graph"
VERSION = 1
ENCODE = json.JSONEncoder(allow_nan=False).encode
SEARCH_UNSAFE = re.compile("[<>&\x7f]").search
UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\x7f": "\\u007f"})


@paused()
def to_json(graph: Graph) -> str:
    """The graph as text that `from_json` reads.

    >>> from tinytorch.viz.graph import Graph, Node
    >>> print(to_json(Graph(nodes=[Node("n0", "leaf", "leaf", name="w")], title="demo")), end="")
    {"format": "tinytorch-graph", "version": 1, "title": "demo", "error": null, "note": null,
    "nodes": [
    {"id": "n0", "kind": "leaf", "label": "leaf", "name": "w"}
    ],
    "edges": [],
    "groups": [],
    "steps": []}
    """
    head = _text({"format": FORMAT, "version": VERSION, "title": graph.title, "error": graph.error, "note": graph.note})
    parts = []
    known: dict[int, dict] = {}
    for name in ("nodes", "edges", "groups", "steps"):
        rows = ",\n".join(_text(_plain(item, known)) for item in getattr(graph, name))
        parts.append(f'"{name}": [\n{rows}\n]' if rows else f'"{name}": []')
    return head[:-1] + ",\n" + ",\n".join(parts) + "}\n"


def _text(value: dict) -> str:
    text = ENCODE(value)
    return text.translate(UNSAFE) if SEARCH_UNSAFE(text) else text


def _plain(value: Any, known: dict[int, dict]) -> Any:
    """What json can write: dataclasses as dictionaries less what has its usual value, nan and inf as words.

    Summaries and lines of the program stand in several places; `known` are those that were met already.
    """
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, (tuple, list)):
        if not value or value[0].__class__ in (str, int):
            return list(value)
        return [_plain(item, known) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if id(value) in known:
        return known[id(value)]
    result = {}
    for name, usual in _fields(value.__class__):
        content = getattr(value, name)
        if content is not usual and (usual is dataclasses.MISSING or content != usual):
            result[name] = content if content.__class__ is str else _plain(content, known)
    if value.__class__ in (Summary, Place):
        known[id(value)] = result
    return result


@functools.cache
def _fields(kind: type) -> list[tuple[str, Any]]:
    return [(field.name, field.default) for field in dataclasses.fields(kind)]


# ---- reading -------------------------------------------------------------------------------------------------------


def from_json(text: str) -> Graph:
    """The graph that `to_json` wrote. Raises ValueError, in a sentence, for anything else."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise ValueError(f'not a graph: "format" has to be "{FORMAT}"')
    version = content.pop("version", None)
    if version != VERSION:
        raise ValueError(f"the graph has version {version!r}, and this tinytorch reads version {VERSION}")
    graph = _graph_reader()(content)
    _check(graph)
    return graph


class Wrong(ValueError):
    """What is wrong, and where: the path grows on the way out."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{path.lstrip('.') or 'the graph'} {reason}")
        self.reason, self.path = reason, path


@functools.cache
def _graph_reader() -> Callable[[Any], Graph]:
    return _reader(Graph)


def _reader(kind: Any) -> Callable[[Any], Any]:
    """The function that makes a value of this type from what json read, or says what is wrong with it."""
    if dataclasses.is_dataclass(kind):
        return _object_reader(kind)
    choices = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin in (tuple, list):
        return _list_reader(_reader(choices[0]), tuple if origin is tuple else list)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (_reader(choice) for choice in choices if choice is not type(None))
        return lambda value: None if value is None else inner(value)
    return functools.partial(_simple, kind)


def _simple(kind: Any, value: Any) -> Any:
    if type(value) is kind:
        return value
    if kind is float and (type(value) is int or value in ("nan", "inf", "-inf")):
        return float(value)
    raise Wrong(f"has to be of type {kind.__name__}")


def _list_reader(item: Callable[[Any], Any], make: Any) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not list:
            raise Wrong("has to be a list")
        done = []
        try:
            for part in value:
                done.append(item(part))
        except Wrong as error:
            raise Wrong(error.reason, f"[{len(done)}]{error.path}") from None
        return make(done)

    return read


def _object_reader(kind: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields}
    needed = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise Wrong("has to be an object")
        for name in needed:
            if name not in value:
                raise Wrong(f"has no {name!r}")
        done: dict[str, Any] = {}
        for name, content in value.items():
            if name not in readers:
                raise Wrong(f"has something unknown: {name!r}")
            try:
                done[name] = readers[name](content)
            except Wrong as error:
                raise Wrong(error.reason, f".{name}{error.path}") from None
        return kind(**done)

    return read


def _check(graph: Graph) -> None:
    """What is named has to be there, and modules lie in each other without a circle."""
    nodes, groups = {node.id for node in graph.nodes}, {group.id: group.parent for group in graph.groups}
    if len(nodes) != len(graph.nodes) or len(groups) != len(graph.groups):
        raise ValueError("two nodes or two groups have the same id")
    named = [end for edge in graph.edges for end in (edge.source, edge.target)]
    named += [step.node for step in graph.steps] + [
        kept.node for node in graph.nodes for kept in node.saved if kept.node
    ]
    wanted = [node.group for node in graph.nodes if node.group] + [parent for parent in groups.values() if parent]
    flows = [flow.edge for step in graph.steps for flow in step.outgoing]
    for name in [name for name in named if name not in nodes] + [name for name in wanted if name not in groups]:
        raise ValueError(f"there is no {name!r} in the graph")
    if any(not 0 <= edge < len(graph.edges) for edge in flows):
        raise ValueError("a step names an edge that there is not")
    rooted: set[str | None] = {None}
    for start in groups:
        path: dict[str | None, None] = {}
        inner: str | None = start
        while inner not in rooted:
            if inner in path:
                raise ValueError(f"the group {inner!r} lies in itself")
            path[inner] = None
            inner = groups[str(inner)]
        rooted.update(path)
