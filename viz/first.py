"""The first, small drawing of a backward graph: `to_dot(tensor, params)` walks it and writes DOT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tinytorch.tensor import Tensor


class Vertex(NamedTuple):
    """A step of backward, or a leaf: `number` is its place in visiting order, the same in every run."""

    number: int
    label: str
    shape: tuple[int, ...] | None
    is_leaf: bool


class Graph(NamedTuple):
    """Vertices, and edges (from, to) in the direction of the gradient."""

    vertices: list[Vertex]
    edges: list[tuple[int, int]]


def collect(tensor: Tensor, params: Mapping[str, Tensor] | None = None) -> Graph:
    """Everything that `tensor.backward()` would visit, walked with a stack: a graph may be deep."""
    if tensor.grad_fn is None:
        raise ValueError("nothing to draw: this tensor was not computed from anything that requires grad")
    names = {id(parameter): name for name, parameter in (params or {}).items()}
    numbers: dict[Any, int] = {tensor.grad_fn: 0}
    order = [tensor.grad_fn]
    edges = []
    stack = [tensor.grad_fn]
    while stack:
        node = stack.pop()
        following = [child for child, _ in node.next_functions if child is not None]
        for child in following:
            if child not in numbers:
                numbers[child] = len(order)
                order.append(child)
                stack.append(child)
            edges.append((numbers[node], numbers[child]))
    return Graph([_vertex(number, node, names) for number, node in enumerate(order)], edges)


def _vertex(number: int, node: Any, names: dict[int, str]) -> Vertex:
    leaf = getattr(node, "variable", None)
    if isinstance(leaf, Tensor):
        return Vertex(number, names.get(id(leaf), "leaf"), tuple(leaf.shape), True)
    shape = tuple(node.outputs[0][0]) if len(node.outputs) == 1 else None
    return Vertex(number, node.name(), shape, False)


def to_dot(tensor: Tensor, params: Mapping[str, Tensor] | None = None) -> str:
    """The graph that backward would walk from `tensor`, as DOT; `params` gives leaves their names.

    Arrows follow the gradient, leaves are blue. The same program gives the same text in every run.

    >>> from tinytorch import viz
    >>> w = torch.ones(2, requires_grad=True)
    >>> print(viz.to_dot((w * 2).sum(), {"w": w}))
    digraph backward {
      graph [rankdir=TB]
      node [fontname="Helvetica", fontsize=11, shape=box, style="filled,rounded"]
      n0 [label="SumBackward0\\n()", fillcolor="#eeeeee"]
      n1 [label="MulBackward0\\n(2,)", fillcolor="#eeeeee"]
      n2 [label="w\\n(2,)", fillcolor="#b3d9ff"]
      n0 -> n1
      n1 -> n2
    }
    """
    graph = collect(tensor, params)
    lines = [
        "digraph backward {",
        "  graph [rankdir=TB]",
        '  node [fontname="Helvetica", fontsize=11, shape=box, style="filled,rounded"]',
    ]
    lines += [f"  {_drawn(vertex)}" for vertex in graph.vertices]
    lines += [f"  n{start} -> n{end}" for start, end in graph.edges]
    return "\n".join([*lines, "}"])


def _drawn(vertex: Vertex) -> str:
    label = quoted(vertex.label) + ("" if vertex.shape is None else f"\\n{vertex.shape}")
    colour = "#b3d9ff" if vertex.is_leaf else "#eeeeee"
    return f'n{vertex.number} [label="{label}", fillcolor="{colour}"]'


def quoted(text: str) -> str:
    """Text that is safe inside a quoted DOT string: a name can neither end the string nor start another label."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
